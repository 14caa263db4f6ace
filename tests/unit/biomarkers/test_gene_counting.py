"""What the counting of an RNA sample tells besides the counts."""

import hashlib
import struct
import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.gene_counting import GeneCountingParams, gene_counts
from storiform.model.errors import ContractError, DataWarning, InputError
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.reads import ReadHeader, RecordBatch
from storiform.model.step import Step
from storiform.model.tables.reads import GENE_COUNTS
from storiform.model.tables.rna_quality import GENE_COUNTING_SUMMARY

HEADER = ReadHeader(("chr1", "chrM"), (9000, 9000), ("1", "MT"), assay="rna")
GENES = pd.DataFrame(
    [
        ("E1.2", "TP53", "protein_coding", "chr1", "+"),
        ("E2.1", "HLA-A", "protein_coding", "chr1", "-"),
        ("E3", "MT-RNR1", "Mt_rRNA", "chrM", "+"),
        ("E4", "XIST", "lncRNA", "chr1", "-"),
        ("E5", "DDX3Y", "protein_coding", "chr1", "+"),
    ],
    columns=["gene_id", "gene", "biotype", "contig", "strand"],
)
PLACES = {"E1.2": 0, "E2.1": 2000, "E3": 0, "E4": 4000, "E5": 6000}
EXONS = GENES[["gene_id", "contig"]].assign(start=GENES["gene_id"].map(PLACES))
EXONS["end"] = EXONS["start"] + 1000
MODEL = GeneModel(Intervals({}), GENES, EXONS)
SENSE, ANTISENSE = (99, 147), (163, 83)


def raw(name: str, flag: int, place: tuple[int, int, int], hits: int, tags: bytes) -> bytes:
    contig, start, mate = place
    told = name.encode() + b"\0" + struct.pack("<I", 50 << 4) + b"NHC" + bytes([hits]) + tags
    fixed = struct.pack(
        "<iiBBHHHiiii", contig, start, len(name) + 1, 60, 0, 1, flag, 0, contig, mate, 0
    )
    return struct.pack("<i", len(fixed + told)) + fixed + told


def batch(fragments, contig: int, tags: bytes = b"") -> RecordBatch:
    """Return a batch of pairs of 50 bases: (start of the left mate, flags, NH)."""
    rows = []
    for number, (start, flags, hits) in enumerate(fragments):
        for flag, own, mate in zip(
            flags, (start, start + 100), (start + 100, start), strict=True
        ):
            name = f"c{contig}r{number}"
            digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
            told = raw(name, flag, (contig, own, mate), hits, tags)
            rows.append((own, flag, int.from_bytes(digest, "little") | 1, told))
    rows.sort(key=lambda row: row[0])
    starts = np.array([row[0] for row in rows], dtype=np.int32)
    size = len(rows)
    return RecordBatch(
        np.frombuffer(b"".join(row[3] for row in rows), np.uint8),
        np.cumsum([0, *(len(row[3]) for row in rows)])[:-1],
        np.full(size, contig, np.int32),
        starts,
        starts + 50,
        np.array([row[1] for row in rows], np.uint16),
        np.full(size, 60, np.uint8),
        np.full(size, -1, np.int32),
        np.array([row[2] for row in rows], np.uint64),
        np.ones(size, bool),
        contig,
        0,
        9000,
    )


def told(*batches: RecordBatch, genes: GeneModel = MODEL, **options):
    """Count batches; return the counts by symbol and the summary."""
    collector = gene_counts(genes, GeneCountingParams(**options))
    collector.begin(HEADER)
    for one in batches:
        collector.take(one)
    rows, summary = collector.tables()
    first = GENE_COUNTS.conform(rows)
    again = GENE_COUNTS.conform(collector.tables()[0])
    pd.testing.assert_frame_equal(first, again)
    return first.set_index("gene")["count"], GENE_COUNTING_SUMMARY.conform(summary).iloc[0]


