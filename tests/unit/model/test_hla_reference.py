"""The genes of a patient's alleles: own exons, own introns or the nearest allele's."""

import numpy as np
import pytest
from toy_hla import release, text_of, toy_gene

from storiform.biomarkers.hla.reference import compile_reference
from storiform.model.hla_reference import (
    HlaReference,
    decoy_sequences,
    personal_sequences,
)

ROOT = toy_gene(7)
FAR = ROOT.changed(2, 1, 5, 9, 13, 17, 21, 25, 29)
FAR = type(FAR)((FAR.pieces[0][:-5], *FAR.pieces[1:2], FAR.pieces[2][:9] + FAR.pieces[2][12:],
                 *FAR.pieces[3:]))  # fmt: skip
LONGER = FAR.with_exon(3, FAR.exons[2][:20] + "ACCA" + FAR.exons[2][20:])
DECOY = toy_gene(8, (30, 80, 70))


@pytest.fixture(scope="module")
def reference() -> HlaReference:
    both = {
        "A*01:01:01:01N": ROOT.changed(3, 3),
        "A*01:01:01:02": ROOT,
        "A*02:01:01": FAR,
        "H*01:01": DECOY,
        "H*02:01": DECOY.changed(2, 3),
    }
    coding = {
        "A*02:07": "".join(LONGER.exons[1:3]),
        "A*01:01:01:03": ROOT.coding,
        "A*01:05": ROOT.changed(4, 8).coding,
    }
    return compile_reference(release(both, coding))


def test_an_allele_given_whole_is_its_own_gene(reference) -> None:
    found = personal_sequences(reference, ["HLA-A*02:01", "A*01:01", "A*01:01:01:01N"])
    assert list(found) == ["HLA-A*02:01", "A*01:01", "A*01:01:01:01N"]
    own = found["HLA-A*02:01"]
    assert (own.allele, own.introns_of) == ("A*02:01:01", "")
    assert text_of(own.bases) == FAR.genomic
    assert own.exons.tolist() == [list(at) for at in FAR.places]
    assert found["A*01:01"].allele == "A*01:01:01:02"
    assert found["A*01:01:01:01N"].allele == "A*01:01:01:01N"


def test_exons_alone_are_put_between_the_nearest_introns(reference) -> None:
    own = personal_sequences(reference, ["A*02:07"])["A*02:07"]
    assert (own.allele, own.introns_of) == ("A*02:07", "A*02:01:01")
    assert text_of(own.bases) == LONGER.genomic
    assert own.exons.tolist() == [list(at) for at in LONGER.places]
    own = personal_sequences(reference, ["HLA-A*01:05"])["HLA-A*01:05"]
    assert own.introns_of == "A*01:01:01:02"
    assert text_of(own.bases) == ROOT.changed(4, 8).genomic
    pieces = [text_of(own.bases[start:end]) for start, end in own.exons]
    assert pieces == ROOT.changed(4, 8).exons


def test_names_that_the_release_lacks_are_not_there(reference) -> None:
    names = ["A*99:01", "HLA-B*07:02", "A*01", "A*02:0", "", "A*01:01:01:03"]
    assert list(personal_sequences(reference, names)) == ["A*01:01:01:03"]


def test_each_decoy_gene_has_one_allele(reference) -> None:
    found = decoy_sequences(reference)
    assert list(found) == ["H*01:01"]
    assert text_of(found["H*01:01"].bases) == DECOY.genomic
    assert np.array_equal(found["H*01:01"].exons, np.array(DECOY.places))
