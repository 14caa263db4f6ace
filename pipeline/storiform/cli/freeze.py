"""`storiform freeze`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.engine.freezing import FinishedRun
    from storiform.model.cohort_reference import CohortReference


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option("--as", "name", required=True, metavar="NAME",
              help="Name of the reference: letters, digits, and . _ -")  # fmt: skip
@click.option("--to", "path", type=click.Path(path_type=Path, dir_okay=False),
              help="File to write, not one in the folder of references.")  # fmt: skip
def freeze(results: Path, name: str, path: Path | None) -> None:
    """Make a cohort of reference of the finished run in the folder RESULTS.

    One biopsy speaks for each patient. Kept are mean, SD and sorted values of each score of
    MCP-counter and ssGSEA, the means of the markers, and the mean profile of all genes; no
    name of a patient, and no expression of a single biopsy. Only its owner may read the file.
    Then `storiform run CONFIG
    --against NAME` reads new biopsies, one or many, on its scale.
    """
    import re
    import warnings

    from storiform.engine.freezing import finished_run
    from storiform.io.cohort_reference import (
        SUFFIX,
        references_folder,
        write_cohort_reference,
    )
    from storiform.model.errors import DataWarning, InputError, fault

    if not re.fullmatch(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", name, flags=re.ASCII):
        raise click.UsageError(f"--as {name!r}: use letters, digits, and . _ - between them.")
    goal = path or references_folder() / f"{name}{SUFFIX}"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        reference = _reference(name, finished_run(results))
    for message in dict.fromkeys(str(w.message) for w in caught):
        echo(f"warning: {message}", err=True)
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        write_cohort_reference(goal, reference)
    except OSError as error:
        found, remedy = str(error.strerror or error).lower(), "Name another with --to."
        raise InputError(fault(str(goal), found, "a file to write", remedy)) from error
    scores = len(reference.scores)
    used = f"--against {name}" if path is None else f"--against {path}"
    echo(f"{goal}: {reference.biopsies} patients, {scores} scores. Use it with {used}.")


def _reference(name: str, run: "FinishedRun") -> "CohortReference":
    """Read the tables of a run and make a reference of them."""
    from storiform.biomarkers.frozen_cohort import FrozenParts, frozen_cohort
    from storiform.model.tables.rna import SSGSEA, TPM

    return frozen_cohort(
        name,
        FrozenParts(
            tpm=run.tables(TPM),
            ssgsea=run.tables(SSGSEA),
            mcp_markers=run.resource("mcp_markers"),
            gene_sets=run.resource("gene_sets"),
            gene_names=run.resource("gene_names"),
            gene_lengths=run.resource("gene_lengths"),
            settings=run.settings(),
        ),
    )
