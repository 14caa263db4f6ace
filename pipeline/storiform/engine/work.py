"""What a worker does: read the inputs of a node, call the step, check, publish.

Only small records travel through Dask: a `Task` goes out, an `Outcome` comes back, and the
data stay in the results folder. A task is idempotent, since Dask runs a finished task again
when its worker dies.
"""

import errno
import getpass
import os
import platform
import resource
import shutil
import socket
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Literal

import pandas as pd

from storiform import __version__
from storiform.engine.config import Workflow, load_workflow
from storiform.engine.fingerprint import recorded
from storiform.engine.gather import gather_features
from storiform.engine.logs import Told, listening
from storiform.engine.provided import provided_rows
from storiform.engine.results import Results
from storiform.io.paths import state_of
from storiform.io.resources import RESOURCES, located
from storiform.io.sources import SOURCES
from storiform.io.store import read_parquet, to_arrow, write_bytes, write_parquet, write_tsv
from storiform.io.units import unit_of
from storiform.model.errors import ContractError, InputError, NothingToShow, UserError
from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Picture, Table

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
UNWRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ESTALE})
"""What ends a run when it concerns the results folder: every further step would fail, too."""
Make = Callable[["Task", Path], None]
_FIGURES = "storiform.figures."
Ending = Literal["done", "failed", "disk_full", "unwritable", "memory", "contract"]


SOURCE_ROWS = 20_000
"""Of more rows the table beside a figure is gzipped, such as all genes or all bins."""


@dataclass(frozen=True)
class Portion:
    """One table of one unit that a task reads."""

    table: str
    names: Mapping[str, str]
    folder: str


