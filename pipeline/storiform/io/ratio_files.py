"""Log ratios in bins as CNVkit writes them (``.cnr``): the table `given_ratios`.

Columns: ``chromosome, start, end, gene, log2``, in most files ``depth`` and ``weight``;
0-based. Bins between targets have the gene ``Antitarget``, in old files ``Background``.
"""

import numpy as np
import pandas as pd

from storiform.io.columns import Layout, checked_places, read_layout, warn_of_counting
from storiform.io.coverage import OFF_TARGET
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import InputError, fault
from storiform.model.tables.copies import GIVEN_RATIOS

_EXPECTED = "those of CNVkit's .cnr: chromosome, start, end, gene, log2, depth, weight"
_MISTAKEN = {
    "spread": ("a CNVkit reference", "Name it under resources.panel_of_normals instead."),
    "probes": ("segments of CNVkit (.cns)", "Move it to the column segments of the sheet."),
}
_HIGHEST = 3.0
"""No tumour is 8-fold everywhere: a higher median of log2 is that of depths."""
_LEAST_WEIGHT = 0.01
_TO_SD = 1.4826
"""SD of a normal distribution by its median absolute value."""


def read_ratios(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_ratios` of one biopsy from column `ratios` of the sheet.

    `variance` of a bin of mean weight is that between neighbours of its class, on target or
    between targets; that of others is in inverse proportion to their weight.

    Raises
    ------
    InputError
        If the file has other columns, a log ratio is none, or the build is another.
    """
    unit.refuse_shared("ratios", NAMELESS)
    layout = read_layout(unit.files["ratios"], ("chromosome",))
    _refuse_others(layout)
    words = {"contig": layout.column("chromosome")}
    if gene := layout.column("gene"):
        words["gene"] = gene
    asked = {"start": "start", "end": "end", "log2": "log2", "weight": "weight"}
    numbers = {new: layout.column(name) for new, name in asked.items() if layout.column(name)}
    bins = checked_places(layout, layout.read(words, numbers), unit.build, one_based=False)
    warn_of_counting(layout, bins)
    missing = ~np.isfinite(bins["log2"].to_numpy())
    if missing.any():
        raise layout.refused(bins.index[missing][0], "log2", "an empty cell", "a log ratio")
    if float(bins["log2"].median()) > _HIGHEST:
        found = f"a median log2 of {bins['log2'].median():.1f}, which is one of depths"
        remedy = "Move the file to the column coverage of the sheet."
        raise InputError(fault(layout.path.name, found, "log ratios (.cnr)", remedy))
    genes = bins["gene"].astype(object) if gene else pd.Series("", index=bins.index)
    is_target = ~genes.astype(str).str.strip().str.lower().isin(OFF_TARGET)
    weight = bins["weight"].fillna(0.0) if "weight" in numbers else pd.Series(1.0, bins.index)
    weight = weight.clip(lower=_LEAST_WEIGHT)
    variance = pd.Series(np.nan, bins.index)
    for rows in (is_target, ~is_target):
        usual = _noise(bins[rows]) ** 2
        variance[rows] = usual * weight[rows].mean() / weight[rows]
    ratios = bins.assign(is_target=is_target, variance=variance)
    return GIVEN_RATIOS.conform(ratios[list(GIVEN_RATIOS.columns)])


def _noise(bins: pd.DataFrame) -> float:
    """Return the robust SD of one log ratio, by the steps between neighbours of a contig."""
    steps = bins["log2"].groupby(bins["contig"]).diff().dropna().abs()
    return float(_TO_SD * steps.median() / np.sqrt(2.0)) if len(steps) else float("nan")


def _refuse_others(layout: Layout) -> None:
    for column, (found, remedy) in _MISTAKEN.items():
        if layout.has("chromosome", "log2", column):
            raise InputError(fault(layout.path.name, found, "log ratios (.cnr)", remedy))
    if not layout.has("chromosome", "start", "end", "log2"):
        raise layout.strange(_EXPECTED, "Give what cnvkit.py fix or batch wrote.")
