"""A trial, from reads, calls and counts to response and survival.

The order is that of a trial paper. What runs before what follows from the tables, so a
step can be added, taken out or moved at will. The workflows `dna` and `rna` are made of
these groups.
"""

from storiform.biomarkers.callability import (
    callability,
    callable_bases,
    gene_callability,
    pileup,
)
from storiform.biomarkers.consequences.annotation import consequences
from storiform.biomarkers.consequences.germline_proteins import germline_proteins
from storiform.biomarkers.consequences.proteins import protein_changes
from storiform.biomarkers.contamination import contamination
from storiform.biomarkers.copy_number.alleles import snp_counts
from storiform.biomarkers.copy_number.arms import copy_number_arms
from storiform.biomarkers.copy_number.bins import bin_coverage
from storiform.biomarkers.copy_number.clonality import clonal_burden, clonality
from storiform.biomarkers.copy_number.features import (
    copy_number_discordances,
    gene_copy_states,
)
from storiform.biomarkers.copy_number.fit import copy_number_fit
from storiform.biomarkers.copy_number.frequency import copy_number_frequency
from storiform.biomarkers.copy_number.genes import copy_number_genes
from storiform.biomarkers.copy_number.ratios import log_ratios
from storiform.biomarkers.copy_number.segmentation import raw_segments
from storiform.biomarkers.denominators import tmb_denominators
from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.fusions.calls import fusion_burden, fusions
from storiform.biomarkers.fusions.diagnoses import fusion_discordances
from storiform.biomarkers.fusions.proteins import fusion_proteins
from storiform.biomarkers.fusions.split_reads import chimeric_fusions, fusion_reads
from storiform.biomarkers.gene_counting import gene_counts
from storiform.biomarkers.germline import germline_alleles, germline_sites
from storiform.biomarkers.hla.discordances import hla_discordances
from storiform.biomarkers.hla.fates import hla_loh, hla_loss
from storiform.biomarkers.hla.fragments import hla_fragments
from storiform.biomarkers.hla.loss import hla_gene_loh
from storiform.biomarkers.hla.reads import hla_sequences
from storiform.biomarkers.hla.types import hla_types
from storiform.biomarkers.hla.typing import hla_calls
from storiform.biomarkers.identity import identity
from storiform.biomarkers.immune_classes import immune_classes, own_scale_classes
from storiform.biomarkers.immune_genes import checkpoints, immunoglobulins
from storiform.biomarkers.mhc_binding import mhc_binding
from storiform.biomarkers.microenvironment import mcp_counter, signature_coverage, ssgsea
from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.mutation_spectrum import mutation_spectrum
from storiform.biomarkers.neoantigen_burden import neoantigen_burden
from storiform.biomarkers.neoantigens import neoantigens
from storiform.biomarkers.normalisation import cpm, library_sizes
from storiform.biomarkers.peptides import peptides
from storiform.biomarkers.proteome import reference_proteins
from storiform.biomarkers.quality import quality
from storiform.biomarkers.read_statistics import read_statistics
from storiform.biomarkers.recounts import call_pairs, phased_calls, recounts
from storiform.biomarkers.reference_percentiles import reference_percentiles
from storiform.biomarkers.repertoires import repertoires
from storiform.biomarkers.rna_quality import rna_quality
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.figures.boxplot import response_boxplots
from storiform.figures.class_survival import class_survival
from storiform.figures.copy_number import amplicon_12q, copy_number_profile
from storiform.figures.copy_number_frequency import copy_number_cohort
from storiform.figures.correlation_scatter import correlation_scatter
from storiform.figures.expression_pca import batch_view
from storiform.figures.fit_surface import fit_surface
from storiform.figures.forest import forest_plot
from storiform.figures.fusions import fusion_strip
from storiform.figures.heatmap import gene_set_heatmap, microenvironment_heatmap
from storiform.figures.hla import hla_coverage, hla_loss_strip
from storiform.figures.immune_classes import immune_class_strip
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.figures.laboratory_course import laboratory_course
from storiform.figures.ma_plot import ma_plot
from storiform.figures.marker_view import marker_view
from storiform.figures.neoantigens import neoantigen_burdens, neoantigen_ranks
from storiform.figures.odds_forest import odds_forest
from storiform.figures.oncoprint import oncoprint
from storiform.figures.paired_survival import paired_survival
from storiform.figures.patient_flow import patient_flow
from storiform.figures.quality import quality_overview
from storiform.figures.response_subgroups import response_subgroups
from storiform.figures.signature_panel import signature_panel
from storiform.figures.spider import spider_plot
from storiform.figures.swimmer import swimmer_plot
from storiform.figures.volcano import volcano
from storiform.figures.waterfall import waterfall
from storiform.statistics.adverse_event_rates import adverse_event_rates
from storiform.statistics.assessments import assessments
from storiform.statistics.association import associations
from storiform.statistics.best_response import best_response
from storiform.statistics.characteristics import characteristics
from storiform.statistics.clinic import clinic
from storiform.statistics.differential import differential_expression
from storiform.statistics.exposure import exposure
from storiform.statistics.expression_pca import expression_pca
from storiform.statistics.feature_correlations import correlations
from storiform.statistics.gsea import gsea, marker_enrichment
from storiform.statistics.hazards import hazards
from storiform.statistics.laboratory_visits import laboratory_visits
from storiform.statistics.number_of_tests import number_of_tests
from storiform.statistics.odds import odds
from storiform.statistics.oncoprint_rows import oncoprint_rows
from storiform.statistics.paired_features import paired_features
from storiform.statistics.populations import populations
from storiform.statistics.response_rates import response_rates
from storiform.statistics.response_trends import response_trends
from storiform.statistics.sensitivity import sensitivity
from storiform.statistics.survival import survival
from storiform.statistics.trial_times import trial_times
from storiform.statistics.variance_stabilisation import vst

