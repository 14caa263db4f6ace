"""What a finished run holds of one biopsy for each patient, read one table at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from storiform.engine.collect import GOOD
from storiform.engine.session import Session, session_of_run, summary_of_run
from storiform.engine.weave import speakers
from storiform.io.resources import RESOURCES, bundled
from storiform.io.store import read_parquet
from storiform.model.errors import ConfigError, RunError, fault
from storiform.model.table import Table

_SECTION = "microenvironment"
_SETTINGS = ("mode", "alpha", "mcp_symbols")


@dataclass(frozen=True)
class FinishedRun:
    """A run whose results can be read; one biopsy speaks for each patient."""

    session: Session

    def tables(self, contract: Table) -> Iterator[pd.DataFrame]:
        """Yield the table of each biopsy that speaks for its patient and has it."""
        graph, cohort = self.session.graph, self.session.report.cohort
        for unit in speakers(contract.name, cohort, graph):
            node = graph.producers[contract.name, unit]
            if node.state in GOOD:
                folder = self.session.results.at(node.step, unit, node.fingerprint)
                file = self.session.results.sound(folder, f"{contract.name}.parquet")
                yield read_parquet(file, contract)

    def resource(self, name: str) -> Any:  # noqa: ANN401  as each reader returns it
        """Open a resource as the run had it."""
        reader = RESOURCES[name]
        path = self.session.config.resources.get(name)
        return reader.read(path or bundled(str(reader.default)))

    def settings(self) -> dict[str, str]:
        """Return what the scores of the run depend on."""
        return score_settings(self.session.config.params)


def score_settings(params: Mapping[str, object]) -> dict[str, str]:
    """Return the parameters on which scores of the microenvironment depend, as texts."""
    own = params.get(_SECTION)
    return {name: str(getattr(own, name)) for name in _SETTINGS if hasattr(own, name)}


def finished_run(root: Path) -> FinishedRun:
    """Open the results folder of a run.

    Raises
    ------
    RunError
        If the folder holds no run or one that did not come to its end, or its configuration
        writes elsewhere.
    """
    summary = summary_of_run(root)
    if summary["state"] != "finished":
        remedy = "Run the workflow again, which goes on where it stopped, then freeze."
        raise RunError(fault(str(root), f"a run that is {summary['state']}", "its end", remedy))
    return FinishedRun(session_of_run(root))


def refuse_other_settings(where: str, known: Mapping[str, str], own: Mapping[str, str]) -> None:
    """Refuse a reference whose scores were taken in another way than those of a run.

    Raises
    ------
    ConfigError
        If both state a parameter of `microenvironment`, and differ.
    """
    for name in sorted(set(known) & set(own)):
        if known[name] != own[name]:
            found = f"microenvironment.{name} {known[name]}"
            remedy = "Set it so in the configuration, or freeze the cohort again."
            raise ConfigError(fault(where, found, f"{own[name]}, as here", remedy))
