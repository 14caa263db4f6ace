"""Fragments of alleles of invented patients, and what is called of them."""

import numpy as np
import pandas as pd

from storiform.biomarkers.hla.fates import hla_loh
from storiform.biomarkers.hla.loss import HlaLossParams, hla_gene_loh
from storiform.model.tables.copy_calls import COPY_NUMBER_FIT, COPY_NUMBER_SEGMENTS
from storiform.model.tables.hla import HLA_FRAGMENTS, HLA_GENE_LOH
from storiform.model.tables.proteins import HLA_LOH, HLA_TYPES

PARAMS = HlaLossParams()
NAMES = {"A": ("HLA-A*01:01", "HLA-A*02:01"), "B": ("HLA-B*07:02", "HLA-B*08:01"),
         "C": ("HLA-C*07:01", "HLA-C*07:02")}  # fmt: skip


def types(**alleles):
    rows = [
        {"gene": gene, "copy": copy, "allele": name, "written": name or "", "source": "sheet",
         "reason": "" if name else "low_resolution", "posterior": np.nan, "limits": ""}
        for gene, names in {**NAMES, **alleles}.items()
        for copy, name in enumerate(names, start=1)
    ]  # fmt: skip
    return HLA_TYPES.conform(pd.DataFrame(rows))


def fragments(tumour, normal=None, **further):
    """Return fragments of each gene: gene -> counts of both alleles, in tumour and normal."""
    rates = {"tumour": further.get("strange", (0.5, 0.5)), "normal": (0.5, 0.5)}
    rows = []
    for role, counts in (("tumour", tumour), ("normal", normal)):
        for gene, pair in (counts or {}).items():
            for allele, number, rate in zip(NAMES[gene], pair, rates[role], strict=True):
                rows.append(
                    {"gene": gene, "allele": allele, "role": role, "start": 0,
                     "end": further.get("end", 3000), "sites": further.get("sites", 40),
                     "fragments": number, "mismatches": round(number * rate),
                     "shared": further.get("shared", {}).get((gene, role), 0),
                     "library_fragments": further.get("library", 1_000_000)}
                )  # fmt: skip
    return HLA_FRAGMENTS.conform(pd.DataFrame(rows, columns=list(HLA_FRAGMENTS.columns)))


def shown(copies, purity=0.6, ploidy=2.0, number=500):
    scale = (purity * ploidy + 2 * (1 - purity)) / 2
    return tuple(round(number * (purity * copy + 1 - purity) / scale) for copy in copies)


NORMAL = dict.fromkeys("ABC", (500, 500))
ONE_LOST = dict.fromkeys("ABC", shown((0, 1)))
KEPT = dict.fromkeys("ABC", shown((1, 1)))


def fit(purity=0.6, ploidy=2.0, **further):
    row = dict.fromkeys(COPY_NUMBER_FIT.columns, np.nan) | {
        "purity": purity, "ploidy": ploidy, "is_ambiguous": False, "wgd": None,
        "breakpoints": 0, **dict.fromkeys(("alternatives", "sex", "reference", "method"), ""),
        "limits": "",
    }  # fmt: skip
    return COPY_NUMBER_FIT.conform(pd.DataFrame([row | further]))


def segment(total, minor, start=20_000_000, end=40_000_000, contig="chr6"):
    row = dict.fromkeys(COPY_NUMBER_SEGMENTS.columns, np.nan) | {
        "contig": contig, "start": start, "end": end, "bins": 10, "snps": 5, "total": total,
        "minor": minor, "normal_copies": 2, "is_subclonal": False,
    }  # fmt: skip
    return COPY_NUMBER_SEGMENTS.conform(pd.DataFrame([row]))


def parts(*ratios):
    """Return segments of other contigs: bins and depth ratio of each."""
    rows = [
        segment(None, None, contig=f"chr{number}").assign(bins=bins, log2=np.log2(ratio))
        for number, (bins, ratio) in enumerate(ratios, start=7)
    ]
    return COPY_NUMBER_SEGMENTS.conform(pd.concat(rows))


def called(tumour, normal=NORMAL, own=None, **further):
    given = {"fit": fit(), "segments": None, "pathology": None} | {
        name: further.pop(name) for name in ("fit", "segments", "pathology") if name in further
    }
    found = hla_gene_loh(
        fragments(tumour, normal, **further), types() if own is None else own, given["fit"],
        given["segments"], given["pathology"], None, None, PARAMS,
    )  # fmt: skip
    return HLA_GENE_LOH.conform(found).set_index("gene")


def fates(found, own=None):
    table = hla_loh(found.reset_index(), types() if own is None else own, PARAMS)
    return HLA_LOH.conform(table).set_index("allele")
