"""Changes of proteins: how their calls are named, and which of them count."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import pandas as pd

from storiform.model.shared_ends import shared_start
from storiform.model.tables.proteins import FLANK

_CODON = 3
_FUSION = "fusion"
"""Source of changes whose ids are no calls of bases."""
_RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
_STRANGE = str.maketrans("", "", _RESIDUES)

Frame = Literal["kept", "shifted", "ended"]


def variant_id(contig: str, start: int, end: int, ref: str, alt: str) -> str:
    """Name a call as the columns `variant_ids` do; 0-based, half-open.

    Examples
    --------
    >>> variant_id("chr17", 7673801, 7673802, "C", "T")
    'chr17-7673801-7673802-C-T'
    """
    return f"{contig}-{start}-{end}-{ref}-{alt}"


def eligible_ids(variants: pd.DataFrame) -> frozenset[str]:
    """Return the ids of the calls of the table `variants` that are eligible."""
    own = variants[variants["is_eligible"] & variants["ref"].notna() & variants["alt"].notna()]
    columns = [own[name].to_list() for name in ("contig", "start", "end", "ref", "alt")]
    return frozenset(variant_id(*call) for call in zip(*columns, strict=True))


def acting_changes(changes: pd.DataFrame, variants: pd.DataFrame) -> pd.DataFrame:
    """Return the changes whose calls are all eligible, calls that act together but once.

    Changes that a VCF carries stand there for calls together, for some of them and for each
    alone, since eligibility is not known when it is read. Where a transcript has a row for
    several calls of a copy, and all of them count, those with fewer of them are left out;
    calls on both copies stay without those that only one copy has. Rows of other sources are
    what each copy of a transcript has, and all of them stay.

    Parameters
    ----------
    changes
        Rows of `protein_changes` or `given_protein_changes`.
    variants
        The table `variants` of the same biopsy.

    Returns
    -------
    pandas.DataFrame
        Some of the rows of `changes`, in their order.
    """
    eligible = eligible_ids(variants)
    calls = [
        frozenset(calls_of(ids, beside))
        for ids, beside in zip(changes["variant_ids"], changes["beside_ids"], strict=True)
    ]
    owners = [
        str(transcript) if source == "CSQ" else ""
        for transcript, source in zip(changes["transcript"], changes["source"], strict=True)
    ]
    together: dict[str, _Together] = {}
    for ids, owner, phase in zip(calls, owners, changes["phase"], strict=True):
        if owner:
            together.setdefault(owner, _Together()).take(ids, str(phase))
    for own in together.values():
        own.settle(eligible)
    kept = [
        ids <= eligible and not (owner and together[owner].replace(ids))
        for ids, owner in zip(calls, owners, strict=True)
    ]
    return changes[pd.Series(kept, index=changes.index, dtype=bool)]


class _Together:
    """The calls of a VCF on one transcript, as far as they may act together."""

    def __init__(self) -> None:
        self._joint: set[frozenset[str]] = set()
        self._free: set[str] = set()
        self._double: frozenset[str] = frozenset()
        self._acting: tuple[frozenset[str], ...] = ()

    def take(self, ids: frozenset[str], phase: str) -> None:
        """Add the calls of one row, and how they are known to share a copy."""
        if len(ids) > 1:
            self._joint.add(ids)
        elif phase == "homozygous":  # it lies on both copies, of which one may have no other
            self._free |= ids

    def settle(self, eligible: frozenset[str]) -> None:
        """Take note of which calls count, once all rows are known."""
        # The rows of a copy are parts of one row: who is in two of the largest is on both.
        seen = Counter(call for ids in _largest(self._joint) for call in ids)
        self._double = frozenset(self._free.union(call for call in seen if seen[call] > 1))
        self._acting = tuple(ids for ids in self._joint if ids <= eligible)

    def replace(self, ids: frozenset[str]) -> bool:
        """Tell whether rows with more calls, all of them eligible, stand for that of some.

        Calls on both copies need a row for each copy; where a partner on one copy does not
        count, they act there without it.
        """
        more = [other for other in self._acting if ids < other]
        if not more:
            return False
        single = [other for other in more if not other <= self._double]
        if not ids <= self._double or len(single) < len(more):
            return True
        return ids.isdisjoint(self._free) and len(_largest(single)) > 1


def _largest(sets: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Return the sets that are part of no other."""
    found: list[frozenset[str]] = []
    for ids in sorted(sets, key=len, reverse=True):
        if not any(ids < other for other in found):
            found.append(ids)
    return found


def calls_of(*written: object) -> list[str]:
    """Return the calls that columns such as `variant_ids` name, each once.

    Examples
    --------
    >>> calls_of("a;b", ""), calls_of("a", "c;d e"), calls_of("a", None)
    (['a', 'b'], ['a', 'c', 'd', 'e'], ['a'])
    """
    named = (one for one in written if isinstance(one, str))
    parts = (part for one in named for part in one.replace(" ", ";").split(";"))
    return list(dict.fromkeys(part for part in parts if part))


