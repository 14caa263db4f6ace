"""Counting by kernels equals counting by a naive twin, in any cut and order of batches."""

import hashlib
import itertools
import struct

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.biomarkers.gene_counting import GeneCountingParams, gene_counts
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.reads import MIXED, UNPLACED, ReadHeader, RecordBatch

pytestmark = pytest.mark.filterwarnings("ignore::storiform.model.errors.DataWarning")
HEADER = ReadHeader(("chr1", "chrM"), (400, 400), ("1", "MT"), assay="rna")
CODES = "MIDNSHP=X"

EXONS = st.lists(
    st.tuples(
        st.integers(0, 1), st.integers(0, 180), st.integers(1, 40), st.integers(0, 5),
        st.sampled_from("+-"),
    ),
    min_size=1, max_size=12,
)  # fmt: skip
CIGARS = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from("MMM=XIDNNS")), min_size=1, max_size=5
)
READS = st.tuples(st.integers(0, 1), st.integers(0, 150), st.booleans(), CIGARS)
PAIRS = st.lists(
    st.tuples(
        READS,
        READS,
        st.sampled_from([0, 0, 0, 1, 2, 3, 4, 5]),
        st.sampled_from([1, 1, 1, 2, 3]),
    ),
    max_size=12,
)


def model(exons) -> GeneModel:
    rows = [(f"g{g}", f"g{g}", "", ("chr1", "chrM")[c], strand) for c, _, _, g, strand in exons]
    genes = pd.DataFrame(rows, columns=["gene_id", "gene", "biotype", "contig", "strand"])
    pieces = pd.DataFrame(
        [(f"g{g}", ("chr1", "chrM")[c], s, s + n, strand) for c, s, n, g, strand in exons],
        columns=["gene_id", "contig", "start", "end", "strand"],
    )
    return GeneModel(Intervals({}), genes.drop_duplicates("gene_id", ignore_index=True), pieces)


def span(cigar) -> int:
    return sum(n for n, code in cigar if code in "MDN=X")


def records(pairs) -> list[dict]:
    """Return records of pairs.

    Kinds: 0 whole, 1 read 1 lost, 2 read 2 unmapped, 3 single ends, 4 read 2 unmapped and
    without a place, at the end of the file, 5 read 2 unmapped and lost.
    """
    made = []
    for number, (one, two, kind, hits) in enumerate(pairs):
        ends = [(one, two, 64), (two, one, 128)]
        for k, (own, mate, read) in enumerate(ends):
            flag = (1 | read) if kind != 3 else 0
            flag |= 16 * own[2] | (32 * mate[2] if flag else 0)
            entry = {
                "name": f"r{number}" + ("" if kind != 3 else "ab"[k]), "contig": own[0],
                "start": own[1], "cigar": own[3], "hits": hits,
                "mate": (mate[0], mate[1]) if flag & 1 else (-1, -1),
            }  # fmt: skip
            if kind == 4 and k == 1:
                flag |= 4
                entry |= {"contig": -1, "start": -1, "cigar": []}
            if kind == 4 and k == 0:
                entry["mate"] = (-1, -1)
            if kind == 2 and k == 1:
                flag |= 4
                entry |= {
                    "contig": one[0],
                    "start": one[1],
                    "cigar": [],
                    "mate": (one[0], one[1]),
                }
            if kind in {2, 4, 5} and k == 0:
                flag |= 8
            made += [entry | {"flag": flag}] * ((kind, k) not in {(1, 0), (5, 1)})
    return sorted(made, key=lambda r: (r["contig"] % 3, r["start"]))


def raw(entry) -> bytes:
    name = entry["name"].encode() + b"\0"
    words = b"".join(struct.pack("<I", n << 4 | CODES.index(c)) for n, c in entry["cigar"])
    fixed = struct.pack(
        "<iiBBHHHiiii", entry["contig"], entry["start"], len(name), 60, 0, len(entry["cigar"]),
        entry["flag"], 0, *entry["mate"], 0,
    )  # fmt: skip
    body = fixed + name + words + b"NHC" + bytes([entry["hits"]]) + b"HIC\x01"
    return struct.pack("<i", len(body)) + body


def batch(entries, owned, contig, bounds=(0, 0)) -> RecordBatch:
    parts = [raw(entry) for entry in entries]
    offsets = np.cumsum([0, *map(len, parts)])[:-1]
    names = [hashlib.blake2b(e["name"].encode(), digest_size=8).digest() for e in entries]
    column = {
        k: np.array([e[k] for e in entries], np.int32) for k in ("contig", "start", "flag")
    }
    ends = [e["start"] + max(span(e["cigar"]), 1) for e in entries]
    return RecordBatch(
        np.frombuffer(b"".join(parts), np.uint8), offsets, column["contig"], column["start"],
        np.array(ends, np.int32), column["flag"].astype(np.uint16),
        np.full(len(entries), 60, np.uint8), np.full(len(entries), -1, np.int32),
        np.array([int.from_bytes(n, "little") | 1 for n in names], np.uint64),
        np.array(owned, bool), contig, *bounds,
    )  # fmt: skip


