"""Alleles that the sheet states on any row of a patient belong to all of the biopsies."""

from pathlib import Path

import pandas as pd

from storiform.engine.check import _read, check_inputs
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.weave import Threads, weave
from storiform.io.sheets import read_cohort
from storiform.model.step import Step
from storiform.model.tables.proteins import HLA_TYPES, MHC_ALLELES, HlaTypes, MhcAlleles

HEADER = "patient\tsample\tstatus\ttimepoint\thla"


def alleles(hla_types: HlaTypes) -> MhcAlleles:
    """Ask for the alleles of a biopsy."""
    return MHC_ALLELES.empty() if len(hla_types) else pd.DataFrame()


def woven(folder: Path, *rows: str) -> Graph:
    sheet = folder / "samples.tsv"
    sheet.write_text("\n".join([HEADER, *rows]) + "\n")
    cohort = read_cohort(sheet, None, "GRCh38").cohort
    return weave(Threads((Step.of(alleles),), cohort, {}, {}, {}, FileIds(None)))


def test_each_biopsy_of_a_patient_reads_the_alleles_of_whichever_row(tmp_path: Path) -> None:
    graph = woven(
        tmp_path, "P1\tN1\t0\t\tA*02:01;B*07:02", "P1\tT1\t1\tpre\t", "P1\tT2\t1\tweek6\t",
        "P2\tT3\t1\tpre\t",
    )  # fmt: skip
    read = {node.unit: node.recipe["record"] for node in graph.nodes if node.origin == "source"}
    assert read == {
        "P1.pre": {"hla": "A*02:01;B*07:02"}, "P1.week6": {"hla": "A*02:01;B*07:02"},
    }  # fmt: skip
    (left,) = graph.left_out
    assert (left.unit, left.reason) == ("P2", "no alleles (column hla of the sample sheet)")


def test_other_alleles_make_another_fingerprint(tmp_path: Path) -> None:
    def fingerprint(cell: str) -> str:
        graph = woven(tmp_path, f"P1\tT1\t1\tpre\t{cell}")
        return next(node.fingerprint for node in graph.nodes if node.step == "alleles")

    assert fingerprint("A*02:01") == fingerprint("A*02:01")
    assert fingerprint("A*02:01") != fingerprint("A*03:01")


def test_check_reads_the_table_and_tells_of_unusable_alleles_as_a_note(tmp_path: Path) -> None:
    graph = woven(tmp_path, "P1\tT1\t1\tpre\tA*02:01;A*24")
    (node,) = (node for node in graph.nodes if node.origin == "source")
    _read(node, {"hla_types": HLA_TYPES})
    config = tmp_path / "config.yaml"
    config.write_text(
        "workflow: dna.py\ncohort:\n  samples: samples.tsv\n  genome: GRCh38\noutput: out\n"
    )
    told = check_inputs(config).findings
    (note,) = (f.message for f in told if "HLA" in f.message)
    assert note == (
        "samples.tsv: 1 HLA allele of patient P1 is not usable, and no peptide is predicted "
        "for it: A*24 (one field only)"
    )
    assert {f.severity for f in told if "HLA" in f.message} == {"note"}
