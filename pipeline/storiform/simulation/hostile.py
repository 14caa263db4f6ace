"""Files that must be refused one by one, with a clear message, while all else goes on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from storiform.model.genome import LENGTHS
from storiform.simulation.callers import vcf_text
from storiform.simulation.capture import Capture
from storiform.simulation.enrolment import BURDEN, Biopsy
from storiform.simulation.files import packed, write_text
from storiform.simulation.mutations import mutations
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import Reference

_FIRST_NUMBER = 100_000
"""Numbers of hostile biopsies, which seed their draws, start behind all others'."""


@dataclass(frozen=True)
class Hostility:
    """One thing that is wrong with one file of one patient."""

    column: str
    file: str
    wrong: str
    expected: str
    spoil: Callable[[str], str | bytes] | None = None


def _headless(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line[0] != "#")


def _renamed(text: str) -> str:
    text = re.sub(r"##(tumor|normal)_sample=.*\n", "", text)
    return re.sub(r"(\tFORMAT)\t.*", r"\1\tLIB_A\tLIB_B", text)


def _without_depth(text: str) -> str:
    """Replace the depth of both samples of the first record by a word."""
    head, _, record = text.partition("\tFORMAT\t")
    columns, first, *rest = record.split("\n")
    spoilt = re.sub(r":\d+(?=\t|$)", ":many", first)
    return head + "\tFORMAT\t" + "\n".join([columns, spoilt, *rest])


def _other_build(text: str) -> str:
    for contig, length in LENGTHS["GRCh37"].items():
        text = re.sub(rf"(ID={contig},length=)\d+", rf"\g<1>{length}", text)
    return text


def _strange_contigs(text: str) -> str:
    text = re.sub(r"##contig=.*\n", "", text)
    return re.sub(r"(?m)^chr(\w+)\t", r"scaffold_\1\t", text)


def _truncated(text: str) -> bytes:
    whole = packed(text.encode())
    return whole[: len(whole) * 2 // 3]


def _matrix(reference: Reference, kind: str) -> str:
    rng = np.random.default_rng(9)
    counts = rng.negative_binomial(2, 0.01, size=len(reference.genes))
    names: list[str] = reference.genes["symbol"].tolist()
    values = [str(count) for count in counts]
    if kind == "decimals":
        values = [f"{count / 7.0 + 0.031:.4f}" for count in counts]
    if kind == "species":
        names = [
            f"ENSMUSG{number:011d}" for number in range(90_000_000, 90_000_000 + len(names))
        ]
    rows = [f"{name},{value}" for name, value in zip(names, values, strict=True)]
    return "\n".join(["gene,reads", *rows]) + "\n"


FAILED, WARNED = "failed", "warned"
HOSTILITIES: tuple[Hostility, ...] = (
    Hostility("vcf", "no_header.vcf", "a VCF without a header", FAILED, _headless),
    Hostility("vcf", "unknown_samples.vcf", "no column is the tumour", FAILED, _renamed),
    Hostility("vcf", "invalid_depth.vcf", "DP is a word in one record", WARNED, _without_depth),
    Hostility("vcf", "other_build.vcf", "contigs of GRCh37", FAILED, _other_build),
    Hostility("vcf", "strange_contigs.vcf", "no contig is known", FAILED, _strange_contigs),
    Hostility("vcf", "truncated.vcf.gz", "the file ends too early", FAILED, _truncated),
    Hostility("vcf", "empty.vcf", "an empty file", FAILED, lambda _: ""),
    Hostility("maf", "", "the MAF does not hold the sample", FAILED),
    Hostility("counts", "", "the matrix has no column of the sample", FAILED),
    Hostility("counts", "decimals.csv", "decimals where counts belong", FAILED),
    Hostility("counts", "species.csv", "genes of another species", FAILED),
)
"""All that can be wrong; without a file of its own a row names the cohort's."""

_SHARED = {"maf": "calls.maf.gz", "counts": "counts.csv.gz"}


def hostile_rows(
    out: Path, reference: Reference, panel: Capture, seed: int, recipe: Recipe
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write the spoilt files; return rows for the sheet, the clinical table and the truth."""
    sheet, clinical, truth = [], [], []
    for number, case in enumerate(HOSTILITIES):
        patient = f"H{number + 1:02d}"
        biopsy = _biopsy(patient, _FIRST_NUMBER + number)
        path = f"hostile/{case.file}" if case.file else _SHARED[case.column]
        if case.spoil is not None:
            made = vcf_text(mutations(biopsy, "mutect2", panel, seed, recipe))
            spoilt = case.spoil(made)
            if isinstance(spoilt, bytes):
                (out / path).parent.mkdir(parents=True, exist_ok=True)
                (out / path).write_bytes(spoilt)
            else:
                write_text(out / path, spoilt)
        elif case.file:
            write_text(out / path, _matrix(reference, Path(case.file).stem))
        is_rna = case.column == "counts"
        sample = biopsy.rna_sample if is_rna else biopsy.dna_sample
        if not is_rna:
            sheet.append({"patient": patient, "sample": biopsy.normal_sample, "status": 0})
        sheet.append(
            {"patient": patient, "sample": sample, "status": 2 if is_rna else 1,
             case.column: path, "timepoint": "pre"}
        )  # fmt: skip
        clinical.append({"patient": patient, "response": "NE"})
        truth.append(
            {"patient": patient, "biopsy": biopsy.name, "file": path, "column": case.column,
             "wrong": case.wrong, "expected": case.expected}
        )  # fmt: skip
    return pd.DataFrame(sheet), pd.DataFrame(clinical), pd.DataFrame(truth)


def _biopsy(patient: str, number: int) -> Biopsy:
    return Biopsy(patient, patient, "pre", "vcf", "matrix", {BURDEN: 0.0}, number)
