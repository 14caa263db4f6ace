"""Which calls are one variant, and which peptide speaks for each variant."""

from collections.abc import Iterable

import pandas as pd


def joined_calls(variant_ids: Iterable[str]) -> dict[str, str]:
    """Name the variant of each `variant_ids`: those that share a call are one.

    Examples
    --------
    >>> joined_calls(["b;c", "a", "b"])
    {'b;c': 'b', 'a': 'a', 'b': 'b'}
    """
    parent: dict[str, str] = {}

    def root(call: str) -> str:
        while parent.setdefault(call, call) != call:
            parent[call] = parent[parent[call]]
            call = parent[call]
        return call

    ids = list(dict.fromkeys(variant_ids))
    for written in ids:
        first, *others = written.split(";")
        for other in others:
            one, two = sorted((root(first), root(other)))
            parent[two] = one
    return {written: root(written.partition(";")[0]) for written in ids}


def best_binders(neoantigens: pd.DataFrame) -> pd.DataFrame:
    """Return the best binder by rank of each variant, in the order of the ranked list.

    A peptide that needs several variants may be the best of each of them; it stands once.

    Parameters
    ----------
    neoantigens
        Rows of the table `neoantigens` of one biopsy.

    Returns
    -------
    pandas.DataFrame
        Some of these rows, and `variants`: of how many variants it is the best. Their sum is
        the neoantigen burden.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {
    ...         "priority": [1, 2, 3],
    ...         "is_binder": True,
    ...         "variant_ids": ["a", "a", "b"],
    ...         "partner_ids": ["c", "", ""],
    ...     }
    ... )
    >>> best_binders(rows)[["variant_ids", "variants"]].to_numpy().tolist()
    [['a', 2], ['b', 1]]
    """
    ranked = neoantigens.sort_values("priority", kind="stable").reset_index(drop=True)
    needed = [_needed(*ids) for ids in zip(*_ids(ranked), strict=True)]
    groups = joined_calls(change for changes in needed for change in changes)
    best: dict[str, int] = {}
    for place in ranked.index[ranked["is_binder"].astype(bool)]:
        for change in needed[place]:
            best.setdefault(groups[change], place)
    spoken = pd.Series(list(best.values()), dtype="int64").value_counts().sort_index()
    return ranked.loc[spoken.index].assign(variants=spoken).reset_index(drop=True)


def _ids(ranked: pd.DataFrame) -> tuple[list[str], list[str]]:
    own, partners = (ranked[name].fillna("") for name in ("variant_ids", "partner_ids"))
    return own.astype(str).tolist(), partners.astype(str).tolist()


def _needed(own: str, partners: str) -> list[str]:
    """Return the changes that a peptide needs: its own, and those on the same copy."""
    return list(dict.fromkeys([own, *partners.split()]))
