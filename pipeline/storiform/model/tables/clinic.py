"""The clinical table of a patient."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

_COLUMNS = {
    "response": Column("string", "best overall response: CR, PR, SD, PD or NE"),
    "responded": Column(
        "nullable_bool", "CR or PR; missing where the response was not evaluable"
    ),
    "disease_control": Column("nullable_bool", "CR, PR or SD; missing where not evaluable"),
    "best_change_percent": Column(
        "float", "best change of the sum of target lesions from baseline", "%"
    ),
    "pfs_months": Column("float", "time to progression, death or last visit", "months"),
    "pfs_event": Column("nullable_bool", "whether progression or death was observed"),
    "os_months": Column("float", "time to death or last contact", "months"),
    "os_event": Column("nullable_bool", "whether death was observed"),
    "histology": Column("string", "histological diagnosis"),
    "sex": Column("string", "female or male"),
    "age_years": Column("float", "age at enrolment", "years"),
    "arm": Column("string", "treatment arm or stratum"),
}

CLINIC = Table(
    "clinic",
    grain="patient",
    description="One row per patient: response and survival as the clinical table gives them; "
    "a response that it leaves out as the lesions tell it.",
    columns=_COLUMNS,
)
Clinic = Annotated[pd.DataFrame, CLINIC]

CLINICAL_RECORD = Table(
    "clinical_record",
    grain="patient",
    description="One row per patient: response and survival as the clinical table gives them.",
    columns=_COLUMNS,
)
ClinicalRecord = Annotated[pd.DataFrame, CLINICAL_RECORD]

STATED_SEX = Table(
    "stated_sex",
    grain="patient",
    description="One row per patient whose sex the clinical table gives. It stands apart, so "
    "that a corrected response or survival makes nothing anew that rests on the sex alone.",
    columns={"sex": _COLUMNS["sex"]},
)
StatedSex = Annotated[pd.DataFrame, STATED_SEX]
