"""The spectrum of base substitutions: 96 types by the bases on either side."""

import warnings
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.genome import CHROMOSOMES
from storiform.model.params import Params
from storiform.model.resources import Reference
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.spectra import MutationSpectrum

SUBSTITUTIONS = ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
SBS96 = tuple(
    f"{before}[{change}]{after}"
    for before, change, after in product("ACGT", SUBSTITUTIONS, "ACGT")
)
"""The 96 types, sorted by the base before, the substitution and the base after."""
_NUCLEAR = frozenset(CHROMOSOMES) - {"chrM"}
_TURNED = str.maketrans("ACGT", "TGCA")


class MutationSpectrumParams(Params):
    """Which substitutions are single ones."""

    leaves_doublets_out: bool = Field(
        default=True,
        description="leave out substitutions that stand next to each other: they are one "
        "event, a doublet, and no single base substitution",
    )


def mutation_spectrum(
    variants: SomaticVariants, reference: Reference | None, params: MutationSpectrumParams
) -> MutationSpectrum:
    """Count the eligible substitutions of a biopsy by type, coding or not.

    A substitution is told on the strand of its pyrimidine: G>T between T and A is T[C>A]A.
    Mitochondria are left out, whose spectrum is another. Without a reference the six
    substitutions alone are counted.

    Parameters
    ----------
    variants
        The calls with the filters that they fail.
    reference
        Bases of the genome, or None.
    params
        What is done with neighbours.

    Returns
    -------
    MutationSpectrum
        96 rows, or six; a type that does not occur counts 0.

    References
    ----------
    Alexandrov et al., Nature 500, 415 (2013), doi:10.1038/nature12477.
    Bergstrom et al., BMC Genomics 20, 685 (2019), doi:10.1186/s12864-019-6041-2.
    """
    single = _substitutions(variants, params)
    if reference is None:
        types = [
            _type("", *pair, "") for pair in zip(single["ref"], single["alt"], strict=True)
        ]
        return _counted(types, SUBSTITUTIONS)
    before, at, after = _context(single, reference)
    is_known = (at == single["ref"].to_numpy(dtype=object)) & _is_base(before) & _is_base(after)
    told = zip(before, single["ref"], single["alt"], after, is_known, strict=True)
    types = [_type(*bases) for *bases, known in told if known]
    left_out = len(single) - len(types)
    if left_out:
        message = (
            f"{left_out} of {len(single)} substitutions are not in the spectrum: the "
            "reference has another base there, or none beside it"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
    return _counted(types, SBS96)


def _substitutions(variants: pd.DataFrame, params: MutationSpectrumParams) -> pd.DataFrame:
    """Return the eligible substitutions of one base by another, each once."""
    calls = variants[variants["is_eligible"] & variants["contig"].isin(_NUCLEAR)]
    is_single = calls["ref"].isin(list("ACGT")) & calls["alt"].isin(list("ACGT"))
    calls = calls[is_single & (calls["ref"] != calls["alt"])]
    calls = calls.drop_duplicates(["contig", "start", "ref", "alt"], ignore_index=True)
    if not params.leaves_doublets_out or calls.empty:
        return calls
    places = set(zip(calls["contig"], calls["start"], strict=True))
    is_alone = [
        places.isdisjoint(((contig, start - 1), (contig, start + 1)))
        for contig, start in zip(calls["contig"], calls["start"], strict=True)
    ]
    return calls[is_alone].reset_index(drop=True)


def _context(
    single: pd.DataFrame, reference: Reference
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return the base before, at and after each substitution; N where there is none."""
    found = np.full((len(single), 3), "N", dtype=object)
    for contig, rows in single.groupby("contig").indices.items():
        length = reference.contigs.get(str(contig), 0)
        starts = single["start"].to_numpy(dtype=np.int64)[rows]
        inside = (starts >= 1) & (starts + 2 <= length)
        if not inside.any():
            continue
        at = starts[inside]
        bases = reference.pieces(str(contig), at - 1, at + 2)
        letters = np.array([chr(code) for code in bases], dtype=object)
        found[rows[inside]] = letters.reshape(-1, 3)
    return found[:, 0], found[:, 1], found[:, 2]


def _is_base(letters: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    return np.isin(letters.astype(str), list("ACGT"))


def _type(before: str, ref: str, alt: str, after: str) -> str:
    """Name a substitution in its context on the strand of the pyrimidine.

    Examples
    --------
    >>> _type("T", "G", "T", "A"), _type("A", "C", "A", "G")
    ('T[C>A]A', 'A[C>A]G')
    """
    if ref in "AG":
        before, ref, alt, after = (
            text.translate(_TURNED) for text in (after, ref, alt, before)
        )
    return f"{before}[{ref}>{alt}]{after}" if before else f"{ref}>{alt}"


def _counted(types: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    counts = pd.Series(types, dtype=object).value_counts().reindex(names, fill_value=0)
    total = len(types)
    return pd.DataFrame(
        {
            "mutation_type": names,
            "substitution": [
                name.partition("[")[2].partition("]")[0] or name for name in names
            ],
            "mutations": counts.to_numpy(dtype=np.int64),
            "fraction": counts.to_numpy(dtype=np.float64) / total if total else np.nan,
        }
    )
