"""All proteins of a gene annotation: what a peptide must not be part of to be new."""

import warnings
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from storiform.model.codons import SELENOCYSTEINE, STOP, code_of, reverse_complement
from storiform.model.errors import DataWarning
from storiform.model.resources import Reference, Sequence
from storiform.model.step import costs, only_with
from storiform.model.tables.proteins import HLA_TYPES, PROTEIN_CHANGES
from storiform.model.tables.proteome import ReferenceProteins
from storiform.model.transcripts import GenomeTranscripts, Transcript

_CODON = 3
_AT_ONCE = 2_000
_FEW = 20
_LEAST_METHIONINE = 0.5
"""Share of whole proteins that must begin with methionine; in the right bases nearly all do."""


@costs(memory_gb=4.0)
@only_with(PROTEIN_CHANGES)
@only_with(HLA_TYPES, "neoantigens need HLA alleles")
def reference_proteins(
    transcripts: GenomeTranscripts, reference: Reference
) -> ReferenceProteins:
    """Translate every coding transcript of an annotation, each sequence once.

    The coding bases are spliced and read from the first whole codon to the first stop; TGA
    is read as selenocysteine where the annotation says so, and mitochondria have their own
    code. Transcripts that lie outside of the FASTA are left out with a warning.

    Parameters
    ----------
    transcripts
        Of the GTF or GFF3.
    reference
        The genome's bases.

    Returns
    -------
    ReferenceProteins
        One row per sequence, with the first transcript that has it.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    outside = whole = with_methionine = 0
    for batch in _batches(transcripts, reference):
        for transcript, bases in batch:
            if bases is None:
                outside += 1
                continue
            protein = translate_transcript(transcript, bases)
            if not transcript.lacks_start and protein:
                whole += 1
                with_methionine += protein.startswith("M")
            if not protein or protein in names:
                continue
            is_known = transcript.name in taken
            names[protein] = f"{transcript.name} {len(names)}" if is_known else transcript.name
            taken.add(transcript.name)
    _warn(outside, len(names), whole, with_methionine)
    return pd.DataFrame({"protein": list(names.values()), "residues": list(names)})


def translate_transcript(transcript: Transcript, bases: str) -> str:
    """Translate the coding bases of a transcript to the first stop, without it.

    Parameters
    ----------
    transcript
        Its strand, phase and selenocysteines are used.
    bases
        Its coding bases on the forward strand, by place, as `transcript.coding` has them.
    """
    read = bases if transcript.is_forward else reverse_complement(bases)
    protein = code_of(transcript.contig).translate(read[transcript.phase :])
    if transcript.selenocysteines:
        residues = list(protein)
        for codon in _selenocysteines(transcript):
            if codon < len(residues) and residues[codon] == STOP:
                residues[codon] = SELENOCYSTEINE
        protein = "".join(residues)
    return protein.partition(STOP)[0]


def _selenocysteines(transcript: Transcript) -> Iterator[int]:
    """Yield the codons, from 0 in the translated bases, that code for selenocysteine."""
    places = np.concatenate([np.arange(start, end) for start, end in transcript.coding])
    if not transcript.is_forward:
        places = places[::-1]
    for lowest in transcript.selenocysteines:
        first = lowest if transcript.is_forward else lowest + _CODON - 1
        found = np.flatnonzero(places == first)
        yield from ((found - transcript.phase) // _CODON).tolist()


def _batches(
    transcripts: Iterable[Transcript], reference: Sequence
) -> Iterator[list[tuple[Transcript, str | None]]]:
    """Fetch the coding bases of many transcripts of one contig at a time."""
    lengths = reference.contigs
    waiting: list[Transcript] = []
    for transcript in transcripts:
        if not transcript.coding:
            continue
        if transcript.coding[-1][1] > lengths.get(transcript.contig, 0):
            yield [(transcript, None)]
            continue
        is_other = bool(waiting) and waiting[0].contig != transcript.contig
        if is_other or len(waiting) >= _AT_ONCE:
            yield _fetched(waiting, reference)
            waiting = []
        waiting.append(transcript)
    if waiting:
        yield _fetched(waiting, reference)


def _fetched(
    transcripts: list[Transcript], reference: Sequence
) -> list[tuple[Transcript, str | None]]:
    pieces = np.array([piece for t in transcripts for piece in t.coding], dtype=np.int64)
    bases = reference.pieces(transcripts[0].contig, pieces[:, 0], pieces[:, 1])
    text = bases.tobytes().decode("ascii")
    found: list[tuple[Transcript, str | None]] = []
    begin = 0
    for transcript in transcripts:
        end = begin + transcript.coding_length
        found.append((transcript, text[begin:end]))
        begin = end
    return found


def _warn(outside: int, proteins: int, whole: int, with_methionine: int) -> None:
    if outside:
        message = (
            f"{outside} coding transcripts of resources.genes lie on contigs or places that "
            "resources.fasta does not have: their proteins are not among the reference"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
    if not proteins:
        because = "none lies where the FASTA has bases" if outside else "the GTF has no CDS"
        message = f"resources.genes and resources.fasta give no protein: {because}"
        warnings.warn(message, DataWarning, stacklevel=3)
    elif whole >= _FEW and with_methionine < _LEAST_METHIONINE * whole:
        message = (
            f"only {with_methionine} of {whole} proteins of resources.genes begin with "
            "methionine: resources.fasta is mostly N, or another build"
        )
        warnings.warn(message, DataWarning, stacklevel=3)
