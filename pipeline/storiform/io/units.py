"""What a reader of outside data is given: `SourceUnit`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storiform.model.cohort import Value
from storiform.model.errors import InputError, fault
from storiform.model.genome import Build

GIVEN_TO_OTHERS = "the sample sheet gives this file, or a copy, to others, too"
NAMELESS = "a format that names no sample"
"""What is found where one file is given for several biopsies, and cannot tell whose it is."""


@dataclass(frozen=True)
class SourceUnit:
    """What a reader is given: one unit's files and names, nothing of the run.

    `files` maps columns of the sample sheet to paths, only those the source asks for;
    `samples` maps role and assay (``tumour_exome``, ``normal_exome``, ``tumour_rna``) to
    the names of the sheet; `record` holds a patient's clinical values; `rows` are those of
    the unit in a file of the whole cohort. `shared` are the columns whose file the sheet
    gives other units, too.
    """

    unit: str
    patient: str
    files: Mapping[str, Path]
    samples: Mapping[str, str]
    build: Build
    record: Mapping[str, Value]
    rows: tuple[Mapping[str, Value], ...] = ()
    shared: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tumour's exome, of the biopsy and of the patient, each once."""
        exome = self.samples.get("tumour_exome", "")
        return tuple(dict.fromkeys(n for n in (exome, self.unit, self.patient) if n))

    def refuse_shared(self, column: str, found: str, names: Sequence[str] = ()) -> None:
        """Refuse to take without its name what is the file of other units, too.

        The names are those of the unit's tumour, unless others are given.

        Raises
        ------
        InputError
            If the file of this column is also another unit's.
        """
        if column in self.shared:
            name = self.files[column].name
            if found == NAMELESS:
                expected = f"one of its own: {GIVEN_TO_OTHERS}"
                remedy = "Correct the path in the sample sheet."
                raise InputError(fault(name, found, expected, remedy))
            told = " or ".join(names or self.names)
            expected = f"{told}: {GIVEN_TO_OTHERS}"
            remedy = "Name the sample in the file as in the sheet, or correct the path."
            raise InputError(fault(name, found, expected, remedy))


def unit_of(name: str, payload: Mapping[str, Any], recipe: Mapping[str, Any]) -> SourceUnit:
    """Return what the reader of a source is given, in a worker and in a check alike.

    Parameters
    ----------
    name
        The unit.
    payload, recipe
        Those of its node, see `storiform.engine.graph.Node`.
    """
    return SourceUnit(
        unit=name,
        patient=str(payload["patient"]),
        files={column: Path(path) for column, path in payload["files"].items()},
        samples=recipe["samples"],
        build=recipe["build"],
        record=recipe["record"],
        rows=payload.get("rows", ()),
        shared=frozenset(payload.get("shared", ())),
    )
