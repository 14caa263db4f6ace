"""A workflow of HLA alleles and their loss."""

from storiform.biomarkers.hla.discordances import hla_discordances
from storiform.biomarkers.hla.fates import hla_loh, hla_loss
from storiform.biomarkers.hla.fragments import hla_fragments
from storiform.biomarkers.hla.loss import hla_gene_loh
from storiform.biomarkers.hla.reads import hla_sequences
from storiform.biomarkers.hla.types import hla_types
from storiform.biomarkers.hla.typing import hla_calls
from storiform.figures.hla import hla_coverage

STEPS = (
    hla_sequences,
    hla_calls,
    hla_types,
    hla_discordances,
    hla_fragments,
    hla_gene_loh,
    hla_loh,
    hla_loss,
    hla_coverage,
)
