"""A release is compiled: exons found, indels kept, parts completed, the rest told why not."""

import numpy as np
import pytest
from toy_hla import EXONS, codes, release, text_of, toy_gene

from storiform.biomarkers.hla.reference import compile_reference
from storiform.model.errors import DataWarning
from storiform.model.hla_reference import GAP, MISSING, HlaReference

ROOT = toy_gene(1)
FIRST = "A*01:01:01:01"


def row(reference: HlaReference, name: str, exon: int) -> np.ndarray:
    gene = name[0]
    own = [allele for allele in reference.alleles if allele.startswith(f"{gene}*")]
    which = reference.sequence_of[gene][own.index(name), exon - 1]
    return reference.exons[gene][exon - 1].columns[which]


def exon_of(reference: HlaReference, name: str, exon: int) -> str:
    columns = row(reference, name, exon)
    return text_of(columns[columns != GAP])


def imputed(reference: HlaReference, name: str) -> list[bool]:
    own = [allele for allele in reference.alleles if allele.startswith(f"{name[0]}*")]
    return reference.imputed_of[name[0]][own.index(name)].tolist()


def test_exons_are_found_where_they_were_planted() -> None:
    for seed in range(8):
        gene = toy_gene(seed)
        reference = compile_reference(release({FIRST: gene}))
        assert [e.columns.shape for e in reference.exons["A"]] == [(1, n) for n in EXONS]
        assert [exon_of(reference, FIRST, k + 1) for k in range(6)] == gene.exons
        assert reference.exon_places[FIRST].tolist() == [list(at) for at in gene.places]
        assert not reference.left_out


def test_alleles_share_exons_that_are_alike() -> None:
    second = ROOT.changed(2, 5, 17)
    alleles = {FIRST: ROOT, "A*01:01:01:02": ROOT, "A*02:01": second}
    reference = compile_reference(release(alleles))
    assert reference.alleles == tuple(alleles)
    assert reference.genes == ("A", "A", "A")
    sequence_of = reference.sequence_of["A"]
    assert sequence_of[:, 0].tolist() == [0, 0, 0]
    assert sequence_of[:, 1].tolist() == [0, 0, 1]
    assert exon_of(reference, "A*02:01", 2) == second.exons[1]
    assert not any(exon.is_imputed.any() for exon in reference.exons["A"])


def test_insertions_have_columns_of_their_own_and_shifted_frames_are_kept() -> None:
    exon = ROOT.exons[2]
    longer = ROOT.with_exon(3, exon[:50] + "TTACGGT" + exon[50:])
    shifted = ROOT.with_exon(3, exon[:70] + exon[71:])
    alleles = {FIRST: ROOT, "A*01:02": longer, "A*01:03N": shifted}
    reference = compile_reference(release(alleles))
    assert reference.exons["A"][2].columns.shape[1] == len(exon) + 7
    assert int((row(reference, FIRST, 3) == GAP).sum()) == 7
    assert not (row(reference, "A*01:02", 3) == GAP).any()
    assert int((row(reference, "A*01:03N", 3) == GAP).sum()) == 8
    for name, allele in alleles.items():
        assert [exon_of(reference, name, k + 1) for k in range(6)] == allele.exons
        assert reference.exon_places[name].tolist() == [list(at) for at in allele.places]
    same = (row(reference, FIRST, 3) == row(reference, "A*01:03N", 3)).sum()
    assert same >= len(exon) - 1 + 7 - 1  # only the lost base differs


def test_an_allele_read_through_its_stop_keeps_what_follows() -> None:
    through = ROOT.with_exon(6, ROOT.exons[5] + "GATTACAGATTACA")
    reference = compile_reference(release({FIRST: ROOT, "A*03:01": through}))
    assert exon_of(reference, "A*03:01", 6) == through.exons[5]
    assert exon_of(reference, FIRST, 6) == ROOT.exons[5]


