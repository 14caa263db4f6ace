"""Workflows: files with a tuple STEPS of plain functions, loaded by name or by path."""

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from storiform.io.names import did_you_mean
from storiform.io.paths import absolute
from storiform.io.resources import bundled
from storiform.io.sources import SOURCES
from storiform.model.errors import ConfigError, ContractError, StoriformError
from storiform.model.params import Params
from storiform.model.step import Step
from storiform.model.table import Table


@dataclass(frozen=True)
class Workflow:
    """The steps of one analysis, in the order of its file."""

    name: str
    path: Path
    title: str
    steps: tuple[Step, ...]
    is_bundled: bool = False

    @property
    def sections(self) -> dict[str, type[Params]]:
        """The sections of the configuration, sorted: room -> its parameters."""
        found = {
            step.section: step.params.contract
            for step in self.steps
            if step.params is not None and isinstance(step.params.contract, type)
        }
        return dict(sorted(found.items()))

    @property
    def tables(self) -> dict[str, Table]:
        """Every table that the workflow makes, reads or could be given."""
        contracts = [s.table for s in SOURCES]
        for step in self.steps:
            contracts += [a.contract for a in step.arguments if isinstance(a.contract, Table)]
            contracts += [p for p in step.products if isinstance(p, Table)]
        return {table.name: table for table in contracts}


def load_workflow(name_or_path: str | Path) -> Workflow:
    """Load a bundled workflow by name, or any by the path of its ``.py`` file.

    Raises
    ------
    ConfigError
        If there is no such workflow, it cannot be imported, or its steps contradict
        each other; all contradictions in one message.
    """
    path = _locate(str(name_or_path))
    module = _import(path)
    functions = getattr(module, "STEPS", None)
    if not isinstance(functions, tuple | list) or not functions:
        found = "no STEPS" if functions is None else "STEPS without steps"
        raise ConfigError(f"{path}: {found}. Write STEPS = (function, ...).")
    steps, faults = _steps(functions)
    faults += _contradictions(steps)
    if faults:
        raise ConfigError("\n".join(f"{path}: STEPS: {line}" for line in faults))
    title = (module.__doc__ or path.stem).strip().split("\n", 1)[0].rstrip(".")
    return Workflow(path.stem, path, title, steps, is_bundled=_is_name(str(name_or_path)))


def _is_name(text: str) -> bool:
    return not (text.endswith(".py") or "/" in text)


def _locate(name: str) -> Path:
    if not _is_name(name):
        path = absolute(Path.cwd(), name).resolve()
        if not path.is_file():
            raise ConfigError(f"{name}: no such file. Correct the path of the workflow.")
        return path
    try:
        return bundled(f"workflows/{name}.py")
    except ConfigError as error:
        known = sorted(path.stem for path in bundled("workflows").glob("*.py"))
        remedy = f"{did_you_mean(name, known)} A path of your own ends in .py."
        raise ConfigError(f"unknown workflow {name}; {remedy}") from error


def _import(path: Path) -> ModuleType:
    """Import a file under a name of its own; its folder can be imported from meanwhile.

    Folder and bundled workflows are its package: `from .trial import MUTATIONS` takes the
    steps of the trial beside it, or else of the bundled one, also where another is loaded.
    """
    folder = str(path.parent)
    package = f"storiform_workflow_{hashlib.sha256(folder.encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(f"{package}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path}: not a Python file. Name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    parent = ModuleType(package)
    parent.__path__ = [folder, str(bundled("workflows"))]
    sys.modules |= {package: parent, spec.name: module}
    sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except StoriformError:
        raise
    except Exception as error:  # a user's file may raise anything
        sys.modules.pop(spec.name, None)
        line = _line_of(error, path)
        told = f"{path}{line}: {type(error).__name__}: {error}. {_remedy(path)}"
        raise ConfigError(told) from error
    finally:
        sys.path.remove(folder)
    return module


def _remedy(path: Path) -> str:
    """Say what to do: a workflow of the package is not the user's to correct."""
    if path.parent != bundled("workflows"):
        return "Correct the workflow."
    return (
        "This workflow comes with storiform: if nobody has edited it, the installation is not "
        "whole. Install storiform again."
    )


def _line_of(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return f":{line}" if line else ""


def _steps(functions: Iterable[Callable[..., object]]) -> tuple[tuple[Step, ...], list[str]]:
    steps: list[Step] = []
    faults: list[str] = []
    for function in functions:
        if not inspect.isroutine(function):
            faults.append(f"{function!r} is no function. List functions alone.")
            continue
        try:
            steps.append(Step.of(function))
        except (ContractError, NameError) as error:
            faults.append(f"{error}. Annotate it with a contract.")
    return tuple(steps), faults


def _contradictions(steps: tuple[Step, ...]) -> list[str]:
    faults: list[str] = []
    names: dict[str, Step] = {}
    makers: dict[tuple[str, str], Step] = {}
    rooms: dict[str, type] = {}
    for step in steps:
        if names.setdefault(step.name, step) is not step:
            faults.append(f"the step {step.name} occurs twice. Remove one.")
            continue
        for product in step.products:
            kind = "table" if isinstance(product, Table) else "figure"
            maker = makers.setdefault((kind, product.name.casefold()), step)
            if maker is not step:
                told = f"{maker.name} and {step.name} both make the {kind} {product.name}"
                faults.append(f"{told}. Remove one of the two.")
        if step.params is not None and isinstance(step.params.contract, type):
            contract = step.params.contract
            room = rooms.setdefault(step.section, contract)
            if room is not contract:
                told = f"{room.__module__}.{room.__name__} and {contract.__module__}."
                told += f"{contract.__name__} both own the section {step.section}"
                faults.append(f"{told}. Rename one of the modules.")
    return faults