# responses as the lesions tell them, and the outcomes that all else is compared with
RESPONSES = (assessments, best_response, clinic)

# who took part, and who of them is in which analysis
ANALYSED = (exposure, populations)

# what the trial showed of them
TRIAL = (
    *ANALYSED,
    characteristics,
    response_rates,
    trial_times,
    adverse_event_rates,
    laboratory_visits,
    laboratory_course,
)

# what the reader sees first
EFFICACY = (
    patient_flow,
    waterfall,
    spider_plot,
    swimmer_plot,
    response_subgroups,
    survival_of_all,
)

# what the reads are worth
READS = (read_statistics, quality, quality_overview)

# whose the exomes are
EXOMES = (pileup, contamination, identity)

MUTATIONS = (
    germline_sites,
    germline_alleles,
    recounts,
    consequences,
    variants,
    callable_bases,
    callability,
    gene_callability,
    tmb,
    tmb_denominators,
    recurrent_genes,
    mutated_genes,
    gene_mutations,
    mutation_spectrum,
)

# HLA alleles, and those that the tumour has lost
HLA = (
    hla_sequences,
    hla_calls,
    hla_types,
    hla_discordances,
    hla_fragments,
    hla_gene_loh,
    hla_loh,
    hla_loss,
    hla_coverage,
    hla_loss_strip,
)

FUSIONS = (
    fusion_reads,
    chimeric_fusions,
    fusions,
    fusion_burden,
    fusion_discordances,
    fusion_proteins,
    fusion_strip,
)

NEOANTIGENS = (
    call_pairs,
    phased_calls,
    protein_changes,
    germline_proteins,
    reference_proteins,
    peptides,
    mhc_binding,
    neoantigens,
    neoantigen_burden,
    neoantigen_ranks,
    neoantigen_burdens,
)

COPY_NUMBER = (
    bin_coverage,
    snp_counts,
    log_ratios,
    raw_segments,
    copy_number_fit,
    copy_number_genes,
    copy_number_arms,
    gene_copy_states,
    copy_number_discordances,
    copy_number_frequency,
    clonality,
    clonal_burden,
    copy_number_profile,
    amplicon_12q,
    fit_surface,
    copy_number_cohort,
)

# expression and the microenvironment
EXPRESSION = (
    gene_counts,
    counts,
    tpm,
    rna_quality,
    library_sizes,
    cpm,
    mcp_counter,
    ssgsea,
    signature_coverage,
    vst,
    reference_percentiles,
    immune_classes,
    own_scale_classes,
    checkpoints,
    immunoglobulins,
    repertoires,
    immune_class_strip,
    signature_panel,
    microenvironment_heatmap,
    gene_set_heatmap,
)

# what tells biopsies apart, before anything is tested
BATCHES = (expression_pca, batch_view)

# genes that go with response
DIFFERENTIAL = (
    differential_expression,
    marker_enrichment,
    gsea,
    ma_plot,
    volcano,
    marker_view,
)

# what goes with response and survival
OUTCOME = (
    paired_features,
    associations,
    odds,
    response_trends,
    survival,
    hazards,
    correlations,
    sensitivity,
    number_of_tests,
    response_boxplots,
    odds_forest,
    survival_by_feature,
    paired_survival,
    forest_plot,
    correlation_scatter,
)

# the whole of it, patient by patient
OVERVIEW = (oncoprint_rows, oncoprint, class_survival)

STEPS = (
    *RESPONSES,
    *TRIAL,
    *EFFICACY,
    *READS,
    *EXOMES,
    *MUTATIONS,
    *HLA,
    *FUSIONS,
    *NEOANTIGENS,
    *COPY_NUMBER,
    *EXPRESSION,
    *BATCHES,
    *DIFFERENTIAL,
    *OUTCOME,
    *OVERVIEW,
)
