"""HLA types that were given for a patient, run beside reads that tell others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from trials import Toy

from storiform.biomarkers.hla.reference import compile_reference
from storiform.engine.run import Ending
from storiform.engine.session import Session
from storiform.io.hla_reference_file import write_hla_reference
from storiform.model.hla_reference import HlaSequences
from storiform.model.tables.reads import READ_STATISTICS
from storiform.simulation.hla_genes import HlaFamily
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_people import HlaPerson, draw_person, scenario
from storiform.simulation.hla_reads import HlaLibrary, sequence_hla, sequence_table

WORKFLOW = Path(__file__).with_name("given_hla_workflow.py")
Here = Callable[..., tuple[Session, Ending]]


@pytest.fixture(scope="module")
def family() -> HlaFamily:
    return invent_family(3)


@pytest.fixture(scope="module")
def people(family: HlaFamily) -> list[HlaPerson]:
    """Draw two people without a common allele of HLA-A and -B."""
    draws = (
        draw_person(family, np.random.default_rng(n), is_heterozygous=True) for n in (11, 12)
    )
    return list(draws)


def two_fields(
    family: HlaFamily, person: HlaPerson, genes: str = "ABC"
) -> dict[str, list[str]]:
    return {
        gene: sorted(family.alleles[name].two_fields for name in person.genotype[gene])
        for gene in genes
    }


def trial_of(folder: Path, family: HlaFamily, person: HlaPerson, cell: str) -> Toy:
    """Write the reads of one patient, whose tumour lost a haplotype, and a sheet."""
    genomic = {name: own.genomic for name, own in family.alleles.items()}
    coding = {name: own.coding for name, own in family.alleles.items()}
    reference = compile_reference(HlaSequences(genomic, coding, {}, "9.99.0", "0" * 32))
    write_hla_reference(folder / "hla.npz", reference, "2026-01-01")
    rng = np.random.default_rng(5)
    tumour = scenario("loss", 0.7, lost=0)
    reads, statistics = [], []
    for sample, kind in (("P1_N", None), ("P1_T", tumour)):
        own = sequence_hla(family, person, HlaLibrary(depth=60.0), rng, kind)
        reads.append(sequence_table(own).assign(patient="P1", sample=sample, qualities=""))
        row = dict.fromkeys(READ_STATISTICS.columns, 0) | {"mapped": 2 * own.library_fragments}
        statistics.append({"patient": "P1", "sample": sample, **row, "on_target": pd.NA})
    pd.concat(reads).to_csv(folder / "reads.tsv", sep="\t", index=False)
    pd.DataFrame(statistics).to_csv(folder / "statistics.tsv", sep="\t", index=False)
    sheet = f"patient,sample,status,purity,ploidy,hla\nP1,P1_N,0,,,\nP1,P1_T,1,.7,2,{cell}\n"
    (folder / "samples.csv").write_text(sheet)
    config = folder / "trial.yaml"
    config.write_text(
        f"workflow: {WORKFLOW}\noutput: results\n"
        "cohort: {samples: samples.csv, genome: GRCh38}\n"
        "resources: {hla_reference: hla.npz}\n"
        "provided: {hla_sequences: reads.tsv, read_statistics: statistics.tsv}\n"
    )
    return Toy(config, folder / "results")


def rows(trial: Toy, name: str) -> dict[str, dict[str, str]]:
    return {row["gene"]: row for row in trial.rows(name)}


def test_types_of_another_patient_are_told_and_no_loss_is_judged_by_them(
    tmp_path: Path, here: Here, family: HlaFamily, people: list[HlaPerson]
) -> None:
    """The sheet still wins, but tables, pages and a warning say what the reads tell."""
    own, other = (two_fields(family, person) for person in people)
    assert not set(own["A"]) & set(other["A"])
    cell = ";".join([*other["A"], *own["B"], *own["C"]])
    trial = trial_of(tmp_path, family, people[0], cell)
    session, ending = here(trial)
    assert ending.exit_code == 0
    assert session.graph.find("hla_types", "P1") is None
    given = [row["allele"] for row in trial.rows("hla_types") if row["gene"] == "A"]
    assert given == [f"HLA-{name}" for name in other["A"]]
    (doubt,) = trial.rows("hla_discordances")
    assert (doubt["gene"], doubt["is_whole"], doubt["sample"]) == ("A", "true", "P1_N")
    assert doubt["told"] == ";".join(f"HLA-{name}" for name in own["A"])
    assert float(doubt["posterior"]) > 0.9
    losses = rows(trial, "hla_gene_loh")
    assert losses["A"]["call"] == "NA"
    assert losses["A"]["reason"] == (
        "the given alleles are not the patient's: the reads of P1_N (normal exome) tell "
        + " and ".join(own["A"])
    )
    assert [losses[gene]["call"] for gene in "BC"] == ["LOH", "LOH"]
    fates = {row["allele"]: row["is_lost"] for row in trial.rows("hla_loh")}
    assert {fates[f"HLA-{name}"] for name in other["A"]} == {""}
    (told,) = [w for w in session_warnings(trial) if "HLA types given for P1" in w]
    assert "Are rows of the sheet swapped" in told
    page = (trial.results / "biopsies" / "P1.html").read_text()
    assert "The reads tell other alleles of HLA-A than those that were given" in page


def session_warnings(trial: Toy) -> list[str]:
    """Return the sentences of the report that speak of HLA types."""
    text = trial.report().replace("&#39;", "'")
    return [part.partition("<")[0] for part in text.split(">") if "HLA types given" in part]


def test_types_that_the_reads_tell_too_leave_no_doubt(
    tmp_path: Path, here: Here, family: HlaFamily, people: list[HlaPerson]
) -> None:
    own = two_fields(family, people[0])
    trial = trial_of(
        tmp_path, family, people[0], ";".join(name for p in own.values() for name in p)
    )
    _, ending = here(trial)
    assert ending.exit_code == 0
    assert trial.rows("hla_discordances") == []
    assert [row["call"] for row in trial.rows("hla_gene_loh")] == ["LOH"] * 3
    assert not session_warnings(trial)
