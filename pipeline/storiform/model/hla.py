"""Names of HLA alleles: what people and programs write -> two fields, or why not."""

import re
from typing import NamedTuple

CLASS_I = ("A", "B", "C")
"""Classical genes of class I, whose molecules show peptides to CD8 T cells."""

GENES = frozenset(
    {*CLASS_I, "E", "F", "G", "DRA", "DQA1", "DQA2", "DQB1", "DPA1", "DPB1"}
    | {f"DRB{number}" for number in range(1, 10)}
    | {"DMA", "DMB", "DOA", "DOB", "MICA", "MICB", "TAP1", "TAP2"}
    | set("HJKLNPSTUVWY")
    | {"DPA2", "DPB2"}
)
"""Genes that IPD-IMGT/HLA names alleles of; pseudogenes too."""

NOT_A_NAME = "not_a_name"
REASONS = {
    "low_resolution": "one field only",
    "serological": "a serological type, no allele",
    "ambiguous": "several alleles under one name",
    "null_allele": "a null allele, which is not expressed",
    "not_on_surface": "not on the surface of the cell",
    "non_human": "no human allele",
    "unknown_gene": "no gene of HLA",
    NOT_A_NAME: "no name of an allele",
}
"""Why a name tells no allele that could present peptides -> the same in words."""

_SEROLOGICAL = re.compile(r"(A|B|C|CW|BW|DR|DQ|DP|DRB\d|DQB1|DPB1)\d{1,4}")
_STRANGERS = re.compile(
    r"(H-?2-?|H2|RT1|DLA|SLA|BOLA|OLA|ELA|EQCA|FLA|(?!MIC)[A-Z]{4}(?=-))[-_*]?.*"
)
_SPLIT_GENE = re.compile(r"([A-Z]+\d?)[*_-](.*)|([A-Z]+)(\d.*)")
_BARE_GENES = re.compile(r"(DRB\d|DQA1|DQB1|DPA1|DPB1)(\d{4,}|\d+:.*)")
_FIELDS = re.compile(r"(\d{2,3}):(\d{2,4})(?::\d{2,4}){0,2}([A-Z]?)")
_DIGITS = re.compile(r"(\d{2})(\d{2,3})(?:\d{2}){0,2}([A-Z]?)")
_CODES = re.compile(r"\d{2,3}:?[A-Z]{2,5}")
_PAIR = re.compile(r"(D[PQ]A1[^-/]*)[-/](D[PQ]B1.*)")
_UNSAID = frozenset({
    "", "NA", "N/A", "N.A.", "NAN", ".", "-", "--", "\u2013", "\u2014", "?", "NONE", "NULL",
    "NIL", "UNKNOWN", "UNK", "ND", "N.D.", "N/D", "NT", "UNTYPED", "UNTYPABLE", "UNDETERMINED",
    "MISSING", "PENDING", "FAILED", "TBD",
})  # fmt: skip
_NOT_DONE = re.compile(
    r"not (yet )?(available|determined|done|known|performed|tested|typed|assessed)"
)
"""What stands for alleles that are not known, in one word and in several."""
_PARTED = re.compile(r"[\s,;|+^~]+")
_SUFFIXES = frozenset({"", "L", "A", "Q", "G", "P"})
_LONG = 3
MOLECULES = frozenset({"null_allele", "not_on_surface"})
"""Reasons of names that tell an allele in full, though one that presents nothing."""
_HIDDEN = {"N": "null_allele", "S": "not_on_surface", "C": "not_on_surface"}


class HlaName(NamedTuple):
    """One name of an allele: `allele` has two fields, or is empty and `reason` says why."""

    gene: str
    allele: str
    written: str
    reason: str


def read_hla_name(written: str) -> HlaName:
    """Read one name of an allele in any of the ways in which it is written.

    Further fields, and suffixes for groups (G, P) and doubtful expression (L, A, Q), are
    left out: two fields name the protein. Suffixes N, S and C tell of a protein that is not
    on the cell's surface; such an allele presents nothing.

    Examples
    --------
    >>> [read_hla_name(name).allele for name in ("A*02:01:01:02L", "hla_b_07_02_01", "Cw*0304")]
    ['HLA-A*02:01', 'HLA-B*07:02', 'HLA-C*03:04']
    >>> read_hla_name("A*24").reason, read_hla_name("Cw3").reason
    ('low_resolution', 'serological')

    References
    ----------
    Marsh et al., Tissue Antigens 75, 291-455 (2010), doi:10.1111/j.1399-0039.2010.01466.x.
    """
    name = written.strip().strip("\"'").upper()
    bare = re.sub(r"^HLA[-_ *]?", "", name)
    is_ours = bare != name
    if re.fullmatch(r"[A-Z]+\d?(_\d+)+(_?[A-Z])?", bare):  # polysolver: hla_a_02_01_01
        gene, *fields = bare.split("_")
        bare = f"{gene}*{':'.join(fields)}"
    if not is_ours and "*" not in bare.partition("-")[0] and _STRANGERS.fullmatch(bare):
        return HlaName("", "", written, "non_human")
    gene, rest, has_star = _split(bare)
    if gene == "CW":
        gene = "C"
    if not gene or not rest:
        return HlaName("", "", written, NOT_A_NAME)
    if gene not in GENES:
        is_type = not has_star and _SEROLOGICAL.fullmatch(bare)
        return HlaName("", "", written, "serological" if is_type else "unknown_gene")
    return _of_gene(gene, rest, written, has_star=has_star)


