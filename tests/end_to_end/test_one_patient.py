"""`run --patient`: the page of a patient at once, the rest of the folder as it was."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from trials import Toy, make_toy, storiform

from storiform.engine.patients import session_of_patients
from storiform.engine.run import Ending
from storiform.engine.session import Session, open_session, session_of_run
from storiform.model.errors import RunError, SheetError
from storiform.simulation.copy_trial import simulate_copies

Here = Callable[..., tuple[Session, Ending]]
WORKFLOW = Path(__file__).with_name("one_patient_workflow.py")
OWN = {"provided_dose": 1, "read_clinic": 1, "draws": 1, "bar": 1, "checked": 1}


@pytest.fixture
def paged(toy: Callable[..., Toy]) -> Callable[..., Toy]:
    def make(doses: list[float], settings: str = "") -> Toy:
        trial = toy(doses, settings)
        text = trial.config.read_text().splitlines()
        text[0] = f"workflow: {WORKFLOW}"
        trial.config.write_text("\n".join(text) + "\n")
        return trial

    return make


def grown(trial: Toy, doses: list[float]) -> None:
    """Write the sheets anew, for as many patients as there are doses."""
    config = trial.config.read_text()
    make_toy(trial.config.parent, doses)
    trial.config.write_text(config)


def settled(trial: Toy) -> Counter[str]:
    """Count the nodes that the last run computed, by step."""
    assert {state for _, _, state in trial.steps()} <= {"done"}
    return Counter(step for step, _, _ in trial.steps())


def page(trial: Toy, name: str) -> str:
    return (trial.results / name).read_text()


def files(trial: Toy) -> dict[str, bytes]:
    """Return what a run of the whole cohort wrote for people."""
    found = [trial.results / "report.html", *(trial.results / "tables").iterdir(),
             *(trial.results / "biopsies").iterdir()]  # fmt: skip
    return {str(file.relative_to(trial.results)): file.read_bytes() for file in found}


def test_first_run_of_one_patient_computes_no_other_and_compares_none(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0, 6.0])
    session, ending = here(trial, patients=["P003"])
    assert ending.exit_code == 0
    assert settled(trial) == OWN
    assert {node.unit for node in session.graph.nodes} == {"P003"}
    assert sorted(file.name for file in trial.results.iterdir() if file.name[0] != ".") == [
        "biopsies", "events.jsonl", "figures", "inputs.json", "patients", "run.json", "units",
    ]  # fmt: skip
    assert [file.name for file in (trial.results / "biopsies").iterdir()] == ["P003.html"]
    own = page(trial, "patients/P003.html")
    assert 'href="../biopsies/P003.html"' in own
    assert "standing</th>" in own
    assert "it rests on checked of all, which some patients lack" in own
    assert "it rests on test, which compares patients" in own
    assert "Draw three values of a dose" in own, "how it was made"
    biopsy = page(trial, "biopsies/P003.html")
    assert "<svg" in biopsy
    assert "6.0" in biopsy
    assert 'href="../patients/P003.html"' in biopsy


def test_whole_run_takes_over_what_a_patient_has_and_puts_the_report_in_its_place(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0, 6.0])
    here(trial, patients=["P003", "P001"])
    assert settled(trial) == dict.fromkeys(OWN, 2)
    _, ending = here(trial)
    assert ending.counts == {"cached": 10, "done": 5 + 1 + 3 + 1 + 3}
    assert settled(trial) == {**OWN, "mean": 1, "standing": 3, "test": 1, "verdict": 3}
    assert not list((trial.results / "patients").iterdir())
    assert 'href="../report.html"' in page(trial, "biopsies/P003.html")
    alone = paged([1.0, 2.0, 6.0])
    fresh = make_toy(trial.config.parent.parent / "fresh", [1.0, 2.0, 6.0])
    fresh.config.write_text(alone.config.read_text())
    here(fresh)
    assert trial.tables() == fresh.tables(), "the way to a result does not matter"
    assert page(trial, "biopsies/P003.html") == page(fresh, "biopsies/P003.html")


def test_new_patient_stands_against_the_finished_ones_and_leaves_their_report_alone(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0])
    here(trial)
    before = files(trial)
    grown(trial, [1.0, 2.0, 6.0])
    here(trial, patients=["P003"])
    # the mean is made, since the page stands on it and all others are checked
    assert settled(trial) == {**OWN, "mean": 1, "standing": 1}
    after = files(trial)
    assert set(after) - set(before) == {"biopsies/P003.html"}
    assert {name: after[name] for name in before} == before
    assert re.search(r"is_above.*?\byes\b", page(trial, "biopsies/P003.html"), re.DOTALL)
    assert len(trial.folders("test", "cohort")) == 1
    whole, _ = here(trial)
    assert settled(trial) == {"standing": 2, "test": 1, "verdict": 3}
    assert len(whole.graph.nodes) == 3 * 7 + 2
    assert 'href="biopsies/P003.html"' in trial.report()


def test_failure_of_another_patient_costs_this_one_nothing(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([-3.0, 2.0, 6.0])
    _, first = here(trial)
    assert first.exit_code == 1
    grown(trial, [-3.0, 2.0, 6.0, 8.0])
    _, ending = here(trial, patients=["P004"])
    assert ending.exit_code == 0
    assert settled(trial) == {**OWN, "mean": 1, "standing": 1}
    assert "-3.0" not in page(trial, "patients/P004.html")


def test_page_tells_what_the_failure_of_another_costs_a_cohort_that_may_lack_none(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([-3.0, 2.0, 6.0], "run: {allow_partial_cohort: false}\n")
    here(trial)
    session, ending = here(trial, patients=["P003"])
    assert ending.exit_code == 0
    assert "standing" not in {node.step for node in session.graph.nodes}
    assert "checked of P001 failed" in page(trial, "patients/P003.html")


def test_page_of_a_patient_whose_step_fails_says_so(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, -2.0])
    _, ending = here(trial, patients=["P002"])
    assert ending.exit_code == 1
    assert ending.failures == (("checked", "P002", "a negative dose"),)
    assert "<strong>Failed: checked.</strong> a negative dose" in page(
        trial, "patients/P002.html"
    )
    trial.dose([1.0, 2.0])
    _, mended = here(trial, patients=["P002"])
    assert mended.exit_code == 0
    assert "Failed" not in page(trial, "patients/P002.html")


def test_page_of_other_parameters_is_written_anew_by_the_next_whole_run(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0])
    here(trial)
    before = files(trial)
    trial.dose([1.0, 7.5])
    here(trial, patients=["P002"])
    assert "7.5" in page(trial, "biopsies/P002.html")
    trial.dose([1.0, 2.0])
    _, ending = here(trial)
    assert set(ending.counts) == {"cached"}
    after = files(trial)
    told = "report.html"  # counts as cached what the first run had made
    assert {**after, told: b""} == {**before, told: b""}


def test_stranger_is_refused_with_the_patient_who_was_meant(
    paged: Callable[..., Toy],
) -> None:
    trial = paged([1.0, 2.0])
    done = storiform("run", trial.config, "--patient", "P01", "--patient", "P002_T")
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("--patient: found P01, expected a patient of the sheets. Did you")
    assert re.search(r"found P002_T, .* Did you mean P002\?$", second)
    assert not trial.results.exists()
    with pytest.raises(SheetError, match="P01"):
        session_of_patients(open_session(trial.config), ["P001", "P01"])


def test_commands_that_need_the_cohort_ask_for_its_run(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0])
    here(trial, patients=["P001"])
    for command in ("report", "freeze"):
        words = (command, trial.results, *(("--as", "mine") if command == "freeze" else ()))
        done = storiform(*words)
        assert done.returncode == 2
        assert "found a run of some patients alone" in done.stderr
    here(trial)
    summary = trial.summary()
    here(trial, patients=["P001"])
    assert trial.summary()["only"] == ["P001"]
    assert trial.summary()["whole"] == summary
    here(trial, patients=["P002"])
    assert trial.summary()["whole"] == summary
    assert session_of_run(trial.results).config.path == trial.config
    assert "results of P002: " in storiform("status", trial.results).stdout


def test_plan_of_one_patient_tells_what_its_run_would_do(
    paged: Callable[..., Toy], here: Here
) -> None:
    trial = paged([1.0, 2.0, 6.0])
    told = storiform("plan", trial.config, "--patient", "P003").stdout.splitlines()
    assert told[-1] == "5 of 5 to run."
    assert "standing (biopsy): left out" in told
    assert not [line for line in told if line.startswith("test ")]
    here(trial, patients=["P003"])
    again = storiform("plan", trial.config, "--patient", "P003").stdout.splitlines()
    assert again[-1] == "0 of 5 to run."


def test_discordances_are_told_of_the_patient_from_its_own_rows(tmp_path: Path) -> None:
    simulate_copies(tmp_path, 4, 5, scale=0.02)
    whole = open_session(tmp_path / "trial.yaml")
    own = session_of_patients(whole, ["P002"])
    node = own.graph.producers["copy_number_discordances", "cohort"]
    assert {feed.node.unit for feed in node.feeds()} == {"P002"}
    all_of_them = whole.graph.producers["copy_number_discordances", "cohort"]
    assert len({feed.node.unit for feed in all_of_them.feeds()}) == 4
    assert node.fingerprint != all_of_them.fingerprint
    cohort_nodes = [one.step for one in own.graph.nodes if one.grain == "cohort"]
    assert cohort_nodes == ["copy_number_discordances"]
    assert {one.unit for one in own.graph.nodes} == {"P002", "P002_N", "P002_T", "cohort"}


def test_session_of_a_run_needs_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run\.json"):
        session_of_run(tmp_path)
