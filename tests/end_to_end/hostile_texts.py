"""A simulated trial in whose files every text of a user tries to get out of the page."""

import csv
import gzip
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from storiform.io.resources import bundled
from storiform.simulation.trial import simulate

ATTACK = (
    "\"'><img src=x onerror=alert`1`></script></style></title></svg>-->"
    "<script>alert`1`</script><a href=javascript:alert`1`>&lt;b&gt;{{ 7 * 7 }}{% raw %}"
    "$\\x^$=cmd|calc!A0"
)
"""Closes attributes, elements, comments; tags, addresses, entities, templates, formulas."""
IN_VCF = "\"'><svg/onload></script><script>alert`1`</script>&lt{{7*7}}"
"""Without what parts the fields of a VCF."""
AS_FILE = "\"'><img src=x onerror=alert`1`>&lt;.vcf"
"""Without a slash."""

Rows = list[dict[str, str]]


def edit(path: Path, change: Callable[[Rows], Rows]) -> None:
    """Rewrite the rows of a CSV, zipped or not."""
    is_zipped = path.suffix == ".gz"
    raw = gzip.decompress(path.read_bytes()) if is_zipped else path.read_bytes()
    rows = change(list(csv.DictReader(raw.decode().splitlines())))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    if is_zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))


def poisoned(columns: Mapping[str, str]) -> Callable[[Rows], Rows]:
    """Put a marked attack behind the texts of columns, or into all of a new column."""

    def change(rows: Rows) -> Rows:
        for row in rows:
            for name, mark in columns.items():
                if row.get(name, "new"):
                    row[name] = f"{row.get(name, '')} {mark}{ATTACK}".strip()
        return rows

    return change


def renamed(names: Mapping[str, str]) -> Callable[[Rows], Rows]:
    """Call columns otherwise."""

    def change(rows: Rows) -> Rows:
        return [{names.get(name, name): cell for name, cell in row.items()} for row in rows]

    return change


def replaced(column: str, texts: Mapping[str, str]) -> Callable[[Rows], Rows]:
    """Write other texts in place of some of a column."""

    def change(rows: Rows) -> Rows:
        return [{**row, column: texts.get(row[column], row[column])} for row in rows]

    return change


def write_hostile_trial(folder: Path, patients: int, seed: int) -> Path:
    """Simulate a trial, poison its files and return its configuration."""
    simulate(folder, patients, seed, followed=True)
    _poison_sheets(folder)
    _poison_calls(folder)
    sets = bundled("reference/signatures/signatures.gmt").read_text()
    own = f"m_set{ATTACK}\tm_settold{ATTACK}\tGZMA\tPRF1\tCD8A\n"
    (folder / "sets.gmt").write_text(sets + own)
    config = folder / "trial.yaml"
    text = config.read_text().replace("resources:\n", "resources:\n  gene_sets: sets.gmt\n")
    text = text.replace(
        "[ecog, primary_site", f"[ecog, {_yaml('m_fact' + ATTACK)}, primary_site"
    )
    text = text.replace("{IHC: ", f"{{{_yaml('m_method' + ATTACK)}: ")
    config.write_text(text)
    return config


def _yaml(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _poison_sheets(folder: Path) -> None:
    edit(folder / "clinical.csv", poisoned({
        "histology": "m_histology", "arm": "m_arm", "primary_site": "m_site",
        f"m_fact{ATTACK}": "m_label", f"m_unused{ATTACK}": "m_none",
    }))  # fmt: skip
    edit(folder / "lesions.csv", poisoned({"site": "m_organ", "lesion": "m_lesion"}))
    edit(folder / "doses.csv",
         poisoned({"drug": "m_drug", "unit": "m_doseunit", "reason": "m_reason"}))  # fmt: skip
    edit(folder / "adverse_events.csv", poisoned({"term": "m_term", "action": "m_action"}))
    edit(folder / "laboratory.csv", poisoned({"test": "m_test", "unit": "m_labunit"}))
    edit(folder / "stains.csv", poisoned({f"m_pattern{ATTACK}": "m_level"}))
    edit(folder / "stains.csv",
         renamed({"CD3 [cells/mm2]": f"m_stain{ATTACK} [m_stainunit{ATTACK}]"}))  # fmt: skip
    edit(folder / "samples.csv", _sheet)
    edit(folder / "counts.csv.gz", replaced("gene", {"A1BG": f"A0m_gene{ATTACK}"}))


def _sheet(rows: Rows) -> Rows:
    for number, row in enumerate(rows):
        is_rna = row["status"] == "2"
        row["batch"] = f"m_batch{number % 2}{ATTACK}" * is_rna
        row["site"] = f"m_centre{ATTACK}" * is_rna
        row["library"] = f"m_library{ATTACK}" * is_rna
    bad = dict.fromkeys(rows[0], "") | {"patient": "X1", "sample": "X1_T", "status": "1"}
    return [*rows, {**bad, "vcf": f"m_file{AS_FILE}"}]


def _poison_calls(folder: Path) -> None:
    (folder / f"m_file{AS_FILE}").write_text(f"##m_head{ATTACK}\nm_line{ATTACK}\tx\n")
    for path in sorted((folder / "vcf").glob("*.vcf")):
        head, _, body = path.read_text().partition("#CHROM")
        body = body.replace("|TP53|", f"|m_symbol{IN_VCF}|")
        body = re.sub(
            r":p\.(\w+)", lambda found: f":p.m_change{IN_VCF}{found[1]}", body, count=3
        )
        head = head.replace("Somatic mutation", f"m_told{ATTACK}".replace('"', ""))
        path.write_text(f"{head}#CHROM{body}")
    maf = folder / "calls.maf.gz"
    calls = gzip.decompress(maf.read_bytes()).decode()
    calls = re.sub(r"^(?:KDR|TP53)\t", lambda _: f"m_hugo{ATTACK}\t", calls, flags=re.MULTILINE)
    maf.write_bytes(gzip.compress(calls.encode()))
