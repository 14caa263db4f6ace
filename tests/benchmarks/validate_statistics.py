"""Trials under the null, and planted effects against the power that theory gives.

Run as ``python tests/benchmarks/validate_statistics.py [--trials 600] [--patients 46]
[--seed N]``. Each null trial has features of four kinds that go with nothing: numbers, counts
with ties and gaps, flags, categories. Printed is how often p <= alpha, for the first feature of
a kind (one test a trial, so that 3 standard errors mean what they say) and over all of them;
how often any q <= .05 in a family; whether the randomised p of Fisher's test is uniform.
Planted are a shift, a flag and two hazards; power is that of theory at alpha = .05. Ends with 1
if a bar is missed.
"""

import argparse
import sys
import warnings

import numpy as np
import pandas as pd
from scipy import special, stats

from storiform.model.errors import DataWarning
from storiform.statistics.association import AssociationParams, associations
from storiform.statistics.hazards import HazardParams, hazards
from storiform.statistics.odds import OddsParams, odds
from storiform.statistics.response_trends import ResponseTrendParams, response_trends
from storiform.statistics.survival import SurvivalParams, survival

ALPHAS = (0.01, 0.05, 0.1)
KINDS = {"cells": 10, "counts": 6, "flags": 6, "classes": 3}
RESPONSE_RATE = 0.3
SHIFT, HAZARD, HAZARD_PER_SD = 1.0, 2.6, 0.7
FLAG_RATES = (0.65, 0.2)
"""Shares with the flag among those with and without response."""
APPROXIMATION = 0.03
"""How far a formula of power for large samples may be off at these sizes."""


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def clinic_of(rng: np.random.Generator, patients: int, risk: np.ndarray) -> pd.DataFrame:
    """Return the clinic of a trial: response at random, survival by the given risk."""
    responded = np.zeros(patients, dtype=bool)
    responded[rng.choice(patients, round(RESPONSE_RATE * patients), replace=False)] = True
    table = {"patient": names_of(patients), "responded": responded}
    for outcome, scale in (("pfs", 8.0), ("os", 20.0)):
        time = scale * rng.exponential(size=patients) / risk
        seen = rng.uniform(9.0, 34.0, size=patients)
        table[f"{outcome}_months"] = np.minimum(time, seen)
        table[f"{outcome}_event"] = time <= seen
    table["disease_control"] = responded
    made = pd.DataFrame(table)
    better = np.random.default_rng(np.flatnonzero(responded)).uniform(size=patients) < 0.4
    best = np.where(responded, np.where(better, "CR", "PR"), np.where(better, "SD", "PD"))
    return made.assign(histology="", sex="", arm="", age_years=np.nan, response=best)


def names_of(patients: int) -> list[str]:
    """Return the names of patients."""
    return [f"P{number:04d}" for number in range(patients)]


def feature(name: str, values: np.ndarray, kind: str) -> pd.DataFrame:
    """Return the rows of one gathered feature."""
    is_category = kind == "category"
    patients = names_of(len(values))
    return pd.DataFrame(
        {
            "patient": patients, "biopsy": patients, "table": name.split(".", maxsplit=1)[0],
            "feature": name, "value": np.nan if is_category else values.astype(float),
            "label": values if is_category else None, "kind": kind, "unit_of_measure": "",
            "description": "",
        }
    )  # fmt: skip


def null_features(rng: np.random.Generator, patients: int) -> pd.DataFrame:
    """Return features that go with nothing."""
    parts = []
    for table, count in KINDS.items():
        for number in range(count):
            name = f"{table}.x{number}"
            if table == "cells":
                parts.append(feature(name, rng.normal(size=patients), "number"))
            elif table == "counts":
                values = rng.poisson(3.0, size=patients).astype(float)
                values[rng.uniform(size=patients) < 0.15] = np.nan
                parts.append(feature(name, values, "number"))
            elif table == "flags":
                flags = rng.uniform(size=patients) < 0.3
                parts.append(feature(name, flags.astype(float), "flag"))
            else:
                labels = rng.choice(list("ABCD"), size=patients)
                parts.append(feature(name, labels, "category"))
    return pd.concat(parts, ignore_index=True)


