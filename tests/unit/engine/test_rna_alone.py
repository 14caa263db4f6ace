"""RNA that cannot be read costs what RNA tells, and of the exome nothing."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from trials import HereFuture

from storiform.engine.driver import Driver, Rules
from storiform.engine.ending import Stop
from storiform.engine.graph import Feed, Graph, Node
from storiform.engine.lanes import Lanes
from storiform.engine.patients import _Excerpt
from storiform.engine.results import Results
from storiform.engine.sections import Executor
from storiform.engine.work import Outcome
from storiform.model.cohort import Biopsy, Cohort, Patient, Sample


class _Lock:
    def beat(self) -> None:
        """Do nothing: nobody else is there."""


def patient(name: str, *, broken: str = "rna") -> dict[str, Node]:
    """Return the nodes of one patient; the pile of `broken` fails."""
    exome = Node("pile", f"{name}_T", "sample", "step", recipe={"is": f"{name} exome"})
    rna = Node("pile", f"{name}_R", "sample", "step", recipe={"is": f"{name} rna"})
    rna.is_of_rna = True
    both = Node("variants", name, "biopsy", "step", {"piles": of(exome, rna)})
    counts = Node("counts", name, "biopsy", "step", {"piles": of(rna)})
    burden = Node("burden", name, "biopsy", "step", {"variants": of(both)})
    binding = Node("binding", name, "biopsy", "step", {"v": of(both), "c": of(counts)})
    rna.recipe["broken"], exome.recipe["broken"] = broken == "rna", broken == "exome"
    return {"exome": exome, "rna": rna, "variants": both, "counts": counts,
            "burden": burden, "binding": binding}  # fmt: skip


def of(*nodes: Node) -> tuple[Feed, ...]:
    """Return feeds of nodes."""
    return tuple(Feed(node.step, node) for node in nodes)


def ran(tmp_path: Path, nodes: Sequence[Node], *, partial: bool = True) -> dict[str, Any]:
    """Run nodes; return what was sent to workers, by step and unit."""
    graph, sent = Graph(), []
    for node in nodes:
        graph.add(node, [node.step])
    broken = {(n.step, n.unit) for n in nodes if n.recipe.get("broken")}

    def submit(_work: Any, tasks: Any, key: str, **_: Any) -> HereFuture:
        sent.extend(f"{task.step} {task.unit}" for task in tasks)
        future = HereFuture(key)
        ends = ["failed" if (t.step, t.unit) in broken else "done" for t in tasks]
        future.set_result(
            [
                Outcome(t.step, t.unit, t.fingerprint, end, 0.1)  # type: ignore[arg-type]
                for t, end in zip(tasks, ends, strict=True)
            ]
        )
        return future

    samples = [Sample(n.unit, "A", "A", "tumour", "exome") for n in nodes if n.step == "pile"]
    cohort = Cohort(tuple(samples), (Biopsy("A", "A"),), (Patient("A"),))
    rules = Rules("flow.py", allow_partial_cohort=partial)
    runner = Driver(
        graph, cohort, Results(tmp_path), rules, _Lock(),  # type: ignore[arg-type]
        lambda _node, _message: None, Lanes(Executor(workers=1), no_jobs, print), Stop(),
    )  # fmt: skip
    runner.run(SimpleNamespace(submit=submit))  # type: ignore[arg-type]
    return {"sent": sent, "states": {name: node.state for name, node in enumerate(nodes)}}


def no_jobs(_executor: Executor) -> Any:
    """Refuse to open jobs: no node asks for more than there is."""
    pytest.fail("no node asks for more")


def states(nodes: dict[str, Node]) -> dict[str, str]:
    """Return the state of each node, by its name here."""
    return {name: node.state for name, node in nodes.items()}


def test_the_exome_goes_on_and_what_needs_the_rna_is_blocked(tmp_path: Path) -> None:
    nodes = patient("A")
    ran(tmp_path, list(nodes.values()))
    assert states(nodes) == {
        "exome": "done", "rna": "failed", "variants": "done", "counts": "blocked",
        "burden": "done", "binding": "blocked",
    }  # fmt: skip
    inputs = nodes["variants"].recipe["inputs"]
    assert [unit for _, unit, _ in inputs["piles"]] == ["A_T"], "known by what it was made of"


def test_a_faulty_exome_costs_all_that_reads_it(tmp_path: Path) -> None:
    nodes = patient("A", broken="exome")
    ran(tmp_path, list(nodes.values()))
    assert states(nodes) == {
        "exome": "failed", "rna": "done", "variants": "blocked", "counts": "done",
        "burden": "blocked", "binding": "blocked",
    }  # fmt: skip


def test_whoever_wants_no_partial_cohort_gets_no_partial_patient(tmp_path: Path) -> None:
    nodes = patient("A")
    ran(tmp_path, list(nodes.values()), partial=False)
    assert nodes["variants"].state == nodes["burden"].state == "blocked"


def test_the_next_run_finds_what_was_made_without_the_rna_and_not_that_of_whole_rna(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = patient("A")
    ran(tmp_path, list(first.values()))
    made = {(n.step, n.fingerprint) for n in first.values() if n.state == "done"}
    monkeypatch.setattr(Results, "inspect", there(made))
    again = patient("A")
    assert ran(tmp_path, list(again.values()))["sent"] == ["pile A_T", "pile A_R"]
    assert (again["variants"].state, again["burden"].state) == ("cached", "cached")
    mended = patient("A", broken="none")
    sent = ran(tmp_path, list(mended.values()))["sent"]
    assert "variants A" in sent
    assert "burden A" in sent


def there(made: set[tuple[str, str]]) -> Any:
    """Return what tells of a folder of results whether it is among these."""

    def inspect(
        _self: Results, folder: Path, *, verify: bool = False
    ) -> tuple[dict[str, Any], str | None]:
        known = {fingerprint[: len(folder.name)] for _, fingerprint in made}
        is_there = folder.name in known and not verify
        return ({"warnings": ["doubtful"]}, None) if is_there else ({}, "missing")

    return inspect


@pytest.mark.parametrize("was_made", [True, False])
def test_the_page_of_one_patient_stands_on_the_exomes_of_those_without_rna(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, was_made: bool
) -> None:
    nodes, own = patient("A"), patient("B", broken="none")
    graph = Graph()
    for node in [*nodes.values(), *own.values()]:
        graph.add(node, [node.step])
    mean = Node("mean", "cohort", "cohort", "step", {"b": of(nodes["burden"], own["burden"])})
    above = Node("above", "B", "biopsy", "step", {"mean": of(mean)})
    for node in (mean, above):
        graph.add(node, [node.step])
    made = {
        (n.step, n.fingerprint)
        for n in patient_run(tmp_path / "run").values()
        if n.state == "done" and (was_made or n.step == "pile")
    }
    for node in (nodes["exome"], own["exome"], own["rna"]):
        node.state = "cached"
    monkeypatch.setattr(Results, "inspect", there(made))
    failed = nodes["rna"].fingerprint
    monkeypatch.setattr(
        Results,
        "failure",
        lambda _self, _step, unit: {"fingerprint": failed} if unit == "A_R" else None,
    )
    config = SimpleNamespace(run=SimpleNamespace(allow_partial_cohort=True))
    session: Any = SimpleNamespace(graph=graph, results=Results(tmp_path), config=config)
    units = frozenset({("sample", "B_T"), ("sample", "B_R"), ("biopsy", "B")})
    excerpt = _Excerpt(session, units).graph()
    taken = {(node.step, node.unit) for node in excerpt.nodes}
    assert (("mean", "cohort") in taken) == was_made
    assert (("above", "B") in taken) == was_made
    told = [gone.reason for gone in excerpt.left_out]
    assert any("which some patients lack" in reason for reason in told) != was_made


def patient_run(folder: Path) -> dict[str, Node]:
    """Return the nodes of a patient as a run of all leaves them."""
    folder.mkdir()
    nodes = patient("A")
    ran(folder, list(nodes.values()))
    return nodes
