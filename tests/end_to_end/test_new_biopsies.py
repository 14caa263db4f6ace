"""A cohort that grows, shrinks or is corrected: what is computed again, by name of step."""

import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from trials import WORKFLOW, Toy, make_toy, storiform

from storiform.engine.explain import plan_lines
from storiform.engine.run import Ending
from storiform.engine.session import Session, open_session
from storiform.model.tables.clinic import CLINICAL_RECORD
from storiform.simulation.copy_trial import simulate_copies
from storiform.simulation.trial import simulate

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]
OF_COHORT = {"total": 1, "ranks": 1, "bars": 1, "summary": 1}
"""Steps of the toy that read all patients; each biopsy's `share` reads their `total`."""


def counts(trial: Toy, ending: Ending) -> tuple[Counter[str], int]:
    """Return what the last run computed, by step, and how many results it took over."""
    assert {state for _, _, state in trial.steps()} == {"done"}
    return Counter(step for step, _, _ in trial.steps()), ending.counts["cached"]


def reasons(config: Path) -> dict[str, list[str]]:
    """Return for each step that would run the reasons that `plan` gives."""
    lines = plan_lines(open_session(config).graph)
    return {line.step: [why for why, _ in line.reasons] for line in lines if line.reasons}


def test_added_patients_compute_only_theirs_and_what_reads_all(toy: Make, here: Here) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    grown = make_toy(trial.config.parent, [1, 2, 3, 4, 5])
    told = reasons(grown.config)
    assert told["doubled"] == ["new"]
    assert told["total"] == ["doubled: 2 units more"]
    assert "2 units more" in told["summary"][0]
    _, ending = here(grown)
    own = {"provided_dose": 2, "read_clinic": 2, "doubled": 2, "noise": 2}
    # of the first three: doses, clinical values, doubled doses, noise
    assert counts(grown, ending) == ({**own, "share": 5, **OF_COHORT}, 3 * len(own))
    assert [row["biopsy"] for row in grown.rows("doubled")] == [f"P00{n}" for n in range(1, 6)]
    assert grown.rows("total")[0]["sum"] == "30"


def test_removed_patient_leaves_every_table_and_refreshes_what_reads_all(
    toy: Make, here: Here
) -> None:
    trial = toy([1, 2, 3])
    here(trial)
    small = make_toy(trial.config.parent, [1, 2])
    assert reasons(small.config)["total"] == ["doubled: 1 units fewer"]
    _, ending = here(small)
    assert counts(small, ending) == ({"share": 2, **OF_COHORT}, 2 * 4)
    for name, content in small.tables().items():
        assert name.endswith("parquet") or b"P003" not in content, name
    assert "P003" not in small.report()
    # the results stay in their folder: the patient who comes back is not computed again
    whole = make_toy(trial.config.parent, [1, 2, 3])
    _, ending = here(whole)
    assert set(ending.counts) == {"cached"}


def page_blocks(after: str) -> list[str]:
    """Return the commands that the page gives after a heading."""
    page = Path(__file__).parents[2] / "docs" / "how-to" / "new-biopsies.md"
    return re.findall(r"```bash\n(.*?)```", page.read_text().split(after)[1], re.DOTALL)


