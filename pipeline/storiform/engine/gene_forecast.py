"""Whether the genes of a matrix are known ones, told before a run."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from storiform.biomarkers.expression import ExpressionParams, known_genes
from storiform.engine.work import open_resource
from storiform.io.resources import RESOURCES, bundled
from storiform.model.params import Params
from storiform.model.tables.rna import GIVEN_COUNTS, GIVEN_LOG2_TPM, GIVEN_TPM

_BY_GENE = frozenset({GIVEN_COUNTS.name, GIVEN_TPM.name, GIVEN_LOG2_TPM.name})


def refuse_unknown_genes(
    table: str,
    rows: pd.DataFrame,
    files: Mapping[str, Path],
    resources: Mapping[str, Path],
    params: Params | None,
) -> None:
    """Refuse a file of expression whose ids the step that names its genes will refuse.

    Parameters
    ----------
    table
        Name of the table that the file fills; others than those of expression pass.
    rows
        Its rows, with `id`.
    files
        What was read.
    resources
        Files that the configuration names; the names of the genes come with the package.
    params
        The section `expression`, None where no step of the workflow has it.

    Raises
    ------
    InputError
        If too few ids are of human genes, or transcripts cannot be told their genes.
    """
    if table not in _BY_GENE or not isinstance(params, ExpressionParams):
        return
    own = resources.get("gene_names") or bundled(str(RESOURCES["gene_names"].default))
    given = resources.get("transcripts")
    transcripts = None if given is None else open_resource("transcripts", str(given))
    names = open_resource("gene_names", str(own))
    where = ", ".join(sorted({path.name for path in files.values()}))
    known_genes(rows["id"].astype(str), names, transcripts, params, where=where)
