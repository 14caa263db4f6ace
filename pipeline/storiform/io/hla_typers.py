"""Results of HLA typers, each in a format of its own: the alleles that a line tells."""

import re

_T1K_FIELDS, _T1K_ALLELES = 8, (2, 5)
"""Columns that a line has at least, and those of its two alleles; two on, the quality."""
_QUALITY = 2
_HLA_HD_FIELDS = 3
_DIPLOID = frozenset(
    {"A", "B", "C", "E", "F", "G", "DRA", "DRB1", "DQA1", "DQB1", "DPA1", "DPB1"}
)
"""Genes of which everybody has two: others (DRB3, DRB4, DRB5) are not on each chromosome."""
_LONE = re.compile(r'"([A-Z]+\d?)"\s*:\s*\[\s*"([^"\[\],]+)"\s*\]')
"""A gene with one allele in the JSON of arcasHLA."""


def told_alleles(text: str) -> str:
    r"""Reduce the text of a typer's file to the alleles that it tells, twice where homozygous.

    T1K names further alleles behind the two of a gene, and joins by commas what it cannot
    tell apart: of these the first stands for all. It advises to ignore an allele of quality
    0 or less. One allele of a gene that everybody has twice is homozygous: so T1K (one
    different allele), HLA-HD (a hyphen in place of the second) and arcasHLA (a list of one)
    write it. OptiType, LILAC and POLYSOLVER name the allele twice.

    Examples
    --------
    >>> told_alleles("HLA-A\t1\tHLA-A*02:01:01\t303.0\t60\t.\t0\t-1")
    'HLA-A*02:01:01\tHLA-A*02:01:01'
    >>> told_alleles("A\tHLA-A*02:01:01\t-")
    'HLA-A*02:01:01\tHLA-A*02:01:01'
    >>> told_alleles('{"A": ["A*02:01:01"]}')
    '{"A": ["A*02:01:01", "A*02:01:01"]}'
    """
    return "\n".join(_line(line) for line in _LONE.sub(_twice, text).split("\n"))


def _twice(found: re.Match[str]) -> str:
    gene, allele = found.groups()
    if gene not in _DIPLOID:
        return found.group()
    return f'"{gene}": ["{allele}", "{allele}"]'


def _line(line: str) -> str:
    fields = [field.strip() for field in line.split("\t")]
    if len(fields) >= _T1K_FIELDS and fields[1] in {"0", "1", "2"}:
        return _of_t1k(fields)
    if len(fields) >= _HLA_HD_FIELDS and "*" in fields[1] and fields[2] == "-":
        return "\t".join(fields[1:2] * _copies(fields[0]))
    return line


def _of_t1k(fields: list[str]) -> str:
    """Return the alleles of a gene; of one that stands alone, both copies."""
    told = [
        fields[at].partition(",")[0]
        for at in _T1K_ALLELES
        if "*" in fields[at] and not _is_ignored(fields[at + _QUALITY])
    ]
    is_one = fields[1] == "1" and len(told) == 1
    return "\t".join(told * (_copies(fields[0]) if is_one else 1))


def _is_ignored(quality: str) -> bool:
    """Tell whether a quality is 0 or less; what is no number says nothing."""
    try:
        return float(quality) <= 0.0
    except ValueError:
        return False


def _copies(gene: str) -> int:
    return 2 if gene.upper().removeprefix("HLA-") in _DIPLOID else 1
