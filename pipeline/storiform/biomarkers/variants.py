"""Which calls of a file count as somatic mutations, and why the others do not."""

import warnings
from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import special

from storiform.model.call_doubts import doubts_of_calls
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.intervals import Targets, changed_bases
from storiform.model.ontology import is_coding, mutation_class
from storiform.model.params import Depth, Fraction, Params
from storiform.model.tables.dna import Calls, SomaticVariants
from storiform.model.tables.proteins import Consequences
from storiform.model.tables.reads import Recounts

FILTERS: tuple[str, ...] = (
    "set_aside", "duplicate", "part_of_mnv", "not_pass", "low_depth", "few_alt_reads",
    "low_vaf", "germline", "panel_of_normals", "ffpe_artifact", "oxog_artifact", "off_target",
)  # fmt: skip
"""Names in `failed_filters`, in the order in which they are written."""

_LONGEST_MNV = 50
_FEW_CLAIMED = 3
_GERMLINE_WORDS = frozenset({"germline", "germline_risk", "normal_artifact"})
_PANEL_WORDS = frozenset({"panel_of_normals", "pon"})
_ORIENTATION_WORDS = frozenset({"orientation", "read_orientation_artifact", "orientation_bias"})
_DEAMINATION = {("C", "T"): "f1r2", ("G", "A"): "f2r1"}
_OXIDATION = {("G", "T"): "f1r2", ("C", "A"): "f2r1"}

_ALLELE = ["contig", "start", "end", "ref", "alt"]
_DESCRIBED = ("gene", "gene_id", "transcript", "consequence", "hgvsc", "hgvsp")
_SOURCES = ("tumour", "normal", "rna")
_COUNTS = ("depth", "ref_reads", "alt_reads")
_RECOUNTED = [*_COUNTS, "alt_forward", "alt_reverse", "alt_f1r2", "alt_f2r1"]
_BESIDE = [
    *(f"{source}_recounted_{name}" for source in _SOURCES for name in _COUNTS),
    "tumour_alt_forward", "tumour_alt_reverse",
]  # fmt: skip

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


class VariantParams(Params):
    """What a call must fulfil to count as a somatic mutation.

    A count that the file does not give fails no threshold on it.
    """

    accepted_filters: tuple[str, ...] = Field(
        ("PASS",), description="values of FILTER that pass, beside a missing one"
    )
    min_tumour_depth: Depth = Field(
        14, description="reads in the tumour; MuTect's callable depth, Cibulskis 2013"
    )
    min_normal_depth: Depth = Field(
        8, description="reads in the normal; MuTect's callable depth, Cibulskis 2013"
    )
    min_alt_reads: Depth = Field(3, description="tumour reads with the somatic allele")
    min_vaf: Fraction = Field(
        0.05, description="share of tumour reads with the somatic allele; exome noise is below"
    )
    max_population_af: Fraction = Field(
        0.001, description="population frequency above which a call is germline"
    )
    germline_normal_vaf: Fraction = Field(
        0.02, description="share of normal reads from which a call is germline"
    )
    germline_normal_reads: Depth = Field(
        2, description="normal reads with the allele that must back that share"
    )
    artifact_orientation: Fraction = Field(
        0.9,
        description="share of alternative reads in the orientation of FFPE or oxoG damage",
    )
    artifact_p: Fraction = Field(
        0.01, description="one-sided binomial p below which that share is no accident"
    )


