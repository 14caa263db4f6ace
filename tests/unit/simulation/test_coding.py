"""What planted calls do to proteins, against translations of the written genome."""

import numpy as np
import pytest

from storiform.simulation.annotation import write_annotation
from storiform.simulation.coding import effect_of, is_plain, joint_effect
from storiform.simulation.codons import THREE
from storiform.simulation.invention import invent
from storiform.simulation.people import draw_person
from storiform.simulation.reference import read_reference
from storiform.simulation.somatic import plant
from storiform.simulation.tumour_copies import draw_copies


@pytest.fixture(scope="module")
def genome():
    return invent(read_reference(9000))


@pytest.fixture(scope="module")
def written(genome, twin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("genome")
    write_annotation(folder, genome)
    return twin.read_genome(folder)


@pytest.fixture(scope="module")
def planted(genome, written, twin):
    """Return coding calls of three tumours, each with the proteins before and after it."""
    rows = []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        copies = draw_copies(genome, "quiet", "none", rng)
        person = draw_person(genome, "female", rng)
        for call in plant(genome, person, 330.0, rng, copies):
            gene = call.gene.symbol
            alleles = {(call.gene.contig, call.start): (call.ref, call.alt)}
            pair = [
                twin.proteins(one, [gene])[gene]
                for one in (written, twin.mutated(written, alleles))
            ]
            rows.append((call, *pair))
    return rows


def of_term(planted, *terms):
    found = [row for row in planted if row[0].effect.consequence in terms]
    assert len(found) >= 5
    return found


def test_substitutions_are_named_as_the_translation_has_them(planted):
    terms = ("missense_variant", "stop_gained", "synonymous_variant")
    for call, before, after in of_term(planted, *terms):
        changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert (changed == []) == (call.effect.consequence == "synonymous_variant")
        if changed:
            (place,) = changed
            names = (THREE[before[place]], THREE[after[place]])
            assert call.effect.hgvsp == f"p.{names[0]}{place + 1}{names[1]}"
            assert (after[place] == "*") == (call.effect.consequence == "stop_gained")


def test_indels_in_frame_take_or_bring_residues_and_no_stop(planted):
    for call, before, after in of_term(planted, "inframe_deletion", "inframe_insertion"):
        assert len(after) - len(before) == call.size // 3
        assert after.index("*") == len(after) - 1
        if call.size > 0:
            cut = [before == after[:n] + after[n + call.size // 3 :] for n in range(len(after))]
            assert any(cut), "residues were brought and none replaced"


def test_frameshifts_begin_with_a_residue_and_no_stop(planted):
    for _, before, after in of_term(planted, "frameshift_variant"):
        changed = next(n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b)
        assert after[changed] != "*"
        assert before[changed:-1] != after[changed:-1]


def test_calls_at_splice_sites_lie_beside_exons(planted):
    terms = ("splice_donor_variant", "splice_acceptor_variant")
    for call, before, after in of_term(planted, *terms):
        assert before == after
        edges = [place for exon in call.gene.exons for place in (exon[0] - 1, exon[1])]
        assert min(abs(call.start - edge) for edge in edges) <= 1


def test_indels_that_annotators_name_differently_are_told(genome, written, twin):
    """All indels of two codons of a gene on either strand."""
    told = {True: 0, False: 0}
    genes = [g for g in genome.genes if g.is_captured and g.coding[1]]
    for strand in "+-":
        gene = next(g for g in genes if g.strand == strand and g.coding_pieces[1:])
        low, high = max(gene.coding_pieces, key=lambda piece: piece[1] - piece[0])
        for start in range((low + high) // 2, (low + high) // 2 + 6):
            text = genome.text(gene.contig, start, start + 4)
            alts = [(text[: 1 + n], text[0]) for n in (1, 2, 3)]
            alts += [(text[0], text[0] + bases) for bases in ("A", "TAA", "TTA", "GC", "GTG")]
            for ref, alt in alts:
                alleles = {(gene.contig, start): (ref, alt)}
                before, after = (
                    twin.proteins(one, [gene.symbol])[gene.symbol]
                    for one in (written, twin.mutated(written, alleles))
                )
                plain = is_plain(genome, gene, start, ref, alt)
                assert plain == is_uncontested(before, after, len(alt) - len(ref))
                told[plain] += 1
    assert min(told.values()) >= 5


def is_uncontested(before, after, size):
    """Judge residue by residue, with all cuts tried."""
    protein = after[: after.index("*") + 1] if "*" in after else after
    first = next(n for n, (a, b) in enumerate(zip(before, protein, strict=False)) if a != b)
    if protein[first] == "*":
        return False
    if size % 3:
        return True
    if len(protein) - len(before) != size // 3:
        return False
    more = size // 3
    return size < 0 or any(
        before == protein[:n] + protein[n + more :] for n in range(len(protein))
    )


def test_two_bases_of_one_codon_have_one_effect_and_of_two_codons_none(genome):
    gene = next(g for g in genome.genes if g.is_captured and g.coding[1] and g.strand == "-")
    places = gene.transcript[slice(*gene.coding)]
    codon = next(n for n in range(20, 60) if places[3 * n] - places[3 * n + 3] == 3)
    low = int(places[3 * codon + 2])
    text = genome.text(gene.contig, low, low + 3)
    alone = effect_of(genome, gene, low + 1, text[1], "ACGT"["TGCA".index(text[1])])
    same = joint_effect(genome, gene, low + 1, "ACGT"["TGCA".index(text[1])])
    assert alone == same, "one base is as ever"
    assert joint_effect(genome, gene, low, "AC").consequence != ""
    assert joint_effect(genome, gene, low + 2, "AC").consequence == ""
    assert joint_effect(genome, gene, gene.exons[0][0] - 1, "AC").consequence == ""
