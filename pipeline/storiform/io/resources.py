"""Outside files that belong to no sample: bundled ones, and those that a user names.

A checkout carries `workflows/`, `configs/` and `reference/` at its top; a wheel carries
copies under ``storiform/bundled``. The checkout is looked at first, since an editable
install would otherwise read stale copies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storiform.io.annotation import read_genes
from storiform.io.cohort_reference import (
    read_cohort_reference,
    read_gene_mapping,
    read_sic_centroids,
)
from storiform.io.fasta import read_fasta
from storiform.io.fusion_files import read_known_fusions
from storiform.io.gene_places import read_chromosome_arms, read_gene_places
from storiform.io.gene_sets import read_gene_sets
from storiform.io.genes import (
    read_gene_lengths,
    read_gene_names,
    read_mcp_markers,
    read_transcripts,
)
from storiform.io.hla_reference_file import read_hla_reference
from storiform.io.intervals import read_targets
from storiform.io.mhc_model import read_mhc_model
from storiform.io.panel import read_panel
from storiform.io.proteome import read_proteome
from storiform.io.transcripts import read_transcript_models
from storiform.model.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parents[1]
_BUNDLED = "bundled:"


def bundled(relative: str) -> Path:
    """Return the path of a file of `workflows/`, `configs/` or `reference/`.

    Raises
    ------
    ConfigError
        If neither the checkout nor the package holds it.
    """
    for root in (_PACKAGE.parents[1], _PACKAGE / "bundled"):
        path = root / relative
        if path.exists():
            return path
    message = f"{relative}: this installation does not carry the file. Install storiform again."
    raise ConfigError(message)


def portable(path: Path) -> str:
    """Name a file so that another installation finds its own copy of it, if it is bundled.

    A worker in an image has what is bundled in another place than the driver.
    """
    for root in (_PACKAGE.parents[1], _PACKAGE / "bundled"):
        if path.is_relative_to(root / "reference"):
            return f"{_BUNDLED}{path.relative_to(root)}"
    return str(path)


def located(name: str) -> Path:
    """Return the path in this installation of what `portable` named.

    Raises
    ------
    ConfigError
        If this installation does not carry the file.
    """
    is_bundled = name.startswith(_BUNDLED)
    return bundled(name.removeprefix(_BUNDLED)) if is_bundled else Path(name)


@dataclass(frozen=True)
class ResourceReader:
    """How a resource is read: from the user's file, else from the `default` bundled one.

    ``{build}`` in the name of the bundled file stands for the cohort's genome build. With
    `file_of` the file is that which the user names for another resource.
    """

    read: Callable[[Path], Any]
    default: str | None
    description: str
    file_of: str = ""


RESOURCES: Mapping[str, ResourceReader] = {
    "gene_names": ResourceReader(
        read_gene_names,
        "reference/genome/gene_identifiers.tsv.gz",
        "table of genes: entrez, symbol, ensembl, aliases",
    ),
    "gene_lengths": ResourceReader(
        read_gene_lengths,
        "reference/genome/gene_lengths.tsv.gz",
        "exon length of each gene: gene, length (bp), length_source",
    ),
    "transcripts": ResourceReader(
        read_transcripts,
        None,
        "GTF, or two columns (transcript, gene): genes of salmon's and kallisto's transcripts",
    ),
    "gene_sets": ResourceReader(
        read_gene_sets, "reference/signatures/signatures.gmt", "gene sets for ssGSEA, GMT"
    ),
    "mcp_markers": ResourceReader(
        read_mcp_markers, "reference/signatures/mcp_counter.tsv", "markers of MCP-counter"
    ),
    "cohort_reference": ResourceReader(
        read_cohort_reference,
        "reference/immune/tcga_sarc.json",
        "cohort that a biopsy is read against, of storiform freeze, .json; without one, mean "
        "and SD of 213 sarcomas of TCGA",
    ),
    "gene_mapping": ResourceReader(
        read_gene_mapping,
        None,
        "scale and shift that bring log2(TPM + 1) of each gene to the scale of the cohort of "
        "reference: gene, scale, shift",
    ),
    "known_fusions": ResourceReader(
        read_known_fusions,
        "reference/fusions/known_fusions.tsv",
        "pairs of genes that are known to fuse: fusion, gene_5, gene_3, histologies, doi",
    ),
    "sic_centroids": ResourceReader(
        read_sic_centroids,
        "reference/immune/sic_centroids.tsv",
        "centroids of the Sarcoma Immune Classes: population, A, B, C, D, E",
    ),
    "targets": ResourceReader(
        read_targets,
        None,
        "bases that the exome kit captures, BED; without one, none are known",
    ),
    "fasta": ResourceReader(
        read_fasta,
        None,
        "reference genome, FASTA with its .fai: for CRAM, for GC content, and for homozygous "
        "sites of the normal",
    ),
    "genes": ResourceReader(
        read_genes,
        None,
        "gene annotation of the genome build, GTF or GFF3 with CDS; without one, none",
    ),
    "transcript_models": ResourceReader(
        read_transcript_models, None, "transcripts of the gene annotation", file_of="genes"
    ),
    "proteome": ResourceReader(
        read_proteome,
        None,
        "protein sequences of the species, FASTA: no peptide among them is new; beside those "
        "of genes and fasta",
    ),
    "mhc_model": ResourceReader(
        read_mhc_model,
        "reference/mhc/model.npz",
        "predictor of binding to HLA molecules: the package's own weights, or a program "
        "(netMHCpan, mhcflurry-predict, MixMHCpred, MixMHC2pred) or its settings, YAML",
    ),
    "hla_reference": ResourceReader(
        read_hla_reference,
        None,
        "HLA alleles that storiform hla-reference has compiled from a release of "
        "IPD-IMGT/HLA, .npz; without them, no HLA allele is typed",
    ),
    "panel_of_normals": ResourceReader(
        read_panel,
        None,
        "usual depth of bins in normals of the kit: of storiform panel-of-normals, or a "
        "CNVkit reference.cnn; without one, none",
    ),
    "gene_places": ResourceReader(
        read_gene_places,
        "reference/genome/gene_places.{build}.tsv",
        "genes whose copies are always reported: gene, contig, start, end (0-based), cytoband",
    ),
    "chromosome_arms": ResourceReader(
        read_chromosome_arms,
        "reference/genome/chromosome_arms.{build}.tsv",
        "arms of the chromosomes: contig, arm (p or q), start, end (0-based)",
    ),
}
"""Every resource that a step may ask for, by the name of its `Resource` annotation."""

NAMED: Mapping[str, ResourceReader] = {
    name: reader for name, reader in RESOURCES.items() if not reader.file_of
}
"""Those whose file a user names, or may name, under ``resources``."""