class ChangedWindow(NamedTuple):
    """What is kept of a change: the columns of `protein_changes` that hold residues."""

    protein_position: int
    wild_type: str
    mutant: str
    changed_start: int
    changed_end: int


def changed_window(germline: str, mutant: str, frame: Frame) -> ChangedWindow | None:
    """Cut out what differs between two proteins, with `FLANK` residues about it.

    Parameters
    ----------
    germline, mutant
        Both proteins whole, without their stop.
    frame
        Behind the change the residues are those of the germline protein (`kept`), others
        (`shifted`), or there are none, since it ends with a stop (`ended`).

    Returns
    -------
    ChangedWindow or None
        None where the mutant protein has no residue and no junction that is new.

    Examples
    --------
    >>> changed_window("MAAKLV", "MAATLV", "kept")
    ChangedWindow(protein_position=4, wild_type='MAAKLV', mutant='MAATLV', changed_start=3, changed_end=4)
    """  # noqa: E501  the output of the example is one line
    first = shared_start(germline, mutant)
    if germline == mutant or (frame != "kept" and first == len(mutant)):
        return None
    begin = max(first - FLANK, 0)
    last, last_germline = len(mutant), len(germline)
    if frame == "kept":
        same = shared_start(germline[first:][::-1], mutant[first:][::-1])
        last, last_germline = last - same, last_germline - same
    elif frame == "ended":
        last_germline = min(last, last_germline)
    behind = FLANK if frame != "shifted" else len(germline)
    return ChangedWindow(
        first + 1,
        germline[begin : last_germline + behind],
        mutant[begin : last + FLANK],
        first - begin,
        last - begin,
    )


class Counterparts:
    """The germline residues in place of the peptides of one change.

    Parameters
    ----------
    change
        A row of `protein_changes`.
    """

    def __init__(self, change: Mapping[str, Any]) -> None:
        self._germline: str = change["wild_type"] if change["is_in_frame"] else ""
        self._shifts: tuple[int, ...] = ()
        if self._germline:
            lead = _lead(change)
            self._shifts = tuple(dict.fromkeys((lead, lead - _gain(change))))

    def of(
        self, start: int, peptide: str, least_agreement: float
    ) -> tuple[str, list[int]] | None:
        """Return the residues in place of a peptide, and where both differ, from 1.

        There are none where the frame is not kept. Where residues were lost or gained, the
        germline protein is laid against the peptide from before the change and from behind
        it, and the one that agrees more is taken. Other calls of the copy are differences.

        Parameters
        ----------
        start
            Where in `mutant` the peptide begins, 0-based.
        peptide
            Its residues.
        least_agreement
            Share of residues that both must have in common.
        """
        length = len(peptide)
        best: tuple[str, list[int]] | None = None
        for begin in (start + shift for shift in self._shifts):
            other = self._germline[max(begin, 0) : begin + length]
            if len(other) < length or begin < 0 or other.translate(_STRANGE):
                continue
            unlike = [n + 1 for n in range(length) if peptide[n] != other[n]]
            if best is None or len(unlike) < len(best[1]):
                best = other, unlike
        if best is None or length - len(best[1]) < least_agreement * length:
            return None
        return best


def without_change(change: Mapping[str, Any]) -> str:
    """Return the window of a change in frame as its copy has it without the change.

    It holds the other somatic calls of the copy. Empty where the frame is not kept: the
    residues behind it have then no counterpart.

    Parameters
    ----------
    change
        A row of `protein_changes` that has a window.
    """
    if not change["is_in_frame"] or change["source"] == _FUSION:
        return ""
    start, end = int(change["changed_start"]), int(change["changed_end"])
    first = start + _lead(change)
    lost = change["wild_type"][first : first + end - start - _gain(change)]
    return f"{change['mutant'][:start]}{lost}{change['mutant'][end:]}"


def _lead(change: Mapping[str, Any]) -> int:
    """Return how many residues more the germline protein has before a change.

    Both windows begin `FLANK` residues before it. Near the start of the protein they begin
    there, and another call of the copy may have made that way longer or shorter.
    """
    if change["source"] == _FUSION or pd.isna(change["protein_position"]):
        return 0
    return min(int(change["protein_position"]) - 1, FLANK) - int(change["changed_start"])


def _gain(change: Mapping[str, Any]) -> int:
    """Return how many residues a change in frame has gained, by its calls alone.

    Other calls of the copy, and the end of the protein, may make the windows longer or
    shorter.
    """
    if change["source"] != _FUSION:
        alleles = [name.split("-")[-2:] for name in calls_of(change["variant_ids"])]
        gain = sum(len(alt) - len(ref) for ref, alt in alleles)
        if not gain % _CODON:
            return gain // _CODON
    return len(change["mutant"]) - len(change["wild_type"])
