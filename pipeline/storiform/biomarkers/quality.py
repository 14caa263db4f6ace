"""What the reads of each sample are worth: depth, duplicates, sex, contamination, RNA."""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.clinic import STATED_SEX, StatedSex
from storiform.model.tables.reads import (
    CONTAMINATION,
    IDENTITY,
    QUALITY,
    Contamination,
    DepthHistogram,
    Identity,
    Quality,
    ReadStatistics,
    TargetDepth,
)
from storiform.model.tables.rna_quality import RnaQuality

Floats = NDArray[np.float64]

_UNITS = ["patient", "sample", "role", "assay"]
_DEPTHS = (20, 50, 100)
_GC_LOW, _GC_HIGH = 0.4, 0.6
_FEWEST_GC_TARGETS = 10
_SEX_CONTIGS = ("chrX", "chrY")
_NOT_AUTOSOMES = (*_SEX_CONTIGS, "chrM")
_OWN_X = (2_790_000, 154_900_000)
_OWN_Y = (2_790_000, 56_800_000)
"""Bounds of what X and Y do not share, in both builds."""
_FEWEST_MAPPED = 1000
_SHORT_READ = 1000
"""Bases; a longer read spans as many of DNA as one of RNA does by its introns."""
_OF_TARGETS = ("mean_depth", "on_target_share")


class QualityParams(Params):
    """From when on a sample deserves a word, and how its sex is told."""

    min_mean_depth: Depth = Field(30, description="mean depth of an exome's targets")
    min_mapped: Fraction = Field(0.9, description="share of an exome's reads that are aligned")
    min_on_target: Fraction = Field(0.4, description="share of aligned reads on a target")
    poor_on_target: Fraction = Field(0.1, description="the same, below which it is warned of")
    max_spliced_exome: Fraction = Field(0.02, description="spliced of an exome's aligned reads")
    min_spliced_rna: Fraction = Field(0.005, description="spliced of aligned reads of RNA")
    max_duplicates: Fraction = Field(0.5, description="share of duplicates in an exome")
    max_contamination: Fraction = Field(0.02, description="share of reads of another person")
    heavy_contamination: Fraction = Field(0.1, description="the same, which is warned of")
    min_sex_targets: int = Field(
        5, ge=1, le=10_000, description="targets of X, and of Y, that tell the sex"
    )
    male_min_y: Fraction = Field(
        0.15, description="depth of Y by that of autosomes from which a sample is male"
    )
    female_max_y: Fraction = Field(
        0.05, description="the same, up to which it can be female; reads of X stray to Y"
    )
    female_min_x: Fraction = Field(
        0.75, description="depth of X by that of autosomes from which it is female"
    )


