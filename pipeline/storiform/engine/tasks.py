"""What a worker is sent: a node with the places of all that it reads."""

from storiform.engine.graph import Node
from storiform.engine.results import Results
from storiform.engine.work import Portion, Task
from storiform.model.cohort import Cohort


def task_of(node: Node, workflow: str, results: Results, cohort: Cohort, threads: int) -> Task:
    """Describe the work of a node, whose inputs are settled.

    Parameters
    ----------
    node
        With its fingerprint.
    workflow
        How the worker finds the workflow.
    results
        Where the tables lie that it reads, and will lie that it makes.
    cohort
        Whose names go with the rows of a table.
    threads
        That share a pass over reads.
    """
    portions = {
        argument: [
            Portion(
                feed.table,
                cohort.names(feed.node.grain, feed.node.unit),
                str(results.at(feed.node.step, feed.node.unit, feed.node.fingerprint)),
            )
            for feed in feeds
        ]
        for argument, feeds in node.reads.items()
    }
    return Task(
        workflow=workflow,
        root=str(results.root),
        step=node.step,
        unit=node.unit,
        origin=node.origin,
        fingerprint=node.fingerprint,
        recipe=node.recipe,
        payload={**node.payload, "threads": threads},
        portions=portions,
    )
