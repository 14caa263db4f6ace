"""The configuration of a run: one YAML file, made of its workflow's parameters.

Every fault of the file is told at once, with its line and column. The order of
precedence is: defaults, the file, ``STORIFORM__SECTION__NAME`` in the environment,
`overrides`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from storiform.engine.config_faults import add_faults, add_populations, add_truths, sound_part
from storiform.engine.positions import Document, dotted, parse_scalar, read_document
from storiform.engine.sections import CohortSection, Executor, Run, Section
from storiform.engine.workflow import Workflow, load_workflow
from storiform.io.names import did_you_mean, nearest
from storiform.io.paths import absolute, impossible, path_fault
from storiform.io.resources import NAMED, bundled
from storiform.io.trial_files import FILES
from storiform.model.errors import ConfigError
from storiform.model.params import Params

__all__ = [
    "CohortSection", "Config", "Draft", "Executor", "Run", "Workflow",
    "config_model", "load_config", "load_workflow", "read_config",
]  # fmt: skip

PREFIX = "STORIFORM__"
STAND_IN = "trial"
"""The bundled workflow by which files are checked where the named one cannot be loaded."""


COMMON: Mapping[str, tuple[type[Section], str]] = {
    "cohort": (CohortSection, "who is analysed"),
    "executor": (Executor, "where the work is done"),
    "run": (Run, "how the run behaves"),
}
FREE = ("workflow", "output", "resources", "provided")


@dataclass(frozen=True)
class Config:
    """A configuration, checked: paths are absolute, every parameter has its value."""

    path: Path
    workflow: Workflow
    cohort: CohortSection
    output: Path
    resources: dict[str, Path]
    provided: dict[str, Path]
    executor: Executor
    run: Run
    params: dict[str, Params]

    @property
    def cohort_section(self) -> CohortSection:
        """The section `cohort`, with absolute paths."""
        return self.cohort


@dataclass(frozen=True)
class Draft:
    """What holds of a configuration without its faulty entries, and all that is wrong.

    A bundled workflow stands in for one that cannot be loaded.
    """

    config: Config | None
    faults: tuple[str, ...]


def config_model(workflow: Workflow) -> type[BaseModel]:
    """Return the pydantic model of a workflow's configuration."""
    fields: dict[str, Any] = {
        "workflow": (str, Field(description="a bundled workflow, or the path of a .py file")),
        "output": (Path, Field(Path("results"), description="folder of the results")),
        "cohort": (CohortSection, Field(description=COMMON["cohort"][1])),
        "resources": (
            dict[str, Path],
            Field(default_factory=dict, description="outside files that belong to no sample"),
        ),
        "provided": (
            dict[str, Path],
            Field(default_factory=dict, description="your own tables, in place of a step"),
        ),
        "executor": (
            Executor,
            Field(default_factory=Executor, description=COMMON["executor"][1]),
        ),
        "run": (Run, Field(default_factory=Run, description=COMMON["run"][1])),
    }
    for section, params in workflow.sections.items():
        told = (params.__doc__ or section).strip().split("\n", 1)[0]
        fields[section] = (params, Field(default_factory=params, description=told))
    settings = ConfigDict(extra="forbid", frozen=True, title=f"storiform {workflow.name}")
    return create_model("Configuration", __config__=settings, **fields)


