"""Frames of a simulated exome as other programs write them: CNVkit, snp-pileup, MAF."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from storiform.simulation.exome import Exome
from storiform.simulation.karyotypes import Sex


def coverage_frames(kit: Exome, bins: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return CNVkit's ``.targetcoverage.cnn`` and ``.antitargetcoverage.cnn`` of a sample."""
    depth = bins["depth"].to_numpy()
    frame = pd.DataFrame(
        {
            "chromosome": bins["contig"],
            "start": bins["start"],
            "end": bins["end"],
            "gene": np.where(bins["is_target"], kit.bins["gene"], "Antitarget"),
            "depth": depth.round(5),
            "log2": np.where(depth > 0, np.log2(np.maximum(depth, 1e-9)), -20.0).round(5),
        }
    )
    is_target = bins["is_target"].to_numpy()
    return {"target": frame[is_target], "antitarget": frame[~is_target]}


def reference_frame(
    kit: Exome, normals: Sequence[pd.DataFrame], sexes: Sequence[Sex]
) -> pd.DataFrame:
    """Return CNVkit's pooled reference of normals, for two copies of X.

    Parameters
    ----------
    kit
        The bins, with their GC content.
    normals
        Coverages of the normals.
    sexes
        Whose they are: X of a man counts twice, Y is that of men.
    """
    on = kit.bins["is_target"].to_numpy()
    is_x, is_y = ((kit.bins["contig"] == name).to_numpy() for name in ("chrX", "chrY"))
    columns = []
    for normal, sex in zip(normals, sexes, strict=True):
        depth = normal["depth"].to_numpy()
        log2 = np.where(depth > 0, np.log2(np.maximum(depth, 1e-9)), np.nan)
        for part in (on, ~on):
            log2[part] -= np.nanmedian(log2[part & ~is_x & ~is_y])
        log2[is_x] += 1.0 if sex == "male" else 0.0
        log2[is_y] = log2[is_y] if sex == "male" else np.nan
        columns.append(log2)
    matrix = np.vstack(columns)
    known = np.isfinite(matrix).any(axis=0)
    middle, spread = np.full(len(on), -20.0), np.zeros(len(on))
    middle[known] = np.nanmedian(matrix[:, known], axis=0)
    spread[known] = 1.4826 * np.nanmedian(np.abs(matrix[:, known] - middle[known]), axis=0)
    return pd.DataFrame(
        {
            "chromosome": kit.bins["contig"],
            "start": kit.bins["start"],
            "end": kit.bins["end"],
            "gene": np.where(on, kit.bins["gene"], "Antitarget"),
            "log2": middle.round(5),
            "depth": np.exp2(middle).round(5),
            "gc": kit.bins["gc"],
            "rmask": 0.3,
            "spread": spread.round(5),
        }
    )


def pileup_frame(snps: pd.DataFrame) -> pd.DataFrame:
    """Return FACETS' ``snp-pileup`` of allele counts; File1 is the normal, from 1."""
    return pd.DataFrame(
        {
            "Chromosome": snps["contig"],
            "Position": snps["start"] + 1,
            "Ref": "A",
            "Alt": "G",
            "File1R": snps["normal_1"],
            "File1A": snps["normal_2"],
            "File1E": 0,
            "File1D": 0,
            "File2R": snps["tumour_1"],
            "File2A": snps["tumour_2"],
            "File2E": 0,
            "File2D": 0,
        }
    )


def maf_frame(variants: pd.DataFrame, patient: str) -> pd.DataFrame:
    """Return the somatic calls of a patient's tumour as rows of a MAF."""
    depth, alt = (variants[f"tumour_{name}"] for name in ("depth", "alt_reads"))
    kind = np.where(variants["is_nonsynonymous"], "Missense_Mutation", "Silent")
    return pd.DataFrame(
        {
            "Hugo_Symbol": variants["gene"],
            "NCBI_Build": "GRCh38",
            "Chromosome": variants["contig"],
            "Start_Position": variants["start"] + 1,
            "End_Position": variants["end"],
            "Strand": "+",
            "Variant_Classification": kind,
            "Variant_Type": "SNP",
            "Reference_Allele": variants["ref"],
            "Tumor_Seq_Allele1": variants["ref"],
            "Tumor_Seq_Allele2": variants["alt"],
            "Tumor_Sample_Barcode": f"{patient}_T",
            "Matched_Norm_Sample_Barcode": f"{patient}_N",
            "t_depth": depth,
            "t_ref_count": depth - alt,
            "t_alt_count": alt,
            "n_depth": 80,
            "n_ref_count": 80,
            "n_alt_count": 0,
            "FILTER": "PASS",
        }
    )
