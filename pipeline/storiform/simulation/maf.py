"""A cohort's calls as one MAF: 1-based, indels without their anchor base."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from storiform.simulation.mutations import Call, Mutations

CLASSES = {
    "missense_variant": "Missense_Mutation", "stop_gained": "Nonsense_Mutation",
    "splice_donor_variant": "Splice_Site", "splice_acceptor_variant": "Splice_Site",
    "start_lost": "Translation_Start_Site", "stop_lost": "Nonstop_Mutation",
    "inframe_deletion": "In_Frame_Del", "synonymous_variant": "Silent",
    "intron_variant": "Intron", "intergenic_variant": "IGR",
}  # fmt: skip
"""Sequence Ontology term -> Variant_Classification; frameshifts depend on the alleles."""


def maf(biopsies: Iterable[Mutations]) -> pd.DataFrame:
    """Return the calls of several biopsies as the rows of one MAF."""
    rows = [_row(made, call) for made in biopsies for call in made.calls]
    return pd.DataFrame(rows)


def _row(made: Mutations, call: Call) -> dict[str, object]:
    start, end, ref, alt, kind = _trimmed(call)
    frameshift = "Frame_Shift_Del" if kind == "DEL" else "Frame_Shift_Ins"
    frequency = "" if np.isnan(call.population_af) else f"{call.population_af:g}"
    return {
        "Hugo_Symbol": call.gene or "Unknown",
        "NCBI_Build": "GRCh38",
        "Chromosome": call.contig,
        "Start_Position": start,
        "End_Position": end,
        "Strand": "+",
        "Variant_Classification": CLASSES.get(call.consequence, frameshift),
        "Variant_Type": kind,
        "Reference_Allele": ref,
        "Tumor_Seq_Allele1": ref,
        "Tumor_Seq_Allele2": alt,
        "Tumor_Sample_Barcode": made.biopsy.dna_sample,
        "Matched_Norm_Sample_Barcode": made.biopsy.normal_sample,
        "HGVSp_Short": call.hgvsp,
        "Gene": call.ensembl,
        "t_depth": call.tumour_depth,
        "t_ref_count": call.tumour_depth - call.tumour_alt,
        "t_alt_count": call.tumour_alt,
        "n_depth": call.normal_depth,
        "n_ref_count": call.normal_depth - call.normal_alt,
        "n_alt_count": call.normal_alt,
        "gnomAD_AF": frequency,
        "FILTER": "PASS" if call.planted_as != "not_pass" else "weak_evidence",
    }


def _trimmed(call: Call) -> tuple[int, int, str, str, str]:
    """Return start, end (1-based, inclusive), alleles and type in the manner of a MAF."""
    first = call.start + 1
    if len(call.ref) > len(call.alt):
        return first + 1, first + len(call.ref) - 1, call.ref[1:], "-", "DEL"
    if len(call.alt) > len(call.ref):
        return first, first + 1, "-", call.alt[1:], "INS"
    return first, first, call.ref, call.alt, "SNP"
