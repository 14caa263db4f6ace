"""What a step says is kept beside its result."""

import logging
import warnings

from storiform.engine.logs import listening
from storiform.model.errors import DataWarning


def test_data_warnings_are_kept_apart_from_other_lines() -> None:
    with listening() as told:
        warnings.warn("few reads", DataWarning, stacklevel=1)
        warnings.warn("few reads", DataWarning, stacklevel=1)
        warnings.warn("old name", DeprecationWarning, stacklevel=1)
        logging.getLogger("library").info("read %d rows", 3)
        logging.getLogger("library").debug("not kept")
    assert told.warnings == ["few reads"]
    assert told.log == ["INFO library: read 3 rows", "DeprecationWarning: old name"]


def test_root_logger_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with listening():
        assert (root.level, list(root.handlers)) != before
    assert (root.level, list(root.handlers)) == before
