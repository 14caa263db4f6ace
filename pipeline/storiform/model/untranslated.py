"""Calls that may change a protein and of which no mutant protein is known."""

from collections import Counter
from typing import NamedTuple

import pandas as pd

from storiform.model.protein_changes import acting_changes, variant_id

UNKNOWN = frozenset(
    {"no_protein_sequence", "not_parsed", "reference_mismatch", "unknown_residues"}
)
"""Of `no_peptides`: what the change does to the protein is not known."""
NO_TRANSCRIPT, NO_CONSEQUENCE = "no_transcript", "no_consequence"
"""Reasons of calls that no change of a protein names, and of those without consequence."""
_FRUITLESS = ("splice", "nonsense", "start_lost")
"""Mutation classes of which no peptide is expected, whether a protein is known or not."""
_NO_CALLS = ("<*>", "<NON_REF>")
"""What stands for all other alleles, and is none."""


class Untranslated(NamedTuple):
    """Of `sought` calls that may give peptides, the number of each reason why some cannot.

    `changing` is the number that change a protein for sure, `changing_unknown` that of those
    of them whose protein is not known.
    """

    reasons: dict[str, int]
    sought: int
    changing: int
    changing_unknown: int

    @property
    def unknown(self) -> int:
        """The number of calls of which no protein is known."""
        return sum(self.reasons.values())

    @property
    def told(self) -> str:
        """The reasons with their numbers."""
        return ", ".join(f"{reason} {count}" for reason, count in self.reasons.items())


def untranslated_calls(changes: pd.DataFrame, variants: pd.DataFrame) -> Untranslated:
    """Tell of how many calls the mutant protein is not known, and why.

    Sought are eligible calls that change a protein, those apart that give no peptide anyway
    (splice sites, gained stops, lost starts), and calls of which nobody can tell whether they
    do: eligible ones without a consequence, and those that are set aside (symbolic alleles,
    breakends, alleles that are no bases) and fail no other filter. Calls beside genes, which
    bcftools csq leaves without a consequence, are none of these.

    Parameters
    ----------
    changes
        Rows of `protein_changes`.
    variants
        The table `variants` of the same biopsy.

    Returns
    -------
    Untranslated
        Reasons are those of `no_peptides` and `set_aside`, `no_consequence` and
        `no_transcript`, which no change of a protein names.
    """
    changing, doubtful = _sought(variants)
    acting = acting_changes(changes, variants)
    known: set[str] = set()
    why: dict[str, str] = {}
    for ids, reason in zip(
        acting["variant_ids"], acting["no_peptides"].fillna(""), strict=True
    ):
        calls = str(ids).split(";")
        if reason in UNKNOWN:
            why |= {call: str(reason) for call in calls if call not in why}
        else:
            known.update(calls)
    lost = changing - known
    reasons = [why.get(call, NO_TRANSCRIPT) for call in lost]
    reasons += [why.get(call, word) for call, word in doubtful.items() if call not in known]
    counts = dict(sorted(Counter(reasons).items()))
    return Untranslated(counts, len(changing | set(doubtful)), len(changing), len(lost))


def _sought(variants: pd.DataFrame) -> tuple[set[str], dict[str, str]]:
    """Return the calls that change a protein, and why those are doubtful that may do so."""
    names = ["contig", "start", "end", "ref", "alt"]
    columns = (variants[name].to_list() for name in names)
    ids = pd.Series([variant_id(*call) for call in zip(*columns, strict=True)], dtype=object)
    ids.index = variants.index
    is_fruitless = variants["mutation_class"].fillna("").isin(_FRUITLESS)
    is_changing = variants["is_nonsynonymous"].astype(bool) & ~is_fruitless
    is_eligible = variants["is_eligible"].astype(bool)
    aside = variants["set_aside"].fillna("")
    is_aside = variants["failed_filters"].fillna("").eq("set_aside")
    is_aside &= ~variants["alt"].isin(_NO_CALLS)
    is_silent = variants["annotation"].eq("none").fillna(value=False).astype(bool)
    says_nothing_beside_genes = bool(variants["annotation"].eq("BCSQ").any())
    is_mute = is_silent & (is_aside | (not says_nothing_beside_genes))
    doubtful = (is_aside & (is_changing | is_mute)) | (is_eligible & is_mute)
    words = aside.where(aside != "", NO_CONSEQUENCE)[doubtful]
    found = dict(zip(ids[doubtful], words, strict=True))
    return set(ids[is_eligible & is_changing & ~doubtful]), found
