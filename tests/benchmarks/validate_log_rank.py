"""Where the log-rank test keeps its word: chi-squared, permutations, unequal censoring.

Run as ``python tests/benchmarks/validate_log_rank.py [--trials 4000] [--seed N]``. Survival is
the same in all groups, so p <= alpha in a share alpha of the trials. Printed for each design is
the share over alpha, of the p of the step `survival` and of that of the chi-squared
distribution. Censoring is the same in all groups, or the patients of every second group are
seen for a third of the time, where a permutation test is not exact. Designs of large groups
show how well chi-squared serves from where it is used. Ends with 1 if p <= alpha more often,
with three standard errors, than alpha in small groups of equal censoring, than 1.1 alpha in
large ones, than 1.2 alpha where censoring is unequal.
"""

import argparse
import sys

import numpy as np

from storiform.statistics.permuted_log_rank import (
    NullChoice,
    compare_survival,
    expected_events,
)

ALPHAS = (0.05, 0.01)
SMALL = ((23, 23), (12, 34), (34, 12), (6, 40), (11, 12, 11, 12), (5, 10, 15, 16), (8,) * 6)
LARGE = ((100, 100), (90, 210), (150, 150, 150), (250,) * 4)
MEDIAN_MONTHS, SEEN_MONTHS = 6.0, (9.0, 34.0)
UNEQUAL_SHARE = 1.0 / 3.0
SMALL_SLACK, LARGE_SLACK, UNEQUAL_SLACK = 1.0, 1.1, 1.2
PERMUTATIONS = 3999


def say(text: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def judge(sizes: tuple[int, ...], trials: int, seed: int, *, is_equal: bool) -> bool:
    """Simulate trials without a difference; print and judge how often p is small."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    share = np.where((group % 2 == 1) & (not is_equal), UNEQUAL_SHARE, 1.0)
    found = np.empty((trials, 2))
    fewest = np.empty(trials)
    methods: set[str] = set()
    for trial in range(trials):
        rng = np.random.default_rng([seed, trial])
        time = MEDIAN_MONTHS / np.log(2.0) * rng.exponential(size=len(group))
        seen = rng.uniform(*SEEN_MONTHS, size=len(group)) * share
        event = time <= seen
        time = np.minimum(time, seen)
        choice = NullChoice(permutations=PERMUTATIONS, seed=trial)
        test = compare_survival(time, event, group, 0.0, choice)
        found[trial] = test.p, test.chi2_p
        fewest[trial] = expected_events(time, event, group).min()
        methods.add(test.method)
    holds = True
    allowed = SMALL_SLACK if sizes in SMALL else LARGE_SLACK
    allowed = allowed if is_equal else UNEQUAL_SLACK
    cells = []
    for alpha in ALPHAS:
        ours, chi = (found <= alpha).mean(axis=0)
        slack = 3.0 * np.sqrt(alpha * (1.0 - alpha) / trials)
        right = bool(ours <= alpha * allowed + slack)
        holds &= right
        told = "" if right else " MISSED"
        cells.append(f"{alpha:g}: {ours / alpha:.2f} (chi-squared {chi / alpha:.2f}){told}")
    censoring = "equal" if is_equal else "unequal"
    say(
        f"{'+'.join(map(str, sizes)):16s} {censoring:8s} fewest expected {fewest.mean():5.1f}  "
        f"{'  '.join(cells)}  {'/'.join(sorted(methods))}"
    )
    return holds


def main() -> int:
    """Run all and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=5200)
    options = parser.parse_args()
    say(f"share of trials with p <= alpha, over alpha; {options.trials} trials each")
    holds = True
    for sizes in SMALL + LARGE:
        for is_equal in (True, False):
            holds &= judge(sizes, options.trials, options.seed, is_equal=is_equal)
    return int(not holds)


if __name__ == "__main__":
    raise SystemExit(main())
