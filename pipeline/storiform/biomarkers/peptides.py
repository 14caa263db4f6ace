"""Peptides that a tumour could show and that its germline and its species do not have."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from storiform.kernels.peptides import PREFIX, RESIDUES, find_occurring
from storiform.model.errors import DataWarning
from storiform.model.params import Fraction, Params
from storiform.model.protein_changes import (
    Counterparts,
    acting_changes,
    calls_of,
    without_change,
)
from storiform.model.proteome import ReferenceProteome
from storiform.model.step import only_with
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.proteins import (
    HLA_TYPES,
    PEPTIDES,
    FusionProteins,
    Peptides,
    ProteinChanges,
)
from storiform.model.tables.proteome import (
    GermlineProteins,
    GivenProteins,
    ReferenceProteins,
)
from storiform.model.untranslated import untranslated_calls

_ANNOTATED = "NMD_transcript_variant"
_STRANGE = str.maketrans("", "", RESIDUES)
_ALIKE = (
    "variant_ids", "beside_ids", "gene", "mutant", "wild_type", "changed_start",
    "changed_end", "is_in_frame", "source",
)  # fmt: skip
_TOLD = (
    "variant_ids", "gene", "change", "transcript", "consequence", "hgvsp", "protein_position",
    "source",
)  # fmt: skip
_FEW = 20
_LEAST_KNOWN = 0.5
"""Share of germline residues about the changes that a proteome of the species must hold."""

LengthOfClassI = Annotated[int, Field(ge=PREFIX, le=14)]
LengthOfClassII = Annotated[int, Field(ge=13, le=25)]


class PeptideParams(Params):
    """Which peptides are cut out of mutant proteins."""

    class_i: tuple[LengthOfClassI, ...] = Field(
        (8, 9, 10, 11),
        description="lengths for MHC class I, residues; nearly all of its ligands have these",
    )
    class_ii: tuple[LengthOfClassII, ...] = Field(
        (),
        description="lengths for MHC class II, residues (15 is usual); none by default, since "
        "no predictor of class II comes with storiform",
    )
    keeps_decayed: bool = Field(
        default=True,
        description="whether transcripts that the annotation marks for nonsense-mediated decay "
        "count; some of their product is translated all the same",
    )
    keeps_early_stops: bool = Field(
        default=True,
        description="whether changes count whose new stop lies so early that the messenger is "
        "likely to be decayed",
    )
    early_stop_bases: int = Field(
        50,
        ge=0,
        le=1000,
        description="bases before the last junction of exons from which a stop is early; "
        "Nagy and Maquat found 50 to 55",
    )
    least_agreement: Fraction = Field(
        0.5,
        description="share of residues that a peptide of the germline protein must have in "
        "common with the mutant one to be its counterpart",
    )


@dataclass
class _Change:
    """One change of a protein, as all transcripts have it that are alike about it.

    `ranks` are the rows of these transcripts among all, the best first; `row` is the first.
    """

    row: dict[str, Any]
    ranks: list[int] = field(default_factory=list)

    @cached_property
    def counterparts(self) -> Counterparts:
        """What the germline protein has in place of its peptides."""
        return Counterparts(self.row)

    def windows(self, lengths: Iterable[int]) -> Iterator[tuple[str, int]]:
        """Yield the peptides over a residue that differs, or over a loss, with their starts."""
        mutant = self.row["mutant"]
        first, last = int(self.row["changed_start"]), int(self.row["changed_end"])
        for length in lengths:
            # Where residues were only lost, last is first: a window holds both neighbours.
            begin, end = max(first - length + 1, 0), min(last, len(mutant) - length + 1)
            for start in range(begin, end):
                yield mutant[start : start + length], start


@dataclass
class _Source:
    """Where a peptide comes from: the best change, its place there, all rows that give it.

    `beside` are calls on the copy of any of these; `is_owned` tells that the copy without the
    change has not the peptide; `partners` are the calls of other changes that it needs too.
    """

    change: _Change
    start: int
    ranks: list[int]
    is_owned: bool
    beside: set[str] = field(default_factory=set)
    partners: list[str] = field(default_factory=list)

    def shares_copy(self, other: "_Source") -> bool:
        """Tell whether the changes of both lie on one copy."""
        own, others = (calls_of(one.change.row["variant_ids"]) for one in (self, other))
        return self.beside.issuperset(others) and other.beside.issuperset(own)


@only_with(HLA_TYPES, "neoantigens need HLA alleles")
def peptides(  # noqa: PLR0913, PLR0917  a step may have more inputs
    protein_changes: ProteinChanges,
    variants: SomaticVariants,
    params: PeptideParams,
    reference_proteins: ReferenceProteins | None = None,
    proteome: ReferenceProteome | None = None,
    given_proteins: GivenProteins | None = None,
    fusion_proteins: FusionProteins | None = None,
    germline_proteins: GermlineProteins | None = None,
) -> Peptides:
    """Cut the peptides out of mutant proteins that hold something new.

    A peptide overlaps a residue that differs, or spans the place where residues were lost;
    where the frame shifts, the whole tail counts. It is left out if any germline protein
    about the changes, or any protein of the annotation, of the user's FASTA or of the VCF
    holds it, and if it holds a residue that is none of the twenty.

    Parameters
    ----------
    protein_changes
        Changes of proteins; those with a call that is not eligible are left out.
    variants
        The calls of the biopsy.
    params
        Lengths.
    reference_proteins, proteome, given_proteins
        Proteins that are self: of the annotation, of the user's FASTA, of the VCF.
    fusion_proteins
        Proteins over the junctions of fusions.
    germline_proteins
        Pieces of proteins that the patient's germline alleles make; they are self.

    Returns
    -------
    Peptides
        One row per peptide, set of calls and gene. Of the transcripts that give it, the one
        that speaks for its gene is reported, else the first by its name. A peptide that needs
        two changes of a copy stands under the first; the other is its partner.

    References
    ----------
    Nagy and Maquat, Trends Biochem. Sci. 23, 198 (1998), doi:10.1016/S0968-0004(98)01208-0.
    Apcher et al., PNAS 108, 11572 (2011), doi:10.1073/pnas.1104104108.
    Hundal et al., Cancer Immunol. Res. 8, 409 (2020), doi:10.1158/2326-6066.CIR-19-0401.
    """
    changes = acting_changes(protein_changes, variants)
    _warn_of_unknown(changes, variants)
    parts = [changes] if fusion_proteins is None else [changes, fusion_proteins]
    ranked = _ranked(pd.concat([part for part in parts if len(part)] or [changes]), params)
    own = _grouped(ranked)
    lengths = sorted({*params.class_i, *params.class_ii})
    reference = list(_texts((reference_proteins,), proteome))
    _warn_of_proteome(own, reference)
    texts = [*reference, *_texts((given_proteins, germline_proteins))]
    germline = [*protein_changes["wild_type"].dropna(), *(c.row["wild_type"] for c in own)]
    cut = {peptide for change in own for peptide, _ in change.windows(lengths)}
    cut = {peptide for peptide in cut if not peptide.translate(_STRANGE)}
    new = cut - find_occurring(cut, [_text(dict.fromkeys(germline)), *texts])
    return _table(_once(_sources(own, lengths, new)), ranked, params)


def _sources(
    own: Iterable[_Change], lengths: Iterable[int], new: frozenset[str] | set[str]
) -> dict[tuple[str, str, str], _Source]:
    """Return where each new peptide comes from, by calls, gene and peptide."""
    found: dict[tuple[str, str, str], _Source] = {}
    for change in own:
        ids, gene = change.row["variant_ids"], change.row["gene"]
        beside = calls_of(change.row["beside_ids"])
        others = without_change(change.row) if beside else ""
        for peptide, start in change.windows(lengths):
            if peptide not in new:
                continue
            is_owned = peptide not in others
            source = found.setdefault(
                (ids, gene, peptide), _Source(change, start, change.ranks, is_owned)
            )
            source.beside.update(beside)
            source.is_owned |= is_owned
            if source.change is not change:
                source.ranks = sorted({*source.ranks, *change.ranks})
    return found


def _once(
    found: Mapping[tuple[str, str, str], _Source],
) -> dict[tuple[str, str, str], _Source]:
    """Leave a peptide that several changes of a copy give to the first that it needs.

    The calls of the others that it needs become its partners.
    """
    kept: dict[tuple[str, str, str], _Source] = {}
    owners: dict[tuple[str, str], list[tuple[str, _Source]]] = {}
    for (ids, gene, peptide), source in found.items():
        known = owners.setdefault((gene, peptide), []) if source.beside else []
        shared = [place for place, (_, own) in enumerate(known) if own.shares_copy(source)]
        if not shared:
            known.append((ids, source))
            kept[ids, gene, peptide] = source
            continue
        others, owner = known[shared[0]]
        ranks = sorted({*owner.ranks, *source.ranks})
        if source.is_owned and owner.is_owned:
            owner.partners.append(ids)
        elif source.is_owned:
            del kept[others, gene, peptide]
            kept[ids, gene, peptide] = owner = source
            known[shared[0]] = ids, source
        owner.ranks = ranks
    return kept


def _ranked(changes: pd.DataFrame, params: PeptideParams) -> list[dict[str, Any]]:
    """Return the changes that can give peptides, those that speak for their genes first."""
    is_usable = (changes["no_peptides"].fillna("") == "") & changes["mutant"].notna()
    is_usable &= changes["changed_start"].notna() & changes["changed_end"].notna()
    usable = changes[is_usable].copy()
    for name in ("gene", "wild_type", "beside_ids", "consequence"):
        usable[name] = usable[name].fillna("")
    usable["decay"] = ""
    early = usable["bases_to_junction"] >= params.early_stop_bases
    usable.loc[early.fillna(value=False).astype(bool), "decay"] = "early_stop"
    marked = usable["consequence"].str.contains(_ANNOTATED, regex=False)
    usable.loc[marked.astype(bool), "decay"] = "annotated"
    if not params.keeps_decayed:
        usable = usable[usable["decay"] != "annotated"]
    if not params.keeps_early_stops:
        usable = usable[usable["decay"] != "early_stop"]
    usable = usable.copy()
    usable["is_in_frame"] = usable["is_in_frame"].fillna(value=False).astype(bool)
    usable["speaks_last"] = ~usable["speaks_for_gene"].astype(bool)
    order = ["speaks_last", "change", "transcript"]
    rows = usable.sort_values(order, kind="stable").to_dict("records")
    return cast("list[dict[str, Any]]", rows)


def _grouped(ranked: list[dict[str, Any]]) -> list[_Change]:
    """Bring transcripts together that have the same residues about a change."""
    groups: dict[tuple[Any, ...], _Change] = {}
    for rank, row in enumerate(ranked):
        alike = tuple(row[name] for name in _ALIKE)
        groups.setdefault(alike, _Change(row)).ranks.append(rank)
    return list(groups.values())


def _table(
    found: Mapping[tuple[str, str, str], _Source],
    ranked: list[dict[str, Any]],
    params: PeptideParams,
) -> pd.DataFrame:
    rows = [source.change.row for source in found.values()]
    sought = [peptide for _, _, peptide in found]
    columns: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in _TOLD}
    columns["partner_ids"] = [" ".join(source.partners) for source in found.values()]
    columns["decay"] = [_decay(source, ranked) for source in found.values()]
    columns["peptide"], columns["length"] = sought, [len(peptide) for peptide in sought]
    kinds = (("I", params.class_i), ("II", params.class_ii))
    classes = {n: ";".join(kind for kind, own in kinds if n in own) for n in range(PREFIX, 26)}
    columns["mhc_class"] = [classes[len(peptide)] for peptide in sought]
    columns["transcripts"] = [
        ";".join(dict.fromkeys(ranked[rank]["transcript"] for rank in source.ranks))
        for source in found.values()
    ]
    pairs = [
        source.change.counterparts.of(source.start, peptide, params.least_agreement)
        for peptide, source in zip(sought, found.values(), strict=True)
    ]
    columns["wild_type_peptide"] = [pair[0] if pair else None for pair in pairs]
    columns["mutated_positions"] = [
        ";".join(map(str, pair[1])) if pair else None for pair in pairs
    ]
    return pd.DataFrame(columns, columns=list(PEPTIDES.columns))


def _decay(source: _Source, ranked: list[dict[str, Any]]) -> str:
    """Say why all messengers of a peptide are likely to be decayed; empty if one is not."""
    reasons = dict.fromkeys(str(ranked[rank]["decay"]) for rank in source.ranks)
    return "" if "" in reasons else next(iter(reasons))


def _texts(
    tables: Iterable[pd.DataFrame | None], proteome: ReferenceProteome | None = None
) -> Iterator[NDArray[np.uint8]]:
    for proteins in tables:
        if proteins is not None and len(proteins):
            yield _text(proteins["residues"].dropna())
    if proteome is not None:
        yield proteome.text


def _text(proteins: Iterable[str]) -> NDArray[np.uint8]:
    """Join proteins to one text."""
    return np.frombuffer("\n".join(proteins).encode("ascii", "replace"), dtype=np.uint8)


def _warn_of_unknown(changes: pd.DataFrame, variants: pd.DataFrame) -> None:
    """Tell of calls that may change a protein and give no peptide since it is unknown."""
    found = untranslated_calls(changes, variants)
    if not found.unknown:
        return
    message = (
        f"{found.unknown} of {found.sought} calls that may change a protein give no peptides, "
        f"since their protein is not known ({found.told}); the burden is a lower bound"
    )
    if found.changing_unknown:
        message += (
            "; name resources.genes and resources.fasta, or run VEP with its plugins Wildtype "
            "and Frameshift"
        )
    warnings.warn(message, DataWarning, stacklevel=3)


def _warn_of_proteome(changes: list[_Change], texts: list[NDArray[np.uint8]]) -> None:
    """Tell where there are no proteins to compare with, or those of something else."""
    if not changes:
        return
    if not texts:
        message = (
            "no reference proteome: peptides were compared with the germline proteins of the "
            "calls alone; name resources.genes and resources.fasta, or resources.proteome"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
        return
    begins = {change.row["wild_type"][:PREFIX] for change in changes}
    sought = {b for b in begins if len(b) == PREFIX and not b.translate(_STRANGE)}
    held = find_occurring(sought, texts)
    if len(sought) >= _FEW and len(held) < _LEAST_KNOWN * len(sought):
        message = (
            f"the reference proteome holds {len(held)} of {len(sought)} pieces of germline "
            "proteins beside the changes: it is that of another species or of few genes"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
