"""The effect of an allele on a transcript: all that VEP's fields of CSQ tell of it.

Terms, their bounds and the way of counting are those of Ensembl's VEP (release 105 and
later); where the whole protein tells more than the codons that are touched, it decides.

References
----------
McLaren et al., Genome Biology 17, 122 (2016), doi:10.1186/s13059-016-0974-4.
Eilbeck et al., Genome Biology 6, R44 (2005), doi:10.1186/gb-2005-6-5-r44.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from storiform.biomarkers.consequences.alleles import Allele, Window, refusal, shortened
from storiform.biomarkers.consequences.coding import coding_effect
from storiform.biomarkers.consequences.coding_names import named_bases
from storiform.biomarkers.consequences.forms import Forms
from storiform.biomarkers.consequences.mutants import Edit
from storiform.biomarkers.consequences.spliced import Spliced, SplicedTranscripts
from storiform.biomarkers.consequences.splicing import IntronHits, intron_hits, joined, touches
from storiform.biomarkers.consequences.substitutions import substitution
from storiform.model.codons import reverse_complement
from storiform.model.ontology import severity
from storiform.model.resources import Sequence
from storiform.model.transcripts import Transcript, TranscriptModels

NEARBY = 5000
"""How far from a transcript an allele is told to be upstream or downstream of it, bp."""

_HIGH = (
    "transcript_ablation", "splice_acceptor_variant", "splice_donor_variant", "stop_gained",
    "frameshift_variant", "stop_lost", "start_lost",
)  # fmt: skip
_MODERATE = (
    "inframe_insertion", "inframe_deletion", "missense_variant", "protein_altering_variant",
)  # fmt: skip
_LOW = (
    "splice_donor_5th_base_variant", "splice_region_variant", "splice_donor_region_variant",
    "splice_polypyrimidine_tract_variant", "incomplete_terminal_codon_variant",
    "start_retained_variant", "stop_retained_variant", "synonymous_variant",
)  # fmt: skip
IMPACTS: Mapping[str, str] = {
    **dict.fromkeys(_HIGH, "HIGH"), **dict.fromkeys(_MODERATE, "MODERATE"),
    **dict.fromkeys(_LOW, "LOW"),
}  # fmt: skip
"""Term -> impact as VEP grades it; all others are MODIFIER."""


class Effect(NamedTuple):
    """What one allele does to one transcript; texts are empty where there is nothing to tell.

    Parameters
    ----------
    transcript
        None where the allele is near no transcript.
    consequence
        Sequence Ontology terms, the gravest first, joined by ``&``.
    hgvsc, hgvsp
        With the names of transcript and protein before the colon.
    exon, intron
        Number and count, as ``5/11`` or ``5-6/11``.
    cdna_position, cds_position, protein_position
        From 1, ranges as ``12-14``, ``?`` for an end that lies outside.
    amino_acids, codons
        Before and after, parted by ``/``; changed bases in upper case.
    distance
        To the transcript, bp; None within it.
    """

    transcript: Transcript | None
    consequence: str
    hgvsc: str = ""
    hgvsp: str = ""
    exon: str = ""
    intron: str = ""
    cdna_position: str = ""
    cds_position: str = ""
    protein_position: str = ""
    amino_acids: str = ""
    codons: str = ""
    distance: int | None = None

    @property
    def impact(self) -> str:
        """HIGH, MODERATE, LOW or MODIFIER, by the gravest term."""
        return IMPACTS.get(self.consequence.partition("&")[0], "MODIFIER")

    @property
    def flags(self) -> str:
        """``cds_start_NF`` and ``cds_end_NF``, joined by ``&``."""
        if self.transcript is None:
            return ""
        marks = (
            (self.transcript.lacks_start, "cds_start_NF"),
            (self.transcript.lacks_end, "cds_end_NF"),
        )
        return "&".join(name for holds, name in marks if holds)


INTERGENIC = Effect(None, "intergenic_variant")


class Annotator:
    """Finds the effects of alleles on all transcripts near them; safe between threads.

    Parameters
    ----------
    transcripts
        Those of a gene annotation.
    reference
        The bases of the genome that the annotation and the alleles belong to.
    nearby
        How far upstream and downstream of a transcript is told, bp.
    """

    def __init__(
        self, transcripts: TranscriptModels, reference: Sequence, nearby: int = NEARBY
    ) -> None:
        self.reference, self.transcripts, self._nearby = Window(reference), transcripts, nearby
        self.spliced = SplicedTranscripts(reference)

    def refusal(self, contig: str, start: int, ref: str, alt: str) -> str:
        """Say why an allele cannot be annotated, empty where it can.

        See `storiform.biomarkers.consequences.alleles.refusal`.
        """
        return refusal(self.reference, contig, start, ref, alt)

    def effects(self, contig: str, start: int, ref: str, alt: str) -> list[Effect]:
        """Return the effects of an allele that was not refused, by transcript.

        Parameters
        ----------
        contig, start, ref, alt
            As a VCF has them, `start` 0-based.

        Returns
        -------
        list of Effect
            In the order of the annotation; one of `INTERGENIC` where none is near.
        """
        allele = shortened(contig, start, ref.upper(), alt.upper())
        low, high = allele.start - self._nearby, allele.end + self._nearby
        near = self.spliced.near(self.transcripts, contig, low, high)
        if not near:
            return [INTERGENIC]
        forms = Forms(allele, self.reference)
        if len(allele.ref) == len(allele.alt) == 1:
            return [self._of_substitution(one, forms) for one in near]
        return [
            transcript_effect(self.spliced.of(one), forms)
            if _is_within(allele, one)
            else _beside(allele, one)
            for one in near
        ]

    def _of_substitution(self, transcript: Transcript, forms: Forms) -> Effect:
        """Return the effect of a substitution, from tables where they tell it."""
        allele, exons = forms.given, transcript.exons
        position = allele.start
        if not exons[0][0] <= position < exons[-1][1]:
            return _beside(allele, transcript)
        spliced = self.spliced.of(transcript)
        fields = substitution(spliced, position, allele.ref, allele.alt)
        return (
            transcript_effect(spliced, forms)
            if fields is None
            else tuple.__new__(Effect, fields)
        )


def transcript_effect(spliced: Spliced, forms: Forms) -> Effect:
    """Return the effect of an allele on one transcript, within it or beside it.

    Parameters
    ----------
    spliced
        A transcript with its bases.
    forms
        The allele; terms and positions are those of the place where it was given, the name in
        HGVS that of its place moved to the 3' end.
    """
    allele, transcript = forms.given, spliced.transcript
    if not _is_within(allele, transcript):
        return _beside(allele, transcript)
    if allele.start <= spliced.start and allele.end >= spliced.end and not allele.alt:
        return Effect(transcript, "transcript_ablation")
    hits = intron_hits(spliced, allele.start, allele.end)
    if meets_gap(spliced, forms):
        hits = hits._replace(mends_frame=True)
    exons = _exons(spliced, allele)
    terms, texts = _within(spliced, allele, hits, exons)
    if transcript.biotype == "nonsense_mediated_decay":
        terms = (*terms, "NMD_transcript_variant")
    name = named_bases(spliced, forms.named(spliced), forms.reference)
    change = texts.get("change", "")
    return Effect(
        transcript,
        joined(terms),
        f"{transcript.name}:{name}" if name else "",
        f"{transcript.protein or transcript.name}:{change}" if change else "",
        _numbered(exons, len(spliced.starts), spliced.is_forward),
        _numbered(hits.introns, len(spliced.introns), spliced.is_forward),
        texts.get("cdna_position", ""),
        texts.get("cds_position", ""),
        texts.get("protein_position", ""),
        texts.get("amino_acids", ""),
        texts.get("codons", ""),
    )


def meets_gap(spliced: Spliced, forms: Forms) -> bool:
    """Tell whether an allele, wherever in a repeat it is put, touches a gap that mends a frame.

    Bases that are lost or doubled beside such a gap may as well be those of the gap: whether
    the RNA has them, and in which frame it is read behind, is not known.
    """
    if not spliced.mending:
        return False
    low, high = forms.along(is_forward=False).start, forms.along(is_forward=True).end
    return any(touches(low, high, *gap) for gap in spliced.mending)


def _is_within(allele: Allele, transcript: Transcript) -> bool:
    exons = transcript.exons
    start, end = exons[0][0], exons[-1][1]
    if allele.start == allele.end:
        return start < allele.start < end
    return allele.start < end and allele.end > start


def _beside(allele: Allele, transcript: Transcript) -> Effect:
    """Return the effect on a transcript that lies wholly to one side."""
    is_before = allele.end <= transcript.start
    gap = transcript.start - allele.end if is_before else allele.start - transcript.end
    distance = gap if allele.start == allele.end else gap + 1
    is_up = is_before == transcript.is_forward
    term = "upstream_gene_variant" if is_up else "downstream_gene_variant"
    return Effect(transcript, term, distance=max(distance, 0))


def _exons(spliced: Spliced, allele: Allele) -> tuple[int, int]:
    """Return the first exon that is touched, by place, and the one after the last."""
    first, behind = spliced.exons_of(allele.start, allele.end)
    if allele.start < allele.end:
        return first, behind
    first, behind = spliced.exons_of(allele.start - 1, allele.start + 1)
    return first, behind


def _numbered(numbers: tuple[int, int], count: int, is_forward: bool) -> str:  # noqa: FBT001  the strand
    first, behind = numbers
    if first >= behind:
        return ""
    low, high = (first + 1, behind) if is_forward else (count - behind + 1, count - first)
    return f"{low}/{count}" if low == high else f"{low}-{high}/{count}"


def _within(
    spliced: Spliced, allele: Allele, hits: IntronHits, exons: tuple[int, int]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the terms of an allele within a transcript, and the texts of its fields."""
    is_exonic = exons[0] < exons[1]
    if not is_exonic and not hits.mends_frame:
        further = () if spliced.is_coding else ("non_coding_transcript_variant",)
        return (*hits.terms, *further), {}
    span = spliced.span(allele.start, allele.end)
    texts = _positions(spliced, allele, span)
    if not spliced.is_coding:
        return (*hits.terms, "non_coding_transcript_exon_variant"), texts
    if span is None or hits.mends_frame:
        return _across(spliced, allele, hits, texts)
    start, end = span
    terms = [*hits.terms, *_untranslated(spliced, start, end)]
    if not is_coding_span(spliced, start, end):
        return tuple(terms), texts
    alt = allele.alt if spliced.is_forward else reverse_complement(allele.alt)
    found = coding_effect(spliced, Edit(start, end, alt))
    texts |= {
        "change": found.change, "protein_position": found.protein_position,
        "amino_acids": found.amino_acids, "codons": found.codons,
    }  # fmt: skip
    return (*terms, *found.terms), texts


