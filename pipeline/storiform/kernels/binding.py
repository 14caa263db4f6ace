"""Peptides and alleles through the small networks of a class I model.

Every pair of peptide and allele is summed in one fixed order, whatever stands beside it, so
that a score does not depend on the batch, its order or the number of threads.
"""

import math

import numpy as np
from numpy.typing import NDArray

from storiform.kernels import compiled

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

NO_FEATURE = -1


@compiled
def number_features(
    codes: NDArray[np.int8], sizes: NDArray[np.int64], ends: tuple[int, int], shortest: int,
    longest: int,
) -> NDArray[np.int16]:  # fmt: skip
    """Give each feature of a peptide its number: residues at the ends, length, the middle.

    Parameters
    ----------
    codes
        Residues of each peptide, 0 to 19 (peptides, most).
    sizes
        Residues that each has, `shortest` to `longest` (peptides,).
    ends
        How many residues count by their place, from the first and up to the last.
    shortest, longest
        Residues of the shortest and longest peptide.

    Returns
    -------
    numpy.ndarray
        int16 (peptides, 1 + longest); `NO_FEATURE` where a peptide has no more. The numbers
        are 20 x place + residue, then one for each length, then one for each residue.
    """
    head, tail = ends
    lengths_from = 20 * (head + tail)
    middle_from = lengths_from + longest - shortest + 1
    rows = np.full((len(sizes), 1 + longest), NO_FEATURE, np.int16)
    for k in range(len(sizes)):
        size = sizes[k]
        for place in range(head):
            rows[k, place] = 20 * place + int(codes[k, place])
        for place in range(tail):
            residue = int(codes[k, size - tail + place])
            rows[k, head + place] = 20 * (head + place) + residue
        rows[k, head + tail] = lengths_from + size - shortest
        for place in range(head, size - tail):
            rows[k, tail + place + 1] = middle_from + int(codes[k, place])
    return rows


@compiled
def score_network(
    table: Floats, vectors: Floats, dense: Floats, last: Floats, rows: NDArray[np.int16],
    logits: Floats,
) -> None:  # fmt: skip
    """Add what one network says of every peptide and allele.

    Parameters
    ----------
    table
        What each feature of a peptide adds to the hidden units (features, hidden).
    vectors
        What each allele adds to them (alleles, hidden).
    dense
        Weights from hidden to second units, the bias in the last row (hidden + 1, second).
    last
        Weights from second units to outputs, the bias in the last column
        (outputs, second + 1).
    rows
        Features of each peptide (peptides, most), `NO_FEATURE` where there are no more.
    logits
        Running sums (alleles, peptides, outputs).
    """
    hidden, second = dense.shape[0] - 1, dense.shape[1]
    peptide = np.empty(hidden, np.float32)
    active = np.empty(hidden + 4, np.int64)
    strength = np.empty(hidden + 4, np.float32)
    sums = np.empty(second, np.float32)
    for k in range(rows.shape[0]):
        sum_features(table, rows[k], peptide)
        for allele in range(vectors.shape[0]):
            count = select_active(peptide, vectors[allele], active, strength)
            sum_active(dense, active, strength, count, sums)
            add_outputs(last, sums, logits[allele, k])


@compiled
def sum_features(table: Floats, row: NDArray[np.int16], peptide: Floats) -> None:
    """Sum the rows of the table that a peptide has, into `peptide` (hidden,)."""
    peptide[:] = np.float32(0)
    for place in range(len(row)):
        feature = row[place]
        if feature != NO_FEATURE:
            for unit in range(len(peptide)):
                peptide[unit] += table[feature, unit]


@compiled
def select_active(
    peptide: Floats, vector: Floats, active: NDArray[np.int64], strength: Floats
) -> int:
    """List the hidden units above zero and their values; return how many there are.

    Four silent units follow them, so that they can be taken four at a time.
    """
    hidden = len(peptide)
    count = 0
    for unit in range(hidden):
        value = peptide[unit] + vector[unit]
        active[count] = unit
        strength[count] = value
        count += value > 0
    for extra in range(count, count + 4):
        active[extra] = hidden
        strength[extra] = np.float32(0)
    return count


@compiled
def sum_active(
    dense: Floats, active: NDArray[np.int64], strength: Floats, count: int, sums: Floats
) -> None:
    """Sum what the active hidden units and the bias add to the second units (second,)."""
    second = len(sums)
    for unit in range(second):
        sums[unit] = dense[dense.shape[0] - 1, unit]
    for first in range(0, count, 4):
        a, b = active[first], active[first + 1]
        c, d = active[first + 2], active[first + 3]
        one, two = strength[first], strength[first + 1]
        three, four = strength[first + 2], strength[first + 3]
        for unit in range(second):
            sums[unit] += (one * dense[a, unit] + two * dense[b, unit]) + (
                three * dense[c, unit] + four * dense[d, unit]
            )


@compiled
def add_outputs(last: Floats, sums: Floats, outputs: Floats) -> None:
    """Add the outputs (outputs,) of one pair, of the sums of its second units (second,)."""
    second = len(sums)
    for output in range(len(outputs)):
        total = last[output, second]
        for unit in range(second):
            total += last[output, unit] * max(sums[unit], np.float32(0))
        outputs[output] += total


@compiled
def read_logits(logits: Floats, networks: int, ceiling_nm: float, affinity: Doubles,
                presentation: Doubles) -> None:  # fmt: skip
    """Turn summed logits into IC50 and presentation.

    Parameters
    ----------
    logits
        Sums over the networks (alleles, peptides, 2): of affinity and of presentation.
    networks
        Their number.
    ceiling_nm
        IC50 (nM) of what does not bind at all.
    affinity
        IC50 (nM), written to (alleles, peptides): ceiling_nm ** (1 - logistic(mean)).
    presentation
        Score of an eluted ligand, 0 to 1, written to (alleles, peptides).
    """
    scale = math.log(ceiling_nm)
    for allele in range(logits.shape[0]):
        for k in range(logits.shape[1]):
            bond = logistic(float(logits[allele, k, 0]) / networks)
            affinity[allele, k] = math.exp(scale * (1 - bond))
            presentation[allele, k] = logistic(float(logits[allele, k, 1]) / networks)


@compiled
def logistic(logit: float) -> float:
    """Return 1 / (1 + exp(-logit)), which never overflows."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    odds = math.exp(logit)
    return odds / (1 + odds)


@compiled
def rank_scores(scores: Floats, networks: int, quantiles: Floats, ranks: Floats,
                result: Doubles) -> None:  # fmt: skip
    """Find the percentile rank of the presentation of peptides on one allele.

    Parameters
    ----------
    scores
        Summed logits of presentation (peptides,).
    networks
        Number of networks that they are sums of.
    quantiles
        Mean logit at each of `ranks`, falling (points,).
    ranks
        Shares (%) of random natural peptides that score at least as well, rising (points,).
    result
        Ranks (%), written to (peptides,), between the first and the last of `ranks`.
    """
    points = len(quantiles)
    for k in range(len(scores)):
        score = float(scores[k]) / networks
        low, high = 0, points
        while low < high:
            middle = (low + high) // 2
            if quantiles[middle] > score:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            result[k] = ranks[0]
        elif low == points:
            result[k] = ranks[points - 1]
        else:
            above, below = float(quantiles[low - 1]), float(quantiles[low])
            share = (above - score) / (above - below)
            result[k] = ranks[low - 1] + share * (float(ranks[low]) - ranks[low - 1])
