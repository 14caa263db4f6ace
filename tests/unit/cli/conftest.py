"""A run whose steps make one small table of each kind that `storiform export` writes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from storiform.cli.main import group

WORKFLOW = '''"""Tables of a trial, made from nothing."""

import pandas as pd

from storiform.model.tables.copies import GivenSegments
from storiform.model.tables.copy_calls import (
    COPY_NUMBER_FIT, COPY_NUMBER_GENES, COPY_NUMBER_SEGMENTS, CopyNumberFit, CopyNumberGenes,
    CopyNumberSegments,
)
from storiform.model.tables.dna import TMB, VARIANTS, SomaticVariants, TumourBurden
from storiform.model.tables.fusions import FUSIONS, Fusions
from storiform.model.tables.rna import COUNTS, MCP_COUNTER, TPM, Counts, McpCounter, Tpm


def _full(contract, **row):
    return pd.DataFrame([row]).reindex(columns=list(contract.columns))


def variants(given: GivenSegments) -> SomaticVariants:
    """Make two calls, of which one counts."""
    rows = pd.DataFrame({"start": [99, 199], "end": [100, 200], "is_eligible": [True, False]})
    rows = rows.assign(contig="chr7", ref="A", alt="C", record=0, allele=0, is_coding=True,
                       is_nonsynonymous=True, in_panel_of_normals=False, gene="BRAF",
                       consequence="missense_variant", hgvsp="p.Val600Glu", filter="PASS",
                       mutation_class="missense", tumour_depth=50, tumour_ref_reads=30,
                       tumour_alt_reads=20)
    return rows.reindex(columns=list(VARIANTS.columns))


def tmb(given: GivenSegments) -> TumourBurden:
    """Make one."""
    return _full(TMB, mutations_nonsynonymous=1, mutations_coding=1,
                 mutations_in_denominator=1, mutations_outside=0, tmb=2.5, is_high=False)


def copy_number_fit(given: GivenSegments) -> CopyNumberFit:
    """Make one."""
    return _full(COPY_NUMBER_FIT, purity=0.7, ploidy=2.1, is_ambiguous=False, breakpoints=3,
                 wgd=True)


def copy_number_genes(given: GivenSegments) -> CopyNumberGenes:
    """Make two genes, and one more in one biopsy."""
    rows = pd.DataFrame({"gene": ["CDK4", "RB1", "TP53"],
                         "call": ["HIGH_AMP", "HOMDEL", "UNKNOWN"], "log2": [3.0, -2.0, 0.1]})
    rows = rows.assign(contig="chr12", start=0, end=9, bins=1, segment_bases=9)
    return rows.reindex(columns=list(COPY_NUMBER_GENES.columns))


def segments(given: GivenSegments) -> CopyNumberSegments:
    """Pass on."""
    lacking = set(COPY_NUMBER_SEGMENTS.columns) - set(given.columns)
    filled = given.drop(columns="tool").assign(**dict.fromkeys(lacking, float("nan")))
    return filled.assign(normal_copies=2, is_subclonal=False)


def counts(given: GivenSegments) -> Counts:
    """Make two genes."""
    return pd.DataFrame({"gene": ["A1", "B2"], "count": [7.0, 3.0], "length": [100.0, 300.0]})


def tpm(given: GivenSegments) -> Tpm:
    """Make two genes."""
    return pd.DataFrame({"gene": ["A1", "B2"], "tpm": [9e5, 1e5], "log2_tpm": [19.8, 16.6],
                         "length": [100.0, 300.0], "length_source": "file"})


def mcp_counter(given: GivenSegments) -> McpCounter:
    """Make one row."""
    return pd.DataFrame([dict.fromkeys(MCP_COUNTER.columns, 5.25)])


def fusions(given: GivenSegments) -> Fusions:
    """Make one that counts and one that does not."""
    row = dict(gene_5="SS18", gene_3="SSX1", contig_5="chr18", position_5=26015000,
               strand_5="-", contig_3="chrX", position_3=48261000, strand_3="+",
               fusion="SS18::SSX1", split_fragments=12, spanning_fragments=4,
               frame="in-frame", callers="storiform", is_confident=True, is_best=True, note="")
    two = pd.DataFrame([row, {**row, "position_5": 26015009, "is_confident": False}])
    return two.reindex(columns=list(FUSIONS.columns))


STEPS = (variants, tmb, copy_number_fit, copy_number_genes, segments, counts, tpm, mcp_counter,
         fusions)
'''
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\n{}\t2\t1\t190\t2\t0.5\n"
CLINICAL = """\
patient,response,pfs_months,pfs_event,os_months,os_event,histology,sex,age
P1,PR,7.5,1,18.25,0,synovial sarcoma,female,51
P2,PD,1.5,1,,,leiomyosarcoma,male,64
P3,SD,3,0,5,1,leiomyosarcoma,male,70
"""
CONFIG = """\
workflow: flow.py
output: out
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
executor:
  workers: 1
"""
BIOPSIES = ("P1", "P2.b1", "P2.b2")


@pytest.fixture(scope="session")
def trial_run(tmp_path_factory) -> Path:
    """Run the workflow over three biopsies of two patients; a third has none."""
    root = tmp_path_factory.mktemp("run")
    samples = ["patient,sample,status,biopsy,segments",
               *(f"{b.partition('.')[0]},{b}_T,1,{b},{b}.seg" for b in BIOPSIES)]  # fmt: skip
    files = {
        "flow.py": WORKFLOW,
        "samples.csv": "\n".join([*samples, ""]),
        "clinical.csv": CLINICAL,
        "c.yaml": CONFIG,
        **{f"{biopsy}.seg": SEG.format(f"{biopsy}_T") for biopsy in BIOPSIES},
    }
    for name, text in files.items():
        (root / name).write_text(text)
    run = CliRunner().invoke(group, ["run", str(root / "c.yaml"), "--quiet"])
    assert run.exit_code == 0, run.output
    return root / "out"
