"""CNVkit on the simulated exomes, scored as storiform is."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _copy_cases import Case, draw, kit_of
from _copy_scores import NEAR_PLOIDY, NEAR_PURITY, right_over_genome

from storiform.simulation.copies import SimulatedExome
from storiform.simulation.coverage_files import coverage_frames, reference_frame

GENES_JUDGED = ("CDK4", "MDM2", "CDKN2A")
_HAS_PACKAGE = "quit(status = !requireNamespace('{}', quietly = TRUE))"


@dataclass(frozen=True)
class Peers:
    """The program that was found: path of cnvkit.py, and its segmentation."""

    cnvkit: str = ""
    method: str = "haar"


@dataclass
class Cost:
    """CPU seconds and peak memory of the programs that were run for one exome."""

    seconds: float = 0.0
    megabytes: float = 0.0
    failures: list[str] = field(default_factory=list)

    def run(self, *words: object) -> bool:
        """Run a program; say whether it ended well."""
        with tempfile.TemporaryFile() as told:
            one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
            process = subprocess.Popen(  # noqa: S603  programs that the caller named
                [str(word) for word in words],
                stdout=told, stderr=subprocess.STDOUT, env={**os.environ, **one},
            )  # fmt: skip
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.seconds += usage.ru_utime + usage.ru_stime
            self.megabytes = max(self.megabytes, usage.ru_maxrss / 1024)
            if process.returncode:
                told.seek(0)
                last = told.read().decode(errors="replace").strip().splitlines()[-1:]
                self.failures.append(f"{Path(str(words[0])).name} {words[1]}: {last}")
        return process.returncode == 0


def find_peers(cnvkit: str) -> Peers:
    """Look for CNVkit and for R's DNAcopy; say loudly which is absent."""
    rscript = shutil.which("Rscript") or ""
    has_dnacopy = bool(rscript) and _has_package(rscript, "DNAcopy")
    if not cnvkit or not Path(cnvkit).exists():
        cnvkit = ""
        _tell("ABSENT: CNVkit; not compared. Give --cnvkit FILE or STORIFORM_CNVKIT.")
    if cnvkit and not has_dnacopy:
        _tell("ABSENT: R with DNAcopy; CNVkit segments by haar, not by its default cbs.")
    return Peers(cnvkit, "cbs" if has_dnacopy else "haar")


def peer_tables(
    peers: Peers, cases: list[Case], ours: Any, processes: int
) -> dict[str, pd.DataFrame]:
    """Return one table of scores for each peer, ours on the same exomes as its first row."""
    tables: dict[str, pd.DataFrame] = {}
    if peers.cnvkit:
        rows = _over(cases, lambda case: run_cnvkit(peers, case), processes)
        tables["CNVkit on the same exomes"] = _compared(cases, ours, rows)
    return tables


def run_cnvkit(peers: Peers, case: Case) -> list[dict[str, object]]:
    """Run CNVkit's fix, segment, purity and call; once with its purity, once with the true."""
    made = draw(case)
    with tempfile.TemporaryDirectory() as name:
        folder, cost = Path(name), Cost()
        _write_inputs(folder, case, made)
        tool, vcf = peers.cnvkit, ("-v", folder / "snps.vcf", "-i", "TUMOR", "-n", "NORMAL")
        parts = [folder / f"T.{part}coverage.cnn" for part in ("target", "antitarget")]
        ratios, segments = folder / "T.cnr", folder / "T.cns"
        done = cost.run(tool, "fix", *parts, folder / "reference.cnn", "-o", ratios)
        done = done and cost.run(
            tool, "segment", ratios, "-o", segments, "-m", peers.method, "-p", 1,
        )  # fmt: skip
        found = folder / "purity.tsv"
        told = ("--purity", made.purity, "--ploidy", max(round(made.karyotype.ploidy), 1))
        sex = ("-x", case.plan.sex)
        asked = {"CNVkit, own purity": ("--purity-file", found), "CNVkit, told purity": told}
        if done:
            cost.run(tool, "purity", segments, *vcf, "-o", found)
        shared, rows = cost.seconds, []
        for label, how in asked.items():
            cost.seconds = shared
            calls = folder / "call.cns"
            calls.unlink(missing_ok=True)
            words = ("call", segments, "-m", "clonal", *how, *sex, *vcf, "-o", calls)
            is_called = done and cost.run(tool, *words)
            own = _cnvkit_fit(found) if "own" in label else (made.purity, np.nan)
            table = _cnvkit_segments(calls) if is_called else None
            rows.append(_scored(label, case, made, own, table, cost))
        return rows


