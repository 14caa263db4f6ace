"""The engine of effects against a naive cell: change the genome, splice, translate."""

import re

import numpy as np
import pandas as pd
import pytest
from invented_transcripts import (
    Genome,
    Models,
    complement,
    cut_spans,
    invented,
    naive_protein,
    random_bases,
)

from storiform.biomarkers.consequences.alleles import shortened
from storiform.biomarkers.consequences.effects import Annotator, Effect
from storiform.biomarkers.consequences.mutants import Edit, edited
from storiform.biomarkers.consequences.proteins import (
    ConsequencesProteinsParams,
    protein_changes,
)
from storiform.model.ontology import RANK
from storiform.model.tables.proteins import FLANK, PROTEIN_CHANGES
from storiform.model.transcripts import Transcript

ONE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip
SILENT = {"synonymous_variant", "stop_retained_variant"}
BESIDE = {"3_prime_UTR_variant", "splice_region_variant"}
PLACE = r"([A-Z][a-z]{2})(\d+)(?:_([A-Z][a-z]{2})(\d+))?"


def letters(names: str) -> str:
    return "".join(ONE[names[i : i + 3]] for i in range(0, len(names), 3))


def alleles(rng: np.random.Generator, contig: str, count: int):
    """Yield alleles of every class as a caller writes them."""
    for _ in range(count):
        start = int(rng.integers(150, len(contig) - 150))
        size = int(rng.integers(1, 9))
        ref = contig[start : start + size]
        kind = rng.integers(5)
        if kind == 0:
            ref, alt = ref[0], random_bases(rng, 1)
        elif kind == 1:
            alt = random_bases(rng, len(ref))
        elif kind == 2:
            alt = ref[0]
        elif kind == 3:
            alt = ref = ref[0]
            alt += random_bases(rng, size)
        else:
            alt = random_bases(rng, int(rng.integers(1, 8)))
        if alt != ref:
            yield start, ref, alt


def is_plain(transcript: Transcript, start: int, ref: str, alt: str) -> bool:
    """Tell whether an allele changes coding bases of one exon behind the start codon."""
    if not any(a <= start and start + len(ref) <= b for a, b in transcript.exons):
        return False  # what of it is left belongs to the exon or to the intron
    allele = shortened("chr1", start, ref, alt)
    low, high = allele.start, allele.end
    bases = [base for a, b in transcript.coding for base in range(a, b)]
    codon = set(bases[:3] if transcript.is_forward else bases[-3:])
    if low == high:
        is_first = low - 1 in codon and (low in codon or not transcript.is_forward)
        return low - 1 in bases and low in bases and not is_first
    return set(range(low, high)) <= set(bases) - codon


def applied(protein: str, change: str) -> str:
    """Return what a protein becomes by a change in HGVS, to its next stop."""
    change = change.removeprefix("p.")
    if found := re.fullmatch(PLACE + "=", change):
        return protein
    if found := re.fullmatch(PLACE + r"(delins|del|dup|ins)?((?:[A-Z][a-z]{2})*)", change):
        one, first, two, last, kind, new = found.groups()
        low, high = int(first) - 1, int(last or first)
        assert protein[low] == ONE[one]
        assert two is None or protein[high - 1] == ONE[two]
        added = letters(new)
        if kind == "dup":
            mutated = protein[:high] + protein[low:high] + protein[high:]
        elif kind == "ins":
            assert high == low + 2
            mutated = protein[: low + 1] + added + protein[low + 1 :]
        else:
            mutated = protein[:low] + added + protein[high:]
        return mutated[: mutated.index("*") + 1]
    raise AssertionError(change)


