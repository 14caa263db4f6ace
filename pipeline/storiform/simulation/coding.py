"""What a change of the invented genome does to its protein, in the words of VEP."""

from dataclasses import dataclass

import numpy as np

from storiform.model.shared_ends import shared_start
from storiform.simulation.codons import GENETIC_CODE, THREE
from storiform.simulation.genome import BASES, Gene, Genome, letters

_SPLICE, _SPLICE_REGION = 2, 8
_COMPLEMENT = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True)
class Effect:
    """Sequence Ontology terms, protein change (HGVS) and codons; empty where there is none."""

    consequence: str
    hgvsp: str = ""
    codons: str = ""


def effect_of(genome: Genome, gene: Gene, start: int, ref: str, alt: str) -> Effect:
    """Return what a call does to the transcript of its gene.

    Parameters
    ----------
    genome, gene
        Where it lies.
    start
        On the gene's contig, 0-based; `ref` and `alt` are as a VCF has them, on the
        forward strand.

    Returns
    -------
    Effect
        An indel must lie in one coding exon, away from its ends.
    """
    size = len(alt) - len(ref)
    at = start if size == 0 else start + 1
    found = np.flatnonzero(gene.transcript == at)
    if len(found) == 0:
        return Effect(_outside_exons(gene, at))
    place = int(found[0]) - gene.coding[0]
    coding = gene.coding[1] - gene.coding[0]
    if not 0 <= place < coding:
        return Effect("5_prime_UTR_variant" if place < 0 else "3_prime_UTR_variant")
    if size == 0:
        return _substitution(genome, gene, place, alt)
    amino = THREE[GENETIC_CODE[_codon(genome, gene, place // 3)]]
    if size % 3:
        return Effect("frameshift_variant", f"p.{amino}{place // 3 + 1}fs")
    term = "inframe_deletion" if size < 0 else "inframe_insertion"
    kind = "del" if size < 0 else "ins"
    return Effect(term, f"p.{amino}{place // 3 + 1}{kind}")


def _outside_exons(gene: Gene, at: int) -> str:
    """Return the term of a base in an intron; donors are at the 5' end of an intron."""
    distances = [(at - end + 1, "after") for _, end in gene.exons[:-1] if at >= end]
    distances += [(start - at, "before") for start, _ in gene.exons[1:] if at < start]
    if not distances or not gene.exons[0][0] <= at < gene.exons[-1][1]:
        return "intergenic_variant"
    distance, side = min(distances)
    if distance <= _SPLICE:
        is_donor = (side == "after") == (gene.strand == "+")
        return "splice_donor_variant" if is_donor else "splice_acceptor_variant"
    if distance <= _SPLICE_REGION:
        return "splice_region_variant&intron_variant"
    return "intron_variant"


def _codon(genome: Genome, gene: Gene, number: int) -> str:
    first = gene.coding[0] + 3 * number
    places = genome.first(gene.contig) + gene.transcript[first : first + 3]
    text = letters(genome.bases[places])
    return text if gene.strand == "+" else text.translate(_COMPLEMENT)


def is_plain(genome: Genome, gene: Gene, start: int, ref: str, alt: str) -> bool:
    """Return whether all schools name an indel of a coding exon alike.

    They differ where the first residue that changes is a stop, and where inserted bases also
    replace the residue in whose codon they fall.
    """
    places = np.sort(gene.transcript[slice(*gene.coding)])
    text = letters(genome.bases[genome.first(gene.contig) + places])
    at = int(np.searchsorted(places, start))
    before, after = (
        _protein(bases if gene.strand == "+" else bases.translate(_COMPLEMENT)[::-1])
        for bases in (text, text[:at] + alt + text[at + len(ref) :])
    )
    size = len(alt) - len(ref)
    shared = shared_start(before, after)
    if after[shared] == "*":
        return False
    if size % 3:
        return True
    is_whole = shared + shared_start(before[::-1], after[::-1]) >= len(before)
    return len(after) - len(before) == size // 3 and (size < 0 or is_whole)


def _protein(bases: str) -> str:
    """Translate up to and with the first stop; without one the last letter is none."""
    residues = [GENETIC_CODE[bases[at : at + 3]] for at in range(0, len(bases) - 2, 3)]
    stop = residues.index("*") if "*" in residues else len(residues)
    return "".join(residues[: stop + 1]).ljust(stop + 1, "?")


def joint_effect(genome: Genome, gene: Gene, start: int, alt: str) -> Effect:
    """Return what neighbouring substitutions of one haplotype do together.

    Parameters
    ----------
    genome, gene
        Where they lie.
    start, alt
        The first base on the gene's contig, 0-based, and all bases that stand there now, on
        the forward strand.

    Returns
    -------
    Effect
        Without a term where they do not lie in one codon.
    """
    changed = np.arange(start, start + len(alt))
    places = np.flatnonzero(np.isin(gene.transcript, changed)) - gene.coding[0]
    is_coding = places.min(initial=0) >= 0 and places.max(initial=0) < np.diff(gene.coding)[0]
    if len(places) < len(alt) or not is_coding or places[0] // 3 != places[-1] // 3:
        return Effect("")
    return _substitution(genome, gene, int(places[0]), alt)


def _substitution(genome: Genome, gene: Gene, place: int, alt: str) -> Effect:
    """Return what bases do to the codon of the place at which they begin along the gene."""
    number, at = divmod(place, 3)
    codon, to = _codon(genome, gene, number), at + len(alt)
    bases = alt if gene.strand == "+" else alt.translate(_COMPLEMENT)[::-1]
    mutated = codon[:at] + bases + codon[to:]
    before, after = GENETIC_CODE[codon], GENETIC_CODE[mutated]
    marked = "/".join(c[:at].lower() + c[at:to] + c[to:].lower() for c in (codon, mutated))
    one, two = THREE[before], THREE[after]
    if number == 0:
        return Effect("start_lost", "p.Met1?", marked)
    if before == after:
        term = "stop_retained_variant" if before == "*" else "synonymous_variant"
        return Effect(term, f"p.{one}{number + 1}=", marked)
    if before == "*":
        return Effect("stop_lost", f"p.Ter{number + 1}{two}extTer?", marked)
    term = "stop_gained" if after == "*" else "missense_variant"
    return Effect(term, f"p.{one}{number + 1}{two}", marked)


def other_base(base: str, step: int) -> str:
    """Return another base, `step` 1 to 3 further on."""
    return BASES[(BASES.index(base) + step) % 4]
