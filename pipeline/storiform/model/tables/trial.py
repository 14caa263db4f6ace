"""What a trial's own files tell of its patients: lesions, doses, adverse events, laboratory.

Days are counted from the first dose, day 0; what was measured before has a negative day.
"""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

LESIONS = Table(
    "lesions",
    grain="patient",
    description="One row per lesion and assessment, as the file of lesions gives it.",
    key=("lesion", "day"),
    columns={
        "lesion": Column("string", "name of the lesion, unique in the patient"),
        "role": Column("string", "target, non-target or new"),
        "site": Column("string", "organ or region, missing where it is not told"),
        "day": Column("float", "day of the assessment from the first dose", "days"),
        "diameter_mm": Column(
            "float", "longest diameter, of a lymph node the short axis", "mm"
        ),
        "perpendicular_mm": Column(
            "float", "longest diameter perpendicular to it, for irRC", "mm"
        ),
        "is_node": Column("nullable_bool", "whether the lesion is a lymph node"),
        "status": Column(
            "string",
            "of a non-target lesion: CR, non-CR/non-PD, PD or NE; of any other: too small to "
            "measure as `too small`, CR or NE",
        ),
    },
)
Lesions = Annotated[pd.DataFrame, LESIONS]

ASSESSMENTS = Table(
    "assessments",
    grain="patient",
    description="One row per assessment of a patient's lesions.",
    key=("day",),
    columns={
        "day": Column("float", "day of the assessment from the first dose", "days"),
        "is_baseline": Column("bool", "whether changes are counted from this assessment"),
        "sum_mm": Column("float", "sum of the diameters of the target lesions", "mm"),
        "change_percent": Column("float", "change of the sum from baseline", "%"),
        "nadir_change_percent": Column(
            "float", "change of the sum from the smallest before", "%"
        ),
        "target_response": Column("string", "of the target lesions, by RECIST 1.1"),
        "non_target_response": Column("string", "of the non-target lesions, by RECIST 1.1"),
        "has_new_lesion": Column("bool", "whether a new lesion was seen up to this day"),
        "response": Column(
            "string",
            "of the assessment, RECIST 1.1: CR, PR, SD, PD or NE; non-CR/non-PD where there is "
            "no target lesion; missing at baseline",
        ),
        "sum_products_mm2": Column(
            "float", "tumour burden of irRC, sum of the products of two diameters", "mm^2"
        ),
        "ir_change_percent": Column("float", "change of the burden of irRC from baseline", "%"),
        "ir_response": Column("string", "of the assessment, irRC: irCR, irPR, irSD, irPD, NE"),
    },
    version=2,
)
Assessments = Annotated[pd.DataFrame, ASSESSMENTS]

BEST_RESPONSE = Table(
    "best_response",
    grain="patient",
    description="Best overall response of a patient from the assessments of lesions.",
    columns={
        "response": Column("string", "best overall response, RECIST 1.1, confirmed"),
        "response_unconfirmed": Column("string", "best response of any assessment"),
        "ir_response": Column(
            "string", "best overall response by irRC, progression confirmed; missing without "
            "two diameters",
        ),
        "best_change_percent": Column(
            "float", "smallest change of the sum of target lesions from baseline", "%"
        ),
        "time_to_response_months": Column(
            "float", "first dose to the first assessment of the confirmed response", "months"
        ),
        "duration_of_response_months": Column(
            "float", "that assessment to progression, death or last assessment", "months"
        ),
        "duration_event": Column(
            "nullable_bool", "whether progression or death ended the response"
        ),
        "progression_months": Column("float", "first dose to progression", "months"),
        "n_assessments": Column("int", "assessments after baseline", "assessments"),
        "note": Column("string", "what limits the response; else empty"),
    },
)  # fmt: skip
BestResponse = Annotated[pd.DataFrame, BEST_RESPONSE]

DOSES = Table(
    "doses",
    grain="patient",
    description="One row per drug and time on one dose, as the file of doses gives it.",
    key=("drug", "start_day"),
    columns={
        "drug": Column("string", "name of the drug"),
        "start_day": Column("float", "first day on the dose", "days"),
        "end_day": Column("float", "last day on the dose; missing while it goes on", "days"),
        "dose": Column("float", "dose as given, 0 while it is held"),
        "planned_dose": Column("float", "dose of the protocol"),
        "unit": Column("string", "unit of both doses, such as mg/day or mg/4 weeks"),
        "reason": Column("string", "why this dose ended: adverse event, progression ..."),
    },
)
Doses = Annotated[pd.DataFrame, DOSES]

EXPOSURE = Table(
    "exposure",
    grain="patient",
    description="One row per drug of a patient.",
    key=("drug",),
    columns={
        "drug": Column("string", "name of the drug"),
        "start_months": Column("float", "first dose of this drug", "months"),
        "end_months": Column("float", "last dose, or last day known", "months"),
        "treatment_months": Column("float", "duration of treatment", "months"),
        "is_ongoing": Column("bool", "whether treatment went on at the last day known"),
        "dose_intensity_percent": Column("float", "dose given of the dose planned", "%"),
        "lowest_dose": Column("float", "lowest dose given but for holds"),
        "unit": Column("string", "unit of the dose"),
        "first_reduction_months": Column(
            "float", "first dose to the first reduction; missing without one", "months"
        ),
        "end_reason": Column("string", "why treatment ended; missing where it is not told"),
    },
)
Exposure = Annotated[pd.DataFrame, EXPOSURE]

ADVERSE_EVENTS = Table(
    "adverse_events",
    grain="patient",
    description="One row per adverse event, as the file of adverse events gives it.",
    key=("row",),
    columns={
        "row": Column("int", "row of the file"),
        "term": Column("string", "preferred term, such as Fatigue"),
        "grade": Column("int", "grade by CTCAE, 1 to 5"),
        "is_related": Column("nullable_bool", "whether it is put down to the treatment"),
        "drug": Column("string", "drug that it is put down to; missing where not told"),
        "day": Column("float", "day of onset from the first dose", "days"),
        "action": Column("string", "what was done with the dose; missing where not told"),
    },
)
AdverseEvents = Annotated[pd.DataFrame, ADVERSE_EVENTS]

LABORATORY = Table(
    "laboratory",
    grain="patient",
    description="One row per laboratory test and day, as the file of laboratory values has it.",
    key=("test", "day"),
    columns={
        "test": Column("string", "name of the test"),
        "day": Column("float", "day from the first dose", "days"),
        "value": Column("float", "the value"),
        "unit": Column("string", "its unit"),
        "lower_limit": Column("float", "lower limit of normal, missing where not told"),
        "upper_limit": Column("float", "upper limit of normal, missing where not told"),
    },
)
Laboratory = Annotated[pd.DataFrame, LABORATORY]

PATIENT_FACTS = Table(
    "patient_facts",
    grain="patient",
    description="Further columns of the clinical table that the configuration names under "
    "cohort.characteristics.",
    key=("variable",),
    columns={
        "variable": Column("string", "name of the column"),
        "kind": Column("string", "number or category"),
        "value": Column("float", "the number; missing for a category"),
        "label": Column("string", "the category; missing for a number"),
    },
)
PatientFacts = Annotated[pd.DataFrame, PATIENT_FACTS]
