"""What the report tells of units that went wrong, grouped so that it can be read."""

from storiform.engine.graph import LeftOut
from storiform.engine.reporting import left_out_of, warnings_of


def test_warnings_that_differ_in_numbers_alone_are_one_row() -> None:
    told = [("tpm", f"P{n}", f"{n} of 100 genes have no length") for n in range(1, 8)]
    told.append(("tpm", "P1", "another doubt"))
    rows = warnings_of(told)
    assert [(row.unit, row.message) for row in rows] == [
        (
            "P1, P2, P3, P4, P5 and 2 more",
            "1 of 100 genes have no length (and 6 more with other numbers)",
        ),
        ("P1", "another doubt"),
    ]


def test_steps_left_out_of_the_same_units_for_one_reason_are_one_row() -> None:
    gone = [LeftOut(step, unit, "no tpm") for step in ("mcp", "ssgsea") for unit in "AB"]
    gone.append(LeftOut("tmb", "A", "no variants"))
    rows = left_out_of(gone)
    assert [(row.step, row.unit, row.message) for row in rows] == [
        ("mcp, ssgsea", "A, B", "no tpm"),
        ("tmb", "A", "no variants"),
    ]
