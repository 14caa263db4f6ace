"""The line of a run's progress: what is done, and what is not though it has ended."""

import io

from storiform.engine.graph import Graph, Node
from storiform.engine.progress import Progress


def test_what_failed_and_what_waited_for_it_is_not_done() -> None:
    nodes = [Node("a", f"u{n}", "cohort", "step") for n in range(4)]
    stream = io.StringIO()
    with Progress(Graph(nodes), stream) as progress:
        for node, state in zip(nodes, ("done", "failed", "blocked", "done"), strict=True):
            node.state = state  # type: ignore[assignment]
            progress.settled(node, "told" if state == "failed" else "")
    assert stream.getvalue().splitlines()[-1] == "2 of 4 done, 1 failed, 1 blocked"


def test_a_run_in_which_all_went_well_names_no_blocked_steps() -> None:
    nodes = [Node("a", "u", "cohort", "step")]
    stream = io.StringIO()
    with Progress(Graph(nodes), stream) as progress:
        nodes[0].state = "done"
        progress.settled(nodes[0], "")
    assert stream.getvalue().splitlines()[-1] == "1 of 1 done, 0 failed"


def test_several_steps_that_one_file_fails_are_told_once_and_counted() -> None:
    nodes = [Node(f"step{n}", "P2", "biopsy", "step") for n in range(4)]
    stream = io.StringIO()
    with Progress(Graph(nodes), stream) as progress:
        for node in nodes:
            node.state = "failed"
            progress.settled(node, "a.vcf: found x" if node is not nodes[3] else "another")
    told = [line for line in stream.getvalue().splitlines() if line.startswith("failed")]
    assert told == [
        "failed: step0 of P2: a.vcf: found x",
        "failed: step3 of P2: another",
        "failed: 2 more steps of P2 for that reason: a.vcf: found x",
    ]
