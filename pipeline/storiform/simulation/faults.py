"""Faults of a laboratory and its discs, on request: which, whose, and how they are made."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

Fault = Literal["swap", "contamination", "truncation", "missing_index"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
CONTAMINATION = 0.05
"""Share of reads of another person in a contaminated tumour."""
_KEPT = 0.7
"""Share of a truncated file's bytes that are left."""


@dataclass(frozen=True)
class Faults:
    """Which patients each fault falls on; for the kinds not asked for there are none.

    `swapped` leads from a patient to the one whose tumour exome lies in his file,
    `contaminated` to the one whose reads are mixed in.
    """

    swapped: dict[str, str]
    contaminated: dict[str, str]
    truncated: tuple[str, ...] = ()
    without_index: tuple[str, ...] = ()

    @property
    def patients(self) -> frozenset[str]:
        """The patients with any fault."""
        return frozenset({*self.swapped, *self.contaminated}) | {
            *self.truncated, *self.without_index,
        }  # fmt: skip


def choose_faults(
    asked: Sequence[Fault], patients: Sequence[str], rng: np.random.Generator
) -> Faults:
    """Choose whom the faults fall on, each another; a fault asked for twice falls on two.

    Parameters
    ----------
    patients
        Those with a tumour exome.

    Raises
    ------
    ValueError
        If there are too few patients.
    """
    order = [patients[number] for number in rng.permutation(len(patients))]
    need = sum(2 if fault == "swap" else 1 for fault in asked) + asked.count("contamination")
    if need > len(order):
        message = f"{len(order)} patients with a tumour exome: at least {need} for these faults"
        raise ValueError(message)
    chosen = Faults({}, {})
    truncated: list[str] = []
    without: list[str] = []
    for fault in asked:
        one = order.pop()
        if fault == "swap":
            two = order.pop()
            chosen.swapped.update({one: two, two: one})
        elif fault == "contamination":
            chosen.contaminated[one] = order.pop(0)
        elif fault == "truncation":
            truncated.append(one)
        else:
            without.append(one)
    return Faults(chosen.swapped, chosen.contaminated, tuple(truncated), tuple(without))


def fault_table(faults: Faults) -> pd.DataFrame:
    """Return one row per fault and patient: what is wrong with which tumour exome."""
    rows = [("swap", *pair) for pair in faults.swapped.items()]
    rows += [("contamination", *pair) for pair in faults.contaminated.items()]
    rows += [("truncation", patient, "") for patient in faults.truncated]
    rows += [("missing_index", patient, "") for patient in faults.without_index]
    return pd.DataFrame(rows, columns=["fault", "patient", "other"])


def truncate(path: Path) -> None:
    """Cut a file off, in the middle of a block as a broken transfer does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * _KEPT)])