@dataclass(frozen=True)
class Task:
    """All that a worker needs to run one node."""

    workflow: str
    root: str
    step: str
    unit: str
    origin: str
    fingerprint: str
    # Not in what Dask prints of a task that failed: both can hold values of a patient.
    recipe: Mapping[str, Any] = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    portions: Mapping[str, Sequence[Portion]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How a task ended; `message` is what a person reads."""

    step: str
    unit: str
    fingerprint: str
    ending: Ending
    seconds: float
    message: str = ""
    warnings: tuple[str, ...] = ()


def work(tasks: Sequence[Task]) -> list[Outcome]:
    """Run tasks one after the other on a worker; a task that fails harms no other."""
    os.umask(0o077)
    if any(task.origin == "scan" for task in tasks):
        from storiform.engine.scan import scan_reads

        return scan_reads(tasks)
    return [perform(task, make) for task in tasks]


@lru_cache(maxsize=4)
def loaded(workflow: str) -> tuple[Workflow, dict[str, Step], dict[str, Table]]:
    """Return a workflow with its steps and its tables by name, loaded once in a worker."""
    loaded = load_workflow(workflow)
    steps = {step.name: step for step in loaded.steps}
    tables = {source.table.name: source.table for source in SOURCES}
    for step in loaded.steps:
        for contract in [*(a.contract for a in step.arguments), *step.products]:
            if isinstance(contract, Table):
                tables[contract.name] = contract
    return loaded, steps, tables


def perform(task: Task, make: "Make") -> Outcome:
    """Make and publish the results of one task; every failure becomes its outcome."""
    started = time.time()
    results = Results(Path(task.root))
    goal = results.at(task.step, task.unit, task.fingerprint)
    ending: Ending = "done"
    message, details = "", ""
    doubts: Sequence[str] = ()
    try:
        if results.damage(goal) is not None:
            doubts = _compute(task, results, goal, make)
        results.clear_failure(task.step, task.unit)
    except MemoryError:
        ending, message = "memory", "ran out of memory"
    except OSError as error:
        ending, message = _of_disk(error, task.root)
        details = traceback.format_exc()
    except UserError as error:
        ending, message, details = "failed", str(error), traceback.format_exc()
    except ContractError as error:
        ending, message, details = "contract", str(error), traceback.format_exc()
    except (Exception, SystemExit) as error:  # noqa: BLE001  a step is anybody's code
        ending, message = "failed", f"{type(error).__name__}: {error}"
        details = traceback.format_exc()
    told = (ending, time.time() - started, message, tuple(doubts))
    outcome = Outcome(task.step, task.unit, task.fingerprint, *told)
    if ending not in {"done", "disk_full", "unwritable"}:
        _keep_failure(results, outcome, details)
    return outcome


def _of_disk(error: OSError, root: str) -> tuple[Ending, str]:
    """Tell a fault of the results folder, which ends the run, from one of another file.

    What is written there has its name in the error, see `storiform.io.store.named`.
    """
    name, message = error.filename, f"{type(error).__name__}: {error}"
    is_ours = isinstance(name, str | os.PathLike) and Path(name).is_relative_to(root)
    if is_ours and error.errno in DISK_FULL:
        return "disk_full", message
    if error.errno in DISK_FULL:
        return "failed", f"{message}; temporary files lie in {gettempdir()} (set TMPDIR)"
    return "unwritable" if is_ours and error.errno in UNWRITABLE else "failed", message


def _keep_failure(results: Results, outcome: Outcome, details: str) -> None:
    record = {
        "step": outcome.step,
        "unit": outcome.unit,
        "fingerprint": outcome.fingerprint,
        "ending": outcome.ending,
        "message": outcome.message,
        "details": details,
        "finished": time.time(),
    }
    try:
        results.write_failure(outcome.step, outcome.unit, record)
    except OSError:
        return  # the outcome itself tells; a full disk must not hide it


def _compute(task: Task, results: Results, goal: Path, make: "Make") -> Sequence[str]:
    started = time.time()
    part = results.part()
    nothing = ""
    try:
        with listening() as told:
            try:
                make(task, part)
            except NothingToShow as reason:
                nothing = str(reason)
        record = _provenance(task, results, started, told, nothing)
        results.publish(part, record, goal)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return told.warnings


def make(task: Task, part: Path) -> None:
    """Write what one task makes into a folder."""
    _, steps, tables = loaded(task.workflow)
    if task.origin == "source":
        contract = tables[str(task.payload["table"])]
        write_table(part, contract, _read_source(task, contract), task.fingerprint)
    elif task.origin == "provided":
        contract = tables[str(task.payload["table"])]
        frame = provided_rows(Path(task.payload["path"]), contract, task.unit)
        write_table(part, contract, frame, task.fingerprint)
    else:
        _call(task, steps[task.step], tables, part)


def _read_source(task: Task, contract: Table) -> pd.DataFrame:
    if refused := task.payload.get("refused"):
        raise InputError(refused)
    source = next(s for s in SOURCES if s.table.name == contract.name)
    return source.read(unit_of(task.unit, task.payload, task.recipe))


def _call(task: Task, step: Step, tables: Mapping[str, Table], part: Path) -> None:
    values = arguments_of(task, step, tables)
    with _letters_of(step):
        products = step.unpack(step.function(**values))
        for contract, made in zip(step.products, products, strict=True):
            if isinstance(contract, Table):
                write_table(part, contract, made, task.fingerprint)
            else:
                _draw(part, contract, made, values)


def _letters_of(step: Step) -> AbstractContextManager[None]:
    """Read no formula in what our own figures write; those of a user may have some."""
    if not step.function.__module__.startswith(_FIGURES):
        return nullcontext()
    from storiform.figures.style import plain_letters

    return plain_letters()


def arguments_of(task: Task, step: Step, tables: Mapping[str, Table]) -> dict[str, Any]:
    """Load all that a step asks for: parameters, resources and tables."""
    values: dict[str, Any] = {}
    for argument in step.arguments:
        if argument.kind == "params":
            values[argument.name] = argument.contract.model_validate(  # type: ignore[union-attr]
                task.recipe["params"]
            )
        elif argument.kind == "resource":
            path = task.payload["resources"].get(argument.name)
            name = getattr(argument.contract, "name", "")
            values[argument.name] = open_resource(name, path) if path else None
        elif argument.kind == "gather":
            portions = task.portions.get(argument.name, ())
            parts = [
                (tables[p.table], p.names, read_portion(p, tables[p.table])) for p in portions
            ]
            is_absent = argument.optional and not parts
            values[argument.name] = None if is_absent else gather_features(parts)
        else:
            portions = task.portions.get(argument.name, ())
            table = tables[getattr(argument.contract, "name", "")]
            values[argument.name] = joined(portions, table, step) if portions else None
    return values


def read_portion(portion: Portion, contract: Table) -> pd.DataFrame:
    """Read one unit's published table, if it is still what was written."""
    return read_parquet(portion_file(portion, contract), contract)


def portion_file(portion: Portion, contract: Table) -> Path:
    """Return the file of one unit's published table, if it is still what was written."""
    folder = Path(portion.folder)
    root = folder.parents[3]  # behind units, unit, step and fingerprint
    return Results(root).sound(folder, f"{contract.name}.parquet")


def joined(portions: Sequence[Portion], contract: Table, step: Step | None) -> pd.DataFrame:
    """Concatenate units' tables, with the unit columns where the grain goes up."""
    widens = step is None or _rank(step.grain) > _rank(contract.grain)
    # A normal serves every biopsy of its patient: a sample sees their tables with names.
    widens = widens or (step is not None and step.grain, contract.grain) == ("sample", "biopsy")
    units = UNIT_COLUMNS[contract.grain] if widens else ()
    frames = []
    for portion in portions:
        frame = read_portion(portion, contract)
        for position, name in enumerate(units):
            frame.insert(position, name, portion.names[name])
        frames.append(frame)
    if not units:
        return frames[0]
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return contract.empty(units)
    return contract.conform(pd.concat(filled, ignore_index=True), units)


def _rank(grain: str) -> int:
    return ("sample", "biopsy", "patient", "cohort").index(grain)


def open_resource(name: str, path: str) -> Any:  # noqa: ANN401  each resource has its own type
    """Read a resource once in a worker, which may outlive a run, until its file changes."""
    file = located(path)
    return _opened(name, file, state_of(file))


@lru_cache(maxsize=64)
def _opened(name: str, file: Path, _mark: tuple[object, ...]) -> Any:  # noqa: ANN401
    return RESOURCES[name].read(file)


def write_table(part: Path, contract: Table, frame: pd.DataFrame, fingerprint: str) -> None:
    """Check one table against its contract and write it into a folder."""
    table = to_arrow(contract.conform(frame), contract)
    write_parquet(part / f"{contract.name}.parquet", table, fingerprint)


def _draw(part: Path, contract: Picture, figure: Any, values: Mapping[str, Any]) -> None:  # noqa: ANN401
    from storiform.figures.style import render

    for suffix, content in sorted(render(figure).items()):
        write_bytes(part / f"{contract.name}.{suffix}", content)
    for name, value in sorted(values.items()):
        if isinstance(value, pd.DataFrame):
            ending = "tsv" if len(value) <= SOURCE_ROWS else "tsv.gz"
            write_tsv(part / f"{contract.name}.{name}.{ending}", value)


def _provenance(
    task: Task, results: Results, started: float, told: Told, nothing: str
) -> dict[str, Any]:
    finished = time.time()
    return {
        "step": task.step,
        "unit": task.unit,
        "fingerprint": task.fingerprint,
        "recipe": recorded(task.recipe, results.secret),
        "code": code_of(task),
        "warnings": told.warnings,
        "log": told.log,
        "nothing_to_show": nothing,
        "started": started,
        "finished": finished,
        "seconds": round(finished - started, 4),
        "peak_memory_mb": peak_memory_mb(),
        "packages": packages(),
        "host": socket.gethostname(),
        "user": _user(),
    }


def peak_memory_mb() -> int:
    """Return the most memory, in MiB, that this process has held so far.

    Linux counts to `ru_maxrss` what the process held that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text("ascii", "replace")
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024
    except (OSError, IndexError, ValueError):
        unit = 1024**2 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit


@lru_cache(maxsize=1)
def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def code_of(task: Task) -> str:
    """Return a digest of the module that holds the step's function."""
    _, steps, _ = loaded(task.workflow)
    step = steps.get(task.step)
    return step_code(step.function.__code__.co_filename) if step is not None else ""


@lru_cache(maxsize=256)
def step_code(file: str) -> str:
    """Return a digest of one source file, empty where it cannot be read."""
    from storiform.engine.fingerprint import content_id

    path = Path(file)
    return content_id(path) if path.is_file() else ""


@lru_cache(maxsize=1)
def packages() -> dict[str, str]:
    """Return the versions of what the numbers depend on."""
    from importlib.metadata import version

    names = (
        "numpy", "pandas", "scipy", "numba", "pyarrow", "cyvcf2", "pysam", "deflate",
        "matplotlib", "dask",
    )  # fmt: skip
    found = {name: version(name) for name in names}
    return {"storiform": __version__, "python": platform.python_version(), **found}
