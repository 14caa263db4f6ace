"""Places where a patient's normal has two alleles, or another than the reference's."""

import numpy as np
import pandas as pd
from small_exome import run, write_exome

from storiform.biomarkers.germline import GermlineParams, germline_alleles, germline_sites
from storiform.model.tables.reads import GERMLINE_ALLELES, GERMLINE_SITES

NAMES = ["contig", "start", "a", "c", "g", "t", "context"]


PARAMS = GermlineParams()


def sites(*rows, role="normal", sample="N"):
    found = pd.DataFrame(rows, columns=NAMES)
    return found.assign(patient="P", sample=sample, role=role, assay="exome")


class Genome:
    """A reference: chr1 is CCCAN and then A, up to base 40."""

    contigs = {"chr1": 40}  # noqa: RUF012  never changed

    def pieces(self, contig, starts, ends):
        """Return the bases of intervals, one after another."""
        assert contig == "chr1"
        text = b"CCCAN".ljust(40, b"A")
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.frombuffer(b"".join(text[a:b] for a, b in spans), dtype=np.uint8)


def heterozygous(rows):
    return germline_sites(rows, sites(), None, PARAMS)


def test_a_site_is_kept_by_the_share_of_its_second_allele():
    rows = sites(
        ("chr1", 1, 20, 0, 10, 0, "x"),
        ("chr1", 2, 21, 0, 7, 0, ""),
        ("chr1", 3, 0, 7, 0, 7, ""),
        ("chr1", 4, 2, 14, 0, 14, ""),
        ("chr1", 5, 1, 15, 0, 15, ""),
    )
    found = heterozygous(rows)
    # 7 of 28 are too few, 14 reads too, and 2 of 30 of a third allele too many
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("chr1", 1, "heterozygous", "", "A", "G", 30, 20, 10, "x"),
        ("chr1", 5, "heterozygous", "", "C", "T", 31, 15, 15, ""),
    ]


def test_only_the_normal_speaks_and_several_of_it_are_added_up():
    one = ("chr1", 1, 5, 5, 0, 0, "")
    rows = pd.concat(
        [sites(one), sites(one, sample="N2"),
         sites(("chr1", 9, 20, 20, 0, 0, ""), role="tumour")]
    )  # fmt: skip
    found = heterozygous(rows)
    assert found[["start", "normal_depth"]].to_numpy().tolist() == [[1, 20]]


def test_a_homozygous_site_shows_one_base_that_is_not_the_references():
    known = sites(("chr1", 2, 20, 20, 0, 0, ""), ("chr1", 8, 0, 2, 60, 0, "y"))
    other = sites(
        ("chr1", 0, 0, 0, 20, 0, "x"),
        ("chr1", 1, 0, 1, 0, 16, ""),
        ("chr1", 3, 0, 0, 0, 14, ""),
        ("chr1", 4, 0, 0, 0, 30, ""),
        ("chr1", 5, 0, 2, 18, 0, ""),
        ("chr1", 6, 30, 0, 0, 0, ""),
        ("chr1", 8, 0, 2, 60, 0, "y"),
        ("chr2", 8, 0, 0, 60, 0, ""),
    )
    found = germline_sites(known, other, Genome(), PARAMS)
    # left out: 1 of 17 is too much, 14 reads are too few, the reference is N or the same
    # base, 2 of 20 are too many, and chr2 is not in the reference
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("chr1", 0, "homozygous", "C", "G", "G", 20, 20, 0, "x"),
        ("chr1", 2, "heterozygous", "C", "A", "C", 40, 20, 20, ""),
        ("chr1", 8, "homozygous", "A", "G", "G", 62, 60, 2, "y"),
    ]
    without = germline_sites(known, other, None, PARAMS)
    assert without[["start", "zygosity", "reference"]].to_numpy().tolist() == [
        [2, "heterozygous", ""]
    ]


def test_homozygous_sites_are_not_counted_in_the_tumour(tmp_path):
    path = write_exome(tmp_path / "reads.bam", pairs=50)
    rows = [("chr1", 2, 20, 20, 0, 0, ""), ("chr1", 3, 0, 0, 20, 0, "")]
    known = germline_sites(sites(rows[0]), sites(rows[1]), Genome(), PARAMS)
    assert known["zygosity"].tolist() == ["heterozygous", "homozygous"]
    (found,) = run(germline_alleles(known, PARAMS), path)
    assert found["start"].tolist() == [2]


def test_no_sites_of_a_normal_give_an_empty_table():
    rows = sites(("chr1", 9, 20, 20, 0, 0, ""), role="tumour")
    found = heterozygous(rows)
    assert len(GERMLINE_SITES.conform(found)) == 0


def test_every_site_has_a_row_in_the_tumour_covered_or_not(tmp_path):
    path = write_exome(tmp_path / "reads.bam", pairs=300)
    rows = [("chr1", k, 20, 20, 0, 0, "") for k in range(200, 400, 20)]
    known = heterozygous(sites(*rows, ("chr9", 5, 20, 20, 0, 0, "")))
    (found,) = run(germline_alleles(known, PARAMS), path, assay="rna")
    table = GERMLINE_ALLELES.conform(found)
    counts = table[["a", "c", "g", "t"]].sum(axis=1)
    assert len(table) == 11
    assert counts.iloc[-1] == 0
    assert counts.sum() > 0
