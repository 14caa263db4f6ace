"""Spoilt files through the command line: `check`, then `run`, of a trial of seven patients."""

import random
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chaos_explain import Row, changed_lines, header_changed, is_named, unexplained
from chaos_inputs import Case
from chaos_judge import Reading, in_child, judge, read_case
from chaos_mutations import mutate
from small_exome import write_exome
from small_trial import CONFIG, FILES, SAMPLES, call
from trials import Process, run_here

from storiform.model.errors import StoriformError

_DNA = frozenset({"variants", "tmb"})
_RNA = frozenset({"counts", "tpm", "mcp_counter", "ssgsea"})
_READS = frozenset({"callability", "read_statistics"})
_ALL = frozenset({"P1", "P2", "P3", "P4", "P5", "P6", "P7"})


@dataclass(frozen=True)
class Reach:
    """What a file may change: whose results, and which tables.

    Of the tables in `rows` each row stands on its own: a changed line must name it.
    """

    patients: frozenset[str]
    tables: frozenset[str]
    rows: frozenset[str] = frozenset()


REACH: Mapping[str, Reach] = {
    "calls.vcf": Reach(frozenset({"P1"}), _DNA, frozenset({"variants"})),
    "calls.maf": Reach(frozenset({"P2", "P3"}), _DNA, frozenset({"variants"})),
    "counts.csv": Reach(_ALL - {"P5", "P6", "P7"}, _RNA, frozenset({"counts"})),
    "tumour.bam": Reach(frozenset({"P5"}), _READS),
    "tumour.bam.bai": Reach(frozenset({"P5"}), _READS),
    "tumour.cram": Reach(frozenset({"P7"}), _READS),
    "tumour.cram.crai": Reach(frozenset({"P7"}), _READS),
    "targets.bed": Reach(_ALL, _DNA | _READS),
    "genes.gtf": Reach(_ALL, _DNA | _RNA | _READS),
    "trial.yaml": Reach(_ALL, _DNA | _RNA | _READS),
    "samples.csv": Reach(_ALL, _DNA | _RNA | _READS),
    "clinical.csv": Reach(_ALL, frozenset()),
}
TEXTS = frozenset({"calls.vcf", "calls.maf", "counts.csv", "targets.bed", "genes.gtf",
                   "trial.yaml", "samples.csv", "clinical.csv"})  # fmt: skip
_SHEETS = frozenset({"samples.csv", "clinical.csv"})
"""Files whose lines each name a patient, whom alone they may change."""
_SECONDS = 120.0


@dataclass
class Commands:
    """The sound trial, and its tables by patient."""

    folder: Path
    cases: Mapping[str, Case]
    sound: Mapping[str, Counter[str]] = field(default_factory=dict)
    alone: dict[str, Reading] = field(default_factory=dict)
    """What each sound file gives when it is read alone."""

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
        for name, case in self.cases.items():
            self.alone[name] = read_case(case, self.folder / "sound")

    def try_one(self, name: str, draws: random.Random, *, beside: bool) -> tuple[str, str]:
        """Spoil one file; return what happened, and what is wrong with that."""
        folder = self.folder / "spoilt"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "sound", folder, ignore=shutil.ignore_patterns("results"))
        content, _ = mutate((folder / name).read_bytes(), draws, is_text=name in TEXTS)
        (folder / name).write_bytes(content)
        reading = in_child(lambda: _commands(folder, beside=beside), 2 * _SECONDS)
        return self.judge(name, content, reading, self._read_alone(name, folder, content))

    def _read_alone(self, name: str, folder: Path, content: bytes) -> str:
        """Return what comes of a spoilt file read alone: refused, same, explained, broken."""
        case = self.cases[name]
        read = in_child(lambda: read_case(case, folder))
        return judge(case, self.alone[name].rows, content, read)[0]

    def judge(self, name: str, content: bytes, reading: Reading, alone: str) -> tuple[str, str]:
        """Return refused, same, explained or broken, and what is wrong.

        Parameters
        ----------
        name
            The file that was spoilt.
        content
            What it holds now.
        reading
            What `check` and `run` made of it: rows of tables by patient, and what was told.
        alone
            What comes of it read alone; the same rows can give no others.
        """
        if reading.ending != "rows":
            return "broken", f"{reading.ending}: {reading.message[-600:]}"
        found = _by_patient(reading)
        if found == self.sound:
            return ("refused" if reading.message else "same"), ""
        if wrong := self._wrong(name, content, found, reading.message, alone):
            return "broken", f"wrong result: {name} {wrong}"
        return ("refused" if reading.message else "explained"), ""

    def _wrong(
        self,
        name: str,
        content: bytes,
        found: Mapping[str, Counter[str]],
        told: str,
        alone: str,
    ) -> str:
        """Say which rows differ that the file may not change, empty if none does."""
        reach, more, less = REACH[name], _beyond(found, self.sound), _beyond(self.sound, found)
        if more and name not in TEXTS:
            return f"gives {more[0][0]} other numbers: {more[0][1][:200]}"
        if less and not told and name not in TEXTS:
            return f"takes a row from {less[0][0]}, and nothing is said"
        if more and alone == "same":
            return f"is read as before, but gives {more[0][0]} {more[0][1][:200]}"
        if told:  # what was refused is not there; of a run that did not begin, nothing is
            less = [row for row in less if row[0] not in reach.patients]
            less = less if any(found.values()) else []
        for patient, row in (*more, *less):
            table = row.partition(".tsv")[0]
            if patient not in reach.patients and not _renames(name, content, patient):
                return f"changes the results of {patient}"
            if table not in reach.tables and (patient, row) in more:
                return f"changes {table} of {patient}"
        return self._unnamed(name, content, more, less)

    def _unnamed(self, name: str, content: bytes, more: list[Row], less: list[Row]) -> str:
        """Say which row no changed line names, of those that stand on their own."""
        if name not in TEXTS:
            return ""
        old, mark = self.cases[name].files[name], self.cases[name].mark
        if name in _SHEETS:
            if header_changed(old, content, mark):
                return ""
            part = changed_lines(old, content)
            strange = [p for p, _ in (*more, *less) if not is_named(p, part)]
            return f"changes {strange[0]}, whom no changed line names" if strange else ""
        rows = REACH[name].rows
        after, before = (
            [_named(row) for _, row in part if row.partition(".tsv")[0] in rows]
            for part in (more, less)
        )
        return unexplained(old, content, mark, before, after, doubt="what was left out")


def _beyond(one: Mapping[str, Counter[str]], other: Mapping[str, Counter[str]]) -> list[Row]:
    """Return the rows of one that the other has not, with their patients."""
    return [
        (patient, row)
        for patient, rows in one.items()
        for row in (rows - other.get(patient, Counter())).elements()
    ]


def _named(row: str) -> Row:
    """Return a row of `variants` or `counts` by what names it, its cells each with a name."""
    table, *cells = row.split("\t")
    place = cells[4] if table == "variants.tsv" else cells[2]
    return place, "\t".join(f"{number}={cell}" for number, cell in enumerate(cells))


def _renames(name: str, content: bytes, patient: str) -> bool:
    """Tell whether a patient who was not there is one whom the spoilt sheet names."""
    is_new = patient not in _ALL
    return is_new and name == "samples.csv" and patient.encode() in content


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
        names = header.split("\t")
        if names[0] != "patient":
            continue
        kept = [n for n, name in enumerate(names) if name != "record"]  # the line of the file
        for line in lines:
            cells = line.split("\t")
            found.append((cells[0], "\t".join([file.name, *(cells[n] for n in kept)])))
    return found
