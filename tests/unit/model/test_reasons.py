"""Every reason that a table may give is explained in the docs, and none else is."""

import re
from pathlib import Path

import pytest

from storiform.biomarkers.variants import FILTERS
from storiform.model.hla import REASONS
from storiform.model.tables.dna import CALLS
from storiform.model.tables.proteins import CONSEQUENCES, PROTEIN_CHANGES
from storiform.model.untranslated import NO_CONSEQUENCE, NO_TRANSCRIPT, UNKNOWN

METHODS = Path(__file__).parents[3] / "docs" / "methods"
SOURCES = Path(__file__).parents[3] / "pipeline" / "storiform"


def explained(page: str, heading: str) -> list[str]:
    """Return the words in the first column of the first table behind a heading."""
    text = (METHODS / page).read_text().partition(f"\n{heading}\n")[2]
    table = re.search(r"(^\|.*\n)+", text, re.MULTILINE)
    assert table is not None
    cells = [row.split("|")[1] for row in table.group().splitlines()[2:]]
    return re.findall(r"`(\w+)`", " ".join(cells))


def told_by(column) -> set[str]:
    """Return the words that the description of a column lists."""
    return set(re.findall(r"[a-z]+(?:_[a-z]+)*(?=[,;])", column.description.partition(":")[2]))


def test_reasons_of_tables_are_explained() -> None:
    columns = (
        PROTEIN_CHANGES.columns["no_peptides"],
        CONSEQUENCES.columns["not_annotated"],
        CALLS.columns["set_aside"],
    )
    known = {NO_CONSEQUENCE, NO_TRANSCRIPT}.union(*map(told_by, columns))
    assert known > UNKNOWN
    words = explained("peptides.md", "## Reasons")
    assert sorted(words) == sorted(known)


def test_reasons_in_the_code_are_explained() -> None:
    """A reason that the code gives but no table names would be explained nowhere."""
    words = explained("peptides.md", "## Reasons")
    given = re.compile(r'Mutant\("(\w+)"|reason="(\w+)"|return "([a-z]+(?:_[a-z]+)+)"')
    files = ("io/csq_mutants.py", "biomarkers/consequences/joint_changes.py",
             "biomarkers/consequences/alleles.py")  # fmt: skip
    found = {
        word
        for file in files
        for match in given.findall((SOURCES / file).read_text())
        for word in match
        if word
    }
    assert {"reference_mismatch", "unknown_contig", "stop_gained"} < found
    assert found <= set(words)


@pytest.mark.parametrize(("heading", "known"), [("## HLA alleles", set(REASONS))], ids=["hla"])
def test_reasons_of_names_of_alleles_are_explained(heading: str, known: set[str]) -> None:
    assert set(explained("peptides.md", heading)) == known


def test_filters_of_calls_are_explained() -> None:
    assert explained("variants.md", "## Filters") == list(FILTERS)
