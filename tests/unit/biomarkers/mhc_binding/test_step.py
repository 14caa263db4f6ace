"""The step: which peptides are asked of which alleles, and what is told of those left out."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.mhc_binding import MhcBindingParams, mhc_binding
from storiform.io.mhc_model import read_mhc_model
from storiform.io.resources import RESOURCES, bundled
from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.tables.proteins import HLA_TYPES, MHC_ALLELES, MHC_BINDING, PEPTIDES


class Told:
    """An outside predictor that knows one allele of each class and counts nothing."""

    name, version = "outside", "4.1"
    alleles = ("HLA-A*02:01", "HLA-DRB1*15:01")

    def __init__(self):
        self.asked = []

    def support(self, allele):
        """Tell that both alleles are known, but not how well."""
        return "unknown" if allele in self.alleles else "none"

    def predict(self, peptides, alleles):
        """Give ranks alone, and remember what was asked."""
        self.asked.append((list(peptides), list(alleles)))
        values = np.full((len(alleles), len(peptides)), np.nan)
        return values, values + 1.0, values


@pytest.fixture
def ours():
    return read_mhc_model(bundled(RESOURCES["mhc_model"].default))


def peptides(*rows):
    frame = pd.DataFrame(rows, columns=["peptide", "wild_type_peptide", "mhc_class"])
    frame["variant_ids"], frame["gene"] = "chr1-1-2-A-T", "TP53"
    frame["length"], frame["change"] = frame["peptide"].str.len(), 0
    return PEPTIDES.conform(frame.reindex(columns=list(PEPTIDES.columns)))


def hla_types(*alleles):
    rows = [
        {"gene": (allele or "HLA-A*").split("*")[0].removeprefix("HLA-"), "copy": copy,
         "allele": allele, "written": allele or "A2", "source": "sheet",
         "reason": "" if allele else "low_resolution"}
        for copy, allele in enumerate(alleles, 1)
    ]  # fmt: skip
    return HLA_TYPES.conform(pd.DataFrame(rows, columns=list(HLA_TYPES.columns)))


def run(asked, types, model, **params):
    made = mhc_binding(asked, types, model, MhcBindingParams(**params))
    MHC_BINDING.conform(made.binding)
    MHC_ALLELES.conform(made.alleles)
    return made


def test_the_step_carries_its_contracts():
    step = Step.of(mhc_binding)
    assert step.section == "mhc_binding"
    assert [product.name for product in step.products] == ["mhc_binding", "mhc_alleles"]
    assert step.cost.cores == 2


def test_peptides_and_counterparts_are_scored_for_every_allele_once(ours):
    asked = peptides(("GILGFVFTL", "GILGFVFTI", "I"), ("GILGFVFTLA", None, "I"))
    types = hla_types("HLA-A*02:01", "HLA-A*02:01", "HLA-B*07:02", None)
    made = run(asked, types, ours)
    assert len(made.binding) == 3 * 2
    assert set(made.binding["peptide"]) == {"GILGFVFTL", "GILGFVFTI", "GILGFVFTLA"}
    assert made.binding["rank"].between(0, 100).all()
    assert made.alleles["allele"].tolist() == ["HLA-A*02:01", "HLA-B*07:02"]
    assert made.alleles["support"].tolist() == ["good", "good"]
    assert (made.alleles["ligands"] > 1000).all()


def test_an_allele_without_a_model_is_told_and_has_no_stand_in(ours):
    asked = peptides(("GILGFVFTL", None, "I"))
    told = r"^HLA-A\*02:999 is unknown to the predictor: there is no burden$"
    with pytest.warns(DataWarning, match=told):
        made = run(asked, hla_types("HLA-A*02:999", "HLA-DRB1*15:01"), ours)
    assert made.binding.empty
    assert made.alleles["support"].tolist() == ["none", "none"]
    assert (made.alleles["reason"] == "unknown to the predictor").all()
    assert made.alleles["affinities"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("strangers", "told"),
    [
        (["HLA-B*82:999"], "HLA-B*82:999 is unknown to the predictor"),
        (
            ["HLA-B*82:999", "HLA-A*02:999"],
            "HLA-A*02:999, HLA-B*82:999 are unknown to the predictor",
        ),
    ],
)
def test_alleles_without_a_model_are_named_in_one_warning(ours, strangers, told):
    asked = peptides(("GILGFVFTL", None, "I"))
    with pytest.warns(DataWarning) as caught:
        run(asked, hla_types("HLA-A*02:01", *strangers, "HLA-DRB1*15:01"), ours)
    assert [str(one.message) for one in caught] == [f"{told}: the burden is a lower bound"]


def test_alleles_of_class_ii_without_a_model_leave_the_burden_as_it_is(ours):
    asked = peptides(("GILGFVFTL", None, "I"))
    assert len(run(asked, hla_types("HLA-A*02:01", "HLA-DRB1*15:01"), ours).binding) == 1


def test_genes_that_are_not_classical_are_left_out(ours):
    asked = peptides(("GILGFVFTL", None, "I"), ("PKYVKQNTLKLAT", None, "II"))
    made = run(asked, hla_types("HLA-E*01:03"), ours)
    assert made.binding.empty
    assert made.alleles["reason"].tolist() == ["no classical gene of HLA"]


def test_weakly_known_alleles_are_left_out_on_request(ours):
    weak = next(name for name in ours.alleles if ours.support(name) == "weak")
    asked = peptides(("GILGFVFTL", None, "I"))
    assert len(run(asked, hla_types(weak), ours).binding) == 1
    made = run(asked, hla_types(weak), ours, min_support="moderate")
    assert made.binding.empty
    assert made.alleles["reason"].tolist() == ["support of the predictor is weak"]


def test_each_class_of_peptides_is_asked_of_its_alleles():
    model = Told()
    asked = peptides(
        ("GILGFVFTL", None, "I"),
        ("PKYVKQNTLKLAT", "PKYVKQNTLKLAS", "I;II"),
        ("PKYVKQNTLKLATGM", None, "II"),
    )
    made = run(asked, hla_types("HLA-A*02:01", "HLA-DRB1*15:01"), model)
    assert model.asked == [
        (["GILGFVFTL", "PKYVKQNTLKLAS", "PKYVKQNTLKLAT"], ["HLA-A*02:01"]),
        (["PKYVKQNTLKLAS", "PKYVKQNTLKLAT", "PKYVKQNTLKLATGM"], ["HLA-DRB1*15:01"]),
    ]
    assert len(made.binding) == 6
    assert made.alleles["predictor"].unique().tolist() == ["outside 4.1"]
    assert made.alleles["affinities"].isna().all()


@pytest.mark.parametrize("types", [hla_types(), hla_types(None)])
def test_without_alleles_the_tables_are_empty(ours, types):
    made = run(peptides(("GILGFVFTL", None, "I")), types, ours)
    assert made.binding.empty
    assert made.alleles.empty


def test_without_peptides_alleles_are_told_all_the_same(ours):
    made = run(peptides(), hla_types("HLA-A*02:01"), ours)
    assert made.binding.empty
    assert len(made.alleles) == 1
