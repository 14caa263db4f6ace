"""BAM files of HLA reads hold every read once, where it belongs, in both builds."""

import numpy as np
import pysam
import pytest

from storiform.simulation.hla_bam import GENES, Placing, write_hla_bam
from storiform.simulation.hla_genes import EXONS
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import draw_person
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla

SHARES = {"share_unplaced": 0.1, "share_orphaned": 0.1, "share_elsewhere": 0.1,
          "share_repeated": 0.05}  # fmt: skip


def made(path, placing, **library):
    family = invent_family(1)
    rng = np.random.default_rng(1)
    person = draw_person(family, rng, is_heterozygous=True)
    reads = sequence_hla(family, person, HlaLibrary(depth=15, **library), rng)
    write_hla_bam(path, reads, family, "S1", rng, placing)
    with pysam.AlignmentFile(path) as bam:
        return family, reads, bam.header, list(bam.fetch(until_eof=True))


@pytest.mark.parametrize("placing", [
    Placing("GRCh38", has_prefix=True, **SHARES), Placing("GRCh37", has_prefix=False, **SHARES),
])  # fmt: skip
@pytest.mark.parametrize("read_length", [100, 101])
def test_every_read_is_there_as_it_was_sequenced(tmp_path, placing, read_length):
    path = tmp_path / "a.bam"
    _, reads, header, records = made(path, placing, read_length=read_length)
    shown = {}
    for record in records:
        if not record.is_secondary:
            key = (record.query_name, 1 + record.is_read2)
            assert key not in shown
            qualities = bytes(record.get_forward_qualities())
            shown[key] = (record.get_forward_sequence(), qualities)
    letters = np.frombuffer(b"ACGTN", dtype=np.uint8)
    for row, name in enumerate(reads.names.tolist()):
        for mate in (0, 1):
            bases = letters[reads.bases[row, mate]].tobytes().decode()
            qualities = reads.qualities[row, mate].tobytes()
            assert shown[f"HLA:{name:019}", mate + 1] == (bases, qualities)
    assert len(shown) == 2 * (len(reads) + placing.background)
    assert header["RG"][0]["SM"] == "S1"


def test_the_file_is_sorted_and_its_index_finds_what_lies_in_a_region(tmp_path):
    path = tmp_path / "a.bam"
    *_, records = made(path, Placing(**SHARES))
    keys = [(r.reference_id if r.reference_id >= 0 else 999, r.reference_start)
            for r in records]  # fmt: skip
    assert keys == sorted(keys)
    with pysam.AlignmentFile(path) as bam:
        for start, end in ((28_500_000, 33_500_000), (31_268_000, 31_273_000), (0, 10**7)):
            found = [(r.query_name, r.flag) for r in bam.fetch("chr6", start, end)]
            known = [(r.query_name, r.flag) for r in records
                     if r.reference_name == "chr6" and r.reference_start < end
                     and (r.reference_end or r.reference_start + 1) > start]  # fmt: skip
            assert sorted(found) == sorted(known)
        assert bam.nocoordinate == sum(r.reference_id < 0 for r in records)


@pytest.mark.parametrize(("placing", "contig", "shift"), [
    (Placing("GRCh38", has_prefix=True, background=0), "chr6", 0),
    (Placing("GRCh37", has_prefix=False, background=0), "6", -32_223),
])  # fmt: skip
def test_reads_lie_at_their_gene_on_its_strand(tmp_path, placing, contig, shift):
    family, reads, _, records = made(tmp_path / "a.bam", placing, duplicate_share=0.0)
    genes = [family.alleles[reads.alleles[source]].gene for source in reads.source]
    named = [f"HLA:{name:019}" for name in reads.names.tolist()]
    gene_of = dict(zip(named, genes, strict=True))
    seen = set()
    for record in records:
        is_first = record.is_proper_pair and not record.is_secondary
        if record.reference_name == contig and is_first:
            gene = gene_of[record.query_name]
            start = GENES[gene][0] + shift
            assert start <= record.reference_start < record.reference_end <= start + 3600
            assert record.mate_is_reverse != record.is_reverse
            is_left = record.reference_start <= record.next_reference_start
            assert is_left or record.is_reverse
            seen.add(gene)
    assert seen == set(GENES)
    # A read along the gene is forward where the gene is.
    row = next(n for n, s in enumerate(reads.source)
               if reads.alleles[s].startswith("B*") and not reads.is_flipped[n])  # fmt: skip
    record = next(r for r in records if r.query_name == f"HLA:{reads.names[row]:019}"
                  and r.is_read1 and r.is_proper_pair and not r.is_secondary)  # fmt: skip
    assert record.is_reverse


def test_shares_without_place_elsewhere_and_repeated_are_those_asked_for(tmp_path):
    _, reads, _, records = made(tmp_path / "a.bam", Placing(**SHARES, background=50))
    size = 2 * len(reads)
    first = [r for r in records if not r.is_secondary]
    lost = sum(r.reference_id < 0 for r in first)
    elsewhere = sum(r.reference_id >= 24 for r in first)
    orphans = sum(r.is_unmapped and r.reference_id >= 0 for r in first)
    assert lost / size == pytest.approx(0.1, abs=0.03)
    assert elsewhere / size == pytest.approx(0.1, abs=0.03)
    assert orphans / size == pytest.approx(0.05, abs=0.02)
    assert 0 < sum(r.is_secondary for r in records) < 0.05 * size
    assert {r.reference_name for r in first if r.reference_id >= 24} == {
        "chr6_GL000251v2_alt", "HLA-A*01:01:01:01",
    }  # fmt: skip
    for record in first:
        if record.is_unmapped and record.reference_id >= 0:
            assert not record.mate_is_unmapped
            assert record.reference_start == record.next_reference_start


def test_duplicates_are_flagged(tmp_path):
    _, reads, _, records = made(tmp_path / "a.bam", Placing(background=0), duplicate_share=0.3)
    flagged = sum(r.is_duplicate and not r.is_secondary for r in records)
    assert flagged == 2 * reads.is_duplicate.sum() > 0


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("a.bam", "b.bam"):
        made(tmp_path / name, Placing(**SHARES))
    assert (tmp_path / "a.bam").read_bytes() == (tmp_path / "b.bam").read_bytes()
    assert (tmp_path / "a.bam.bai").read_bytes() == (tmp_path / "b.bam.bai").read_bytes()
    assert set(EXONS) < set(GENES)