def tests_of(features: pd.DataFrame, clinic: pd.DataFrame) -> pd.DataFrame:
    """Return `test, feature, p, q, family, scope` of everything that is tested."""
    curves = survival(features, clinic, SurvivalParams()).survival
    curves = curves[curves["feature"] != "all"].drop_duplicates(["outcome", "feature"])
    curves = curves.assign(test="log-rank " + curves["outcome"], scope="table")
    # the q of all features by other code: the p are the same, and take the time
    q = curves.groupby("outcome")["p"].transform(stats.false_discovery_control)
    parts = [curves, curves.assign(q=q, family="all", scope="all")]
    for family in ("table", "all"):
        found = associations(
            features, clinic, AssociationParams(outcomes=("responded",), family=family)
        )
        parts.append(found.assign(test="response", scope=family))
        models = hazards(features, clinic, None, HazardParams(family=family))
        models = models[models["model"] == models["term"]]
        parts.append(
            models.assign(test="Cox " + models["outcome"], feature=models["term"], scope=family)
        )
        chances = odds(
            features, clinic, None, OddsParams(outcomes=("responded",), family=family)
        )
        chances = chances[chances["model"] == chances["term"]]
        parts.append(chances.assign(test="odds", feature=chances["term"], scope=family))
        trends = response_trends(features, clinic, ResponseTrendParams(family=family))
        parts.append(trends.assign(test="trend", scope=family))
    columns = ["test", "feature", "p", "q", "family", "scope"]
    return pd.concat([part[columns] for part in parts], ignore_index=True)


def judge_null(trials: int, patients: int, seed: int) -> bool:
    """Simulate trials without any effect; print and judge the error rates."""
    parts = []
    for trial in range(trials):
        rng = np.random.default_rng([seed, trial])
        clinic = clinic_of(rng, patients, np.ones(patients))
        parts.append(tests_of(null_features(rng, patients), clinic).assign(trial=trial))
    found = pd.concat(parts, ignore_index=True)
    found["kind"] = found["feature"].str.split(".").str[0]
    holds = True
    say(f"{trials} trials of {patients} patients without any effect, seed {seed}")
    say(f"{'test':14s} {'kind':8s} " + " ".join(f"p<={a:<5g}(all)  " for a in ALPHAS))
    once = found[found["scope"] == "table"]
    for (test, kind), group in once.groupby(["test", "kind"], sort=True):
        first = group[group["feature"].str.endswith(".x0") & group["p"].notna()]
        cells = []
        for alpha in ALPHAS:
            rate = float((first["p"] <= alpha).mean())
            bar = alpha + 3.0 * np.sqrt(alpha * (1.0 - alpha) / len(first))
            pooled = float((group["p"] <= alpha).mean())
            holds &= rate <= bar
            cells.append(f"{rate:.3f} {'' if rate <= bar else 'MISSED'}({pooled:.3f})")
        say(f"{test:14s} {kind:8s} " + "  ".join(cells) + f"  n = {len(first)}")
    bar = 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / trials)
    for (scope, test), group in found.groupby(["scope", "test"], sort=True):
        of_family = group.groupby(["trial", "family"])["q"].min() <= 0.05
        worst = of_family.groupby("family").mean()
        right = bool((worst <= bar).all())
        holds &= right
        say(
            f"any q <= .05, family {scope}, {test}: worst family {worst.max():.3f}, "
            f"bar {bar:.3f} {'' if right else 'MISSED'}"
        )
    return holds & judge_randomised(trials, patients, seed)


def judge_randomised(trials: int, patients: int, seed: int) -> bool:
    """Tell whether Fisher's p, made continuous by chance, is uniform under the null."""
    randomised = []
    for trial in range(trials):
        rng = np.random.default_rng([seed, trial])
        clinic = clinic_of(rng, patients, np.ones(patients))
        flags = null_features(rng, patients).query("feature == 'flags.x0'")["value"].to_numpy()
        with_both = int(flags[clinic["responded"]].sum())
        total, carriers = int(clinic["responded"].sum()), int(flags.sum())
        law = stats.hypergeom(patients, carriers, total)
        chances = law.pmf(np.arange(total + 1))
        own = chances[with_both]
        is_same = np.isclose(chances, own, rtol=1e-7)
        less = chances[(chances < own) & ~is_same].sum()
        randomised.append(less + rng.uniform() * chances[is_same].sum())
        reported = associations(
            feature("flags.x0", flags, "flag"), clinic,
            AssociationParams(outcomes=("responded",)),
        )  # fmt: skip
        p = float(reported["p"].iloc[0])
        if not np.isnan(p) and not np.isclose(p, less + chances[is_same].sum(), rtol=1e-6):
            say(f"trial {trial}: p {p} is not the sum of the tables {less} and alike: MISSED")
            return False
    p = float(stats.kstest(randomised, "uniform").pvalue)
    say(f"Fisher, randomised p: Kolmogorov-Smirnov p = {p:.3f} (bar .001)")
    return p >= 0.001


