"""Names that would lead out of the results folder are refused, each with one clear message."""

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_trial import CLINICAL, CONFIG, SAMPLES, call, write_trial
from trials import Toy

from storiform.engine import cluster
from storiform.engine.results import Results
from storiform.engine.run import Ending
from storiform.engine.session import Session
from storiform.io.cbioportal import Study
from storiform.io.hla_reference_file import read_hla_reference
from storiform.io.mhc_model import read_mhc_model
from storiform.io.names import unsafe
from storiform.io.paths import part_of
from storiform.model.errors import InputError, RunError

Here = Callable[..., tuple[Session, Ending]]
BAD = {
    "parent": "../P1", "absolute": "/etc/P1", "nested": "a/b", "backslash": "a\\b",
    "dots": "..",
    "hidden": ".x", "option": "-rf", "line": "P\n1", "reserved": "tables",
    "reserved_otherwise_written": "Cohort", "mirrored": "P\u202e1", "long": "x" * 120,
    "home": "~root", "variable": "$HOME", "pattern": "P*",
}  # fmt: skip


def below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(folder: Path, changed: dict[str, str], *expected: str) -> None:
    """Check that a run ends before it writes, with one message that names the place."""
    inner = folder / "trial"
    inner.mkdir()
    config = write_trial(inner, changed)
    before = below(folder)
    code, _, errors = call("run", config)
    assert code == 2, errors
    assert [word for word in expected if word not in errors] == []
    assert len([line for line in errors.splitlines() if ", row " in line]) == 1, errors
    assert below(folder) == before


@pytest.mark.parametrize("kind", list(BAD))
@pytest.mark.parametrize("column", ["patient", "sample"])
def test_a_name_of_the_sheet_that_is_no_folder_is_refused(
    tmp_path: Path, kind: str, column: str
) -> None:
    old = "P4,P4_R," if column == "patient" else "P4_R"
    new = f'"{BAD[kind]}",P4_R,' if column == "patient" else f'"{BAD[kind]}"'
    sheet = SAMPLES.replace(old, new, 1)
    assert sheet != SAMPLES
    refused(
        tmp_path, {"samples.csv": sheet}, "samples.csv, row 9", f"column {column}", "Rename"
    )


@pytest.mark.parametrize("kind", list(BAD))
def test_the_name_of_a_biopsy_that_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    lines = SAMPLES.splitlines()
    rows = [f"{line}," for line in lines[1:-1]] + [f'{lines[-1]},"{BAD[kind]}"']
    sheet = "\n".join([f"{lines[0]},biopsy", *rows, ""])
    refused(tmp_path, {"samples.csv": sheet}, "samples.csv, row 9", "column biopsy", "Rename")


def test_a_dot_is_a_missing_name(tmp_path: Path) -> None:
    sheet = SAMPLES.replace("P4,P4_R", "P4,.")
    refused(tmp_path, {"samples.csv": sheet}, "row 9, column sample: found an empty cell")


@pytest.mark.parametrize("kind", ["parent", "absolute", "option", "long"])
def test_a_patient_of_the_clinical_table_is_judged_alike(tmp_path: Path, kind: str) -> None:
    table = CLINICAL + f'"{BAD[kind]}",SD,4.2,1,12.1,1\n'
    refused(
        tmp_path, {"clinical.csv": table}, "clinical.csv, row 6", "column patient", "Rename"
    )


@pytest.mark.parametrize("timepoint", ["../../x", "/etc", "a\u202eb", "..", "-rf", "x y"])
def test_a_timepoint_is_made_fit_for_a_name(tmp_path: Path, timepoint: str) -> None:
    config = write_trial(
        tmp_path, {"samples.csv": SAMPLES.replace("P2_T,1,pre", f'P2_T,1,"{timepoint}"')}
    )
    code, said, errors = call("check", config)
    assert code == 0, said + errors


