"""Numbers with their nouns."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun.

    Examples
    --------
    >>> counted(1, "biopsy", "biopsies"), counted(1200, "row")
    ('1 biopsy', '1,200 rows')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