def quality(  # noqa: PLR0913, PLR0917  a step asks for what it reads
    read_statistics: ReadStatistics,
    target_depth: TargetDepth | None,
    depth_histogram: DepthHistogram | None,
    rna_quality: RnaQuality | None,
    contamination: Contamination | None,
    identity: Identity | None,
    stated_sex: StatedSex | None,
    params: QualityParams,
) -> Quality:
    """Bring together what is known of each sample's reads, and name what is doubtful.

    Depth, GC bias and the sex by X and Y are those of exomes; what RNA tells comes from
    `rna_quality`, with its concerns, which that step has warned of. GC bias is the depth, by
    the mean of autosomal targets, where more than .6 of the bases are G or C, less that where
    fewer than .4 are. A tumour that has lost Y looks neither male nor female.

    Parameters
    ----------
    read_statistics
        One row per sample; it decides which samples there are.
    target_depth, depth_histogram
        Depth of exomes, by target and by base.
    rna_quality
        Numbers, sex and concerns of RNA.
    contamination, identity
        What genotypes say.
    stated_sex
        The sex that the clinical table gives.
    params
        Thresholds of the concerns.

    Returns
    -------
    Quality
        One row per sample; `concerns` are in words.
    """
    of_genotypes = CONTAMINATION.empty() if contamination is None else contamination
    parts = [
        _of_targets(target_depth, params),
        _of_histogram(depth_histogram),
        _of_rna(rna_quality),
        of_genotypes.set_index("sample").filter(like="contamination"),
    ]
    joined = _of_reads(read_statistics).set_index("sample", drop=False)
    for part in parts:
        for name in part.columns:
            known = part[name].reindex(joined.index)
            joined[name] = known if name not in joined else joined[name].fillna(known)
    joined = joined.reindex(columns=[name for name in QUALITY.columns if name != "concerns"])
    joined["sex_found"] = joined["sex_found"].fillna("")
    joined["concerns"] = ""
    told = _warn_of_missed_targets(read_statistics)
    concerns_of = [
        *_identities(identity), *_molecules(read_statistics, params),
        *_thresholds(joined, params, told), *_sexes(joined, stated_sex),
        *_of_rna_quality(rna_quality),
    ]  # fmt: skip
    found: dict[str, list[_Concern]] = {str(name): [] for name in joined.index}
    for name, concern in concerns_of:
        if name in found:
            found[name].append(concern)
    for name, concerns in found.items():
        joined.loc[name, "concerns"] = "; ".join(concern.text for concern in concerns)
        for text in (concern.text for concern in concerns if concern.is_serious):
            warnings.warn(f"sample {name}: {text}", DataWarning, stacklevel=2)
    return joined.reset_index(drop=True)


class _Concern(NamedTuple):
    """What is doubtful, in words, and whether it deserves a warning here."""

    text: str
    is_serious: bool = False


class _Rule(NamedTuple):
    """A column, its bound, what is said beyond it, and from which bound on it is warned of."""

    column: str
    bound: str
    words: str
    assay: str = ""
    warned: str = ""

    def is_beyond(self, value: float, params: QualityParams, bound: str) -> bool:
        """Tell whether a value passes a bound; a missing one passes none."""
        limit = float(getattr(params, bound)) if bound else np.nan
        return value < limit if self.bound.startswith("min_") else value > limit


_RULES = (
    _Rule("mean_depth", "min_mean_depth", "mean depth {:.0f}", "exome", "min_mean_depth"),
    _Rule("mapped_share", "min_mapped", "{:.0%} of the reads are aligned", "exome"),
    _Rule("on_target_share", "min_on_target", "{:.0%} of the aligned reads on target",
          "exome", "poor_on_target"),
    _Rule("duplicate_share", "max_duplicates", "{:.0%} duplicates", "exome"),
    _Rule("contamination", "max_contamination", "{:.1%} of the reads are of another person",
          warned="heavy_contamination"),
)  # fmt: skip


def _of_reads(statistics: pd.DataFrame) -> pd.DataFrame:
    rows = statistics.reset_index(drop=True)
    mapped = rows["mapped"].to_numpy(np.float64)
    of_mapped = {
        "duplicate_share": "duplicates", "proper_share": "properly_paired",
        "on_target_share": "on_target", "mitochondrial_share": "mitochondrial",
    }  # fmt: skip
    shares = {name: _ratio(_floats(rows[of]), mapped) for name, of in of_mapped.items()}
    shares["mapped_share"] = _ratio(mapped, _floats(rows["reads"]))
    return rows[[*_UNITS, "reads", "read_length", "insert_size"]].assign(**shares)


def _floats(values: pd.Series) -> Floats:
    numbers = values.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    return np.asarray(numbers, dtype=np.float64)