def check(effect: Effect, before: str, after: str) -> None:
    """Compare an effect with the proteins of the naive cell."""
    terms = set(effect.consequence.split("&"))
    change = effect.hgvsp.partition(":")[2]
    if before == after:
        assert terms & {"synonymous_variant", "stop_retained_variant"}, effect
        assert not terms & {"missense_variant", "frameshift_variant", "stop_gained"}, effect
        assert change.endswith("="), effect
        return
    assert not terms & {"synonymous_variant", "stop_retained_variant"}, effect
    first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
                 min(len(before), len(after)))  # fmt: skip
    if found := re.fullmatch(r"([A-Z][a-z]{2})(\d+)([A-Z][a-z]{2})fsTer(\d+|\?)", change[2:]):
        one, place, new, stop = found.groups()
        assert "frameshift_variant" in terms
        assert (before[first], first + 1, after[first]) == (ONE[one], int(place), ONE[new])
        end = str(len(after) - first) if after.endswith("*") else "?"
        assert stop == end
    elif found := re.fullmatch(r"Ter(\d+)([A-Z][a-z]{2})extTer(\d+|\?)", change[2:]):
        assert "stop_lost" in terms or "frameshift_variant" in terms
        assert before[first] == "*"
        assert int(found[1]) == len(before) == first + 1
        assert after[first] == ONE[found[2]]
        end = str(len(after) - 1 - first) if after.endswith("*") else "?"
        assert found[3] == end
    elif found := re.fullmatch(r".*delins((?:[A-Z][a-z]{2})+)extTer(\d+|\?)", change[2:]):
        assert "stop_lost" in terms
    else:
        assert applied(before, change) == after, effect
    if "missense_variant" in terms:
        assert len(before) == len(after)
    if "stop_gained" in terms and "frameshift_variant" not in terms:
        assert "Ter" in change


@pytest.mark.parametrize("seed", range(12))
def test_protein_changes_are_those_of_a_changed_genome(seed: int) -> None:
    rng = np.random.default_rng(seed)
    contig, transcript = invented(rng, is_forward=bool(seed % 2), exons=3 + seed % 3)
    annotator = Annotator(Models(transcript), Genome({"chr1": contig}))
    before = naive_protein(contig, transcript, [])
    checked = 0
    for start, ref, alt in alleles(rng, contig, 600):
        if not is_plain(transcript, start, ref, alt):
            continue
        effect = annotator.effects("chr1", start, ref, alt)[0]
        after = naive_protein(contig, transcript, [(start, ref, alt)])
        check(effect, before, after)
        checked += 1
    assert checked > 100


def test_alleles_about_the_stop_codon_make_the_protein_of_a_changed_genome() -> None:
    told: set[str] = set()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        contig, transcript = invented(rng, is_forward=bool(seed % 2), exons=2)
        annotator = Annotator(Models(transcript), Genome({"chr1": contig}))
        spliced = annotator.spliced.of(transcript)
        low, high = transcript.coding[0][0], transcript.coding[-1][1]
        before = naive_protein(contig, transcript, [])
        for _ in range(60):
            start = (high if transcript.is_forward else low) + int(rng.integers(-9, 9))
            ref = contig[start : start + int(rng.integers(1, 9))]
            alt = ref[0] + random_bases(rng, int(rng.integers(0, 5)))
            end = start + len(ref)
            is_inside = any(a < start and end < b for a, b in transcript.exons)
            if alt == ref or not is_inside:
                continue
            allele = shortened("chr1", start, ref, alt)
            place = spliced.span(allele.start, allele.end)
            own = allele.alt if transcript.is_forward else complement(allele.alt)
            assert place is not None
            after = naive_protein(contig, transcript, [(start, ref, alt)])
            assert edited(spliced, [Edit(*place, own)]).protein == after
            terms = set(annotator.effects("chr1", start, ref, alt)[0].consequence.split("&"))
            assert terms <= set(RANK)
            is_silent = bool(terms & SILENT) or terms == {"3_prime_UTR_variant"}
            assert is_silent == (before == after) or terms <= BESIDE, (terms, before, after)
            told |= terms
    assert {"stop_lost", "stop_retained_variant", "3_prime_UTR_variant"} <= told


