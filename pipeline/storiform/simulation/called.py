"""What a caller sees of planted calls: alleles counted in the reads, and the VCF of them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from storiform.kernels.layout import WITH, WITHOUT
from storiform.simulation.genome import BASES
from storiform.simulation.mutations import Call
from storiform.simulation.reads import Questions
from storiform.simulation.somatic import Planted

MISSED = "missed"
"""What a planted call is in the truth if its reads are too few to be sure of."""

Counts = tuple[int, int]
"""Fragments with the reference allele, and with the alternative."""


def questions(calls: Sequence[Planted]) -> Questions:
    """Return what the reads are asked of calls; these are in the order of the genome."""
    width = max([call.size for call in calls] + [1])
    inserted = np.zeros((len(calls), width), dtype=np.uint8)
    for row, call in zip(inserted, calls, strict=True):
        row[: max(call.size, 0)] = [BASES.index(base) for base in call.alt[1 : 1 + call.size]]
    return Questions(
        np.array([call.at for call in calls], dtype=np.int64),
        np.array([call.size for call in calls], dtype=np.int32), inserted,
    )  # fmt: skip


def count_alleles(calls: Sequence[Planted], shown: pd.DataFrame) -> list[Counts]:
    """Count both alleles of each call.

    Parameters
    ----------
    calls
        In the order of their places.
    shown
        `site` (row of the calls) and `code`, as `reads.write_reads` returns them.

    Returns
    -------
    list
        Reference and alternative of each call.
    """
    table = np.zeros((len(calls), 8), dtype=np.int64)
    np.add.at(table, (shown["site"].to_numpy(), shown["code"].to_numpy()), 1)
    counts: list[Counts] = []
    for call, row in zip(calls, table.tolist(), strict=True):
        if call.size == 0:
            counts.append((row[BASES.index(call.ref)], row[BASES.index(call.alt)]))
        else:
            counts.append((row[WITHOUT], row[WITH]))
    return counts


def is_called(call: Planted, tumour: Counts, normal: Counts) -> bool:
    """Return whether the reads say clearly what the call was planted to be.

    The margins keep every call well away from the thresholds of `variants` and of
    `callability`, so that its fate does not hang on one read. Deleted bases are as deep as
    the reads without the deletion.
    """
    kind, share = call.planted_as, tumour[1] / max(sum(tumour), 1)
    depth = tumour[0] if call.size < 0 else sum(tumour)
    if depth < 22 or sum(normal) < 14:  # noqa: PLR2004  14 and 8 are needed
        return False
    if kind == "low_vaf":
        return 1 <= tumour[1] <= 4 and share < 0.035  # noqa: PLR2004  .05 is the limit
    if kind.startswith("germline"):
        return normal[1] >= 5 and tumour[1] >= 5  # noqa: PLR2004  2 are too many
    return tumour[1] >= 6 and share >= 0.1 and normal[1] == 0  # noqa: PLR2004  3 reads, .05


def called(
    calls: Sequence[Planted], tumour: Sequence[Counts], normal: Sequence[Counts]
) -> list[Call]:
    """Return the calls as a caller reports them; those of which it is not sure are missed.

    Of a pair of calls that both are reported the caller has seen that they go together.
    """
    found = [
        Call(
            call.planted_as if is_called(call, in_tumour, in_normal) else MISSED,
            call.gene.contig, call.start, call.ref, call.alt, call.effect.consequence,
            call.gene.symbol, call.gene.ensembl, call.effect.hgvsp, call.effect.codons,
            sum(in_tumour), in_tumour[1], sum(in_normal), in_normal[1], call.population_af,
        )
        for call, in_tumour, in_normal in zip(calls, tumour, normal, strict=True)
    ]  # fmt: skip
    return _with_phase(calls, found)


def _with_phase(planted: Sequence[Planted], calls: Sequence[Call]) -> list[Call]:
    """Name the phase group of neighbours of one molecule after the first of them."""
    reported = [
        number
        for number, (call, one) in enumerate(zip(planted, calls, strict=True))
        if call.joint and one.planted_as != MISSED
    ]
    told = list(calls)
    for one, two in pairwise(reported):
        if planted[two].at - planted[one].at == 1:
            first = calls[one]
            phase = f"{first.start + 1}_{first.ref}_{first.alt}"
            told[one], told[two] = (replace(calls[n], phase=phase) for n in (one, two))
    return told
