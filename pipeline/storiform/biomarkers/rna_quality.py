"""What the RNA of a biopsy is worth: its strand, its places, its ends, its sex."""

import warnings
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.errors import DataWarning
from storiform.model.params import Fraction, Params
from storiform.model.tables.clinic import StatedSex
from storiform.model.tables.reads import ReadStatistics
from storiform.model.tables.rna import Counts
from storiform.model.tables.rna_quality import GeneCountingSummary, RnaLibrary, RnaQuality

PerMillion = Annotated[float, Field(ge=0.0, le=1e6)]

Y_GENES = ("RPS4Y1", "DDX3Y", "KDM5D", "UTY")
_MITOCHONDRIAL = "MT-"
_MILLION = 1e6
_WHOLE = 15_000
"""Genes of a table from which on it is that of a whole transcriptome, and no panel's."""
_SAME = ("assigned_share", "multi_mapped_share", "mitochondrial_share", "rrna_share",
         "three_prime_bias", "sense_share")  # fmt: skip
_OF_READS = (*_SAME, "duplicate_share", "exonic_share", "intronic_share", "intergenic_share",
             "three_prime_ratio")  # fmt: skip
_PLACES = ("exonic", "intronic", "intergenic")
_SEXES = ("female", "male")


class RnaQualityParams(Params):
    """From when on the RNA of a biopsy deserves a word, and how its sex is told."""

    min_fragments: int = Field(
        5, ge=1, le=10_000, description="fragments from which a gene counts as expressed"
    )
    min_genes: int = Field(
        10_000, ge=0, le=100_000,
        description="expressed genes of a whole transcriptome, at least",
    )  # fmt: skip
    min_library: float = Field(
        5e6, ge=0.0, le=1e12, description="fragments counted of a whole transcriptome, at least"
    )
    min_assigned: Fraction = Field(0.4, description="share of RNA fragments of a gene")
    max_rrna: Fraction = Field(0.1, description="share of RNA fragments of rRNA genes")
    max_mitochondrial: Fraction = Field(0.4, description="share of RNA fragments of chrM")
    max_multi_mapped: Fraction = Field(
        0.4, description="share of aligned RNA fragments with several alignments"
    )
    max_duplicates: Fraction = Field(
        0.8, description="share of duplicates; many are no fault of RNA, most are"
    )
    max_intronic: Fraction = Field(
        0.6, description="share of reads within introns: messengers not yet spliced"
    )
    max_intergenic: Fraction = Field(
        0.3, description="share of reads outside genes, from where DNA is likely among the RNA"
    )
    max_three_prime: Fraction = Field(
        0.7, description="mean place of RNA reads along transcripts; 0.5 is even"
    )
    sex_min: PerMillion = Field(
        5.0, description="fragments of XIST, or of four Y genes, per million counted: present"
    )
    sex_max: PerMillion = Field(
        1.0, description="fragments of the four Y genes per million counted: absent"
    )


