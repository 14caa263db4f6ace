"""What RNA is worth: from reads, from counts alone, and against what the sheets say."""

import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.rna_quality import RnaQualityParams, rna_quality
from storiform.model.errors import DataWarning
from storiform.model.step import Step
from storiform.model.table import UNIT_COLUMNS, Table
from storiform.model.tables.clinic import STATED_SEX
from storiform.model.tables.reads import READ_STATISTICS
from storiform.model.tables.rna import COUNTS
from storiform.model.tables.rna_quality import (
    GENE_COUNTING_SUMMARY,
    RNA_LIBRARY,
    RNA_QUALITY,
)

DEFAULTS = {"string": "", "int": 0, "nullable_int": None, "float": None, "nullable_bool": None}
BIOPSY = {"patient": "P1", "biopsy": "P1"}
RNA = {"patient": "P1", "sample": "P1-R", "role": "tumour", "assay": "rna"}
EXOME = {"patient": "P1", "sample": "P1-T", "role": "tumour", "assay": "exome"}
SUMMARY = {
    **RNA, "mode": "featurecounts", "strandedness": "reverse", "strandedness_found": "reverse",
    "fragments": 1_250_000, "assigned": 1_000_000, "assigned_share": 0.8, "sense_share": 0.02,
    "mitochondrial_share": 0.1, "rrna_share": 0.01, "multi_mapped_share": 0.05,
    "exonic": 700, "intronic": 200, "intergenic": 100, "three_prime_bias": 0.55,
    "five_prime_share": 0.16, "three_prime_share": 0.24,
}  # fmt: skip
PLAIN = {"TP53": 600_000.0, "MT-ND1": 100_000.0, "GAPDH": 299_597.0, "ACTB": 3.0, "XIST": 400.0}


def table(contract: Table, *rows: dict[str, object]) -> pd.DataFrame:
    """Return rows with what they do not give at its least."""
    blank = {name: DEFAULTS.get(column.dtype) for name, column in contract.columns.items()}
    units = UNIT_COLUMNS[contract.grain]
    return contract.conform(
        pd.DataFrame([{**blank, **row} for row in rows], columns=[*units, *contract.columns]),
        units,
    )


def counted(fragments: dict[str, float]) -> pd.DataFrame:
    return table(COUNTS, *({**BIOPSY, "gene": g, "count": n} for g, n in fragments.items()))


