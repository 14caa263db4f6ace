"""What the page of a biopsy says of HLA."""

import numpy as np
import pandas as pd

from storiform.model.tables.hla import HLA_DISCORDANCES, HLA_GENE_LOH
from storiform.model.tables.proteins import HLA_TYPES, MHC_ALLELES
from storiform.report.biopsy_page import render_biopsy
from storiform.report.hla import hla_summary
from storiform.report.numbers import MISSING
from storiform.report.record import BiopsyRecord, Problem, ReportTable

ONE, TWO = "HLA-A*01:01", "HLA-A*02:01"


def table(contract, rows):
    frame = contract.conform(pd.DataFrame(rows, columns=list(contract.columns)))
    meanings = {name: (c.description, c.unit) for name, c in contract.columns.items()}
    return ReportTable(contract.name, contract.description, frame, meanings, len(frame))


def types(*alleles, **changes):
    plain = {"gene": "A", "written": "A", "source": "normal exome", "reason": "",
             "posterior": 0.97, "limits": ""}  # fmt: skip
    rows = [
        plain | {"copy": copy, "allele": allele} | changes
        for copy, allele in enumerate(alleles, 1)
    ]
    return table(HLA_TYPES, rows)


def loss(gene="A", call="RETAINED", **changes):
    row = dict.fromkeys(HLA_GENE_LOH.columns) | {
        "gene": gene, "call": call, "allele_1": ONE, "allele_2": TWO, "lost_allele": "",
        "limits": "", "reason": "", "normal_1": 10, "normal_2": 10, "tumour_1": 10,
        "tumour_2": 10, "probability": 0.02, "purity": 0.6,
    }  # fmt: skip
    return row | changes


def losses(*rows):
    return table(HLA_GENE_LOH, rows)


def record(*tables, problems=()):
    return BiopsyRecord("Trial", "0.1.0", "P1", "B1", tables, problems=problems)


def test_types_from_reads_come_with_source_and_probability():
    found = hla_summary(record(types(ONE, TWO, limits="few reads;near tie")))
    assert found.types_verdict == "2 HLA alleles are known, from the normal exome."
    assert found.types == (
        ("A", f"{ONE} and {TWO}", "normal exome", "0.97", "few reads; near tie"),
    )


def test_types_of_the_sheet_have_no_probability():
    found = hla_summary(record(types(ONE, source="sheet", posterior=np.nan)))
    assert found.types_verdict == "1 HLA allele is known, given in the sheet."
    assert found.types[0].posterior == MISSING


def heads(page):
    """Return the heads of the table of HLA alleles."""
    head = page.partition('aria-label="HLA alleles"')[2].partition("</thead>")[0]
    return [part.partition("</th>")[0] for part in head.split('<th scope="col">')[1:]]


def test_columns_that_say_nothing_of_the_types_of_a_sheet_are_left_out():
    sheet = {"source": "sheet", "posterior": np.nan}
    plain = render_biopsy(record(types(ONE, TWO, **sheet)))
    assert heads(plain) == ["gene", "alleles", "from"]
    assert plain.partition('aria-label="HLA alleles"')[2].partition("</table>")[0].count(
        "<td"
    ) == 2  # fmt: skip
    told = render_biopsy(record(types(ONE, **sheet)))
    assert heads(told) == ["gene", "alleles", "from", "remarks"]
    assert heads(render_biopsy(record(types(ONE, TWO)))) == [
        "gene", "alleles", "from", "probability",
    ]  # fmt: skip


def test_one_allele_of_a_sheet_may_be_homozygous_or_half_of_the_truth():
    sheet = {"source": "sheet", "posterior": np.nan}
    once = hla_summary(record(types(ONE, **sheet)))
    assert once.types[0].remarks == "homozygous, or the other is not given"
    for both in ((ONE, ONE), (ONE, TWO)):
        assert hla_summary(record(types(*both, **sheet))).types[0].remarks == ""
    unusable = hla_summary(record(types(None, written="Cw7", reason="serological", **sheet)))
    assert unusable.types[0].remarks == "serological"


def test_an_allele_for_which_nothing_is_predicted_says_so_in_its_row():
    plain = {"predictor": "toy 1", "support": "good", "affinities": 9, "ligands": 9}
    known = table(MHC_ALLELES, [
        plain | {"allele": ONE, "reason": ""},
        plain | {"allele": TWO, "support": "none", "reason": "unknown to the predictor"},
    ])  # fmt: skip
    found = hla_summary(record(types(ONE, TWO, limits="few reads"), known))
    assert found.types[0].remarks == (
        f"few reads; {TWO}: no binding is predicted (unknown to the predictor)"
    )
    assert hla_summary(record(types(ONE, ONE), known)).types[0].remarks == ""


def test_an_untyped_gene_says_how_many_reads_there_were():
    untyped = types(None, None, written="", reason="not typed: 3 fragments", posterior=np.nan)
    found = hla_summary(record(untyped))
    assert (
        found.types_verdict == "No HLA allele is known (normal exome): not typed: 3 fragments."
    )
    assert found.types[0].alleles == "not typed"
    assert found.types[0].remarks == "not typed: 3 fragments"


def test_a_name_that_is_no_allele_is_shown_as_it_was_written():
    found = hla_summary(
        record(types(None, written="Cw7", source="sheet", reason="serological"))
    )
    assert found.types[0].alleles == "Cw7 (not usable)"


