"""The consequence of each call that its file says nothing of."""

import warnings
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from pydantic import Field

from storiform.biomarkers.consequences.alleles import as_written
from storiform.biomarkers.consequences.effects import Annotator, Effect, speaker
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.params import Params
from storiform.model.resources import Reference, Sequence
from storiform.model.tables.dna import Calls
from storiform.model.tables.proteins import CONSEQUENCES, Consequences
from storiform.model.transcripts import GenomeTranscripts, TranscriptModels

_FEW = 0.05
"""A share of alleles that do not fit the genome above which another genome is likely."""
_FEWEST, _FEW_MISFITS = 20, 3
_SHOWN = 5
_MISFITS = frozenset({"reference_mismatch", "out_of_contig"})


class ConsequencesAnnotationParams(Params):
    """Which calls are annotated from the gene annotation and the genome."""

    always: bool = Field(
        default=False,
        description="annotate all calls, also those whose file carries consequences",
    )


class Call(NamedTuple):
    """One row of the calls: where it is, and what it changes."""

    row: int
    contig: str
    start: int
    ref: str
    alt: str
    set_aside: str


def consequences(
    calls: Calls,
    transcripts: GenomeTranscripts | None,
    reference: Reference | None,
    params: ConsequencesAnnotationParams,
) -> Consequences:
    """Find what each call does to the transcript that speaks for it.

    Within a gene MANE Select speaks, else Ensembl canonical, else the longest coding
    sequence; of several genes the one on which the consequence is gravest.

    Parameters
    ----------
    calls
        All calls of a biopsy.
    transcripts, reference
        The gene annotation and the genome; without either nothing is annotated.
    params
        Whether calls that carry a consequence are annotated too.

    Returns
    -------
    Consequences
        A call that cannot be annotated has a reason in `not_annotated`; it stops nothing.

    Raises
    ------
    InputError
        If genes or genome have none of the contigs of the calls, or no transcript codes:
        nothing would be found, and no mutation counted.

    References
    ----------
    McLaren et al., Genome Biology 17, 122 (2016), doi:10.1186/s13059-016-0974-4.
    """
    wanted = calls if params.always else calls[calls["annotation"] == "none"]
    if transcripts is None or reference is None or wanted.empty:
        return CONSEQUENCES.empty()
    if len(wanted) == len(calls):
        _refuse_other_genes(wanted, transcripts, reference)
    annotator = Annotator(transcripts, reference)
    reasons = [_reason(annotator, call) for call in rows_of(wanted)]
    effects = [
        None if reason else _speaker(annotator, call)
        for reason, call in zip(reasons, rows_of(wanted), strict=True)
    ]
    _warn_of_another_genome(reasons)
    return pd.DataFrame(
        {
            "record": wanted["record"].to_numpy(),
            "allele": wanted["allele"].to_numpy(),
            **_described(effects),
            "not_annotated": reasons,
        }
    )


def _refuse_other_genes(
    calls: pd.DataFrame, transcripts: TranscriptModels, reference: Sequence
) -> None:
    """Refuse genes or a genome of which no call can be told anything."""
    own = set(calls["contig"])
    expected = f"those of the calls, such as {min(own)}"
    for name, contigs in (
        ("resources.fasta", list(reference.contigs)),
        ("resources.genes", list(transcripts.contigs)),
    ):
        if not own & set(contigs):
            found = f"contigs {', '.join(contigs[:_SHOWN]) or 'none'}"
            remedy = "Name the file of the genome to which the calls belong."
            raise InputError(fault(name, found, expected, remedy))
    if not any(one.coding for one in transcripts):
        found, wanted = "no coding sequence", "lines of CDS"
        remedy = "Name the whole annotation, not its exons alone."
        raise InputError(fault("resources.genes", found, wanted, remedy))


def rows_of(calls: pd.DataFrame) -> Iterator[Call]:
    """Go through calls as a gene annotation needs them; missing alleles are no bases."""
    names = ("contig", "start", "ref", "alt", "set_aside")
    columns = [calls[name].to_list() for name in names]
    for row, (contig, start, ref, alt, aside) in enumerate(zip(*columns, strict=True)):
        if not isinstance(ref, str) or not isinstance(alt, str):
            yield Call(row, contig, int(start), "?", "?!", "not_bases")
            continue
        place, before, after = as_written(int(start), ref, alt)
        yield Call(row, contig, place, before, after, aside if isinstance(aside, str) else "")


def _reason(annotator: Annotator, call: Call) -> str:
    return call.set_aside or annotator.refusal(call.contig, call.start, call.ref, call.alt)


def _speaker(annotator: Annotator, call: Call) -> Effect:
    return speaker(annotator.effects(call.contig, call.start, call.ref, call.alt))


def _described(effects: list[Effect | None]) -> dict[str, list[str]]:
    return {
        "gene": [_of(e, "gene") for e in effects],
        "gene_id": [_of(e, "gene_id") for e in effects],
        "transcript": [_of(e, "name") for e in effects],
        "consequence": ["" if e is None else e.consequence for e in effects],
        "hgvsc": ["" if e is None else e.hgvsc for e in effects],
        "hgvsp": ["" if e is None else e.hgvsp for e in effects],
    }


def _of(effect: Effect | None, name: str) -> str:
    known = effect is not None and effect.transcript is not None
    return str(getattr(effect.transcript, name)) if effect is not None and known else ""


def _warn_of_another_genome(reasons: list[str]) -> None:
    misfits = sum(reason in _MISFITS for reason in reasons)
    if misfits >= _FEW_MISFITS and misfits > len(reasons) / 2:
        message = (
            f"most calls ({misfits} of {len(reasons)}) do not fit the reference of "
            "resources.fasta: is it another build, or are REF and ALT exchanged? They have no "
            "consequence, and count in no burden"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
    elif misfits >= max(_FEW * len(reasons), 1) and len(reasons) >= _FEWEST:
        message = (
            f"{misfits} of {len(reasons)} calls do not fit the genome of resources.fasta: "
            "is it that of the calls?"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
