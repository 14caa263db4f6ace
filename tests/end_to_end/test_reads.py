"""A trial that begins with reads, through the whole workflow, as a user runs it."""

import re
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd
import pysam
import pytest
from trials import Process

from storiform.simulation.read_trial import simulate_reads
from storiform.simulation.sequencing import Effort

PATIENTS = 6
EFFORT = Effort(normal_depth=30.0, tumour_depth=40.0, rna_fragments=15_000)
SECONDS = 600
ALIGNED = (0, 7, 8)
"""Operations of a CIGAR that set a base of the read on one of the reference."""
TABLES = Path(__file__).with_name("tables_workflow.py")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a trial with a swap, a contaminated tumour and truncated BAMs; it was not run."""
    folder = tmp_path_factory.mktemp("reads")
    faults = ("swap", "contamination", "truncation", "missing_index")
    simulate_reads(folder, PATIENTS, 31, faults, EFFORT)
    rna = folder / rna_of(folder, without_rna(folder))
    rna.write_bytes(rna.read_bytes()[: rna.stat().st_size // 2])
    return folder


@pytest.fixture(scope="module")
def finished(trial: Path) -> Process:
    """Return the run of that trial."""
    process = Process(("run", trial / "trial.yaml", "--workers", 2))
    _, told = process.communicate(timeout=SECONDS)
    (trial / "told.txt").write_text(told)
    return process


def table(folder: Path, name: str) -> pd.DataFrame:
    """Return a published table."""
    return pd.read_csv(folder / "results" / "tables" / f"{name}.tsv", sep="\t")


def faulty(folder: Path, kind: str) -> list[str]:
    """Return the patients on whom a fault was planted."""
    faults = pd.read_csv(folder / "truth" / "faults.tsv", sep="\t")
    return sorted(faults.loc[faults["fault"] == kind, "patient"].unique())


def without_rna(folder: Path) -> str:
    """Return the first patient whose files are as they should be, but for RNA that is cut."""
    sheet = pd.read_csv(folder / "samples.csv")
    faults = pd.read_csv(folder / "truth" / "faults.tsv", sep="\t")
    return min(set(sheet.loc[sheet["status"] == 2, "patient"]) - set(faults["patient"]))


def rna_of(folder: Path, patient: str) -> str:
    """Return the name of the file of a patient's RNA."""
    sheet = pd.read_csv(folder / "samples.csv")
    return str(sheet.loc[(sheet["patient"] == patient) & (sheet["status"] == 2), "bam"].iloc[0])


def test_a_truncated_file_fails_its_sample_alone(trial: Path, finished: Process) -> None:
    (victim,) = faulty(trial, "truncation")
    told = (trial / "told.txt").read_text()
    lines = [line for line in told.splitlines() if "truncated" in line and victim in line]
    foreseen, failed, further = lines
    assert foreseen.startswith(f"error: {victim}")
    assert told.index(foreseen) < told.index("failed"), "before the work"
    assert failed.startswith("failed"), "once for a file, whatever its steps"
    assert re.match(rf"failed: \d+ more steps? of {victim}\w* for that reason: ", further)
    assert finished.returncode == 1, "some failed"
    quality = table(trial, "quality")
    tmb = table(trial, "tmb")
    sound = set(quality["patient"]) - {victim}
    assert set(tmb["patient"]) >= {p for p in sound if p in set(tmb["patient"])}
    assert victim not in set(tmb["patient"])
    assert len(sound) == PATIENTS - 1
    report = (trial / "results" / "report.html").read_text()
    assert "truncated" in report
    assert "Traceback" not in report


def test_truncated_rna_costs_what_rna_tells_and_not_the_exome(
    trial: Path, finished: Process
) -> None:
    patient = without_rna(trial)
    lines = [line for line in (trial / "told.txt").read_text().splitlines() if patient in line]
    assert sum("truncated" in line for line in lines) == 3
    for name in ("tmb", "copy_number_fit", "hla_types", "quality", "callability"):
        assert patient in set(table(trial, name)["patient"]), name
    variants = table(trial, "variants").set_index("patient").filter(like="rna_").notna()
    assert not variants.loc[patient].to_numpy().any()
    assert variants.drop(patient).to_numpy().any()
    for name in ("counts", "neoantigen_burden"):
        assert patient not in set(table(trial, name)["patient"]), name
    assert finished.returncode == 1


def test_a_swap_is_named_and_nobody_else_is_accused(trial: Path, finished: Process) -> None:
    assert finished.returncode == 1
    swapped = faulty(trial, "swap")
    identity = table(trial, "identity")
    accused = identity[identity["says"].fillna("") != ""]
    assert set(accused["patient_1"]) | set(accused["patient_2"]) == set(swapped)
    lines = (trial / "told.txt").read_text().splitlines()
    warned = [line for line in lines if line.startswith("warning: identity")]
    assert any(all(patient in line for patient in swapped) for line in warned)
    own = identity[identity["patient_1"] == identity["patient_2"]]
    exomes = own[own["kind_1"].str.contains("exome") & own["kind_2"].str.contains("exome")]
    wrong = exomes["found"] == "different"
    assert set(exomes.loc[wrong, "patient_1"]) == set(swapped)
    assert (exomes.loc[~wrong, "found"] == "same").all()


def test_contamination_is_measured_where_it_was_planted(trial: Path, finished: Process) -> None:
    assert finished.returncode == 1
    found = table(trial, "contamination").set_index("sample")["contamination"].dropna()
    planted = pd.read_csv(trial / "truth" / "reads.tsv", sep="\t").set_index("sample")
    swapped = faulty(trial, "swap")
    exomes = planted[(planted["assay"] == "exome") & ~planted["patient"].isin(swapped)]
    both = exomes.join(found, rsuffix="_found", how="inner")
    assert len(both) >= PATIENTS
    assert (both["contamination_found"] - both["contamination"]).abs().max() < 0.01
    assert both["contamination"].max() == pytest.approx(0.05)


