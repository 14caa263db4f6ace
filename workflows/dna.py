"""Exomes and somatic calls to tumour mutation burden and its relation to the outcome."""

from storiform.biomarkers.callability import (
    callability,
    callable_bases,
    gene_callability,
    pileup,
)
from storiform.biomarkers.contamination import contamination
from storiform.biomarkers.germline import germline_alleles, germline_sites
from storiform.biomarkers.identity import identity
from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.quality import quality
from storiform.biomarkers.read_statistics import read_statistics
from storiform.biomarkers.recounts import recounts
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.figures.boxplot import response_boxplots
from storiform.figures.kaplan_meier import survival_by_feature, survival_of_all
from storiform.figures.quality import quality_overview
from storiform.statistics.association import associations
from storiform.statistics.survival import survival

STEPS = (
    read_statistics,
    pileup,
    contamination,
    identity,
    quality,
    quality_overview,
    germline_sites,
    germline_alleles,
    recounts,
    variants,
    callable_bases,
    callability,
    gene_callability,
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
