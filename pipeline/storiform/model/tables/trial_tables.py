"""What a trial reports of its patients as a whole: rates, times, events, characteristics."""

from typing import Annotated

import pandas as pd

from storiform.model.populations import POPULATION
from storiform.model.table import Column, Table

POPULATIONS = Table(
    "populations",
    grain="cohort",
    description="One row per analysis population, from the largest on.",
    key=("order", "population"),
    columns={
        "order": Column("int", "place in the flow"),
        "population": Column(
            "string", "recruited, safety, efficacy, biopsied, exome, rna or one of the user"
        ),
        "parent": Column("string", "population that it is part of; empty of the first"),
        "n": Column("int", "patients", "patients"),
        "n_left_out": Column("int", "patients of the parent that are not in it", "patients"),
        "definition": Column("string", "who belongs to it"),
        "reasons": Column("string", "why the others do not, with their numbers"),
    },
)
Populations = Annotated[pd.DataFrame, POPULATIONS]

POPULATION_MEMBERS = Table(
    "population_members",
    grain="cohort",
    description="One row per patient and population.",
    key=("population", "patient"),
    columns={
        "population": Column("string", "analysis population"),
        "patient": Column("string", "patient"),
    },
)
PopulationMembers = Annotated[pd.DataFrame, POPULATION_MEMBERS]

RESPONSE_RATES = Table(
    "response_rates",
    grain="cohort",
    description="One row per criterion, subgroup and measure.",
    key=("criterion", "subgroup", "level", "measure"),
    columns={
        "criterion": Column("string", "RECIST 1.1 or irRC"),
        "subgroup": Column("string", "all, or what divides the patients, such as histology"),
        "level": Column("string", "all, or the value of the subgroup"),
        "measure": Column("string", "ORR, DCR, CR, PR, SD, PD or NE"),
        "population": Column("string", "the analysis population"),
        "n": Column("int", "patients", "patients"),
        "count": Column("int", "of these with the measure", "patients"),
        "percent": Column("float", "share", "%"),
        "lower_percent": Column("float", "lower 95 % bound, Clopper-Pearson", "%"),
        "upper_percent": Column("float", "upper 95 % bound, Clopper-Pearson", "%"),
    },
)
ResponseRates = Annotated[pd.DataFrame, RESPONSE_RATES]

RESPONSE_CONCORDANCE = Table(
    "response_concordance",
    grain="cohort",
    description="Patients by best response of both criteria.",
    key=("recist", "irrc"),
    columns={
        "recist": Column("string", "best overall response, RECIST 1.1"),
        "irrc": Column("string", "best overall response, irRC, without its ir"),
        "n": Column("int", "patients", "patients"),
    },
)
ResponseConcordance = Annotated[pd.DataFrame, RESPONSE_CONCORDANCE]

TRIAL_TIMES = Table(
    "trial_times",
    grain="cohort",
    description="Times and doses of the trial, one row per measure and drug.",
    key=("measure", "drug"),
    columns={
        "measure": Column(
            "string", "time to response, duration of response, follow-up, treatment duration, "
            "time to first dose reduction or dose intensity",
        ),
        "drug": Column("string", "drug, empty where the measure is not of one"),
        "population": Column("string", "the analysis population"),
        "n": Column("int", "patients", "patients"),
        "median": Column("float", "median; of censored times by Kaplan-Meier"),
        "lower": Column("float", "lower 95 % bound of the median of censored times"),
        "upper": Column("float", "upper 95 % bound of the median of censored times"),
        "minimum": Column("float", "smallest value"),
        "maximum": Column("float", "largest value"),
        "mean": Column("float", "mean; missing for censored times"),
        "sd": Column("float", "standard deviation; missing for censored times"),
        "unit": Column("string", "months or %"),
    },
)  # fmt: skip
TrialTimes = Annotated[pd.DataFrame, TRIAL_TIMES]

ADVERSE_EVENT_RATES = Table(
    "adverse_event_rates",
    grain="cohort",
    description="One row per adverse event; a patient counts once with the highest grade.",
    key=("scope", "order", "term"),
    columns={
        "scope": Column("string", "related or all: which events are counted"),
        "order": Column("int", "place in the table: `any`, then the most frequent first"),
        "term": Column("string", "preferred term; `any` counts patients with any event"),
        "population": Column("string", "the analysis population"),
        "n": Column("int", "patients of the population", "patients"),
        "grade_1_2": Column("int", "patients whose highest grade is 1 or 2", "patients"),
        "grade_3": Column("int", "patients whose highest grade is 3", "patients"),
        "grade_4": Column("int", "patients whose highest grade is 4", "patients"),
        "grade_5": Column("int", "patients whose highest grade is 5", "patients"),
        "any_grade": Column("int", "patients with the event", "patients"),
        "grade_1_2_percent": Column("float", "share of grade 1 or 2", "%"),
        "grade_3_percent": Column("float", "share of grade 3", "%"),
        "grade_4_percent": Column("float", "share of grade 4", "%"),
        "grade_5_percent": Column("float", "share of grade 5", "%"),
        "any_percent": Column("float", "share of patients with the event", "%"),
    },
)
AdverseEventRates = Annotated[pd.DataFrame, ADVERSE_EVENT_RATES]

