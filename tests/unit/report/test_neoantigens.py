"""What the page of a biopsy says first: how many neoantigens, which, and why."""

import pandas as pd
import pytest

from storiform.model.tables.hla import HLA_DISCORDANCES
from storiform.model.tables.proteins import NEOANTIGEN_BURDEN, NEOANTIGENS
from storiform.report.biopsy_page import render_biopsy
from storiform.report.neoantigens import neoantigen_summary
from storiform.report.record import BiopsyRecord, Problem, ReportTable


def table(contract, *rows):
    frame = pd.DataFrame(list(rows), columns=list(contract.columns))
    columns = {
        name: (column.description, column.unit) for name, column in contract.columns.items()
    }
    conforming = contract.conform(frame)
    return ReportTable(
        contract.name, contract.description, conforming, columns, len(conforming)
    )


def burden(**changes):
    plain = {
        "neoantigen_burden": 3, "neoantigen_burden_affinity": 2, "neoantigen_burden_strong": 1,
        "neoantigen_burden_expressed": 2, "neoantigen_peptides": 9,
        "variants_with_peptides": 1200, "alleles": 5, "alleles_without": "", "reason": "",
    }  # fmt: skip
    return table(NEOANTIGEN_BURDEN, {**plain, **changes})


def peptide(priority, **changes):
    plain = {
        "priority": priority, "variant_ids": f"chr1-9-10-A-{priority}", "gene": "TP53",
        "hgvsp": "ENSP1.1:p.Arg1Pro", "peptide": "AAAADAAAA", "length": 9,
        "allele": "HLA-A*02:01", "mhc_class": "I", "rank": 0.2, "is_binder": True,
        "is_strong_binder": True, "binds_by_affinity": True,
        "binds_strongly_by_affinity": False, "is_demoted": False,
        "reasons": "strong binder by rank (0.2 %); clonal (CCF 1.00)",
    }  # fmt: skip
    return {**plain, **changes}


def record(*tables):
    return BiopsyRecord("Trial", "0.1.0", "P1", "B1", tables)


def test_the_headline_burden_stands_first():
    found = neoantigen_summary(record(burden()))
    assert found.verdict == (
        "Neoantigen burden 3: variants with a peptide that binds by percentile rank, of 1,200 "
        "variants with a mutant peptide (5 HLA alleles of class I)."
    )
    assert found.counts[0] == ("3", "with a binder by rank")
    assert [count.value for count in found.counts] == ["3", "1", "2", "2"]
    assert found.notes == ("Not counted, since not known: clonality, lost HLA alleles.",)


def test_a_burden_of_one_and_of_none_read_as_english():
    one = neoantigen_summary(
        record(burden(neoantigen_burden=1, variants_with_peptides=1, alleles=1))
    )
    assert one.verdict.endswith("of 1 variant with a mutant peptide (1 HLA allele of class I).")
    none = neoantigen_summary(record(burden(neoantigen_burden=0), table(NEOANTIGENS)))
    assert none.verdict.startswith("Neoantigen burden 0: variants with a peptide")
    assert none.candidates == ()


def test_a_missing_burden_gives_its_reason_and_no_counts():
    empty = dict.fromkeys(
        ["neoantigen_burden", "neoantigen_burden_affinity", "neoantigen_burden_strong",
         "neoantigen_burden_expressed", "neoantigen_peptides"]
    )  # fmt: skip
    reason = "no HLA alleles of class I are known"
    found = neoantigen_summary(record(burden(**empty, alleles=0, reason=reason)))
    assert found.verdict == f"The neoantigen burden is not known: {reason}."
    assert found.counts == ()
    assert found.notes == ()


def test_a_lower_bound_is_said_to_be_one():
    reason = "2 of 9 calls without a known protein: a lower bound"
    found = neoantigen_summary(record(burden(reason=reason, alleles_without="Cw3;HLA-A*02:99")))
    assert found.notes[0] == f"{reason}."
    assert found.notes[-1] == (
        "HLA alleles left out: Cw3, HLA-A*02:99. The burden is a lower bound."
    )


def test_a_burden_that_is_not_known_is_no_lower_bound():
    empty = dict.fromkeys(
        ["neoantigen_burden", "neoantigen_burden_affinity", "neoantigen_burden_strong",
         "neoantigen_burden_expressed", "neoantigen_peptides"]
    )  # fmt: skip
    reason = "no HLA allele could be predicted for: B7 (a serological type, no allele)"
    found = neoantigen_summary(record(burden(**empty, alleles_without="B7", reason=reason)))
    assert found.verdict == f"The neoantigen burden is not known: {reason}."
    assert found.notes == ("HLA alleles left out: B7.",)


