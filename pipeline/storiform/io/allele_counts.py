"""Depth and allele counts of one sample in one VCF record, whichever caller wrote it.

`AD` where it stands, with as many values as alleles; else the caller's own fields: Strelka2
`AU/CU/GU/TU` and `TAR/TIR` (first tier), VarScan2 `RD` with one `AD`, FreeBayes `RO/AO`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storiform.io.contigs import LAST_PLACE
from storiform.io.names import counted
from storiform.model.errors import shortened

Cells = Mapping[str, str]


@dataclass(frozen=True)
class AlleleCounts:
    """Reads over a site; None where the file does not say."""

    depth: int | None = None
    ref: int | None = None
    alt: int | None = None
    f1r2: int | None = None
    f2r1: int | None = None
    rna_depth: int | None = None
    rna_alt: int | None = None


@dataclass
class Numbers:
    """Reads counts from text and remembers those that are none, with their first place."""

    faults: dict[str, list[str]] = field(default_factory=dict)
    place: str = ""

    def count(self, name: str, text: str) -> int | None:
        """Return a count, None where missing; beyond bounds or none: a fault and None."""
        if text in {"", "."}:
            return None
        try:
            value = int(text)
        except ValueError:
            value = _whole(text)
        if not 0 <= value <= LAST_PLACE:
            self.faults.setdefault(name, []).append(f"{self.place}, {name}={shortened(text)}")
            return None
        return value

    def counts(self, name: str, text: str) -> list[int | None]:
        """Return the counts of a list separated by commas."""
        return [self.count(name, part) for part in text.split(",")]


def no_counts(file: str, name: str, number: int, places: str) -> str:
    """Phrase that values of a field are no counts, some of them shown."""
    told = "that is no count" if number == 1 else "that are no counts"
    return (
        f"{file}: found {counted(number, 'value')} of {name} {told} ({places}), expected whole "
        f"numbers from 0 to {LAST_PLACE}; {'it is' if number == 1 else 'they are'} taken as "
        "missing."
    )


def _whole(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        return -1
    return int(value) if value.is_integer() else -1


def allele_counts(
    cells: Cells, ref: str, alts: Sequence[str], allele: int, numbers: Numbers
) -> AlleleCounts:
    """Return the counts of one alternative allele."""
    ref_reads, alt_reads, total = _reads(cells, ref, alts, allele, numbers)
    depth = numbers.count("DP", cells["DP"]) if cells.get("DP", ".") != "." else total
    f1r2, f2r1 = _orientation(cells, allele, numbers)
    rna = _listed(cells, "RAD", numbers)
    return AlleleCounts(
        depth, ref_reads, alt_reads, f1r2, f2r1,
        numbers.count("RDP", cells.get("RDP", "")), _at(rna, allele + 1),
    )  # fmt: skip


def _reads(
    cells: Cells, ref: str, alts: Sequence[str], allele: int, numbers: Numbers
) -> tuple[int | None, int | None, int | None]:
    depths = _listed(cells, "AD", numbers)
    if len(depths) == len(alts) + 1 and any(n is not None for n in depths):
        total = sum(n for n in depths if n is not None)
        return depths[0], depths[allele + 1], total
    for reader in (_varscan, _strelka_indel, _strelka_snv, _freebayes):
        found = reader(cells, ref, alts, allele, numbers)
        if found is not None:
            known = [n for n in found if n is not None]
            return *found, sum(known) if len(known) == len(found) else None
    return None, _at(depths, allele) if len(depths) == len(alts) else None, None


def _varscan(
    cells: Cells, _ref: str, alts: Sequence[str], allele: int, numbers: Numbers
) -> tuple[int | None, int | None] | None:
    depths = _listed(cells, "AD", numbers)
    if "RD" not in cells or len(depths) != len(alts):
        return None
    return numbers.count("RD", cells["RD"]), depths[allele]


def _strelka_indel(
    cells: Cells, _ref: str, _alts: Sequence[str], _allele: int, numbers: Numbers
) -> tuple[int | None, int | None] | None:
    if "TAR" not in cells or "TIR" not in cells:
        return None
    return _at(_listed(cells, "TAR", numbers), 0), _at(_listed(cells, "TIR", numbers), 0)


def _strelka_snv(
    cells: Cells, ref: str, alts: Sequence[str], allele: int, numbers: Numbers
) -> tuple[int | None, int | None] | None:
    own, other = f"{ref}U", f"{alts[allele]}U"
    if own not in cells or other not in cells:
        return None
    return _at(_listed(cells, own, numbers), 0), _at(_listed(cells, other, numbers), 0)


def _freebayes(
    cells: Cells, _ref: str, _alts: Sequence[str], allele: int, numbers: Numbers
) -> tuple[int | None, int | None] | None:
    if "RO" not in cells or "AO" not in cells:
        return None
    return numbers.count("RO", cells["RO"]), _at(_listed(cells, "AO", numbers), allele)


def _orientation(cells: Cells, allele: int, numbers: Numbers) -> tuple[int | None, int | None]:
    """Read how many alternative reads point each way: Mutect2's fields, old and new."""
    if "ALT_F1R2" in cells:
        pair = ("ALT_F1R2", "ALT_F2R1")
        return numbers.count(pair[0], cells[pair[0]]), numbers.count(
            pair[1], cells.get(pair[1], "")
        )
    first, second = _listed(cells, "F1R2", numbers), _listed(cells, "F2R1", numbers)
    return _at(first, allele + 1), _at(second, allele + 1)


def _listed(cells: Cells, name: str, numbers: Numbers) -> list[int | None]:
    return numbers.counts(name, cells[name]) if name in cells else []


def _at(values: Sequence[int | None], index: int) -> int | None:
    return values[index] if 0 <= index < len(values) else None