def says_nothing(text: str) -> bool:
    """Tell whether a cell says that alleles are not known, or nothing.

    Examples
    --------
    >>> [says_nothing(text) for text in ("ND", "not typed", "?;?", "A*02:01;?", "yes")]
    [True, True, True, False, False]
    """
    bare = text.strip().strip("\"'")
    if _NOT_DONE.fullmatch(" ".join(bare.lower().replace("_", " ").split())):
        return True
    return all(token.upper() in _UNSAID for token in _PARTED.split(bare))


def read_hla_names(text: str) -> tuple[HlaName, ...]:
    """Read all names of a cell, separated by commas, semicolons, blanks, or as a GL string.

    A pair of chains of class II (``DPA1*01:03/DPB1*02:01``) gives both; what stands for a
    missing value gives nothing.
    """
    found: list[HlaName] = []
    if says_nothing(text):
        return ()
    for token in _PARTED.split(text.strip().strip("\"'")):
        if token.upper() in _UNSAID:
            continue
        bare = re.sub(r"^HLA[-_ ]?", "", token, flags=re.IGNORECASE)
        pair = _PAIR.fullmatch(bare.upper())
        found += [read_hla_name(part) for part in (pair.groups() if pair else (token,))]
    return tuple(found)


def _split(bare: str) -> tuple[str, str, bool]:
    """Split a name into its gene, what follows, and whether a star stood between."""
    if written_out := _BARE_GENES.fullmatch(bare):
        return written_out.group(1), written_out.group(2), True
    found = _SPLIT_GENE.fullmatch(bare)
    if found is None:
        return "", "", False
    if found.group(1):
        return found.group(1), found.group(2), True
    return found.group(3), found.group(4), False


def _of_gene(gene: str, rest: str, written: str, *, has_star: bool) -> HlaName:
    if "/" in rest:
        return _of_several(gene, rest, written)
    found = _fields(gene, rest)
    if found is None:
        return HlaName(gene, "", written, _unfit(rest, has_star=has_star))
    first, second, suffix = found
    if suffix in _HIDDEN:
        return HlaName(gene, "", written, _HIDDEN[suffix])
    if suffix not in _SUFFIXES:
        return HlaName(gene, "", written, NOT_A_NAME)
    return HlaName(gene, f"HLA-{gene}*{first}:{second}", written, "")


def _fields(gene: str, rest: str) -> tuple[str, str, str] | None:
    """Return the first two fields and the suffix of what follows the gene."""
    if found := _FIELDS.fullmatch(rest):
        return found.group(1), found.group(2), found.group(3)
    found = _DIGITS.fullmatch(rest)
    # Without colons, three digits of a second field could be three of the first: DPB1*104:01.
    if found is None or (len(found.group(2)) == _LONG and gene not in CLASS_I):
        return None
    return found.group(1), found.group(2), found.group(3)


def _of_several(gene: str, rest: str, written: str) -> HlaName:
    """Read names joined by a slash: one allele if all of them agree in two fields."""
    parts = rest.split("/")
    names = [read_hla_name(p if re.match(r"[A-Z]", p) else f"{gene}*{p}") for p in parts]
    alleles = {name.allele for name in names}
    if len(alleles) == 1 and names[0].allele:
        return names[0]._replace(written=written)
    return HlaName(gene, "", written, "ambiguous")


def _unfit(rest: str, *, has_star: bool) -> str:
    digits = rest.removesuffix("N")
    if digits.isdigit() and len(digits) <= _LONG:
        return "low_resolution" if has_star else "serological"
    if _CODES.fullmatch(rest):  # A*02:XX, or a code of the NMDP for several alleles
        return "low_resolution" if rest.endswith("XX") else "ambiguous"
    return NOT_A_NAME
