"""What a known fusion says of the diagnosis, and whether the stated one agrees."""

import re
import warnings
from collections.abc import Mapping

import pandas as pd

from storiform.model.errors import DataWarning
from storiform.model.tables.clinic import Clinic
from storiform.model.tables.fusions import FUSION_DISCORDANCES, FusionDiscordances, Fusions

_WORDS: Mapping[str, str] = {
    "Ewing sarcoma": r"ewing|\bews\b|\bpnet\b|primitive neuroectodermal|\baskin\b",
    "desmoplastic small round cell tumour": r"desmoplastic (?:small )?round|\bdsrct\b",
    "clear cell sarcoma": r"clear.cell sarcoma|\bccs\b|melanoma of soft parts",
    "gastrointestinal clear cell sarcoma": r"clear.cell sarcoma|\bgnet\b|neuroectodermal",
    "angiomatoid fibrous histiocytoma": r"angiomatoid|\bafh\b",
    "extraskeletal myxoid chondrosarcoma": r"myxoid chondrosarcoma|\bemc\b",
    "myxoid liposarcoma": r"myxoid.*lipo|round.cell lipo|\bmr?c?lps\b|\bmls\b|myxoid lps",
    "low-grade fibromyxoid sarcoma": r"fibromyxoid|\blgfms\b|\bevans\b",
    "sclerosing epithelioid fibrosarcoma": r"sclerosing epithelioid|\bsef\b",
    "synovial sarcoma": r"synovial|\bs(?:s|ynsa)\b",
    "alveolar soft part sarcoma": r"alveolar soft|\basps\b",
    "PEComa": r"pecoma|perivascular epithelioid",
    "alveolar rhabdomyosarcoma": r"alveolar (?:rhabdo|rms)|\barms\b|"
    r"fusion.positive (?:rhabdo|rms)",
    "spindle cell rhabdomyosarcoma": r"(?:spindle|sclerosing).*(?:rhabdo|\brms\b)",
    "biphenotypic sinonasal sarcoma": r"biphenotypic|sinonasal sarcoma",
    "epithelioid haemangioendothelioma": r"ha?emangioendotheliom|\behe\b",
    "pseudomyogenic haemangioendothelioma": r"pseudomyogenic|epithelioid sarcoma.like",
    "solitary fibrous tumour": r"solitary fibrous|\bsft\b|ha?emangiopericytoma",
    "dermatofibrosarcoma protuberans": r"dermatofibrosarcoma|\bdfsp\b|giant.cell fibroblastoma",
    "CIC-rearranged sarcoma": r"\bcic\b|undifferentiated.*round|ewing.like",
    "BCOR-rearranged sarcoma": r"\bbcor\b|undifferentiated.*round|ewing.like|of (?:the )?"
    r"kidney",
    "EWSR1-non-ETS round cell sarcoma": r"non.ets|\bnfatc2\b|\bpatz1\b|undifferentiated.*round|"
    r"ewing.like|round cell sarcoma",
    "endometrial stromal sarcoma": r"endometrial stromal|\b(?:lg|hg)?.?ess\b|"
    r"(?:^|uterine |^(?:low|high).grade )stromal sarcoma",
    "infantile fibrosarcoma": r"infantile|congenital fibrosarcoma|\bifs\b|\bntrk\b",
    "NTRK-rearranged spindle cell tumour": r"\bntrk\b|lipofibromatosis|infantile fibrosarcoma",
    "inflammatory myofibroblastic tumour": r"inflammatory myofibroblast|\b(?:e?imt|eims)\b",
    "epithelioid inflammatory myofibroblastic sarcoma": r"inflammatory myofibroblast|"
    r"\b(?:e?imt|eims)\b",
    "mesenchymal chondrosarcoma": r"mesenchymal chondro",
    "myoepithelial tumour": r"myoepitheli",
    "nodular fasciitis": r"nodular fasciitis|fasciitis",
    "aneurysmal bone cyst": r"aneurysmal|\babc\b",
    "tenosynovial giant cell tumour": r"tenosynovial|\bpvns\b|\btgct\b|villonodular",
    "phosphaturic mesenchymal tumour": r"phosphaturic|\bpmt\b",
    "soft tissue angiofibroma": r"angiofibroma",
    "ossifying fibromyxoid tumour": r"ossifying",
    "lipoblastoma": r"lipoblastoma",
    "gastroblastoma": r"gastroblastoma",
    "plexiform fibromyxoma": r"plexiform",
    "pericytoma with GLI1": r"pericytoma|gli1",
    "superficial CD34-positive or PRDM10 tumour": r"prdm10|superficial",
    "uterine tumour resembling ovarian sex cord tumour": r"sex.cord|utrosct",
}
"""Histology as the table of known fusions names it -> how a clinical table may write it."""
_ROUND = re.compile(
    r"^(?:undifferentiated |unclassified |malignant )*"
    r"(?:small,? (?:blue )?round (?:blue )?|(?:blue )?round )cell "
    r"(?:sarcoma|tumou?r|neoplasm)s?$"
    r"|^srb?cts?$",
    re.IGNORECASE,
)
_WHOLE: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(
        ("alveolar rhabdomyosarcoma", "spindle cell rhabdomyosarcoma"),
        re.compile(r"^(?:rhabdomyosarcoma|rms)$", re.IGNORECASE),
    ),
    "myxoid liposarcoma": re.compile(r"^(?:liposarcoma|lps)$", re.IGNORECASE),
    **dict.fromkeys(
        (
            "Ewing sarcoma", "desmoplastic small round cell tumour", "CIC-rearranged sarcoma",
            "BCOR-rearranged sarcoma", "EWSR1-non-ETS round cell sarcoma",
        ),
        _ROUND,
    ),
}  # fmt: skip
"""Histology -> the name of the group it is of, where that is all that is stated."""
_UNSPECIFIED = re.compile(
    r",? ?\(?\b(?:nos|not otherwise specified|unclassified)\b\)?$", re.IGNORECASE
)
_VAGUE = re.compile(
    r"^(?:soft.tissue |spindle.cell |undifferentiated |unclassified |other |unknown |malignant "
    r"|metastatic |advanced |recurrent |(?:high|intermediate|low).grade )*"
    r"(?:sarcomas?|sts|tumou?r|neoplasm|other|unknown|unclassified|not (?:known|stated))?$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\bnon[- ](?!ets\b)(\w+) ?", re.IGNORECASE)


