"""What a run tells before it works: files that will fail, and what is wrong with the whole."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pysam
import pytest

from storiform.engine.check import Finding, foresee
from storiform.engine.graph import Node, State
from storiform.model.cohort import Cohort, Sample
from storiform.model.errors import InputError
from storiform.model.step import Step
from storiform.model.tables.dna import Calls
from storiform.model.tables.proteins import CONSEQUENCES, Consequences
from storiform.model.transcripts import GenomeTranscripts


def needing(calls: Calls, transcripts: GenomeTranscripts) -> Consequences:
    """Ask for transcripts."""
    return CONSEQUENCES.empty() if len(calls) + len(transcripts) else calls


HEADER = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 248_956_422}]}
BED = "chr1\t100\t200\n"


def write_bam(path: Path) -> Path:
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as file:
        read = pysam.AlignedSegment(file.header)
        read.query_name, read.flag, read.query_sequence = "a", 0, "ACGT"
        read.reference_id, read.reference_start, read.cigarstring = 0, 150, "4M"
        file.write(read)
    pysam.index(str(path))
    return path


def session(
    folder: Path, files: dict[str, Path], states: dict[str, State], bed: str = BED
) -> Any:
    """Return what `foresee` looks at of a session; `states` are those of the passes."""
    samples = tuple(
        Sample(name, "P1", None, "normal", "exome", {path.suffix[1:]: path})
        for name, path in files.items()
    )
    (folder / "kit.bed").write_text(bed)
    nodes = [
        Node("pileup", name, "sample", "scan", state=state) for name, state in states.items()
    ]
    return SimpleNamespace(
        graph=SimpleNamespace(nodes=nodes, steps=()),
        report=SimpleNamespace(cohort=Cohort(samples, (), ())),
        config=SimpleNamespace(resources={"targets": folder / "kit.bed"}, params={}),
        only=(),
    )


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Return a sound BAM and one that was cut."""
    sound, cut = write_bam(tmp_path / "sound.bam"), write_bam(tmp_path / "cut.bam")
    cut.write_bytes(cut.read_bytes()[:-28])
    return {"S1": sound, "S2": cut}


def test_a_file_that_will_fail_is_told_in_a_line_as_check_tells_it(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    (found,) = foresee(session(tmp_path, files, {"S1": "todo", "S2": "todo"}))
    assert found.units == ("S2",)
    assert str(found).startswith("error: S2: cut.bam: found a truncated file")
    assert "\n" not in str(found)


def test_a_file_that_was_read_before_is_not_looked_into(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    assert foresee(session(tmp_path, files, {"S1": "todo", "S2": "cached"})) == ()
    assert foresee(session(tmp_path, files, {})) == ()


def test_a_missing_index_costs_no_line_before_the_run(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    Path(f"{files['S1']}.bai").unlink()
    assert foresee(session(tmp_path, files, {"S1": "todo"})) == ()


@pytest.mark.parametrize(
    ("bed", "told"),
    [
        ("chr1\t20\t10\n", r"kit\.bed, line 1: found 'chr1\\t20\\t10'"),
        ("chr1\t5\t248956423\n", r"kit\.bed: found an interval up to chr1:248956423"),
    ],
)
def test_a_fault_of_the_targets_stops_the_whole_before_work(
    tmp_path: Path, files: dict[str, Path], bed: str, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        foresee(session(tmp_path, files, {"S1": "todo"}, bed))
    assert foresee(session(tmp_path, files, {"S1": "cached"}, bed)) == ()


def test_a_doubt_of_the_targets_is_told(tmp_path: Path, files: dict[str, Path]) -> None:
    given = session(tmp_path, files, {"S1": "todo"}, f"{BED}chr1\t300\t300\n")
    (found,) = foresee(given)
    assert str(found).startswith("warning: targets: kit.bed: found 1 interval that starts")


def test_genes_of_another_genome_stop_the_whole_before_work(
    tmp_path: Path, files: dict[str, Path]
) -> None:
    def with_genes(contig: str, state: State) -> Any:
        genes, fasta = tmp_path / "a.gtf", tmp_path / "g.fa"
        genes.write_text(f'{contig}\tx\texon\t1\t9\t.\t+\t.\tgene_id "G";\n')
        fasta.write_text(">chr1\nACGTACGTAC\n")
        (tmp_path / "g.fa.fai").write_text("chr1\t10\t6\t10\t11\n")
        given = session(tmp_path, files, {"S1": state})
        given.config.resources.update(genes=genes, fasta=fasta)
        given.graph.steps = (Step.of(needing),)
        return given

    with pytest.raises(InputError, match=r"a\.gtf: found transcripts on scaffold_7, expected"):
        foresee(with_genes("scaffold_7", "todo"))
    assert foresee(with_genes("scaffold_7", "cached")) == ()
    assert foresee(with_genes("1", "todo")) == ()


def test_of_many_units_the_first_are_named() -> None:
    def told(most: int) -> str:
        return str(Finding("error", "m", tuple(f"S{number}" for number in range(most))))

    assert told(0) == "error: m"
    assert told(6) == "error: S0, S1, S2, S3, S4, S5: m"
    assert told(8) == "error: S0, S1, S2, S3, S4, S5 and 2 more: m"