def rna_quality(
    counts: Counts,
    gene_counting_summary: GeneCountingSummary | None,
    read_statistics: ReadStatistics | None,
    rna_library: RnaLibrary | None,
    stated_sex: StatedSex | None,
    params: RnaQualityParams,
) -> RnaQuality:
    """Bring together what is known of the RNA of a biopsy, and name what is doubtful.

    Reads tell most of it; from counts alone come the size of the library, the genes that are
    seen, the mitochondrial share by the names of genes, and the sex. Good reads are primary,
    aligned to one place and no duplicates: one with an aligned base on an exon of any gene and
    strand is exonic, another that begins between the first and the last exon of a gene
    intronic, the rest intergenic. The ratio of the ends divides the mean share of a gene's
    good reads whose middle lies in the last fifth of its exons by that of the first fifth,
    over genes with 20 reads and 1,000 bases.

    Parameters
    ----------
    counts
        Fragments by gene, under current symbols.
    gene_counting_summary
        Where the fragments of the BAM went.
    read_statistics
        Duplicates; of the RNA alone are looked at.
    rna_library
        The strandedness that the sample sheet tells.
    stated_sex
        The sex that the clinical table gives.
    params
        Thresholds of the concerns.

    Returns
    -------
    RnaQuality
        One row; `concerns` are in words, `missing` says what is not told and why.

    References
    ----------
    Wang, Wang and Li, Bioinformatics 28, 2184-2185 (2012), doi:10.1093/bioinformatics/bts356.
    """
    row: dict[str, object] = {"sample": "", "strandedness_found": "", "fragments": pd.NA}
    row |= dict.fromkeys(_OF_READS, np.nan)
    row |= _of_counts(counts, params)
    counted = ""
    if gene_counting_summary is not None and not gene_counting_summary.empty:
        row |= _of_summary(gene_counting_summary.iloc[0])
        row["duplicate_share"] = _duplicates(read_statistics, str(row["sample"]))
        counted = str(gene_counting_summary["strandedness"].iloc[0])
    told = "" if rna_library is None else _word(rna_library, "strandedness")
    sex = "" if stated_sex is None else _word(stated_sex, "sex")
    row |= {"strandedness_told": told, "sex_told": sex if sex in _SEXES else ""}
    concerns = [
        *_contradictions(row, counted),
        *_thresholds(row, params, is_whole=len(counts) >= _WHOLE),
    ]
    row["concerns"] = "; ".join(concern.text for concern in concerns)
    row["missing"] = _missing(row, has_reads=bool(counted))
    for concern in concerns:
        if concern.is_serious:
            warnings.warn(f"RNA: {concern.text}", DataWarning, stacklevel=2)
    return pd.DataFrame([row])


class _Concern(NamedTuple):
    """What is doubtful, in words, and whether it deserves a warning."""

    text: str
    is_serious: bool = False


class _Rule(NamedTuple):
    """A column, its bound, what is said beyond it, and of what it is asked."""

    column: str
    bound: str
    words: str
    is_serious: bool = False
    of_whole: bool = False


_RULES = (
    _Rule("assigned_share", "min_assigned", "{:.0%} of the fragments assigned",
          is_serious=True),
    _Rule("rrna_share", "max_rrna", "{:.0%} of the fragments of rRNA"),
    _Rule("mitochondrial_share", "max_mitochondrial", "{:.0%} of the fragments mitochondrial"),
    _Rule("multi_mapped_share", "max_multi_mapped", "{:.0%} of the fragments map to several "
          "places"),
    _Rule("duplicate_share", "max_duplicates", "{:.0%} of the reads are duplicates"),
    _Rule("intronic_share", "max_intronic", "{:.0%} of the reads in introns"),
    _Rule("intergenic_share", "max_intergenic", "{:.0%} of the reads outside genes: DNA among "
          "the RNA?"),
    _Rule("three_prime_bias", "max_three_prime", "reads crowd at 3' ends ({:.2f})"),
    _Rule("genes_expressed", "min_genes", "{:,.0f} genes expressed", of_whole=True),
    _Rule("library_size", "min_library", "{:,.0f} fragments counted", of_whole=True),
)  # fmt: skip


def _of_counts(counts: pd.DataFrame, params: RnaQualityParams) -> dict[str, object]:
    """Return what counts tell: size, genes, mitochondrial share and sex."""
    values, genes = counts["count"].to_numpy(np.float64), counts["gene"].astype(str)
    total = float(values.sum())

    def share(is_chosen: "pd.Series[bool]", of: float) -> float:
        chosen = is_chosen.to_numpy(dtype=bool)
        return float(values[chosen].sum()) / total * of if chosen.any() and total else np.nan

    xist, y = share(genes == "XIST", _MILLION), share(genes.isin(Y_GENES), _MILLION)
    return {
        "library_size": total,
        "genes_detected": int((values > 0).sum()),
        "genes_expressed": int((values >= params.min_fragments).sum()),
        "mitochondrial_count_share": share(genes.str.startswith(_MITOCHONDRIAL), 1.0),
        "xist_per_million": xist,
        "y_genes_per_million": y,
        "sex_found": _sex(xist, y, params),
    }


