"""The protein changes of somatic calls, on every coding transcript."""

import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd
from pydantic import Field

from storiform.biomarkers.consequences.alleles import refusal, shortened
from storiform.biomarkers.consequences.annotation import Call, rows_of
from storiform.biomarkers.consequences.germline import Germline, germline_calls
from storiform.biomarkers.consequences.haplotypes import Copy, SomaticAllele, copies
from storiform.biomarkers.consequences.inheritance import Inherited
from storiform.biomarkers.consequences.joint_changes import (
    Change,
    changes_of,
    germline_edits,
)
from storiform.biomarkers.consequences.junctions import bases_to_junction
from storiform.biomarkers.consequences.spliced import (
    Name,
    Spliced,
    SplicedTranscripts,
    name_of,
)
from storiform.model.errors import DataWarning
from storiform.model.params import Fraction, Params
from storiform.model.protein_changes import variant_id
from storiform.model.resources import Reference, without_version
from storiform.model.tables.dna import SomaticVariants
from storiform.model.tables.proteins import (
    PROTEIN_CHANGES,
    CallPhases,
    GivenProteinChanges,
    PhasedCalls,
    ProteinChanges,
)
from storiform.model.tables.reads import GermlineSites
from storiform.model.transcripts import GenomeTranscripts, Transcript, TranscriptModels

_FEW_MISFITS = 3
"""Calls that fit no genome from which they are no accident, where they are most."""


class ConsequencesProteinsParams(Params):
    """Which calls are taken to act together on one copy of a transcript."""

    joins_neighbours: bool = Field(
        default=True,
        description="take substitutions of neighbouring bases for one event where genotypes "
        "do not say otherwise",
    )
    min_germline_vaf: Fraction = Field(
        0.2,
        description="share of the normal's reads that a call rejected as germline must have, "
        "where they are known, for it to be taken into the patient's own protein",
    )
    min_homozygous_vaf: Fraction = Field(
        0.85, description="share of them from which such a call lies on both copies"
    )


def protein_changes(  # noqa: PLR0913, PLR0917  the tables from which phase is known
    variants: SomaticVariants,
    transcripts: GenomeTranscripts | None,
    reference: Reference | None,
    params: ConsequencesProteinsParams,
    given: GivenProteinChanges | None = None,
    germline: GermlineSites | None = None,
    phases: CallPhases | None = None,
    phased: PhasedCalls | None = None,
) -> ProteinChanges:
    """Build the protein of each coding transcript with the somatic alleles of one copy.

    Every coding transcript is taken, not only the one that speaks for its gene: a peptide
    may come of any. Germline substitutions on both copies, and those that reads show beside
    a somatic allele, belong to the protein before and behind the change; other heterozygous
    ones, whose copy is not known, to neither.

    Parameters
    ----------
    variants
        The calls of a biopsy; eligible ones are taken, and those of the germline, which go
        into the protein before and behind the changes of the copy on which they lie.
    transcripts, reference
        The gene annotation and the genome.
    params
        Which calls act together.
    given
        Protein changes that the VCF carries, taken where annotation or genome are missing.
    germline
        Places where the patient's normal differs from the reference.
    phases
        Copies on which calls lie by their genotypes.
    phased
        Pairs of calls, or of a call and a germline allele, that reads show on one copy.

    Returns
    -------
    ProteinChanges
        One row per change and transcript; `no_peptides` says why one gives no peptide.

    References
    ----------
    Hundal et al., Nature Genetics 51, 175-179 (2019), doi:10.1038/s41588-018-0283-9.
    """
    if transcripts is None or reference is None:
        return PROTEIN_CHANGES.empty() if given is None else given
    alleles, rows = acting_alleles(variants, reference, phases, params)
    reported = [name if isinstance(name, str) else "" for name in variants["transcript"]]
    fits = {one.row for one in alleles if not one.is_germline}
    _warn_of_misfits([row.first_row for row in rows], fits, reported)
    spliced = SplicedTranscripts(reference)
    maker = _Maker(spliced, germline, seen_pairs(phased), params)
    for transcript, own in by_transcript(alleles, transcripts, spliced):
        rows += maker.rows(transcript, own)
    if not rows:
        return PROTEIN_CHANGES.empty()
    return _table(rows, reported)


