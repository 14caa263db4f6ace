"""What people get wrong: each fault is told with its place and remedy, and the rest goes on."""

import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pytest
from small_trial import (
    CLINICAL,
    CONFIG,
    COUNTS,
    FILES,
    MAF,
    SAMPLES,
    VCF,
    call,
    write_trial,
)
from trials import storiform

from storiform.model.genome import LENGTHS

Changes = Mapping[str, str | bytes]
BUILDS = [str(LENGTHS[build]["chr17"]) for build in ("GRCh38", "GRCh37")]


def swap(name: str, old: str, new: str) -> Changes:
    """Replace a text that a file of the trial holds."""
    assert old in FILES[name]
    return {name: FILES[name].replace(old, new)}


def packed(content: bytes) -> Changes:
    return {**swap("samples.csv", "calls.vcf", "calls.vcf.gz"), "calls.vcf.gz": content}


def mouse(line: re.Match[str]) -> str:
    return line[1] + line[2].lower()


VCF_FAULTS: dict[str, tuple[Changes, str]] = {
    "no header": (
        {"calls.vcf": re.sub(r"(?m)^#.*\n", "", VCF)},
        r"calls.vcf, line 1: found a record without header .*expected lines with ## .* Add ",
    ),
    "unknown samples": (
        {"calls.vcf": re.sub(r"##\w+_sample.*\n", "", VCF).replace("P1_N\tP1_T", "A\tB")},
        r"line #CHROM: found the sample columns A, B, expected one named P1_T .* Rename",
    ),
    "wrong build": (
        {"calls.vcf": VCF.replace(*BUILDS)},
        r"##contig lines: found contig lengths of GRCh37, expected GRCh38\. Give the file",
    ),
    "strange contigs": (
        {"calls.vcf": VCF.replace("chr17", "scaffold_9")},
        r"found contigs scaffold_9, expected at least one of chr1 .* Rename the contigs",
    ),
    "truncated": (
        packed(gzip.compress(VCF.encode())[:200]),
        r"calls.vcf.gz, after line \d+: found broken compression .*too early.* Copy or make",
    ),
    "line cut off": (
        {"calls.vcf": VCF.replace("\t0/1:30,10:40", "")},
        r"calls.vcf, line 8: found 10 columns, expected 11 columns\. Write the VCF again",
    ),
    "position in words": (
        {"calls.vcf": VCF.replace("7675088", "seven")},
        r"calls.vcf, line 8: found position 'seven', expected a whole number\. Write",
    ),
}
MATRIX_FAULTS: dict[str, tuple[Changes, str]] = {
    "decimals as counts": (
        {"counts.csv": re.sub(r",(\d+)", r",\1.25", COUNTS)},
        r"counts.csv, column P1_R and 3 more: found decimals in 100% .*integer counts\. If",
    ),
    "linear as logarithms": (
        swap("samples.csv", "counts\n", "log2_tpm\n"),
        r"column P1_R and 3 more: found values up to 108, expected log2 .* in the column tpm",
    ),
    "mouse by symbols": (
        {"counts.csv": re.sub(r"(?m)^([A-Z])(\w+)(?=,)", mouse, COUNTS)},
        r"counts.csv: found ids such as Tp53, .*mouse or rat.* expected human genes .* Give",
    ),
    "mouse by ids": (
        {"counts.csv": re.sub(r"(?m)^[A-Z]\w+(?=,)", "ENSMUSG00000059552", COUNTS)},
        r"which look like mouse \(ENSMUSG\), expected human genes .* Give human genes",
    ),
    "no gzip inside": (
        {**swap("samples.csv", "counts.csv", "counts.csv.gz"), "counts.csv.gz": b"\x1f\x8bxyz"},
        r"counts.csv.gz: found broken compression.*, expected a complete gzip file\. Copy or",
    ),
    "a word": (
        {"counts.csv": COUNTS.replace("MDM2,17", "MDM2,many")},
        r"counts.csv, gene MDM2, column P1_R: found 'many', expected a number\. Correct",
    ),
    "negative": (
        {"counts.csv": COUNTS.replace("MDM2,17", "MDM2,-17")},
        r"column P1_R: found the negative value -17, expected 0 or more\. If they are log",
    ),
    "one column twice": (
        {"counts.csv": COUNTS.replace("P2_R", "P1_R")},
        r"counts.csv: found 2 columns named P1_R, expected one for each sample\. Rename",
    ),
    "empty": (
        {"counts.csv": ""},
        r"counts.csv: found 0 lines, expected a header and rows\. Wr",
    ),
    "MAF without its columns": (
        {"calls.maf": MAF.replace("Variant_Classification", "Kind")},
        r"calls.maf, header: found columns .*expected the columns Variant_Classification\. Ren",
    ),
}


