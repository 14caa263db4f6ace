"""Fragments per gene, counted in the pass over an RNA BAM."""

import warnings
from typing import Annotated, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import Field

from storiform.kernels.counter import FragmentCounter
from storiform.kernels.exons import MINUS, NEITHER, PLUS, flatten_exons
from storiform.kernels.fragments import Records
from storiform.kernels.overlaps import Layout
from storiform.kernels.votes import (
    ALIGNED,
    AMBIGUOUS,
    ANTISENSE,
    ASSIGNED,
    CHIMERIC,
    DUPLICATES,
    ENDS,
    EXONIC,
    FIRST_FIFTH,
    INTERGENIC,
    INTRONIC,
    LAST_FIFTH,
    LOST,
    LOW_MAPQ,
    MULTI_MAPPING,
    NO_FEATURE,
    ON_MITOCHONDRION,
    READS,
    RIBOSOMAL,
    SECONDARIES,
    SENSE,
    SEVERAL,
    SINGLETON,
    SUPPLEMENTARIES,
    UNALIGNED,
    Rules,
)
from storiform.model.errors import ContractError, DataWarning, InputError, fault
from storiform.model.intervals import GeneModel, Genes
from storiform.model.params import Fraction, Params
from storiform.model.reads import MIXED, Collector, ReadHeader, RecordBatch, Scan
from storiform.model.tables.reads import GENE_COUNTS
from storiform.model.tables.rna_quality import GENE_COUNTING_SUMMARY

Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Strandedness = Literal["unstranded", "forward", "reverse"]
STRANDEDNESS: tuple[Strandedness, ...] = ("unstranded", "forward", "reverse")
_MODES = ("featurecounts", "htseq_union", "htseq_strict", "htseq_nonempty")
_MULTI_MAPPERS = ("drop", "primary", "fraction", "all")
_CLASSES = {
    "assigned": ASSIGNED, "ambiguous": AMBIGUOUS, "no_feature": NO_FEATURE,
    "multi_mapping": MULTI_MAPPING, "unmapped": UNALIGNED, "secondary": SECONDARIES,
    "low_mapq": LOW_MAPQ, "duplicate": DUPLICATES, "chimeric": CHIMERIC,
    "singleton": SINGLETON, "supplementary": SUPPLEMENTARIES,
}  # fmt: skip
_STRANDS = {"+": PLUS, "-": MINUS}
_RIBOSOMAL = ("rRNA", "Mt_rRNA")
_Y_GENES = ("RPS4Y1", "DDX3Y", "KDM5D", "UTY")
_MIN_LENGTH_BP, _MIN_READS = 1000, 20
_MIN_LOST = 10


class GeneCountingParams(Params):
    """How fragments of an RNA sample are assigned to genes."""

    mode: Literal["featurecounts", "htseq_union", "htseq_strict", "htseq_nonempty"] = Field(
        "featurecounts",
        description="rule: the gene on which most mates lie (featureCounts), or HTSeq's union, "
        "intersection-strict or intersection-nonempty of the genes of both mates",
    )
    count_reads: bool = Field(
        default=False, description="count reads instead of fragments (featureCounts -p alone)"
    )
    strandedness: Literal["auto", "unstranded", "forward", "reverse"] = Field(
        "auto",
        description="strand of read 1: along the gene (forward), against it (reverse), either, "
        "or as the reads themselves say",
    )
    check_strandedness: bool = Field(
        default=True, description="refuse a stated strandedness that the reads contradict"
    )
    min_stranded_share: Fraction = Field(
        0.8, description="share of sense or antisense fragments of a stranded library, at least"
    )
    max_unstranded_share: Fraction = Field(
        0.6, description="share of sense and of antisense of an unstranded library, at most"
    )
    min_evidence: int = Field(
        100,
        ge=1,
        le=10**9,
        description="fragments of one strand below which nothing is decided",
    )
    multi_mappers: Literal["drop", "primary", "fraction", "all"] = Field(
        "drop",
        description="fragments aligned to several places (tag NH): left out, their primary "
        "alignment, each alignment by 1 / NH, or each alignment as one",
    )
    count_overlapping: bool = Field(
        default=False,
        description="count a fragment of several genes for each (featureCounts -O)",
    )
    min_mapq: int = Field(
        0, ge=0, le=255, description="mapping quality that the better mate has at least"
    )
    keep_duplicates: bool = Field(
        default=True, description="count records marked as duplicates: in RNA most are none"
    )
    keep_supplementary: bool = Field(
        default=True, description="count supplementary records, as featureCounts does"
    )
    keep_chimeric: bool = Field(
        default=True,
        description="count pairs on two contigs or not facing each other (no featureCounts -C)",
    )
    needs_both_ends: bool = Field(
        default=False, description="count only pairs with both ends aligned (featureCounts -B)"
    )


