"""Features against response and survival."""

from typing import Annotated

import pandas as pd

from storiform.model.populations import POPULATION
from storiform.model.table import Column, Gather, Table

FEATURE_COLUMNS = (
    "patient", "biopsy", "table", "feature", "value", "label", "kind", "unit_of_measure",
    "description",
)  # fmt: skip
"""The columns of a gathered feature frame, see `Gather`."""

Features = Annotated[pd.DataFrame, Gather(feature=True)]

ASSOCIATIONS = Table(
    "associations",
    grain="cohort",
    description="One row per feature and outcome of a group comparison.",
    key=("outcome", "feature"),
    columns={
        "outcome": Column("string", "responded, disease_control or clinical_benefit"),
        "feature": Column("string", "TABLE.COLUMN"),
        "kind": Column("string", "number, flag or category"),
        "family": Column("string", "the features among which q is adjusted"),
        "population": POPULATION,
        "test": Column("string", "the test by name, exact or with which correction"),
        "n": Column("int", "patients compared", "patients"),
        "n_positive": Column("int", "of these with the outcome", "patients"),
        "n_missing": Column("int", "patients left out: feature or outcome missing", "patients"),
        "median_positive": Column(
            "float", "median of those with the outcome; the share with the flag"
        ),
        "median_negative": Column("float", "median of those without; the share with the flag"),
        "effect": Column("float", "Hodges-Lehmann shift, or conditional odds ratio of a flag"),
        "effect_lower": Column("float", "lower 95 % bound of the effect"),
        "effect_upper": Column("float", "upper 95 % bound of the effect"),
        "effect_name": Column("string", "shift or odds_ratio; empty where there is none"),
        "auc": Column(
            "float", "probability that a patient with the outcome has the higher value"
        ),
        "auc_lower": Column("float", "lower 95 % bound, Newcombe's score interval"),
        "auc_upper": Column("float", "upper 95 % bound, Newcombe's score interval"),
        "p": Column("float", "two-sided p value"),
        "q": Column("float", "Benjamini-Hochberg adjusted p within the family"),
        "note": Column("string", "why there is no p, or which level was counted; else empty"),
    },
    version=2,
)
Associations = Annotated[pd.DataFrame, ASSOCIATIONS]

SURVIVAL = Table(
    "survival",
    grain="cohort",
    description="One row per outcome, feature and group; feature `all` is the whole cohort.",
    key=("outcome", "feature", "group"),
    columns={
        "outcome": Column("string", "pfs or os"),
        "feature": Column("string", "TABLE.COLUMN, or all"),
        "population": POPULATION,
        "group": Column("string", "all, high, middle, low, true, false or a category"),
        "cutoff": Column("float", "value at and above which a patient is in the high group"),
        "divided_by": Column(
            "string",
            "where the cut-off is from: median, tertiles, or given (by the configuration, "
            "beforehand); empty of what is no number",
        ),
        "n": Column("int", "patients", "patients"),
        "events": Column("int", "events", "events"),
        "n_missing": Column("int", "patients left out: feature or outcome missing", "patients"),
        "median_months": Column(
            "float", "median survival; missing where not reached", "months"
        ),
        "median_lower": Column("float", "lower 95 % bound", "months"),
        "median_upper": Column("float", "upper 95 % bound", "months"),
        "landmark_months": Column("float", "time of the landmark", "months"),
        "landmark_survival": Column(
            "float", "survival at the landmark; missing where nobody was followed so long"
        ),
        "landmark_lower": Column("float", "lower 95 % bound"),
        "landmark_upper": Column("float", "upper 95 % bound"),
        "follow_up_months": Column(
            "float",
            "median follow-up by reverse Kaplan-Meier; missing where not reached",
            "months",
        ),
        "logrank_chi2": Column("float", "log-rank statistic between the groups of the feature"),
        "p": Column("float", "two-sided p value of the test that `test` names"),
        "chi2_p": Column(
            "float",
            "p value of the statistic by the chi-squared distribution, as R's survdiff; too "
            "small where groups are small",
        ),
        "assignments": Column(
            "int", "assignments of patients to the groups that p counts; 0 of chi-squared"
        ),
        "q": Column("float", "Benjamini-Hochberg adjusted p within the family"),
        "family": Column("string", "the features among which q is adjusted"),
        "test": Column(
            "string",
            "the test by name: log-rank or Fleming-Harrington, exact (all assignments of "
            "patients to groups), Monte Carlo (random ones) or chi-squared",
        ),
        "note": Column(
            "string",
            "why there is no p, or which compared groups are of 1 or 2 patients; else empty",
        ),
    },
    version=4,
)
Survival = Annotated[pd.DataFrame, SURVIVAL]

