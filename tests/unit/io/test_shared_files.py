"""A file that the sheet gives several samples: each has what bears its name, or nothing."""

import gzip
import os
import re
from pathlib import Path

import pytest
from small_trial import CLINICAL, COUNTS, MAF, SAMPLES, VCF, call, write_trial

from storiform.engine.check import foresee
from storiform.engine.results import Results
from storiform.engine.session import open_session
from storiform.engine.tasks import task_of
from storiform.engine.work import make, perform
from storiform.io.lines import holds_rows
from storiform.io.sources import SOURCES
from storiform.io.units import GIVEN_TO_OTHERS, SourceUnit
from storiform.model.errors import InputError

SEG = "ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nT1\t1\t1\t900\t7\t0.5\n"
CNS = "chromosome\tstart\tend\tgene\tlog2\tprobes\nchr1\t0\t900\t-\t0.5\t7\n"
FIT = "sample\tpurity\tploidy\nT1\t0.5\t2.1\n"
STATED = "purity\tploidy\n0.5\t2.1\n"
FACETS = "# purity = 0.5\n# ploidy = 2.1\n"
HTSEQ = "ENSG00000141510\t5\nENSG00000135679\t9\n"
SALMON = "Name\tLength\tEffectiveLength\tTPM\tNumReads\nENSG00000141510\t900\t700\t5.5\t6\n"
ONE_COLUMN = "gene,T1\nTP53,5\nMDM2,7\n"
NAMELESS = "\n".join(line.rpartition("\t")[0] for line in MAF.splitlines()) + "\n"
ONE_CALL = VCF.replace("\tP1_N\tP1_T", "\tT1").replace("\t0/0:30,0:30", "").replace(
    "\t0/0:28,0:28", ""
)  # fmt: skip
UNNAMED = VCF.replace("##tumor_sample=P1_T\n", "").replace("\tP1_N\tP1_T", "\tNORMAL\tTUMOR")
CNR = "chromosome\tstart\tend\tgene\tlog2\tdepth\tweight\n" + "".join(
    f"1\t{n}00\t{n}99\tA\t0.{n % 2}\t50\t1.0\n" for n in range(1, 9)
)
CNN = "chromosome\tstart\tend\tgene\tdepth\tlog2\nchr1\t100\t300\tA\t50\t5.64\n"
PILEUP = (
    "Chromosome,Position,Ref,Alt,File1R,File1A,File1E,File1D,File2R,File2A,File2E,File2D\n"
    "2,500,A,C,30,28,1,0,40,12,0,2\n"
)
SNPS = VCF.replace("\tP1_N\tP1_T", "\tNORMAL\tTUMOR").replace("##tumor_sample=P1_T\n", "")
ARRIBA = (
    "#gene1\tgene2\tstrand1(gene/fusion)\tstrand2(gene/fusion)\tbreakpoint1\tbreakpoint2\t"
    "split_reads1\tsplit_reads2\tdiscordant_mates\tconfidence\treading_frame\t"
    "peptide_sequence\n"
    "EWSR1\tFLI1\t+/+\t+/+\t22:29287134\t11:128807180\t2\t3\t3\thigh\tin-frame\tA|f\n"
)
JUNCTIONS = "chr22\t101\t+\tchr11\t200\t+\t1\t0\t0\tr1\t51\t50M30S\t201\t50S30M\n"
TRUST4 = (
    "#count\tfrequency\tCDR3nt\tCDR3aa\tV\tD\tJ\tC\tcid\tcid_full_length\n"
    "42\t0.5\tTGTGCCAGC\tCAS\tTRBV7-3*01\t.\tTRBJ1-5*01\tTRBC\tassemble1\t1\n"
)
CASES = {
    "MAF of one sample": ("calls", "maf", MAF.replace("P3_T", "P2_T")),
    "MAF without names": ("calls", "maf", NAMELESS),
    "VCF of one column": ("calls", "vcf", ONE_CALL),
    "VCF of NORMAL and TUMOR": ("calls", "vcf", UNNAMED),
    "VCF whose line names the tumour": ("calls", "vcf", VCF),
    "SEG": ("given_segments", "segments", SEG),
    "segments without names": ("given_segments", "segments", CNS),
    "fit": ("given_fit", "purity_fit", FIT),
    "fit without names": ("given_fit", "purity_fit", STATED),
    "fit of FACETS": ("given_fit", "purity_fit", FACETS),
    "counts of HTSeq": ("given_counts", "counts", HTSEQ),
    "counts of Salmon": ("given_counts", "counts", SALMON),
    "counts of one column": ("given_counts", "counts", ONE_COLUMN),
    "TPM of Salmon": ("given_tpm", "tpm", SALMON.replace("5.5", "1e6")),
    "ratios": ("given_ratios", "ratios", CNR),
    "coverage": ("given_coverage", "coverage", CNN),
    "SNPs of snp-pileup": ("given_snps", "snps", PILEUP),
    "SNPs in a VCF of NORMAL and TUMOR": ("given_snps", "snps", SNPS),
    "fusions": ("given_fusions", "fusions", ARRIBA),
    "junctions": ("chimeric_alignments", "chimeric_junctions", JUNCTIONS),
    "receptors": ("given_clonotypes", "repertoire", TRUST4),
    "TPM of one column": ("given_tpm", "tpm", ONE_COLUMN.replace("5", "9e5")),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore::storiform.model.errors.DataWarning")
def test_what_bears_no_name_is_taken_for_one_sample_alone(tmp_path: Path, case: str) -> None:
    table, column, text = CASES[case]
    path = tmp_path / "given"
    path.write_text(text)
    read = next(source.read for source in SOURCES if source.table.name == table)
    assert read is not None
    names = {"tumour_exome": "X", "tumour_rna": "X"}
    given = ("B", "P", {column: path}, names, "GRCh38", {})
    assert len(read(SourceUnit(*given)))
    told = rf"^given.*: found .*, expected .*({GIVEN_TO_OTHERS}|X or B or P)\. \w"
    with pytest.raises(InputError, match=told):
        read(SourceUnit(*given, shared=frozenset({column})))


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("the column of the samples", GIVEN_TO_OTHERS),
        ("the calls of P2", "found samples P3_T, expected P2_T or P2"),
    ],
)
def test_nobody_has_the_mutations_of_another(tmp_path: Path, lost: str, told: str) -> None:
    """P2 and P3 share a MAF; of P2 nothing stands there, or nothing tells whose a row is."""
    of_p2 = MAF.splitlines(keepends=True)[1]
    text = NAMELESS if "column" in lost else MAF.replace(of_p2, "")
    code, out, err = call("check", write_trial(tmp_path, {"calls.maf": text}))
    assert code == 2
    assert told in out + err