CHARACTERISTICS = Table(
    "characteristics",
    grain="cohort",
    description="The table of patient characteristics, one row per variable and level.",
    key=("order", "variable", "level"),
    columns={
        "order": Column("int", "place in the table"),
        "variable": Column("string", "age, sex, histology, arm or a column named by the user"),
        "level": Column("string", "category; `median (range)` of a number; missing"),
        "population": Column("string", "the analysis population"),
        "n": Column("int", "patients at the level, of a number those with a value", "patients"),
        "n_total": Column("int", "patients of the population", "patients"),
        "percent": Column("float", "share of the population; missing for a number", "%"),
        "text": Column("string", "as a paper prints it: n (%), or median (range)"),
    },
)
Characteristics = Annotated[pd.DataFrame, CHARACTERISTICS]

_MODEL = Column(
    "string", "TABLE.COLUMN of a model with it alone, the same + histology where it is "
    "stratified, or `multivariable`",
)  # fmt: skip
_TERM = {
    "population": POPULATION,
    "term": Column("string", "TABLE.COLUMN, of a category with the level behind a colon"),
    "reference": Column("string", "level that the term is compared with; empty of numbers"),
    "n": Column("int", "patients in the model", "patients"),
}
_LEFT_OUT = Column("int", "patients left out, something is missing", "patients")
_STEP = Column("string", "what one step of the term is: 1 sd, yes v. no ...")
_ADJUSTED = {
    "q": Column(
        "float", "Benjamini-Hochberg adjusted p within the family; missing where the model "
        "has several features",
    ),
    "family": Column("string", "the features among which q is adjusted"),
    "model_p": Column("float", "p of all terms of the model at once, likelihood ratio"),
}  # fmt: skip
_LIMIT = Column("string", "why there is no estimate, or what limits it; else empty")

HAZARDS = Table(
    "hazards",
    grain="cohort",
    description="Cox regression, one row per model and term.",
    key=("outcome", "model", "term"),
    columns={
        "outcome": Column("string", "pfs or os"),
        "model": _MODEL,
        **_TERM,
        "events": Column("int", "events in the model", "events"),
        "n_missing": _LEFT_OUT,
        "coefficient": Column("float", "log hazard ratio"),
        "se": Column("float", "its standard error"),
        "hazard_ratio": Column("float", "hazard ratio, of a number per unit_of_term"),
        "lower": Column("float", "lower 95 % bound"),
        "upper": Column("float", "upper 95 % bound"),
        "unit_of_term": _STEP,
        "p": Column("float", "two-sided p; Wald, of a penalised fit likelihood ratio"),
        **_ADJUSTED,
        "concordance": Column("float", "Harrell's concordance of the model and survival"),
        "concordance_se": Column("float", "its standard error"),
        "proportionality_p": Column(
            "float", "p of the test of proportional hazards, of a category all its levels"
        ),
        "method": Column("string", "Efron ties; Firth's penalty where groups separate"),
        "note": _LIMIT,
    },
    version=3,
)  # fmt: skip
Hazards = Annotated[pd.DataFrame, HAZARDS]

ODDS = Table(
    "odds",
    grain="cohort",
    description="Logistic regression of response, one row per model and term.",
    key=("outcome", "model", "term"),
    columns={
        "outcome": Column("string", "responded, disease_control or clinical_benefit"),
        "model": _MODEL,
        **_TERM,
        "n_positive": Column("int", "of these with the outcome", "patients"),
        "n_missing": _LEFT_OUT,
        "coefficient": Column("float", "log odds ratio"),
        "se": Column("float", "its standard error"),
        "odds_ratio": Column("float", "odds ratio, of a number per unit_of_term"),
        "lower": Column("float", "lower 95 % bound, profile likelihood"),
        "upper": Column("float", "upper 95 % bound, profile likelihood"),
        "unit_of_term": _STEP,
        "p": Column("float", "two-sided p, likelihood ratio"),
        **_ADJUSTED,
        "auc": Column(
            "float", "share of pairs in which the model sets the patient with the outcome "
            "higher, ties counted half; of the patients it was fitted to, so too high",
        ),
        "method": Column(
            "string", "maximum likelihood; conditional likelihood within strata; Firth's "
            "penalty by choice or where groups separate",
        ),
        "note": _LIMIT,
    },
    version=3,
)  # fmt: skip
Odds = Annotated[pd.DataFrame, ODDS]