def agrees(stated: str, histologies: str) -> bool:
    """Tell whether a stated diagnosis is one of those to which a fusion points.

    A diagnosis that names no entity (soft tissue sarcoma, sarcoma NOS) agrees with all, one
    that names a group (liposarcoma) with its members; none agrees with what it denies.

    Parameters
    ----------
    stated
        Diagnosis as the clinical table writes it.
    histologies
        Those to which the fusion points, joined by ``;``.

    Examples
    --------
    >>> agrees("Ewing's sarcoma", "Ewing sarcoma"), agrees("leiomyosarcoma", "Ewing sarcoma")
    (True, False)
    >>> agrees("sarcoma, NOS", "synovial sarcoma"), agrees("SFT", "solitary fibrous tumour")
    (True, True)
    >>> agrees("non-synovial sarcoma", "synovial sarcoma"), agrees("LPS", "myxoid liposarcoma")
    (False, True)
    """
    words = _UNSPECIFIED.sub("", " ".join(stated.split()))
    said, with_denied = _DENIED.sub("", words), _DENIED.sub(r"\1 ", words)
    for name in histologies.split(";"):
        if _names(name, said):
            return True
        if _names(name, with_denied):
            continue
        if _VAGUE.match(said) or (name in _WHOLE and _WHOLE[name].match(said)):
            return True
    return False


def _names(histology: str, words: str) -> bool:
    pattern = _WORDS.get(histology, re.escape(histology))
    is_there = histology.lower() in words.lower()
    return is_there or re.search(pattern, words, re.IGNORECASE) is not None


def fusion_discordances(fusions: Fusions, clinic: Clinic) -> FusionDiscordances:
    """List biopsies with a known fusion that points to another histology than the stated one.

    Parameters
    ----------
    fusions
        The junctions of all biopsies.
    clinic
        The stated histologies; a patient without one, or with one that names no entity, is
        left out.

    Returns
    -------
    FusionDiscordances
        One row per biopsy and pair of genes, of the best supported junction. Each is also a
        warning of the report.
    """
    stated = clinic.set_index("patient")["histology"]
    is_told = fusions["is_confident"] & fusions["is_best"]
    is_told &= fusions["known_fusion"].fillna("").ne("")
    rows = []
    for row in fusions[is_told].to_dict("records"):
        histology = stated.get(row["patient"])
        if not isinstance(histology, str) or agrees(histology, str(row["histologies"])):
            continue
        message = (
            f"{row['biopsy']}, stated as {histology}: {row['fusion']} points to "
            f"{str(row['histologies']).replace(';', ' or ')}. Review the diagnosis"
        )
        warnings.warn(message, DataWarning, stacklevel=2)
        rows.append(
            {
                "patient": row["patient"], "biopsy": row["biopsy"], "fusion": row["fusion"],
                "stated": histology, "suggested": row["histologies"],
                "split_fragments": row["split_fragments"],
            }
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(FUSION_DISCORDANCES.columns))
