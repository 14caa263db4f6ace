"""Sequence Ontology terms of a variant's consequence: their order, their classes, their kin.

Terms are compared as names without accession. The order is that of Ensembl's variation
documentation (VEP release 105); terms that SnpEff alone uses stand beside their nearest kin.
"""

from collections.abc import Mapping

SEVERITY: tuple[str, ...] = (
    "transcript_ablation", "exon_loss_variant", "splice_acceptor_variant",
    "splice_donor_variant", "splice_site_variant", "stop_gained", "frameshift_variant",
    "stop_lost", "start_lost", "transcript_amplification", "rare_amino_acid_variant",
    "protein_protein_contact", "structural_interaction_variant", "feature_elongation",
    "feature_truncation", "disruptive_inframe_insertion", "disruptive_inframe_deletion",
    "conservative_inframe_insertion", "conservative_inframe_deletion", "inframe_insertion",
    "inframe_deletion", "missense_variant", "protein_altering_variant",
    "splice_donor_5th_base_variant", "splice_region_variant",
    "splice_donor_region_variant", "splice_polypyrimidine_tract_variant",
    "incomplete_terminal_codon_variant", "initiator_codon_variant",
    "start_retained_variant", "stop_retained_variant", "synonymous_variant",
    "coding_sequence_variant", "mature_miRNA_variant", "5_prime_UTR_variant",
    "3_prime_UTR_variant", "non_coding_transcript_exon_variant", "intron_variant",
    "NMD_transcript_variant", "non_coding_transcript_variant",
    "coding_transcript_variant", "upstream_gene_variant", "downstream_gene_variant",
    "regulatory_region_variant", "TF_binding_site_variant", "intergenic_variant",
    "sequence_variant",
)  # fmt: skip
"""All known terms, the most severe first."""

RANK: Mapping[str, int] = {term: rank for rank, term in enumerate(SEVERITY)}

NONSYNONYMOUS: Mapping[str, str] = {
    "missense_variant": "missense", "rare_amino_acid_variant": "missense",
    "protein_protein_contact": "missense", "structural_interaction_variant": "missense",
    "protein_altering_variant": "inframe", "stop_gained": "nonsense",
    "stop_lost": "stop_lost", "start_lost": "start_lost",
    "frameshift_variant": "frameshift", "transcript_ablation": "frameshift",
    "exon_loss_variant": "splice", "splice_acceptor_variant": "splice",
    "splice_donor_variant": "splice", "splice_site_variant": "splice",
    "inframe_insertion": "inframe", "inframe_deletion": "inframe",
    "disruptive_inframe_insertion": "inframe", "disruptive_inframe_deletion": "inframe",
    "conservative_inframe_insertion": "inframe", "conservative_inframe_deletion": "inframe",
}  # fmt: skip
"""Terms that change a protein -> the class that an oncoprint draws."""

SYNONYMOUS: frozenset[str] = frozenset({
    "synonymous_variant", "stop_retained_variant", "start_retained_variant",
    "incomplete_terminal_codon_variant", "initiator_codon_variant",
    "coding_sequence_variant",
})  # fmt: skip
"""Terms inside a coding sequence that keep the protein, or leave its change unknown."""

NON_CODING: frozenset[str] = frozenset(
    {"non_coding_transcript_variant", "non_coding_transcript_exon_variant"}
)
"""Terms that deny a coding change: a splice donor of a long non-coding RNA is none."""

