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


def changes_needed(peptides: pd.DataFrame) -> dict[str, None]:
    """Return the changes that peptides need, each once: their own, those on the same copy.

    Parameters
    ----------
    peptides
        Rows with `variant_ids` and `partner_ids`.

    Examples
    --------
    >>> rows = pd.DataFrame({"variant_ids": ["a", "b;c"], "partner_ids": ["b;c d", None]})
    >>> list(changes_needed(rows))
    ['a', 'b;c', 'd']
    """
    own = peptides["variant_ids"].unique().tolist()
    partners = peptides["partner_ids"].dropna().unique().tolist()
    return dict.fromkeys([*own, *(ids for partner in partners for ids in partner.split())])


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
    groups = joined_calls([*changes_needed(peptides), *changes_needed(ranked)])
    best: dict[str, int] = {}
    bound = ranked[ranked["is_binder"].astype(bool) & ranked["mhc_class"].eq("I")]
    beside = bound["partner_ids"].fillna("")
    for place, own, partners in zip(bound.index, bound["variant_ids"], beside, strict=True):
        for change in (own, *partners.split()):
            best.setdefault(groups[change], place)
    spoken = pd.Series(list(best.values()), dtype="int64").value_counts().sort_index()
    return ranked.loc[spoken.index].assign(variants=spoken).reset_index(drop=True)
