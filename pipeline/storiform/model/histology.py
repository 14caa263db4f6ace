"""What a stated diagnosis says: a liposarcoma, another soft-tissue sarcoma, or neither."""

import re
from typing import Final, Literal

Kind = Literal["liposarcoma", "mdm2_amplified", "soft_tissue_sarcoma", "other"]

_LIPOSARCOMA: Final = re.compile(
    r"liposarcom|lipomatous|\b(?:dd|wd|m|pl|dedifferentiated |well.differentiated )?lps\b|"
    r"\b(?:dd|wd)ls\b|(?-i:\bALT\b)|\balt/wd|atypical lipom",
    re.IGNORECASE,
)
_EXPECTED: Final = re.compile(
    r"intimal|parosteal|low.grade (?:central )?osteosarcoma", re.IGNORECASE
)
_BONE: Final = re.compile(
    r"osteosarcoma|osteogenic|chondrosarcoma|chordoma|ewing|\bbone\b(?! met)", re.IGNORECASE
)
_OTHER: Final = re.compile(
    r"carcinosarcoma|kaposi|melanoma|carcinoma|lymphoma|leuk|glio|myeloid sarcoma|"
    r"mesothelioma|lipoma(?!tous)",
    re.IGNORECASE,
)
_SOFT_TISSUE: Final = re.compile(
    r"sarcoma|\bsts\b|\b(?:u?lms|ups|mfh|mfs|mpnst|ssa?|asps|srcs|dsrct|sft|rms|arms|erms|"
    r"ccs|emc|ifs|lgfms|sef|dfsp|pecoma|gists?)\b|"
    r"solitary fibrous|malignant peripheral nerve sheath|fibrous histiocytoma|pecoma|"
    r"gastrointestinal stromal|small round cell|epithelioid ha?emangioendothelioma|"
    r"desmoplastic|extrarenal rhabdoid|myxoinflammatory",
    re.IGNORECASE,
)
"""No bare ES or AS: neither tells a tumour of soft tissue, and `as` is a word of any note."""


_NO_SARCOMA: Final = re.compile(
    r"melanom|carcinom|lymphom|leuk(?:a)?em|gliom|glioblastom|mesotheliom|myeloma|"
    r"neuroblastom|seminom|\b(?:nsclc|sclc|hnscc|ccrcc|rcc|crc|hcc|tnbc|aml|cll)\b",
    re.IGNORECASE,
)


def is_no_sarcoma(diagnosis: object) -> bool:
    """Tell whether a diagnosis names another tumour than a sarcoma; an empty cell does not.

    Examples
    --------
    >>> [is_no_sarcoma(d) for d in ("Cutaneous melanoma", "NSCLC", "Renal cell carcinoma")]
    [True, True, True]
    >>> [is_no_sarcoma(d) for d in ("Clear cell sarcoma (melanoma of soft parts)", "UPS", None)]
    [False, False, False]
    """
    if not isinstance(diagnosis, str) or "sarcom" in diagnosis.lower():
        return False
    return bool(_NO_SARCOMA.search(diagnosis)) and histology_kind(diagnosis) == "other"


def histology_kind(diagnosis: object) -> Kind:
    """Tell what a stated diagnosis is, by its words and usual abbreviations.

    `mdm2_amplified` are sarcomas other than liposarcoma in which amplification of MDM2 is
    expected (intimal, parosteal and low-grade central osteosarcoma). Sarcomas of bone,
    tumours that are no sarcoma and empty cells are `other`.

    Examples
    --------
    >>> [histology_kind(d) for d in ("Leiomyosarcoma", "DDLPS", "synovial sarcoma", "melanoma")]
    ['soft_tissue_sarcoma', 'liposarcoma', 'soft_tissue_sarcoma', 'other']
    >>> [histology_kind(d) for d in ("LMS", "intimal sarcoma", "osteosarcoma", None)]
    ['soft_tissue_sarcoma', 'mdm2_amplified', 'other', 'other']
    """
    if not isinstance(diagnosis, str) or not diagnosis.strip():
        return "other"
    if _LIPOSARCOMA.search(diagnosis):
        return "liposarcoma"
    if _EXPECTED.search(diagnosis):
        return "mdm2_amplified"
    is_bone = _BONE.search(diagnosis) and "extraskeletal" not in diagnosis.lower()
    if is_bone or _OTHER.search(diagnosis):
        return "other"
    return "soft_tissue_sarcoma" if _SOFT_TISSUE.search(diagnosis) else "other"
