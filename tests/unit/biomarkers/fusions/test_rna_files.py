"""Junctions are the same whatever the names of contigs, the order, the annotation's format."""

import shutil

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.read_files import open_reads
from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import DataWarning, InputError
from storiform.simulation.fusion_bam import write_bam
from storiform.simulation.fusion_genome import FusionGenome, invent_genome
from storiform.simulation.fusion_rna import RnaSimulator

GENOME = invent_genome(51, genes=60)
FRAGMENTS, FUSIONS = 1200, 6


def junctions(path, annotation):
    """Return both tables of the collector, fed by the whole file."""
    collector = fusion_reads(annotation, FusionReadsParams())
    file = open_reads(path, role="tumour", assay="rna")
    collector.begin(file.header)
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            collector.take(batch)
    file.close()
    table, searched = collector.tables()
    ends = [name for name in table.columns if name.startswith(("contig", "position", "strand"))]
    return table.sort_values(ends, ignore_index=True), searched


@pytest.fixture(scope="module")
def rna():
    return RnaSimulator(GENOME, 4).library(FRAGMENTS, FUSIONS).fragments


@pytest.fixture(scope="module")
def bam(rna, tmp_path_factory):
    path = tmp_path_factory.mktemp("rna") / "rna.bam"
    write_bam(path, GENOME, rna)
    return path


@pytest.fixture(scope="module")
def expected(bam):
    table, _ = junctions(bam, GENOME.annotation)
    assert len(table) > FUSIONS
    return table


def test_the_file_tells_how_many_records_align_in_parts(bam) -> None:
    _, searched = junctions(bam, GENOME.annotation)
    with pysam.AlignmentFile(str(bam)) as file:
        records = list(file)
    in_parts = [one for one in records if one.has_tag("SA")]
    (row,) = searched.to_dict("records")
    assert 0 < row["records_in_parts"] <= len(in_parts)
    assert row["records_in_parts"] <= row["records"] <= len(records)


def test_contigs_without_prefix_make_the_same_junctions(rna, expected, tmp_path) -> None:
    plain = {
        "MT" if name == "chrM" else name.removeprefix("chr"): text
        for name, text in GENOME.texts.items()
    }
    write_bam(tmp_path / "plain.bam", FusionGenome(plain, GENOME.transcripts), rna)
    table, _ = junctions(tmp_path / "plain.bam", GENOME.annotation)
    pd.testing.assert_frame_equal(table, expected)


def lines(one, style, prefix):
    """Return the lines of a transcript as a GTF, or as a GFF3, has them."""
    contig = one.contig if prefix else {"chrM": "MT"}.get(one.contig, one.contig[3:])
    strand = "+" if one.is_forward else "-"
    if style == "gtf":
        told = (
            f'gene_id "{one.gene_id}"; transcript_id "{one.name}"; gene_name "{one.gene}"; '
            f'gene_type "{one.biotype}"; transcript_type "{one.biotype}";'
        )
        heads = []
    else:
        told = f"Parent=transcript:{one.name}"
        span = (str(one.start + 1), str(one.end), ".", strand, ".")
        gene = f"ID=gene:{one.gene_id};Name={one.gene};biotype={one.biotype}"
        own = f"ID=transcript:{one.name};Parent=gene:{one.gene_id};biotype={one.biotype}"
        heads = [
            "\t".join([contig, "x", "gene", *span, f"{gene};gene_id={one.gene_id}"]),
            "\t".join([contig, "x", "mRNA", *span, f"{own};transcript_id={one.name}"]),
        ]
    exons = [
        "\t".join([contig, "x", "exon", str(start + 1), str(end), ".", strand, ".", told])
        for start, end in one.exons
    ]
    return [*heads, *exons]


@pytest.mark.parametrize("style", ["gtf", "gff3"])
@pytest.mark.parametrize("prefix", [True, False])
def test_annotations_of_any_style_make_the_same_junctions(
    bam, expected, tmp_path, style, prefix
) -> None:
    head = ["##gff-version 3"] if style == "gff3" else []
    whole = [one for one in GENOME.transcripts if one.name[-2:] != ".2"]
    text = [line for one in whole for line in lines(one, style, prefix)]
    path = tmp_path / f"genes.{style}"
    path.write_text("\n".join([*head, *text]) + "\n")
    table, _ = junctions(bam, read_transcript_models(path))
    ends = ["gene_5", "gene_3", "position_5", "position_3", "split_fragments"]
    both = table[ends].merge(expected[ends])
    assert len(both) > 0.9 * len(expected)  # the second transcripts of a few genes are absent


def test_order_and_index_do_not_matter(bam, expected, tmp_path) -> None:
    by_name = tmp_path / "by_name.bam"
    pysam.sort("-n", "-o", str(by_name), str(bam))
    table, _ = junctions(by_name, GENOME.annotation)
    pd.testing.assert_frame_equal(table, expected)
    bare = tmp_path / "bare.bam"
    shutil.copyfile(bam, bare)
    table, _ = junctions(bare, GENOME.annotation)
    pd.testing.assert_frame_equal(table, expected)


def test_a_file_that_is_cut_off_is_refused(bam, tmp_path) -> None:
    cut = tmp_path / "cut.bam"
    cut.write_bytes(bam.read_bytes()[:-4000])
    with pytest.raises(InputError, match=r"cut\.bam"):
        junctions(cut, GENOME.annotation)


def test_an_aligner_that_clips_what_lies_elsewhere_is_told(bam, tmp_path) -> None:
    path = tmp_path / "plain.bam"
    with pysam.AlignmentFile(str(bam)) as file:
        kept = [one for one in file if not one.is_supplementary]
        with pysam.AlignmentFile(str(path), "wb", header=file.header) as out:
            for one in kept:
                one.set_tag("SA", None)
                out.write(one)
    with pytest.warns(DataWarning, match="none of .* aligns in two parts"):
        _, searched = junctions(path, GENOME.annotation)
    assert searched["records_in_parts"].tolist() == [0]
    assert np.all(searched["records"] > FRAGMENTS)