def cut(entries, size) -> list[RecordBatch]:
    made = []
    for contig, low in itertools.product(range(2), range(0, 400, size)):
        held = [
            e for e in entries
            if e["contig"] == contig and e["start"] < low + size
            and e["start"] + max(span(e["cigar"]), 1) > low
        ]  # fmt: skip
        owned = [low <= e["start"] for e in held]
        if held:
            made.append(batch(held, owned, contig, (low, low + size)))
    unplaced = [e for e in entries if e["contig"] == UNPLACED]
    parts = [unplaced[at : at + 2] for at in range(0, len(unplaced), 2)]
    return made + [batch(part, [True] * len(part), UNPLACED) for part in parts]


def tables(genes, batches, forks=1, **options):
    collector = gene_counts(genes, GeneCountingParams(check_strandedness=False, **options))
    collector.begin(HEADER)
    parts = [collector.fork() for _ in range(forks)]
    for number, one in enumerate(batches):
        parts[number % forks].take(one)
    for part in parts:
        collector.merge(part)
    return collector.tables()


def touched(entry, exons, bit) -> set[str]:
    """Return the genes that the aligned bases of a record touch, on the strand told."""
    place, bases = entry["start"], set()
    for n, code in entry["cigar"]:
        bases |= set(range(place, place + n)) if code in "M=X" else set()
        place += n if code in "MDN=X" else 0
    if entry["flag"] & 4:
        return set()
    is_forward = bool(entry["flag"] & 16) == bool(entry["flag"] & 128)
    wanted = {0: "+-", 1: "+" if is_forward else "-", 2: "-" if is_forward else "+"}[bit]
    return {
        f"g{g}" for c, s, n, g, strand in exons
        if c == entry["contig"] and strand in wanted and bases & set(range(s, s + n))
    }  # fmt: skip


def naive(entries, exons, bit) -> tuple[dict[str, int], dict[str, int]]:
    """Count fragments: multi-mapping out, else the gene that most mates touch."""
    counts: dict[str, int] = {}
    classes = dict.fromkeys(("assigned", "ambiguous", "no_feature", "multi_mapping"), 0)
    fragments: dict[str, list[dict]] = {}
    for entry in entries:
        fragments.setdefault(entry["name"], []).append(entry)
    for ends in fragments.values():
        if any(e["hits"] > 1 and not e["flag"] & 4 for e in ends):
            classes["multi_mapping"] += 1
            continue
        votes = [gene for e in ends for gene in touched(e, exons, bit)]
        most = max(map(votes.count, votes), default=0)
        best = {gene for gene in votes if votes.count(gene) == most}
        kind = "no_feature" if not best else "ambiguous" if len(best) > 1 else "assigned"
        classes[kind] += 1
        if kind == "assigned":
            gene = best.pop()
            counts[gene] = counts.get(gene, 0) + 1
    return counts, classes


@given(EXONS, PAIRS, st.sampled_from(["unstranded", "forward", "reverse"]))
@settings(max_examples=100)
def test_fragments_are_counted_as_by_hand(exons, pairs, strandedness) -> None:
    entries = records(pairs)
    bit = ("unstranded", "forward", "reverse").index(strandedness)
    rows, summary = tables(model(exons), cut(entries, 500), strandedness=strandedness)
    counts, classes = naive(entries, exons, bit)
    found = rows.set_index("gene_id")["count"]
    assert found[found > 0].to_dict() == counts
    assert {name: int(summary[name].iloc[0]) for name in classes} == classes


@given(
    EXONS,
    PAIRS,
    st.sampled_from([{}, {}, {"multi_mappers": "fraction"}, {"min_mapq": 10},
                     {"mode": "htseq_union"}, {"mode": "htseq_strict"},
                     {"mode": "htseq_nonempty"}]),
    st.integers(1, 3),
)  # fmt: skip
def test_cuts_and_the_order_of_batches_change_nothing(exons, pairs, options, forks) -> None:
    entries, genes = records(pairs), model(exons)
    expected = tables(
        genes, [batch(entries, [True] * len(entries), MIXED)] if entries else [], **options
    )
    for size in (1, 7, 50, 200):
        for batches in (cut(entries, size), cut(entries, size)[::-1]):
            found = tables(genes, batches, forks, **options)
            for one, other in zip(expected, found, strict=True):
                pd.testing.assert_frame_equal(one, other)


def test_many_waiting_mates_and_genes_make_the_tables_grow() -> None:
    exons = [(0, 0, 40, gene, "+-"[gene % 2]) for gene in range(30)]
    read, mate = (0, 5, False, [(20, "M")]), (0, 150, True, [(20, "M")])
    entries = records([(read, mate, 0, 1)] * 5000)
    batches = cut(entries, 100)
    rows, summary = tables(model(exons), batches, count_overlapping=True)
    assert (rows["count"] == 5000).all()
    assert summary["assigned"].iloc[0] == 5000
    halves = tables(model(exons), batches, forks=2, count_overlapping=True)
    pd.testing.assert_frame_equal(halves[0], rows)