def test_a_matrix_of_one_column_is_not_everybodys(tmp_path: Path) -> None:
    lines = [",".join(line.split(",")[:2]) for line in COUNTS.splitlines()]
    config = write_trial(tmp_path, {"counts.csv": "\n".join(lines) + "\n"})
    code, out, err = call("check", config)
    assert code == 2
    for name in ("P2", "P3", "P4"):
        assert f"{name}: counts.csv: found one column of values, P1_R, expected {name}_R" in out
    assert "P1: counts.csv" not in out + err


def test_a_file_of_one_patient_is_taken_whole(tmp_path: Path) -> None:
    """P3 alone names the MAF, whose one sample is called otherwise."""
    alone = "".join(MAF.splitlines(keepends=True)[::2]).replace("P3_T", "tumour")
    sheet = "\n".join(line for line in SAMPLES.splitlines() if line[:2] != "P2") + "\n"
    clinic = "".join(line for line in CLINICAL.splitlines(keepends=True) if line[:2] != "P2")
    given = {"calls.maf": alone, "samples.csv": sheet, "clinical.csv": clinic}
    code, out, err = call("check", write_trial(tmp_path, given))
    assert code == 0, out + err
    assert "its one sample is named tumour" in out + err


def test_a_file_by_another_name_is_the_same(tmp_path: Path) -> None:
    """P3 names a link to the file of P2, in which nothing tells whose a row is."""
    sheet = SAMPLES.replace("P3,P3_T,1,pre,,calls.maf", "P3,P3_T,1,pre,,link.maf")
    config = write_trial(tmp_path, {"calls.maf": NAMELESS, "samples.csv": sheet})
    (tmp_path / "link.maf").symlink_to("calls.maf")
    code, out, err = call("check", config)
    assert code == 2
    assert GIVEN_TO_OTHERS in out + err


