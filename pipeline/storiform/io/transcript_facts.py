"""What the attributes of a GTF or GFF3 say of a transcript: names, biotype, flags."""

import re
from collections.abc import Mapping
from sys import intern
from typing import NamedTuple
from urllib.parse import unquote

from storiform.model.genome import canonical_contig

_GTF = re.compile(r'([^\s"=;]+)\s+(?:"([^"]*)"|([^\s";]+))')
_REFSEQ_CONTIG = re.compile(r"NC_0000(\d\d)\.\d+")
_REFSEQ_MITOCHONDRION = "NC_012920"
_GENE_ID = re.compile(r"GeneID:(\d+)")
_SELENOCYSTEINE = re.compile(r"pos:(?:complement\()?(\d+)\.\.\d+\)?,aa:(?:Sec|U)")
_PREFIX = re.compile(r"(transcript|gene|rna|CDS)[:-]")
_CODING_TYPE = "mRNA"
_COPY_ON_Y = "_PAR_Y"
"""How GENCODE marks copies in the pseudoautosomal regions; some GFF3 do so in ID alone."""
_ATTRIBUTES = 8


class Facts(NamedTuple):
    """What is said of a transcript or, in a GFF3, of a gene; `parent` is empty for a gene."""

    name: str
    gene: str
    gene_id: str
    biotype: str
    parent: str
    is_mane: bool
    is_canonical: bool
    lacks_start: bool
    lacks_end: bool


class CodingFacts(NamedTuple):
    """What a coding piece says: its protein, and codons of selenocysteine (bp, 0-based)."""

    protein: str
    selenocysteines: tuple[int, ...]


def contig_name(written: str) -> str:
    """Return the canonical name of a contig; RefSeq's accessions of chromosomes, too.

    Examples
    --------
    >>> [contig_name(name) for name in ("17", "NC_000023.11", "NC_012920.1", "KI270711.1")]
    ['chr17', 'chrX', 'chrM', 'KI270711.1']
    """
    found = _REFSEQ_CONTIG.fullmatch(written)
    if found:
        return canonical_contig(str(int(found[1])))
    if written.startswith(_REFSEQ_MITOCHONDRION):
        return "chrM"
    return canonical_contig(written)


def facts_of_gtf(line: str) -> Facts:
    """Read the facts of a transcript off one line of a GTF, best that of the transcript."""
    fields = line.split("\t", _ATTRIBUTES)
    told, tags = _gtf(fields[_ATTRIBUTES])
    gene_id = _versioned(told.get("gene_id", ""), told.get("gene_version", ""))
    biotype = told.get("transcript_type") or told.get("transcript_biotype")
    if not biotype and "transcript_source" in told:
        biotype = fields[1]  # before release 77, Ensembl wrote it in the second column
    return Facts(
        name=_versioned(told.get("transcript_id", ""), told.get("transcript_version", "")),
        gene=intern(told.get("gene_name") or told.get("gene") or gene_id),
        gene_id=intern(gene_id),
        biotype=_biotype(biotype or told.get("gene_type") or told.get("gene_biotype") or ""),
        parent="",
        **_flags(tags),
    )


def coding_facts_of_gtf(line: str) -> CodingFacts:
    """Read the facts of a coding piece of a GTF."""
    told, _ = _gtf(line.split("\t", _ATTRIBUTES)[_ATTRIBUTES])
    protein = _versioned(told.get("protein_id", ""), told.get("protein_version", ""))
    return CodingFacts(protein, ())


def facts_of_gff3(line: str) -> Facts:
    """Read the facts of a transcript, or of a gene, off its line of a GFF3."""
    fields = line.split("\t", _ATTRIBUTES)
    told = _gff3(fields[_ATTRIBUTES])
    tags = set(told.get("tag", "").split(","))
    name = told.get("transcript_id") or _PREFIX.sub("", told.get("ID", ""), count=1)
    gene_id = told.get("gene_id", "")
    if told.get("ID", "").endswith(_COPY_ON_Y) and not name.endswith(_COPY_ON_Y):
        name, gene_id = name + _COPY_ON_Y, gene_id + _COPY_ON_Y
    number = _GENE_ID.search(told.get("Dbxref", ""))
    if not gene_id and number:
        gene_id = number[1]
    is_gene = "Parent" not in told
    version = told.get("version", "")
    symbol = told.get("gene_name") or told.get("gene") or (told.get("Name") if is_gene else "")
    return Facts(
        name=_versioned(name, version),
        gene=intern(symbol or ""),
        gene_id=intern(_versioned(gene_id, version if is_gene else "")),
        biotype=_biotype(told.get("transcript_type") or told.get("biotype") or fields[2]),
        parent=told.get("Parent", ""),
        **_flags(tags | _open_ends(told, fields[6])),
    )


def coding_facts_of_gff3(line: str) -> CodingFacts:
    """Read the facts of a coding piece of a GFF3."""
    told = _gff3(line.split("\t", _ATTRIBUTES)[_ATTRIBUTES])
    version = told.get("protein_version") or told.get("version", "")
    codons = _SELENOCYSTEINE.findall(told.get("transl_except", ""))
    return CodingFacts(
        _versioned(told.get("protein_id", ""), version),
        tuple(int(place) - 1 for place in codons),
    )


def _gtf(text: str) -> tuple[dict[str, str], set[str]]:
    """Return attribute -> value, the first of its kind, and all tags."""
    told: dict[str, str] = {}
    tags: set[str] = set()
    for key, quoted, bare in _GTF.findall(text):
        if key == "tag":
            tags.update((quoted or bare).split(","))
        else:
            told.setdefault(key, quoted or bare)
    return told, tags


def _gff3(text: str) -> dict[str, str]:
    told: dict[str, str] = {}
    for part in text.split(";"):
        key, _, value = part.strip().partition("=")
        told[key] = unquote(value) if "%" in value else value
    return told


def _open_ends(told: Mapping[str, str], strand: str) -> set[str]:
    """Return the tags that stand for a partial transcript of RefSeq."""
    ends = [key for key in ("start_range", "end_range") if key in told]
    first = "end_range" if strand == "-" else "start_range"
    return {"cds_start_NF" if key == first else "cds_end_NF" for key in ends}


def _versioned(name: str, version: str) -> str:
    """Join an id and its version, where the id does not carry it."""
    return f"{name}.{version}" if version and name and "." not in name else name


def _biotype(told: str) -> str:
    """Return the biotype as Ensembl names it; RefSeq says mRNA."""
    return intern("protein_coding" if told == _CODING_TYPE else told)


def _flags(tags: set[str]) -> Mapping[str, bool]:
    return {
        "is_mane": bool(tags & {"MANE_Select", "MANE Select"}),
        "is_canonical": bool(tags & {"Ensembl_canonical", "RefSeq Select"}),
        "lacks_start": "cds_start_NF" in tags,
        "lacks_end": "cds_end_NF" in tags,
    }
