"""From a somatic call to a neoantigen: consequences, proteins, peptides, binding."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

FLANK = 24
"""Residues kept on either side of a change: the longest peptide but one."""

CONSEQUENCES = Table(
    "consequences",
    grain="biopsy",
    description="One row per alternative allele that was annotated here: the consequence on "
    "the transcript that speaks for it.",
    key=("record", "allele"),
    version=3,
    columns={
        "record": Column("int", "ordinal of the record in the file, from 0"),
        "allele": Column("int", "ordinal of the alternative allele in its record, from 0"),
        "gene": Column("string", "HGNC symbol of the annotation"),
        "gene_id": Column("string", "gene id of the annotation"),
        "transcript": Column("string", "transcript id with its version"),
        "consequence": Column("string", "Sequence Ontology terms, joined by &"),
        "hgvsc": Column("string", "coding change, HGVS, with its transcript"),
        "hgvsp": Column("string", "protein change, HGVS, with its protein or transcript"),
        "not_annotated": Column(
            "string",
            "why there is no consequence: reference_mismatch, unknown_contig, out_of_contig, "
            "symbolic, star, breakend, no_alternative, not_bases; else empty",
        ),
    },
)
Consequences = Annotated[pd.DataFrame, CONSEQUENCES]

_CHANGE = {
    "change": Column("int", "ordinal of the change within its biopsy, from 0"),
    "transcript": Column("string", "transcript id as annotated"),
    "variant_ids": Column(
        "string",
        "somatic calls that act together, each as contig-start-end-ref-alt (0-based, "
        "half-open), joined by ;",
    ),
    "beside_ids": Column(
        "string",
        "other somatic calls on the same copy, which `mutant` holds where they are near and "
        "`wild_type` does not, written alike",
    ),
    "germline_ids": Column(
        "string",
        "germline alleles on the same copy that act in the window, or that bring a stop before "
        "the change, written alike",
    ),
    "phase": Column(
        "string",
        "how several alleles are known to lie on one copy: alone, genotype, reads, "
        "homozygous, record (one call), assumed",
    ),
    "gene": Column("string", "HGNC symbol as annotated"),
    "gene_id": Column("string", "gene id as annotated"),
    "consequence": Column("string", "Sequence Ontology terms on this transcript, joined by &"),
    "hgvsc": Column("string", "coding change, HGVS"),
    "hgvsp": Column("string", "protein change, HGVS"),
    "speaks_for_gene": Column("bool", "the transcript is the one reported for its gene"),
    "protein_position": Column(
        "nullable_int", "first residue that differs, 1-based, in the germline protein"
    ),
    "wild_type": Column(
        "string",
        f"germline protein from {FLANK} residues before the first that differs to {FLANK} "
        "behind the last (to its end where the frame shifts)",
    ),
    "mutant": Column(
        "string",
        f"mutant protein from {FLANK} residues before the first that differs to {FLANK} "
        "behind the last, or to its end where the frame shifts or a stop is lost",
    ),
    "changed_start": Column(
        "nullable_int", "first residue of `mutant` that differs, 0-based", "residues"
    ),
    "changed_end": Column(
        "nullable_int",
        "residue of `mutant` after the last that differs; equals `changed_start` where "
        "residues were only lost",
        "residues",
    ),
    "is_in_frame": Column(
        "nullable_bool", "behind the change the residues are those of the germline protein"
    ),
    "bases_to_junction": Column(
        "nullable_int",
        "from the end of a new stop to the last junction of exons, negative behind it; "
        "missing without a new stop, without introns, or where the source is not storiform",
        "bp",
    ),
    "source": Column("string", "storiform, CSQ or fusion"),
    "no_peptides": Column(
        "string",
        "why no peptide comes of it: same_protein, start_lost, stop_gained, "
        "no_protein_sequence, unknown_residues, not_parsed, reference_mismatch, "
        "behind_germline_stop; else empty",
    ),
}

PROTEIN_CHANGES = Table(
    "protein_changes",
    grain="biopsy",
    description="One row per change of a protein and coding transcript: somatic calls that "
    "act together, with the germline alleles of the same copy.",
    key=("change", "transcript"),
    version=3,
    columns=_CHANGE,
)
ProteinChanges = Annotated[pd.DataFrame, PROTEIN_CHANGES]

GIVEN_PROTEIN_CHANGES = Table(
    "given_protein_changes",
    grain="biopsy",
    description="One row per change of a protein and coding transcript, as VEP wrote it into "
    "the VCF of the sample sheet with the proteins of its plugins; calls that may act together "
    "have rows together, in part and alone.",
    key=("change", "transcript"),
    version=3,
    is_published=False,
    columns=_CHANGE,
)
GivenProteinChanges = Annotated[pd.DataFrame, GIVEN_PROTEIN_CHANGES]

CALL_PHASES = Table(
    "call_phases",
    grain="biopsy",
    description="One row per call whose genotype tells on which copy of its contig it lies.",
    key=("record", "allele"),
    is_published=False,
    columns={
        "record": Column("int", "ordinal of the record in the file, from 0"),
        "allele": Column("int", "ordinal of the alternative allele in its record, from 0"),
        "phase_set": Column(
            "string", "alleles of one set can be compared; missing where it is on both copies"
        ),
        "side": Column("nullable_int", "copy within the set, 1 or 2; missing if on both"),
        "is_homozygous": Column("bool", "the call lies on both copies"),
    },
)
CallPhases = Annotated[pd.DataFrame, CALL_PHASES]

PHASED_CALLS = Table(
    "phased_calls",
    grain="biopsy",
    description="One row per pair of neighbouring calls: do they lie on one copy?",
    key=("variant_1", "variant_2"),
    is_published=False,
    columns={
        "variant_1": Column("string", "a call, as contig-start-end-ref-alt"),
        "variant_2": Column("string", "another, behind it"),
        "reads_with_both": Column("int", "fragments that carry both alleles", "fragments"),
        "reads_with_one": Column(
            "int", "fragments that carry one, and the reference in the other", "fragments"
        ),
        "is_one_copy": Column("nullable_bool", "they lie on one copy; missing if undecided"),
    },
)
PhasedCalls = Annotated[pd.DataFrame, PHASED_CALLS]

FUSION_PROTEINS = Table(
    "fusion_proteins",
    grain="biopsy",
    description="One row per protein that runs over the junction of a fusion.",
    key=("change", "transcript"),
    columns=_CHANGE,
)
FusionProteins = Annotated[pd.DataFrame, FUSION_PROTEINS]

PEPTIDES = Table(
    "peptides",
    grain="biopsy",
    description="One row per peptide of somatic calls, and gene, that neither the germline nor "
    "the reference proteome holds; one that needs several changes of a copy stands once.",
    key=("variant_ids", "gene", "peptide"),
    version=2,
    columns={
        "variant_ids": Column("string", "somatic calls, as in `protein_changes`"),
        "partner_ids": Column(
            "string",
            "calls of other changes on the same copy that the peptide needs as well, parted by "
            "a blank; else empty",
        ),
        "gene": Column("string", "HGNC symbol as annotated"),
        "peptide": Column("string", "residues, one letter each"),
        "length": Column("int", "residues", "residues"),
        "mhc_class": Column("string", "I, II or both (I;II), by its length"),
        "change": Column("int", "of `protein_changes`, the first that gives the peptide"),
        "transcript": Column("string", "the transcript that is reported; best ranked first"),
        "transcripts": Column("string", "all transcripts that give the peptide, joined by ;"),
        "consequence": Column("string", "on the transcript that is reported"),
        "hgvsp": Column("string", "on the transcript that is reported"),
        "protein_position": Column("nullable_int", "of the first residue that differs"),
        "wild_type_peptide": Column(
            "string",
            "residues of the germline protein in its place, where the frame is kept and at "
            "least half of them agree; else missing",
        ),
        "mutated_positions": Column(
            "string", "positions that differ from it, 1-based, joined by ;; missing without it"
        ),
        "decay": Column(
            "string",
            "why all its messengers are likely to be decayed: annotated (by the annotation), "
            "early_stop (a new stop well before the last junction of exons); else empty",
        ),
        "source": Column("string", "storiform, CSQ or fusion"),
    },
)
Peptides = Annotated[pd.DataFrame, PEPTIDES]

HLA_TYPES = Table(
    "hla_types",
    grain="biopsy",
    description="One row per HLA allele of the patient, as far as it is known.",
    key=("gene", "copy"),
    version=2,
    columns={
        "gene": Column("string", "A, B, C, DRB1 ..., without the prefix HLA-"),
        "copy": Column("int", "1 or 2 (1 to n where more are given)"),
        "allele": Column(
            "string", "two fields, as HLA-A*02:01; missing where the name says less"
        ),
        "written": Column("string", "the name as it was given"),
        "source": Column("string", "sheet, or the sample from whose reads it was told"),
        "reason": Column("string", "why `allele` is missing; else empty"),
        "posterior": Column(
            "float", "probability of the gene's two alleles; missing where the sheet gives them"
        ),
        "limits": Column("string", "what weakens a call from reads, joined by ;; else empty"),
    },
)
HlaTypes = Annotated[pd.DataFrame, HLA_TYPES]

MHC_BINDING = Table(
    "mhc_binding",
    grain="biopsy",
    description="One row per peptide (mutant or of the wild type) and HLA allele.",
    key=("peptide", "allele"),
    is_published=False,
    columns={
        "peptide": Column("string", "residues, one letter each"),
        "allele": Column("string", "two fields, as HLA-A*02:01"),
        "affinity": Column("float", "predicted IC50", "nM"),
        "rank": Column(
            "float",
            "share of random natural peptides that the allele presents at least as well",
            "%",
        ),
        "presentation": Column("float", "predicted score of an eluted ligand, 0 to 1"),
    },
)
MhcBinding = Annotated[pd.DataFrame, MHC_BINDING]

MHC_ALLELES = Table(
    "mhc_alleles",
    grain="biopsy",
    description="One row per HLA allele: what the predictor knows of it.",
    key=("allele",),
    columns={
        "allele": Column("string", "two fields, as HLA-A*02:01"),
        "predictor": Column("string", "name and version of the predictor"),
        "support": Column(
            "string",
            "how well the predictor knows the allele: good, moderate, weak, none, or unknown "
            "where an outside program does not tell",
        ),
        "affinities": Column("nullable_int", "measured affinities it learnt from", "peptides"),
        "ligands": Column("nullable_int", "eluted ligands it learnt from", "peptides"),
        "reason": Column("string", "why nothing was predicted for the allele; else empty"),
    },
)
MhcAlleles = Annotated[pd.DataFrame, MHC_ALLELES]

HLA_LOH = Table(
    "hla_loh",
    grain="biopsy",
    description="One row per HLA allele of the patient: whether the tumour has lost it.",
    key=("allele",),
    columns={
        "allele": Column("string", "two fields, as HLA-A*02:01"),
        "is_lost": Column("nullable_bool", "no copy is left; missing where it cannot be told"),
        "probability": Column("float", "that it is lost"),
    },
)
HlaLoh = Annotated[pd.DataFrame, HLA_LOH]

NEOANTIGENS = Table(
    "neoantigens",
    grain="biopsy",
    description="One row per mutant peptide and HLA allele that binds by rank or affinity, "
    "the best first.",
    version=2,
    key=("priority", "variant_ids", "gene", "peptide", "allele"),
    columns={
        "priority": Column("int", "place in the ranked list of the biopsy, from 1"),
        "variant_ids": Column("string", "somatic calls, as in `protein_changes`"),
        "partner_ids": Column("string", "further calls that it needs, as in `peptides`"),
        "gene": Column("string", "HGNC symbol as annotated"),
        "peptide": Column("string", "mutant peptide"),
        "allele": Column("string", "two fields, as HLA-A*02:01"),
        "transcript": Column("string", "the transcript that is reported"),
        "consequence": Column("string", "Sequence Ontology terms, joined by &"),
        "hgvsp": Column("string", "protein change, HGVS"),
        "length": Column("int", "residues", "residues"),
        "mhc_class": Column("string", "I or II"),
        "affinity": Column("float", "predicted IC50 of the mutant peptide", "nM"),
        "rank": Column("float", "its percentile rank", "%"),
        "wild_type_peptide": Column("string", "its counterpart in the germline protein"),
        "wild_type_affinity": Column("float", "predicted IC50 of the counterpart", "nM"),
        "wild_type_rank": Column("float", "its percentile rank", "%"),
        "fold_change": Column("float", "IC50 of the counterpart / IC50 of the mutant"),
        "mutated_positions": Column("string", "positions that differ, 1-based, joined by ;"),
        "is_anchor_only": Column(
            "nullable_bool", "all of them are anchors (positions 1, 2, last but one, last)"
        ),
        "is_binder": Column("bool", "by rank"),
        "is_strong_binder": Column("bool", "by rank"),
        "binds_by_affinity": Column("bool", "by IC50"),
        "binds_strongly_by_affinity": Column("bool", "by IC50"),
        "is_demoted": Column(
            "bool", "differs at anchors only, and the counterpart binds as well"
        ),
        "decay": Column("string", "why its messengers may be decayed, as in `peptides`"),
        "tumour_vaf": Column("float", "share of tumour reads, the least of the calls"),
        "rna_depth": Column("nullable_int", "tumour RNA reads over the call", "reads"),
        "rna_alt_reads": Column("nullable_int", "RNA reads with the allele", "reads"),
        "rna_vaf": Column("float", "their share"),
        "is_in_rna": Column(
            "nullable_bool", "RNA reads carry the allele; missing where too few cover it"
        ),
        "gene_tpm": Column("float", "expression of the gene", "TPM"),
        "tpm_source": Column(
            "string",
            "where that is from: tpm (the table), vcf (GX of the VCF); missing without it",
        ),
        "is_expressed": Column(
            "nullable_bool", "the gene is expressed; missing without expression"
        ),
        "ccf": Column("float", "share of tumour cells that carry the call"),
        "clonality": Column("string", "clonal, subclonal or indeterminate; else missing"),
        "allele_lost": Column("nullable_bool", "the tumour lost the HLA allele"),
        "allele_support": Column("string", "how well the predictor knows the allele"),
        "reasons": Column("string", "what speaks for and against it, joined by ;"),
    },
)
Neoantigens = Annotated[pd.DataFrame, NEOANTIGENS]

NEOANTIGEN_BURDEN = Table(
    "neoantigen_burden",
    grain="biopsy",
    version=3,
    description="One row per biopsy: how many neoantigens, counted in several ways.",
    columns={
        "neoantigen_burden": Column(
            "nullable_int",
            "variants with at least one peptide that binds by rank",
            "variants",
            feature=True,
        ),
        "neoantigen_burden_affinity": Column(
            "nullable_int",
            "variants with at least one peptide that binds by IC50",
            "variants",
            feature=True,
        ),
        "neoantigen_burden_strong": Column(
            "nullable_int", "variants with a strong binder by rank", "variants", feature=True
        ),
        "neoantigen_burden_expressed": Column(
            "nullable_int", "variants with a binder of an expressed gene", "variants",
            feature=True,
        ),
        "neoantigen_burden_clonal": Column(
            "nullable_int", "clonal variants with a binder", "variants", feature=True
        ),
        "neoantigen_burden_presented": Column(
            "nullable_int",
            "variants with a binder on an allele that the tumour is not known to have lost",
            "variants",
            feature=True,
        ),
        "neoantigen_peptides": Column(
            "nullable_int", "different peptides that bind by rank", "peptides", feature=True
        ),
        "variants_with_peptides": Column(
            "int", "eligible variants that give a peptide at all", "variants"
        ),
        "alleles": Column("int", "HLA alleles of class I for which was predicted", "alleles"),
        "alleles_without": Column("string", "alleles left out, joined by ;"),
        "reason": Column("string", "why the burdens are missing or a lower bound; else empty"),
    },
)  # fmt: skip
NeoantigenBurden = Annotated[pd.DataFrame, NEOANTIGEN_BURDEN]