def test_an_insertion_at_an_exons_begin_stays_in_the_exon_that_its_gene_tells() -> None:
    inserted = ROOT.with_exon(4, "TGATTC" + ROOT.exons[3])
    reference = compile_reference(release({FIRST: ROOT, "A*01:07": inserted}))
    assert [exon_of(reference, "A*01:07", k + 1) for k in range(6)] == inserted.exons


def test_a_lost_exon_is_a_deletion_where_the_gene_tells() -> None:
    lost = ROOT.with_exon(3, "")
    reference = compile_reference(release({FIRST: ROOT, "A*05:01N": lost}))
    assert (row(reference, "A*05:01N", 3) == GAP).all()
    assert not any(imputed(reference, "A*05:01N"))
    start, end = reference.exon_places["A*05:01N"][2]
    assert start == end


def test_an_exon_that_nobody_sequenced_is_no_deletion() -> None:
    parts = "".join(ROOT.changed(2, 3).exons[:3]) + "".join(ROOT.exons[4:])
    reference = compile_reference(release({FIRST: ROOT}, {"A*01:05": parts}))
    assert imputed(reference, "A*01:05") == [False, False, False, True, False, False]
    assert exon_of(reference, "A*01:05", 4) == ROOT.exons[3]
    assert exon_of(reference, "A*01:05", 2) == ROOT.changed(2, 3).exons[1]


def test_a_long_exon_that_nobody_sequenced_is_not_bridged_by_an_insertion() -> None:
    gene = toy_gene(4, (40, 90, 95, 200, 50, 30))
    parts = "".join([*gene.exons[1:3], gene.exons[4]])
    reference = compile_reference(release({FIRST: gene}, {"A*01:05": parts}))
    assert imputed(reference, "A*01:05") == [True, False, False, True, False, True]
    assert [exon.columns.shape[1] for exon in reference.exons["A"]] == [40, 90, 95, 200, 50, 30]


def test_parts_are_completed_by_the_nearest_allele_of_the_same_first_field() -> None:
    other = ROOT.changed(1, 4).changed(2, 10, 20, 30, 40, 50, 60).changed(4, 7)
    partial = ROOT.changed(2, 10, 20, 30, 40)  # 4 from the first, 2 from the other
    given = "".join(partial.exons[1:3])
    alleles = {FIRST: ROOT, "A*02:01": other}
    for name, lender in (("A*01:09", ROOT), ("A*03:09", other), ("A*02:09", other)):
        reference = compile_reference(release(alleles, {name: given}))
        assert imputed(reference, name) == [True, False, False, True, True, True]
        assert exon_of(reference, name, 1) == lender.exons[0]
        assert exon_of(reference, name, 4) == lender.exons[3]
        assert exon_of(reference, name, 2) + exon_of(reference, name, 3) == given
        assert name not in reference.genomic


def test_a_null_allele_completes_none() -> None:
    null = ROOT.changed(2, 10).with_exon(4, ROOT.exons[3][:9] + ROOT.exons[3][13:])
    given = "".join(null.exons[1:3])
    alleles = {FIRST: ROOT, "A*01:04N": null}
    reference = compile_reference(release(alleles, {"A*01:10": given}))
    assert exon_of(reference, "A*01:10", 4) == ROOT.exons[3]


def test_an_exon_known_in_part_is_completed_and_marked() -> None:
    given = ROOT.exons[1][2:] + "".join(ROOT.exons[2:4])[:-20]
    reference = compile_reference(release({FIRST: ROOT}, {"A*01:06": given}))
    assert imputed(reference, "A*01:06") == [True, True, False, True, True, True]
    # All its exons are those of the first allele, which gives them whole.
    assert not any(exon.is_imputed.any() for exon in reference.exons["A"])
    assert reference.sequence_of["A"][1].tolist() == [0] * 6
    changed = ROOT.changed(4, 12).exons[3][:-20]
    given = "".join(ROOT.exons[1:3]) + changed
    reference = compile_reference(release({FIRST: ROOT}, {"A*01:06": given}))
    assert reference.exons["A"][3].is_imputed.tolist() == [False, True]