@pytest.mark.parametrize("where", ["samples.csv", "clinical.csv"])
def test_a_nul_in_a_sheet_is_refused(tmp_path: Path, where: str) -> None:
    text = {"samples.csv": SAMPLES, "clinical.csv": CLINICAL}[where]
    config = write_trial(tmp_path, {where: text.replace("P4", "P\x004")})
    code, said, _ = call("check", config)
    assert code == 2
    assert "a binary file" in said


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("samples.csv", '"sam\\0ples.csv"', "cohort.samples"),
        ("clinical.csv", f'"{"c" * 300}"', "cohort.clinical"),
        ("results", '"res\\0ults"', "output: found the character NUL"),
        ("results", "r" * 300, "output: found a name of 300 bytes"),
        ("results", "\N{LATIN SMALL LETTER E WITH ACUTE}" * 200, "output: found a name of 400"),
        ("workflow: trial", 'workflow: "tri\\0al.py"', "workflow: found the character NUL"),
        ("workflow: trial", f"workflow: {'w' * 300}.py", "workflow: found a name of 303 bytes"),
    ],
)
def test_a_path_that_cannot_be_is_a_fault_of_the_configuration(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    config = write_trial(tmp_path, {"trial.yaml": CONFIG.replace(old, new, 1)})
    for command in ("check", "run", "plan"):
        code, said, errors = call(command, config)
        assert code == 2, (command, said, errors)
        assert expected in said + errors
        assert "Traceback" not in said + errors


def test_a_configuration_makes_no_objects_and_no_endless_lists(tmp_path: Path) -> None:
    made = tmp_path / "made"
    text = f'{CONFIG}tmb: !!python/object/apply:os.mkdir ["{made}"]\n'
    code, said, _ = call("check", write_trial(tmp_path, {"trial.yaml": text}))
    assert code == 2
    assert "tmb" in said
    assert not made.exists()
    lists = ["a0: &a0 [x, x]"]
    lists += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 20)]
    bomb = "\n".join([*lists, CONFIG])
    code, said, errors = call("check", write_trial(tmp_path, {"trial.yaml": bomb}))
    assert code == 2
    assert "aliases that name aliases" in said + errors


