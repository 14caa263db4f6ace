"""Calls to burdens, mutated genes and survival."""

from storiform.biomarkers.mutated_genes import gene_mutations, mutated_genes, recurrent_genes
from storiform.biomarkers.tmb import tmb
from storiform.biomarkers.variants import variants
from storiform.statistics.survival import survival

STEPS = (variants, tmb, recurrent_genes, mutated_genes, gene_mutations, survival)