def variants(
    calls: Calls,
    targets: Targets | None,
    params: VariantParams,
    recounts: Recounts | None = None,
    consequences: Consequences | None = None,
) -> SomaticVariants:
    """Name for every call the filters that it fails.

    No call is left out. A depth or count that neither the file nor the reads give fails no
    filter; the filters for artefacts need read orientations (Mutect2, or the reads),
    `off_target` needs targets. Counts of the reads stand beside those of the caller and take
    their place only where the caller gave none.

    Parameters
    ----------
    calls
        All calls of a biopsy.
    targets
        Captured bases; a call is off target if none of the bases that it changes is one.
    params
        Thresholds.
    recounts
        The alleles of the calls in the reads of the biopsy's samples, or None.
    consequences
        What was found from gene annotation and genome for calls whose file says nothing, or
        None; it takes the place of what a file says.

    Returns
    -------
    SomaticVariants
        The calls with `failed_filters`, `is_eligible` and what they do to a protein.

    Raises
    ------
    InputError
        If there are calls but of none is a consequence known: their burden would be a false 0.

    References
    ----------
    Cibulskis et al., Nature Biotechnology 31, 213-219 (2013), doi:10.1038/nbt.2514.
    Costello et al., Nucleic Acids Research 41, e67 (2013), doi:10.1093/nar/gks1443.
    """
    calls = _with_consequences(calls, consequences)
    calls = _with_recounts(calls, recounts, params)
    marked = calls.copy()
    marked["tumour_vaf"] = _vaf(calls, "tumour")
    marked["normal_vaf"] = _vaf(calls, "normal")
    terms = calls["consequence"].fillna("").to_list()
    marked["mutation_class"] = [mutation_class(term) for term in terms]
    marked["is_coding"] = np.array([is_coding(term) for term in terms], dtype=bool)
    marked["is_nonsynonymous"] = np.array([mutation_class(t) != "" for t in terms], dtype=bool)
    failed = {**_of_file(marked, params), **_of_evidence(marked, params)}
    failed["off_target"] = _off_target(calls, targets)
    failed["duplicate"] = _duplicate(calls, failed)
    failed["part_of_mnv"] = _part_of_mnv(calls, failed)
    marked["failed_filters"] = _joined(failed, len(calls))
    marked["is_eligible"] = marked["failed_filters"] == ""
    germline = _germline(marked, params)
    for message in doubts_of_calls(marked, failed["not_pass"], germline):
        warnings.warn(message, DataWarning, stacklevel=2)
    return marked


def _with_consequences(calls: pd.DataFrame, consequences: pd.DataFrame | None) -> pd.DataFrame:
    """Fill in the consequences that were found here; refuse calls without any."""
    if consequences is not None and len(consequences):
        calls = _filled(calls, consequences)
    small = calls[calls["set_aside"].fillna("") == ""]
    unknown = int((small["annotation"] == "none").sum())
    if not unknown:
        return calls
    if unknown == len(small):
        raise InputError(without_consequences(unknown, _why_not(consequences)))
    if not (small["annotation"] == "BCSQ").any():  # bcftools csq writes nothing outside genes
        why = _why_not(consequences)
        message = f"{unknown} of {len(small)} calls without consequence{why and f' ({why})'}"
        warnings.warn(f"{message}; they count in no burden", DataWarning, stacklevel=3)
    return calls


def without_consequences(calls: int, why: str = "") -> str:
    """Return what is told of a biopsy of which no call has a consequence; `why`, if tried."""
    found = f"{calls} call{'s' * (calls > 1)} without consequence"
    if why:
        expected = "calls of the genome of resources.fasta and resources.genes"
        remedy = "Name the genome and the genes of the build to which the calls belong."
        return fault("the calls of the biopsy", f"{found} ({why})", expected, remedy)
    expected = "CSQ, ANN, BCSQ or FUNCOTATION in INFO and in the header"
    remedy = (
        "Annotate the calls with VEP, SnpEff, bcftools csq or Funcotator, or name "
        "resources.fasta and resources.genes."
    )
    return fault("the calls of the biopsy", found, expected, remedy)


def _why_not(consequences: pd.DataFrame | None) -> str:
    """Return the reasons for which calls were not annotated, the commonest first."""
    if consequences is None or consequences.empty:
        return ""
    reasons = consequences["not_annotated"].fillna("")
    counts = reasons[reasons != ""].value_counts()
    return ", ".join(f"{word} {count}" for word, count in counts.items())


def _filled(calls: pd.DataFrame, consequences: pd.DataFrame) -> pd.DataFrame:
    known = consequences[consequences["consequence"].fillna("") != ""]
    key = ["record", "allele"]
    found = calls[key].merge(known, on=key, how="left")
    found.index = calls.index
    is_known = found["consequence"].notna()
    filled = calls.copy()
    for name in _DESCRIBED:
        filled[name] = calls[name].mask(is_known, found[name])
    filled["annotation"] = calls["annotation"].mask(is_known, "storiform")
    return filled


