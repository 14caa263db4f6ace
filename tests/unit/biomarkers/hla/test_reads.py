"""Reads that look like HLA genes, gathered from a BAM in whatever parts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.reads import (
    _ELSEWHERE,
    _OTHER,
    _REGION,
    HlaReadsParams,
    _kind,
    hla_sequences,
)
from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.read_files import open_reads
from storiform.model.hla_reference import HlaReference, HlaSequences
from storiform.model.reads import Collector
from storiform.model.tables.hla import HLA_READS, HLA_SEQUENCES
from storiform.simulation.hla_bam import Placing, write_hla_bam
from storiform.simulation.hla_genes import HlaFamily
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import draw_person
from storiform.simulation.hla_reads import HlaLibrary, HlaReads, sequence_hla, sequence_table

PARAMS = HlaReadsParams()


@pytest.fixture(scope="module")
def family() -> HlaFamily:
    return invent_family(3)


@pytest.fixture(scope="module")
def reference(family) -> HlaReference:
    genomic = {name: own.genomic for name, own in family.alleles.items()}
    coding = {name: own.coding for name, own in family.alleles.items()}
    return compile_reference(HlaSequences(genomic, coding, {}, "9.99.0", "0" * 32))


@pytest.fixture(scope="module")
def reads(family) -> HlaReads:
    rng = np.random.default_rng(4)
    person = draw_person(family, rng)
    return sequence_hla(family, person, HlaLibrary(depth=12.0), rng)


@pytest.fixture(scope="module")
def bam(family, reads, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bam") / "reads.bam"
    write_hla_bam(path, reads, family, "S", np.random.default_rng(5), Placing(background=300))
    return path


def gathered(path: Path, collector: Collector, pieces: int = 1) -> tuple[pd.DataFrame, ...]:
    """Feed a file in parts, and merge these from the last to the first."""
    file = open_reads(path)
    collector.begin(file.header)
    parts = []
    for chunk in file.chunks(pieces):
        part = collector.fork()
        for batch in file.batches(chunk):
            part.take(batch)
        parts.append(part)
    for part in reversed(parts):
        collector.merge(part)
    file.close()
    sequences, counts = collector.tables()
    return HLA_SEQUENCES.conform(sequences), HLA_READS.conform(counts)


def test_reads_of_hla_genes_are_kept_wherever_they_lie_and_no_others(
    bam, reads, reference
) -> None:
    sequences, counts = gathered(bam, hla_sequences(reference, PARAMS))
    expected = sequence_table(reads)
    assert len(sequences) == pytest.approx(len(expected), rel=0.03)
    assert len(sequences) <= len(expected)
    known = set(zip(expected["bases"], expected["qualities"], strict=True))
    assert set(zip(sequences["bases"], sequences["qualities"], strict=True)) <= known
    (row,) = counts.to_dict("records")
    assert row["hla_reads"] == len(sequences)
    assert row["unaligned_reads"] > 0
    assert row["other_contig_reads"] > 0
    assert row["region_reads"] > row["hla_reads"] / 2


@pytest.mark.parametrize("pieces", [2, 7])
def test_parts_of_a_file_in_any_order_make_the_same_tables(bam, reference, pieces) -> None:
    whole = gathered(bam, hla_sequences(reference, PARAMS))
    parts = gathered(bam, hla_sequences(reference, PARAMS), pieces)
    for one, other in zip(whole, parts, strict=True):
        pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize("pieces", [1, 5])
def test_of_too_many_fragments_the_same_are_kept_with_both_mates(
    bam, reference, pieces
) -> None:
    whole, counts = gathered(bam, hla_sequences(reference, PARAMS))
    few = HlaReadsParams.model_construct(min_shared_words=3, max_fragments=100)
    kept, again = gathered(bam, hla_sequences(reference, few), pieces)
    assert kept["fragment"].nunique() == 100
    expected = whole[whole["fragment"].isin(kept["fragment"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, expected)
    pd.testing.assert_frame_equal(counts, again)
    once, _ = gathered(bam, hla_sequences(reference, few))
    pd.testing.assert_frame_equal(kept, once)


@pytest.mark.parametrize("has_prefix", [True, False])
def test_the_other_build_and_names_without_prefix_give_the_same_reads(
    bam, family, reads, reference, has_prefix
) -> None:
    path = bam.with_name(f"other_{has_prefix}.bam")
    placing = Placing(build="GRCh37", has_prefix=has_prefix, background=300)
    write_hla_bam(path, reads, family, "S", np.random.default_rng(5), placing)
    other, _ = gathered(path, hla_sequences(reference, PARAMS))
    own, _ = gathered(bam, hla_sequences(reference, PARAMS))
    pd.testing.assert_frame_equal(own, other)


def test_a_sample_without_such_reads_has_an_empty_table(
    family, reads, reference, tmp_path
) -> None:
    none = reads.__class__(**{
        name: value[:0] if isinstance(value, np.ndarray) else value
        for name, value in vars(reads).items()
    })  # fmt: skip
    path = tmp_path / "none.bam"
    write_hla_bam(path, none, family, "S", np.random.default_rng(5), Placing(background=50))
    sequences, counts = gathered(path, hla_sequences(reference, PARAMS))
    assert len(sequences) == 0
    assert counts["hla_reads"].tolist() == [0]


@pytest.mark.parametrize(
    ("contig", "kind"),
    [("chr6", _REGION), ("HLA-A*01:01:01:01", _OTHER), ("HLA:HLA00001", _OTHER),
     ("HLA00001", _OTHER), ("chr6_GL000250v2_alt", _OTHER), ("6_GL000251v2_alt", _OTHER),
     ("HSCHR6_MHC_COX", _OTHER), ("GL000256.2", _OTHER), ("GL000257.1", _ELSEWHERE),
     ("chr16", _ELSEWHERE), ("chr7_KI270803v1_alt", _ELSEWHERE),
     ("chrUn_GL000195v1", _ELSEWHERE)],
)  # fmt: skip
def test_contigs_of_other_haplotypes_and_of_alleles_are_looked_at(contig, kind):
    """As GRCh38 of bwakit and NCBI, IPD-IMGT/HLA, and GRCh37 of UCSC and Ensembl name them."""
    assert _kind(contig) == kind