def longer(text: str, rows: int) -> str:
    """Repeat the first row of a file, a base further each time, until it has so many rows."""
    lines = text.splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if "7674220" in line)
    more = [lines[first].replace("7674220", str(7674220 - n)) for n in range(1, rows)]
    return "".join([*lines[: first + 1], *more, *lines[first + 1 :][: rows == 1]])


@pytest.mark.parametrize("text", [longer(NAMELESS, 5), longer(MAF, 5) + MAF.splitlines()[2]])
def test_a_copy_under_another_name_is_the_same_file(tmp_path: Path, text: str) -> None:
    """P3's file has the calls of P2: where rows bear no names, nothing else would tell."""
    is_nameless, text = "P2_T" not in text, text.rstrip() + "\n"
    sheet = SAMPLES.replace("P3,P3_T,1,pre,,calls.maf", "P3,P3_T,1,pre,,copy.maf")
    files: dict[str, str | bytes] = {"calls.maf": text, "copy.maf": text, "samples.csv": sheet}
    code, out, err = call("check", write_trial(tmp_path, files))
    told = GIVEN_TO_OTHERS
    assert (code, told in out + err) == ((2, True) if is_nameless else (0, False))
    files["copy.maf.gz"] = gzip.compress(text.encode())
    files["samples.csv"] = sheet.replace("copy.maf", "copy.maf.gz")
    code, out, err = call("check", write_trial(tmp_path, files))
    assert (code, told in out + err) == ((2, True) if is_nameless else (0, False)), "packed"
    files["copy.maf.gz"] = gzip.compress(text.encode())[:-9]
    code, out, err = call("check", write_trial(tmp_path, files))
    assert code == 2
    assert "P3: copy.maf.gz" in out + err
    assert "broken compression" in out + err
    files["samples.csv"] = sheet
    files["copy.maf"] = text + "\n" * 9
    code, out, err = call("check", write_trial(tmp_path, files))
    assert code == 0, "another content: nothing is known of it"


@pytest.mark.parametrize("rows", [0, 1, 4, 5])
def test_files_of_few_calls_may_be_alike(tmp_path: Path, rows: int) -> None:
    """As those of a caller that found nothing in two patients, or one hotspot in both."""
    head = "".join(line for line in UNNAMED.splitlines(keepends=True) if line[0] == "#")
    is_empty, text = rows < 5, longer(UNNAMED, rows) if rows else head
    sheet = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf", "P2,P2_T,1,pre,second.vcf,")
    maf = "".join(MAF.splitlines(keepends=True)[::2])
    files = {"calls.vcf": text, "second.vcf": text, "samples.csv": sheet, "calls.maf": maf}
    code, out, err = call("check", write_trial(tmp_path, files))
    assert (code == 0) == is_empty, out + err
    assert (GIVEN_TO_OTHERS in out + err) != is_empty


def test_one_normal_may_serve_patients_without_their_own(tmp_path: Path) -> None:
    path = tmp_path / "normal.cnn"
    path.write_text(CNN)
    read = next(s.read for s in SOURCES if s.table.name == "given_coverage")
    normal = SourceUnit(
        "N", "P", {"coverage": path}, {"normal_exome": "N"}, "GRCh38", {},
        shared=frozenset({"coverage"}),
    )  # fmt: skip
    assert len(read(normal)) == 1


@pytest.mark.parametrize(
    ("text", "has_rows"),
    [
        ("", False),
        ("gene\tcount\n", False),
        ("gene\tcount\nA\t1\n", True),
        ("#gene\tcount\n\n", False),
        ("##x\n#CHROM\n", False),
        ("##x\n#CHROM\n1\n", True),
        ("#gene\r#more\r", False),
    ],
)
def test_whether_a_file_holds_rows(tmp_path: Path, text: str, *, has_rows: bool) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert holds_rows(path, 1) == has_rows


