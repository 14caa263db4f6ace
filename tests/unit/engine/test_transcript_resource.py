"""Transcripts are read from the file that a user names as genes."""

from pathlib import Path

import pandas as pd
import pysam
import pytest

from storiform.engine.check import check_inputs
from storiform.engine.config import load_config
from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import Graph
from storiform.engine.weave import Threads, weave
from storiform.engine.work import open_resource
from storiform.io.sheets import read_cohort
from storiform.model.errors import ConfigError
from storiform.model.resources import Reference
from storiform.model.step import Step
from storiform.model.tables.dna import CALLS, Calls
from storiform.model.tables.proteins import CONSEQUENCES, Consequences
from storiform.model.transcripts import GenomeTranscripts


def needing(calls: Calls, transcripts: GenomeTranscripts) -> Consequences:
    """Ask for transcripts."""
    return CONSEQUENCES.empty() if len(calls) + len(transcripts) else pd.DataFrame()


def helped(
    calls: Calls, transcripts: GenomeTranscripts | None, reference: Reference | None
) -> Consequences:
    """Ask for what only helps."""
    known = [thing for thing in (transcripts, reference) if thing is not None]
    return CONSEQUENCES.empty() if len(calls) + len(known) else pd.DataFrame()


def woven(folder: Path, function, **resources: Path) -> Graph:
    (folder / "calls.vcf").write_text("x")
    sheet = folder / "samples.csv"
    sheet.write_text("patient,sample,status,vcf\nP1,T1,1,calls.vcf\nP1,N1,0,\n")
    cohort = read_cohort(sheet, None, "GRCh38").cohort
    return weave(Threads((Step.of(function),), cohort, {}, resources, {}, FileIds(None)))


def test_a_step_gets_the_file_of_genes(tmp_path) -> None:
    genes = tmp_path / "genes.gtf"
    genes.write_text("x")
    for function in (needing, helped):
        graph = woven(tmp_path, function, genes=genes)
        (node,) = (n for n in graph.nodes if n.step == function.__name__)
        assert node.payload["resources"] == {"transcripts": str(genes)}
        assert node.recipe["resources"]["transcripts"] == FileIds(None).of(genes)


def test_without_genes_a_step_is_left_out_or_does_without(tmp_path) -> None:
    assert [n.step for n in woven(tmp_path, needing).nodes if n.origin == "step"] == []
    (node,) = (n for n in woven(tmp_path, helped).nodes if n.origin == "step")
    assert node.payload["resources"] == {}


def test_what_is_left_out_asks_for_genes_by_the_name_that_a_user_writes(tmp_path) -> None:
    (left,) = woven(tmp_path, needing).left_out
    assert left.reason == "resource genes is not configured"


def test_a_user_cannot_name_transcripts_apart(tmp_path) -> None:
    (tmp_path / "genes.gtf").write_text("x")
    (tmp_path / "samples.csv").write_text("patient,sample,status\n")
    config = tmp_path / "dna.yaml"
    config.write_text(
        "workflow: dna\ncohort: {samples: samples.csv}\n"
        "resources: {transcript_models: genes.gtf}\n"
    )
    with pytest.raises(ConfigError, match=r"resources\.transcript_models: unknown"):
        load_config(config)


def test_the_resource_opens_a_gtf_and_a_gff3(tmp_path) -> None:
    row = "chr1\tx\texon\t1\t90\t.\t+\t.\t"
    (tmp_path / "a.gtf").write_text(row + 'gene_id "G"; transcript_id "T";\n')
    (tmp_path / "a.gff3").write_text(f"##gff-version 3\n{row}Parent=T\n")
    for name in ("a.gtf", "a.gff3"):
        models = open_resource("transcript_models", str(tmp_path / name))
        assert [t.name for t in models.overlapping("chr1", 5, 6)] == ["T"]
        assert models is open_resource("transcript_models", str(tmp_path / name))


def test_calls_of_the_contract_are_asked_for() -> None:
    """The steps above must ask as those of the package do, else they prove nothing."""
    assert CALLS.name == "calls"
    assert Step.of(needing).arguments[1].contract.name == "transcript_models"


WORKFLOW = '''"""One step."""

from storiform.biomarkers.consequences.annotation import consequences

STEPS = (consequences,)
'''


@pytest.mark.parametrize(
    ("told", "faults"), [('gene_id "G"; transcript_id "T";', 0), ('gene_id "G";', 1)]
)
def test_check_reads_transcripts_where_a_step_asks_for_them(tmp_path, told, faults) -> None:
    """Genes can be counted without names of transcripts, consequences cannot be found."""
    rows = [f"chr1\tx\t{kind}\t1\t90\t.\t+\t0\t{told}\n" for kind in ("exon", "CDS")]
    (tmp_path / "genes.gtf").write_text("".join(rows))
    (tmp_path / "one.py").write_text(WORKFLOW)
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,T1,1\nP1,N1,0\n")
    config = tmp_path / "one.yaml"
    config.write_text(
        "workflow: one.py\ncohort: {samples: samples.csv}\nresources: {genes: genes.gtf}\n"
    )
    found = [f.message for f in check_inputs(config).findings if "genes.gtf" in f.message]
    assert len(found) == faults
    assert all("found no transcript, expected a GTF or GFF3" in message for message in found)


@pytest.mark.parametrize(("contig", "faults"), [("chr1", 0), ("scaffold_7", 1)])
def test_check_refuses_a_genome_without_a_contig_of_the_genes(tmp_path, contig, faults) -> None:
    told = 'gene_id "G"; transcript_id "T";'
    rows = [f"chr1\tx\t{kind}\t1\t90\t.\t+\t0\t{told}\n" for kind in ("exon", "CDS")]
    (tmp_path / "genes.gtf").write_text("".join(rows))
    (tmp_path / "genome.fa").write_text(f">{contig}\n{'ATG' * 40}\n")
    pysam.faidx(str(tmp_path / "genome.fa"))
    (tmp_path / "one.py").write_text(WORKFLOW)
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,T1,1\nP1,N1,0\n")
    config = tmp_path / "one.yaml"
    config.write_text(
        "workflow: one.py\ncohort: {samples: samples.csv}\n"
        "resources: {genes: genes.gtf, fasta: genome.fa}\n"
    )
    found = [f for f in check_inputs(config).findings if "contigs of the FASTA" in f.message]
    assert [f.severity for f in found] == ["error"] * faults
    assert all("found transcripts on chr1" in f.message for f in found)
