"""How a value is written for a reader: three significant digits, missing as an en dash."""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import pandas as pd

MISSING = "\N{EN DASH}"
_MINUS, _TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_FROM, _PLAIN_BELOW = 1e-3, 1e15


def text_of(value: object, column: str = "") -> str:
    """Write a value of a table's column.

    Parameters
    ----------
    value
        Anything that a frame holds; NaN, None and NA are missing.
    column
        Name of the column; `p` and `q` are written as probabilities.

    Examples
    --------
    >>> text_of(0.000012, "p"), text_of(12.3456), text_of(True)
    ('< 0.001', '12.3', 'yes')
    """
    if is_missing(value):
        return MISSING
    if isinstance(value, bool) or type(value).__name__ == "bool":  # also numpy's
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        number = float(value)
        return probability(number) if column in {"p", "q"} else significant(number)
    return str(value)


def is_missing(value: object) -> bool:
    """Tell whether a value of a frame is missing."""
    return value is None or value is pd.NA or (isinstance(value, Real) and value != value)  # noqa: PLR0124  only NaN differs from itself


def significant(number: float) -> str:
    """Write a number with three significant digits, never dropping whole digits.

    Examples
    --------
    >>> significant(0.5), significant(1234.5), significant(0)
    ('0.500', '1,234', '0')
    """
    if math.isnan(number):
        return MISSING
    if math.isinf(number):
        return "∞" if number > 0 else f"{_MINUS}∞"
    size = abs(number)
    if size == 0:
        return "0"
    if _PLAIN_FROM <= size < _PLAIN_BELOW:
        exponent = int(f"{size:.2e}".split("e")[1])  # of the rounded number
        text = f"{size:,.{max(0, 2 - exponent)}f}"
    else:
        mantissa, power = f"{size:.2e}".split("e")
        text = f"{mantissa} {_TIMES} 10{str(int(power)).translate(_SUPERSCRIPT)}"
    return text if number > 0 else f"{_MINUS}{text}"


def amount(number: float) -> str:
    """Write a number that may be a count: a whole one whole, else three significant digits.

    Examples
    --------
    >>> amount(10.0), amount(10.5), amount(0.25)
    ('10', '10.5', '0.250')
    """
    is_whole = math.isfinite(number) and number == round(number)
    return significant(number).split(".")[0] if is_whole else significant(number)


def probability(number: float) -> str:
    """Write a p or q value.

    Examples
    --------
    >>> probability(0.0123), probability(0.0009), probability(1.0)
    ('0.0123', '< 0.001', '1.00')
    """
    if math.isnan(number):
        return MISSING
    return "< 0.001" if number < _PLAIN_FROM else significant(number)


def equation(name: str, number: float) -> str:
    """Write ``p = 0.0123``, ``p < 0.001``, or a dash."""
    written = probability(number)
    if written == MISSING:
        return f"{name} {written}"
    return f"{name} {written}" if written.startswith("<") else f"{name} = {written}"


def interval(lower: float, upper: float) -> str:
    """Write a 95 % interval in brackets; empty where neither bound is known."""
    if math.isnan(lower) and math.isnan(upper):
        return ""
    low = "unknown" if math.isnan(lower) else significant(lower)
    high = "not reached" if math.isnan(upper) else significant(upper)
    return f"95 % CI {low} to {high}"


def listed(parts: Sequence[str]) -> str:
    """Join the parts of a list in a sentence.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def moment(iso: str) -> str:
    """Write a time in UTC as a page shows it.

    Examples
    --------
    >>> moment("2026-11-27T05:30:00+00:00")
    '2026-11-27 05:30:00 UTC'
    """
    return iso.replace("T", " ").replace("+00:00", " UTC")