def test_what_cannot_be_read_counts_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"a\nb\n")[:-6])
    assert holds_rows(path, 1)
    assert holds_rows(tmp_path, 1)


def test_calls_read_before_a_file_was_shared_are_read_again(tmp_path: Path) -> None:
    """Else P2 would keep the calls of P3, which joined the trial and the file later."""
    alone = "".join(line for line in SAMPLES.splitlines(keepends=True) if line[:2] != "P3")
    clinic = "".join(line for line in CLINICAL.splitlines(keepends=True) if line[:2] != "P3")
    config = write_trial(tmp_path, {"samples.csv": alone, "clinical.csv": clinic})
    before = _calls_of_p2(config)
    assert _calls_of_p2(config) == before
    write_trial(tmp_path)
    assert _calls_of_p2(config) != before


def _calls_of_p2(config: Path) -> str:
    nodes = open_session(config).graph.nodes
    (node,) = [n for n in nodes if (n.step, n.unit) == ("read_calls", "P2")]
    return node.fingerprint


def test_a_worker_knows_that_a_file_is_shared(tmp_path: Path) -> None:
    """As `check` does; what stands in the sheet alone would be forgotten on the way."""
    config = write_trial(tmp_path, {"calls.maf": NAMELESS})
    nodes = open_session(config).graph.nodes
    (node,) = [n for n in nodes if (n.step, n.unit) == ("read_calls", "P2")]
    session = open_session(config)
    results = Results(tmp_path / "results")
    task = task_of(node, session.config.workflow.name, results, session.report.cohort, 1)
    outcome = perform(task, make)
    assert outcome.ending == "failed"
    assert GIVEN_TO_OTHERS in outcome.message


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ("P1_N\tP1_T", 2),
        ("NORMAL\tTUMOR", 0),
        ("P2_N\tP2_T", 0),
        ("P2\tP2_tumour", 0),
        ("P1_N\tTUMOR", 2),
        ("p1_n\tp1_t", 2),
        ("NORMAL\tP2_T", 0),
    ],
)
def test_a_vcf_that_names_another_patients_tumour_is_an_error(
    tmp_path: Path, columns: str, code: int
) -> None:
    """A copy of P1's calls lies under the name of P2; the sheet knows whose they are."""
    normal, tumour = columns.split("\t")
    theirs = VCF.replace("P1_N", normal).replace("P1_T", tumour).replace("30", "31")
    sheet = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf", "P2,P2_T,1,pre,theirs.vcf,")
    maf = "".join(MAF.splitlines(keepends=True)[::2])
    config = write_trial(
        tmp_path, {"samples.csv": sheet, "theirs.vcf": theirs, "calls.maf": maf}
    )
    found, out, err = call("check", config)
    assert found == code, out + err
    told = r"P2: theirs.vcf: found the (tumour|normal) \S+, which the sample sheet has for P1"
    assert bool(re.search(told, out + err)) == (code == 2)


def test_a_run_takes_no_calls_of_another_patient(tmp_path: Path) -> None:
    """What `check` refuses: the unit fails with the same words, and the others go on."""
    sheet = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf", "P2,P2_T,1,pre,theirs.vcf,")
    maf = "".join(MAF.splitlines(keepends=True)[::2])
    theirs = VCF.replace("30", "31")
    files = {"samples.csv": sheet, "theirs.vcf": theirs, "calls.maf": maf}
    session = open_session(write_trial(tmp_path, files))
    (found,) = [finding for finding in foresee(session) if finding.units == ("P2",)]
    assert "which the sample sheet has for P1" in str(found)
    endings = {}
    for node in session.graph.nodes:
        if node.step == "read_calls":
            results, name = Results(tmp_path / "results"), session.config.workflow.name
            task = task_of(node, name, results, session.report.cohort, 1)
            endings[node.unit] = perform(task, make)
    assert {unit: outcome.ending for unit, outcome in endings.items()} == {
        "P1": "done", "P2": "failed", "P3": "done",
    }  # fmt: skip
    assert "which the sample sheet has for P1" in endings["P2"].message