SURVIVAL_CURVES = Table(
    "survival_curves",
    grain="cohort",
    description="One row per step of each Kaplan-Meier curve, from time 0 on.",
    key=("outcome", "feature", "group", "months"),
    columns={
        "outcome": Column("string", "pfs or os"),
        "feature": Column("string", "TABLE.COLUMN, or all"),
        "group": Column("string", "group of the survival table"),
        "months": Column("float", "time", "months"),
        "at_risk": Column("int", "patients at risk just before the time", "patients"),
        "events": Column("int", "events at the time", "events"),
        "censored": Column("int", "patients censored at the time", "patients"),
        "survival": Column("float", "Kaplan-Meier estimate just after the time"),
        "lower": Column("float", "lower 95 % bound"),
        "upper": Column("float", "upper 95 % bound"),
    },
)
SurvivalCurves = Annotated[pd.DataFrame, SURVIVAL_CURVES]

PAIRED_FEATURES = Table(
    "paired_features",
    grain="cohort",
    version=2,
    description="One row per patient and pair of features that the configuration names: who is "
    "high in both.",
    key=("feature", "patient"),
    columns={
        "patient": Column("string", "patient"),
        "biopsy": Column("string", "biopsy that speaks for the patient in the first feature"),
        "table": Column("string", "pairs, so that q is adjusted among the pairs"),
        "feature": Column("string", "pairs.FIRST_and_SECOND_high, or pairs.FIRST_and_SECOND"),
        "value": Column("float", "1 where both are high, else 0; missing of the four groups"),
        "label": Column("string", "of the four groups: high/high, high/low, low/high, low/low"),
        "kind": Column("string", "flag or category"),
        "unit_of_measure": Column("string", "empty"),
        "description": Column("string", "both features and their cut-offs"),
    },
)
PairedFeatures = Annotated[pd.DataFrame, PAIRED_FEATURES]

SENSITIVITY = Table(
    "sensitivity",
    grain="cohort",
    description="How far the smallest p values of the associations rest on one patient or on "
    "histology.",
    key=("outcome", "feature"),
    columns={
        "outcome": Column("string", "outcome of the association"),
        "feature": Column("string", "TABLE.COLUMN"),
        "population": POPULATION,
        "n": Column("int", "patients compared", "patients"),
        "p": Column("float", "two-sided p value of the association"),
        "p_smallest": Column("float", "smallest p when one patient is left out"),
        "p_largest": Column("float", "largest p when one patient is left out"),
        "patient": Column("string", "the patient without whom p is largest"),
        "p_within_histology": Column(
            "float", "p of the comparison within histologies, joined by van Elteren's test"
        ),
        "n_within_histology": Column(
            "int", "patients of histologies with and without the outcome", "patients"
        ),
        "histologies": Column("int", "such histologies"),
        "note": Column("string", "why a value is missing; else empty"),
    },
    version=2,
)
Sensitivity = Annotated[pd.DataFrame, SENSITIVITY]

NUMBER_OF_TESTS = Table(
    "number_of_tests",
    grain="cohort",
    description="What was tested: one row per kind of test, outcome and family of q.",
    key=("table", "outcome", "family"),
    columns={
        "table": Column("string", "table that holds the tests"),
        "outcome": Column("string", "outcome, empty where the test has none"),
        "family": Column("string", "the features among which q is adjusted"),
        "population": POPULATION,
        "features": Column("int", "features looked at"),
        "tested": Column("int", "features with a p value"),
        "untested": Column("int", "features without one; their notes say why"),
        "p_below_05": Column("int", "tests with p < 0.05"),
        "expected_below_05": Column("float", "such tests if no feature went with the outcome"),
        "q_below_10": Column("int", "tests with q < 0.1"),
    },
    version=2,
)
NumberOfTests = Annotated[pd.DataFrame, NUMBER_OF_TESTS]