@pytest.mark.parametrize("fault", [*VCF_FAULTS, *MATRIX_FAULTS])
def test_check_tells_what_is_wrong_with_a_file(tmp_path: Path, fault: str) -> None:
    changed, told = {**VCF_FAULTS, **MATRIX_FAULTS}[fault]
    code, out, err = call("check", write_trial(tmp_path, changed))
    assert (code, err) == (2, "")
    errors = [line for line in out.splitlines() if line.startswith("error: ")]
    assert [line for line in errors if re.search(told, line)], out
    assert "4 patients, 4 biopsies; " in out


SHEET_FAULTS: dict[str, tuple[Changes, str]] = {
    "patient twice": (
        swap("clinical.csv", "P4,SD", "P2,SD"),
        r"clinical.csv, rows 3, 5: found patient P2 2 times, expected one row .* Keep",
    ),
    "unknown response": (
        swap("clinical.csv", "P2,PD", "P2,QQ"),
        r"clinical.csv, row 3, column response: found 'QQ', expected CR, PR, .* Correct it",
    ),
    "negative PFS": (
        swap("clinical.csv", ",1.9,", ",-1.9,"),
        r"clinical.csv, row 3, column pfs_months: found '-1.9', expected a number .* Correct",
    ),
    "no column of patients": (
        swap("clinical.csv", "patient", "name"),
        r"clinical.csv, row 1: found columns name, .*expected a column patient\. Add",
    ),
    "no rows": (
        {"samples.csv": SAMPLES.splitlines()[0] + "\n"},
        r"samples.csv, row 1: found a header alone \(an empty cohort\), expected rows\. Add",
    ),
    "empty file": (
        {"samples.csv": ""},
        r"samples.csv: found an empty file, expected a header and rows\. Name the columns",
    ),
    "unknown column": (
        swap("samples.csv", "timepoint", "timepiont"),
        r"row 1: found unknown column timepiont, .*remove it; did you mean timepoint\?",
    ),
    "missing file": (
        swap("samples.csv", "calls.vcf", "cals.vcf"),
        r"row 3, column vcf: found cals.vcf, .* Correct the path .*did you mean calls.vcf\?",
    ),
    "an Excel workbook": (
        {"samples.csv": b"PK\x03\x04\0\0"},
        r"samples.csv: found an Excel workbook, expected CSV or TSV text\. Export",
    ),
    "binary": (
        {"samples.csv": bytes(range(256))},
        r"samples.csv: found a binary file, expected CSV or TSV text\. Export",
    ),
    "sample twice": (
        swap("samples.csv", "P2_R", "P1_R"),
        r"samples.csv, row 7, column sample: found 'P1_R', which row 6 has too, .* Rename",
    ),
    "blank in a name": (
        swap("samples.csv", "P2,P2_R", "P 2,P2_R"),
        r"row 7, column patient: found the character ' ' in 'P 2', expected letters.* Rename",
    ),
    "slash in a name": (
        swap("samples.csv", "P2_R", "P2/R"),
        r"row 7, column sample: found the character '/' in 'P2/R', expected letters.* Rename",
    ),
}
CONFIG_FAULTS: dict[str, tuple[str | bytes, str]] = {
    "misspelt name": (
        CONFIG + "tmb: {min_vaff: 0.1}\n",
        r"trial.yaml:7:7: tmb.min_vaff: unknown; did you mean min_vaf\?",
    ),
    "misspelt section": (
        CONFIG + "tbm: {min_vaf: 0.1}\n", r"trial.yaml:7:1: tbm: unknown; did you mean tmb\?",
    ),
    "out of bounds": (
        CONFIG + "tmb: {min_vaf: 5}\n",
        r"trial.yaml:7:7: tmb.min_vaf: found 5, expected at most 1 ",
    ),
    "no YAML": (CONFIG + "tmb: {min_vaf: 0.1\n", r"trial.yaml:8:1: found no YAML .* Correct"),
    "a list": ("- a\n", r"trial.yaml:1:1: found no names, expected a mapping .* Write"),
    "empty": ("", r"trial.yaml:1:1: workflow: missing; name a workflow, such as trial"),
    "binary": (b"\x89PNG\0\xff", r"trial.yaml: found a binary file, expected UTF-8 text\."),
    "unknown workflow": (
        CONFIG.replace("trial\n", "trail\n", 1),
        r"trial.yaml:1:1: workflow: unknown workflow trail; did you mean trial\?",
    ),
    "missing sheet": (
        CONFIG.replace("samples.csv", "sampels.csv"),
        r"cohort.samples: found sampels.csv, which .* did you mean samples.csv",
    ),
    "unknown resource": (
        CONFIG + "resources: {target: x.bed}\n", r"resources.target: unknown; did you mean",
    ),
    "missing resource": (
        CONFIG + "resources: {targets: x.bed}\n",
        r"resources.targets: found x.bed, which does not exist.* Correct the path",
    ),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "plan", "run"])