class Planted:
    """Runs code where it is read back as a pickle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        """Make a folder."""
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("read", [read_mhc_model, read_hla_reference])
@pytest.mark.parametrize("kind", ["member", "whole"])
def test_a_pickle_in_a_model_or_reference_is_never_run(
    tmp_path: Path, read: Callable[[Path], object], kind: str
) -> None:
    path, made = tmp_path / "model.npz", tmp_path / "made"
    trap = np.array([Planted(made)], dtype=object)
    if kind == "member":
        np.savez(path, recipe=trap, format=trap, table=trap, allow_pickle=True)
    else:
        path.write_bytes(pickle.dumps(Planted(made)))
    with pytest.raises(InputError):
        read(path)
    assert not made.exists()
    pickle.load(io.BytesIO(pickle.dumps(Planted(made))))  # noqa: S301  the trap itself works
    assert made.exists()


@pytest.mark.parametrize("name", ["../x", "/x", "a/b", "", ".hidden", "-x", "a.", "a\nb", "x*"])
def test_names_of_references_and_studies_stay_in_their_folder(
    tmp_path: Path, name: str
) -> None:
    before = below(tmp_path.parent)
    code, _, errors = call("freeze", tmp_path, "--as", name)
    assert code == 2
    assert "--as" in errors
    if name != "-x":  # a study may begin with a hyphen
        with pytest.raises(InputError, match="--study"):
            Study(tmp_path / "cbioportal" / name, name, "GRCh38")
    assert below(tmp_path.parent) == before


@pytest.mark.parametrize(
    "name", ["figures", "tables", "units", "parts", "biopsies", "patients"]
)
def test_a_linked_part_of_the_results_is_refused_and_what_it_leads_to_stays(
    toy: Callable[..., Toy], here: Here, tmp_path: Path, name: str
) -> None:
    trial = toy([1.0, 2.0])
    kept = tmp_path / "mine" / "P001" / "measured" / "kept.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    trial.results.mkdir()
    (trial.results / name).symlink_to(tmp_path / "mine")
    with pytest.raises(RunError, match=f"found {name}, which is a link"):
        here(trial)
    assert kept.read_text() == "mine"
    assert below(tmp_path / "mine") == {"P001", "P001/measured", "P001/measured/kept.html"}


@pytest.mark.parametrize("name", ["report.html", "run.json", "events.jsonl"])
def test_a_linked_file_of_the_results_is_refused(
    toy: Callable[..., Toy], here: Here, tmp_path: Path, name: str
) -> None:
    trial = toy([1.0, 2.0])
    here(trial)
    (tmp_path / "mine").write_text("mine")
    (trial.results / name).unlink()
    (trial.results / name).symlink_to(tmp_path / "mine")
    with pytest.raises(RunError, match=name):
        here(trial)
    code, _, _ = call("report", trial.results)
    assert code == 2
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize("folder", ["units/P001", "units/cohort", "units/P001/measured"])
def test_a_linked_folder_of_a_unit_is_refused(
    toy: Callable[..., Toy], here: Here, tmp_path: Path, folder: str
) -> None:
    trial = toy([1.0, 2.0])
    (tmp_path / "mine").mkdir()
    (trial.results / folder).parent.mkdir(parents=True)
    (trial.results / folder).symlink_to(tmp_path / "mine")
    with pytest.raises(RunError, match=f"found {folder}, which is a link"):
        here(trial)
    assert below(tmp_path / "mine") == set()


def test_links_under_the_names_of_files_that_are_being_written_lead_nowhere(
    toy: Callable[..., Toy], here: Here, tmp_path: Path
) -> None:
    trial = toy([1.0, 2.0])
    here(trial)
    mine = tmp_path / "mine"
    mine.write_text("mine")
    published = [path for path in trial.results.rglob("*") if path.is_file()]
    kept = [path for path in published if path.relative_to(trial.results).parts[0] != "units"]
    for path in kept:
        part_of(path).symlink_to(mine)
    names = {path.relative_to(trial.results).as_posix() for path in kept}
    assert names >= {"report.html", "run.json", "inputs.json", "tables/dose.tsv"}
    (trial.results / f".probe-{os.getpid()}").symlink_to(mine)
    trial.dose([3.0, 4.0])
    _, ending = here(trial)
    assert ending.exit_code == 0
    assert mine.read_text() == "mine"
    assert not [path for path in kept if path.is_symlink()]
    assert not list(trial.results.rglob(".*.part"))


def test_the_results_folder_itself_may_be_a_link(
    toy: Callable[..., Toy], here: Here, tmp_path: Path
) -> None:
    trial = toy([1.0, 2.0])
    (tmp_path / "scratch").mkdir()
    trial.results.symlink_to(tmp_path / "scratch")
    _, ending = here(trial)
    assert ending.exit_code == 0
    assert (tmp_path / "scratch" / "report.html").exists()


def test_old_results_behind_a_link_are_not_swept(tmp_path: Path) -> None:
    results = Results(tmp_path / "out")
    mine = tmp_path / "mine"
    for name in ("new", "old", "older"):
        (mine / "step" / name).mkdir(parents=True)
    (results.root / "units").mkdir(parents=True)
    (results.root / "units" / "P1").symlink_to(mine)
    assert results.sweep_old([("step", "P1", "new")], keep=0) == 0
    (results.root / "units" / "P2" / "step").mkdir(parents=True)
    (results.root / "units" / "P2" / "step" / "old").symlink_to(mine / "step" / "old")
    (results.root / "units" / "P2" / "step" / "older").mkdir()
    assert results.sweep_old([("step", "P2", "new")], keep=0) == 1
    assert below(mine) == {"step", "step/new", "step/old", "step/older"}


def test_a_report_written_again_is_for_its_owner_alone(
    toy: Callable[..., Toy], here: Here
) -> None:
    trial = toy([1.0, 2.0])
    here(trial)
    before = os.umask(0o022)
    try:
        assert call("report", trial.results)[0] == 0
    finally:
        os.umask(before)
    assert (trial.results / "report.html").stat().st_mode & 0o077 == 0


def test_compiled_kernels_are_kept_in_no_folder_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared = tmp_path / f"storiform-{os.getuid()}"
    (tmp_path / "elsewhere").mkdir()
    shared.symlink_to(tmp_path / "elsewhere")
    cluster.prepare_environment()
    assert "NUMBA_CACHE_DIR" not in os.environ
    assert below(tmp_path / "elsewhere") == set()
    shared.unlink()
    shared.mkdir(mode=0o755)
    cluster.prepare_environment()
    kept = Path(os.environ.pop("NUMBA_CACHE_DIR"))
    assert kept.is_relative_to(shared)
    assert (shared.stat().st_mode | kept.stat().st_mode) & 0o077 == 0


def test_every_letter_of_a_name_is_of_a_short_list() -> None:
    fit = {chr(code) for code in range(0x3000) if not unsafe(f"a{chr(code)}")}
    assert "".join(sorted(fit)) == (
        "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
    )
