"""HLA kernels against their naive twins."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.biomarkers.hla.layouts import lay_out
from storiform.biomarkers.hla.placed_reads import place_reads
from storiform.kernels.hla_mixture import score_pairs, score_partners, weigh_losses
from storiform.model.hla_reference import GAP, ExonAlleles, HlaReference
from storiform.model.tables.hla import HLA_SEQUENCES

OTHER = str.maketrans("ACGT", "TGCA")


def drawn(rng: np.random.Generator, length: int) -> str:
    return "".join("ACGT"[k] for k in rng.integers(4, size=length))


def changed(text: str, place: int) -> str:
    return text[:place] + "ACGT"[("ACGT".index(text[place]) + 1) % 4] + text[place + 1 :]


class Toy:
    """Genes A and H of two exons; of A some alleles lack bases or have further ones."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        first, second = drawn(rng, 60), drawn(rng, 90)
        columns = second[:40] + "---" + second[40:]
        spots = rng.choice(np.arange(5, 85), size=4, replace=False)
        rows = [
            columns,
            *(changed(second, s)[:40] + "---" + changed(second, s)[40:] for s in spots),
        ]
        rows.append(second[:40] + drawn(rng, 3) + second[40:])
        rows.append(columns[:60] + "----" + columns[64:])
        self.exons = {
            "A": [[first, changed(first, 30)], rows],
            "H": [[changed(first, 10)], [changed(changed(second, 20), 70)]],
        }
        self.flank = drawn(rng, 60), drawn(rng, 60)
        self.reference = self._compiled()

    def _compiled(self) -> HlaReference:
        exons, sequence_of, names, genes = {}, {}, [], []
        for gene, both in self.exons.items():
            pairs = [(i, j) for i in range(len(both[0])) for j in range(len(both[1]))]
            sequence_of[gene] = np.array(pairs, dtype=np.int32)
            names += [f"{gene}*01:{k:02}" for k in range(1, len(pairs) + 1)]
            genes += [gene] * len(pairs)
            exons[gene] = tuple(
                ExonAlleles(gene, number, self._codes(rows), np.zeros(len(rows), dtype=bool))
                for number, rows in enumerate(both, start=1)
            )
        imputed = {gene: np.zeros(rows.shape, dtype=bool) for gene, rows in sequence_of.items()}
        return HlaReference(
            "", "", tuple(names), tuple(genes), exons, sequence_of, imputed, {}, {}, {}, {}
        )

    @staticmethod
    def _codes(rows: list[str]) -> np.ndarray:
        table = {letter: k for k, letter in enumerate("ACGT")} | {"-": GAP}
        return np.array([[table[base] for base in row] for row in rows], dtype=np.uint8)


def reads_of(texts: list[str], qualities: list[str]):
    rows = {
        "fragment": np.arange(1, len(texts) + 1), "mate": 0, "bases": texts,
        "qualities": qualities,
    }  # fmt: skip
    import pandas as pd  # noqa: PLC0415  a test's own

    return HLA_SEQUENCES.conform(pd.DataFrame(rows))


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_losses_are_those_of_mismatches_on_the_diagonal_of_the_read(seed: int) -> None:
    toy = Toy(seed)
    rng, layouts = toy.rng, lay_out(toy.reference)
    truth, start, turned = int(rng.integers(7)), int(rng.integers(-25, 30)), rng.random() < 0.5
    whole = toy.flank[0] + toy.exons["A"][1][truth].replace("-", "") + toy.flank[1]
    read = whole[60 + start : 60 + start + 70]
    place = int(rng.integers(max(0, -start), 70))
    read = changed(read, place)
    quality = "".join(chr(33 + q) for q in rng.integers(10, 41, size=70))
    table = reads_of(
        [read[::-1].translate(OTHER) if turned else read],
        [quality[::-1] if turned else quality],
    )
    placed = place_reads(table, layouts, 10, (16, 1.0))
    assert len(placed) == 1
    wrong = np.maximum(10 ** (-(np.array([ord(q) for q in quality]) - 33) / 10), 0.002)
    costs = np.log(1 - wrong) - np.log(wrong / 3)
    length = len(whole) - 120
    is_inside = (np.arange(70) + start >= 0) & (np.arange(70) + start < length)
    # Nothing is known of the introns: there each base costs what it costs on average.
    unknown = (3 * np.exp(-costs) * costs)[~is_inside].sum()
    expected = unknown + (costs[place] if is_inside[place] else 0.0)
    own = [k for k, pair in enumerate(toy.reference.sequence_of["A"]) if pair[1] == truth]
    sequences = layouts.sequence_of["A"][:, layouts.row_of["A"][own]]
    losses = placed.losses(0, np.array([0]), sequences)[0]
    np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-5)
    assert placed.columns[0, 0] >= min(start + 70, length) - max(start, 0) - 4


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_substitutions_cost_what_their_qualities_say(seed: int) -> None:
    toy = Toy(seed)
    rng, layouts = toy.rng, lay_out(toy.reference)
    rows = [row.replace("-", "") for row in toy.exons["A"][1][:5]]
    start = int(rng.integers(0, 30))
    read = rows[0][start : start + 55]
    quality = "".join(chr(33 + q) for q in rng.integers(30, 41, size=55))
    placed = place_reads(reads_of([read], [quality]), layouts, 10, (16, 1.0))
    pairs = toy.reference.sequence_of["A"]
    for number, row in enumerate(rows):
        alleles = [k for k, pair in enumerate(pairs) if pair[1] == number]
        sequences = layouts.sequence_of["A"][:, layouts.row_of["A"][alleles]]
        wrong = [10 ** (-(ord(q) - 33) / 10) for q in quality]
        expected = sum(
            np.log(1 - max(e, 0.002)) - np.log(max(e, 0.002) / 3)
            for e, base, other in zip(wrong, read, row[start : start + 55], strict=True)
            if base != other
        )
        found = placed.losses(0, np.array([0]), sequences)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 7))
def test_scores_of_pairs_are_sums_of_logarithms(
    seed: int, fragments: int, alleles: int
) -> None:
    rng = np.random.default_rng(seed)
    losses = rng.uniform(0, 20, (fragments, alleles)).astype(np.float32)
    best = losses.min(axis=1).astype(np.float64)
    chances = losses.copy()
    weigh_losses(chances, best, 12.0)
    expected = np.exp(-np.minimum(losses - best[:, None], 12.0))
    np.testing.assert_allclose(chances, expected, rtol=1e-5)
    rest = rng.uniform(1e-6, 1.0, fragments)
    sums = np.zeros((alleles, alleles))
    score_pairs(chances, rest, np.ones(alleles), sums)
    single = np.zeros(alleles)
    score_partners(chances, rest, 0.5, np.ones(alleles), single)
    wide = chances.astype(np.float64)
    for a in range(alleles):
        np.testing.assert_allclose(single[a], np.log(rest + wide[:, a] / 2).sum(), rtol=1e-9)
        for b in range(a, alleles):
            naive = np.log(rest + wide[:, a] / 2 + wide[:, b] / 2).sum()
            np.testing.assert_allclose(sums[a, b], naive, rtol=1e-9, atol=1e-9)
