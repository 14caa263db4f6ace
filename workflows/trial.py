"""A trial, from calls and counts to response and survival.

The order is that of a trial paper. What runs before what follows from the tables, so a
step can be added, taken out or moved at will.
"""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.microenvironment import mcp_counter, signature_coverage, ssgsea
from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.normalisation import cpm, library_sizes
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.figures.boxplot import response_boxplots
from storiform.figures.heatmap import gene_set_heatmap, microenvironment_heatmap
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.figures.waterfall import waterfall
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (
    # efficacy
    waterfall,
    survival_of_all,
    # somatic mutations
    variants,
    tmb,
    recurrent_genes,
    mutated_genes,
    gene_mutations,
    # expression and microenvironment
    counts,
    tpm,
    library_sizes,
    cpm,
    mcp_counter,
    ssgsea,
    signature_coverage,
    microenvironment_heatmap,
    gene_set_heatmap,
    # what goes with response and survival
    associations,
    survival,
    response_boxplots,
    survival_by_feature,
)