def _with_recounts(
    calls: pd.DataFrame, recounts: pd.DataFrame | None, params: VariantParams
) -> pd.DataFrame:
    """Put what the reads say beside what the caller says, and in its place where it is mute."""
    if recounts is None or recounts.empty or calls.empty:
        absent = pd.DataFrame(index=calls.index, columns=_BESIDE, dtype="Int64")
        return pd.concat([calls, absent], axis=1)
    joined = calls.copy()
    found = {source: _recounted(calls, recounts, source) for source in _SOURCES}
    for source, counts in found.items():
        for name in _COUNTS:
            joined[f"{source}_recounted_{name}"] = counts[name]
    for strand in ("forward", "reverse"):
        joined[f"tumour_alt_{strand}"] = found["tumour"][f"alt_{strand}"]
    _warn_of_other_reads(joined, params)
    for source, counts in found.items():
        is_mute = joined[f"{source}_alt_reads"].isna() & counts["depth"].notna()
        for name in (name for name in _COUNTS if f"{source}_{name}" in joined.columns):
            joined[f"{source}_{name}"] = joined[f"{source}_{name}"].mask(is_mute, counts[name])
    forward, reverse = joined["tumour_alt_f1r2"], joined["tumour_alt_f2r1"]
    is_mute = forward.isna() & reverse.isna() & found["tumour"]["depth"].notna()
    joined["tumour_alt_f1r2"] = forward.mask(is_mute, found["tumour"]["alt_f1r2"])
    joined["tumour_alt_f2r1"] = reverse.mask(is_mute, found["tumour"]["alt_f2r1"])
    return joined


