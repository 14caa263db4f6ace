"""Copy number from files of other programs, without figures."""

from storiform.biomarkers.copy_number.alleles import snp_counts
from storiform.biomarkers.copy_number.arms import copy_number_arms
from storiform.biomarkers.copy_number.features import gene_copy_states
from storiform.biomarkers.copy_number.fit import copy_number_fit
from storiform.biomarkers.copy_number.genes import copy_number_genes
from storiform.biomarkers.copy_number.ratios import log_ratios
from storiform.biomarkers.copy_number.segmentation import raw_segments

STEPS = (
    snp_counts,
    log_ratios,
    raw_segments,
    copy_number_fit,
    copy_number_genes,
    copy_number_arms,
    gene_copy_states,
)