@pytest.mark.parametrize(
    "fault", [*SHEET_FAULTS, *(f"configuration: {f}" for f in CONFIG_FAULTS)]
)
def test_faults_of_sheets_and_configuration_end_every_command(
    tmp_path: Path, fault: str, command: str
) -> None:
    name = fault.removeprefix("configuration: ")
    if name != fault:
        config, told = CONFIG_FAULTS[name]
        changed: Changes = {"trial.yaml": config}
    else:
        changed, told = SHEET_FAULTS[name]
    code, out, err = call(command, write_trial(tmp_path, changed))
    shown, silent = (out, err) if command == "check" else (err, out)
    assert (code, silent) == (2, "")
    assert re.search(told, shown), shown
    assert not (tmp_path / "results").exists()


def test_check_tells_all_faults_of_both_sheets_in_one_go(tmp_path: Path) -> None:
    names = (
        "patient twice",
        "unknown response",
        "unknown column",
        "missing file",
        "slash in a name",
    )
    texts = dict(FILES)
    for name, old, new in (
        ("clinical.csv", "P4,SD", "P2,SD"), ("clinical.csv", "P2,PD", "P2,QQ"),
        ("samples.csv", "timepoint", "timepiont"), ("samples.csv", "calls.vcf", "cals.vcf"),
        ("samples.csv", "P2_R", "P2/R"),
    ):  # fmt: skip
        texts[name] = texts[name].replace(old, new)
    code, out, _ = call("check", write_trial(tmp_path, texts))
    assert code == 2
    for name in names:
        assert re.search(SHEET_FAULTS[name][1], out), (name, out)
    assert f"{len(names)} errors found" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "nowhere.yaml"), r"nowhere.yaml"),
        (("explain", "CONFIG", "tbm", "P1"), r"found tbm of P1, expected a step .* Use one of"),
        (("explain", "CONFIG", "tmb", "P9"), r"found tmb of P9, expected a unit of tmb\. Use"),
        (("status", "FOLDER"), r"found no run.json, expected a results folder\. Give"),
        (("report", "FOLDER"), r"found no run.json, expected a results folder\. Give"),
    ],
)
def test_what_is_not_there_is_told(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    config = write_trial(tmp_path)
    places = {"CONFIG": config, "FOLDER": tmp_path}
    code, out, err = call(*(places.get(word, word) for word in words))
    assert (code, out) == (2, "")
    assert re.search(told, err), err


@pytest.mark.parametrize("place", ["counts.csv/results", "/proc/results"])
def test_results_that_cannot_be_written_end_the_run_at_once(tmp_path: Path, place: str) -> None:
    """Below a file, and on a file system on which not even root may write."""
    changed = CONFIG.replace("output: results", f"output: {place}")
    done = storiform("run", write_trial(tmp_path, {"trial.yaml": changed}))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(rf"{place}.*found .*, expected .*", done.stderr), done.stderr


Runner = Callable[[Changes], Path]
TABLES = Path(__file__).with_name("tables_workflow.py")
WITHOUT_FIGURES = CONFIG.replace("workflow: trial", f"workflow: {TABLES}")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """Return a runner of changed trials that gives the folder of their tables."""

    def run(changed: Changes) -> Path:
        folder = tmp_path_factory.mktemp("trial")
        done = storiform("run", write_trial(folder, changed), "--quiet")
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return folder / "results" / "tables"

    return run


def test_any_spelling_of_the_same_trial_gives_the_same_tables(ran: Runner) -> None:
    """CR alone, a byte order mark, semicolons, swapped VCF columns, a .gz that is none."""
    columns = re.sub(r"(?m)\t([^\t\n]+)\t([^\t\n]+)$", r"\t\2\t\1", VCF)
    assert columns != VCF
    sheet = SAMPLES.replace("calls.vcf", "calls.vcf.gz")
    spelt: Changes = {
        "samples.csv": sheet.replace("\n", "\r"),
        "clinical.csv": "\ufeff" + CLINICAL.replace(",", ";").replace(".", ","),
        "counts.csv": "\ufeff" + COUNTS.replace("\n", "\r\n"),
        "calls.vcf.gz": columns,
    }
    plain, other = (ran({"trial.yaml": WITHOUT_FIGURES, **changed}) for changed in ({}, spelt))
    names = sorted(path.name for path in plain.glob("*.tsv"))
    assert names == sorted(path.name for path in other.glob("*.tsv"))
    assert len(names) > 12
    for name in names:
        assert (plain / name).read_bytes() == (other / name).read_bytes(), name


@pytest.mark.parametrize(
    ("response", "note", "config"),
    [("PR", "no patient without the outcome", WITHOUT_FIGURES), ("NE", "", CONFIG)],
    ids=["all responded", "none evaluable"],
)
def test_one_group_empty_ends_well(ran: Runner, response: str, note: str, config: str) -> None:
    changed = re.sub(r",(PR|PD|CR|SD),", f",{response},", CLINICAL)
    tables = ran({"clinical.csv": changed, "trial.yaml": config})
    found = pd.read_csv(tables / "associations.tsv", sep="\t")
    assert found["p"].isna().all()
    absent = "no patient with both feature and outcome"
    assert set(found["note"]) - {absent} == ({note} if note else set())
    survival = pd.read_csv(tables / "survival.tsv", sep="\t")
    assert survival["p"].notna().any()
    assert (tables.parent / "report.html").exists()


def test_hostile_files_fail_alone_and_everyone_else_finishes(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    made = storiform("simulate", "--out", folder, "--patients", 8, "--seed", 3, "--hostile")
    assert made.returncode == 0, made.stderr
    truth = pd.read_csv(folder / "truth" / "hostile.tsv", sep="\t").set_index("biopsy")
    guilty = set(truth.index[truth["expected"] == "failed"])
    checked = storiform("check", folder / "trial.yaml")
    assert checked.returncode == 2
    told = re.findall(r"(?m)^error: (\w+): .+: found .+, expected .+\. .+\.$", checked.stdout)
    assert sorted(told) == sorted(guilty)
    assert len(guilty) == 10
    config = folder / "trial.yaml"  # figures are of those who are sound: nothing is drawn
    config.write_text(config.read_text().replace("workflow: trial", f"workflow: {TABLES}"))
    done = storiform("run", config)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    failed = re.findall(r"(?m)^failed: \w+ of (\w+): .+: found .+, expected .+\.$", done.stderr)
    assert sorted(failed) == sorted(guilty)
    tables = folder / "results" / "tables"
    burdens = set(pd.read_csv(tables / "tmb.tsv", sep="\t")["biopsy"])
    scores = set(pd.read_csv(tables / "mcp_counter.tsv", sep="\t")["biopsy"])
    assert not (burdens | scores) & guilty
    assert "H03" in burdens
    planted = pd.read_csv(folder / "truth" / "tmb.tsv", sep="\t")["biopsy"]
    assert set(planted) - set(truth.index) <= burdens
    report = (folder / "results" / "report.html").read_text()
    for name in guilty:
        assert f"{name}" in report
