"""RNA reads, counts or TPM to scores of the microenvironment, and what goes with them."""

from storiform.biomarkers.expression import counts, tpm
from storiform.biomarkers.gene_counting import gene_counts
from storiform.biomarkers.microenvironment import mcp_counter, signature_coverage, ssgsea
from storiform.biomarkers.normalisation import cpm, library_sizes
from storiform.biomarkers.quality import quality
from storiform.biomarkers.read_statistics import read_statistics
from storiform.figures.boxplot import response_boxplots
from storiform.figures.heatmap import gene_set_heatmap, microenvironment_heatmap
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.figures.quality import quality_overview
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (
    read_statistics,
    gene_counts,
    quality,
    quality_overview,
    counts,
    tpm,
    library_sizes,
    cpm,
    mcp_counter,
    ssgsea,
    signature_coverage,
    microenvironment_heatmap,
    gene_set_heatmap,
    associations,
    survival,
    survival_of_all,
    response_boxplots,
    survival_by_feature,
)
