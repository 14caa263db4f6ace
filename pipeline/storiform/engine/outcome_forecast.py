"""Which outcomes will part the patients into no two groups, told before hours are spent."""

from collections.abc import Mapping

from storiform.engine.graph import Graph
from storiform.io.names import counted
from storiform.model.cohort import Cohort
from storiform.model.params import Params

_NAMES = {
    "responded": ("response", "responded"),
    "disease_control": ("disease control", "had disease control"),
}
"""What an outcome is called, and what those did who have it."""


def forecast_outcomes(
    graph: Graph, cohort: Cohort, params: Mapping[str, Params]
) -> tuple[str, ...]:
    """Tell of each outcome that is to be compared and that all patients have, or none.

    Parameters
    ----------
    graph
        What a run would do.
    cohort
        Patients with their rows of the clinical table.
    params
        Sections of the configuration; those of steps that compare name their `outcomes`.

    Returns
    -------
    tuple of str
        One sentence for each such outcome; of one that nobody has stated the steps warn.
    """
    working = {node.step for node in graph.nodes}
    sections = [step.section for step in graph.steps if step.name in working and step.params]
    asked = dict.fromkeys(
        outcome
        for section in sections
        for outcome in getattr(params.get(section), "outcomes", ())
        if outcome in _NAMES
    )
    return tuple(filter(None, (_of_one_group(cohort, outcome) for outcome in asked)))


def _of_one_group(cohort: Cohort, outcome: str) -> str:
    if "lesions" in cohort.given:  # which may tell the outcome of others
        return ""
    stated = [
        patient.clinic[outcome]
        for patient in cohort.patients
        if patient.clinic is not None and patient.clinic.get(outcome) is not None
    ]
    if not stated or len({bool(value) for value in stated}) > 1:
        return ""
    name, did = _NAMES[outcome]
    people = counted(len(stated), "patient")
    who = f"all {people}" if stated[0] else f"none of {people}"
    return (
        f"{who} whose {name} is known {did}: nothing can be compared by {name}. See that the "
        "clinical table is whole, and that its words for a response are read as you mean them."
    )
