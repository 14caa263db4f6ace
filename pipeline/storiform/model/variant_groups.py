"""Which calls are one variant, and which peptide speaks for each variant."""

from collections.abc import Iterable
from itertools import chain

import pandas as pd

_IDS = ("variant_ids", "partner_ids")


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


def best_binders(neoantigens: pd.DataFrame, peptides: pd.DataFrame) -> pd.DataFrame:
    """Return the best binder of class I by rank of each variant, in the order of the list.

    A peptide that needs several variants may be the best of each of them; it stands once.

    Parameters
    ----------
    neoantigens
        Rows of the table `neoantigens` of one biopsy.
    peptides
        The table `peptides` of the biopsy, with those that bind nothing: one of them may need
        the calls of two others, which are then one variant.

    Returns
    -------
    pandas.DataFrame
        Some of these rows, and `variants`: of how many variants it is the best. Where the
        neoantigen burden is known their sum is that burden.

    Examples
    --------
    >>> rows = pd.DataFrame(
    ...     {
    ...         "priority": [1, 2, 3],
    ...         "is_binder": True,
    ...         "mhc_class": "I",
    ...         "variant_ids": ["a", "a", "b"],
    ...         "partner_ids": ["c", "", ""],
    ...     }
    ... )
    >>> best_binders(rows, rows)[["variant_ids", "variants"]].to_numpy().tolist()
    [['a', 2], ['b', 1]]
    """
    ranked = neoantigens.sort_values("priority", kind="stable").reset_index(drop=True)
    needed = [_needed(*ids) for ids in _ids(ranked)]
    further = (_needed(*ids) for ids in _ids(peptides))
    groups = joined_calls(chain.from_iterable(chain(further, needed)))
    best: dict[str, int] = {}
    for place in ranked.index[ranked["is_binder"].astype(bool) & ranked["mhc_class"].eq("I")]:
        for change in needed[place]:
            best.setdefault(groups[change], place)
    spoken = pd.Series(list(best.values()), dtype="int64").value_counts().sort_index()
    return ranked.loc[spoken.index].assign(variants=spoken).reset_index(drop=True)


def _ids(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the calls and the partners of each peptide."""
    own, partners = (rows[name].fillna("").astype(str) for name in _IDS)
    return list(zip(own, partners, strict=True))


def _needed(own: str, partners: str) -> list[str]:
    """Return the changes that a peptide needs: its own, and those on the same copy."""
    return list(dict.fromkeys([own, *partners.split()]))
