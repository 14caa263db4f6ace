"""The coverage of a cohort's normals: from files at once, else from one pass over their reads.

The pass is a run of the bundled workflow `panel` over a sheet of the normals alone, in a folder
of its own; a run that was stopped goes on there.
"""

import csv
import io
import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from storiform.engine.collect import GOOD
from storiform.engine.config import Config, load_config, load_workflow
from storiform.engine.explain import Check
from storiform.engine.passes import has_reads
from storiform.engine.run import run
from storiform.engine.session import Session, session_of
from storiform.io.coverage import read_coverage
from storiform.io.names import counted, listed
from storiform.io.sheets import COVERAGES, INDICES, READ_FILES, read_cohort
from storiform.io.store import read_parquet, write_bytes
from storiform.io.units import SourceUnit
from storiform.model.cohort import Sample
from storiform.model.errors import ConfigError, DataWarning, SheetError, StepError, fault
from storiform.model.genome import Build
from storiform.model.tables.copies import BIN_COVERAGE

_WORKFLOW = "panel"


@dataclass(frozen=True)
class Settings:
    """What is known besides the sample sheet.

    Parameters
    ----------
    genome
        The build of all files.
    resources
        `targets`, and `fasta` where there is one.
    config
        A configuration whose genome, resources, bins and executor hold instead.
    """

    genome: Build
    resources: dict[str, Path]
    config: Path | None = None


def coverages_of_normals(
    sheet: Path,
    settings: Settings,
    folder: Path,
    *,
    workers: int | None = None,
    quiet: bool = False,
) -> dict[str, pd.DataFrame]:
    """Return the bins of each normal exome of a sample sheet, by the sample's name, sorted.

    Files of the column `coverage` are taken where every normal has one; else all normals
    with reads are counted, so that all have the same bins.

    Parameters
    ----------
    sheet
        The sample sheet; its tumours are left aside.
    settings
        Genome and resources.
    folder
        Where the pass over reads keeps its results.

    Raises
    ------
    SheetError
        If there is no normal, or one has neither coverage nor reads.
    ConfigError
        If reads must be counted and no targets are known.
    StepError
        If the reads of a normal could not be counted.
    """
    config = load_config(settings.config) if settings.config else None
    genome = config.cohort.genome if config else settings.genome
    samples = read_cohort(sheet, None, genome).cohort.samples
    normals = [s for s in samples if s.role == "normal" and s.assay == "exome"]
    _refuse_unusable(sheet, normals)
    has_all = all("coverage" in sample.files for sample in normals)
    counting = [] if has_all else [sample for sample in normals if has_reads(sample)]
    found = {s.name: _given(s, genome) for s in normals if s not in counting}
    if counting:
        chosen = _config(counting, settings, config, folder)
        found |= _counted(chosen, workers=workers, quiet=quiet)
    return dict(sorted(found.items()))


def _refuse_unusable(sheet: Path, normals: list[Sample]) -> None:
    if not normals:
        remedy = "Add rows with status 0 and their reads or coverage."
        raise SheetError(fault(sheet.name, "no normal exome", "rows of status 0", remedy))
    bare = [s.name for s in normals if "coverage" not in s.files and not has_reads(s)]
    if bare:
        found = f"{counted(len(bare), 'normal')} without reads and coverage: {listed(bare)}"
        remedy = "Name a bam, cram or coverage, or remove the row."
        raise SheetError(fault(sheet.name, found, "a file for each", remedy))


def _given(sample: Sample, genome: Build) -> pd.DataFrame:
    files = {column: sample.files[column] for column in COVERAGES if column in sample.files}
    names = {"normal_exome": sample.name}
    return read_coverage(SourceUnit(sample.name, sample.patient, files, names, genome, {}))


def _config(
    normals: Iterable[Sample], settings: Settings, config: Config | None, folder: Path
) -> Config:
    """Write the sheet and the configuration of a run over the normals."""
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(folder / "samples.csv", _sheet(normals).encode())
    write_bytes(folder / "panel.yaml", _text(settings).encode())
    made = load_config(folder / "panel.yaml")
    if config is not None:
        workflow = load_workflow(_WORKFLOW)
        params = {name: config.params.get(name, made.params[name]) for name in made.params}
        cohort = made.cohort.model_copy(update={"genome": config.cohort.genome})
        resources = {**config.resources, **made.resources}
        made = replace(made, workflow=workflow, params=params, cohort=cohort,
                       resources=resources, executor=config.executor)  # fmt: skip
    if "targets" not in made.resources:
        expected = "the targets of the exome kit, to count reads in bins"
        remedy = "Name the BED with --targets, or under resources of the configuration."
        raise ConfigError(fault("panel of normals", "no targets", expected, remedy))
    return made


def _sheet(normals: Iterable[Sample]) -> str:
    columns = (*READ_FILES, *INDICES)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["patient", "sample", "status", *columns])
    for sample in normals:
        files = [str(sample.files.get(column, "")) for column in columns]
        writer.writerow([sample.patient, sample.name, 0, *files])
    return text.getvalue()


def _text(settings: Settings) -> str:
    """Write a configuration as YAML; texts in JSON's quotes are YAML, too."""
    lines = [f"workflow: {_WORKFLOW}", "output: results", "cohort:", "  samples: samples.csv"]
    lines.append(f"  genome: {settings.genome}")
    if settings.resources:
        lines.append("resources:")
    for name, path in sorted(settings.resources.items()):
        lines.append(f"  {name}: {json.dumps(str(path.absolute()))}")
    return "\n".join(lines) + "\n"


def _counted(config: Config, *, workers: int | None, quiet: bool) -> dict[str, pd.DataFrame]:
    """Count the reads of all samples of a configuration, and return their bins."""
    session = session_of(config, Check())
    ending = run(session, workers=workers, quiet=quiet)
    for message in ending.warnings:
        warnings.warn(message, DataWarning, stacklevel=3)
    if ending.stopped:
        raise StepError(f"stopped: {ending.stopped}. Run again to go on; what is done is kept.")
    if ending.failures:
        told = "\n".join(f"{unit}: {message}" for _, unit, message in ending.failures)
        raise StepError(f"{told}\nCorrect the files, or leave the rows out, and run again.")
    return _bins(session)


def _bins(session: Session) -> dict[str, pd.DataFrame]:
    found = {}
    for node in session.graph.nodes:
        if (BIN_COVERAGE.name, node.unit) not in session.graph.producers:
            continue
        if node.state in GOOD and node.origin == "scan":
            folder = session.results.at(node.step, node.unit, node.fingerprint)
            path = session.results.sound(folder, f"{BIN_COVERAGE.name}.parquet")
            found[node.unit] = read_parquet(path, BIN_COVERAGE)
    return found
