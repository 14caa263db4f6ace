"""Places of two alleles in a patient's normal."""

import pandas as pd
from small_exome import run, write_exome

from storiform.biomarkers.germline import GermlineParams, germline_alleles, germline_sites
from storiform.model.tables.reads import GERMLINE_ALLELES, GERMLINE_SITES

NAMES = ["contig", "start", "a", "c", "g", "t", "context"]


def sites(*rows, role="normal"):
    found = pd.DataFrame(rows, columns=NAMES)
    return found.assign(patient="P", sample="N", role=role, assay="exome")


def test_a_site_is_kept_by_the_share_of_its_second_allele():
    rows = sites(
        ("chr1", 1, 20, 0, 10, 0, "x"),
        ("chr1", 2, 21, 0, 7, 0, ""),
        ("chr1", 3, 0, 7, 0, 7, ""),
        ("chr1", 4, 2, 14, 0, 14, ""),
        ("chr1", 5, 1, 15, 0, 15, ""),
    )
    found = germline_sites(rows, GermlineParams())
    # 7 of 28 are too few, 14 reads too, and 2 of 30 of a third allele too many
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("chr1", 1, "A", "G", 30, 20, 10, "x"),
        ("chr1", 5, "C", "T", 31, 15, 15, ""),
    ]


def test_only_the_normal_speaks_and_several_of_it_are_added_up():
    one = ("chr1", 1, 5, 5, 0, 0, "")
    rows = pd.concat(
        [sites(one), sites(one), sites(("chr1", 9, 20, 20, 0, 0, ""), role="tumour")]
    )
    found = germline_sites(rows, GermlineParams())
    assert found[["start", "normal_depth"]].to_numpy().tolist() == [[1, 20]]


def test_no_sites_of_a_normal_give_an_empty_table():
    rows = sites(("chr1", 9, 20, 20, 0, 0, ""), role="tumour")
    found = germline_sites(rows, GermlineParams())
    assert len(GERMLINE_SITES.conform(found)) == 0


def test_every_site_has_a_row_in_the_tumour_covered_or_not(tmp_path):
    path = write_exome(tmp_path / "reads.bam", pairs=300)
    rows = [("chr1", k, 20, 20, 0, 0, "") for k in range(200, 400, 20)]
    known = germline_sites(sites(*rows, ("chr9", 5, 20, 20, 0, 0, "")), GermlineParams())
    (found,) = run(germline_alleles(known, GermlineParams()), path, assay="rna")
    table = GERMLINE_ALLELES.conform(found)
    counts = table[["a", "c", "g", "t"]].sum(axis=1)
    assert len(table) == 11
    assert counts.iloc[-1] == 0
    assert counts.sum() > 0
