"""Known fusions and stated histologies."""

import pandas as pd
import pytest

from storiform.biomarkers.fusions.diagnoses import _WORDS, agrees, fusion_discordances
from storiform.io.fusion_files import read_known_fusions
from storiform.io.resources import bundled
from storiform.model.errors import DataWarning
from storiform.model.tables.fusions import FUSION_DISCORDANCES


@pytest.fixture(scope="module")
def known():
    return read_known_fusions(bundled("reference/fusions/known_fusions.tsv"))


def test_every_histology_of_the_table_has_its_words_and_agrees_with_itself(known) -> None:
    names = {name for text in known["histologies"] for name in text.split(";")}
    assert names == set(_WORDS)
    assert all(agrees(name, name) for name in names)


@pytest.mark.parametrize(
    ("stated", "five", "three", "does_agree"),
    [
        ("Ewing's sarcoma", "EWSR1", "FLI1", True),
        ("extraskeletal PNET", "EWSR1", "ERG", True),
        ("undifferentiated pleomorphic sarcoma", "EWSR1", "FLI1", False),
        ("DSRCT", "EWSR1", "WT1", True),
        ("leiomyosarcoma", "EWSR1", "WT1", False),
        ("SS", "SS18", "SSX1", True),
        ("Monophasic synovial sarcoma", "SS18", "SSX2", True),
        ("MPNST", "SS18", "SSX1", False),
        ("myxoid/round cell liposarcoma", "FUS", "DDIT3", True),
        ("dedifferentiated liposarcoma", "FUS", "DDIT3", False),
        ("ARMS", "PAX3", "FOXO1", True),
        ("embryonal rhabdomyosarcoma", "PAX3", "FOXO1", False),
        ("SFT", "NAB2", "STAT6", True),
        ("hemangiopericytoma", "NAB2", "STAT6", True),
        ("DFSP with fibrosarcomatous change", "COL1A1", "PDGFB", True),
        ("angiosarcoma", "WWTR1", "CAMTA1", False),
        ("EHE", "WWTR1", "CAMTA1", True),
        ("ASPS", "ASPSCR1", "TFE3", True),
        ("extraskeletal myxoid chondrosarcoma", "EWSR1", "NR4A3", True),
        ("low grade fibromyxoid sarcoma", "FUS", "CREB3L2", True),
        ("soft tissue sarcoma", "EWSR1", "FLI1", True),
        ("Sarcoma, NOS", "SS18", "SSX1", True),
        ("undifferentiated sarcoma", "CIC", "DUX4", True),
        ("STS", "SS18", "SSX1", True),
        ("rhabdomyosarcoma, NOS", "PAX3", "FOXO1", True),
        ("alveolar RMS", "PAX3", "FOXO1", True),
        ("RMS (NOS)", "PAX3", "FOXO1", True),
        ("embryonal RMS", "PAX3", "FOXO1", False),
        ("liposarcoma, NOS", "FUS", "DDIT3", True),
        ("LPS", "FUS", "DDIT3", True),
        ("non-myxoid liposarcoma", "FUS", "DDIT3", False),
        ("liposarcoma, NOS", "SS18", "SSX1", False),
        ("high-grade sarcoma", "SS18", "SSX1", True),
        ("high-grade leiomyosarcoma", "SS18", "SSX1", False),
        ("EWS", "EWSR1", "FLI1", True),
        ("small round blue cell tumour", "EWSR1", "FLI1", True),
        ("undifferentiated round cell sarcoma", "EWSR1", "FLI1", True),
        ("desmoplastic small round cell tumour", "EWSR1", "FLI1", False),
        ("small round blue cell tumour", "SS18", "SSX1", False),
        ("non-synovial sarcoma", "SS18", "SSX1", False),
        ("non-synovial sarcoma", "EWSR1", "FLI1", True),
        ("EWSR1-non-ETS round cell sarcoma", "EWSR1", "NFATC2", True),
        ("gastrointestinal stromal sarcoma", "JAZF1", "SUZ12", False),
        ("gastrointestinal stromal tumour", "JAZF1", "SUZ12", False),
        ("stromal sarcoma", "JAZF1", "SUZ12", True),
        ("low-grade endometrial stromal sarcoma", "JAZF1", "SUZ12", True),
    ],
)  # fmt: skip
def test_usual_words_and_abbreviations_are_understood(
    known, stated, five, three, does_agree
) -> None:
    rows = known[(known["gene_5"] == five) & (known["gene_3"] == three)]
    assert agrees(stated, rows["histologies"].item()) is does_agree


def cohort(*rows):
    names = ("patient", "biopsy", "fusion", "known_fusion", "histologies", "is_confident",
             "is_best", "split_fragments")  # fmt: skip
    return pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows])


def test_a_discordance_is_a_row_and_a_warning() -> None:
    ewing = ("EWSR1::FLI1", "EWSR1::FLI1", "Ewing sarcoma")
    rows = cohort(
        ("P1", "P1a", *ewing, True, True, 9),
        ("P1", "P1a", *ewing, True, False, 3),
        ("P2", "P2a", *ewing, True, True, 9),
        ("P3", "P3a", *ewing, True, True, 9),
        ("P4", "P4a", "A::B", "", "", True, True, 9),
        ("P5", "P5a", *ewing, False, True, 1),
        ("P6", "P6a", *ewing, True, True, 1),
    )
    clinic = pd.DataFrame(
        {
            "patient": ["P1", "P2", "P3", "P4", "P5"],
            "histology": ["leiomyosarcoma", "Ewing sarcoma", None, "UPS", "UPS"],
        }
    )
    with pytest.warns(DataWarning, match="P1a, stated as leiomyosarcoma: EWSR1::FLI1 points"):
        found = FUSION_DISCORDANCES.conform(fusion_discordances(rows, clinic))
    assert found["biopsy"].tolist() == ["P1a"]
    assert found["suggested"].tolist() == ["Ewing sarcoma"]
    # a page of one patient is made from its rows alone
    with pytest.warns(DataWarning, match="P1a"):
        parts = [
            fusion_discordances(own, clinic[clinic["patient"] == patient])
            for patient, own in rows.groupby("patient")
        ]
    alone = [FUSION_DISCORDANCES.conform(part) for part in parts if len(part)]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), found)


def test_without_known_fusions_there_is_no_row() -> None:
    rows = cohort(("P4", "P4a", "A::B", "", "", True, True, 9))
    clinic = pd.DataFrame({"patient": ["P4"], "histology": ["UPS"]})
    assert FUSION_DISCORDANCES.conform(fusion_discordances(rows, clinic)).empty
