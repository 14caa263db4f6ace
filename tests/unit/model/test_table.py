"""Contracts: what conform() accepts, casts, sorts and refuses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.model.errors import ContractError
from storiform.model.table import PANDAS_DTYPES, TEXT, Column, Table

COLUMNS = {
    "gene": Column("string", "gene"),
    "reads": Column("int", "reads", "reads"),
    "depth": Column("nullable_int", "depth", "reads"),
    "vaf": Column("float", "share"),
    "is_called": Column("bool", "called?"),
    "is_known": Column("nullable_bool", "known?"),
}
CALLS = Table("calls", grain="biopsy", columns=COLUMNS, key=("gene",))
ROW = st.tuples(
    st.integers(-(2**40), 2**40),
    st.one_of(st.none(), st.integers(0, 2**40)),
    st.floats(allow_infinity=False),
    st.booleans(),
    st.one_of(st.none(), st.booleans()),
)
ROWS = st.dictionaries(st.text(max_size=6), ROW, max_size=12)


def framed(rows: dict[str, tuple[object, ...]]) -> pd.DataFrame:
    """Build a frame of Python objects, the least typed that a step could return."""
    table = [(gene, *values) for gene, values in rows.items()]
    return pd.DataFrame(table, columns=list(COLUMNS), dtype=object)


@given(ROWS)
def test_conforming_frame_has_the_types_of_its_contract(
    rows: dict[str, tuple[object, ...]],
) -> None:
    frame = CALLS.conform(framed(rows))
    assert list(frame.columns) == list(COLUMNS)
    for name, column in COLUMNS.items():
        assert frame[name].dtype == PANDAS_DTYPES[column.dtype], name
    assert isinstance(frame.index, pd.RangeIndex)
    assert sorted(frame["gene"]) == sorted(rows)
    for row in frame.itertuples():
        assert row.reads == rows[row.gene][0]


@given(ROWS)
def test_conform_changes_nothing_the_second_time(rows: dict[str, tuple[object, ...]]) -> None:
    once = CALLS.conform(framed(rows))
    pd.testing.assert_frame_equal(CALLS.conform(once), once)


@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_rows_and_columns_does_not_matter(
    rows: dict[str, tuple[object, ...]],
    random: "np.random.RandomState",
) -> None:
    frame = framed(rows)
    order, names = list(range(len(frame))), list(COLUMNS)
    random.shuffle(order)
    random.shuffle(names)
    mixed = frame.iloc[order][names]
    pd.testing.assert_frame_equal(CALLS.conform(mixed), CALLS.conform(frame))


@given(st.lists(ROWS, min_size=1, max_size=4))
def test_concatenation_of_units_conforms_whatever_is_empty(
    units: list[dict[str, tuple[object, ...]]],
) -> None:
    frames = []
    for number, rows in enumerate(units):
        frame = CALLS.conform(framed(rows))
        frame.insert(0, "patient", "P")
        frame.insert(1, "biopsy", f"B{number}")
        frames.append(frame.astype({"patient": TEXT, "biopsy": TEXT}))
    whole = CALLS.conform(pd.concat(frames, ignore_index=True), ("patient", "biopsy"))
    assert len(whole) == sum(map(len, units))
    for name, column in COLUMNS.items():
        assert whole[name].dtype == PANDAS_DTYPES[column.dtype], name
    keys = list(zip(whole["biopsy"], whole["gene"], strict=True))
    assert keys == sorted(keys)


def changed(**columns: object) -> pd.DataFrame:
    """Return two good rows with some columns changed."""
    good = {
        "gene": ["A", "B"], "reads": [1, 2], "depth": [1, None], "vaf": [0.1, None],
        "is_called": [True, False], "is_known": [None, True],
    }  # fmt: skip
    return pd.DataFrame(good | columns)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed().drop(columns="vaf"), r"missing columns \['vaf'\], unknown \[\]"),
        (changed(more=[1, 2]), r"missing columns \[\], unknown \['more'\]"),
        (changed(reads=[1.5, 2]), "column reads: 1.5 is no integer"),
        (changed(reads=[np.nan, 2]), "column reads: not int"),
        (changed(depth=[1.5, 2]), "column depth: 1.5 is no integer"),
        (changed(vaf=["much", 2]), "column vaf: not float"),
        (changed(reads=pd.Series([1.5, 2], dtype=object)), "column reads: 1.5 is no integer"),
        (changed(is_called=["no", "yes"]), "column is_called: 'no' is no flag"),
        (changed(is_known=[2, 1]), r"column is_known: .*2.* is no flag"),
        (changed(gene=["A", "A"]), "key {'gene': 'A'} occurs more than once"),
    ],
)
def test_frame_that_breaks_its_contract_is_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        CALLS.conform(frame)


@pytest.mark.parametrize("values", [[None, True], [np.nan, True], pd.array([None, True])])
def test_missing_flag_is_refused_where_none_may_be(values: object) -> None:
    with pytest.raises(ContractError, match="column is_called"):
        CALLS.conform(changed(is_called=values))


def test_column_that_occurs_twice_is_refused() -> None:
    frame = changed()
    with pytest.raises(ContractError, match="a column name occurs twice"):
        CALLS.conform(pd.concat([frame, frame[["vaf"]]], axis=1))


def test_table_without_key_has_one_row() -> None:
    one = Table("one", grain="biopsy", columns={"x": Column("float", "x")})
    assert len(one.conform(pd.DataFrame({"x": [1]}))) == 1
    with pytest.raises(ContractError, match="2 rows where one is expected"):
        one.conform(pd.DataFrame({"x": [1, 2]}))


def test_further_columns_are_sorted_and_cast() -> None:
    sets = Table("sets", "biopsy", {}, rest=Column("float", "score", feature=True))
    frame = sets.conform(pd.DataFrame({"b": [1], "a": [2]}))
    assert list(frame.columns) == ["a", "b"]
    assert frame["a"].dtype == np.float64
    assert sets.features(frame) == ["a", "b"]


@pytest.mark.parametrize("units", [(), ("patient", "biopsy")])
def test_empty_frame_conforms(units: tuple[str, ...]) -> None:
    empty = CALLS.empty(units)
    pd.testing.assert_frame_equal(CALLS.conform(empty, units), empty)
    assert list(empty.columns) == [*units, *COLUMNS]


@pytest.mark.parametrize(
    ("contigs", "starts"),
    [
        (["chr1", "chr1", "chr2"], [5, 3, 1]),
        (["chr2", "chr1", "chr1"], [1, 3, 5]),
        (["chr1", "chr2", "chr2"], [9, 2, 1]),
        (["chr1", None, "chr2"], [1, 2, 3]),
        (["chr1", "chr1", "chr2"], [3, 5, 1]),
    ],
)
def test_rows_are_sorted_by_the_key_whatever_their_order(contigs, starts):
    columns = {"contig": Column("string", "contig"), "start": Column("int", "start")}
    table = Table("places", "biopsy", columns, key=("contig", "start"))
    frame = pd.DataFrame({"contig": contigs, "start": starts})

    made = table.conform(frame)

    rows = list(zip(made["contig"].fillna("~"), made["start"], strict=True))
    assert rows == sorted(
        (contig or "~", start) for contig, start in zip(contigs, starts, strict=True)
    )


def test_a_key_that_occurs_twice_is_refused_in_sorted_rows_too():
    columns = {"contig": Column("string", "contig"), "start": Column("int", "start")}
    table = Table("places", "biopsy", columns, key=("contig", "start"))
    frame = pd.DataFrame({"contig": ["chr1", "chr1", "chr2"], "start": [1, 1, 1]})

    with pytest.raises(ContractError, match="more than once"):
        table.conform(frame)
