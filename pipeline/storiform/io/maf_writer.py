"""Mutations as a MAF: the columns of GDC, places that count from 1, one row per call."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from storiform.io.store import write_bytes
from storiform.model.genome import Build
from storiform.model.ontology import NON_CODING, RANK, mutation_class

COLUMNS = (
    "Hugo_Symbol", "Entrez_Gene_Id", "Center", "NCBI_Build", "Chromosome", "Start_Position",
    "End_Position", "Strand", "Variant_Classification", "Variant_Type", "Reference_Allele",
    "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "dbSNP_RS", "dbSNP_Val_Status",
    "Tumor_Sample_Barcode", "Matched_Norm_Sample_Barcode", "Mutation_Status", "HGVSc", "HGVSp",
    "HGVSp_Short", "Transcript_ID", "t_depth", "t_ref_count", "t_alt_count", "n_depth",
    "n_ref_count", "n_alt_count", "Consequence", "Gene", "MAX_AF", "FILTER",
)  # fmt: skip
"""Names of GDC's MAF, in its order; what a run does not know (centre, dbSNP) stays empty."""

RESIDUES: Mapping[str, str] = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Sec": "U",
    "Ter": "*", "Xaa": "X",
}  # fmt: skip
_THREE = re.compile("|".join(RESIDUES))
_CODING_PLACE = re.compile(r"c\.\(?(\d+)")
_BY_CLASS = {
    "missense": "Missense_Mutation", "nonsense": "Nonsense_Mutation",
    "stop_lost": "Nonstop_Mutation", "start_lost": "Translation_Start_Site",
    "splice": "Splice_Site",
}  # fmt: skip
_BY_TERM = {
    "splice_region_variant": "Splice_Region", "splice_donor_5th_base_variant": "Splice_Region",
    "splice_donor_region_variant": "Splice_Region",
    "splice_polypyrimidine_tract_variant": "Splice_Region",
    "synonymous_variant": "Silent", "stop_retained_variant": "Silent",
    "start_retained_variant": "Silent", "incomplete_terminal_codon_variant": "Silent",
    "initiator_codon_variant": "Silent", "coding_sequence_variant": "Silent",
    "mature_miRNA_variant": "RNA", "non_coding_transcript_exon_variant": "RNA",
    "non_coding_transcript_variant": "RNA", "5_prime_UTR_variant": "5'UTR",
    "3_prime_UTR_variant": "3'UTR", "intron_variant": "Intron",
    "upstream_gene_variant": "5'Flank", "downstream_gene_variant": "3'Flank",
    "regulatory_region_variant": "IGR", "TF_binding_site_variant": "IGR",
    "intergenic_variant": "IGR", "NMD_transcript_variant": "Silent",
}  # fmt: skip
_TYPES = {1: "SNP", 2: "DNP", 3: "TNP"}
_SAME = {
    "t_depth": "tumour_depth", "t_ref_count": "tumour_ref_reads",
    "t_alt_count": "tumour_alt_reads", "n_depth": "normal_depth",
    "n_ref_count": "normal_ref_reads", "n_alt_count": "normal_alt_reads",
    "Transcript_ID": "transcript", "HGVSc": "hgvsc", "HGVSp": "hgvsp", "Gene": "gene_id",
    "Consequence": "consequence", "MAX_AF": "population_af",
}  # fmt: skip
"""GDC's columns -> those of `variants` that mean the same."""


def maf_rows(
    variants: Mapping[str, pd.DataFrame],
    build: Build,
    normals: Mapping[str, str],
) -> pd.DataFrame:
    """Lay out the calls of many tumours as rows of a MAF.

    Parameters
    ----------
    variants
        Name that stands under ``Tumor_Sample_Barcode`` -> rows of `variants` to be written.
        Rows without both alleles (a table that gave none) are left out: a MAF needs them.
    build
        The genome build.
    normals
        The same names -> that of the matched normal; a tumour without one is not in it.

    Returns
    -------
    pandas.DataFrame
        The columns of `COLUMNS`, as text and nullable integers, sorted as they came.

    References
    ----------
    GDC MAF format v1.0.0, https://docs.gdc.cancer.gov/Data/File_Formats/MAF_Format/.
    """
    parts = [
        _of_tumour(calls, name, build, normals.get(name, ""))
        for name, calls in sorted(variants.items())
    ]
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)


def write_maf(path: Path, rows: pd.DataFrame) -> None:
    """Write rows of `maf_rows` with the version line that GDC's files begin with."""
    body = rows.to_csv(sep="\t", index=False, lineterminator="\n", float_format="%.6g")
    write_bytes(path, f"#version 2.4\n{body}".encode())