def judged(fragments=None, summary=None, library=None, sex=None, **params):
    """Return the row, and what was warned of."""
    reads = table(
        READ_STATISTICS, {**RNA, "mapped": 1000, "duplicates": 250},
        {**EXOME, "mapped": 1000, "duplicates": 900},
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = rna_quality(
            counted(PLAIN if fragments is None else fragments),
            None if summary is None else table(GENE_COUNTING_SUMMARY, SUMMARY | summary),
            None if summary is None else reads,
            None if library is None else table(RNA_LIBRARY, BIOPSY | library),
            None if sex is None else table(STATED_SEX, {"patient": "P1", "sex": sex}),
            RnaQualityParams(**params),
        )
    assert all(issubclass(one.category, DataWarning) for one in caught)
    return RNA_QUALITY.conform(found).iloc[0], [str(one.message) for one in caught]


def test_the_step_needs_counts_alone():
    step = Step.of(rna_quality)
    needed = [argument.name for argument in step.arguments if not argument.optional]
    assert needed == ["counts", "params"]
    assert (step.grain, step.section) == ("biopsy", "rna_quality")


def test_reads_tell_strand_places_and_ends():
    row, said = judged(PLAIN | {"UTY": 0.0}, summary={})
    assert (row["sample"], row["fragments"]) == ("P1-R", 1_250_000)
    places = [row[f"{name}_share"] for name in ("exonic", "intronic", "intergenic")]
    assert places == pytest.approx([0.7, 0.2, 0.1])
    assert row["three_prime_ratio"] == pytest.approx(1.5)
    assert row["duplicate_share"] == 0.25, "of the RNA, not of the exome"
    assert row["strandedness_found"] == "reverse"
    assert (row["concerns"], row["missing"], said) == ("", "", [])


def test_counts_alone_tell_what_they_can_and_why_the_rest_is_missing():
    row, said = judged(sex="female")
    assert row["library_size"] == 1e6
    assert (row["genes_detected"], row["genes_expressed"]) == (5, 4)
    assert row["mitochondrial_count_share"] == pytest.approx(0.1)
    assert row["xist_per_million"] == pytest.approx(400.0)
    assert np.isnan(row["y_genes_per_million"]), "no gene of Y is in the table"
    shares = ["assigned_share", "exonic_share", "three_prime_bias", "duplicate_share"]
    assert row[shares].isna().all()
    assert row["missing"] == (
        "shares of reads, their strand and their places: no RNA reads were given; "
        "sex_found: its genes are not counted"
    )
    assert (row["concerns"], said) == ("", [])


def test_no_fragment_is_no_share():
    row, _ = judged({"TP53": 0.0, "XIST": 0.0, "MT-CO1": 0.0})
    assert row[["mitochondrial_count_share", "xist_per_million"]].isna().all()
    assert row["library_size"] == 0.0


@pytest.mark.parametrize(
    ("xist", "y_genes", "sex"),
    [(400, 0, "female"), (0, 80, "male"), (5, 1, "female"), (4, 0, ""), (400, 80, ""),
     (None, None, ""), (0, 4, ""), (0, 5, "male"), (None, 80, "male"), (400, None, ""),
     (400, 1, "female"), (400, 2, "")],
)  # fmt: skip
def test_the_sex_is_told_by_xist_and_y(xist, y_genes, sex):
    genes = {"XIST": xist, "DDX3Y": y_genes}
    own = {gene: float(n) for gene, n in genes.items() if n is not None}
    rest = 1e6 - sum(own.values())
    row, _ = judged({**own, "TP53": rest})
    assert row["sex_found"] == sex


def test_a_sex_that_contradicts_the_clinic_is_warned_of():
    fragments = {"TP53": 999_600.0, "XIST": 400.0, "UTY": 0.0}
    row, said = judged(fragments, sex="male")
    assert row["concerns"] == "female by its reads, male in the clinical table"
    assert said == [f"RNA: {row['concerns']}"]
    row, said = judged(fragments, sex="female")
    assert (row["concerns"], row["sex_told"], said) == ("", "female", [])


@pytest.mark.parametrize(
    ("told", "found", "is_doubtful"),
    [("reverse", "reverse", False), ("forward", "reverse", True), ("", "reverse", False),
     ("unstranded", "reverse", True), ("forward", "", False)],
)  # fmt: skip
def test_the_strand_of_the_reads_is_held_against_the_sheet(told, found, is_doubtful):
    row, said = judged(
        summary={"strandedness_found": found}, library={"strandedness": told, "batch": "b1"}
    )
    words = f"{told} by the sample sheet, while its reads are {found} (sense share 0.02)"
    assert row["concerns"] == (words if is_doubtful else "")
    assert said == ([f"RNA: {words}"] if is_doubtful else [])
    assert row["strandedness_told"] == told


@pytest.mark.parametrize(
    ("change", "concern", "is_warned"),
    [
        ({"assigned_share": 0.39}, "39% of the fragments assigned", True),
        ({"assigned_share": 0.4}, "", False),
        ({"rrna_share": 0.2}, "20% of the fragments of rRNA", False),
        ({"multi_mapped_share": 0.5}, "50% of the fragments map to several places", False),
        ({"three_prime_bias": 0.8}, "reads crowd at 3' ends (0.80)", False),
        ({"intergenic": 900}, "50% of the reads outside genes: DNA among the RNA?", False),
        ({"intronic": 1600}, "67% of the reads in introns", False),
        (
            {"strandedness": "unstranded"},
            "counted as unstranded, while its reads are reverse",
            True,
        ),
        ({"strandedness_found": ""}, "", False),
    ],
)
def test_each_concern_has_its_edge(change, concern, is_warned):
    row, said = judged(summary=change)
    assert row["concerns"] == concern
    assert said == ([f"RNA: {concern}"] if is_warned else [])


def test_few_genes_and_fragments_are_named_in_a_whole_transcriptome_alone():
    panel = {f"G{number}": 5.0 for number in range(14_999)}
    row, _ = judged(panel | {"G0": 4.0}, min_genes=15_001)
    assert row["concerns"] == ""
    row, _ = judged(panel | {"G0": 4.0, "G15000": 0.0}, min_genes=14_999)
    assert row["concerns"] == "14,998 genes expressed; 74,994 fragments counted"


def test_what_reads_do_not_tell_has_its_reason():
    nothing = {"exonic": None, "intronic": None, "intergenic": None, "five_prime_share": None,
               "three_prime_share": None, "three_prime_bias": None, "rrna_share": None,
               "strandedness_found": ""}  # fmt: skip
    row, _ = judged(summary=nothing)
    assert "rrna_share: the annotation has no rRNA genes" in row["missing"]
    assert "three_prime_ratio: no gene of 1,000 bases has 20 reads" in row["missing"]
    assert "strandedness_found: the reads leave it undecided" in row["missing"]


def test_samples_of_one_real_patient_are_of_one_sex(real_data):
    matrix = pd.read_csv(real_data / "cohort/riaz_GSE91061_raw_counts.csv.gz", index_col=0)
    genes = {7503: "XIST", 6192: "RPS4Y1", 8653: "DDX3Y", 8284: "KDM5D", 7404: "UTY"}
    own = matrix.loc[list(genes)].rename(index=genes)
    own.loc["TP53"] = matrix.sum() - own.sum()
    sexes = pd.Series({
        name: judged({str(gene): float(n) for gene, n in own[name].items()})[0]["sex_found"]
        for name in own
    })  # fmt: skip
    assert (sexes == "").sum() == 6
    assert (sexes == "male").sum() == 57
    told = sexes[sexes != ""]
    of_patient = told.groupby(told.index.str.split("_").str[0])
    assert (of_patient.size() > 1).sum() == 40
    assert (of_patient.nunique() < 2).all()
