"""What germline alleles make of a transcript is self, on whatever copy it is."""

import pandas as pd
import pytest
from called_gene import GCT_GAT, GENE, START, TEXT, TGG_TCG, call, changes, phases
from invented_transcripts import Genome, Models

from storiform.biomarkers.consequences.germline_proteins import germline_proteins
from storiform.biomarkers.consequences.proteins import ConsequencesProteinsParams
from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.model.tables.proteome import GERMLINE_PROTEINS

SHIFTED = "MLKPGKNVRSDLRARVDR"


def born(one: dict[str, object], share: float = 0.5) -> dict[str, object]:
    failed = {"failed_filters": "not_pass;germline", "normal_vaf": share}
    return {**one, "is_eligible": False, **failed}


def pieces(*calls: dict[str, object], **given: object) -> list[str]:
    variants = pd.DataFrame([{"record": i, "allele": 0, **one} for i, one in enumerate(calls)])
    found = germline_proteins(
        variants, Models(GENE), Genome({"chr1": TEXT}), ConsequencesProteinsParams(), **given
    )
    return GERMLINE_PROTEINS.conform(found)["residues"].to_list()


SHIFT = born(call(2, "GG", "G"))


@pytest.mark.parametrize(
    "given",
    [{}, {"phases": phases(("S", 1), ("S", 2))}, {"phases": phases(("S", 1), ("S", 1))}],
)
def test_germline_shift_of_any_copy_is_self(given) -> None:
    (piece,) = pieces(SHIFT, TGG_TCG, **given)
    assert piece.startswith("MLKPGKN")
    assert piece == changes(SHIFT, TGG_TCG, phases=phases(("S", 1), ("S", 1)))["wild_type"][0]


def test_germline_bases_of_one_copy_are_taken_together_and_those_of_two_apart() -> None:
    calls = born(GCT_GAT), born(TGG_TCG), call(8, "A", "T")
    together = phases(("S", 1), ("S", 1), ("", None)).iloc[:2]
    assert pieces(*calls, phases=together) == ["MDETSKKR"]
    other = phases(("S", 1), ("S", 2), ("", None)).iloc[:2]
    assert pieces(*calls, phases=other) == ["MDETWKKR", "MAETSKKR"]
    assert pieces(*calls) == ["MDETWKKR", "MAETSKKR"]


def test_places_where_the_normal_differs_are_self_too() -> None:
    sites = pd.DataFrame(
        {
            "contig": "chr1", "start": [START + 4, START + 13],
            "zygosity": ["homozygous", "heterozygous"], "reference": ["C", "G"],
            "allele_1": ["A", "G"], "allele_2": ["A", "C"],
        }
    )  # fmt: skip
    found = pieces(call(8, "A", "T"), germline=sites)
    assert found == ["MDETWKKR", "MDETSKKR"]


def test_transcript_without_a_somatic_call_or_a_germline_allele_has_no_pieces() -> None:
    assert pieces(SHIFT) == []
    assert pieces(TGG_TCG) == []
    assert pieces(born(call(2, "GG", "G"), 0.05), TGG_TCG) == []


def test_peptide_that_the_other_copy_was_born_with_is_not_new() -> None:
    # The somatic loss shifts the frame as the germline loss of the other copy does.
    calls = SHIFT, call(5, "TG", "T")
    sides = phases(("S", 1), ("S", 2))
    changed = changes(*calls, phases=sides)
    variants = pd.DataFrame(
        [
            {
                "record": i, "allele": 0, "is_nonsynonymous": True,
                "mutation_class": "frameshift", "annotation": "storiform",
                "failed_filters": "", **one,
            }
            for i, one in enumerate(calls)
        ]
    )  # fmt: skip
    reference = pd.DataFrame({"protein": ["T1.1"], "residues": ["MAETWKKR"]})
    own = pd.DataFrame({"protein": ["T1.1 1"], "residues": pieces(*calls, phases=sides)})
    given = {"params": PeptideParams(), "reference_proteins": reference}
    without = set(peptides(changed, variants, **given)["peptide"])
    found = set(peptides(changed, variants, germline_proteins=own, **given)["peptide"])
    assert found < without
    assert {one for one in without if one in own["residues"][0]} == without - found