def is_coding_span(spliced: Spliced, start: int, end: int) -> bool:
    """Tell whether coding bases change, or bases come between two of them."""
    if start == end:
        return spliced.coding_start < start < spliced.coding_end
    return start < spliced.coding_end and end > spliced.coding_start


def _untranslated(spliced: Spliced, start: int, end: int) -> list[str]:
    """Return the terms of untranslated bases; what comes in at their edge belongs to them."""
    found = []
    inserted = start == end
    if start < spliced.coding_start or (inserted and start == spliced.coding_start):
        found.append("5_prime_UTR_variant")
    if end > spliced.coding_end or (inserted and start == spliced.coding_end):
        found.append("3_prime_UTR_variant")
    return found


def _across(
    spliced: Spliced, allele: Allele, hits: IntronHits, texts: dict[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the terms of an allele over the edge of an exon: its protein is not told."""
    terms = set(hits.terms)
    first, behind = spliced.exons_of(allele.start, max(allele.end, allele.start + 1))
    for exon in range(first, behind):
        low = max(allele.start, spliced.starts[exon])
        high = min(max(allele.end, allele.start + 1), spliced.ends[exon])
        span = spliced.span(low, high)
        if span is None:
            continue
        terms.update(_untranslated(spliced, *span))
        if is_coding_span(spliced, *span):
            terms.add("coding_sequence_variant")
    if hits.mends_frame:
        terms.add(_term_of_gap(spliced, allele))
    return tuple(terms), texts


def _term_of_gap(spliced: Spliced, allele: Allele) -> str:
    """Return the term of an allele in a gap that only mends a frame: it counts as exon."""
    coding = spliced.transcript.coding
    if allele.start < coding[-1][1] and allele.end > coding[0][0]:
        return "coding_sequence_variant"
    is_up = (allele.end <= coding[0][0]) == spliced.is_forward
    return "5_prime_UTR_variant" if is_up else "3_prime_UTR_variant"


def _positions(
    spliced: Spliced, allele: Allele, span: tuple[int, int] | None
) -> dict[str, str]:
    """Return the fields of positions in the RNA and the coding sequence."""
    if span is None:
        ends = spliced.place(allele.start), spliced.place(allele.end - 1)
        low, high = ends if spliced.is_forward else ends[::-1]
    elif span[0] == span[1]:
        low, high = span[0] - 1, span[0]
    else:
        low, high = span[0], span[1] - 1
    texts = {"cdna_position": _from_one(low, high)}
    if spliced.is_coding:
        inside = (_within_coding(spliced, low), _within_coding(spliced, high))
        if max(inside) >= 0:
            texts["cds_position"] = _from_one(*inside)
            if span is None:
                first, last = (place // 3 if place >= 0 else -1 for place in inside)
                texts["protein_position"] = _from_one(first, last)
    return texts


def _within_coding(spliced: Spliced, place: int) -> int:
    is_inside = spliced.coding_start <= place < spliced.coding_end
    return place - spliced.coding_start + spliced.padding if is_inside else -1


def _from_one(low: int, high: int) -> str:
    if low == high:
        return str(low + 1) if low >= 0 else ""
    return "-".join(str(place + 1) if place >= 0 else "?" for place in (low, high))


def speaker(effects: Iterable[Effect]) -> Effect:
    """Choose a transcript for each gene, then the gene with the gravest consequence.

    Within a gene MANE Select speaks, else Ensembl canonical, else the longest coding
    sequence; as of consequences that a VCF carries.
    """
    genes: dict[str, Effect] = {}
    for one in effects:
        if one.transcript is None:
            continue
        name = one.transcript.gene_id or one.transcript.gene
        if name not in genes or _order(one) < _order(genes[name]):
            genes[name] = one
    if not genes:
        return INTERGENIC
    return min(genes.values(), key=lambda one: severity(one.consequence))


def _order(effect: Effect) -> tuple[object, ...]:
    return () if effect.transcript is None else effect.transcript.rank