def test_the_denominator_is_what_a_loop_over_bases_counts(
    trial: Path, finished: Process
) -> None:
    """Coding and splice bases of the targets, 14 good reads in tumour and 8 in normal."""
    assert finished.returncode == 1
    tmb = table(trial, "tmb")
    assert set(tmb["denominator"]) == {"callable_coding"}
    patient = str(tmb["patient"].iloc[0])
    sheet = pd.read_csv(trial / "samples.csv")
    own = sheet[(sheet["patient"] == patient) & sheet["status"].isin([0, 1])]
    needs = {0: 8, 1: 14}
    coding = _coding(trial / "genes.gtf")
    total = 0
    with ExitStack() as stack:
        files = [
            (stack.enter_context(pysam.AlignmentFile(str(trial / bam))), needs[status])
            for bam, status in zip(own["bam"], own["status"], strict=True)
        ]
        for line in (trial / "targets.bed").read_text().splitlines():
            contig, start, end = line.split("\t")[:3]
            inside = np.array([(contig, p) in coding for p in range(int(start), int(end))])
            for file, need in files:
                inside &= _good_depth(file, contig, int(start), int(end)) >= need
            total += int(inside.sum())
    assert total == round(float(tmb["megabases"].iloc[0]) * 1e6)


def _coding(gtf: Path) -> set[tuple[str, int]]:
    """Return coding bases, and the two bases after and before each intron between them."""
    pieces: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for line in gtf.read_text().splitlines():
        fields = line.split("\t")
        if len(fields) > 8 and fields[2] in {"CDS", "stop_codon"}:
            transcript = fields[8].split('transcript_id "')[1].split('"')[0]
            pieces.setdefault((fields[0], transcript), []).append(
                (int(fields[3]) - 1, int(fields[4]))
            )
    bases: set[tuple[str, int]] = set()
    for (contig, _), found in pieces.items():
        found.sort()
        for n, (start, end) in enumerate(found):
            low = start - 2 * (n > 0 and found[n - 1][1] < start)
            high = end + 2 * (n < len(found) - 1 and found[n + 1][0] > end)
            bases.update((contig, place) for place in range(low, high))
    return bases


def _good_depth(file: pysam.AlignmentFile, contig: str, start: int, end: int) -> np.ndarray:
    """Count fragments with a good base: of two mates the better base speaks for both."""
    names: dict[str, int] = {}
    seen = []  # place, fragment, quality, first mate?, base; a column each
    for read in file.fetch(contig, start, end):
        if read.flag & 0xF04 or read.mapping_quality < 20:
            continue
        fragment = names.setdefault(read.query_name, len(names))
        bases = np.frombuffer(read.query_sequence.encode(), np.uint8)
        qualities = np.frombuffer(read.query_qualities, np.uint8)
        at, place = 0, read.reference_start
        for code, size in read.cigartuples:
            if code in ALIGNED:
                told = np.empty((5, size), dtype=np.int64)
                told[0], told[1] = np.arange(place, place + size), fragment
                told[2], told[3] = qualities[at : at + size], read.is_read1
                told[4] = bases[at : at + size]
                seen.append(told)
            at += size * (code in (*ALIGNED, 1, 4))
            place += size * (code in (*ALIGNED, 2, 3))
    table = np.concatenate(seen, axis=1) if seen else np.empty((5, 0), dtype=np.int64)
    table = table[:, (table[0] >= start) & (table[0] < end)]
    table = table[:, np.lexsort(table[::-1])]
    is_best = np.ones(table.shape[1], dtype=bool)  # the last of a place and a fragment
    is_best[:-1] = (np.diff(table[:2]) != 0).any(axis=0)
    is_good = is_best & (table[2] >= 20) & np.isin(table[4], list(b"ACGT"))
    return np.bincount(table[0][is_good] - start, minlength=end - start)


def test_threads_workers_and_a_missing_index_change_no_table(
    trial: Path, finished: Process, start: Callable[..., Process], tmp_path: Path
) -> None:
    """One worker with three threads and no index at all, against two workers."""
    assert finished.returncode == 1
    folder = tmp_path / "again"
    shutil.copytree(trial, folder, ignore=shutil.ignore_patterns("results", "*.bai"))
    sheet = pd.read_csv(folder / "samples.csv").drop(columns="bai")
    sheet.to_csv(folder / "samples.csv", index=False)
    config = folder / "trial.yaml"  # its figures are asked for nothing
    config.write_text(config.read_text().replace("workflow: trial", f"workflow: {TABLES}"))
    again = start("run", config, "--workers", 1, STORIFORM__EXECUTOR__THREADS="3")
    again.communicate(timeout=SECONDS)
    names = sorted(path.name for path in (trial / "results" / "tables").glob("*.tsv"))
    assert "quality.tsv" in names
    for name in names:
        one, two = (f / "results" / "tables" / name for f in (trial, folder))
        assert one.read_bytes() == two.read_bytes(), name


def test_check_tells_what_is_wrong_with_the_files_before_a_run(trial: Path) -> None:
    process = Process(("check", trial / "trial.yaml"))
    out, err = process.communicate(timeout=SECONDS)
    told = out + err
    assert process.returncode == 2
    (victim,) = faulty(trial, "truncation")
    (bare,) = faulty(trial, "missing_index")
    assert any(victim in line and "truncated" in line for line in told.splitlines())
    assert any(bare in line and "index" in line for line in told.splitlines())
    assert "Traceback" not in told