def _scored(
    label: str, case: Case, made: SimulatedExome, fit: tuple[float, float],
    segments: pd.DataFrame | None, cost: Cost,
) -> dict[str, object]:  # fmt: skip
    ploidy, genome = made.karyotype.ploidy, 0.0
    if segments is not None:
        genome = right_over_genome(made.karyotype, segments)
    row: dict[str, object] = {
        "who": label, "case": case.name,
        "purity_right": abs(fit[0] - made.purity) <= NEAR_PURITY,
        "ploidy_right": abs(fit[1] - ploidy) <= NEAR_PLOIDY,
        "genome_right": genome,
        "seconds": cost.seconds, "peak_mb": cost.megabytes,
        "failures": "; ".join(cost.failures),
    }  # fmt: skip
    truth = made.karyotype.genes().set_index("gene")
    least = max(6.0, ploidy + 4.0)
    for gene in GENES_JUDGED:
        total = np.nan if segments is None else _total_over(segments, truth.loc[gene])
        row[f"{gene}_total"] = total
        if gene == "CDKN2A":
            row |= _four("HOMDEL", is_true=truth.loc[gene, "total_most"] == 0, said=total == 0)
        else:
            is_true = truth.loc[gene, "total_least"] >= least
            four = _four("", is_true=is_true, said=total >= least)
            row |= {f"{gene}{key}": value for key, value in four.items()}
    return row


def _four(name: str, *, is_true: bool, said: bool) -> dict[str, int]:
    return {
        f"{name} TP": int(is_true and said),
        f"{name} FN": int(is_true and not said),
        f"{name} FP": int(said and not is_true),
    }


def _compared(
    cases: list[Case], ours: Any, rows: list[dict[str, object]]
) -> pd.DataFrame:  # fmt: skip
    """Sum the scores of each program, ours first."""
    table = pd.DataFrame([*_our_rows(cases, ours), *rows])
    for failure in sorted(set(table["failures"]) - {""})[:5]:
        _tell(f"a peer failed: {failure}")
    found = []
    for who, own in table.groupby("who", sort=False):
        amplified = [int(own[f"{g} {k}"].sum()) for k in ("TP", "FN", "FP") for g in
                     ("CDK4", "MDM2")]  # fmt: skip
        pairs = [sum(amplified[n : n + 2]) for n in (0, 2, 4)]
        lost = [int(own[f"HOMDEL {key}"].sum()) for key in ("TP", "FN", "FP")]
        is_told = "told" in str(who)
        found.append(
            {
                "who": who,
                "exomes": own["case"].nunique(),
                "purity within .05": "-" if is_told else round(own["purity_right"].mean(), 2),
                "ploidy within .3": "-" if is_told else round(own["ploidy_right"].mean(), 2),
                "total copies right": round(float(own["genome_right"].mean()), 3),
                "AMP TP/FN/FP": "/".join(map(str, pairs)),
                "HOMDEL TP/FN/FP": "/".join(map(str, lost)),
                "CPU s": round(float(own["seconds"].median()), 1),
                "peak MB": round(float(own["peak_mb"].max())),
            }
        )
    return pd.DataFrame(found)


