"""`storiform export` of neoantigens, after a run whose steps make small tables."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group

WORKFLOW = '''"""Tables of neoantigens, made from nothing."""

import pandas as pd

from storiform.model.tables.copies import GivenSegments
from storiform.model.tables.dna import VARIANTS, SomaticVariants
from storiform.model.tables.proteins import (
    MHC_ALLELES, NEOANTIGENS, PROTEIN_CHANGES, MhcAlleles, Neoantigens, ProteinChanges,
)
from storiform.model.tables.spectra import MutationSpectrum


_ID = "chr1-1-2-A-C"


def _full(contract, **row):
    return pd.DataFrame([row]).reindex(columns=list(contract.columns))


def protein_changes(given: GivenSegments) -> ProteinChanges:
    """Make two."""
    one = _full(PROTEIN_CHANGES, change=0, transcript="T1", variant_ids=_ID, gene="G",
                hgvsp="p.Arg1His", speaks_for_gene=True, mutant="A" * 49, changed_start=24,
                changed_end=25, no_peptides="")
    return pd.concat([one, one.assign(change=1, variant_ids="chr1-5-6-A-C")])


def variants(given: GivenSegments) -> SomaticVariants:
    """Make two calls, of which one counts."""
    rows = pd.DataFrame({"start": [1, 5], "end": [2, 6], "is_eligible": [True, False]})
    rows = rows.assign(contig="chr1", ref="A", alt="C", record=0, allele=0, is_coding=True,
                       is_nonsynonymous=True, in_panel_of_normals=False)
    return rows.reindex(columns=list(VARIANTS.columns))


def neoantigens(given: GivenSegments) -> Neoantigens:
    """Make one."""
    return _full(NEOANTIGENS, priority=1, variant_ids=_ID, gene="G", peptide="AAAAAAAAA",
                 allele="HLA-A*02:01", transcript="T1", hgvsp="p.Arg1His", length=9,
                 mhc_class="I", affinity=9.0, rank=0.1, is_binder=True,
                 is_strong_binder=True, binds_by_affinity=True,
                 binds_strongly_by_affinity=True, is_demoted=False)


def mhc_alleles(given: GivenSegments) -> MhcAlleles:
    """Make two, one of which was left out."""
    rows = pd.DataFrame({"allele": ["HLA-A*02:01", "HLA-B*99:99"], "reason": ["", "unknown"]})
    return rows.reindex(columns=list(MHC_ALLELES.columns))


def mutation_spectrum(given: GivenSegments) -> MutationSpectrum:
    """Make 96 types."""
    types = [f"{b}[{s}]{a}" for b in "ACGT" for s in ("C>A", "C>G", "C>T", "T>A", "T>C", "T>G")
             for a in "ACGT"]
    return pd.DataFrame({"mutation_type": types, "substitution": "", "mutations": 2,
                         "fraction": 1 / 96})


STEPS = (variants, protein_changes, neoantigens, mhc_alleles, mutation_spectrum)
'''
SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nT1\t2\t1\t190\t2\t0.5\n"


def export(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["export", *map(str, arguments)])


@pytest.fixture
def results(tmp_path) -> Path:
    """Run the workflow over one biopsy."""
    return made_of(tmp_path, WORKFLOW)


def made_of(tmp_path: Path, workflow: str) -> Path:
    """Run a workflow over one biopsy; return the results."""
    files = {"flow.py": workflow, "s.seg": SEG,
             "samples.csv": "patient,sample,status,segments\nP1,T1,1,s.seg\n",
             "c.yaml": "workflow: flow.py\noutput: out\ncohort:\n  samples: samples.csv\n"
                       "executor:\n  workers: 1\n"}  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    run = CliRunner().invoke(group, ["run", str(tmp_path / "c.yaml"), "--quiet"])
    assert run.exit_code == 0, run.output
    return tmp_path / "out"


def test_what_the_run_has_is_written_without_being_named(results, tmp_path) -> None:
    to = tmp_path / "files"
    made = export(results, "--to", to)
    assert made.exit_code == 0, made.output
    names = ["P1.mutant.fasta", "P1.epitopes.fasta", "P1.aggregated.tsv",
             "mutation_spectrum.SBS96.all", "mutations.maf"]  # fmt: skip
    assert made.stdout.split() == [str(to / name) for name in names]
    assert (
        to / "P1.mutant.fasta"
    ).read_text() == f">1|G|p.Arg1His|T1 chr1-1-2-A-C\n{'A' * 27}\n"
    table = pd.read_csv(to / "P1.aggregated.tsv", sep="\t")
    assert [name for name in table.columns if "*" in name] == ["A*02:01"]
    assert pd.read_csv(to / "mutation_spectrum.SBS96.all", sep="\t").shape == (96, 2)


def without_peptides() -> str:
    """Return the workflow of a biopsy with calls that do not count."""
    empty = WORKFLOW.replace("return _full(NEOANTIGENS,", "return _none(NEOANTIGENS,")
    empty = empty.replace('"is_eligible": [True, False]', '"is_eligible": [False, False]')
    none = "def _none(contract, **row):\n    return contract.empty()\n\n\n"
    return empty.replace("def protein_changes", f"{none}def protein_changes")


UNWRITTEN = (
    "Without a peptide, so not written: mutant.fasta of 1 biopsy, epitopes.fasta of 1 biopsy."
)


def test_of_a_burden_of_0_the_table_is_bare_and_no_fasta_is_written(tmp_path) -> None:
    root = made_of(tmp_path, without_peptides())
    to = tmp_path / "files"
    to.mkdir()
    (to / "P1.mutant.fasta").write_text(">of an earlier export\nAAAA\n")
    made = export(root, "--to", to, "--format", "peptides,neoantigens")
    assert made.exit_code == 0, made.output
    assert made.stdout.split() == [str(to / "P1.aggregated.tsv")]
    assert [path.name for path in to.iterdir()] == ["P1.aggregated.tsv"]
    assert made.stderr.splitlines() == [
        "Nothing to write, so without a row: P1.aggregated.tsv.",
        UNWRITTEN,
    ]
    assert len(pd.read_csv(to / "P1.aggregated.tsv", sep="\t")) == 0


def test_peptides_of_nobody_are_told_without_an_error(tmp_path) -> None:
    root = made_of(tmp_path, without_peptides())
    made = export(root, "--to", tmp_path / "files", "--format", "peptides")
    assert (made.exit_code, made.stdout) == (0, "")
    assert made.stderr.splitlines() == [UNWRITTEN]
