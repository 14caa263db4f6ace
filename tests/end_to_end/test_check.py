"""`storiform check`: all problems of a trial in one list, each once, and what to do next."""

import re
from pathlib import Path

import pytest
from small_trial import CLINICAL, CONFIG, COUNTS, MAF, SAMPLES, VCF, call, write_trial

from storiform.model.genome import LENGTHS


def test_the_trial_itself_is_in_order(tmp_path: Path) -> None:
    code, out, err = call("check", write_trial(tmp_path))
    assert (code, err) == (0, "")
    assert "error" not in out.replace("0 errors found", "")
    assert out.endswith(
        "Nothing is wrong. Next: storiform run " + f"{tmp_path / 'trial.yaml'}\n"
    )


def test_invalid_depth_is_a_warning_with_its_line(tmp_path: Path) -> None:
    changed = {"calls.vcf": VCF.replace("20,20:40", "20,20:many")}
    code, out, _ = call("check", write_trial(tmp_path, changed))
    assert code == 0
    assert re.search(r"warning: P1: calls.vcf: .*DP.*line 7, DP=many.*taken as missing", out)


def test_check_tells_a_fault_of_a_shared_file_once(tmp_path: Path) -> None:
    code, out, _ = call("check", write_trial(tmp_path, {"counts.csv": ""}))
    assert code == 2
    assert out.count("counts.csv: found 0 lines") == 1
    assert "error: P1, P2, P3, P4: counts.csv" in out
    assert "1 error found" in out


def test_check_tells_faults_of_configuration_sheets_and_files_in_one_go(
    tmp_path: Path,
) -> None:
    """Good rows and bad ones: every file whose path can be read is opened."""
    broken = {
        "trial.yaml": CONFIG + "tmb: {min_vaf: 5}\nresources: {genes: calls.vcf}\n",
        "samples.csv": SAMPLES.replace("P1_T,1,", "P1_T,7,").replace("P4,P4_R", "P4,P1_R"),
        "clinical.csv": CLINICAL.replace("P2,PD", "P2,QQ"),
        "calls.vcf": VCF.replace("7675088", "seven"),
        "calls.maf": MAF.replace("Variant_Classification", "Kind"),
        "counts.csv": COUNTS.replace("MDM2,17", "MDM2,many"),
    }
    told = (
        r"trial.yaml:7:7: tmb.min_vaf: found 5, ",
        r"samples.csv, row 3, column status: found '7', ",
        r"samples.csv, row 9, column sample: found 'P1_R', which row 6 has too, ",
        r"clinical.csv, row 3, column response: found 'QQ', ",
        r"genes: calls.vcf, line 7: found .*, expected nine columns of a GTF",
        r"P1_T: calls.vcf, line 8: found position 'seven', ",
        r"P2, P3: calls.maf, header: ",
        r"P1, P1_R: counts.csv, gene MDM2, column P1_R: found 'many', ",
    )
    code, out, err = call("check", write_trial(tmp_path, broken))
    assert (code, err) == (2, "")
    lines = out.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert lines[: len(errors)] == errors
    for one in told:
        assert sum(bool(re.match(f"error: {one}", line)) for line in errors) == 1, (one, out)
    assert f"{len(told)} errors found" in out
    code, out, err = call("plan", tmp_path / "trial.yaml")
    assert (code, out) == (2, "")
    assert "tmb.min_vaf" in err


@pytest.mark.parametrize("workflow", ["trail", "gone.py", "counts.csv", ""])
def test_check_opens_the_files_though_the_workflow_is_unknown(
    tmp_path: Path, workflow: str
) -> None:
    config = CONFIG.replace("workflow: trial", f"workflow: {workflow}")
    changed = {"trial.yaml": config + "rooms: {of: its own}\n", "counts.csv": ""}
    code, out, _ = call("check", write_trial(tmp_path, changed))
    assert code == 2
    assert "error: P1, P2, P3, P4: counts.csv: found 0 lines" in out
    assert "2 errors found" in out


def test_a_path_that_is_wrong_in_many_rows_is_told_once(tmp_path: Path) -> None:
    code, out, _ = call(
        "check", write_trial(tmp_path, {"samples.csv": SAMPLES.replace("counts.c", "count.c")})
    )
    assert code == 2
    assert "samples.csv, rows 6, 7, 8, 9, column counts: found count.csv" in out
    assert "without a file" not in out
    assert "1 error found, 0 warnings." in out


def test_a_reference_of_another_build_is_told(tmp_path: Path) -> None:
    path = write_trial(tmp_path, {"trial.yaml": f"{CONFIG}resources: {{fasta: other.fa}}\n"})
    length = LENGTHS["GRCh37"]["chr21"]
    with (path.parent / "other.fa").open("wb") as file:
        file.write(b">chr21\nA")
        file.seek(len(">chr21\n") + length - 1)  # sparse: nothing lies between
        file.write(b"C\n")
    (path.parent / "other.fa.fai").write_text(f"chr21\t{length}\t7\t{length}\t{length + 1}\n")

    code, out, _ = call("check", path)

    assert code == 2
    assert "error: fasta: other.fa: found contig lengths of GRCh37, expected GRCh38." in out


def test_calls_without_consequences_are_told_unless_they_can_be_made(tmp_path: Path) -> None:
    bare = VCF.replace("CSQ=T|missense_variant|TP53", ".")
    code, out, _ = call("check", write_trial(tmp_path, {"calls.vcf": bare}))
    assert code == 2
    assert re.search(r"error: P1: the calls of the biopsy: found 2 calls without cons", out)