def test_a_loss_names_the_allele_its_copies_and_the_segment():
    lost = loss(
        call="LOH", probability=0.9999, lost_allele=ONE, copies_1=0.02, copies_1_low=0.0,
        copies_1_high=0.3, copies_2=1.1, copies_2_low=0.8, copies_2_high=1.5,
        segment_copies=1, segment_minor_copies=0, is_consistent=True,
        limits="another purity fits",
    )  # fmt: skip
    found = hla_summary(record(losses(lost, loss("B"), loss("C", "LOH?"))))
    assert found.loss_verdict == (
        "The tumour lost alleles of HLA-A (3 genes judged); perhaps also of HLA-C."
    )
    assert found.losses[0] == (
        "A", "one allele lost (LOH)", "> 0.99", ONE,
        (f"{ONE}: 0.0 (0.0 to 0.3)", f"{TWO}: 1.1 (0.8 to 1.5)"),
        "1 copy, 0 of the rarer allele; agrees", "another purity fits",
    )  # fmt: skip
    assert found.losses[1][2:] == ("0.02", MISSING, (MISSING,), "no segment there", "")
    page = render_biopsy(record(losses(lost)))
    assert "HLA alleles and their loss" in page
    assert page.index("one allele lost (LOH)") < page.index('id="figures"')


def test_verdicts_without_a_loss():
    for calls, told in (
        (["RETAINED", "NA"], "No loss of an HLA allele was found (1 gene judged)."),
        (["LOH?"], "The tumour perhaps lost an allele of HLA-A (1 gene judged)."),
        (["NA"], "Whether the tumour lost HLA alleles could not be judged: homozygous."),
    ):
        rows = [
            loss("ABC"[place], call, reason="homozygous" if call == "NA" else "")
            for place, call in enumerate(calls)
        ]
        assert hla_summary(record(losses(*rows))).loss_verdict == told


def test_an_imbalance_without_a_purity_is_not_told_to_be_no_loss():
    either = loss("A", "IMBALANCE", purity=np.nan, probability=np.nan)
    found = hla_summary(record(losses(either, loss("B"))))
    assert found.loss_verdict == "The tumour perhaps lost an allele of HLA-A (2 genes judged)."
    assert found.losses[0].call == "one lost or gained (IMBALANCE)"
    gained = hla_summary(record(losses(loss("A", "IMBALANCE"), loss("B"))))
    assert gained.loss_verdict == "No loss of an HLA allele was found (2 genes judged)."
    assert gained.losses[0].call == "none lost, one gained (IMBALANCE)"


def test_a_reason_of_all_genes_stands_once_in_the_verdict():
    rows = [
        loss(gene, "NA", reason=f"HLA-{gene} is not typed in full: not typed: 0 fragments")
        for gene in "AB"
    ]
    assert hla_summary(record(losses(*rows))).loss_verdict == (
        "Whether the tumour lost HLA alleles could not be judged: not typed: 0 fragments."
    )


def test_a_segment_that_says_otherwise_is_told():
    other = loss(segment_copies=2, segment_minor_copies=None, is_consistent=False)
    assert hla_summary(record(losses(other))).losses[0].segment == "2 copies; says otherwise"


def test_without_a_reference_the_page_says_what_to_do():
    problems = (
        Problem("B1", "hla_types", "left_out", "no hla_calls, which needs resources.x"),
        Problem("B1", "hla_calls", "left_out", "resource hla_reference is not configured"),
        Problem("B1", "hla_gene_loh", "left_out", "resource hla_reference is not configured"),
    )
    found = hla_summary(record(problems=problems))
    assert found.types_verdict.startswith(
        "The HLA alleles are not known: resource hla_reference is not configured."
    )
    assert "storiform hla-reference --imgt DIR" in found.types_verdict
    assert "resource hla_reference is not configured" in found.loss_verdict
    assert 'id="hla"' in render_biopsy(record(problems=problems))


def test_a_workflow_without_hla_has_no_section():
    assert hla_summary(record()) is None
    assert 'id="hla"' not in render_biopsy(record())


def test_types_that_the_reads_contradict_are_told_first_and_in_the_row_of_their_gene():
    row = {
        "gene": "A", "given": f"{ONE};{TWO}", "told": "HLA-A*03:01;HLA-A*03:01", "agreeing": 0,
        "is_whole": True, "sample": "P1_N", "source": "normal exome", "posterior": 0.999,
    }  # fmt: skip
    given = types(ONE, TWO, source="sheet", posterior=np.nan)
    found = hla_summary(record(given, table(HLA_DISCORDANCES, [row])))
    assert found.types_verdict == (
        "2 HLA alleles are known, given in the sheet. The reads tell other alleles of HLA-A "
        "than those that were given: are they this patient's?"
    )
    assert found.types[0].remarks == (
        "the reads of P1_N (normal exome) tell HLA-A*03:01 (probability > 0.99)"
    )
    without = hla_summary(record(given, table(HLA_DISCORDANCES, [])))
    assert without.types_verdict == "2 HLA alleles are known, given in the sheet."
    assert without.types[0].remarks == ""


def test_a_file_that_could_not_be_read_is_the_reason_why_no_allele_is_known():
    wrong = (
        "N.bam, header: found contig lengths of GRCh37, expected GRCh38. Give the right file."
    )
    problems = (
        Problem("N", "hla_sequences, read_statistics", "failed", wrong),
        Problem("B1", "hla_types", "blocked", "not made, because hla_sequences of N failed"),
    )
    found = hla_summary(record(problems=problems))
    assert found.types_verdict == f"The HLA alleles are not known: {wrong}"
