"""Steps sort themselves by their tables."""

from typing import Annotated

import pandas as pd
import pytest

from storiform.engine.graph import Feed, Graph, Node, gathered, gatherers, in_order, product_key
from storiform.model.errors import ConfigError
from storiform.model.step import Step
from storiform.model.table import Column, Gather, Picture, Table


def contract(name: str, grain: str = "biopsy", *, feature: bool = False) -> Table:
    """Return a contract with one column."""
    return Table(name, grain, {"x": Column("float", "x", feature=feature)})  # type: ignore[arg-type]


A = Annotated[pd.DataFrame, contract("a", feature=True)]
B = Annotated[pd.DataFrame, contract("b", feature=True)]
C = Annotated[pd.DataFrame, contract("c", "cohort", feature=True)]
D = Annotated[pd.DataFrame, contract("d", feature=True)]
Every = Annotated[pd.DataFrame, Gather()]


def first(a: A) -> B:
    """Pass on."""
    return a


def late(every: Every) -> C:
    """Read all features."""
    return every


def after(c: C, b: B) -> D:
    """Come back down from the cohort."""
    return c if len(c) else b


def back(b: B) -> A:
    """Close a circle."""
    return b


def test_order_follows_from_tables_not_from_the_list() -> None:
    steps = [Step.of(function) for function in (after, late, first)]
    assert [step.name for step in in_order(steps)] == ["first", "late", "after"]
    assert [step.name for step in in_order(steps[::-1])] == ["first", "late", "after"]


def test_what_follows_from_a_gather_is_not_gathered() -> None:
    steps = [Step.of(function) for function in (after, late, first)]
    assert gatherers(steps) == {"late", "after"}
    tables = [contract(n, feature=True) for n in "abd"] + [contract("plain")]
    assert [table.name for table in gathered(steps, tables)] == ["a", "b"]


def test_circle_is_named() -> None:
    with pytest.raises(ConfigError, match=r"in a circle: .*first"):
        in_order([Step.of(first), Step.of(back)])


def test_figure_and_table_of_one_name_are_told_apart() -> None:
    assert product_key(contract("survival")) != product_key(Picture("survival", "Curves."))


def test_fingerprint_chains_through_the_graph() -> None:
    def woven(version: int) -> str:
        graph = Graph()
        top = Node("a", "u", "biopsy", "source", recipe={"versions": {"a": version}})
        graph.add(top, ["a"])
        node = Node("b", "u", "biopsy", "step")
        node.reads = {"a": (graph_feed(graph),)}
        graph.add(node, ["b"])
        assert top.needed_by == [node]
        return node.fingerprint

    assert woven(1) == woven(1)
    assert woven(1) != woven(2)


def graph_feed(graph: Graph) -> Feed:
    """Return the feed of the first table."""
    return Feed("a", graph.producers["a", "u"])