def follow(block: str, trial: Toy) -> str:
    """Run commands of the page as they stand, of another patient; return what they print."""
    text = block.replace("P042", "P003").replace("trial.yaml", trial.config.name)
    words = f"{shlex.quote(sys.executable)} -m storiform"
    text = f'storiform() {{ {words} "$@"; }}\n{text}'
    done = subprocess.run(  # noqa: S603  the page's own commands
        ["bash", "-c", text],  # noqa: S607
        cwd=trial.config.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "storiform run" not in block or done.returncode == 0, done.stderr
    return done.stdout


def texts(folder: Path) -> list[str]:
    """Return the content of all files below a folder, Parquet as text with its metadata."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        f"{(table := pq.read_table(path)).to_pydict()} {table.schema.metadata}"
        if path.suffix == ".parquet"
        else path.read_bytes().decode("latin-1")
        for path in files
    ]


@pytest.mark.parametrize("ran_before", ["ran without", "did not run"])
def test_page_removes_all_of_a_patient_who_withdraws_consent(
    ran_before: str, toy: Make, here: Here, tmp_path: Path
) -> None:
    here(toy([1, 2, 3], "toy_workflow: {factor: 3}"))
    here(toy([1, 2, 3]))
    trial = toy([1, 2])
    # a step that the workflow no longer has left a table of the cohort that names all
    shorter = tmp_path / "shorter.py"
    shorter.write_text(WORKFLOW.read_text().replace("share, ranks, bars", "share, bars"))
    trial.config.write_text(trial.config.read_text().replace(str(WORKFLOW), str(shorter)))
    if ran_before == "ran without":
        told = storiform("run", trial.config).stderr
        assert "units keeps results of P003, in no sheet any more" in told
    assert any("P003" in text for text in texts(trial.results / "units" / "cohort"))
    remove, look = page_blocks("## A patient leaves")
    assert follow(look, trial), "the page's search finds what there is"
    follow(remove, trial)
    assert follow(look, trial) == ""
    assert not [path for path in trial.results.rglob("*") if "P003" in path.name]
    assert not [text for text in texts(trial.results) if "P003" in text]
    of_shares = [len(trial.folders("share", name)) for name in ("P001", "P002")]
    assert of_shares == [1, 1], "a share of a total that held the patient's dose is gone"
    assert "keeps results of" not in storiform("run", trial.config).stderr


@pytest.mark.parametrize("change", [{"pfs_months": "0.7"}, {"pfs_months": "", "pfs_event": ""}])
@pytest.mark.parametrize("kind", ["expression and calls", "copies"])
def test_corrected_or_removed_survival_makes_old_only_what_reads_outcomes(
    kind: str, change: dict[str, str], tmp_path: Path
) -> None:
    if kind == "copies":
        simulate_copies(tmp_path, 4, 5, scale=0.02)
    else:
        simulate(tmp_path, 4, 5, followed=True)
    config = tmp_path / "trial.yaml"
    config.write_text(re.sub("workflow: .*", "workflow: trial", config.read_text()))
    before = open_session(config).graph.nodes
    clinical = tmp_path / "clinical.csv"
    header, first, *others = clinical.read_text().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=True))
    assert cells["sex"] in {"male", "female"}
    assert all(cells[name] not in {"", text} for name, text in change.items())
    cells |= change
    clinical.write_text("\n".join([header, ",".join(cells.values()), *others]) + "\n")
    after = open_session(config).graph.nodes
    same = {(node.step, node.unit, node.fingerprint) for node in before}
    old = [n for n in after if (n.step, n.unit, n.fingerprint) not in same]
    own = {node.step for node in old if node.grain != "cohort"}
    of_outcome = {"read_clinical_record", "clinic", "best_response", "exposure"}
    assert own <= of_outcome, "nothing of a sample or a biopsy"
    assert {node.unit for node in old if node.grain != "cohort"} == {cells["patient"]}
    assert len(after) == len(before)
    assert {"survival", "hazards"} <= {node.step for node in old}
    untouched = {n.step for n in after if n.grain == "cohort"} - {n.step for n in old}
    assert untouched & {"copy_number_frequency", "recurrent_genes", "cpm", "vst"}
    # the sex is read by what it can change, and by nothing else
    cells["sex"] = {"male": "female", "female": "male"}[cells["sex"]]
    clinical.write_text("\n".join([header, ",".join(cells.values()), *others]) + "\n")
    now = {(node.step, node.unit, node.fingerprint) for node in after}
    renewed = {n.step for n in open_session(config).graph.nodes
               if (n.step, n.unit, n.fingerprint) not in now}  # fmt: skip
    wanted = {"log_ratios", "copy_number_fit"} if kind == "copies" else {"rna_quality"}
    assert {"read_stated_sex", *wanted} <= renewed
    assert "read_calls" not in renewed


def test_sex_of_a_clinical_table_that_the_user_provides_is_read(tmp_path: Path) -> None:
    simulate_copies(tmp_path, 4, 5, scale=0.02)
    config = tmp_path / "trial.yaml"
    given = pd.DataFrame(columns=["patient", *CLINICAL_RECORD.columns])
    given["patient"], given["sex"] = ["P001", "P002"], ["female", None]
    given.to_csv(tmp_path / "given.tsv", sep="\t", index=False)
    config.write_text(config.read_text() + "provided: {clinical_record: given.tsv}\n")
    nodes = [n for n in open_session(config).graph.nodes if n.step == "read_stated_sex"]
    stated = {node.unit: node.recipe["record"] for node in nodes}
    assert stated["P001"] == {"sex": "female"}
    assert "P002" not in stated, "given without a sex: the clinical table is not asked"
    assert stated["P003"]["sex"] in {"male", "female"}


def test_run_of_one_patient_is_refused_beside_another_run(toy: Make) -> None:
    trial = toy([1, 2])
    trial.results.mkdir()
    lock = trial.results / "run.lock"
    held = {"pid": 1, "started": time.time(), "host": "elsewhere", "token": "other"}
    lock.write_text(json.dumps(held))
    os.utime(lock, (time.time() - 60,) * 2)
    done = storiform("run", trial.config, "--patient", "P001")
    assert done.returncode == 2
    assert "found a run by pid 1 on elsewhere" in done.stderr
    assert lock.read_text() == json.dumps(held)
    assert not (trial.results / "units").exists()
