"""The step that annotates calls whose file says nothing."""

import warnings
from dataclasses import replace

import pandas as pd
import pytest
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.annotation import (
    ConsequencesAnnotationParams,
    consequences,
)
from storiform.model.errors import DataWarning, InputError
from storiform.model.step import Step
from storiform.model.tables.proteins import CONSEQUENCES
from storiform.model.transcripts import Transcript

TEXT = "TTGACCGATACCAGTCCGCCATGGCTGAAACCTGGAAAAAACGTTAGGTCTGACCTAAGGGCCCGGGTTGACCGATA"
GENE = Transcript(
    "T1.1", "TP53", "G1", "chr1", is_forward=True, exons=((10, 67),), coding=((20, 47),),
    biotype="protein_coding", protein="P1.1",
)  # fmt: skip


def call(start: int, ref: object, alt: object, **changes: object) -> dict[str, object]:
    return {
        "contig": "chr1", "start": start, "ref": ref, "alt": alt, "set_aside": "",
        "annotation": "none", **changes,
    }  # fmt: skip


def annotated(*calls: dict[str, object], always: bool = False) -> pd.DataFrame:
    table = pd.DataFrame([{"record": i, "allele": 0, **one} for i, one in enumerate(calls)])
    found = consequences(
        table, Models(GENE), Genome({"chr1": TEXT}), ConsequencesAnnotationParams(always=always)
    )
    return CONSEQUENCES.conform(found)


def test_call_without_consequence_gets_one() -> None:
    row = annotated(call(24, "C", "A")).iloc[0]
    assert (row["gene"], row["gene_id"], row["transcript"]) == ("TP53", "G1", "T1.1")
    assert (row["consequence"], row["not_annotated"]) == ("missense_variant", "")
    assert (row["hgvsc"], row["hgvsp"]) == ("T1.1:c.5C>A", "P1.1:p.Ala2Asp")


def test_one_bad_record_stops_nothing() -> None:
    found = annotated(
        call(24, "T", "A"), call(24, "C", "<DEL>", set_aside="symbolic"), call(24, None, None),
        call(24, "C", "A", contig="chrUn"), call(9999, "C", "A"), call(24, "C", "A"),
    )  # fmt: skip
    assert found["not_annotated"].to_list() == [
        "reference_mismatch", "symbolic", "not_bases", "unknown_contig", "out_of_contig", "",
    ]  # fmt: skip
    assert found["consequence"].to_list() == [""] * 5 + ["missense_variant"]


def test_calls_of_a_maf_are_read_without_their_dashes() -> None:
    found = annotated(call(24, "CTGAA"[:1], "-"), call(24, "-", "GGG"))
    assert found["consequence"].to_list() == ["frameshift_variant", "inframe_insertion"]
    assert found["hgvsc"].to_list() == ["T1.1:c.5del", "T1.1:c.5_6insGGG"]


def test_what_a_file_says_is_left_alone_unless_asked_for() -> None:
    known = call(24, "C", "A", annotation="CSQ")
    assert annotated(known, call(25, "T", "C"))["record"].to_list() == [1]
    assert annotated(known, call(25, "T", "C"), always=True)["record"].to_list() == [0, 1]


def test_nothing_is_annotated_without_genes_or_genome() -> None:
    table = pd.DataFrame([{"record": 0, "allele": 0, **call(24, "C", "A")}])
    params = ConsequencesAnnotationParams()
    assert consequences(table, None, Genome({"chr1": TEXT}), params).empty
    assert consequences(table, Models(GENE), None, params).empty


def test_many_calls_that_do_not_fit_warn_of_another_genome() -> None:
    with pytest.warns(DataWarning, match=r"most calls \(20 of 20\) do not fit"):
        annotated(*[call(24, "T", "A") for _ in range(20)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        annotated(*[call(24, "C", "A") for _ in range(20)])


def test_most_calls_of_a_small_file_that_do_not_fit_are_told_too() -> None:
    misfit, fit = call(24, "T", "A"), call(24, "C", "A")
    with pytest.warns(DataWarning, match=r"\(4 of 7\) do not fit .*REF and ALT exchanged"):
        annotated(*[misfit] * 4, *[fit] * 3)
    for calls in ([misfit] * 2, [misfit] * 4 + [fit] * 4):
        annotated(*calls)  # a warning is an error


def test_it_is_a_step_of_biopsies() -> None:
    step = Step.of(consequences)
    assert (step.name, step.grain, step.section) == (
        "consequences", "biopsy", "consequences_annotation",
    )  # fmt: skip


def refused(genes: Models, genome: Genome) -> str:
    table = pd.DataFrame([{"record": 0, "allele": 0, **call(24, "C", "A")}])
    with pytest.raises(InputError) as told:
        consequences(table, genes, genome, ConsequencesAnnotationParams())
    return str(told.value)


def test_genes_and_genome_of_which_no_call_is_told_anything_are_refused() -> None:
    genome = Genome({"chr1": TEXT})
    other = Models(replace(GENE, contig="chr2"))
    assert refused(other, genome).startswith("resources.genes: found contigs chr2, expected")
    assert refused(Models(GENE), Genome({"chr2": TEXT})).startswith("resources.fasta: found")
    bare = Models(replace(GENE, coding=()))
    assert refused(bare, genome).startswith("resources.genes: found no coding sequence")


def test_one_call_elsewhere_beside_annotated_ones_refuses_nothing() -> None:
    found = annotated(call(24, "C", "A", annotation="CSQ"), call(24, "C", "A", contig="chrUn"))
    assert found["not_annotated"].to_list() == ["unknown_contig"]