class _Row(NamedTuple):
    """A change on a transcript; `copy` tells apart changes of the same calls.

    `germline_phase`: how its germline alleles are known to be beside it. `beside` are other
    somatic calls that change the protein of its copy.
    """

    names: tuple[str, ...]
    first_row: int
    copy: str
    transcript: Transcript | None
    change: Change | None
    germline: tuple[str, ...] = ()
    germline_phase: str = ""
    beside: tuple[str, ...] = ()
    bases_to_junction: int | None = None


def acting_alleles(
    variants: pd.DataFrame,
    reference: Reference,
    phases: pd.DataFrame | None,
    params: ConsequencesProteinsParams,
) -> tuple[list[SomaticAllele], list[_Row]]:
    """Return the alleles that act, and a row for each eligible one that fits no genome."""
    known = _phases(phases)
    born = germline_calls(variants, params.min_germline_vaf, params.min_homozygous_vaf)
    names, records = _names(variants), _records(variants)
    found: list[SomaticAllele] = []
    misfits: list[_Row] = []
    eligible = variants["is_eligible"].to_list()
    for call in rows_of(variants):
        is_born = call.row in born
        if not eligible[call.row] and not is_born:
            continue
        reason = _refusal(call, reference)
        if not reason:
            allele = shortened(call.contig, call.start, call.ref.upper(), call.alt.upper())
            phase = known.get(records[call.row], ("", 0, False))
            if born.get(call.row):
                phase = "", 0, True
            found.append(SomaticAllele(names[call.row], allele, call.row, *phase, is_born))
        elif reason == "reference_mismatch" and not is_born:
            misfits.append(_Row((names[call.row],), call.row, "", None, None))
    return found, misfits