def wilcoxon_power(patients: int, with_outcome: int, shift: float, alpha: float) -> float:
    """Return the power of the rank-sum test for a shift of normal values (Lehmann 1975)."""
    m, n = with_outcome, patients - with_outcome
    p1 = special.ndtr(shift / np.sqrt(2.0))
    draws = np.linspace(-9.0, 9.0, 20001)
    step = draws[1] - draws[0]
    law = np.exp(-0.5 * draws**2) / np.sqrt(2.0 * np.pi)
    p2 = float((special.ndtr(draws + shift) ** 2 * law).sum() * step)
    variance = m * n * (p1 * (1 - p1) + (n - 1) * (p2 - p1**2) + (m - 1) * (p2 - p1**2))
    null = np.sqrt(m * n * (m + n + 1) / 12.0)
    limit = special.ndtri(1.0 - alpha / 2.0)
    mean = m * n * (p1 - 0.5)
    return float(special.ndtr((mean - limit * null - 0.5) / np.sqrt(variance)))


def fisher_power(sizes: tuple[int, int], rates: tuple[float, float], alpha: float) -> float:
    """Return the exact power of Fisher's test for two shares, by enumeration."""
    power = 0.0
    chances = [
        stats.binom.pmf(np.arange(n + 1), n, rate) for n, rate in zip(sizes, rates, strict=True)
    ]
    for a, first in enumerate(chances[0]):
        for b, second in enumerate(chances[1]):
            if first * second < 1e-12:
                continue
            p = stats.fisher_exact([[a, sizes[0] - a], [b, sizes[1] - b]]).pvalue
            power += first * second * (p <= alpha * (1 + 1e-9))
    return float(power)


def schoenfeld_power(events: list[int], log_hazard_per_sd: float) -> float:
    """Return the power of the log-rank and Wald tests (Schoenfeld 1983)."""
    reached = np.sqrt(np.mean(events)) * log_hazard_per_sd
    return float(special.ndtr(reached - special.ndtri(0.975)))


def judge_power(trials: int, patients: int, seed: int) -> bool:
    """Plant effects; compare how often they are found with theory."""
    hits: dict[str, list[bool]] = {name: [] for name in ("shift", "flag", "group", "per sd")}
    events: dict[str, list[int]] = {"group": [], "per sd": []}
    size = round(RESPONSE_RATE * patients)
    half = (np.arange(patients) % 2).astype(float)
    for trial in range(trials):
        rng = np.random.default_rng([seed, 7, trial])
        number = rng.normal(size=patients)
        number = (number - number.mean()) / number.std()
        clinic = clinic_of(rng, patients, np.ones(patients))
        responded = clinic["responded"].to_numpy()
        shifted = rng.normal(size=patients) + SHIFT * responded
        flagged = rng.uniform(size=patients) < np.where(responded, *FLAG_RATES)
        features = pd.concat(
            [feature("a.shift", shifted, "number"), feature("a.flag", flagged, "flag")]
        )
        found = associations(features, clinic, AssociationParams(outcomes=("responded",)))
        p = found.set_index("feature")["p"]
        hits["shift"].append(p["a.shift"] <= 0.05)
        hits["flag"].append(p["a.flag"] <= 0.05)
        grouped = clinic_of(rng, patients, HAZARD**half)
        curves = survival(
            feature("a.half", half, "flag"), grouped, SurvivalParams(outcomes=("pfs",))
        )
        p = curves.survival.set_index("feature")["p"]
        hits["group"].append(bool((p.loc["a.half"] <= 0.05).all()))
        events["group"].append(int(grouped["pfs_event"].sum()))
        sloped = clinic_of(rng, patients, np.exp(HAZARD_PER_SD * number))
        models = hazards(
            feature("a.slope", number, "number"), sloped, None, HazardParams(outcomes=("pfs",))
        )
        row = models[models["model"] == "a.slope"].iloc[0]
        hits["per sd"].append(bool(row["p"] <= 0.05))
        events["per sd"].append(int(row["events"]))
    theory = {
        "shift": wilcoxon_power(patients, size, SHIFT, 0.05),
        "flag": fisher_power((size, patients - size), FLAG_RATES, 0.05),
        "group": schoenfeld_power(events["group"], np.log(HAZARD) / 2.0),
        "per sd": schoenfeld_power(events["per sd"], HAZARD_PER_SD),
    }
    holds = True
    for name, expected in theory.items():
        rate = float(np.mean(hits[name]))
        slack = 3.0 * np.sqrt(max(expected * (1 - expected), 0.01) / trials)
        slack += 0.0 if name == "flag" else APPROXIMATION
        right = rate >= expected - slack
        holds &= right
        told = "" if right else "MISSED"
        say(f"power, {name}: found {rate:.3f}, theory {expected:.3f} {told}")
    return holds


def main() -> int:
    """Run all and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--patients", type=int, default=46)
    parser.add_argument("--seed", type=int, default=5200)
    options = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        holds = judge_null(options.trials, options.patients, options.seed)
        holds &= judge_power(options.trials, options.patients, options.seed)
    return int(not holds)


if __name__ == "__main__":
    raise SystemExit(main())