@pytest.mark.parametrize("options", [{}, {"min_mapq": 1}, {"mode": "htseq_union"}])
def test_mates_that_are_not_aligned_may_come_whenever_or_never(options) -> None:
    read, mate = (0, 5, False, [(20, "M")]), (0, 150, True, [(20, "M")])
    genes = model([(0, 0, 40, 1, "+")])
    for kinds in ([5], [4], [2], [5, 4, 2]):
        entries = records([(read, mate, kinds[n % len(kinds)], 1) for n in range(6000)])
        for forks, batches in itertools.product((1, 3), (cut(entries, 400), None)):
            given = cut(entries, 400)[::-1] if batches is None else batches
            rows, summary = tables(genes, given, forks, **options)
            assert summary["fragments"].iloc[0] == 6000
            assert rows["count"].tolist() == [6000]


def test_reads_whose_mates_are_not_aligned_do_not_wait() -> None:
    read, mate = (0, 5, False, [(20, "M")]), (0, 150, True, [(20, "M")])
    collector = gene_counts(model([(0, 0, 40, 1, "+")]), GeneCountingParams())
    collector.begin(HEADER)
    for one in cut(records([(read, mate, 5, 1)] * 5000), 400):
        collector.take(one)
    assert collector.counter.sums.used.tolist() == [0, 5000]
    assert len(collector.counter.state[1]) < 5000


def placed(entry, exons) -> tuple[str, list[tuple[str, list[int]]]]:
    """Tell where a good read lies, and the bases that it has on each gene."""
    place, bases = entry["start"], []
    for n, code in entry["cigar"]:
        bases += list(range(place, place + n)) if code in "M=X" else []
        place += n if code in "MDN=X" else 0
    own = {f"g{e[3]}": set() for e in exons if e[0] == entry["contig"]}
    for c, s, n, g, _ in exons:
        if c == entry["contig"]:
            own[f"g{g}"] |= set(range(s, s + n))
    touching = [(gene, sorted(held & set(bases))) for gene, held in own.items()]
    touching = [pair for pair in touching if pair[1]]
    if touching:
        return "exonic", touching
    inside = any(min(held) <= entry["start"] <= max(held) for held in own.values())
    return ("intronic" if inside else "intergenic"), []


def union(exons, gene) -> list[tuple[int, int]]:
    """Return the bases of a gene's exons in the order of the genome."""
    held = {(c, at) for c, s, n, g, _ in exons if f"g{g}" == gene for at in range(s, s + n)}
    return sorted(held)


@given(EXONS, PAIRS)
@settings(max_examples=100)
def test_good_reads_lie_where_they_do_by_hand(exons, pairs) -> None:
    entries = records(pairs)
    good = [e for e in entries if not e["flag"] & 4 and e["hits"] == 1]
    found = [placed(entry, exons)[0] for entry in good]
    _, summary = tables(model(exons), cut(entries, 500))
    told = summary[["exonic", "intronic", "intergenic"]].iloc[0].to_dict()
    if not found:
        assert all(pd.isna(number) for number in told.values())
        return
    assert told == {name: found.count(name) for name in told}


@given(EXONS, PAIRS)
@settings(max_examples=50)
def test_shares_of_the_ends_are_those_by_hand(exons, pairs) -> None:
    genes, entries = model(exons), records(pairs)
    strand = genes.genes.set_index("gene_id")["strand"]
    ends: dict[str, list[float]] = {}
    for entry in entries:
        if entry["flag"] & 4 or entry["hits"] > 1:
            continue
        touching = placed(entry, exons)[1]
        if len(touching) == 1:
            gene, bases = touching[0]
            along = union(exons, gene)
            first = along.index((entry["contig"], bases[0]))
            last = along.index((entry["contig"], bases[-1])) + 1
            middle = (first + last) / (2 * len(along))
            ends.setdefault(gene, []).append(middle if strand[gene] == "+" else 1 - middle)
    collected = gene_counting_with_any_gene(genes, cut(entries, 500))
    if not ends:
        assert np.isnan(collected["three_prime_bias"])
        return
    means = {gene: np.mean(places) for gene, places in ends.items()}
    assert collected["three_prime_bias"] == pytest.approx(np.mean(list(means.values())))
    # The middle of a read can lie on the very edge of a fifth, which has two names.
    if any(abs(5 * p - round(5 * p)) < 1e-9 for places in ends.values() for p in places):
        return
    first = np.mean([np.mean([p < 0.2 for p in places]) for places in ends.values()])
    last = np.mean([np.mean([p > 0.8 for p in places]) for places in ends.values()])
    assert collected["five_prime_share"] == pytest.approx(first)
    assert collected["three_prime_share"] == pytest.approx(last)


def gene_counting_with_any_gene(genes, batches) -> pd.Series:
    """Count with no gene too short and none with too few reads for its ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storiform.biomarkers.gene_counting._MIN_READS", 1)
        patch.setattr("storiform.biomarkers.gene_counting._MIN_LENGTH_BP", 1)
        return tables(genes, batches)[1].iloc[0]