def as_variants(alleles: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Return eligible calls as the step asks for them."""
    rows = [
        {
            "record": i, "allele": 0, "contig": "chr1", "start": start,
            "end": start + len(ref), "ref": ref, "alt": alt, "is_eligible": True,
            "set_aside": "", "transcript": "T1",
        }
        for i, (start, ref, alt) in enumerate(alleles)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def one_copy(count: int) -> pd.DataFrame:
    """Return phases that put all calls on the first copy of one set."""
    return pd.DataFrame(
        {
            "record": range(count), "allele": 0, "phase_set": "S", "side": 1,
            "is_homozygous": False,
        }
    )  # fmt: skip


def apart(rng: np.random.Generator, contig: str, transcript: Transcript, count: int):
    """Return alleles that touch no base, nor a neighbour, of each other."""
    found: list[tuple[int, str, str]] = []
    taken: set[int] = set()
    for start, ref, alt in alleles(rng, contig, 4000):
        span = set(range(start - 1, start + len(ref) + 1))
        if is_plain(transcript, start, ref, alt) and not span & taken:
            found.append((start, ref, alt))
            taken |= span
        if len(found) == count:
            break
    return found


@pytest.mark.parametrize("seed", range(30))
def test_alleles_of_one_copy_make_the_protein_of_a_genome_with_all_of_them(seed: int) -> None:
    rng = np.random.default_rng(1000 + seed)
    contig, transcript = invented(rng, is_forward=bool(seed % 2), codons=90)
    before = naive_protein(contig, transcript, []).rstrip("*")
    for _ in range(6):
        somatic = apart(rng, contig, transcript, int(rng.integers(2, 6)))
        after = naive_protein(contig, transcript, somatic).rstrip("*")
        changes = PROTEIN_CHANGES.conform(
            protein_changes(
                as_variants(somatic),
                Models(transcript),
                Genome({"chr1": contig}),
                ConsequencesProteinsParams(joins_neighbours=False),
                phases=one_copy(len(somatic)),
            )
        )
        told = [name for names in changes["variant_ids"] for name in names.split(";")]
        assert len(told) == len(somatic)
        if before == after:
            assert set(changes["no_peptides"]) <= {"same_protein"}
            continue
        for row in changes[changes["mutant"] != ""].to_dict("records"):
            window, place = row["mutant"], row["protein_position"] - 1
            assert window in after
            first = after.index(window) if len(window) > 20 else None
            changed = row["changed_end"] - row["changed_start"]
            if first is not None:
                assert window == after[first : first + len(window)]
            assert changed >= 0
            assert row["wild_type"] == before[max(place - FLANK, 0) :][: len(row["wild_type"])]
        new = {after[i : i + 9] for i in range(len(after) - 8)}
        new -= {before[i : i + 9] for i in range(len(before) - 8)}
        given = {
            row["mutant"][i : i + 9]
            for row in changes[changes["mutant"] != ""].to_dict("records")
            for i in range(
                max(row["changed_start"] - 8, 0),
                min(row["changed_end"], len(row["mutant"]) - 8),
            )
        }
        junctions = {
            row["mutant"][i : i + 9]
            for row in changes[changes["mutant"] != ""].to_dict("records")
            for i in range(max(row["changed_start"] - 8, 0), row["changed_start"])
            if i + 9 <= len(row["mutant"])
        }
        assert new <= given | junctions, (new - given - junctions, changes.to_dict("records"))


def test_germline_alleles_of_both_copies_belong_to_both_proteins() -> None:
    rng = np.random.default_rng(7)
    contig, transcript = invented(rng, is_forward=False, codons=90)
    genome = Genome({"chr1": contig})
    checked = 0
    for _ in range(40):
        picked = apart(rng, contig, transcript, 8)
        germline = [one for one in picked if len(one[1]) == len(one[2]) == 1]
        somatic = [one for one in picked if one not in germline][:1]
        if not germline or not somatic:
            continue
        sites = pd.DataFrame(
            {
                "contig": "chr1", "start": [one[0] for one in germline],
                "zygosity": "homozygous", "reference": [one[1] for one in germline],
                "allele_1": [one[2] for one in germline],
                "allele_2": [one[2] for one in germline],
            }
        )  # fmt: skip
        changes = protein_changes(
            as_variants(somatic), Models(transcript), genome, ConsequencesProteinsParams(),
            germline=sites,
        )  # fmt: skip
        before = naive_protein(contig, transcript, germline).rstrip("*")
        after = naive_protein(contig, transcript, [*germline, *somatic]).rstrip("*")
        if "*" in before or (changes["mutant"] == "").all():
            continue
        row = changes.iloc[0]
        assert row["mutant"] in after
        assert row["wild_type"] in before
        place = row["protein_position"] - 1
        assert before[:place] == after[:place]
        checked += 1
    assert checked > 10


@pytest.mark.parametrize("takes_substitutions", [False, True])
def test_germline_calls_of_a_copy_belong_to_both_proteins(*, takes_substitutions: bool) -> None:
    told: set[str] = set()
    checked = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        contig, transcript = invented(rng, is_forward=bool(seed % 2), codons=90)
        picked = apart(rng, contig, transcript, 8)
        born = [one for one in picked if len(one[1]) != len(one[2])][: 1 + seed % 2]
        if takes_substitutions:
            born = [one for one in picked if len(one[1]) == len(one[2])][:2] + born[:-1]
        somatic = [one for one in picked if one not in born][: 1 + seed % 3]
        variants = as_variants([*born, *somatic])
        variants["is_eligible"] = [False] * len(born) + [True] * len(somatic)
        variants["failed_filters"] = ["germline"] * len(born) + [""] * len(somatic)
        variants["normal_vaf"] = 0.5
        changes = protein_changes(
            variants, Models(transcript), Genome({"chr1": contig}),
            ConsequencesProteinsParams(joins_neighbours=False),
            phases=one_copy(len(variants)),
        )  # fmt: skip
        before = naive_protein(contig, transcript, born).rstrip("*")
        after = naive_protein(contig, transcript, [*born, *somatic]).rstrip("*")
        names = {name for ids in changes["variant_ids"] for name in ids.split(";")}
        assert len(names) == len(somatic)
        told |= set(changes["no_peptides"])
        if before == after:
            assert (changes["mutant"] == "").all()
            continue
        for row in changes[changes["mutant"] != ""].to_dict("records"):
            assert row["mutant"] in after
            assert row["wild_type"] in before
            place = int(row["protein_position"]) - 1
            begin = max(place - FLANK, 0)
            assert row["wild_type"] == before[begin : begin + len(row["wild_type"])]
            checked += 1
    assert checked > 40
    assert "" in told
    assert takes_substitutions or "behind_germline_stop" in told


def odd_transcript(rng: np.random.Generator, length: int, name: str) -> Transcript:
    """Return a transcript as no sound annotation has it: tiny exons, gaps, phases at random."""
    exons = int(rng.integers(1, 7))
    cuts = np.sort(rng.choice(length + 1, 2 * exons, replace=False)).tolist()
    spans = tuple(zip(cuts[0::2], cuts[1::2], strict=True))
    bases = [base for low, high in spans for base in range(low, high)]
    first, last = sorted(rng.choice(len(bases), 2)) if rng.random() < 0.8 else (0, -1)
    coding = tuple(cut_spans(list(spans), int(first), int(last) + 1))
    return Transcript(
        name, "G", "G1", "chr1", is_forward=bool(rng.random() < 0.5), exons=spans,
        coding=coding, phase=int(rng.integers(3)) if coding else 0,
        biotype=str(rng.choice(["protein_coding", "nonsense_mediated_decay", "lncRNA"])),
        lacks_start=bool(rng.random() < 0.3), lacks_end=bool(rng.random() < 0.3),
        selenocysteines=tuple(rng.choice(length, 2).tolist()),
    )  # fmt: skip


def test_no_allele_and_no_annotation_is_too_odd() -> None:
    told = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        text = random_bases(rng, int(rng.integers(60, 500)))
        text = text.replace(text[10:13], "NNN")
        models = Models(*(odd_transcript(rng, len(text), f"T{n}") for n in range(3)))
        genome = Genome({"chr1": text})
        annotator = Annotator(models, genome, nearby=50)
        kept = []
        for _ in range(25):
            start = int(rng.integers(len(text)))
            ref = text[start : start + int(rng.choice([1, 2, 5, 11, 200]))]
            alt = str(rng.choice([ref[0], ""])) + random_bases(rng, int(rng.integers(1, 8)))
            if annotator.refusal("chr1", start, ref, alt):
                continue
            kept.append((start, ref, alt))
            for effect in annotator.effects("chr1", start, ref, alt):
                assert set(effect.consequence.split("&")) <= set(RANK)
                told += 1
        calls = as_variants(kept)
        calls["is_eligible"] = rng.random(len(kept)) < 0.7
        calls["failed_filters"] = "germline"
        calls["normal_vaf"] = rng.random(len(kept))
        phases = one_copy(len(kept))
        phases["side"] = rng.integers(1, 3, len(kept))
        phases["is_homozygous"] = rng.random(len(kept)) < 0.2
        params = ConsequencesProteinsParams()
        found = protein_changes(calls, models, genome, params, phases=phases)
        assert len(PROTEIN_CHANGES.conform(found)) == len(found)
    assert told > 2000