def test_calls_that_turn_out_to_be_anothers_are_not_kept(tmp_path: Path) -> None:
    """P2's file names P1_T; that it is another patient's shows once P1 is in the sheet."""
    theirs = VCF.replace("30", "31")
    rows = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf", "P2,P2_T,1,pre,theirs.vcf,")
    alone = "".join(line for line in rows.splitlines(keepends=True) if line[:2] != "P1")
    maf = "".join(MAF.splitlines(keepends=True)[::2])
    clinic = "".join(line for line in CLINICAL.splitlines(keepends=True) if line[:2] != "P1")
    files = {"theirs.vcf": theirs, "calls.maf": maf}
    config = write_trial(tmp_path, {**files, "samples.csv": alone, "clinical.csv": clinic})
    before = _calls_of_p2(config)
    write_trial(tmp_path, {**files, "samples.csv": rows})
    assert _calls_of_p2(config) != before
    nodes = open_session(config).graph.nodes
    of_vcf = [
        node for node in nodes if node.unit == "P2" and "vcf" in node.payload.get("files", ())
    ]
    assert {node.step for node in of_vcf} >= {"read_calls", "read_call_phases"}
    assert all("which the sample sheet has for P1" in n.payload["refused"] for n in of_vcf)


@pytest.mark.parametrize("data", [b"BCF\2\2" + b"\1\2\3\4" * 30, b"no header\n", b""])
def test_a_damaged_file_of_calls_fails_alone(tmp_path: Path, data: bytes) -> None:
    """Whose it is cannot be told; who reads it tells what is wrong, and the others go on."""
    sheet = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf", "P2,P2_T,1,pre,theirs.bcf,")
    maf = "".join(MAF.splitlines(keepends=True)[::2])
    config = write_trial(tmp_path, {"samples.csv": sheet, "theirs.bcf": data, "calls.maf": maf})
    session = open_session(config)
    assert [f for f in foresee(session) if f.severity == "error"] == []
    (node,) = [n for n in session.graph.nodes if (n.step, n.unit) == ("read_calls", "P2")]
    results, name = Results(tmp_path / "results"), session.config.workflow.name
    outcome = perform(task_of(node, name, results, session.report.cohort, 1), make)
    assert outcome.ending == "failed"
    assert re.search(r"theirs\.bcf.*: found .+, expected .+\.", outcome.message)
    code, out, _ = call("check", config)
    assert code == 2
    assert "P2: theirs.bcf" in out


def test_a_large_file_is_known_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size and time of two large files may be the same, as in an archive that was unpacked."""
    monkeypatch.setattr("storiform.engine.fingerprint.HASHED_UP_TO", 10)
    sheet = SAMPLES.replace("P3,P3_T,1,pre,,calls.maf", "P3,P3_T,1,pre,,copy.maf")
    text = longer(NAMELESS, 5)
    files = {"calls.maf": text, "copy.maf": text, "samples.csv": sheet}
    config = write_trial(tmp_path, files)
    for name in ("calls.maf", "copy.maf"):
        os.utime(tmp_path / name, (1e9, 1e9))
    nodes = open_session(config).graph.nodes
    assert not [node for node in nodes if node.payload.get("shared") == ("maf",)]


def test_the_off_target_bins_of_a_tumour_are_its_own(tmp_path: Path) -> None:
    paths = {name: tmp_path / name for name in ("coverage", "off_target_coverage")}
    for path in paths.values():
        path.write_text(CNN)
    read = next(s.read for s in SOURCES if s.table.name == "given_coverage")
    unit = SourceUnit(
        "T", "P", paths, {"tumour_exome": "T"}, "GRCh38", {},
        shared=frozenset({"off_target_coverage"}),
    )  # fmt: skip
    with pytest.raises(InputError, match=f"^off_target_coverage: .*{GIVEN_TO_OTHERS}"):
        read(unit)
