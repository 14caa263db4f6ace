"""What is learnt of samples from the folders of finished pipelines, before it is a sheet."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from storiform.io.names import listed


@dataclass
class FoundSample:
    """One library that a pipeline worked on.

    `status` is 0 (normal DNA), 1 (tumour DNA) or 2 (tumour RNA), None where the folder does not
    tell; `patient` is empty where it does not; `cells` holds what goes into the sheet's other
    columns, paths included.
    """

    name: str
    patient: str = ""
    status: int | None = None
    cells: dict[str, str] = field(default_factory=dict)
    origin: str = ""


@dataclass
class Findings:
    """Samples of one or more folders, and what their user should know.

    `notes` tell what was chosen or is not there, each with the sample that it is of, or none;
    `doubts` what cannot be told without the user, each a sentence with its remedy: with one
    of them no sheet is written.
    """

    samples: list[FoundSample] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def note(self, text: str, sample: str = "") -> None:
        """Add a note; what is said of several samples in the same words is told once."""
        self.notes.append((sample, text))

    def told(self) -> list[str]:
        """Return the notes as sentences, each with all samples that it is of."""
        of: dict[str, list[str]] = {}
        for sample, text in self.notes:
            of.setdefault(text, []).extend([sample] if sample else [])
        return [f"{listed(names)}: {text}" if names else text for text, names in of.items()]

    def sample(self, name: str) -> FoundSample | None:
        """Return the sample of a name, if it was found."""
        return next((sample for sample in self.samples if sample.name == name), None)


def add_file(sample: FoundSample, column: str, path: Path) -> None:
    """Put a file and, where one lies beside it, its index into the cells of a sample."""
    sample.cells[column] = str(path.absolute())  # a link keeps its name and its neighbours
    suffixes = {"bam": ("bai", ".bai"), "cram": ("crai", ".crai")}
    if column in suffixes:
        name, suffix = suffixes[column]
        beside = path.with_name(path.name + suffix)
        if not beside.is_file():
            beside = path.with_suffix(suffix)
        if beside.is_file():
            sample.cells[name] = str(beside.absolute())


def only_file(
    folder: Path, patterns: Iterable[str], findings: Findings, what: str
) -> Path | None:
    """Return the file of the first pattern that matches; several of one pattern are a doubt."""
    for pattern in patterns:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            findings.doubts.append(
                f"{folder}: found {len(found)} files for {what} ({names}), expected one. "
                "Remove or move away what is not meant."
            )
            return None
        if found:
            return found[0]
    return None
