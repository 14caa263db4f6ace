# ruff: noqa: T201, E402  a script that prints; the thread counts come before numpy
"""CPU time of differential expression against pydeseq2, one thread each, and agreement with R.

Run as ``python tests/benchmarks/bench_differential.py [airway|pasilla] [GENES]``; prints three
lines of JSON: cold, warm, and the peer. Cold is the first comparison of an installation, which
loads numba and compiles the kernels; later ones are warm, since what was compiled is kept for
the user. Both do the same: size factors, dispersions, trend, prior, fold changes, Cook's
distances, Wald test, filtered q and apeglm's shrinkage. pydeseq2 uses one process, threads of
none, and has nothing to compile. The goal is a ratio of 1 at most, warm.
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ.pop("NUMBA_CACHE_DIR", None)  # nothing is compiled yet

import importlib.util
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from pydeseq2.dds import DeseqDataSet
from pydeseq2.default_inference import DefaultInference
from pydeseq2.ds import DeseqStats

from storiform.statistics.count_model import fitted_model
from storiform.statistics.independent_filtering import filtered_q
from storiform.statistics.shrinkage import shrunken_fold_changes

PLACE = Path(__file__).parents[1] / "golden" / "deseq2" / "cohorts.py"
ALPHA = 0.1


def ours(counts: pd.DataFrame, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return p and q of each gene."""
    fit = fitted_model(np.ascontiguousarray(counts.to_numpy()), np.ascontiguousarray(design))
    p = np.where(fit.is_outlying, np.nan, fit.p)
    shrunken_fold_changes(fit.counted, fit.dispersion, fit.fold_change, fit.error)
    return p, filtered_q(p, fit.base_mean, ALPHA)[0]


def peer(counts: pd.DataFrame, design: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return p and q of each gene by pydeseq2."""
    samples = pd.DataFrame(design, index=counts.columns)
    samples.columns = [f"x{number}" for number in range(design.shape[1])]
    inference = DefaultInference(n_cpus=1)
    data = DeseqDataSet(
        counts=counts.T.astype(int), metadata=samples, design=samples, inference=inference,
        quiet=True,
    )  # fmt: skip
    data.deseq2()
    contrast = np.zeros(design.shape[1])
    contrast[-1] = 1.0
    tested = DeseqStats(data, contrast=contrast, alpha=ALPHA, inference=inference, quiet=True)
    tested.summary()
    p, q = (tested.results_df[name].to_numpy() for name in ("pvalue", "padj"))
    tested.lfc_shrink(coeff=samples.columns[-1])
    return p, q


def main(name: str = "pasilla", genes: int = 0) -> None:
    """Time both on the same counts and compare the genes that they call with R's."""
    specification = importlib.util.spec_from_file_location("deseq2_cohorts", PLACE)
    if specification is None or specification.loader is None:
        sys.exit(f"{PLACE} is missing")
    cohorts = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(cohorts)
    counts, design = cohorts.shipped(name)
    called = (cohorts.read(f"{name}_results")["q10"] < ALPHA).reindex(counts.index).to_numpy()
    if genes:
        counts = counts.iloc[:genes]
    data = {"data": name, "genes": len(counts), "samples": len(design)}
    seconds, found = {}, {}
    for run, work in (("cold", ours), ("warm", ours), ("pydeseq2", peer)):
        began = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydeseq2 warns of few degrees of freedom
            found[run] = work(counts, design)[1] < ALPHA
        seconds[run] = time.process_time() - began
    for run, own in seconds.items():
        report = {"run": run, **data, "cpu_s": round(own, 2)}
        report["ratio"] = round(own / seconds["pydeseq2"], 4)
        if not genes:
            both, either = (found[run] & called).sum(), (found[run] | called).sum()
            report["jaccard_with_r"] = round(float(both / either), 4)
        print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:2], *(int(number) for number in sys.argv[2:3]))