def _recounted(calls: pd.DataFrame, recounts: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the counts (n, 7) of each call in the samples of one role; missing where none."""
    is_rna, role = recounts["assay"] == "rna", "tumour" if source == "rna" else source
    wanted = (is_rna == (source == "rna")) & (recounts["role"] == role)
    counts = recounts[wanted].groupby(_ALLELE, observed=True)[_RECOUNTED].sum().reset_index()
    keys = calls[_ALLELE].astype(object)
    counts = counts.astype(dict.fromkeys(_ALLELE, object) | dict.fromkeys(_RECOUNTED, "Int64"))
    matched = keys.merge(counts, on=_ALLELE, how="left", validate="many_to_one")
    return matched[_RECOUNTED].set_axis(calls.index)


def _warn_of_other_reads(calls: pd.DataFrame, params: VariantParams) -> None:
    """Tell where the reads of the tumour show next to none of what was called in it."""
    is_claimed = _count(calls, "tumour_alt_reads") >= max(params.min_alt_reads, 1)
    claimed = calls[is_claimed & (_count(calls, "tumour_recounted_depth") > 0)]
    absent = int((claimed["tumour_recounted_alt_reads"] == 0).sum())
    if len(claimed) < _FEW_CLAIMED or absent <= len(claimed) / 2:
        return
    message = (
        f"{absent} of {len(claimed)} calls with tumour reads to back them, by their file, have "
        "none in the tumour's BAM: the BAM is not that of these calls"
    )
    warnings.warn(message, DataWarning, stacklevel=4)


def _of_file(calls: pd.DataFrame, params: VariantParams) -> dict[str, Flags]:
    """Return the filters that follow from what the caller wrote beside the counts."""
    words = calls["filter"].fillna("").str.split(";").to_list()
    accepted = {"", *params.accepted_filters}
    return {
        "set_aside": (calls["set_aside"].fillna("") != "").to_numpy(),
        "not_pass": _flags(not accepted.issuperset(of_one) for of_one in words),
        "germline": np.any(list(_germline(calls, params).values()), axis=0),
        "panel_of_normals": calls["in_panel_of_normals"].to_numpy(dtype=bool)
        | _named(words, _PANEL_WORDS),
    }


def _of_evidence(calls: pd.DataFrame, params: VariantParams) -> dict[str, Flags]:
    """Return the filters on read counts; a comparison with a missing count is false."""
    words = calls["filter"].fillna("").str.split(";").to_list()
    named = _named(words, _ORIENTATION_WORDS)
    shallow = _count(calls, "tumour_depth") < params.min_tumour_depth
    unseen = _count(calls, "normal_depth") < params.min_normal_depth
    return {
        "low_depth": shallow | unseen,
        "few_alt_reads": _count(calls, "tumour_alt_reads") < params.min_alt_reads,
        "low_vaf": calls["tumour_vaf"].to_numpy(dtype=float) < params.min_vaf,
        "ffpe_artifact": _damaged(calls, _DEAMINATION, named, params),
        "oxog_artifact": _damaged(calls, _OXIDATION, named, params),
    }


def _germline(calls: pd.DataFrame, params: VariantParams) -> dict[str, Flags]:
    """Return what makes calls germline, by the evidence in words."""
    words = calls["filter"].fillna("").str.split(";").to_list()
    return {
        "population frequency": calls["population_af"].to_numpy(dtype=float)
        > params.max_population_af,
        "reads of the normal": _in_normal(calls, params),
        "the caller's word": _named(words, _GERMLINE_WORDS),
    }


def _in_normal(calls: pd.DataFrame, params: VariantParams) -> Flags:
    is_frequent = calls["normal_vaf"].to_numpy(dtype=float) >= params.germline_normal_vaf
    reads = _count(calls, "normal_alt_reads")
    return is_frequent & (reads >= params.germline_normal_reads) & (reads > 0)


def _damaged(
    calls: pd.DataFrame,
    damage: dict[tuple[str, str], str],
    named: Flags,
    params: VariantParams,
) -> Flags:
    """Tell which substitutions of a kind stand on reads of one orientation alone.

    Damage of one strand before sequencing shows G>T (or C>T) in F1R2 pairs and its mirror
    in F2R1 pairs, while a mutation shows in both alike.
    """
    pairs = list(zip(calls["ref"].fillna(""), calls["alt"].fillna(""), strict=True))
    kinds = np.array([damage.get(pair, "") for pair in pairs], dtype=object)
    forward, reverse = _count(calls, "tumour_alt_f1r2"), _count(calls, "tumour_alt_f2r1")
    total = forward + reverse
    suspect = np.where(kinds == "f1r2", forward, reverse)
    is_known = (kinds != "") & (total > 0)
    share = np.divide(suspect, total, out=np.zeros(len(total)), where=is_known)
    p = np.ones(len(total))
    p[is_known] = special.bdtrc(suspect[is_known] - 1, total[is_known].astype(int), 0.5)
    is_biased = (share >= params.artifact_orientation) & (p < params.artifact_p)
    flags: Flags = (is_known & is_biased) | ((kinds != "") & named)
    return flags


def _off_target(calls: pd.DataFrame, targets: Targets | None) -> Flags:
    if targets is None:
        return np.zeros(len(calls), dtype=bool)
    return ~targets.touches(changed_bases(calls))


def _duplicate(calls: pd.DataFrame, failed: dict[str, Flags]) -> Flags:
    """Mark repeated alleles of one place: the record with the fewest failures stays."""
    faults = np.sum([flags.astype(int) for flags in failed.values()], axis=0)
    order = np.lexsort((calls["record"].to_numpy(), faults))
    repeated = calls.iloc[order].duplicated(_ALLELE).to_numpy()
    flags = np.zeros(len(calls), dtype=bool)
    flags[order] = repeated
    has_alleles = (calls["ref"].notna() & calls["alt"].notna()).to_numpy()
    return flags & has_alleles


def _part_of_mnv(calls: pd.DataFrame, failed: dict[str, Flags]) -> Flags:
    """Mark substitutions that a longer, sound one of the same file already says.

    Callers that are merged write ``CC>TA`` beside ``C>T`` and ``C>A``; it is one mutation.
    """
    ref, alt = calls["ref"].fillna("").to_list(), calls["alt"].fillna("").to_list()
    contigs, starts = calls["contig"].to_list(), calls["start"].to_list()
    is_sound = ~np.any(list(failed.values()), axis=0)
    parts: set[tuple[str, int, str, str]] = set()
    for row in np.flatnonzero(is_sound & np.array([len(one) > 1 for one in ref], dtype=bool)):
        length = len(ref[row])
        if length != len(alt[row]) or length > _LONGEST_MNV:
            continue
        for a, b in combinations(range(length + 1), 2):
            if b - a < length:
                place = (contigs[row], starts[row] + a)
                parts.add((*place, ref[row][a:b], alt[row][a:b]))
    places = zip(contigs, starts, ref, alt, strict=True)
    return _flags(place in parts and place[2] != place[3] for place in places)


def _vaf(calls: pd.DataFrame, role: str) -> Numbers:
    """Divide by the depth, or by both alleles where these are more than the depth says."""
    alt = _count(calls, f"{role}_alt_reads")
    seen = np.fmax(_count(calls, f"{role}_depth"), _count(calls, f"{role}_ref_reads") + alt)
    share: Numbers = np.full(len(alt), np.nan)
    np.divide(alt, seen, out=share, where=seen > 0)
    return share


def _count(calls: pd.DataFrame, column: str) -> Numbers:
    counts = calls[column].astype("Int64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(counts, dtype=np.float64)


def _named(words: list[list[str]], names: frozenset[str]) -> Flags:
    return _flags(any(word.lower() in names for word in of_one) for of_one in words)


def _flags(values: Iterable[bool]) -> Flags:
    return np.fromiter(values, dtype=bool)


def _joined(failed: dict[str, Flags], length: int) -> list[str]:
    columns = [(name, failed[name]) for name in FILTERS]
    return [";".join(name for name, flags in columns if flags[i]) for i in range(length)]
