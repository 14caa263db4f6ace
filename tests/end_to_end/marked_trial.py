"""A trial whose clinical values are unmistakable, so that they can be looked for in logs."""

import re
from pathlib import Path

from hostile_texts import Rows, edit

from storiform.simulation.trial import simulate

WORD = "QZ"
"""Begins every text of a patient's record; no word of the package has it."""
DIGITS = "7319"
"""Ends every number of a patient's record behind the decimal point."""
DATES = ("1961-03-17", "2019-02-1")
TEXTS = {
    "clinical.csv": ("histology", "arm", "primary_site", "name", "ecog"),
    "lesions.csv": ("site",),
    "doses.csv": ("drug", "reason", "unit"),
    "adverse_events.csv": ("term", "action"),
    "laboratory.csv": ("test",),
    "stains.csv": ("pattern",),
}
NUMBERS = {
    "clinical.csv": ("best_change_percent", "pfs_months", "os_months", "age"),
    "lesions.csv": ("diameter_mm", "perpendicular_mm"),
    "doses.csv": ("dose", "planned_dose"),
    "laboratory.csv": ("value", "upper_limit"),
    "stains.csv": ("CD3 [cells/mm2]", "CD20 [cells/mm2]", "PD-L1 CPS"),
}
FURTHER = ("arm", "name", "pattern")
"""Columns that the simulated files do not have."""
LEFT = ("vcf", "maf", "counts")
_FILE = re.compile(r"[^,;]*")


def write_marked_trial(folder: Path, patients: int, seed: int) -> Path:
    """Simulate a trial without calls and counts, mark its clinical values, spoil two inputs."""
    simulate(folder, patients, seed, followed=True)
    for name in TEXTS:
        edit(folder / name, lambda rows, name=name: [_marked(name, row) for row in rows])
    edit(folder / "clinical.csv", _contradicted)
    edit(folder / "laboratory.csv", _in_two_units)
    edit(folder / "samples.csv", _with_a_broken_file)
    (folder / "broken.vcf").write_text("no VCF\n")
    return folder / "trial.yaml"


def _marked(file: str, row: dict[str, str]) -> dict[str, str]:
    row |= {name: "" for name in FURTHER if name in TEXTS[file] and name not in row}
    for name in TEXTS[file]:
        if row[name] or name in FURTHER:
            row[name] = f"{WORD}{row[name] or name}"
    for name in NUMBERS.get(file, ()):
        if row[name]:
            whole = row[name].partition(".")[0].replace("-100", "-99")
            row[name] = f"{whole}.{DIGITS}"
    return row


def _contradicted(rows: Rows) -> Rows:
    """Give dates, and to some a response that their lesions contradict."""
    for number, row in enumerate(rows):
        row["birth_date"], row["start_date"] = DATES[0], f"{DATES[1]}{number % 10}"
        if number % 2:
            row["response"] = "PD" if row["response"] != "PD" else "CR"
        if number % 3 == 0:
            row["os_months"] = f"0.{DIGITS}"  # dead before the progression
    return rows


def _in_two_units(rows: Rows) -> Rows:
    return [{**row, "unit": f"{WORD}unit{number % 2}"} for number, row in enumerate(rows)]


def _with_a_broken_file(rows: Rows) -> Rows:
    bare = [{**row, **dict.fromkeys(LEFT, "")} for row in rows]
    first = next(row for row in bare if row["status"] == "1")
    first["vcf"] = "broken.vcf"
    return bare
