"""Judge a run on a simulated trial: what was planted against what was found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import special

Q_LIMIT = 0.1
"""Adjusted p below which a feature counts as found."""
NULL_SHARE = 0.1
"""Share of the null features that may be found, over many trials."""
CHANCE = 1e-3
"""A count fails if chance alone brings it that far from its share this rarely."""
COVERAGE = 0.95
"""Nominal share of planted rates inside their interval."""
LEAST_CORRELATION = 0.6
"""Spearman correlation that a score must reach with the abundance it measures."""

LEAST_RIGHT = 0.85
"""Share of some things of which a claim must hold that chance spoils for a few."""

COLUMNS = ("claim", "subject", "planted", "found", "n", "effect", "q", "holds")
Row = dict[str, object]


def verdict(truth_dir: Path, tables_dir: Path) -> pd.DataFrame:
    """Compare the tables of a run with the truth of the trial.

    Biopsies of hostile files are no part of the truth and are not looked at.

    Parameters
    ----------
    truth_dir
        The folder ``truth`` of a simulated trial.
    tables_dir
        The folder ``tables`` of the run's results.

    Returns
    -------
    pandas.DataFrame
        One row per claim: `claim`, `subject`, what was `planted` and `found` in words, `n`
        (what was compared), the found `effect` and `q`, and whether the claim `holds`. A
        table that is not there gives one row that does not hold.
    """
    rows: list[Row] = []
    for name, judge in _JUDGES.items():
        path = tables_dir / f"{name}.tsv"
        if path.is_file():
            rows += judge(truth_dir, read_table(path))
        else:
            rows.append(claim_row("table exists", name, "a table", "none", 0, holds=False))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of a run or of the truth."""
    return pd.read_csv(path, sep="\t", dtype={"patient": str, "biopsy": str})


def claim_row(  # noqa: PLR0913  one for each column
    claim: str, subject: str, planted: str, found: str, n: int, *, holds: bool,
    effect: float = np.nan, q: float = np.nan,
) -> Row:  # fmt: skip
    """Return one row of the verdict."""
    values = (claim, subject, planted, found, n, effect, q, bool(holds))
    return dict(zip(COLUMNS, values, strict=True))


def every_row(claim: str, subject: str, agrees: "pd.Series[bool]") -> Row:
    """Return the row of a claim on every one of some things; of none it does not hold."""
    size, right = len(agrees), int(agrees.sum())
    return claim_row(
        claim, subject, f"{size} of {size}", f"{right} of {size}", size,
        holds=size > 0 and right == size,
    )  # fmt: skip


def most_row(claim: str, subject: str, agrees: "pd.Series[bool]") -> Row:
    """Return the row of a claim on nearly every one of some things."""
    size, right = len(agrees), int(agrees.sum())
    return claim_row(
        claim, subject, f"{LEAST_RIGHT:.0%} of {size}", f"{right} of {size}", size,
        holds=size > 0 and right >= LEAST_RIGHT * size,
    )  # fmt: skip


