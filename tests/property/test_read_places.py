"""Places, ends and strands of the reads of real and simulated BAMs equal a reading by pysam."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.biomarkers.gene_counting import GeneCountingParams, gene_counts
from storiform.io.annotation import read_genes
from storiform.io.read_files import open_reads
from storiform.model.errors import DataWarning
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.tables.rna_quality import GENE_COUNTING_SUMMARY


def summary_of(bam: Path, genes: GeneModel) -> pd.Series:
    """Count a BAM in several chunks; return the summary."""
    collector = gene_counts(genes, GeneCountingParams())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        reads = open_reads(bam, assay="rna")
        collector.begin(reads.header)
        for chunk in reads.chunks(3):
            part = collector.fork()
            for batch in reads.batches(chunk):
                part.take(batch)
            collector.merge(part)
        reads.close()
        return GENE_COUNTING_SUMMARY.conform(collector.tables()[1]).iloc[0]


def placed(bam: Path, genes: GeneModel) -> dict[str, int]:
    """Place the good reads of a BAM one by one, by the bases of exons and bounds of genes."""
    on_exons: dict[str, set[int]] = {}
    bounds: dict[str, list[tuple[int, int]]] = {}
    for contig, exons in genes.exons.groupby("contig"):
        on_exons[contig] = {
            at for start, end in zip(exons["start"], exons["end"], strict=True)
            for at in range(start, end)
        }  # fmt: skip
        by_gene = exons.groupby("gene_id")
        bounds[contig] = list(zip(by_gene["start"].min(), by_gene["end"].max(), strict=True))
    found = dict.fromkeys(("exonic", "intronic", "intergenic"), 0)
    with pysam.AlignmentFile(str(bam)) as reads:
        for read in reads:
            several = read.has_tag("NH") and read.get_tag("NH") != 1
            if read.flag & (4 | 256 | 1024 | 2048) or several:
                continue
            contig = "chr" + read.reference_name.removeprefix("chr")
            exonic, blocks = on_exons.get(contig, set()), read.get_blocks()
            if any(not exonic.isdisjoint(range(start, end)) for start, end in blocks):
                found["exonic"] += 1
            elif any(low <= blocks[0][0] < high for low, high in bounds.get(contig, [])):
                found["intronic"] += 1
            else:
                found["intergenic"] += 1
    return found


def test_reads_of_a_real_bam_lie_where_pysam_puts_them(real_data, golden_inputs) -> None:
    genes = read_genes(golden_inputs / "mane_chr6_noprefix.gtf")
    bam = real_data / "rna/arcas_chr6.bam"
    told = summary_of(bam, genes)
    expected = placed(bam, genes)
    assert expected["exonic"] > 40_000
    assert {name: int(told[name]) for name in expected} == expected
    assert told["strandedness_found"] == "unstranded"


def test_reads_of_a_real_fusion_bam_lie_where_pysam_puts_them(real_data) -> None:
    bam = real_data / "fusion/cmgg_star.bam"
    genes = covering(bam)
    told = summary_of(bam, genes)
    expected = placed(bam, genes)
    assert all(number > 500 for number in expected.values())
    assert {name: int(told[name]) for name in expected} == expected


def covering(bam: Path) -> GeneModel:
    """Invent genes over the reads of a BAM: exons of 150 bases, introns and gaps of 100."""
    with pysam.AlignmentFile(str(bam)) as reads:
        starts = sorted(
            {(r.reference_name, r.reference_start // 1500) for r in reads if not r.is_unmapped}
        )
    exons = [
        (f"{contig}:{bin_}", contig, bin_ * 1500 + first, bin_ * 1500 + first + 150, "+")
        for contig, bin_ in starts for first in (100, 700, 1100)
    ]  # fmt: skip
    table = pd.DataFrame(exons, columns=["gene_id", "contig", "start", "end", "strand"])
    table["contig"] = "chr" + table["contig"].str.removeprefix("chr")
    genes = table.drop_duplicates("gene_id")[["gene_id", "contig", "strand"]]
    genes = genes.assign(gene=genes["gene_id"], biotype="").reset_index(drop=True)
    return GeneModel(Intervals({}), genes, table)


LENGTH = 2000
SPLICED = GeneModel(
    Intervals({}),
    pd.DataFrame({
        "gene_id": ["G1", "G2"], "gene": ["G1", "G2"], "biotype": ["", ""],
        "contig": ["chr1", "chr1"], "strand": ["+", "-"],
    }),
    pd.DataFrame({
        "gene_id": ["G1", "G2"], "contig": ["chr1", "chr1"], "start": [1000, 5000],
        "end": [1000 + LENGTH, 5000 + LENGTH], "strand": ["+", "-"],
    }),
)  # fmt: skip


def sequenced(path: Path, kind: str, *, seed: int, decay: float = 0.0) -> Path:
    """Write pairs of transcripts: read 1 along the gene, against it, or either way.

    With `decay` fragments crowd at the 3' end, with density exp(decay x) along it.
    """
    draw, rows = np.random.default_rng(seed), []
    header = pysam.AlignmentHeader.from_references(["chr1"], [10_000])
    for number in range(3000):
        is_plus = bool(draw.integers(2))
        raw = draw.random()
        along = np.log1p(raw * np.expm1(decay)) / decay if decay else raw
        place = int(along * (LENGTH - 200))
        start = 1000 + place if is_plus else 5000 + LENGTH - 200 - place
        is_sense = {"forward": True, "reverse": False}.get(kind, bool(draw.integers(2)))
        # Read 1 of a sense fragment is on the gene's strand.
        first_is_left = is_plus == is_sense
        for is_first in (True, False):
            is_left = first_is_left == is_first
            read = pysam.AlignedSegment(header)
            read.query_name, read.reference_id = f"r{number}", 0
            read.reference_start = start if is_left else start + 125
            read.next_reference_id = 0
            read.next_reference_start = start + 125 if is_left else start
            read.flag = 1 | 2 | (64 if is_first else 128) | (32 if is_left else 16)
            read.cigarstring, read.mapping_quality = "75M", 60
            read.query_sequence = "A" * 75
            read.set_tag("NH", 1)
            rows.append(read)
    rows.sort(key=lambda read: read.reference_start)
    header = header.to_dict() | {"HD": {"VN": "1.6", "SO": "coordinate"}}
    with pysam.AlignmentFile(str(path), "wb", header=header) as out:
        for read in rows:
            out.write(read)
    pysam.index(str(path))
    return path


@pytest.mark.parametrize("kind", ["forward", "reverse", "unstranded"])
def test_the_strand_of_simulated_reads_is_found(tmp_path, kind) -> None:
    told = summary_of(sequenced(tmp_path / "rna.bam", kind, seed=4), SPLICED)
    assert told["strandedness_found"] == kind
    share = {"forward": 1.0, "reverse": 0.0, "unstranded": 0.5}[kind]
    assert told["sense_share"] == pytest.approx(share, abs=0.03)
    assert told["assigned"] == 3000


@pytest.mark.parametrize("decay", [0.0, 2.0, -1.0])
def test_the_ends_of_simulated_transcripts_hold_their_share(tmp_path, decay) -> None:
    bam = sequenced(tmp_path / "rna.bam", "reverse", seed=9, decay=decay)
    told = summary_of(bam, SPLICED)
    x = (np.arange(20_000) + 0.5) / 20_000
    weight = np.exp(decay * x)
    # Of a fragment of 200 bases the mates' middles lie 37.5 bases from either end.
    middles = [(x * (LENGTH - 200) + at) / LENGTH for at in (37.5, 162.5)]
    first = np.mean([(weight * (m < 0.2)).sum() / weight.sum() for m in middles])
    last = np.mean([(weight * (m > 0.8)).sum() / weight.sum() for m in middles])
    assert told["five_prime_share"] == pytest.approx(first, abs=0.02)
    assert told["three_prime_share"] == pytest.approx(last, abs=0.02)