def _ratio(part: Floats, whole: Floats) -> Floats:
    shares: Floats = np.full(len(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


def _of_targets(target_depth: pd.DataFrame | None, params: QualityParams) -> pd.DataFrame:
    """Return mean depth, GC bias and the depths of X and Y by sample."""
    if target_depth is None or target_depth.empty:
        return pd.DataFrame()
    targets = target_depth[target_depth["assay"] == "exome"].copy()
    targets["length"] = targets["end"] - targets["start"]
    # A target that one sample lacks has the bases that the others see there.
    bases = targets.groupby(["contig", "start", "end"])[["gc_bases", "called_bases"]]
    summed = bases.transform("sum")
    targets["gc"] = summed["gc_bases"] / summed["called_bases"].where(
        summed["called_bases"] > 0
    )
    start, contig = targets["start"], targets["contig"]
    is_x = (contig == "chrX") & start.between(*_OWN_X)
    is_y = (contig == "chrY") & start.between(*_OWN_Y)
    is_autosomal = ~contig.isin(_NOT_AUTOSOMES)
    autosomal = _depth(targets[is_autosomal])
    ratios = {
        name: _depth(targets[chosen], params.min_sex_targets) / autosomal
        for name, chosen in (("x_ratio", is_x), ("y_ratio", is_y))
    }
    high, low = (
        _depth(targets[is_autosomal & chosen], _FEWEST_GC_TARGETS) / autosomal
        for chosen in (targets["gc"] > _GC_HIGH, targets["gc"] < _GC_LOW)
    )
    found = pd.DataFrame({"mean_depth": _depth(targets), "gc_bias": high - low, **ratios})
    sexes = [
        _sex_of_depth(x, y, params)
        for x, y in zip(found["x_ratio"], found["y_ratio"], strict=True)
    ]
    return found.assign(sex_found=pd.Series(sexes, index=found.index, dtype=object))


def _depth(targets: pd.DataFrame, fewest: int = 1) -> "pd.Series[float]":
    """Return the mean depth by sample, missing where there are too few targets."""
    grouped = targets.groupby("sample")
    length = grouped["length"].sum()
    enough = (grouped.size() >= fewest) & (length > 0)
    return (grouped["depth_sum"].sum() / length).where(enough)


def _sex_of_depth(x: float, y: float, params: QualityParams) -> str:
    """Tell the sex; empty where it cannot be told, as without Y or in a tumour that lost it."""
    if np.isnan(y):
        return ""
    if y >= params.male_min_y:
        return "male"
    return "female" if y <= params.female_max_y and x >= params.female_min_x else ""


def _of_histogram(histogram: pd.DataFrame | None) -> pd.DataFrame:
    """Return the median depth and the shares of deep bases by sample."""
    if histogram is None or histogram.empty:
        return pd.DataFrame()
    rows = {}
    for sample, bins in histogram[histogram["assay"] == "exome"].groupby("sample"):
        ordered = bins.sort_values("depth")
        depth, bases = ordered["depth"].to_numpy(), ordered["bases"].to_numpy()
        total = int(bases.sum())
        if not total:
            continue
        rows[sample] = {"median_depth": _median(depth, bases)} | {
            f"share_{least}x": bases[depth >= least].sum() / total for least in _DEPTHS
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _median(depth: NDArray[np.int64], bases: NDArray[np.int64]) -> float:
    """Return the median of depths that occur so often each."""
    reached = np.cumsum(bases)
    middle = [(reached[-1] - 1) // 2, reached[-1] // 2]
    return float(depth[np.searchsorted(reached, middle, side="right")].mean())


def _of_rna(rna_quality: pd.DataFrame | None) -> pd.DataFrame:
    if rna_quality is None or rna_quality.empty:
        return pd.DataFrame()
    rows = rna_quality[rna_quality["sample"] != ""].set_index("sample")
    names = ["assigned_share", "mitochondrial_share", "rrna_share", "strandedness_found"]
    return rows[[*names, "three_prime_bias", "genes_detected", "sex_found"]]


def _warn_of_missed_targets(statistics: pd.DataFrame) -> set[str]:
    """Warn of assays none of whose samples has reads on the targets; return these samples."""
    missed: set[str] = set()
    known = statistics[(statistics["mapped"] > 0) & statistics["on_target"].notna()]
    for assay, rows in known.groupby("assay"):
        if not rows["on_target"].any():
            which = f"{assay}, {len(rows)} of {len(rows)} samples"
            message = f"no sample has reads on the targets ({which}): are they of one build?"
            warnings.warn(message, DataWarning, stacklevel=3)
            missed.update(rows["sample"].astype(str))
    return missed


def _thresholds(
    quality: pd.DataFrame, params: QualityParams, told: set[str]
) -> Iterator[tuple[str, _Concern]]:
    """Name what passes a threshold; that samples `told` of miss the targets was warned of."""
    for name, row in quality.iterrows():
        for rule in (rule for rule in _RULES if rule.assay in ("", row["assay"])):
            value = np.nan if pd.isna(row[rule.column]) else float(row[rule.column])
            if not rule.is_beyond(value, params, rule.bound):
                continue
            is_known = rule.column in _OF_TARGETS and name in told
            is_serious = not is_known and rule.is_beyond(value, params, rule.warned)
            yield str(name), _Concern(rule.words.format(value), is_serious)


def _molecules(
    statistics: pd.DataFrame, params: QualityParams
) -> Iterator[tuple[str, _Concern]]:
    """Name the exomes whose short reads are spliced, and the RNA whose reads are not."""
    share = _ratio(_floats(statistics["spliced"]), _floats(statistics["mapped"]))
    samples = statistics["sample"].astype(str).to_list()
    is_rna = (statistics["assay"] == "rna").to_numpy(dtype=bool)
    is_short = ~(_floats(statistics["read_length"]) >= _SHORT_READ)
    is_enough = _floats(statistics["mapped"]) >= _FEWEST_MAPPED
    for i in np.flatnonzero(is_short & ~is_rna & (share > params.max_spliced_exome)):
        words = f"{share[i]:.0%} of the reads are spliced: RNA, given as exome?"
        yield samples[i], _Concern(words, is_serious=True)
    for i in np.flatnonzero(is_short & is_rna & is_enough & (share < params.min_spliced_rna)):
        words = "hardly any read is spliced: DNA, given as RNA?"
        yield samples[i], _Concern(words, is_serious=True)


def _sexes(
    quality: pd.DataFrame, stated_sex: pd.DataFrame | None
) -> Iterator[tuple[str, _Concern]]:
    """Name the samples whose sex is not that of the clinic, or of the patient's others."""
    told = quality[quality["sex_found"] != ""]
    known = STATED_SEX.empty(("patient",)) if stated_sex is None else stated_sex
    known = known[known["sex"].isin(["female", "male"])]
    of_clinic = dict(zip(known["patient"], known["sex"], strict=True))
    of_assay = dict(zip(told["sample"], told["assay"], strict=True))
    for patient, rows in told.groupby("patient"):
        expected = of_clinic.get(str(patient))
        for name, sex in zip(rows["sample"], rows["sex_found"], strict=True):
            # The sex of RNA was compared with the clinic's by `rna_quality`.
            is_known = of_assay[name] == "rna"
            if expected is not None and sex != expected and not is_known:
                words = f"{sex} by its reads, {expected} in the clinical table"
                yield str(name), _Concern(words, is_serious=True)
            others = rows.loc[rows["sex_found"] != sex, ["sample", "sex_found"]]
            if len(others):
                other, of_other = others.iloc[0]
                words = f"{sex} by its reads, while {other} of {patient} is {of_other}"
                yield str(name), _Concern(words, is_serious=True)


def _identities(identity: pd.DataFrame | None) -> Iterator[tuple[str, _Concern]]:
    """Name the faults of pairs, at both samples; `identity` has warned of them."""
    rows = IDENTITY.empty() if identity is None else identity
    for row in rows[rows["says"].fillna("") != ""].itertuples():
        for name in (row.sample_1, row.sample_2):
            yield str(name), _Concern(str(row.says))


def _of_rna_quality(rna_quality: pd.DataFrame | None) -> Iterator[tuple[str, _Concern]]:
    """Hand on the concerns of RNA; `rna_quality` has warned of them."""
    if rna_quality is None:
        return
    rows = rna_quality[rna_quality["concerns"].fillna("") != ""]
    for name, words in zip(rows["sample"], rows["concerns"], strict=True):
        yield str(name), _Concern(str(words))