def gene_counts(
    genes: Genes, params: GeneCountingParams
) -> Annotated[
    Collector,
    Scan(
        GENE_COUNTS,
        GENE_COUNTING_SUMMARY,
        assays=("rna",),
        roles=("tumour",),
        needs_order=False,
    ),
]:
    """Count the fragments of an RNA sample by gene, by the rules of featureCounts or HTSeq.

    Parameters
    ----------
    genes
        The genes and their exons.
    params
        The rule of assignment, and which fragments are left out.

    Returns
    -------
    Collector
        Makes `gene_counts`, one row per gene of the annotation, and
        `gene_counting_summary`, where the fragments went.

    Raises
    ------
    InputError
        If the annotation has no exons, none on a contig of the BAM, or if the reads
        contradict the stated strandedness.

    References
    ----------
    Liao et al., Bioinformatics 30, 923-930 (2014), doi:10.1093/bioinformatics/btt656.
    Anders et al., Bioinformatics 31, 166-169 (2015), doi:10.1093/bioinformatics/btu638.
    """
    return _GeneCounter(genes, params)


class _GeneCounter:
    """The collector of `gene_counts`."""

    def __init__(
        self,
        genes: GeneModel,
        params: GeneCountingParams,
        begun: tuple[FragmentCounter | None, int] = (None, -1),
    ) -> None:
        self._genes, self._params = genes, params
        self._counter, self._mitochondrion = begun

    def begin(self, header: ReadHeader) -> None:
        """Lay the exons out on the contigs of a file."""
        layout = _layout(self._genes, header)
        names = list(header.contigs)
        self._mitochondrion = names.index("chrM") if "chrM" in names else -1
        self._counter = FragmentCounter(layout, _rules(self._params), len(self._genes.genes))

    @property
    def counter(self) -> FragmentCounter:
        """What has been counted; InputError before a file has begun."""
        if self._counter is None:
            message = "gene_counts: begin() comes first"
            raise ContractError(message)
        return self._counter

    def fork(self) -> Self:
        """Return a collector that has seen nothing, laid out for the same file."""
        return type(self)(self._genes, self._params, (self._fresh(), self._mitochondrion))

    def _fresh(self) -> FragmentCounter:
        return FragmentCounter(self.counter.layout, self.counter.rules, self.counter.genes)

    def take(self, batch: RecordBatch) -> None:
        """Count the records that a batch owns; mates that have not come are waited for."""
        records = Records(
            batch.data, batch.offsets, batch.contigs, batch.starts, batch.flags, batch.mapq,
            batch.names.view(np.int64), batch.is_owned, self._mitochondrion,
            int(batch.contig != MIXED),
        )  # fmt: skip
        row = self.counter.count(records)
        if row >= 0:
            where = f"a read that begins at base {int(batch.starts[row]) + 1}"
            remedy = "Make the file again: it is damaged."
            raise InputError(fault(where, "tags that are cut", "whole tags", remedy))

    def merge(self, other: Self) -> None:
        """Add what another collector of the same file has seen; let mates of both meet."""
        self.counter.merge(other.counter)

    def tables(self) -> tuple[pd.DataFrame, ...]:
        """Return the counts of all genes, and where the fragments went."""
        counted = self._fresh()
        counted.merge(self.counter)
        counted.end()
        totals, by_gene = counted.sums.totals, counted.sums.by_gene
        sense, found = _found(totals, self._params)
        chosen = _chosen(sense, found, self._params)
        counts = counted.counts()[STRANDEDNESS.index(chosen)]
        lengths = counted.layout.lengths
        genes = self._genes.genes
        _warn_of_losses(genes, counts, by_gene[LOST])
        rows = pd.DataFrame({"gene_id": genes["gene_id"], "gene": genes["gene"]})
        told = {
            "mode": self._params.mode,
            "strandedness": chosen,
            "strandedness_found": found,
            "sense_share": sense,
            **_where(counted.classes[STRANDEDNESS.index(chosen)]),
            **_shares(totals, genes),
            **_places(totals),
            **_bias(by_gene, genes, lengths),
            "genes_detected": int((counts > 0).sum()),
            "xist": _of_genes(counts, genes, ("XIST",)),
            "y_genes": _of_genes(counts, genes, _Y_GENES),
        }
        return rows.assign(count=counts, length=lengths.astype(float)), pd.DataFrame([told])


