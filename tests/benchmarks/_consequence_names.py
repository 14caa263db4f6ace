"""HGVS names of changes, applied letter by letter to bases and residues.

A name is right where the reference, changed as it says, is the mutant, and where it stands as
far to the 3' end as it can.
"""

import re

from _consequence_truth import Truth, to_stop

THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
    "Sec": "U", "Xaa": "X",
}  # fmt: skip
_RESIDUE = "(" + "|".join(THREE) + ")"
_FLIP = str.maketrans("ACGTN", "TGCAN")
_PLACE = r"([-*]?\d+)"
_NAMES = {
    "one": re.compile(rf"{_PLACE}([ACGT])>([ACGT])"),
    "del": re.compile(rf"{_PLACE}(?:_{_PLACE})?del"),
    "dup": re.compile(rf"{_PLACE}(?:_{_PLACE})?dup"),
    "ins": re.compile(rf"{_PLACE}_{_PLACE}ins([ACGT]+)"),
    "inv": re.compile(rf"{_PLACE}_{_PLACE}inv"),
    "delins": re.compile(rf"{_PLACE}(?:_{_PLACE})?delins([ACGT]+)"),
}


def misnamed(name: str, truth: Truth) -> str:
    """Say how a change of bases in HGVS (``c.4G>A``) differs from the truth; empty if not.

    Names with places in introns are not judged.
    """
    if re.search(r"\d[+-]\d", name):
        return ""
    for form, pattern in _NAMES.items():
        match = pattern.fullmatch(name[2:])
        if match:
            return _applied(form, match.groups(), truth)
    return f"not understood: {name}"


def _applied(form: str, parts: tuple[str, ...], truth: Truth) -> str:
    """Put a named change into the RNA, and compare."""
    rna, changed = truth.bases
    first = _number(parts[0], truth.numbers)
    last = first if form == "one" or parts[1] is None else _number(parts[1], truth.numbers)
    word = rna[first : last + 1]
    made = {
        "one": lambda: rna[:first] + parts[2] + rna[first + 1 :],
        "del": lambda: rna[:first] + rna[last + 1 :],
        "dup": lambda: rna[: last + 1] + word + rna[last + 1 :],
        "ins": lambda: rna[: first + 1] + parts[2] + rna[last:],
        "inv": lambda: rna[:first] + word.translate(_FLIP)[::-1] + rna[last + 1 :],
        "delins": lambda: rna[:first] + parts[2] + rna[last + 1 :],
    }[form]()
    if made != changed:
        return "another change"
    if form == "one" and word != parts[1]:
        return f"base is {word}"
    if form == "ins":
        new = parts[2]
        before = rna[truth.exon[0] : first + 1]
        # Behind the last base of the RNA an insertion has no name.
        is_early = last < min(truth.exon[1], len(rna) - 1) and rna[last] == new[0]
        return "a duplication" if before.endswith(new) else "early" * is_early
    is_early = last + 1 < truth.exon[1] and form in {"del", "dup"} and word[0] == rna[last + 1]
    return "not the last of equal places" if is_early else ""


def _number(text: str, numbers: tuple[int, int]) -> int:
    """Return the place in the RNA that a number of HGVS names."""
    begin, end = numbers
    if text.startswith("*"):
        return end + int(text[1:]) - 1
    return begin + int(text) - (0 if text.startswith("-") else 1)


def _one(text: str) -> str:
    return "".join(THREE[text[k : k + 3]] for k in range(0, len(text), 3))


_FORMS = {
    "same": re.compile(rf"{_RESIDUE}(?:\d+)(?:_{_RESIDUE}\d+)?="),
    "start": re.compile(r"Met1\?"),
    "shift": re.compile(rf"{_RESIDUE}(\d+){_RESIDUE}fsTer(\d+|\?)"),
    "cut": re.compile(rf"{_RESIDUE}(\d+)(?:fs|ext)Ter\?"),
    "extended": re.compile(rf"Ter(\d+){_RESIDUE}extTer(\d+|\?)"),
    "one": re.compile(rf"{_RESIDUE}(\d+){_RESIDUE}"),
    "lost": re.compile(rf"{_RESIDUE}(\d+)(?:_{_RESIDUE}(\d+))?del"),
    "double": re.compile(rf"{_RESIDUE}(\d+)(?:_{_RESIDUE}(\d+))?dup"),
    "put": re.compile(rf"{_RESIDUE}(\d+)_{_RESIDUE}(\d+)ins((?:{_RESIDUE})+)"),
    "beyond": re.compile(rf"{_RESIDUE}(\d+)_Ter(\d+)delins((?:{_RESIDUE})+)extTer(\d+|\?)"),
    "ended": re.compile(rf"{_RESIDUE}(\d+)_Ter(\d+)delextTer\?"),
    "both": re.compile(rf"{_RESIDUE}(\d+)(?:_{_RESIDUE}(\d+))?delins((?:{_RESIDUE})+)"),
}


def disagreement(change: str, truth: Truth) -> str:
    """Say how a protein change in HGVS, without ``p.``, differs from the truth; else empty."""
    for form, pattern in _FORMS.items():
        match = pattern.fullmatch(change)
        if match:
            return _DISAGREE[form](match, truth)
    return f"not understood: {change}"


def _same(_match, truth: Truth) -> str:
    return "" if truth.reference == truth.mutant else "the protein changes"


