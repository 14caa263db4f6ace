"""The class I model: the weights that the package carries, and the predictor they make."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from storiform.io.predictors.opening import is_outside_predictor, open_predictor
from storiform.io.predictors.program import ProgramPredictor
from storiform.kernels.binding import (
    number_features,
    rank_scores,
    read_logits,
    score_network,
)
from storiform.model.errors import InputError, fault
from storiform.model.mhc import Support, support_of

CEILING_NM = 50_000.0
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
_CODES = np.full(256, -1, np.int8)
_CODES[np.frombuffer(RESIDUES.encode(), np.uint8)] = np.arange(len(RESIDUES))
_BLOCK = 1024
_ARRAYS = ("table", "vectors", "dense", "last", "alleles", "counts", "head", "tail",
           "lengths", "quantiles", "ranks", "version")  # fmt: skip
_THREADS = 2
_REMEDY = "Correct the path, or leave it out to use the weights of the package."

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """What a weights file holds, in single precision.

    Parameters
    ----------
    table, vectors, dense, last
        Of each network, as `score_network` takes them, with the networks before.
    quantiles, ranks
        Mean logit of presentation of natural peptides (alleles, points) at `ranks` (%).
    counts
        Measured affinities and eluted ligands that were learnt from (alleles, 2).
    ends, lengths
        Residues that count by their place at either end; shortest and longest peptide.
    """

    table: Floats
    vectors: Floats
    dense: Floats
    last: Floats
    quantiles: Floats
    ranks: Floats
    counts: NDArray[np.int64]
    ends: tuple[int, int]
    lengths: tuple[int, int]


class NetworkPredictor:
    """The project's own predictor: an ensemble of small networks, one vector an allele.

    Parameters
    ----------
    weights
        The networks.
    alleles
        Names of the alleles, in the order of the weights.
    version
        Version of the weights.
    threads
        Threads among which peptides are shared; the numbers do not depend on it.
    """

    name = "storiform"

    def __init__(
        self, weights: Weights, alleles: Sequence[str], version: str, threads: int = _THREADS
    ) -> None:
        self.alleles = tuple(alleles)
        self.version = version
        self._weights = weights
        self._threads = threads

    @cached_property
    def _places(self) -> dict[str, int]:
        return {allele: place for place, allele in enumerate(self.alleles)}

    @property
    def lengths(self) -> tuple[int, int]:
        """Residues of the shortest and the longest peptide."""
        return self._weights.lengths

    def learnt_from(self, allele: str) -> tuple[int, int]:
        """Return the measured affinities and the eluted ligands of an allele."""
        place = self._places.get(allele)
        if place is None:
            return 0, 0
        affinities, ligands = self._weights.counts[place].tolist()
        return affinities, ligands

    def support(self, allele: str) -> Support:
        """Tell how well the allele is known; `none` where it is not among them."""
        return support_of(*self.learnt_from(allele))

    def predict(
        self, peptides: Sequence[str], alleles: Sequence[str]
    ) -> tuple[Doubles, Doubles, Doubles]:
        """Predict each peptide for each allele.

        Returns
        -------
        tuple of numpy.ndarray
            IC50 (nM), percentile rank (%) and presentation (0 to 1), float64
            (n_alleles, n_peptides); NaN for unknown alleles, for peptides that are shorter
            than eight or longer than 14 residues, or hold others than the twenty.
        """
        shape = (len(alleles), len(peptides))
        results = tuple(np.full(shape, np.nan) for _ in range(3))
        rows, fit = self._features(peptides)
        places = np.array([self._places.get(allele, -1) for allele in alleles], np.int64)
        known = np.flatnonzero(places >= 0)
        if len(rows) and len(known):
            for whole, part in zip(results, self._predict(rows, places[known]), strict=True):
                whole[np.ix_(known, fit)] = part
        affinity, rank, presentation = results
        return affinity, rank, presentation

    def _features(self, peptides: Sequence[str]) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """Return the features of the peptides that fit, and which these are."""
        shortest, longest = self._weights.lengths
        sizes = np.array([len(peptide) for peptide in peptides], np.int64)
        right = np.flatnonzero((sizes >= shortest) & (sizes <= longest))
        text = "".join(
            peptides[place].ljust(longest) for place in right.tolist()
        ).encode("ascii", "replace")  # fmt: skip
        codes = _CODES[np.frombuffer(text, np.uint8)].reshape(-1, longest)
        is_known = (codes >= 0).sum(1) == sizes[right]
        right, codes = right[is_known], codes[is_known]
        features = number_features(codes, sizes[right], self._weights.ends, shortest, longest)
        return features, right

    def _predict(
        self, rows: NDArray[np.int16], places: NDArray[np.int64]
    ) -> tuple[Doubles, Doubles, Doubles]:
        weights = self._weights
        vectors = np.ascontiguousarray(weights.vectors[:, places])
        logits = np.zeros((len(places), len(rows), weights.last.shape[1]), np.float32)

        def score(start: int) -> None:
            mine = slice(start, start + _BLOCK)
            block = np.zeros((len(places), len(rows[mine]), logits.shape[2]), np.float32)
            for network in range(len(vectors)):
                score_network(
                    weights.table[network], vectors[network], weights.dense[network],
                    weights.last[network], rows[mine], block,
                )  # fmt: skip
            logits[:, mine] = block

        starts = range(0, len(rows), _BLOCK)
        if self._threads > 1 and len(starts) > 1:
            score(starts[0])  # compiles once, before the threads
            with ThreadPoolExecutor(self._threads) as pool:
                list(pool.map(score, starts[1:]))
        else:
            for start in starts:
                score(start)
        affinity, rank, presentation = (np.empty(logits.shape[:2]) for _ in range(3))
        networks = len(vectors)
        read_logits(logits, networks, CEILING_NM, affinity, presentation)
        for row, place in enumerate(places.tolist()):
            seen = np.ascontiguousarray(logits[row, :, 1])
            rank_scores(seen, networks, weights.quantiles[place], weights.ranks, rank[row])
        return affinity, rank, presentation


def read_mhc_model(path: Path) -> NetworkPredictor | ProgramPredictor:
    """Open the predictor that a file names: weights (``.npz``), or an outside program.

    Raises
    ------
    InputError
        If the file is neither, or there is none.
    """
    if is_outside_predictor(path):
        return open_predictor(path)
    if not path.exists():
        expected = "a program, its settings (.yaml), or weights of storiform (.npz)"
        raise InputError(fault(str(path), "no such file", expected, _REMEDY))
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in _ARRAYS}
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        expected = "weights of storiform (.npz), a program or its settings (.yaml)"
        raise InputError(fault(path.name, "no weights", expected, _REMEDY)) from error
    single = ("table", "vectors", "dense", "last", "quantiles", "ranks")
    shortest, longest = arrays["lengths"].tolist()
    weights = Weights(
        **{name: np.ascontiguousarray(arrays[name], np.float32) for name in single},
        counts=arrays["counts"].astype(np.int64),
        ends=(int(arrays["head"]), int(arrays["tail"])),
        lengths=(shortest, longest),
    )
    alleles = [str(allele) for allele in arrays["alleles"]]
    return NetworkPredictor(weights, alleles, str(arrays["version"]))
