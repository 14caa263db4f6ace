"""Why something is not there, told from its root."""

from storiform.report.missing import absences, why_absent
from storiform.report.record import Problem

NO_CALLS = "no calls (column vcf or maf of the sample sheet)"


def left_out(step, reason):
    return Problem("P1", step, "left_out", reason)


def test_a_reason_is_followed_to_what_was_not_supplied():
    chain = [
        left_out("neoantigen_burden", "no peptides"),
        left_out("peptides", "no protein_changes"),
        left_out("protein_changes, tmb", "no variants"),
        left_out("consequences, variants", NO_CALLS),
    ]
    assert why_absent("neoantigen_burden", chain) == NO_CALLS
    assert absences(chain) == [
        ("neoantigen_burden, peptides, protein_changes, tmb, consequences, variants",
         "not made", NO_CALLS),
    ]  # fmt: skip


def test_a_step_that_needs_a_resource_is_told_which():
    chain = [
        left_out("hla_types", "no hla_calls, which needs resources.hla_reference"),
        left_out("hla_calls", "resource hla_reference is not configured"),
    ]
    assert why_absent("hla_types", chain) == "resource hla_reference is not configured"
    assert why_absent("hla_types", chain[:1]).endswith("needs resources.hla_reference")


def test_a_circle_of_reasons_ends():
    circle = [left_out("one", "no two"), left_out("two", "no one")]
    assert why_absent("one", circle) in {"no two", "no one"}
    assert why_absent("one", [left_out("one", "no one")]) == "no one"


def test_nothing_known_is_an_empty_reason_and_a_warning_is_none():
    assert not why_absent("tmb", [])
    assert not why_absent("tmb", [Problem("P1", "tmb", "warning", "doubtful")])


def test_failures_stand_first():
    found = absences(
        [
            left_out("tpm", "no counts"),
            Problem("P1", "variants", "failed", "calls.vcf: no header"),
            Problem("P1", "tmb", "blocked", "not made, because variants of P1 failed"),
        ]
    )
    assert [(one.steps, one.kind) for one in found] == [
        ("variants", "failed"), ("tmb", "not made"), ("tpm", "not made"),
    ]  # fmt: skip