def test_a_part_that_inserts_bases_is_aligned_with_gaps() -> None:
    exon = ROOT.exons[2]
    given = ROOT.exons[1] + exon[:31] + "CC" + exon[31:60] + exon[64:]
    reference = compile_reference(release({FIRST: ROOT}, {"A*01:08": given}))
    assert exon_of(reference, "A*01:08", 2) + exon_of(reference, "A*01:08", 3) == given
    assert reference.exons["A"][2].columns.shape[1] == len(exon) + 2


def test_what_is_left_out_has_its_reason() -> None:
    stranger = toy_gene(99)
    coding = {"A*01:11": ROOT.exons[1], "A*01:12": stranger.coding, "A*01:13": ""}
    reference = compile_reference(release({FIRST: ROOT}, coding))
    assert reference.alleles == (FIRST,)
    assert "49% of its exons 2 and 3" in reference.left_out["A*01:11"]
    assert "like none of its gene" in reference.left_out["A*01:12"]
    assert "empty" in reference.left_out["A*01:13"]


def test_a_gene_without_any_genomic_sequence_is_left_out() -> None:
    reference = compile_reference(release({FIRST: ROOT}, {"H*01:01": ROOT.coding}))
    assert reference.alleles == (FIRST,)
    assert set(reference.exons) == {"A"}
    assert "no allele of the gene with a genomic" in reference.left_out["H*01:01"]


def test_sequences_of_two_releases_are_told() -> None:
    sequences = release({FIRST: ROOT, "A*01:02": ROOT.changed(2, 4)})
    mixed = dict(sequences.coding) | {"A*01:02": codes(ROOT.changed(2, 9).coding)}
    wrong = release({FIRST: ROOT, "A*01:02": ROOT.changed(2, 4)})
    object.__setattr__(wrong, "coding", mixed)
    with pytest.warns(DataWarning, match=r"1 genomic .* do not hold .* A\*01:02"):
        reference = compile_reference(wrong)
    assert set(reference.genomic) == {FIRST}
    assert exon_of(reference, "A*01:02", 2) == ROOT.changed(2, 9).exons[1]
    del mixed["A*01:02"]
    with pytest.warns(DataWarning, match=r"1 genomic .* have no coding sequence"):
        reference = compile_reference(wrong)
    assert reference.left_out == {"A*01:02": "the release gives no coding sequence"}


def test_unknown_bases_count_as_not_given() -> None:
    text = ROOT.exons[1][:30] + "NN" + ROOT.exons[1][32:] + ROOT.exons[2]
    reference = compile_reference(release({FIRST: ROOT}, {"A*01:14": text}))
    assert exon_of(reference, "A*01:14", 2) == ROOT.exons[1]
    assert imputed(reference, "A*01:14")[1]


def test_without_a_whole_allele_nothing_is_made_up() -> None:
    pieces = list(ROOT.pieces)
    pieces[0], pieces[1] = "", ROOT.pieces[1][15:]  # the gene begins within its first exon
    cut = type(ROOT)(tuple(pieces))
    given = "".join(ROOT.exons[1:3])
    reference = compile_reference(release({FIRST: cut}, {"A*01:15": given}))
    assert exon_of(reference, FIRST, 2) == ROOT.exons[1]
    partial = reference.sequence_of["A"][1]
    assert partial.tolist()[1:3] == [0, 0]
    assert not any((row(reference, FIRST, k + 1) == MISSING).any() for k in range(6))


def test_the_same_release_compiles_alike() -> None:
    alleles = {FIRST: ROOT} | {f"A*02:{k:02}": ROOT.changed(2, k, k + 9) for k in range(1, 9)}
    coding = {f"A*03:{k:02}": "".join(ROOT.changed(3, k).exons[1:3]) for k in range(1, 9)}
    one, two = (compile_reference(release(alleles, coding)) for _ in range(2))
    assert one.alleles == two.alleles
    for exon, other in zip(one.exons["A"], two.exons["A"], strict=True):
        assert np.array_equal(exon.columns, other.columns)
    assert np.array_equal(one.sequence_of["A"], two.sequence_of["A"])