def _start(_match, truth: Truth) -> str:
    return "" if truth.place == "start_lost" else "the start is kept"


def _shift(match, truth: Truth) -> str:
    at, one, two = _difference(truth)
    tail = two[at:].find("*") + 1
    expected = f"{at + 1} {two[at : at + 1]} {tail or '?'}"
    is_right = one[at : at + 1] == THREE[match[1]]
    found = f"{match[2]} {THREE[match[3]]} {match[4]}"
    return "" if is_right and found == expected else f"expected {expected}"


def _cut(match, truth: Truth) -> str:
    """Accept a shifted frame of which no residue is known, since the bases end there."""
    at, one, two = _difference(truth)
    is_right = at == len(two) and match[2] == str(at + 1) and one[at] == THREE[match[1]]
    return "" if is_right else f"expected {at + 1} {two[at : at + 1]}"


def _extended(match, truth: Truth) -> str:
    at, one, two = _difference(truth)
    tail = two[at:].find("*")
    expected = f"{len(one)} {two[at : at + 1]} {tail if tail >= 0 else '?'}"
    found = f"{match[1]} {THREE[match[2]]} {match[3]}"
    return "" if at == len(one) - 1 and found == expected else f"expected {expected}"


def _replaced(truth: Truth, ends: tuple[str, str, str, str], new: str, *, after: int) -> str:
    """Compare the reference, with some of its residues replaced, with the mutant."""
    one, two = truth.reference, truth.mutant
    first, last = int(ends[1]), int(ends[3] or ends[1])
    if one[first - 1 : first] != THREE[ends[0]]:
        return f"residue {first} is no {ends[0]}"
    if ends[2] and one[last - 1 : last] != THREE[ends[2]]:
        return f"residue {last} is no {ends[2]}"
    made = one[: first - 1 + after] + new + one[last if not after else first - 1 + after :]
    made = to_stop(made)
    is_prefix = "*" not in two and made.startswith(two)
    return "" if made == two or is_prefix else f"expected {two[max(0, first - 3) : last + 9]}"


def _single(match, truth: Truth) -> str:
    return _replaced(truth, (match[1], match[2], "", ""), THREE[match[3]], after=0)


def _lost(match, truth: Truth) -> str:
    wrong = _replaced(truth, (match[1], match[2], match[3] or "", match[4] or ""), "", after=0)
    first, last = int(match[2]), int(match[4] or match[2])
    one = truth.reference
    if not wrong and last < len(one) and one[first - 1] == one[last]:
        return "not the last of equal places"
    return wrong


def _double(match, truth: Truth) -> str:
    first, last = int(match[2]), int(match[4] or match[2])
    one = truth.reference
    new = one[first - 1 : last]
    wrong = _replaced(truth, (match[1], match[2], match[3] or "", match[4] or ""), new, after=0)
    wrong = "" if to_stop(one[:last] + new + one[last:]) == truth.mutant else wrong or "other"
    if not wrong and last < len(one) and one[last] == new[0]:
        return "not the last of equal places"
    return wrong


def _put(match, truth: Truth) -> str:
    if int(match[4]) != int(match[2]) + 1:
        return "between residues that are no neighbours"
    new = _one(match[5])
    wrong = _replaced(truth, (match[1], match[2], "", ""), new, after=1)
    one, at = truth.reference, int(match[2])
    if not wrong and one[at : at + 1] != THREE[match[3]]:
        return f"residue {at + 1} is no {match[3]}"
    if not wrong and one[:at].endswith(new):
        return "a duplication"
    is_early = "*" not in new and one[at : at + 1] == new[0]
    return wrong or "not the last of equal places" * is_early


def _both(match, truth: Truth) -> str:
    ends = (match[1], match[2], match[3] or "", match[4] or "")
    return _replaced(truth, ends, _one(match[5]), after=0)


def _beyond(match, truth: Truth) -> str:
    """Compare a change that takes the stop out: what comes in for it, and where the next is."""
    one, two = truth.reference, truth.mutant
    first, last, new = int(match[2]), int(match[3]), _one(match[4])
    if one[first - 1 : first] != THREE[match[1]] or last != len(one):
        return f"{match[1]}{first} or Ter{last} is not there"
    behind = first - 1 + len(new)
    tail = two[behind:].find("*") + 1
    is_right = two.startswith(one[: first - 1] + new) and match[6] == str(tail or "?")
    return "" if is_right else f"expected {two[max(0, first - 3) : last + 9]}"


def _ended(match, truth: Truth) -> str:
    """Compare residues and a stop that are lost with the end of the bases."""
    one, first = truth.reference, int(match[2])
    is_there = one[first - 1] == THREE[match[1]] and int(match[3]) == len(one)
    is_right = is_there and truth.mutant == one[: first - 1]
    return "" if is_right else f"expected {truth.mutant[max(0, first - 3) :]}"


_DISAGREE = {
    "same": _same, "start": _start, "shift": _shift, "cut": _cut, "extended": _extended,
    "one": _single, "lost": _lost, "double": _double, "put": _put, "both": _both,
    "beyond": _beyond, "ended": _ended,
}  # fmt: skip


def _difference(truth: Truth) -> tuple[int, str, str]:
    one, two = truth.reference, truth.mutant
    at = 0
    while at < min(len(one), len(two)) and one[at] == two[at]:
        at += 1
    return at, one, two
