"""Genes' states as features, and what speaks against a diagnosis."""

import warnings

import pandas as pd
import pytest

from storiform.biomarkers.copy_number.features import (
    CopyNumberFeaturesParams,
    copy_number_discordances,
    gene_copy_states,
)
from storiform.model.errors import DataWarning
from storiform.model.histology import histology_kind
from storiform.model.tables.copy_calls import COPY_NUMBER_DISCORDANCES, GENE_COPY_STATES

PARAMS = CopyNumberFeaturesParams(
    genes=("CDK4", "MDM2", "CDKN2A"), states=("amp", "gain", "homdel", "any_loss", "loh")
)


def genes(**calls: str) -> pd.DataFrame:
    minors = {"CNLOH": 0, "HOMDEL": 0, "HETLOSS": 0, "NEUTRAL": 1}
    rows = [
        {"gene": gene, "call": call, "minor": minors.get(call), "total": 3, "log2": 0.5}
        for gene, call in calls.items()
    ]
    return pd.DataFrame(rows).astype({"minor": "Int64", "total": "Int64"})


def states(**calls: str) -> dict[str, object]:
    frame = GENE_COPY_STATES.conform(gene_copy_states(genes(**calls), PARAMS))
    return {str(name): frame[name].iloc[0] for name in frame.columns}


def test_any_loss_joins_heterozygous_and_homozygous_deletion_and_homdel_does_not() -> None:
    het = states(CDK4="NEUTRAL", MDM2="NEUTRAL", CDKN2A="HETLOSS")
    assert het["CDKN2A_any_loss"]
    assert not het["CDKN2A_homdel"]
    gone = states(CDK4="NEUTRAL", MDM2="NEUTRAL", CDKN2A="HOMDEL")
    assert gone["CDKN2A_any_loss"]
    assert gone["CDKN2A_homdel"]
    neutral = states(CDK4="NEUTRAL", MDM2="NEUTRAL", CDKN2A="CNLOH")
    assert not neutral["CDKN2A_any_loss"]
    assert neutral["CDKN2A_loh"]


def test_a_gene_that_is_gone_has_lost_the_minor_allele_too() -> None:
    silent = genes(CDK4="NEUTRAL", MDM2="GAIN", CDKN2A="HOMDEL").assign(minor=pd.NA)
    found = GENE_COPY_STATES.conform(gene_copy_states(silent, PARAMS)).iloc[0]
    assert found["CDKN2A_loh"]
    assert found["CDK4_loh"] is pd.NA


@pytest.mark.parametrize(
    ("cdk4", "mdm2", "expected"),
    [("AMP", "HIGH_AMP", True), ("AMP", "NEUTRAL", False), ("GAIN", "AMP", False)],
)
def test_coamplified_is_both(cdk4: str, mdm2: str, expected: bool) -> None:  # noqa: FBT001
    assert states(CDK4=cdk4, MDM2=mdm2, CDKN2A="NEUTRAL")["cdk4_mdm2_coamplified"] == expected


def test_unknown_is_missing_and_not_no() -> None:
    found = states(CDK4="UNKNOWN", MDM2="AMP")
    assert found["cdk4_mdm2_coamplified"] is pd.NA
    assert found["CDK4_amp"] is pd.NA
    assert found["CDKN2A_homdel"] is pd.NA, "a gene that is not in the table"
    assert found["MDM2_amp"]
    assert found["MDM2_gain"], "an amplified gene is gained too"


def discordances(histologies: dict[str, object]) -> pd.DataFrame:
    patients = list(histologies)
    flags = pd.DataFrame({"patient": patients, "biopsy": patients})
    flags["cdk4_mdm2_coamplified"] = pd.array([True] * len(patients), dtype="boolean")
    calls = pd.concat(
        [genes(CDK4="AMP", MDM2="AMP").assign(patient=p, biopsy=p) for p in patients]
    )
    clinic = pd.DataFrame({"patient": patients, "histology": list(histologies.values())})
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", DataWarning)
        found = copy_number_discordances(calls, flags, clinic)
    said = [str(one.message).split(",")[0] for one in told]
    assert said == found["patient"].tolist(), "each is warned of too"
    return COPY_NUMBER_DISCORDANCES.conform(found)