def sound_rows(truth_dir: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of patients without faults."""
    faults = read_table(truth_dir / "faults.tsv")
    return table[~table["patient"].isin(faults["patient"])]


def _tmb(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = read_table(truth_dir / "tmb.tsv")
    both = planted.merge(found, on=["patient", "biopsy"], suffixes=("_planted", ""), how="left")
    size = len(both)
    for name in ("mutations_nonsynonymous", "mutations_coding"):
        equal = int((both[name] == both[f"{name}_planted"]).sum())
        yield claim_row(
            "counts equal", f"tmb.{name}", f"{size} of {size}", f"{equal} of {size}", size,
            holds=equal == size,
        )  # fmt: skip
    is_near = (both["megabases"] - both["megabases_planted"]).abs() < 1e-9  # noqa: PLR2004  one base is 1e-6
    yield claim_row(
        "denominator equals", "tmb.megabases", f"{size} of {size}",
        f"{is_near.sum()} of {size}", size, holds=bool(is_near.all()),
    )  # fmt: skip
    rate = both["rate_per_mb"]
    inside = int(((both["tmb_lower"] <= rate) & (rate <= both["tmb_upper"])).sum())
    yield claim_row(
        "planted rate in 95 % interval", "tmb.tmb", f"{COVERAGE:.0%} of {size}",
        f"{inside} of {size}", size, holds=_chance_below(inside, size, COVERAGE) > CHANCE,
    )  # fmt: skip


def _chance_below(hits: int, size: int, share: float) -> float:
    """Return the chance of at most so many hits where each has the given share."""
    return float(special.bdtr(hits, size, share))


def _associations(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = read_table(truth_dir / "associations.tsv")
    yield from _claims(planted, found, "weight", ["outcome", "feature"])


def _survival(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    planted = read_table(truth_dir / "survival.tsv")
    planted = planted.rename(columns={"log_hazard_ratio": "effect"})
    medians = found.pivot_table(
        index=["outcome", "feature"], columns="group", values="median_months", aggfunc="first"
    ).reindex(columns=["high", "low"])
    gain = (medians["high"] - medians["low"]).rename("effect").reset_index()
    tests = found.groupby(["outcome", "feature"], as_index=False).agg(
        {"q": "first", "n": "sum"}
    )
    tests = tests.merge(gain, on=["outcome", "feature"], how="left")
    yield from _claims(planted, tests, "log hazard ratio", ["outcome", "feature"])


def _claims(
    planted: pd.DataFrame, found: pd.DataFrame, measure: str, keys: list[str]
) -> Iterator[Row]:
    """Yield a row for each planted feature, and one for the null features of each family."""
    both = planted.merge(found, on=keys, how="left", suffixes=("_planted", ""))
    is_found = (both["q"] < Q_LIMIT).rename("is_found")
    for record in both.assign(is_found=is_found)[both["planted"]].to_dict("records"):
        q, n = float(record["q"]), record["n"]
        yield claim_row(
            f"{record['outcome']} goes with", str(record["feature"]),
            f"{measure} {record['effect_planted']:g}", "hit" if record["is_found"] else "miss",
            0 if pd.isna(n) else int(n), effect=float(record["effect"]), q=q,
            holds=bool(record["is_found"]),
        )  # fmt: skip
    nulls = both.assign(is_found=is_found)[~both["planted"] & both["q"].notna()]
    family = nulls["feature"].str.partition(".")[0]
    for (outcome, table), members in nulls.groupby([nulls["outcome"], family]):
        size, rejected = len(members), int(members["is_found"].sum())
        unlikely = 1.0 - _chance_below(rejected - 1, size, NULL_SHARE) if rejected else 1.0
        yield claim_row(
            f"{outcome} does not go with", f"{table}: {size} null features",
            f"no more than chance at {NULL_SHARE:.0%}", f"{rejected} of {size}", size,
            q=float(members["q"].min()), holds=unlikely > CHANCE,
        )  # fmt: skip


def score_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Yield for each population whether its score follows the planted abundance."""
    planted = read_table(truth_dir / "signatures.tsv")
    wide = planted.pivot_table(
        index=["patient", "biopsy"], columns="population", values="abundance"
    )
    both = wide.join(found.set_index(["patient", "biopsy"]), rsuffix="_score", how="left")
    for name in sorted(planted["population"].unique()):
        pair = both[[name, f"{name}_score"]].dropna() if f"{name}_score" in both else both[[]]
        rho = float(pair.rank().corr().to_numpy()[0, 1]) if len(pair) > 2 else np.nan  # noqa: PLR2004  a line needs 3
        yield claim_row(
            "score follows abundance", f"mcp_counter.{name}",
            f"Spearman >= {LEAST_CORRELATION:g}", f"{rho:.3f}", len(pair), effect=rho,
            holds=len(pair) == len(wide) and rho >= LEAST_CORRELATION,
        )  # fmt: skip


_JUDGES: dict[str, Callable[[Path, pd.DataFrame], Iterator[Row]]] = {
    "tmb": _tmb, "mcp_counter": score_claims, "associations": _associations,
    "survival": _survival,
}  # fmt: skip