def load_config(
    path: Path,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Config:
    """Read and check a configuration.

    Parameters
    ----------
    path
        The YAML file; paths in it are relative to its folder.
    overrides
        Dotted names to values as YAML writes them: ``{"tmb.min_vaf": "0.1"}``.
    environment
        In place of the variables of the process.

    Raises
    ------
    ConfigError
        With all faults of the file, one a line.
    """
    draft = read_config(path, overrides, environment)
    if draft.faults or draft.config is None:
        raise ConfigError("\n".join(draft.faults))
    return draft.config


def read_config(
    path: Path,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Draft:
    """Read what is usable of a configuration, with all that is wrong; see `load_config`.

    Raises
    ------
    ConfigError
        If the file is none, or no YAML.
    """
    path = Path(path)
    document = read_document(path)
    _read_executor(document)
    _override(document, overrides or {}, os.environ if environment is None else environment)
    _read_executor(document)  # one that a variable names
    named = _workflow(document)
    workflow = named or _stand_in(document)
    model = config_model(workflow)
    for name in {*COMMON, *FREE[2:], *workflow.sections} & set(document.data):
        if document.data[name] is None:  # a section whose lines are all commented out
            document.data[name] = {}
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        add_faults(document, error, model)
    add_truths(document, model)
    checked: Any = sound_part(document.data, model)
    folder = path.absolute().parent
    cohort: dict[str, object] = {
        **_files(document, folder, "cohort", ("samples", "clinical", *FILES)),
        "measurements": _measurements(document, folder),
    }
    _check_output(document)
    resources = _files(document, folder, "resources", NAMED)
    provided = _files(document, folder, "provided", workflow.tables)
    _check_names(document, "resources", NAMED)
    _check_names(document, "provided", workflow.tables)
    _check_steps(document, workflow)
    if checked is None:
        return Draft(None, tuple(document.told().splitlines()))
    params = {section: getattr(checked, section) for section in workflow.sections}
    add_populations(document, params)
    config = Config(
        path=path.absolute(),
        workflow=workflow,
        cohort=checked.cohort.model_copy(update=cohort),
        output=absolute(folder, str(checked.output)),
        resources=resources,
        provided=provided,
        executor=checked.executor,
        run=checked.run,
        params=params,
    )
    return Draft(config, tuple(document.told().splitlines()))


def _override(
    document: Document, overrides: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    for name in sorted(environment):
        if name.upper().startswith(PREFIX):
            key = tuple(name[len(PREFIX) :].lower().split("__"))
            document.set(key, parse_scalar(environment[name]), name)
    for key, value in dotted(overrides):
        document.set(key, value, "override")


def _read_executor(document: Document) -> None:
    """Take the executor from another file where a name stands: ``executor: local.yaml``."""
    name = document.data.get("executor")
    if not isinstance(name, str):
        return
    document.data["executor"] = {}
    try:
        path = (
            absolute(document.path.parent, name)
            if name.endswith((".yaml", ".yml"))
            else bundled(f"configs/{name}.yaml")
        )
        other = read_document(path)
    except ConfigError as error:
        document.fault(("executor",), str(error))
        return
    document.faults += other.faults
    for key in sorted(set(other.data) - {"executor"}):
        other.fault((key,), "only the section executor is read from here; move it.")
        document.faults.append(other.faults[-1])
    document.data["executor"] = other.data.get("executor")
    document.places.update({k: v for k, v in other.places.items() if k[0] == "executor"})


def _workflow(document: Document) -> Workflow | None:
    """Load the workflow that the file names; its faults are faults of the file."""
    name = document.data.get("workflow")
    if not isinstance(name, str) or not name:
        found = "missing" if name is None else f"found {name!r}"
        document.fault(("workflow",), f"{found}; name a workflow, such as trial.")
        return None
    if why := impossible(name):
        document.fault(("workflow",), f"found {why}; name a workflow, such as trial.")
        return None
    is_path = name.endswith(".py") or "/" in name
    target = absolute(document.path.parent, name) if is_path else name
    try:
        workflow = load_workflow(target)
    except ConfigError as error:
        document.fault(("workflow",), str(error))
        return None
    for section in sorted(set(workflow.sections) & {*COMMON, *FREE}):
        document.fault(("workflow",), f"section {section} is reserved; rename the module.")
    return None if set(workflow.sections) & {*COMMON, *FREE} else workflow


def _stand_in(document: Document) -> Workflow:
    """Take a bundled workflow, so that what does not depend on it can be checked."""
    known = {*COMMON, *FREE} - {"provided"}
    document.data = {name: document.data[name] for name in known & set(document.data)}
    document.data["workflow"] = STAND_IN
    return load_workflow(STAND_IN)


def _check_output(document: Document) -> None:
    name = document.data.get("output")
    if isinstance(name, str) and (why := impossible(name)):
        found = f"found {why}, expected a path that a folder can have."
        document.fault(("output",), f"{found} Name another folder.")


def _files(
    document: Document,
    folder: Path,
    section: str,
    names: Mapping[str, object] | tuple[str, ...],
) -> dict[str, Path]:
    """Resolve the files that a section names, and tell of those that do not exist."""
    given = document.data.get(section)
    found: dict[str, Path] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        if name not in names or not isinstance(value, str):
            continue
        path = absolute(folder, value)
        wrong = path_fault(value, path)
        if section == "resources" and path.is_dir():  # a reference may be a folder
            wrong = None
        if wrong:
            message = f"found {wrong.found}, expected {wrong.expected}. {wrong.remedy}"
            document.fault((section, name), message)
        if section == "cohort" or not wrong:
            found[name] = path
    return found


def _measurements(document: Document, folder: Path) -> tuple[Path, ...]:
    """Resolve the files of a list, and tell of those that do not exist."""
    section = document.data.get("cohort")
    given = section.get("measurements") if isinstance(section, dict) else None
    found: list[Path] = []
    for value in (
        [given] if isinstance(given, str) else given if isinstance(given, list) else []
    ):
        if not isinstance(value, str):
            continue
        path = absolute(folder, value)
        found.append(path)
        if wrong := path_fault(value, path):
            message = f"found {wrong.found}, expected {wrong.expected}. {wrong.remedy}"
            document.fault(("cohort", "measurements"), message)
    return tuple(found)


def _check_steps(document: Document, workflow: Workflow) -> None:
    """Tell of steps that no workflow has; a cluster's file serves several workflows."""
    section = document.data.get("executor")
    given = section.get("steps") if isinstance(section, dict) else None
    if not isinstance(given, dict) or not given:
        return
    known = {step.name for step in workflow.steps} | {f"read_{t}" for t in workflow.tables}
    if not set(given) <= known:
        known |= {step.name for step in load_workflow(STAND_IN).steps}
    for name in sorted(set(given) - known):
        meant = nearest(str(name), sorted(known))
        remedy = f"did you mean {meant}?" if meant else "storiform plan lists all steps."
        document.fault(("executor", "steps", name), f"no step has this name; {remedy}")


def _check_names(document: Document, section: str, known: Mapping[str, object]) -> None:
    given = document.data.get(section)
    for name in given if isinstance(given, dict) else ():
        if name not in known:
            document.fault((section, name), f"unknown; {did_you_mean(name, known)}")