def test_only_another_soft_tissue_sarcoma_is_discordant() -> None:
    found = discordances(
        {
            "P1": "Leiomyosarcoma", "P2": "dedifferentiated liposarcoma", "P3": "melanoma",
            "P4": "synovial sarcoma", "P5": None, "P6": "intimal sarcoma", "P7": "Osteosarcoma",
        }
    )  # fmt: skip
    assert found["patient"].tolist() == ["P1", "P4"]
    assert found["finding"].iloc[0] == (
        "CDK4 (3 copies, log2 +0.50) and MDM2 (3 copies, log2 +0.50) amplified"
    )
    assert "liposarcoma" in found["suggests"].iloc[0]
    assert "no diagnosis" in found["suggests"].iloc[0]


def test_row_of_a_patient_does_not_depend_on_others() -> None:
    stated = {"P1": "leiomyosarcoma", "P2": "liposarcoma", "P3": "myxofibrosarcoma"}
    alone = [discordances({name: histology}) for name, histology in stated.items()]
    parts = pd.concat([part for part in alone if len(part)], ignore_index=True)
    assert parts["patient"].tolist() == ["P1", "P3"]
    pd.testing.assert_frame_equal(parts, discordances(stated))


def test_without_coamplification_there_is_no_row() -> None:
    flags = pd.DataFrame({"patient": ["P1", "P2"], "biopsy": ["P1", "P2"]})
    flags["cdk4_mdm2_coamplified"] = pd.array([False, None], dtype="boolean")
    clinic = pd.DataFrame({"patient": ["P1", "P2"], "histology": ["leiomyosarcoma"] * 2})
    calls = genes(CDK4="AMP").assign(patient="P1", biopsy="P1")
    found = COPY_NUMBER_DISCORDANCES.conform(copy_number_discordances(calls, flags, clinic))
    assert found.empty


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("UPS", "soft_tissue_sarcoma"), ("MPNST", "soft_tissue_sarcoma"),
        ("Undifferentiated pleomorphic sarcoma", "soft_tissue_sarcoma"),
        ("alveolar soft part sarcoma", "soft_tissue_sarcoma"), ("WDLPS", "liposarcoma"),
        ("LPS", "liposarcoma"), ("myxoid liposarcoma", "liposarcoma"),
        ("atypical lipomatous tumour", "liposarcoma"), ("Kaposi sarcoma", "other"),
        ("extraskeletal osteosarcoma", "soft_tissue_sarcoma"), ("lung adenocarcinoma", "other"),
        ("parosteal osteosarcoma", "mdm2_amplified"), ("", "other"),
        ("solitary fibrous tumor", "soft_tissue_sarcoma"), ("Ewing sarcoma", "other"),
        ("Osteogenic sarcoma", "other"), ("bone sarcoma", "other"), ("ES", "other"),
        ("extraskeletal osteogenic sarcoma", "soft_tissue_sarcoma"),
        ("leiomyosarcoma, bone metastasis", "soft_tissue_sarcoma"),
        ("Spindle cell lipoma", "other"), ("sarcomatoid mesothelioma", "other"),
        ("spindle cell sarcoma", "soft_tissue_sarcoma"), ("spindle cell melanoma", "other"),
        ("reviewed as benign", "other"), ("angiosarcoma", "soft_tissue_sarcoma"),
        ("DDLS", "liposarcoma"), ("ALT", "liposarcoma"), ("alt", "other"),
        ("lipoma-like liposarcoma", "liposarcoma"), ("GIST", "soft_tissue_sarcoma"),
        ("gastrointestinal stromal tumour", "soft_tissue_sarcoma"),
    ],
)  # fmt: skip
def test_what_a_diagnosis_says(words: str, kind: str) -> None:
    assert histology_kind(words) == kind
