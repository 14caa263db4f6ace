"""Somatic calls to tumour mutation burden and its relation to response and survival."""

from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.figures.boxplot import response_boxplots
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (
    variants,
    tmb,
    recurrent_genes,
    mutated_genes,
    gene_mutations,
    associations,
    survival,
    survival_of_all,
    response_boxplots,
    survival_by_feature,
)