def _warn_of_misfits(
    misfits: Iterable[int], fits: Iterable[int], reported: Sequence[str]
) -> None:
    """Tell that most calls are not of this genome: of them no protein is made.

    Of calls without a transcript, those that were annotated here, the step before has told.
    """
    unfit, fit = (sum(bool(reported[row]) for row in rows) for rows in (misfits, fits))
    if unfit >= _FEW_MISFITS and unfit > fit:
        message = (
            f"most eligible calls of genes ({unfit} of {unfit + fit}) do not fit the reference "
            "of resources.fasta: is it another build, or are REF and ALT exchanged? No protein "
            "is made of them, and a burden of neoantigens lacks theirs"
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _refusal(call: Call, reference: Reference) -> str:
    return call.set_aside or refusal(reference, call.contig, call.start, call.ref, call.alt)


def _names(variants: pd.DataFrame) -> list[str]:
    columns = [variants[n].to_list() for n in ("contig", "start", "end", "ref", "alt")]
    return [variant_id(*values) for values in zip(*columns, strict=True)]


def _records(variants: pd.DataFrame) -> list[tuple[int, int]]:
    return list(zip(variants["record"].to_list(), variants["allele"].to_list(), strict=True))


def _phases(phases: pd.DataFrame | None) -> dict[tuple[int, int], tuple[str, int, bool]]:
    if phases is None:
        return {}
    names = ("record", "allele", "phase_set", "side", "is_homozygous")
    columns = [phases[name].to_list() for name in names]
    found = {}
    for record, allele, group, side, is_both in zip(*columns, strict=True):
        is_placed = isinstance(group, str) and group != "" and not pd.isna(side)
        place = (group, int(side)) if is_placed else ("", 0)
        found[record, allele] = (*place, bool(is_both))
    return found


class SeenPairs(NamedTuple):
    """Pairs of calls that reads show on one copy, and on two."""

    together: tuple[tuple[str, str], ...] = ()
    apart: frozenset[tuple[str, str]] = frozenset()


def seen_pairs(phased: pd.DataFrame | None) -> SeenPairs:
    """Return what the table `phased_calls` says of pairs of calls."""
    if phased is None:
        return SeenPairs()
    verdicts = phased["is_one_copy"].astype("boolean")
    pairs = list(zip(phased["variant_1"].to_list(), phased["variant_2"].to_list(), strict=True))
    is_one, is_two = verdicts.fillna(value=False), ~verdicts.fillna(value=True)
    together = tuple(pair for pair, holds in zip(pairs, is_one, strict=True) if holds)
    return SeenPairs(
        together, frozenset(p for p, holds in zip(pairs, is_two, strict=True) if holds)
    )


def by_transcript(
    alleles: Iterable[SomaticAllele],
    models: TranscriptModels,
    spliced: SplicedTranscripts,
) -> list[tuple[Transcript, list[SomaticAllele]]]:
    """Return the coding transcripts that alleles touch, each with its alleles."""
    found: dict[Name, tuple[Transcript, list[SomaticAllele]]] = {}
    for one in alleles:
        allele = one.allele
        start = allele.start - (allele.start == allele.end)
        for transcript in spliced.near(models, allele.contig, start, allele.end + 1):
            if transcript.coding:
                found.setdefault(name_of(transcript), (transcript, []))[1].append(one)
    return list(found.values())


class _Maker:
    """Makes the rows of one transcript after the other."""

    def __init__(
        self,
        spliced: SplicedTranscripts,
        germline: pd.DataFrame | None,
        seen: SeenPairs,
        params: ConsequencesProteinsParams,
    ) -> None:
        self._spliced, self._params = spliced, params
        self._germline = Germline(germline, spliced.reference, seen.together)
        self._seen = seen._replace(together=seen.together + self._germline.joined)

    def rows(self, transcript: Transcript, alleles: Sequence[SomaticAllele]) -> list[_Row]:
        """Return the changes that alleles make of a transcript."""
        if all(one.is_germline for one in alleles):
            return []
        spliced = self._spliced.of(transcript)
        joins = self._params.joins_neighbours
        own = copies(alleles, *self._seen, joins_neighbours=joins)
        found: list[_Row] = []
        for copy in own:
            born = self._inherited(spliced, copy)
            changes = changes_of(born.spliced, copy, self._spliced.reference)
            made = [self._row(born, change, copy) for change in changes]
            found += [row._replace(beside=_beside(row, made)) for row in made]
        return _told_once(found)

    def _inherited(self, spliced: Spliced, copy: Copy) -> Inherited:
        """Return a copy of a transcript without its somatic alleles."""
        sites, person = self._germline.of(spliced, copy), spliced
        if sites:
            person = spliced.with_substitutions({p: alt for p, (_, alt) in sites.items()})
        indels = germline_edits(person, copy, self._spliced.reference)
        return Inherited(spliced, person, sites, indels)

    def _row(self, born: Inherited, change: Change, copy: Copy) -> _Row:
        acting = born.acting(change)
        if change.reason == "same_protein" and (stop := born.stop_before(change)):
            acting, change = stop, change._replace(reason="behind_germline_stop")
        phase = self._germline_phase(copy, acting)
        first = min(one.row for one in change.alleles)
        names = tuple(one.name for one in _in_place(change.alleles))
        row = _Row(names, first, _label(copy), born.spliced.transcript, change, acting, phase)
        distance = bases_to_junction(born.spliced, change, born.edits)
        return row._replace(bases_to_junction=distance)

    def _germline_phase(self, copy: Copy, acting: Sequence[str]) -> str:
        """Say how germline alleles are known to lie on a copy, the least sure of them."""
        called = [one for one in copy.germline if one.name in acting]
        if any(self._germline.is_beside(copy, name) for name in acting):
            return "reads"
        if any(not one.is_homozygous for one in called):
            return copy.phase
        return "homozygous"


def _beside(row: _Row, made: Sequence[_Row]) -> tuple[str, ...]:
    """Return the calls of a copy that change its protein too, apart from those of a row."""
    others = (other for other in made if other.change is not None and other.change.window)
    names = dict.fromkeys(name for other in others for name in other.names)
    return tuple(name for name in names if name not in row.names)


def _in_place(alleles: Iterable[SomaticAllele]) -> list[SomaticAllele]:
    return sorted(alleles, key=lambda one: (one.allele.start, one.allele.end, one.name))


def _label(copy: Copy) -> str:
    """Name a copy by its alleles, so that one change on two copies is two."""
    return ";".join(one.name for one in _in_place(copy.alleles))


def _told_once(rows: Sequence[_Row]) -> list[_Row]:
    """Leave out changes that two copies make alike."""
    kept: dict[object, _Row] = {}
    for row in rows:
        window = row.change.window if row.change is not None else None
        kept.setdefault((row.names, window), row)
    names = [row.names for row in kept.values()]
    return [row._replace(copy="" if names.count(row.names) == 1 else row.copy)
            for row in kept.values()]  # fmt: skip


def _table(rows: Sequence[_Row], reported: Sequence[str]) -> pd.DataFrame:
    """Make the table of all rows, changes numbered in the order of their calls."""
    keys = sorted({(row.first_row, row.names, row.copy) for row in rows})
    numbers = {key: number for number, key in enumerate(keys)}
    speakers = _speakers(rows, reported)
    return pd.DataFrame(
        [
            _cells(row, numbers[row.first_row, row.names, row.copy], place in speakers)
            for place, row in enumerate(rows)
        ],
        columns=list(PROTEIN_CHANGES.columns),
    )


def _speakers(rows: Sequence[_Row], reported: Sequence[str]) -> frozenset[int]:
    """Return the places of the rows whose transcript speaks for its gene.

    The transcript that the table of the calls reports, where it is one of the gene's; else
    that which comes first by MANE Select, canonical, and length.
    """
    best: dict[object, tuple[tuple[object, ...], int]] = {}
    for place, row in enumerate(rows):
        if row.transcript is None:
            continue
        told = without_version(reported[row.first_row])
        is_told = bool(told) and without_version(row.transcript.name) == told
        order = (not is_told, *row.transcript.rank)
        key = (row.names, row.copy, row.transcript.gene_id or row.transcript.gene)
        if key not in best or order < best[key][0]:
            best[key] = (order, place)
    return frozenset(place for _, place in best.values())


def _cells(row: _Row, number: int, speaks: bool) -> dict[str, object]:  # noqa: FBT001  a column
    change, transcript = row.change, row.transcript
    cells: dict[str, object] = dict.fromkeys(PROTEIN_CHANGES.columns)
    cells |= {
        "wild_type": "", "mutant": "",
        "change": number, "variant_ids": ";".join(row.names), "source": "storiform",
        "beside_ids": ";".join(row.beside), "bases_to_junction": row.bases_to_junction,
        "germline_ids": ";".join(row.germline), "speaks_for_gene": speaks,
    }  # fmt: skip
    if change is None or transcript is None:
        empty = ("transcript", "gene", "gene_id", "consequence", "hgvsc", "hgvsp")
        return cells | dict.fromkeys(empty, "") | {
            "phase": "alone", "no_peptides": "reference_mismatch"
        }  # fmt: skip
    cells |= {
        "transcript": transcript.name, "gene": transcript.gene, "gene_id": transcript.gene_id,
        "phase": _phase(change, row), "consequence": change.consequence,
        "hgvsc": change.hgvsc, "hgvsp": change.hgvsp, "is_in_frame": change.is_in_frame,
        "no_peptides": change.reason,
    }  # fmt: skip
    if change.window is not None:
        cells |= change.window._asdict()
    return cells


def _phase(change: Change, row: _Row) -> str:
    if change.phase in {"", "alone"} and row.germline:
        return row.germline_phase
    return change.phase or "alone"
