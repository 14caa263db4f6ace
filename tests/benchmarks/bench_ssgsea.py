# ruff: noqa: T201, E402  a script that prints; the thread counts come before numpy
"""CPU time of ssGSEA against gseapy, one thread each.

Run as ``python tests/benchmarks/bench_ssgsea.py [GENES SAMPLES SETS]``; prints one line of
JSON. The goal is a ratio of at most 0.15 at 20,000 genes, 500 samples, 50 sets, warm, and one
second of CPU in every mode: without ties, and with ties at zero (TPM) or all over (counts).
"""

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ[_name] = "1"

import json
import sys
import time
from collections.abc import Callable

import gseapy
import numpy as np
import pandas as pd

from storiform.kernels.enrichment import Mode, enrichment_scores

MODES: tuple[Mode, ...] = ("midrank", "gsva", "gseapy")


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return user and system time of all threads of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main(genes: int = 20_000, samples: int = 500, sets: int = 50) -> None:
    """Time our three modes, cold and warm, and gseapy on the same random data."""
    rng = np.random.default_rng(0)
    names = [f"G{number}" for number in range(genes)]
    matrix = rng.normal(size=(genes, samples))
    rows = [rng.choice(genes, size=50, replace=False) for _ in range(sets)]
    report: dict[str, object] = {"genes": genes, "samples": samples, "sets": sets}
    scores = {}
    for mode in MODES:
        for run in ("cold", "warm"):
            seconds = cpu_seconds(
                lambda mode=mode: scores.update(
                    {mode: enrichment_scores(matrix, rows, mode=mode)}
                )
            )
            report[f"{mode}_{run}_s"] = round(seconds, 3)
    tied = {
        "zeros": np.where(rng.random(matrix.shape) < 0.3, 0.0, np.abs(matrix)),
        "counts": rng.negative_binomial(0.3, 0.01, matrix.shape).astype(float),
    }
    for kind, values in tied.items():
        for mode in MODES:
            seconds = cpu_seconds(
                lambda mode=mode, values=values: enrichment_scores(values, rows, mode=mode)
            )
            report[f"{mode}_tied_{kind}_s"] = round(seconds, 3)
    frame = pd.DataFrame(matrix, index=names, columns=[f"S{i}" for i in range(samples)])
    by_name = {f"set{i}": [names[row] for row in members] for i, members in enumerate(rows)}
    warm_up = {"data": frame.iloc[:, :3], "gene_sets": by_name, "outdir": None, "no_plot": True}
    gseapy.ssgsea(**warm_up, sample_norm_method="rank", min_size=1, threads=1)
    theirs: list[pd.DataFrame] = []
    seconds = cpu_seconds(
        lambda: theirs.append(
            gseapy.ssgsea(
                data=frame, gene_sets=by_name, outdir=None, sample_norm_method="rank",
                min_size=1, max_size=genes, threads=1, no_plot=True, weight=0.25,
            ).res2d
        )
    )  # fmt: skip
    report["gseapy_package_s"] = round(seconds, 3)
    for mode in MODES:
        report[f"ratio_{mode}"] = round(float(report[f"{mode}_warm_s"]) / seconds, 4)
    wide = theirs[0].pivot_table(index="Term", columns="Name", values="ES", aggfunc="first")
    expected = wide.loc[list(by_name), list(frame.columns)].to_numpy(float)
    report["largest_difference"] = float(np.abs(scores["gseapy"] - expected).max())
    print(json.dumps(report))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
