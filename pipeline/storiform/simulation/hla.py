"""HLA alleles of patients, and how the sample sheet names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

ALLELES: Mapping[str, Mapping[str, float]] = {
    "A": {
        "02:01": 27, "01:01": 15, "03:01": 13, "24:02": 10, "11:01": 7, "68:01": 4, "32:01": 4,
        "26:01": 3, "29:02": 3, "31:01": 3, "25:01": 2, "23:01": 2, "30:01": 2,
    },
    "B": {
        "07:02": 13, "08:01": 11, "44:02": 9, "35:01": 7, "15:01": 6, "51:01": 5, "40:01": 5,
        "44:03": 5, "27:05": 5, "18:01": 4, "57:01": 4, "14:02": 3, "13:02": 3, "38:01": 2,
    },
    "C": {
        "07:01": 16, "07:02": 14, "04:01": 11, "06:02": 10, "05:01": 8, "03:04": 7, "12:03": 6,
        "02:02": 5, "03:03": 5, "16:01": 4, "08:02": 4, "01:02": 3, "15:02": 2,
    },
}  # fmt: skip
"""Common alleles of class I, two fields, and their weights: those of Europeans, roughly."""
COARSE_GROUP, COARSE_NAME = "HLA-C*07", "Cw7"
"""Alleles that one patient's report gives as a serological type, and that type."""
_TYPED = 4
"""One in so many patients was not typed by a laboratory."""


@dataclass(frozen=True)
class HlaType:
    """The class I alleles of a patient, two a gene, as HLA-A*02:01; and as written.

    `written` is parallel to `alleles`, and empty where the laboratory did not type.
    """

    alleles: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def cell(self) -> str:
        """Return what stands in the sample sheet."""
        return ";".join(self.written)


def draw_type(rng: np.random.Generator) -> HlaType:
    """Draw two alleles of each gene, independently of each other, so that some are one."""
    drawn: list[str] = []
    for gene, weights in ALLELES.items():
        shares = np.cumsum(list(weights.values()))
        names = list(weights)
        for value in rng.uniform(size=2) * shares[-1]:
            number = int(np.searchsorted(shares, value, side="right"))
            drawn.append(f"{gene}*{names[number]}")
    return HlaType(tuple(f"HLA-{name}" for name in drawn), tuple(drawn))


def homozygous(own: HlaType) -> HlaType:
    """Return a type with the first allele of each gene twice."""
    rows = [n - n % 2 for n in range(len(own.alleles))]
    return HlaType(
        tuple(own.alleles[n] for n in rows), tuple(own.written[n] for n in rows if own.written)
    )


def spoil_types(
    types: Mapping[str, HlaType], patients: Sequence[str], rng: np.random.Generator
) -> dict[str, HlaType]:
    """Take the types of one patient in four away, and name an allele of another by serology.

    Parameters
    ----------
    types
        The types of all patients.
    patients
        Those on whom it may fall; of one alone nothing is taken.

    Returns
    -------
    dict
        What the sample sheet tells.
    """
    told = dict(types)
    if len(patients) <= 1:
        return told
    names = [patients[number] for number in rng.permutation(len(patients))]
    untyped = max(1, len(names) // _TYPED)
    for name in names[:untyped]:
        told[name] = replace(types[name], written=())
    for name in names[untyped:]:
        rows = [n for n, allele in enumerate(types[name].alleles) if _is_coarse(allele)]
        if rows:
            written = list(types[name].written)
            written[rows[0]] = COARSE_NAME
            told[name] = replace(types[name], written=tuple(written))
            break
    return told


def _is_coarse(allele: str) -> bool:
    return allele.startswith(f"{COARSE_GROUP}:")


def type_rows(patient: str, own: HlaType) -> list[dict[str, object]]:
    """Return what is true of a patient's alleles, one row each."""
    written = own.written or ("",) * len(own.alleles)
    return [
        {"patient": patient, "gene": allele[len("HLA-")], "copy": number % 2 + 1,
         "allele": allele, "written": name}
        for number, (allele, name) in enumerate(zip(own.alleles, written, strict=True))
    ]  # fmt: skip
