"""Bundled files have the same name in every installation."""

from pathlib import Path

import pytest

from storiform.io import resources
from storiform.io.resources import bundled, located, portable
from storiform.model.errors import ConfigError

NAME = "reference/signatures/mcp_counter.tsv"


def test_a_bundled_file_is_found_where_the_reader_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = portable(bundled(NAME))
    assert name == f"bundled:{NAME}"
    assert located(name) == bundled(NAME)
    other = tmp_path / "site-packages" / "storiform"
    copy = other / "bundled" / NAME
    copy.parent.mkdir(parents=True)
    copy.write_text("")
    monkeypatch.setattr(resources, "_PACKAGE", other)
    assert located(name) == copy
    assert portable(copy) == name
    with pytest.raises(ConfigError, match="does not carry the file"):
        located("bundled:reference/genome/absent.tsv")


def test_a_file_of_the_user_keeps_its_path(tmp_path: Path) -> None:
    file = tmp_path / "reference" / "mcp_counter.tsv"
    assert portable(file) == str(file)
    assert located(str(file)) == file
