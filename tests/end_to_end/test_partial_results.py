"""What a run made without units that failed is there for all commands, and for the next run."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from small_trial import call, write_trial
from trials import Toy

from storiform.engine.explain import Check, settle
from storiform.engine.graph import Feed, Graph, Node
from storiform.engine.results import Results
from storiform.engine.run import Ending
from storiform.engine.session import Session, open_session, session_of_run

Make = Callable[..., Toy]
Here = Callable[..., tuple[Session, Ending]]


def left(trial: Toy) -> dict[tuple[str, str], str]:
    """Return the states in which the last run left the nodes."""
    return {(n.step, n.unit): n.state for n in session_of_run(trial.results).graph.nodes}


def test_who_failed_costs_report_and_export_no_other_result(toy: Make, here: Here) -> None:
    trial = toy([1, -2, 3, 0])
    session, _ = here(trial)
    ended = {(node.step, node.unit): node.state for node in session.graph.nodes}
    told = {key: "cached" if state == "done" else state for key, state in ended.items()}
    assert left(trial) == told
    assert {"failed", "blocked", "cached"} == set(told.values())
    code, _, err = call("report", trial.results)
    assert code == 0, err
    report = trial.report()
    for words in ("dose: found -2.0, expected 0 or more.", "doubled of P002 failed",
                  "the dose is zero", "Doubled doses by biopsy"):  # fmt: skip
        assert words in report, words
    out = trial.results.parent / "exported"
    code, _, err = call("export", trial.results, "--to", out, "--format", "sqlite")
    assert code == 0, err
    (file,) = out.glob("*.sqlite*")
    with sqlite3.connect(file) as base:
        assert base.execute("select biopsies from total").fetchall() == [(3,)]
        assert len(base.execute("select * from share").fetchall()) == 3


def test_who_is_mended_and_not_yet_run_again_is_still_to_do(toy: Make, here: Here) -> None:
    trial = toy([1, -2, 3])
    here(trial)
    trial.dose([1, 2, 3])
    states = left(trial)
    for unit in (("doubled", "P002"), ("total", "cohort"), ("share", "P001")):
        assert states[unit] == "todo", unit
    here(trial)
    assert set(left(trial).values()) == {"cached"}


def test_warnings_of_a_cohort_without_one_unit_are_told_by_the_next_run_too(
    toy: Make, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = toy([1, -2, 3])
    session, _ = here(trial)
    assert session.graph.find("total", "cohort").doubts == ()  # type: ignore[union-attr]
    inspect = Results.inspect

    def doubtful(self: Results, folder: Path, *, verify: bool = False) -> object:
        record, damage = inspect(self, folder, verify=verify)
        return {**record, "warnings": [f"of {folder.parent.name}"]}, damage

    monkeypatch.setattr(Results, "inspect", doubtful)
    again, _ = here(trial)
    node = again.graph.find("total", "cohort")
    assert node is not None
    assert (node.state, node.doubts) == ("cached", ("of total",))


OLD = 'return pd.DataFrame({"sum": [doubled["twice"].sum()]'
NEW = 'return pd.DataFrame({"sum": [doubled["twice"].sum() + 1000]'


def test_changed_code_makes_the_result_without_one_unit_again_and_its_table(
    toy: Make, here: Here
) -> None:
    trial = toy([1, -2, 3])
    workflow = trial.config.parent / "flow.py"
    text = Path(__file__).with_name("toy_workflow.py").read_text()
    assert OLD in text
    workflow.write_text(text)
    first, *rest = trial.config.read_text().splitlines()
    trial.config.write_text("\n".join(["workflow: flow.py", *rest]) + "\n")
    assert first.startswith("workflow: ")
    here(trial)
    assert trial.rows("total") == [{"sum": "8", "biopsies": "2"}]
    workflow.write_text(text.replace(OLD, NEW))
    here(trial)
    assert trial.rows("total") == [{"sum": "8", "biopsies": "2"}], "not asked for"
    here(trial, check=Check(rerun_changed_code=True))
    assert trial.rows("total") == [{"sum": "1008", "biopsies": "2"}]
    assert re.search("1,?008", trial.report())


def test_a_bit_that_flipped_in_a_result_without_one_unit_is_found_by_verify(
    toy: Make, here: Here
) -> None:
    trial = toy([1, -2, 3])
    here(trial)
    (folder,) = trial.folders("total", "cohort")
    file = folder / "total.parquet"
    sound = file.read_bytes()
    spoilt = bytearray(sound)
    spoilt[len(sound) // 2] ^= 1
    file.write_bytes(bytes(spoilt))
    session, ending = here(trial, check=Check(verify=True))
    assert [step for step, _, _ in ending.failures] == ["doubled"]
    node = session.graph.find("total", "cohort")
    assert node is not None
    assert node.state == "done"
    (folder,) = trial.folders("total", "cohort")
    assert (folder / "total.parquet").read_bytes() == sound


def graph_of(*nodes: Node) -> Graph:
    """Return a graph of nodes, each with its own table."""
    graph = Graph()
    for node in nodes:
        graph.add(node, [node.step])
    return graph


def of(*nodes: Node) -> tuple[Feed, ...]:
    return tuple(Feed(node.step, node) for node in nodes)


class Kept(SimpleNamespace):
    """Results that hold what they are told."""

    made: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    def at(self, _step: str, _unit: str, fingerprint: str) -> str:
        """Return the fingerprint for a folder."""
        return fingerprint

    def inspect(self, folder: str) -> tuple[dict[str, object], str | None]:
        """Tell whether it was made."""
        return ({"warnings": ["w"]}, None) if folder in self.made else ({}, "missing")

    def failure(self, step: str, _unit: str) -> dict[str, str] | None:
        """Return how the step failed, if it did."""
        known = [one for one in self.failed if one.startswith(step)]
        return {"fingerprint": known[0].removeprefix(step)} if known else None


def test_a_step_that_failed_on_what_was_left_is_known_as_failed() -> None:
    lost = Node("counts", "B", "biopsy", "step", state="failed")
    there = Node("counts", "C", "biopsy", "step", recipe={"n": 1}, state="cached")
    total = Node("total", "cohort", "cohort", "step", {"counts": of(lost, there)})
    graph_of(lost, there, total)
    whole = total.fingerprint
    part = Node("total", "cohort", "cohort", "step", {"counts": of(there)})
    part.remember()
    settle(total, Kept(failed=(f"total{part.fingerprint}",)), partial=True)  # type: ignore[arg-type]
    assert (total.state, total.fingerprint) == ("failed", part.fingerprint)
    assert whole != part.fingerprint


def test_what_nobody_made_is_still_to_do_and_what_may_miss_none_is_blocked() -> None:
    lost = Node("counts", "B", "biopsy", "step", state="failed")
    there = Node("counts", "C", "biopsy", "step", recipe={"n": 1}, state="cached")
    total = Node("total", "cohort", "cohort", "step", {"counts": of(lost, there)})
    strict = Node("total", "cohort", "cohort", "step", {"counts": of(lost, there)})
    only = Node("last", "cohort", "cohort", "step", {"counts": of(lost)})
    share = Node("share", "B", "biopsy", "step", {"counts": of(lost)})
    graph_of(lost, there, total, strict, only, share)
    settle(total, Kept(), partial=True)  # type: ignore[arg-type]
    settle(strict, Kept(), partial=False)  # type: ignore[arg-type]
    settle(only, Kept(), partial=True)  # type: ignore[arg-type]
    settle(share, Kept(), partial=True)  # type: ignore[arg-type]
    assert [n.state for n in (total, strict, only, share)] == ["todo", *["blocked"] * 3]
    assert share.why == "counts of B failed"


@pytest.mark.parametrize(
    ("grain", "helpers", "is_of_rna", "goes_on"),
    [
        ("cohort", {"rna"}, True, True),
        ("cohort", {"other"}, True, False),
        ("cohort", {"rna"}, False, False),
        ("biopsy", {"rna"}, True, False),
    ],
)
def test_a_cohort_goes_on_without_rna_that_only_helps(
    grain: str, helpers: set[str], *, is_of_rna: bool, goes_on: bool
) -> None:
    """Quality of exomes where all RNA of a cohort failed; expression is no such help."""
    lost = Node("rna", "R", "biopsy", "step", state="failed", is_of_rna=is_of_rna)
    there = Node("reads", "T", "sample", "step", state="cached")
    node = Node("quality", "u", grain, "step", {"reads": of(there), "rna": of(lost)})  # type: ignore[arg-type]
    node.helpers = frozenset(helpers)
    graph_of(lost, there, node)
    assert (node.forget_lost() == ()) == goes_on
    if goes_on:
        assert node.recipe["inputs"]["rna"] == []


def test_a_trial_knows_what_is_made_of_rna_alone(tmp_path: Path) -> None:
    nodes = open_session(write_trial(tmp_path)).graph.nodes
    of_rna = {node.step for node in nodes if node.is_of_rna}
    assert {"read_given_counts", "counts", "tpm", "mcp_counter"} <= of_rna
    assert not of_rna & {"read_calls", "variants", "tmb", "associations", "clinic"}
