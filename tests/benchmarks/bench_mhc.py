# ruff: noqa: T201  a script that prints
"""Speed of the class I model: peptide-alleles a second, and 5,000 variants on six alleles.

Run as ``python tests/benchmarks/bench_mhc.py [THREADS]``; prints one line of JSON. The goals:
100,000 peptide-alleles a second on two cores, warm, and under 60 s for the variants with all
their peptides of 8 to 11 residues and as many counterparts.
"""

import json
import resource
import sys
import time

import numpy as np

from storiform.io.mhc_model import NetworkPredictor, read_mhc_model
from storiform.io.resources import RESOURCES, bundled

ALLELES = ("HLA-A*02:01", "HLA-A*24:02", "HLA-B*07:02", "HLA-B*44:03", "HLA-C*05:01",
           "HLA-C*07:02")  # fmt: skip
VARIANTS, WINDOWS, SHORTEST, LONGEST = 5000, 8 + 9 + 10 + 11, 8, 11


def main(threads: int = 2) -> None:
    """Time loading, the first call and the whole of the variants."""
    start = time.perf_counter()
    read = read_mhc_model(bundled(str(RESOURCES["mhc_model"].default)))
    if not isinstance(read, NetworkPredictor):
        raise SystemExit(2)
    model = NetworkPredictor(read._weights, read.alleles, read.version, threads)  # noqa: SLF001
    report: dict[str, object] = {"threads": threads, "load_s": time.perf_counter() - start}
    rng = np.random.default_rng(1)
    letters = rng.choice(list("ACDEFGHIKLMNPQRSTVWY"), (2 * WINDOWS * VARIANTS, LONGEST))
    sizes = rng.integers(SHORTEST, LONGEST + 1, len(letters))
    peptides = ["".join(row[:size]) for row, size in zip(letters, sizes, strict=True)]
    for name, asked in (("first_call_s", peptides[:2000]), ("variants_s", peptides)):
        start = time.perf_counter()
        model.predict(asked, ALLELES)
        report[name] = time.perf_counter() - start
    pairs = len(peptides) * len(ALLELES)
    report["pairs"] = pairs
    report["pairs_a_second"] = round(pairs / float(str(report["variants_s"])))
    report["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    print(json.dumps(report))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
