"""Cohorts to read a biopsy against, kept as JSON; centroids of classes; scales of genes."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from storiform.io.columns import read_layout
from storiform.io.lines import lines
from storiform.io.store import write_bytes
from storiform.model.cohort_reference import QUANTILES, CohortReference
from storiform.model.errors import ConfigError, InputError, fault
from storiform.model.tables.immune import SIC_CLASSES, SIC_POPULATIONS
from storiform.model.tables.rna import POPULATIONS

FORMAT = "storiform cohort reference 1"
SUFFIX = ".json"
SCALES = ("log2_tpm", "log2_upper_quartile")
METHODS = ("mcp_counter", "ssgsea")
_PLACE = "STORIFORM_REFERENCES"
_DIGITS = 9
_MAKE = "Make one with storiform freeze."


def references_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Return where references that have a name are kept: the user's own, not a project's.

    It is the folder that the variable STORIFORM_REFERENCES names, else
    ``storiform/references`` in the place for data of a user's programs.
    """
    known = os.environ if environment is None else environment
    if known.get(_PLACE):
        return Path(known[_PLACE])
    data = known.get("XDG_DATA_HOME")
    place = Path(data) if data else Path.home() / ".local" / "share"
    return place / "storiform" / "references"


def find_reference(named: str, folder: Path, shipped: Path) -> Path:
    """Return the file of a reference that is named, or given by its path.

    Parameters
    ----------
    named
        A path, or the name under which `storiform freeze` kept it, or of a shipped one.
    folder
        Where those with a name are; see `references_folder`.
    shipped
        The folder of those that come with the package.

    Raises
    ------
    ConfigError
        If there is none; the message lists those that there are.
    """
    path = Path(named)
    if path.is_file():
        return path.absolute()
    is_path = path.name != named or named.endswith(SUFFIX)
    for place in () if is_path else (folder, shipped):
        kept = place / f"{named}{SUFFIX}"
        if kept.is_file():
            return kept
    known = sorted(
        {kept.stem for place in (folder, shipped) for kept in place.glob(f"*{SUFFIX}")}
    )
    found = "no such file" if is_path else f"no reference in {folder}"
    expected = f"one of {', '.join(known)}, or a path" if known else "a path"
    raise ConfigError(fault(f"--against {named}", found, expected, _MAKE))


def write_cohort_reference(path: Path, reference: CohortReference) -> None:
    """Write a reference as JSON, for its owner alone; the same cohort makes the same bytes."""
    scores = []
    for row in reference.scores.sort_values(["method", "signature"]).to_dict("records"):
        values = reference.sorted_scores.get((str(row["method"]), str(row["signature"])))
        kept = [] if values is None else [_rounded(value) for value in np.sort(values)]
        entry = {
            "method": row["method"], "signature": row["signature"], "n": int(row["n"]),
            "mean": _rounded(row["mean"]), "sd": _rounded(row["sd"]), "values": kept,
        }  # fmt: skip
        if row["method"] == "ssgsea" and row["signature"] in reference.gene_sets:
            entry["genes"] = reference.gene_sets[str(row["signature"])]
        scores.append(entry)
    ordered = reference.markers.sort_values(["signature", "gene"], kind="stable")
    markers = [
        {"signature": signature, "gene": gene, "mean": _rounded(mean)}
        for signature, gene, mean in ordered[["signature", "gene", "mean"]].to_numpy()
    ]
    content = {
        "format": FORMAT,
        "name": reference.name,
        "biopsies": reference.biopsies,
        "scale": reference.scale,
        "settings": dict(sorted(reference.settings.items())),
        "scores": scores,
        "markers": markers,
        "profile": [_rounded(value) for value in reference.profile],
    }
    # Sorted scores are of patients: no other user reads them, not even while they are written.
    before = os.umask(0o077)
    try:
        write_bytes(path, (_text(content) + "\n").encode())
    finally:
        os.umask(before)


def _text(content: Mapping[str, Any]) -> str:
    """Write one entry of a list a line, so that people can read and compare the file."""
    parts = []
    for name, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner = ",\n  ".join(json.dumps(entry) for entry in value)
            parts.append(f" {json.dumps(name)}: [\n  {inner}\n ]")
        else:
            parts.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}"


def _rounded(value: Any) -> float | None:  # noqa: ANN401  of pandas' rows
    number = float(value)
    return round(number, _DIGITS) if math.isfinite(number) else None


def read_cohort_reference(path: Path) -> CohortReference:
    """Read a reference that `write_cohort_reference` wrote.

    Raises
    ------
    InputError
        If the file is none, of another format, or a value is no number.
    """
    content = _content(path)
    scale = str(content["scale"])
    if scale not in SCALES:
        expected = f"one of {', '.join(SCALES)}"
        raise _refused(path, f"scale {scale!r}", expected)
    scores, values = [], {}
    for entry in content["scores"]:
        method, signature, row, kept = _score(path, entry)
        scores.append((method, signature, *row))
        if len(kept):
            values[method, signature] = kept
    profile = _numbers(path, content["profile"], "profile")
    if len(profile) not in {0, QUANTILES}:
        raise _refused(path, f"a profile of {len(profile)} points", f"{QUANTILES} or none")
    return CohortReference(
        name=str(content["name"]),
        biopsies=int(content["biopsies"]),
        scale=scale,  # type: ignore[arg-type]  # one of SCALES
        scores=pd.DataFrame(scores, columns=["method", "signature", "mean", "sd", "n"]),
        sorted_scores=values,
        markers=_markers(path, content["markers"]),
        profile=profile,
        settings={str(key): str(value) for key, value in content["settings"].items()},
        gene_sets={
            str(entry["signature"]): str(entry["genes"])
            for entry in content["scores"]
            if entry["method"] == "ssgsea" and entry.get("genes")
        },
    )


