"""What two alleles or proteins have in common at their ends."""


def shared_start(one: str, other: str) -> int:
    """Return with how many letters two texts both begin.

    For their ends turn both round.

    Examples
    --------
    >>> shared_start("MAETW", "MAEK"), shared_start("ACT"[::-1], "GGT"[::-1])
    (3, 1)
    """
    low, high = 0, min(len(one), len(other)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
