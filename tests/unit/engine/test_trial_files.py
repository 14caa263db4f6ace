"""Files of a whole cohort in a run: what they feed, what a change reruns, what is silent."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import pytest

from storiform.engine.check import check_inputs
from storiform.engine.config import read_config
from storiform.engine.explain import plan_lines
from storiform.engine.fingerprint import FileIds
from storiform.engine.gather import gather_features
from storiform.engine.graph import Graph
from storiform.engine.inputs import Threads
from storiform.engine.session import read_all_sheets
from storiform.engine.weave import weave
from storiform.model.cohort import Cohort
from storiform.model.step import Step
from storiform.model.table import Column, Table
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.measurements import MEASUREMENTS
from storiform.model.tables.outcomes import Features
from storiform.statistics.assessments import assessments
from storiform.statistics.best_response import BestResponseParams, best_response
from storiform.statistics.clinic import clinic
from storiform.statistics.recist import RecistParams

SUM = Table("total", grain="cohort", columns={"n": Column("int", "patients")})
TESTED = Table("tested", grain="cohort", columns={"n": Column("int", "features")})


def total(clinic: Clinic) -> Annotated[pd.DataFrame, SUM]:
    """Count the patients."""
    return pd.DataFrame({"n": [len(clinic)]})


def known(features: Features) -> Annotated[pd.DataFrame, TESTED]:
    """Count the features."""
    return pd.DataFrame({"n": [len(features)]})


STEPS = tuple(map(Step.of, (assessments, best_response, clinic, total, known)))
LESIONS = "patient,lesion,role,day,size_mm\nP1,A,target,0,30\nP1,A,target,60,10\n"


def write(folder: Path, cohort: str = "", **files: str) -> Path:
    """Write a configuration with its files; return its path."""
    texts = {"samples": "patient,sample,status\nP1,S1,1\nP2,S2,1\n", **files}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text)
    path = folder / "trial.yaml"
    path.write_text(f"workflow: trial\ncohort:\n  samples: samples.csv\n{cohort}")
    return path


def cohort_of(path: Path) -> Cohort:
    draft = read_config(path, environment={})
    assert draft.faults == ()
    assert draft.config is not None
    sheets = read_all_sheets(draft.config.cohort)
    assert sheets.faults == ()
    return sheets.report.cohort


def woven(path: Path, steps: tuple[Step, ...] = STEPS) -> Graph:
    params = {"recist": RecistParams(), "best_response": BestResponseParams()}
    return weave(Threads(steps, cohort_of(path), params, {}, {}, FileIds(None)))


def nodes(graph: Graph) -> set[tuple[str, str]]:
    return {(node.step, node.unit) for node in graph.nodes}


def left(graph: Graph) -> set[tuple[str, str, str]]:
    return {(gone.step, gone.unit, gone.reason) for gone in graph.left_out}


CLINICAL = {"clinical": "patient,response\nP1,PR\n"}


def test_lesions_make_the_outcome_of_patients_without_a_clinical_row(tmp_path: Path) -> None:
    path = write(tmp_path, "  lesions: lesions.csv\n", lesions=LESIONS)
    assert nodes(woven(path)) == {
        ("read_lesions", "P1"), ("assessments", "P1"), ("best_response", "P1"),
        ("clinic", "P1"), ("total", "cohort"),
    }  # fmt: skip
    told = left(woven(path))
    assert ("assessments", "P2", "no lesions (cohort.lesions)") in told
    assert not any(step == "clinic" for step, *_ in told)


def test_without_lesions_nothing_is_made_or_said_of_them(tmp_path: Path) -> None:
    path = write(tmp_path, "  clinical: clinical.csv\n", **CLINICAL)
    graph = woven(path)
    assert nodes(graph) == {
        ("read_clinical_record", "P1"), ("clinic", "P1"), ("total", "cohort"),
    }  # fmt: skip
    assert left(graph) == {("known", "cohort", "no features")}
    lines = {line.step: line.left_out for line in plan_lines(graph)}
    assert lines["assessments"] == (("no lesions (cohort.lesions)", 1),)
    assert lines["best_response"] == (("no assessments", 1),)


def test_without_any_outcome_it_is_the_clinical_table_that_is_missed(tmp_path: Path) -> None:
    graph = woven(write(tmp_path))
    assert nodes(graph) == set()
    assert ("total", "cohort", "no clinic (no clinical table)") in left(graph)
    assert {step for step, *_ in left(graph)} == {"total", "known"}


def test_a_workflow_without_the_step_reads_the_clinical_table_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "  clinical: clinical.csv\n", **CLINICAL)
    graph = woven(path, (Step.of(total),))
    assert nodes(graph) == {("read_clinic", "P1"), ("total", "cohort")}
    empty = woven(write(tmp_path), (Step.of(total),))
    assert left(empty) == {("total", "cohort", "no clinic (no clinical table)")}


def test_a_changed_row_makes_the_results_of_its_patient_old_alone(tmp_path: Path) -> None:
    more = LESIONS + "P2,A,target,0,30\n"
    path = write(tmp_path, "  lesions: lesions.csv\n", lesions=more)
    before = {(n.step, n.unit): n.fingerprint for n in woven(path).nodes}
    write(tmp_path, "  lesions: lesions.csv\n", lesions=more.replace("60,10", "60,11"))
    now = {(n.step, n.unit): n.fingerprint for n in woven(path).nodes}
    changed = {key for key, fingerprint in now.items() if before[key] != fingerprint}
    assert {unit for _, unit in changed} == {"P1", "cohort"}
    assert ("read_lesions", "P1") in changed


def test_measurements_are_gathered_as_features(tmp_path: Path) -> None:
    text = "patient,CD20 [cells/mm2],inflamed\nP1,10,yes\nP2,,no\n"
    for cohort in ("  measurements: [ihc.csv]\n", "  measurements: ihc.csv\n"):
        path = write(tmp_path, cohort, ihc=text)
        graph = woven(path)
        (node,) = [node for node in graph.nodes if node.step == "known"]
        assert {feed.table for feed in node.feeds()} == {"measurements"}
    parts = []
    for unit, rows in cohort_of(path).given["measurements"].items():
        frame = pd.DataFrame([dict(row) for row in rows], columns=list(MEASUREMENTS.columns))
        parts.append((MEASUREMENTS, {"patient": unit}, MEASUREMENTS.conform(frame)))
    found = gather_features(parts)
    assert (
        found["feature"].tolist() == ["measurements.CD20"] * 2 + ["measurements.inflamed"] * 2
    )
    assert found["kind"].tolist() == ["number"] * 2 + ["flag"] * 2
    assert found["unit_of_measure"].tolist() == ["cells/mm2"] * 2 + [""] * 2
    assert found["value"].fillna(-1).tolist() == [10, -1, 1, 0]
    assert found["patient"].tolist() == ["P1", "P2"] * 2


@pytest.mark.parametrize(
    ("cohort", "message"),
    [
        ("  lesions: none.csv\n", "cohort.lesions: found"),
        ("  measurements: [none.csv]\n", "cohort.measurements: found"),
        ("  measurements: 5\n", "cohort.measurements: found 5"),
        ("  lesion: x.csv\n", "did you mean lesions?"),
    ],
)
def test_files_that_cannot_be_read_are_faults_of_the_configuration(
    tmp_path: Path, cohort: str, message: str
) -> None:
    draft = read_config(write(tmp_path, cohort), environment={})
    assert message in "\n".join(draft.faults)


def test_check_tells_the_faults_of_all_files_at_once(tmp_path: Path) -> None:
    names = ("lesions", "doses", "adverse_events", "laboratory")
    cohort = "".join(f"  {name}: {name}.csv\n" for name in names)
    files = dict.fromkeys(names, "patient,x\nP1,1\n")
    checked = check_inputs(write(tmp_path, cohort, **files))
    errors = [f.message for f in checked.findings if f.severity == "error"]
    assert {message.partition(",")[0] for message in errors} == {f"{n}.csv" for n in names}
