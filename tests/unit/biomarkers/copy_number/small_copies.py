"""Small frames of copy number for tests."""

import numpy as np
import pandas as pd

from storiform.model.copies import expected_log2
from storiform.model.tables.copies import LOG_RATIOS
from storiform.model.tables.copy_calls import COPY_NUMBER_FIT, COPY_NUMBER_SEGMENTS

ARMS = pd.DataFrame(
    [("chr1", "p", 0, 50_000_000), ("chr1", "q", 50_000_000, 100_000_000),
     ("chr9", "p", 0, 45_000_000), ("chr9", "q", 45_000_000, 100_000_000),
     ("chr12", "p", 0, 35_000_000), ("chr12", "q", 35_000_000, 130_000_000),
     ("chrX", "p", 0, 60_000_000), ("chrX", "q", 60_000_000, 150_000_000)],
    columns=["contig", "arm", "start", "end"],
)  # fmt: skip
PLACES = pd.DataFrame(
    [("CDKN2A", "chr9", 21_967_751, 21_995_300, "9p21.3"),
     ("CDK4", "chr12", 57_747_727, 57_752_310, "12q14.1"),
     ("MDM2", "chr12", 68_808_176, 68_850_686, "12q15"),
     ("ATRX", "chrX", 77_504_878, 77_786_269, "Xq21.1")],
    columns=["gene", "contig", "start", "end", "cytoband"],
)  # fmt: skip
Row = tuple[str, int, int, int | None, int | None]


def fit(
    purity: float | None = 0.6, ploidy: float | None = 2.0, **changed: object
) -> pd.DataFrame:
    """Return a fit of one biopsy."""
    row: dict[str, object] = {
        "purity": purity, "purity_lower": purity, "purity_upper": purity, "ploidy": ploidy,
        "is_ambiguous": False, "alternatives": "", "wgd": False, "fraction_altered": 0.2,
        "fraction_loh": 0.1, "fraction_subclonal": 0.0, "breakpoints": 3, "sex": "male",
        "reference": "normal", "method": "fitted", "limits": "",
    }  # fmt: skip
    return COPY_NUMBER_FIT.conform(pd.DataFrame([{**row, **changed}]))


def segments(
    rows: list[Row], purity: float = 0.6, ploidy: float = 2.0, error: float = 0.02
) -> pd.DataFrame:
    """Return segments whose log ratios are those of their copies; copies None: not known."""
    made = []
    for contig, start, end, total, minor in rows:
        normal = 1 if contig == "chrX" else 2
        log2 = float(expected_log2(purity, ploidy, total or 0, normal))
        made.append(
            {
                "contig": contig, "start": start, "end": end, "bins": 100, "snps": 20,
                "log2": log2, "log2_se": error, "major_share": 0.5, "total": total,
                "minor": minor, "total_raw": np.nan if total is None else float(total),
                "total_lower": np.nan if total is None else total - 0.2,
                "total_upper": np.nan if total is None else total + 0.2,
                "normal_copies": normal, "probability": 0.99, "is_subclonal": False,
            }
        )  # fmt: skip
    frame = pd.DataFrame(made).astype({"total": "Int64", "minor": "Int64"})
    return COPY_NUMBER_SEGMENTS.conform(frame)


def bins(rows: list[tuple[str, int, int, float]], variance: float = 0.04) -> pd.DataFrame:
    """Return bins on target: contig, start, end, log2."""
    frame = pd.DataFrame(rows, columns=["contig", "start", "end", "log2"])
    return LOG_RATIOS.conform(frame.assign(is_target=True, variance=variance))