RESPONSE_TRENDS = Table(
    "response_trends",
    grain="cohort",
    description="Features over best response (PD, SD, PR, CR), one row per feature.",
    key=("feature",),
    columns={
        "feature": Column("string", "TABLE.COLUMN"),
        "population": POPULATION,
        "kind": Column("string", "number, flag or category"),
        "n": Column("int", "patients with feature and best response", "patients"),
        "n_missing": Column("int", "patients left out, also those not evaluable", "patients"),
        "n_pd": Column("int", "of n with PD", "patients"),
        "n_sd": Column("int", "of n with SD", "patients"),
        "n_pr": Column("int", "of n with PR", "patients"),
        "n_cr": Column("int", "of n with CR", "patients"),
        "median_pd": Column("float", "median of those with PD; of a flag the share"),
        "median_sd": Column("float", "median of those with SD; of a flag the share"),
        "median_pr": Column("float", "median of those with PR; of a flag the share"),
        "median_cr": Column("float", "median of those with CR; of a flag the share"),
        "effect": Column(
            "float", "Kendall's tau-b, above 0 where the feature rises with better response; "
            "missing for a category",
        ),
        "effect_lower": Column("float", "lower 95 % bound"),
        "effect_upper": Column("float", "upper 95 % bound"),
        "p": Column("float", "two-sided p of the trend; of a category that levels differ"),
        "q": Column("float", "Benjamini-Hochberg adjusted p within the family"),
        "family": Column("string", "the features among which q is adjusted"),
        "kruskal_p": Column(
            "float", "Kruskal-Wallis p that the groups of best response differ in any way"
        ),
        "test": Column("string", "test, and how p was found"),
        "note": Column("string", "why there is no p; else empty"),
    },
    version=2,
)  # fmt: skip
ResponseTrends = Annotated[pd.DataFrame, RESPONSE_TRENDS]

CORRELATIONS = Table(
    "correlations",
    grain="cohort",
    description="One row per pair of numbers that are compared over the patients.",
    key=("x", "y"),
    columns={
        "x": Column("string", "TABLE.COLUMN"),
        "y": Column("string", "TABLE.COLUMN"),
        "population": POPULATION,
        "n": Column("int", "patients with both", "patients"),
        "n_missing": Column("int", "patients left out", "patients"),
        "pearson": Column("float", "Pearson's correlation"),
        "pearson_lower": Column("float", "lower 95 % bound, Fisher's z"),
        "pearson_upper": Column("float", "upper 95 % bound, Fisher's z"),
        "pearson_p": Column("float", "two-sided p"),
        "spearman": Column("float", "Spearman's correlation"),
        "spearman_p": Column("float", "two-sided p, exact as R has it where n is small"),
        "q": Column("float", "Benjamini-Hochberg adjusted Pearson p within the family"),
        "family": Column("string", "the pairs among which q is adjusted"),
        "note": Column("string", "why there is no p; else empty"),
    },
    version=2,
)
Correlations = Annotated[pd.DataFrame, CORRELATIONS]

LABORATORY_VISITS = Table(
    "laboratory_visits",
    grain="cohort",
    description="Laboratory values by visit, one row per test, unit and visit.",
    key=("test", "unit", "visit"),
    columns={
        "test": Column("string", "name of the test"),
        "unit": Column("string", "its unit; empty where it is not told"),
        "visit": Column(
            "int", "visit, counted from the first dose; 0 is the last value before"
        ),
        "day": Column("float", "day of the visit from the first dose", "days"),
        "n": Column("int", "patients with a value", "patients"),
        "lower_quartile": Column("float", "lower quartile"),
        "median": Column("float", "median"),
        "upper_quartile": Column("float", "upper quartile"),
        "n_limits": Column("int", "of these patients with a limit of normal", "patients"),
        "n_below": Column("int", "of these below the lower limit of normal", "patients"),
        "n_above": Column("int", "of these above the upper limit of normal", "patients"),
    },
)
LaboratoryVisits = Annotated[pd.DataFrame, LABORATORY_VISITS]
