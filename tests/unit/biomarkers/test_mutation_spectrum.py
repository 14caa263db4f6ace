"""The spectrum of substitutions, counted another way."""

from collections import Counter

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.biomarkers.mutation_spectrum import (
    SBS96,
    MutationSpectrumParams,
    mutation_spectrum,
)
from storiform.biomarkers.variants import VariantParams, variants
from storiform.io.fasta import read_fasta
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning
from storiform.model.tables.dna import VARIANTS
from storiform.model.tables.spectra import MUTATION_SPECTRUM

PARAMS = MutationSpectrumParams()
TURNED = {"A": "T", "C": "G", "G": "C", "T": "A"}


class Genome:
    """Bases of invented contigs."""

    def __init__(self, **contigs: str) -> None:
        self._contigs = contigs

    @property
    def contigs(self) -> dict[str, int]:
        """Names and lengths."""
        return {name: len(bases) for name, bases in self._contigs.items()}

    def bases(self, contig: str, start: int, end: int) -> np.ndarray:
        """Return bases as ASCII."""
        return np.frombuffer(self._contigs[contig][start:end].encode(), dtype=np.uint8)

    def pieces(self, contig: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Return the bases of several intervals."""
        places = zip(starts, ends, strict=True)
        return np.concatenate([self.bases(contig, a, b) for a, b in places])


def call(start: int, ref: str, alt: str, **changes: object) -> dict[str, object]:
    return {"start": start, "end": start + len(ref), "ref": ref, "alt": alt, **changes}


def counts(*arguments: object, params: MutationSpectrumParams = PARAMS) -> dict[str, int]:
    table = MUTATION_SPECTRUM.conform(mutation_spectrum(*arguments, params))
    return {t: n for t, n in zip(table["mutation_type"], table["mutations"], strict=True) if n}


def test_a_substitution_is_told_on_the_strand_of_its_pyrimidine(make_variants) -> None:
    genome = Genome(chr1="ACGTGA")
    calls = make_variants(call(1, "C", "T"), call(4, "G", "T"))
    assert counts(calls, genome) == {"A[C>T]G": 1, "T[C>A]A": 1}
    assert counts(calls, None) == {"C>T": 1, "C>A": 1}


def test_there_are_96_types_and_each_has_a_row(make_variants) -> None:
    assert len(set(SBS96)) == 96
    table = mutation_spectrum(make_variants(), Genome(chr1="ACGT"), PARAMS)
    table = MUTATION_SPECTRUM.conform(table)
    assert sorted(table["mutation_type"]) == sorted(SBS96)
    assert table["mutations"].sum() == 0
    assert table["fraction"].isna().all()
    assert len(mutation_spectrum(make_variants(), None, PARAMS)) == 6


def test_only_eligible_single_substitutions_of_nuclear_dna_count(make_variants) -> None:
    genome = Genome(chr1="ACACACACACACACACACACACACACACAC", chrM="ACACAC")
    calls = make_variants(
        call(1, "C", "T", consequence="intron_variant"),
        call(5, "C", "T", filter="weak"),
        call(9, "CA", "TG"),
        call(13, "C", "CA"),
        call(17, "C", "T", contig="chrM"),
        call(21, "C", "G"),
        call(22, "A", "G"),
    )
    assert counts(calls, genome) == {"A[C>T]A": 1}
    joined = MutationSpectrumParams(leaves_doublets_out=False)
    assert counts(calls, genome, params=joined) == {
        "A[C>T]A": 1, "A[C>G]A": 1, "G[T>C]G": 1,
    }  # fmt: skip


def test_calls_that_do_not_fit_the_reference_are_told(make_variants) -> None:
    genome = Genome(chr1="CACNCAC")
    calls = make_variants(
        call(0, "C", "T"), call(2, "C", "T"), call(4, "G", "T"), call(6, "C", "A"),
        call(99, "C", "A"), call(1, "C", "A", contig="chr2"),
    )  # fmt: skip
    with pytest.warns(DataWarning, match="6 of 6 substitutions are not in the spectrum"):
        assert counts(calls, genome) == {}


def test_the_spectrum_equals_an_independent_count() -> None:
    """Count from the mutated chromosome itself, on both strands, by another road."""
    random = np.random.default_rng(11)
    bases = "".join(random.choice(list("ACGT"), 40_000))
    starts = random.choice(np.arange(1, 13_000) * 3, 6000, replace=False)
    alts = [random.choice([b for b in "ACGT" if b != bases[at]]) for at in starts]
    frame = pd.DataFrame(
        {"record": range(6000), "allele": 0, "contig": "chr7", "start": starts,
         "end": starts + 1, "ref": [bases[at] for at in starts], "alt": alts,
         "in_panel_of_normals": False, "is_coding": False, "is_nonsynonymous": False,
         "is_eligible": random.random(6000) < 0.8}
    )  # fmt: skip
    calls = VARIANTS.conform(frame.reindex(columns=list(VARIANTS.columns)))
    mutated = list(bases)
    for at, alt in zip(calls["start"], calls["alt"], strict=True):
        mutated[at] = alt
    reverse = [TURNED[base] for base in reversed(bases)]
    reverse_mutated = [TURNED[base] for base in reversed(mutated)]
    expected: Counter[str] = Counter()
    for at in calls.loc[calls["is_eligible"], "start"]:
        before, after, place = bases, mutated, at
        if bases[at] in "AG":
            before, after, place = reverse, reverse_mutated, len(bases) - 1 - at
        name = f"{before[place - 1]}[{before[place]}>{after[place]}]{before[place + 1]}"
        expected[name] += 1
    assert counts(calls, Genome(chr7=bases)) == dict(expected)
    assert len(expected) == 96


def test_places_of_a_vcf_are_those_of_a_fasta(tmp_path) -> None:
    """From the files to the counts, against bases that pysam fetches."""
    random = np.random.default_rng(5)
    fasta, vcf = tmp_path / "g.fa", tmp_path / "c.vcf"
    contigs = {f"chr{n}": "".join(random.choice(list("ACGT"), 400)) for n in (1, 2)}
    lines = [f">{n}\n" + "\n".join(b[at : at + 50] for at in range(0, 400, 50))
             for n, b in contigs.items()]  # fmt: skip
    fasta.write_text("\n".join(lines) + "\n")
    pysam.faidx(str(fasta))
    expected: Counter[str] = Counter()
    rows = []
    with pysam.FastaFile(str(fasta)) as genome:
        for contig in contigs:
            for place in range(5, 396, 3):
                before, ref, after = genome.fetch(contig, place - 2, place + 1)
                alt = str(random.choice([b for b in "ACGT" if b != ref]))
                info = f"CSQ={alt}|missense_variant|G{contig}"
                rows.append(f"{contig}\t{place}\t.\t{ref}\t{alt}\t.\tPASS\t{info}\tAD\t30,30")
                if ref in "AG":
                    before, ref, alt, after = (TURNED[b] for b in (after, ref, alt, before))
                expected[f"{before}[{ref}>{alt}]{after}"] += 1
    head = (
        "##fileformat=VCFv4.2\n##contig=<ID=chr1>\n##contig=<ID=chr2>\n"
        '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL">\n'
        '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="d">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tT1\n"
    )
    vcf.write_text(head + "\n".join(rows) + "\n")
    calls = read_vcf(vcf, {"tumour_exome": "T1"}, "GRCh38")
    table = VARIANTS.conform(variants(calls, None, VariantParams()))
    assert counts(table, read_fasta(fasta)) == dict(expected)
    assert sum(expected.values()) == 262
