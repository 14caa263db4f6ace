"""What was not made is told by unit, with the failure at its root."""

from storiform.engine.blocking import blocked
from storiform.engine.graph import Feed, Graph, Node


def woven(graph: Graph, step: str, unit: str, state: str, *reads: Node) -> Node:
    node = Node(step, unit, "biopsy", "step", {"x": tuple(Feed("t", n) for n in reads)})
    graph.add(node, [step])
    node.state = state
    return node


def test_steps_after_one_failure_are_one_row_of_the_unit():
    graph = Graph()
    for unit in ("H01", "H02"):
        calls = woven(graph, "read_calls", unit, "failed")
        variants = woven(graph, "variants", unit, "blocked", calls)
        woven(graph, "tmb", unit, "blocked", variants)
    rows = [(row.unit, row.step, row.message) for row in blocked(graph.nodes)]
    assert rows == [
        ("H01", "variants, tmb", "not made, because read_calls of H01 failed"),
        ("H02", "variants, tmb", "not made, because read_calls of H02 failed"),
    ]


def test_another_root_in_the_same_unit_is_another_row():
    graph = Graph()
    calls = woven(graph, "read_calls", "P1", "failed")
    counts = woven(graph, "read_counts", "P1", "failed")
    woven(graph, "variants", "P1", "blocked", calls)
    woven(graph, "tpm", "P1", "blocked", counts)
    woven(graph, "neoantigens", "P1", "blocked", calls, counts)
    assert [(row.step, row.message) for row in blocked(graph.nodes)] == [
        ("variants", "not made, because read_calls of P1 failed"),
        ("tpm", "not made, because read_counts of P1 failed"),
        ("neoantigens", "not made, because read_calls of P1; read_counts of P1 failed"),
    ]


def test_root_is_found_though_the_node_lost_what_it_read():
    graph = Graph()
    failed = [woven(graph, "variants", f"P{i}", "failed") for i in range(5)]
    gone = woven(graph, "associations", "cohort", "blocked", *failed)
    gone.reads = {"x": ()}
    (row,) = blocked(graph.nodes)
    assert row.message == "not made, because variants of P0, P1, P2 and 2 more failed"


def test_what_was_made_in_spite_of_a_failure_is_no_row():
    graph = Graph()
    calls = woven(graph, "read_calls", "P1", "failed")
    woven(graph, "associations", "cohort", "done", calls)
    assert blocked(graph.nodes) == []