def _of_tumour(calls: pd.DataFrame, name: str, build: Build, normal: str) -> pd.DataFrame:
    known = calls[calls["ref"].notna() & calls["alt"].notna()]
    places = [
        place_alleles(int(start), int(end), str(ref), str(alt))
        for start, end, ref, alt in zip(
            known["start"], known["end"], known["ref"], known["alt"], strict=True
        )
    ]
    rows = pd.DataFrame(index=known.index)
    rows["Hugo_Symbol"] = known["gene"].replace("", np.nan).fillna("Unknown")
    rows["Entrez_Gene_Id"] = [_entrez(gene) for gene in known["gene_id"]]
    rows["NCBI_Build"] = build
    rows["Chromosome"] = known["contig"]
    for at, column in enumerate(
        ("Start_Position", "End_Position", "Reference_Allele", "Tumor_Seq_Allele2")
    ):
        rows[column] = [place[at] for place in places]
    rows["Tumor_Seq_Allele1"] = rows["Reference_Allele"]
    rows["Strand"] = "+"
    rows["Variant_Type"] = [_variant_type(place[2], place[3]) for place in places]
    rows["Variant_Classification"] = [
        classify_variant(text(terms), place[2], place[3])
        for terms, place in zip(known["consequence"], places, strict=True)
    ]
    rows["Tumor_Sample_Barcode"] = name
    rows["Matched_Norm_Sample_Barcode"] = normal
    rows["Mutation_Status"] = "Somatic"
    for column, own in _SAME.items():
        rows[column] = known[own]
    rows["HGVSp_Short"] = [
        shorten_change(text(protein), text(coding), kind)
        for protein, coding, kind in zip(
            known["hgvsp"], known["hgvsc"], rows["Variant_Classification"], strict=True
        )
    ]
    rows["FILTER"] = known["filter"].replace("", np.nan).fillna("PASS")
    return rows.reindex(columns=list(COLUMNS))


def place_alleles(start: int, end: int, ref: str, alt: str) -> tuple[int, int, str, str]:
    """Bring a call to the places and alleles of a MAF.

    Parameters
    ----------
    start, end
        0-based and half-open.
    ref, alt
        As in a VCF, with the base before an insertion or deletion, or already with ``-``.

    Returns
    -------
    tuple[int, int, str, str]
        First and last base from 1 and the alleles without shared bases; an insertion stands
        between its two places.

    Examples
    --------
    >>> place_alleles(9, 12, "CAT", "C"), place_alleles(9, 10, "C", "CGG")
    ((11, 12, 'AT', '-'), (10, 11, '-', 'GG'))
    """
    if "-" in (ref, alt):
        return start + 1, end, ref, alt
    shared = 0
    while len(ref) != len(alt) and shared < min(len(ref), len(alt)):
        if ref[shared] != alt[shared]:
            break
        shared += 1
    ref, alt, start = ref[shared:], alt[shared:], start + shared
    if not ref:
        return start, start + 1, "-", alt
    return start + 1, start + len(ref), ref, alt or "-"


def _variant_type(ref: str, alt: str) -> str:
    if ref == "-" or (alt != "-" and len(alt) > len(ref)):
        return "INS"
    if alt == "-" or len(alt) < len(ref):
        return "DEL"
    return _TYPES.get(len(ref), "ONP")


def classify_variant(terms: str, ref: str, alt: str) -> str:
    """Return the ``Variant_Classification`` of Sequence Ontology terms joined by ``&``.

    Parameters
    ----------
    terms
        Of one transcript; the most severe speaks.
    ref, alt
        Alleles of the MAF: an insertion or a deletion.

    Examples
    --------
    >>> classify_variant("frameshift_variant", "-", "G")
    'Frame_Shift_Ins'
    >>> classify_variant("splice_region_variant&intron_variant", "A", "C")
    'Splice_Region'
    """
    kind = mutation_class(terms)
    side = "Ins" if _variant_type(ref, alt) == "INS" else "Del"
    if kind == "frameshift":
        return f"Frame_Shift_{side}"
    if kind == "inframe":
        return f"In_Frame_{side}"
    if kind:
        return _BY_CLASS[kind]
    parts = [term for term in terms.split("&") if term in _BY_TERM]
    if not NON_CODING.isdisjoint(parts):
        return "RNA"
    worst = min(parts, key=lambda term: RANK.get(term, len(RANK)), default="")
    return _BY_TERM.get(worst, "Targeted_Region")


def shorten_change(protein: str, coding: str, classification: str) -> str:
    """Write a protein change with letters; of a splice site the codon that lies nearest.

    Examples
    --------
    >>> shorten_change("ENSP1.2:p.(Arg97ProfsTer23)", "", "Frame_Shift_Del")
    'p.R97Pfs*23'
    >>> shorten_change("", "ENST1:c.376-1G>A", "Splice_Site")
    'p.X126_splice'
    """
    bare = protein.rpartition(":")[2].replace("%3D", "=").replace("(", "").replace(")", "")
    if bare.startswith("p."):
        return _THREE.sub(lambda match: RESIDUES[match[0]], bare)
    place = _CODING_PLACE.search(coding)
    if classification == "Splice_Site" and place:
        return f"p.X{(int(place[1]) + 2) // 3}_splice"
    return ""


def _entrez(gene: object) -> str:
    written = text(gene)
    return written if written.isdigit() else "0"


def text(value: Any) -> str:  # noqa: ANN401  a cell of any column
    """Return a cell as text, a missing one as none."""
    return value if isinstance(value, str) else ""