def test_a_burden_by_ic50_alone_keeps_its_bound():
    reason = "2 of 9 calls without a known protein: a lower bound; clonality unknown of 1"
    found = neoantigen_summary(record(burden(neoantigen_burden=None, reason=reason)))
    assert found.verdict == "The neoantigen burden is not known: no ranks."
    assert found.notes == (
        "2 of 9 calls without a known protein: a lower bound.", "Clonality unknown of 1.",
    )  # fmt: skip


def test_a_biopsy_without_the_table_has_no_summary():
    assert neoantigen_summary(record()) is None
    assert "Neoantigens" not in render_biopsy(record())


def test_a_biopsy_without_alleles_has_the_reason():
    reason = "neoantigens need HLA alleles: no alleles (column hla of the sample sheet)"
    problems = (Problem("cohort", "peptides, neoantigen_burden", "left_out", reason),)
    page = render_biopsy(BiopsyRecord("Trial", "0.1.0", "P1", "B1", problems=problems))
    assert f"The neoantigen burden is not known: {reason}." in page
    assert "The best peptide" not in page


def test_a_peptide_that_is_the_best_of_two_variants_says_so():
    rows = table(NEOANTIGENS, peptide(1, partner_ids="chr1-20-21-A-C"), peptide(2))
    found = neoantigen_summary(record(burden(), rows))
    assert [row.reasons[0] for row in found.candidates] == [
        "the best of 2 variants that it needs", "strong binder by rank (0.2 %)",
    ]  # fmt: skip
    assert (found.variants, found.shown) == (3, 3)


def test_calls_that_a_further_peptide_needs_at_once_are_one_variant():
    rows = table(NEOANTIGENS, peptide(1), peptide(2), peptide(3, mhc_class="II"))
    both = pd.DataFrame({"variant_ids": ["chr1-9-10-A-1;chr1-9-10-A-2"], "partner_ids": [""]})
    further = ReportTable("peptides", "", both, {}, 1)
    found = neoantigen_summary(record(burden(neoantigen_burden=1), rows, further))
    assert [row.place for row in found.candidates] == ["1"]
    assert (found.variants, found.shown) == (1, 1)


def test_a_candidate_is_the_best_peptide_of_its_variant():
    rows = [
        peptide(1),
        peptide(2, variant_ids="chr1-9-10-A-1", peptide="CCCC"),
        peptide(3, gene=None, hgvsp=None, transcript="ENST1.1", reasons=None),
        peptide(4, gene="", is_binder=False),
        *(peptide(number) for number in range(5, 20)),
    ]
    found = neoantigen_summary(record(burden(), table(NEOANTIGENS, *rows)))
    assert found.candidates[0] == (
        "1", "TP53 p.Arg1Pro", "AAAADAAAA", "HLA-A*02:01",
        ("strong binder by rank (0.2 %)", "clonal (CCF 1.00)"),
    )  # fmt: skip
    assert found.candidates[1][:2] == ("3", "ENST1.1")
    assert found.candidates[1].reasons == ()
    assert [row.place for row in found.candidates] == ["1", "3", *map(str, range(5, 13))]
    assert found.variants == 17


def test_places_that_are_passed_over_are_explained():
    rows = table(NEOANTIGENS, peptide(1), peptide(2, variant_ids="chr1-9-10-A-1"), peptide(3))
    page = render_biopsy(record(burden(), rows))
    assert ">place among<br>all peptides</th>" in page
    assert "so numbers are passed over where" in page


@pytest.mark.parametrize(
    ("rows", "told"), [(2, "of each variant"), (12, "of the first 10 of 12")]
)
def test_the_page_shows_the_summary_before_its_figures(rows, told):
    peptides = table(NEOANTIGENS, *(peptide(number) for number in range(1, rows + 1)))
    page = render_biopsy(record(burden(), peptides))
    assert page.index("Neoantigen burden 3") < page.index('id="figures"')
    assert told.removeprefix("of ") in page
    assert "<dd>3</dd>" in page


def test_figures_that_were_not_drawn_are_named_with_the_reason():
    page = render_biopsy(
        BiopsyRecord(
            "T", "0.1.0", "P1", "B1", not_drawn=(("neoantigen_ranks", "no peptide binds"),)
        )
    )
    assert "Not drawn: neoantigen_ranks, since no peptide binds." in page
    assert "No figure of this biopsy was drawn." not in page
    assert "No figure of this biopsy was drawn." in render_biopsy(record())


def test_a_burden_of_alleles_that_the_reads_contradict_says_so_first():
    row = {
        "gene": "B", "given": "HLA-B*07:02", "told": "HLA-B*08:01;HLA-B*08:01", "agreeing": 0,
        "is_whole": True, "sample": "P1_N", "source": "normal exome", "posterior": 0.999,
    }  # fmt: skip
    found = neoantigen_summary(record(burden(), table(HLA_DISCORDANCES, row)))
    assert found.notes[0] == (
        "The reads tell other alleles of HLA-B than those that were given: are they this "
        "patient's?"
    )
