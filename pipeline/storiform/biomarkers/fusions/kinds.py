"""Kinds of genes whose reads are often misplaced, told by symbol and biotype."""

import re

from storiform.biomarkers.fusions.places import Gene

_FAMILY = re.compile(r"^([A-Z]{2,}|[A-Z]+-)(?=\d|[A-Z]\d|[A-Z]$)")
_RECEPTOR = re.compile(r"^(IG[HKL][VDJCMGAE]\w*|TR[ABDG][VDJC]\w*|IG[HKL])$")
_RIBOSOMAL = re.compile(r"^(RNA(5S|5-8S|18S|28S|45S)|RN18S|RN28S|RN45S)")


def is_alike(one: str, other: str) -> bool:
    """Tell whether two symbols are those of one family: the same letters before the number.

    Examples
    --------
    >>> is_alike("KRT5", "KRT14"), is_alike("HLA-A", "HLA-B"), is_alike("SS18", "SSX1")
    (True, True, False)
    >>> is_alike("EWSR1", "FLI1"), is_alike("RPL7", "RPL7P9"), is_alike("COL1A1", "COL3A1")
    (False, True, True)
    """
    mine, theirs = _FAMILY.match(one), _FAMILY.match(other)
    return bool(mine and theirs and mine[1] == theirs[1])


def kind_of_gene(gene: Gene, contig: str) -> str:
    """Name the kind of a gene whose reads are often misplaced; empty for others."""
    if contig == "chrM" or gene.symbol.startswith("MT-"):
        return "mitochondrial"
    if gene.symbol.startswith("HLA-"):
        return "HLA"
    if gene.biotype.startswith(("IG_", "TR_")) or _RECEPTOR.match(gene.symbol):
        return "immunoglobulin"
    if "rRNA" in gene.biotype or _RIBOSOMAL.match(gene.symbol):
        return "ribosomal"
    return ""