MAF_CLASSES: Mapping[str, str] = {
    "missense_mutation": "missense_variant", "missense": "missense_variant",
    "nonsense_mutation": "stop_gained", "nonsense": "stop_gained",
    "nonstop_mutation": "stop_lost", "nonstop": "stop_lost",
    "translation_start_site": "start_lost", "start_codon_snp": "start_lost",
    "start_codon_del": "start_lost", "start_codon_ins": "start_lost",
    "frame_shift_del": "frameshift_variant", "frame_shift_ins": "frameshift_variant",
    "in_frame_del": "inframe_deletion", "in_frame_ins": "inframe_insertion",
    "splice_site": "splice_site_variant", "splice_region": "splice_region_variant",
    "silent": "synonymous_variant", "synonymous": "synonymous_variant",
    "3'utr": "3_prime_UTR_variant", "5'utr": "5_prime_UTR_variant",
    "three_prime_utr": "3_prime_UTR_variant", "five_prime_utr": "5_prime_UTR_variant",
    "5'flank": "upstream_gene_variant", "five_prime_flank": "upstream_gene_variant",
    "3'flank": "downstream_gene_variant", "intron": "intron_variant",
    "igr": "intergenic_variant", "rna": "non_coding_transcript_exon_variant",
    "lincrna": "non_coding_transcript_exon_variant",
    "de_novo_start_in_frame": "5_prime_UTR_variant",
    "de_novo_start_out_frame": "5_prime_UTR_variant",
    "de_novo_start_inframe": "5_prime_UTR_variant",
    "de_novo_start_outofframe": "5_prime_UTR_variant",
    "targeted_region": "sequence_variant", "could_not_determine": "sequence_variant",
}  # fmt: skip
"""`Variant_Classification` of a MAF or of Funcotator, in lower case -> term.

`Splice_Site` does not tell donor from acceptor, so it becomes their common parent.
"""

_BCFTOOLS: Mapping[str, str] = {
    "missense": "missense_variant", "synonymous": "synonymous_variant",
    "frameshift": "frameshift_variant", "splice_acceptor": "splice_acceptor_variant",
    "splice_donor": "splice_donor_variant", "splice_region": "splice_region_variant",
    "stop_retained": "stop_retained_variant", "start_retained": "start_retained_variant",
    "inframe_altering": "protein_altering_variant",
    "coding_sequence": "coding_sequence_variant",
    "5_prime_utr": "5_prime_UTR_variant", "3_prime_utr": "3_prime_UTR_variant",
    "non_coding": "non_coding_transcript_exon_variant", "intron": "intron_variant",
    "intergenic": "intergenic_variant",
}  # fmt: skip
_KNOWN = {term.lower(): term for term in SEVERITY}


def terms_of(written: str) -> str:
    """Turn what a tool wrote as consequence into Sequence Ontology terms joined by ``&``.

    Unknown words stay as they are.

    Examples
    --------
    >>> terms_of("Missense_Mutation"), terms_of("missense&splice_region")
    ('missense_variant', 'missense_variant&splice_region_variant')
    """
    if written in RANK:
        return written
    words = written.replace(",", "&").replace(";", "&").split("&")
    return "&".join(_term(word.strip()) for word in words if word.strip())


def _term(word: str) -> str:
    lower = word.lower().lstrip("*")
    for known in (_KNOWN, MAF_CLASSES, _BCFTOOLS):
        if lower in known:
            return known[lower]
    return word


def severity(terms: str) -> int:
    """Return the rank of the most severe of terms joined by ``&``; 0 is the worst."""
    return min(RANK.get(term, len(RANK)) for term in terms.split("&"))


def mutation_class(terms: str) -> str:
    """Return the class of the most severe protein change, empty where there is none.

    Examples
    --------
    >>> mutation_class("splice_region_variant&missense_variant")
    'missense'
    >>> mutation_class("splice_donor_variant&non_coding_transcript_variant")
    ''
    """
    parts = terms.split("&")
    if not NON_CODING.isdisjoint(parts):
        return ""
    changes = [term for term in parts if term in NONSYNONYMOUS]
    return NONSYNONYMOUS[min(changes, key=RANK.__getitem__)] if changes else ""


def is_coding(terms: str) -> bool:
    """Tell whether a coding sequence or a splice donor or acceptor of one is hit."""
    if mutation_class(terms):
        return True
    parts = terms.split("&")
    return NON_CODING.isdisjoint(parts) and not SYNONYMOUS.isdisjoint(parts)
