"""A call changes the genome alike, whether a VCF or a MAF tells it."""

from hypothesis import given
from hypothesis import strategies as st

from storiform.io.maf_writer import place_alleles

BASES = st.text("ACGT", min_size=1, max_size=6)


def apply_vcf(genome: str, start: int, ref: str, alt: str) -> str:
    return genome[:start] + alt + genome[start + len(ref) :]


def apply_maf(genome: str, place: tuple[int, int, str, str]) -> str:
    """Edit by the rules of GDC: places from 1, an insertion between its two bases."""
    first, last, ref, alt = place
    new = "" if alt == "-" else alt
    if ref == "-":
        assert last == first + 1
        return genome[:first] + new + genome[first:]
    assert genome[first - 1 : last] == ref
    return genome[: first - 1] + new + genome[last:]


@given(BASES, BASES, BASES, BASES)
def test_the_edit_of_the_maf_is_that_of_the_vcf(before, ref, alt, after) -> None:
    genome = before + ref + after
    start = len(before)
    place = place_alleles(start, start + len(ref), ref, alt)
    assert apply_maf(genome, place) == apply_vcf(genome, start, ref, alt)
    if len(ref) != len(alt) and "-" not in place:
        assert place[2][0] != place[3][0]