def _rules(params: GeneCountingParams) -> Rules:
    return Rules(
        rule=_MODES.index(params.mode),
        by_fragment=int(not params.count_reads),
        multi_mappers=_MULTI_MAPPERS.index(params.multi_mappers),
        counts_overlapping=int(params.count_overlapping),
        min_mapq=params.min_mapq,
        drops_duplicates=int(not params.keep_duplicates),
        drops_supplementary=int(not params.keep_supplementary),
        drops_chimeric=int(not params.keep_chimeric),
        needs_both_ends=int(params.needs_both_ends),
    )


def _layout(model: GeneModel, header: ReadHeader) -> Layout:
    exons = model.exons
    if exons.empty:
        expected, remedy = "exons of genes", "Give a GTF with lines of the feature exon."
        raise InputError(fault("resources.genes", "no exons", expected, remedy))
    contigs = exons["contig"].map({name: i for i, name in enumerate(header.contigs)})
    is_there = contigs.notna().to_numpy()
    if not is_there.any():
        names = ", ".join(dict.fromkeys(exons["contig"].head(1000)))[:80]
        found = f"contigs {', '.join(header.written[:5])}"
        remedy = "Give the GTF of the genome to which the reads were aligned."
        raise InputError(fault("RNA reads", found, f"those of the genes ({names})", remedy))
    genes = model.genes
    numbers = {name: i for i, name in enumerate(genes["gene_id"])}
    of_gene = np.asarray(exons["gene_id"][is_there].map(numbers), dtype=np.int64)
    written = exons["strand"][is_there] if "strand" in exons else genes["strand"].iloc[of_gene]
    strands = np.asarray(written.map(_STRANDS).fillna(NEITHER), dtype=np.int64)
    starts, ends = (exons[name][is_there].to_numpy(dtype=np.int64) for name in ("start", "end"))
    homes = np.asarray(contigs[is_there], dtype=np.int64)
    is_ribosomal = genes["biotype"].isin(_RIBOSOMAL).to_numpy(dtype=bool)
    spans = (homes, starts, ends)
    return flatten_exons(spans, of_gene, strands, is_ribosomal, len(header.contigs))


def _found(totals: Int64s, params: GeneCountingParams) -> tuple[float, str]:
    """Return the share of sense fragments, and the strandedness that it tells."""
    total = int(totals[SENSE] + totals[ANTISENSE])
    share = float(totals[SENSE] / total) if total else np.nan
    if total < params.min_evidence:
        return share, ""
    if share >= params.min_stranded_share:
        return share, "forward"
    if 1.0 - share >= params.min_stranded_share:
        return share, "reverse"
    return share, "unstranded" if max(share, 1.0 - share) <= params.max_unstranded_share else ""


def _chosen(sense: float, found: str, params: GeneCountingParams) -> Strandedness:
    """Return the strandedness to count by; refuse a stated one that the reads contradict."""
    stated = params.strandedness
    if stated == "auto":
        if not found:
            has_none = np.isnan(sense)
            evidence = "no stranded evidence" if has_none else f"sense share {sense:.3g}"
            message = (
                f"The strandedness of the RNA is undecided ({evidence}): counted as "
                "unstranded. State gene_counting.strandedness."
            )
            warnings.warn(message, DataWarning, stacklevel=3)
        return next((name for name in STRANDEDNESS if name == found), "unstranded")
    if params.check_strandedness and found not in {"", stated}:
        where = f"gene_counting.strandedness = {stated}"
        seen = f"{found} reads (sense share {sense:.3f})"
        remedy = "Correct it, or set it to auto."
        raise InputError(fault(where, seen, f"{stated} reads", remedy))
    return stated


