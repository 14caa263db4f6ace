"""A step is read off the annotations of a plain function."""

from typing import Annotated, Any, NamedTuple

import pandas as pd
import pytest

from storiform.model.errors import ContractError
from storiform.model.params import Params
from storiform.model.step import Cost, Step, costs, needs_one_of
from storiform.model.table import Column, Gather, Picture, Resource, Table

ONE = {"x": Column("float", "x")}
A = Annotated[pd.DataFrame, Table("a", grain="biopsy", columns=ONE)]
B = Annotated[pd.DataFrame, Table("b", grain="biopsy", columns=ONE)]
C = Annotated[pd.DataFrame, Table("c", grain="cohort", columns=ONE)]
Drawing = Annotated[Any, Picture("drawing", "A drawing.")]
Everything = Annotated[pd.DataFrame, Gather()]
Names = Annotated[dict[str, str], Resource("names")]


class ToyParams(Params):
    """Nothing to set."""


class Both(NamedTuple):
    """Two tables of one grain."""

    second: B
    first: A


class Mixed(NamedTuple):
    """Two tables of two grains."""

    a: A
    c: C


def whole(a: A, b: B | None, every: Everything, names: Names, params: ToyParams) -> C:
    """Make a table of everything.

    More words.
    """
    return pd.concat([a, b, every, pd.DataFrame([names]), pd.DataFrame([params])])


def test_step_is_read_off_its_annotations() -> None:
    step = Step.of(whole)
    assert step.name == "whole"
    assert [(a.name, a.kind, a.optional) for a in step.arguments] == [
        ("a", "table", False), ("b", "table", True), ("every", "gather", False),
        ("names", "resource", False), ("params", "params", False),
    ]  # fmt: skip
    assert (step.grain, step.cost) == ("cohort", Cost(1, 2.0))
    assert step.summary == "Make a table of everything."
    assert step.section == "test_step"


def test_products_come_in_the_order_of_the_tuple() -> None:
    def pair(a: A) -> Both:
        return Both(a, a)

    step = Step.of(pair)
    assert [product.name for product in step.products] == ["b", "a"]
    assert step.unpack(Both(1, 2)) == (1, 2)  # type: ignore[arg-type]


def test_figure_and_cost_are_read() -> None:
    @costs(cores=2, memory_gb=8)
    def drawing(c: C) -> Drawing:
        return c

    step = Step.of(drawing)
    assert step.products == (Picture("drawing", "A drawing."),)
    assert step.cost == Cost(2, 8)


def unannotated(a, b: B) -> C:
    return a or b


def returns_nothing(a: A) -> pd.DataFrame:
    return a


def silent(a: A):
    return a


def plain(a: int) -> C:
    return pd.DataFrame({"x": [a]})


def mixed(a: A) -> Mixed:
    return Mixed(a, a)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (unannotated, r"step unannotated: arguments without annotation: \['a'\]"),
        (returns_nothing, "step returns_nothing: its return value carries no contract"),
        (silent, "step silent: its return value carries no contract"),
        (plain, "step plain: argument a carries no contract"),
        (mixed, r"step mixed: products of several grains: \['biopsy', 'cohort'\]"),
    ],
)
def test_function_without_contracts_is_refused(function: Any, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        Step.of(function)


def test_tables_of_which_one_must_be_there_are_optional_tables() -> None:
    @needs_one_of("b")
    def some(a: A, b: B | None) -> C:
        return a if b is None else b

    assert Step.of(some).one_of == ("b",)
    assert Step.of(whole).one_of == ()

    @needs_one_of("a", "b", "beta")
    def wrong(a: A, b: B | None) -> C:
        return a if b is None else b

    with pytest.raises(ContractError, match=r"needs_one_of names \['a', 'beta'\], no optional"):
        Step.of(wrong)