def _content(path: Path) -> dict[str, Any]:
    text = "\n".join(line for _, line in lines(path))
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:  # lists in lists without end
        raise _refused(path, "no JSON", "a cohort reference") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        named = content.get("format") if isinstance(content, dict) else "no format"
        raise _refused(path, f"the format {named!r}", f"{FORMAT!r}")
    kinds = {"name": str, "biopsies": int, "scale": str, "settings": dict,
             "scores": list, "markers": list, "profile": list}  # fmt: skip
    for name, kind in kinds.items():
        if not isinstance(content.get(name), kind):
            raise _refused(path, f"{name} {content.get(name)!r}"[:60], f"a {kind.__name__}")
    for name in ("scores", "markers"):
        strange = [entry for entry in content[name] if not isinstance(entry, dict)]
        if strange:
            raise _refused(path, f"{name}: {strange[0]!r}"[:60], "entries with names")
    if not content["scores"]:
        raise _refused(path, "no scores", "mean and SD of at least one")
    return content


def _score(
    path: Path, entry: Mapping[str, Any]
) -> tuple[str, str, tuple[float, float, int], np.ndarray]:
    method, signature = str(entry.get("method")), str(entry.get("signature"))
    if method not in METHODS:
        raise _refused(path, f"method {method!r}", f"one of {', '.join(METHODS)}")
    if method == "mcp_counter" and signature not in POPULATIONS.values():
        raise _refused(path, f"population {signature!r}", ", ".join(POPULATIONS.values()))
    where = f"{method} {signature}"
    mean, sd, n = _numbers(path, [entry.get(k) for k in ("mean", "sd", "n")], where)
    kept = np.sort(_numbers(path, entry.get("values", []), where))
    if not np.isfinite(mean) or not 0 < sd < math.inf:
        raise _refused(path, f"{where}: mean {mean:g}, sd {sd:g}", "a mean and a positive sd")
    if not 0 <= n < math.inf:
        raise _refused(path, f"{where}: n {n:g}", "a number of biopsies")
    return method, signature, (float(mean), float(sd), int(n)), kept


def _markers(path: Path, entries: list[Any]) -> pd.DataFrame:
    rows = [(str(entry.get("signature")), str(entry.get("gene"))) for entry in entries]
    frame = pd.DataFrame(rows, columns=["signature", "gene"])
    return frame.assign(
        mean=_numbers(path, [entry.get("mean") for entry in entries], "markers")
    )


def _numbers(path: Path, values: Any, where: str) -> np.ndarray:  # noqa: ANN401  of JSON
    try:
        return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise _refused(path, f"{where}: a value that is no number", "numbers") from error


def _refused(path: Path, found: str, expected: str) -> InputError:
    return InputError(fault(path.name, found, expected, _MAKE))


def read_sic_centroids(path: Path) -> pd.DataFrame:
    """Read the centroids of the Sarcoma Immune Classes.

    Returns
    -------
    pandas.DataFrame
        (populations, classes): z scores; the index names columns of `mcp_counter`.

    Raises
    ------
    InputError
        If a population or a class is missing, or a cell is no number.
    """
    layout = read_layout(path, ("population",))
    if not layout.has("population", *SIC_CLASSES):
        raise layout.strange(f"population, {', '.join(SIC_CLASSES)}", "Correct the header.")
    rows = layout.read({"population": "population"}, {name: name for name in SIC_CLASSES})
    centroids = rows.set_index(rows["population"].astype(str))[list(SIC_CLASSES)]
    wrong = sorted(set(SIC_POPULATIONS) ^ set(centroids.index))
    if wrong or centroids.isna().to_numpy().any() or len(centroids) != len(SIC_POPULATIONS):
        found = f"{', '.join(wrong)}" if wrong else "a population twice or a cell that is empty"
        expected = f"each of {', '.join(SIC_POPULATIONS)} once, with five numbers"
        raise InputError(fault(path.name, found, expected, "Correct the table."))
    return centroids.loc[list(SIC_POPULATIONS)].rename_axis(None)


def read_gene_mapping(path: Path) -> pd.DataFrame:
    """Read how log2(TPM + 1) of each gene is brought to the scale of a reference.

    Returns
    -------
    pandas.DataFrame
        `gene`, `scale` (positive; 1 where the file has none) and `shift` (log2).

    Raises
    ------
    InputError
        If the file has other columns, a gene twice, or a cell is no number.
    """
    layout = read_layout(path, ("gene",))
    if not layout.has("gene", "shift"):
        raise layout.strange("gene, shift and, where it is not 1, scale", "Name the columns.")
    numbers = {"shift": "shift", **({"scale": "scale"} if layout.has("scale") else {})}
    rows = layout.read({"gene": "gene"}, numbers)
    rows = rows.assign(gene=rows["gene"].astype(str))
    rows["scale"] = rows.get("scale", 1.0)
    bad = rows.index[~(np.isfinite(rows["shift"]) & (rows["scale"] > 0))]
    if len(bad):
        raise layout.refused(bad[0], "shift", "no shift or no scale", "two numbers, scale > 0")
    if rows["gene"].duplicated().any():
        line = rows.index[rows["gene"].duplicated()][0]
        raise layout.refused(line, "gene", f"{rows.loc[line, 'gene']} again", "each gene once")
    return rows[["gene", "scale", "shift"]].reset_index(drop=True)
