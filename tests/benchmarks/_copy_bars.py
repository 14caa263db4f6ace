"""The bars of copy number, held against what a bench found."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from _copy_scores import Share, share

LEVELS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)
"""Edges of the classes of stated probabilities."""


@dataclass(frozen=True)
class Bar:
    """One claim: what was found, what is asked for, and whether it is met."""

    claim: str
    found: str
    asked: str
    is_met: bool


def exome_bars(rows: pd.DataFrame) -> list[Bar]:
    """Hold whole exomes against the bars of purity, ploidy and total copies."""
    ambiguous = rows[rows["is_ambiguous"]]
    bars = [
        _at_least("purity within .05", share(rows["purity_right"]), 0.90),
        _at_least("ploidy within .3", share(rows["ploidy_right"]), 0.90),
    ]
    told = share(rows["is_ambiguous"])
    bars.append(Bar("ambiguous", str(told), "<= 0.15", told.value <= 0.15))
    among = share(ambiguous["truth_among"])
    is_met = not among.of or among.value >= 0.97
    bars.append(Bar("truth among the answers of these", str(among), ">= 0.97", is_met))
    for column, claim, asked in (
        ("genome_right", "total copies right over the genome, mean", 0.92),
        ("altered_right", "total copies right in altered bins, mean", 0.80),
    ):
        values = rows[column].dropna().astype(float)
        mean, error = float(values.mean()), 1.96 * float(values.std() / np.sqrt(len(values)))
        found = f"{mean:.3f} (+- {error:.3f}; {len(values)} exomes)"
        bars.append(Bar(claim, found, f">= {asked:g}", mean >= asked))
    bars.append(
        Bar("withheld (counted as missed)", str(share(rows["is_withheld"])), "", is_met=True)
    )
    return bars


def exome_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the same figures by kind of tumour."""
    groups = {
        "all": rows.index == rows.index,
        "quiet": rows["kind"] == "quiet",
        "doubled": rows["is_doubled"],
        "complex": rows["kind"] == "complex",
        "liposarcoma": rows["kind"] == "liposarcoma",
        "formalin": rows["is_fixed"],
        "purity < .3": rows["purity"] < 0.3,
    }
    table = []
    for name, mine in groups.items():
        own = rows[mine]
        if len(own):
            table.append(
                {
                    "group": name,
                    "exomes": len(own),
                    "purity right": round(float(own["purity_right"].mean()), 3),
                    "ploidy right": round(float(own["ploidy_right"].mean()), 3),
                    "ambiguous": round(float(own["is_ambiguous"].mean()), 3),
                    "copies right": round(float(own["genome_right"].mean()), 3),
                    "altered bins right": round(float(own["altered_right"].mean()), 3),
                }
            )
    return pd.DataFrame(table)


def gene_bars(genes: pd.DataFrame) -> list[Bar]:
    """Hold calls of CDK4, MDM2 and CDKN2A against their bars."""
    wide = genes[genes["gene"].isin(["CDK4", "MDM2"])]
    least = wide.groupby("case").agg(
        total=("total", "min"), ploidy=("ploidy", "first"), purity=("purity", "first"),
        amplicon=("amplicon", "first"), coamplified=("coamplified", "first"),
    )  # fmt: skip
    found = least["coamplified"].astype("boolean").fillna(value=False).astype(bool)
    asked = np.maximum(8.0, least["ploidy"] + 4.0)
    is_planted = least["total"] >= asked
    sensitive = share(found[is_planted & (least["purity"] >= 0.2)])
    specific = share(~found[least["amplicon"] != "both"])
    lost = genes[genes["gene"] == "CDKN2A"].set_index("case")
    is_lost, is_called = lost["truth"] == "HOMDEL", lost["call"] == "HOMDEL"
    deep = share(is_called[is_lost & (lost["purity"] >= 0.3)])
    precise = share(is_lost[is_called])
    spared = share(~is_called[~is_lost])
    claim = "CDK4+MDM2 amplification"
    return [
        _bound(f"{claim}: sensitivity at purity >= .2", sensitive, 0.98),
        _bound(f"{claim}: specificity", specific, 0.98),
        _at_least("CDKN2A deletion: sensitivity at purity >= .3", deep, 0.95),
        _at_least("CDKN2A deletion: precision", precise, 0.98),
        Bar("CDKN2A deletion: specificity", str(spared), "", is_met=True),
        _count(f"{claim}: positives", int(is_planted.sum())),
        _count(f"{claim}: negatives", specific.of),
        _count("CDKN2A deletion: positives", int(is_lost.sum())),
        _count("CDKN2A deletion: negatives", spared.of),
    ]


def calibration_bars(
    levels: Mapping[str, pd.DataFrame], covered: dict[str, Share]
) -> list[Bar]:
    """Hold stated probabilities and intervals against what happened."""
    bars = []
    for name, table in levels.items():
        gap = float((table["stated"] - table["found"]).abs() @ table["calls"])
        gap /= max(float(table["calls"].sum()), 1.0)
        claim = f"{name}: mean gap of stated and found probability"
        bars.append(Bar(claim, f"{gap:.3f}", "<= 0.05", gap <= 0.05))
    for name, value in covered.items():
        claim = f"{name}: share of 95 % intervals with the truth"
        bars.append(_at_least(claim, value, 0.90))
    return bars


def calibration(probability: pd.Series, right: pd.Series) -> pd.DataFrame:
    """Return, by class of stated probability, the mean stated and the share that was right."""
    known = probability.notna()
    stated, right = probability[known].astype(float), right[known].astype(bool)
    level = pd.cut(stated, list(LEVELS), right=False, labels=False)
    rows = []
    for number in sorted(level.dropna().unique()):
        mine = level == number
        hits = share(right[mine])
        low, high = hits.interval
        rows.append(
            {
                "from": LEVELS[int(number)],
                "calls": hits.of,
                "stated": round(float(stated[mine].mean()), 4),
                "found": round(hits.value, 4),
                "lower": round(low, 4),
                "upper": round(high, 4),
            }
        )
    columns = ["from", "calls", "stated", "found", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)


def _at_least(claim: str, found: Share, asked: float) -> Bar:
    return Bar(claim, str(found), f">= {asked:g}", bool(found.of) and found.value >= asked)


def _bound(claim: str, found: Share, asked: float) -> Bar:
    is_met = bool(found.of) and found.interval[0] >= asked
    return Bar(claim, str(found), f"lower bound >= {asked:g}", is_met)


def _count(claim: str, found: int) -> Bar:
    return Bar(claim, str(found), ">= 300", found >= 300)