def _our_rows(cases: list[Case], ours: Any) -> list[dict[str, object]]:
    names = {case.name for case in cases}
    by_case = {name: own.set_index("gene") for name, own in ours.genes.groupby("case")}
    rows = []
    for scored in ours.exomes[ours.exomes["case"].isin(names)].to_dict("records"):
        row = {**scored, "who": "storiform", "failures": ""}
        genes = by_case[scored["case"]]
        for gene in ("CDK4", "MDM2"):
            said, is_true = ("AMP" in genes.loc[gene, name] for name in ("call", "truth"))
            four = _four("", is_true=is_true, said=said)
            row |= {f"{gene}{key}": value for key, value in four.items()}
        said, is_true = (genes.loc["CDKN2A", name] == "HOMDEL" for name in ("call", "truth"))
        rows.append(row | _four("HOMDEL", is_true=is_true, said=said))
    return rows


def _over(cases: list[Case], run: Any, processes: int) -> list[dict[str, object]]:
    """Run a peer on each case; the time is spent in programs, so threads do."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(processes) as pool:
        rows = [row for part in pool.map(run, cases) for row in part]
    _tell(f"{rows[0]['who'] if rows else 'peer'}: {time.perf_counter() - begun:.0f} s")
    return rows


def _write_inputs(folder: Path, case: Case, made: SimulatedExome) -> None:
    kit = kit_of(case)
    for part, frame in coverage_frames(kit, made.tumour).items():
        frame.to_csv(folder / f"T.{part}coverage.cnn", sep="\t", index=False)
    reference = reference_frame(kit, [made.normal], [case.plan.sex])
    reference.to_csv(folder / "reference.cnn", sep="\t", index=False)
    _write_vcf(folder / "snps.vcf", made)


def _write_vcf(path: Path, made: SimulatedExome) -> None:
    """Write the heterozygous places of the normal as a VCF of two samples."""
    snps = made.snps
    depth = snps["normal_1"] + snps["normal_2"]
    rare = snps[["normal_1", "normal_2"]].min(axis=1) / depth.clip(lower=1)
    snps = snps[(depth >= 20) & (rare >= 0.3)]
    head = [
        "##fileformat=VCFv4.2",
        *(f"##contig=<ID={contig}>" for contig in dict.fromkeys(snps["contig"])),
        '##INFO=<ID=DB,Number=0,Type=Flag,Description="known">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">',
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="reads">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="depth">',
        "##PEDIGREE=<Derived=TUMOR,Original=NORMAL>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tNORMAL\tTUMOR",
    ]
    rows = [
        f"{s.contig}\t{s.start + 1}\trs1\tA\tG\t99\tPASS\tDB\tGT:AD:DP"
        f"\t0/1:{s.normal_1},{s.normal_2}:{s.normal_1 + s.normal_2}"
        f"\t0/1:{s.tumour_1},{s.tumour_2}:{s.tumour_1 + s.tumour_2}"
        for s in snps.itertuples()
    ]
    path.write_text("\n".join([*head, *rows]) + "\n")


def _cnvkit_fit(path: Path) -> tuple[float, float]:
    if not path.exists():
        return np.nan, np.nan
    first = pd.read_csv(path, sep="\t").iloc[0]
    return float(first["purity"]), float(first["ploidy"])


def _cnvkit_segments(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path, sep="\t")
    return _as_segments(table.rename(columns={"chromosome": "contig", "cn": "total"}))


def _as_segments(table: pd.DataFrame) -> pd.DataFrame:
    total = table["total"].astype(float)
    return table[["contig", "start", "end"]].assign(
        total=total, total_raw=total, minor=np.nan, is_subclonal=False
    )


def _total_over(segments: pd.DataFrame, gene: Mapping[str, Any]) -> float:
    """Return the copies of the segment with the largest part of a gene."""
    mine = segments[segments["contig"] == gene["contig"]]
    shared = mine["end"].clip(upper=gene["end"]) - mine["start"].clip(lower=gene["start"])
    return float(mine["total"].loc[shared.idxmax()]) if len(mine) else np.nan


def _has_package(rscript: str, name: str) -> bool:
    words = [rscript, "-e", _HAS_PACKAGE.format(name)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0  # noqa: S603  Rscript of the PATH


def _tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201  a part of a script