def _sex(xist: float, y: float, params: RnaQualityParams) -> str:
    """Tell the sex by fragments per million; empty where it cannot be told."""
    has_xist, has_y = xist >= params.sex_min, y >= params.sex_min
    if has_y and not has_xist:
        return "male"
    return "female" if has_xist and y <= params.sex_max else ""


def _of_summary(summary: pd.Series) -> dict[str, object]:
    """Return what the reads of a BAM tell."""
    places = {name: summary[name] for name in _PLACES}
    total = sum(_number(value) for value in places.values())
    shares = {
        f"{name}_share": _number(value) / total if total else np.nan
        for name, value in places.items()
    }
    first, last = _number(summary["five_prime_share"]), _number(summary["three_prime_share"])
    return {
        "sample": summary["sample"],
        "fragments": summary["fragments"],
        "strandedness_found": _text(summary["strandedness_found"]),
        "three_prime_ratio": last / first if first > 0.0 else np.nan,
        **{name: _number(summary[name]) for name in _SAME},
        **shares,
    }


def _number(value: object) -> float:
    return np.nan if value is None or value is pd.NA else float(str(value))


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA else str(value)


def _word(rows: pd.DataFrame, column: str) -> str:
    return _text(rows[column].iloc[0]) if len(rows) else ""


def _duplicates(statistics: pd.DataFrame | None, sample: str) -> float:
    if statistics is None:
        return np.nan
    own = statistics[statistics["sample"] == sample]
    mapped = int(own["mapped"].sum())
    return int(own["duplicates"].sum()) / mapped if mapped else np.nan


def _contradictions(row: dict[str, object], counted: str) -> list[_Concern]:
    """Name what the reads say otherwise than the sheets."""
    found, told = str(row["strandedness_found"]), str(row["strandedness_told"])
    concerns = []
    if found and told and found != told:
        words = f"{told} by the sample sheet, while its reads are {found} (sense share "
        concerns.append(_Concern(f"{words}{_number(row['sense_share']):.2f})", is_serious=True))
    if found and counted and found != counted:
        words = f"counted as {counted}, while its reads are {found}"
        concerns.append(_Concern(words, is_serious=True))
    sex, known = str(row["sex_found"]), str(row["sex_told"])
    if sex and known and sex != known:
        words = f"{sex} by its reads, {known} in the clinical table"
        concerns.append(_Concern(words, is_serious=True))
    return concerns


def _thresholds(
    row: dict[str, object], params: RnaQualityParams, *, is_whole: bool
) -> list[_Concern]:
    """Name what passes a threshold; a missing value passes none."""
    concerns = []
    for rule in _RULES:
        value, limit = _number(row[rule.column]), float(getattr(params, rule.bound))
        is_beyond = value < limit if rule.bound.startswith("min_") else value > limit
        if is_beyond and (is_whole or not rule.of_whole):
            concerns.append(_Concern(rule.words.format(value), rule.is_serious))
    return concerns


def _missing(row: dict[str, object], *, has_reads: bool) -> str:
    """Say what is not told, and why."""
    reasons = []
    if not has_reads:
        reasons.append(
            "shares of reads, their strand and their places: no RNA reads were given"
        )
    else:
        blank = [name for name in _OF_READS if np.isnan(_number(row[name]))]
        reasons += [f"{name}: {_WHY.get(name, 'no such reads')}" for name in blank]
        if not row["strandedness_found"]:
            reasons.append("strandedness_found: the reads leave it undecided")
    if not row["sex_found"]:
        genes = ("xist_per_million", "y_genes_per_million")
        lacks = [name for name in genes if np.isnan(_number(row[name]))]
        why = "its genes are not counted" if lacks else "its genes leave it undecided"
        reasons.append(f"sex_found: {why}")
    return "; ".join(reasons)


_LONG = "no gene of 1,000 bases has 20 reads"
_WHY = {
    "rrna_share": "the annotation has no rRNA genes",
    "three_prime_bias": _LONG,
    "three_prime_ratio": _LONG,
    "sense_share": "no fragment tells a strand",
    "duplicate_share": "the flags of the reads were not counted",
}