def evenly(number: int, flags, at: int = 0, hits: int = 1):
    return [(at + i * 850 // max(number - 1, 1), flags, hits) for i in range(number)]


def test_the_step_is_fed_by_the_pass_over_rna() -> None:
    step = Step.of(gene_counts)
    assert step.scan is not None
    assert step.scan.assays == ("rna",)
    assert not step.scan.needs_order
    assert [table.name for table in step.scan.tables] == [
        "gene_counts",
        "gene_counting_summary",
    ]


@pytest.mark.parametrize(
    ("sense", "antisense", "found"),
    [(96, 4, "forward"), (4, 96, "reverse"), (55, 45, "unstranded")],
)
def test_strandedness_is_what_the_reads_say(sense, antisense, found) -> None:
    reads = evenly(sense, SENSE) + evenly(antisense, ANTISENSE)
    counts, summary = told(batch(reads, 0))
    assert summary["strandedness"] == summary["strandedness_found"] == found
    assert summary["sense_share"] == sense / 100
    expected = {"forward": sense, "reverse": antisense, "unstranded": 100}[found]
    assert counts["TP53"] == expected
    assert summary["no_feature"] == 100 - expected


def test_an_undecided_strandedness_is_counted_as_unstranded_and_told() -> None:
    reads = evenly(70, SENSE) + evenly(30, ANTISENSE)
    with pytest.warns(DataWarning, match=r"undecided \(sense share 0\.7\)"):
        counts, summary = told(batch(reads, 0))
    assert summary["strandedness"] == "unstranded"
    assert summary["strandedness_found"] == ""
    assert counts["TP53"] == 100


def test_too_few_fragments_decide_nothing() -> None:
    with pytest.warns(DataWarning, match="undecided"):
        _, summary = told(batch(evenly(99, SENSE), 0))
    assert summary["strandedness_found"] == ""


def test_where_no_read_tells_a_strand_no_share_is_told() -> None:
    with pytest.warns(DataWarning, match=r"undecided \(no stranded evidence\): counted as"):
        _, summary = told(batch(evenly(10, SENSE, at=8000), 0))
    assert np.isnan(summary["sense_share"])


def test_a_stated_strandedness_that_the_reads_contradict_is_refused() -> None:
    reads = batch(evenly(100, ANTISENSE), 0)
    with pytest.raises(
        InputError, match=r"= forward: found reverse reads \(sense share 0\.000\)"
    ):
        told(reads, strandedness="forward")
    with pytest.raises(InputError, match="expected unstranded reads"):
        told(reads, strandedness="unstranded")
    assert told(reads, strandedness="reverse")[0]["TP53"] == 100
    counts, summary = told(reads, strandedness="forward", check_strandedness=False)
    assert counts["TP53"] == 0
    assert summary["strandedness_found"] == "reverse"


def test_shares_of_mitochondrion_and_ribosome_are_of_aligned_fragments() -> None:
    _, summary = told(batch(evenly(120, SENSE), 0), batch(evenly(30, SENSE), 1))
    assert summary["mitochondrial_share"] == 30 / 150
    assert summary["rrna_share"] == 30 / 150
    assert summary["assigned_share"] == 1.0
    assert summary["genes_detected"] == 2


def test_without_ribosomal_genes_their_share_is_missing() -> None:
    genes = GeneModel(Intervals({}), GENES.assign(biotype=""), EXONS)
    _, summary = told(batch(evenly(120, SENSE), 0), genes=genes)
    assert np.isnan(summary["rrna_share"])


def test_genes_of_the_sexes_are_told_and_missing_where_the_annotation_lacks_them() -> None:
    reads = evenly(100, ANTISENSE, 4000) + evenly(7, SENSE, 6000)
    _, summary = told(batch(reads, 0), strandedness="unstranded", check_strandedness=False)
    assert summary["xist"] == 100
    assert summary["y_genes"] == 7
    few = GENES["gene"].isin(["TP53"])
    genes = GeneModel(Intervals({}), GENES[few], EXONS[EXONS["gene_id"] == "E1.2"])
    _, summary = told(batch(evenly(100, SENSE), 0), genes=genes)
    assert summary["xist"] is pd.NA
    assert summary["y_genes"] is pd.NA


@pytest.mark.parametrize(
    ("at", "place"), [(800, 0.9), (0, 0.1)], ids=["at the end", "at the start"]
)
@pytest.mark.parametrize(("gene", "flags"), [("TP53", SENSE), ("HLA-A", ANTISENSE)])
def test_bias_towards_the_three_prime_end_follows_the_strand_of_the_gene(
    at, place, gene, flags
) -> None:
    start = {"TP53": 0, "HLA-A": 2000}[gene] + at
    _, summary = told(batch([(start + i % 50, flags, 1) for i in range(120)], 0))
    expected = place if gene == "TP53" else 1 - place
    assert summary["three_prime_bias"] == pytest.approx(expected, abs=0.03)


def test_even_reads_have_no_bias() -> None:
    _, summary = told(batch(evenly(171, SENSE), 0))
    assert summary["three_prime_bias"] == pytest.approx(0.5)


def test_hla_genes_that_lose_their_fragments_are_told() -> None:
    reads = evenly(100, ANTISENSE, 2000) + evenly(150, ANTISENSE, 2000, hits=3)
    with pytest.warns(DataWarning, match=r"1 HLA or .*HLA-A \(100 of 250\) kept"):
        counts, summary = told(batch(reads, 0))
    assert counts["HLA-A"] == 100
    assert summary["multi_mapping"] == 150
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        counts, _ = told(batch(reads, 0), multi_mappers="fraction")
    assert counts["HLA-A"] == pytest.approx(150)


def test_lengths_are_the_union_of_the_exons() -> None:
    more = pd.DataFrame([("E1.2", "chr1", 500, 1500)], columns=EXONS.columns)
    collector = gene_counts(
        GeneModel(Intervals({}), GENES, pd.concat([EXONS, more])), GeneCountingParams()
    )
    collector.begin(HEADER)
    with pytest.warns(DataWarning, match="undecided"):
        rows = collector.tables()[0].set_index("gene_id")
    assert rows.loc["E1.2", "length"] == 1500
    assert rows.loc["E2.1", "length"] == 1000


def test_genes_without_exons_are_refused() -> None:
    collector = gene_counts(GeneModel(Intervals({})), GeneCountingParams())
    with pytest.raises(InputError, match="found no exons"):
        collector.begin(HEADER)


def test_genes_on_no_contig_of_the_reads_are_refused() -> None:
    collector = gene_counts(MODEL, GeneCountingParams())
    with pytest.raises(
        InputError, match=r"found contigs tig1, expected those of the genes \(chr1, chrM\)"
    ):
        collector.begin(ReadHeader(("tig1",), (9,), ("tig1",)))


def test_damaged_tags_are_refused_with_their_place() -> None:
    with pytest.raises(InputError, match=r"begins at base 1: found tags that are cut"):
        told(batch(evenly(3, SENSE), 0, tags=b"XXZno end"))


def test_nothing_can_be_counted_before_a_file_has_begun() -> None:
    with pytest.raises(ContractError, match="begin"):
        gene_counts(MODEL, GeneCountingParams()).take(batch(evenly(3, SENSE), 0))