def _where(classes: Int64s) -> dict[str, float]:
    """Return the fragments of each class, their sum, and the share that was assigned."""
    total = int(classes.sum())
    numbers = {name: int(classes[number]) for name, number in _CLASSES.items()}
    share = numbers["assigned"] / total if total else np.nan
    return {"fragments": total, **numbers, "assigned_share": share}


def _shares(totals: Int64s, genes: pd.DataFrame) -> dict[str, float]:
    has_ribosomal = bool(genes["biotype"].isin(_RIBOSOMAL).any())
    aligned = int(totals[ALIGNED])
    return {
        "mitochondrial_share": totals[ON_MITOCHONDRION] / aligned if aligned else np.nan,
        "rrna_share": totals[RIBOSOMAL] / aligned if aligned and has_ribosomal else np.nan,
        "multi_mapped_share": totals[SEVERAL] / aligned if aligned else np.nan,
    }


def _of_genes(counts: Floats, genes: pd.DataFrame, names: tuple[str, ...]) -> object:
    """Return the fragments of some genes, missing where the annotation has none of them."""
    rows = genes["gene"].isin(names).to_numpy(dtype=bool)
    return round(float(counts[rows].sum())) if rows.any() else pd.NA


def _places(totals: Int64s) -> dict[str, object]:
    """Return how many good reads lie on exons, in introns and elsewhere, if it was looked.

    HTSeq's intersections do not look at one read at a time.
    """
    names = {"exonic": EXONIC, "intronic": INTRONIC, "intergenic": INTERGENIC}
    numbers = {name: int(totals[at]) for name, at in names.items()}
    return {
        name: number if any(numbers.values()) else pd.NA for name, number in numbers.items()
    }


def _bias(by_gene: Int64s, genes: pd.DataFrame, lengths: Int64s) -> dict[str, float]:
    """Return means over genes: the place of reads, and the shares of them at both ends."""
    reads, strands = by_gene[READS], genes["strand"].to_numpy(dtype=object)
    is_used = (reads >= _MIN_READS) & (lengths >= _MIN_LENGTH_BP) & np.isin(strands, ("+", "-"))
    if not is_used.any():
        return dict.fromkeys(
            ("three_prime_bias", "five_prime_share", "three_prime_share"), np.nan
        )
    is_plus, used = strands[is_used] == "+", by_gene[:, is_used] / reads[is_used]
    places = used[ENDS] / (2.0 * lengths[is_used])
    low, high = used[FIRST_FIFTH], used[LAST_FIFTH]
    return {
        "three_prime_bias": float(np.where(is_plus, places, 1.0 - places).mean()),
        "five_prime_share": float(np.where(is_plus, low, high).mean()),
        "three_prime_share": float(np.where(is_plus, high, low).mean()),
    }


def _warn_of_losses(genes: pd.DataFrame, counts: Floats, lost: Int64s) -> None:
    """Warn of HLA and immunoglobulin genes most of whose fragments map to several places."""
    is_watched = genes["gene"].str.startswith("HLA-") | genes["biotype"].str.startswith("IG_")
    is_poor = is_watched.to_numpy(dtype=bool) & (lost > counts) & (lost >= _MIN_LOST)
    if not is_poor.any():
        return
    worst = np.flatnonzero(is_poor)[np.argsort(-lost[is_poor], kind="stable")]
    told = [
        f"{genes['gene'].iloc[i]} ({counts[i]:.0f} of {counts[i] + lost[i]:.0f})" for i in worst
    ]
    message = (
        f"{len(told)} HLA or immunoglobulin genes lose more than half of their fragments, as "
        f"these map to several places: {', '.join(told[:5])} kept. Set "
        "gene_counting.multi_mappers to primary or fraction to keep them."
    )
    warnings.warn(message, DataWarning, stacklevel=3)
