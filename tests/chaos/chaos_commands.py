"""Spoilt files through the command line: `check`, then `run`, of a trial of seven patients."""

import random
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos_inputs import Case
from chaos_judge import Reading, in_child
from chaos_mutations import mutate
from small_exome import write_exome
from small_trial import CONFIG, FILES, SAMPLES, call
from trials import Process, run_here

from storiform.model.errors import StoriformError

ALL = frozenset({"P1", "P2", "P3", "P4", "P5", "P6", "P7"})
OWNERS: Mapping[str, frozenset[str]] = {
    "calls.vcf": frozenset({"P1"}), "calls.maf": frozenset({"P2", "P3"}),
    "counts.csv": frozenset({"P1", "P2", "P3", "P4"}),
    "tumour.bam": frozenset({"P5"}), "tumour.bam.bai": frozenset({"P5"}),
    "tumour.cram": frozenset({"P7"}), "tumour.cram.crai": frozenset({"P7"}),
    "targets.bed": ALL, "genes.gtf": ALL, "trial.yaml": ALL, "samples.csv": ALL,
    "clinical.csv": ALL,
}  # fmt: skip
"""Whose results a file may change."""
_SECONDS = 120.0


@dataclass
class Commands:
    """The sound trial, and its tables by patient."""

    folder: Path
    cases: Mapping[str, Case]
    sound: Mapping[str, Counter[str]] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write the sound trial."""
        folder.mkdir(parents=True)
        for case in self.cases.values():
            for name, content in case.files.items():
                (folder / name).write_bytes(content)
        header, *rows = SAMPLES.splitlines()
        lines = [f"{header},bam,cram", *(f"{row},," for row in rows)]
        lines += ["P5,P5_T,1,pre,,,,tumour.bam,", "P6,P6_T,1,pre,,,,other.bam,",
                  "P7,P7_T,1,pre,,,,,tumour.cram"]  # fmt: skip
        (folder / "samples.csv").write_text("\n".join(lines) + "\n")
        write_exome(folder / "other.bam", seed=6)
        workflow = Path(__file__).with_name("chaos_workflow.py")
        text = CONFIG.replace("workflow: trial", f"workflow: {workflow}")
        resources = "resources:\n  targets: targets.bed\n  genes: genes.gtf\n"
        (folder / "trial.yaml").write_text(text + resources)
        (folder / "clinical.csv").write_text(FILES["clinical.csv"])

    def prepare(self) -> None:
        """Run the sound trial here, which warms this process up for its children."""
        self.write(self.folder / "sound")
        reading = _commands(self.folder / "sound", beside=False)
        if reading.ending != "rows" or reading.message:
            message = f"the sound trial fails: {reading.ending} {reading.message}"
            raise SystemExit(message)
        self.sound = _by_patient(reading)

    def try_one(self, name: str, draws: random.Random, *, beside: bool) -> tuple[str, str]:
        """Spoil one file; return what happened, and what is wrong with that."""
        folder = self.folder / "spoilt"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "sound", folder, ignore=shutil.ignore_patterns("results"))
        content, _ = mutate((folder / name).read_bytes(), draws, is_text=name in _TEXTS)
        (folder / name).write_bytes(content)
        reading = in_child(lambda: _commands(folder, beside=beside), 2 * _SECONDS)
        return self.judge(name, reading)

    def judge(self, name: str, reading: Reading) -> tuple[str, str]:
        """Return refused, same, explained or broken, and what is wrong."""
        if reading.ending != "rows":
            return "broken", f"{reading.ending}: {reading.message[-600:]}"
        found = _by_patient(reading)
        own = OWNERS[name]
        everybody = sorted(set(self.sound) | set(found))
        # A sheet may rename a patient: of what concerns all, nobody is another.
        others = [p for p in everybody if p not in own and own != ALL]
        for patient in others:
            if found.get(patient) != self.sound.get(patient):
                return "broken", f"{name} changed the results of {patient}"
        if found == self.sound:
            return ("refused" if reading.message else "same"), ""
        if name not in _TEXTS:
            for patient, rows in found.items():
                if rows - self.sound.get(patient, Counter()):
                    return "broken", f"wrong result: {name} gives {patient} other numbers"
        return ("refused" if reading.message else "explained"), ""


_TEXTS = frozenset({"calls.vcf", "calls.maf", "counts.csv", "targets.bed", "genes.gtf",
                    "trial.yaml", "samples.csv", "clinical.csv"})  # fmt: skip


def _by_patient(reading: Reading) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for patient, row in reading.rows:
        found.setdefault(patient, Counter())[row] += 1
    return found


def _commands(folder: Path, *, beside: bool) -> Reading:
    """Call `check` and `run`; the run in a process of its own, or by the engine alone."""
    config = folder / "trial.yaml"
    code, out, err = call("check", config)
    told = out + err
    if code not in {0, 2} or "Traceback" in told:
        return Reading("traceback", message=f"check ends with {code}: {told[-800:]}")
    if beside:
        process = Process(("run", config, "--workers", 1, "--quiet"))
        out, err = process.communicate(timeout=_SECONDS)
        ended, said = process.returncode, out + err
    else:
        ended, said = _run(config)
    if ended not in {0, 1, 2} or "Traceback" in said:
        return Reading("traceback", message=f"run ends with {ended}: {said[-800:]}")
    if ended and "found" not in told + said:
        return Reading("traceback", message=f"run ends with {ended} and says: {said[-800:]}")
    return Reading("rows", tuple(_rows(folder / "results" / "tables")), said if ended else "")


def _run(config: Path) -> tuple[int, str]:
    try:
        ending = run_here(config)
    except StoriformError as error:
        return error.exit_code, str(error)
    return ending.exit_code, "\n".join(message for _, _, message in ending.failures)


def _rows(folder: Path) -> list[tuple[str, str]]:
    found = []
    for file in sorted(folder.glob("*.tsv")):
        header, *lines = file.read_text().rstrip("\n").split("\n")
        if header.split("\t")[0] == "patient":
            found += [(line.split("\t")[0], f"{file.name}\t{line}") for line in lines]
    return found
