"""`storiform export --format cbioportal`: a study folder that keeps the documented rules."""

import re
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group
from storiform.engine.export_study import name_rearrangement

BIOPSIES = ("P1", "P2.b1", "P2.b2")


def export(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["export", *map(str, arguments)])


NEEDED = {
    "study": {"type_of_cancer", "cancer_study_identifier", "name", "description"},
    "cancer_type": {"genetic_alteration_type", "datatype", "data_filename"},
    "clinical_patient": {"cancer_study_identifier", "genetic_alteration_type", "datatype",
                         "data_filename"},
    "clinical_sample": {"cancer_study_identifier", "genetic_alteration_type", "datatype",
                        "data_filename"},
    "cna_hg38_seg": {"cancer_study_identifier", "genetic_alteration_type", "datatype",
                     "reference_genome_id", "description", "data_filename"},
}  # fmt: skip
PROFILE = {"cancer_study_identifier", "genetic_alteration_type", "datatype", "stable_id",
           "show_profile_in_analysis_tab", "profile_name", "profile_description",
           "data_filename"}  # fmt: skip
ASSAY = {*PROFILE, "generic_assay_type", "generic_entity_meta_properties"}
KINDS = {
    ("CANCER_TYPE", "CANCER_TYPE", None), ("CLINICAL", "PATIENT_ATTRIBUTES", None),
    ("CLINICAL", "SAMPLE_ATTRIBUTES", None), ("MUTATION_EXTENDED", "MAF", "mutations"),
    ("COPY_NUMBER_ALTERATION", "DISCRETE", "cna"),
    ("COPY_NUMBER_ALTERATION", "LOG2-VALUE", "log2CNA"),
    ("COPY_NUMBER_ALTERATION", "SEG", None),
    ("MRNA_EXPRESSION", "CONTINUOUS", "rna_seq_mrna"),
    ("STRUCTURAL_VARIANT", "SV", "structural_variants"),
    ("GENERIC_ASSAY", "LIMIT-VALUE", "mcp_counter"),
}  # fmt: skip
"""Alteration, datatype and stable id as the documentation pairs them."""
NAME = re.compile(r"[A-Za-z0-9._-]+")


@pytest.fixture(scope="module")
def study(trial_run, tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("study")
    made = export(trial_run, "--to", to, "--format", "cbioportal", "--study", "trial_2026",
                  "--cancer-type", "Sarcoma")  # fmt: skip
    assert made.exit_code == 0, (made.output, made.exception)
    return to / "cbioportal" / "trial_2026"


def meta(path: Path) -> dict[str, str]:
    pairs = [line.split(": ", 1) for line in path.read_text().splitlines()]
    assert len({key for key, _ in pairs}) == len(pairs)
    return dict(pairs)


def table(path: Path, *, skipped: int = 0) -> pd.DataFrame:
    rows = pd.read_csv(path, sep="\t", skiprows=skipped, dtype=str, keep_default_na=False)
    lines = path.read_text().splitlines()
    assert len({line.count("\t") for line in lines}) == 1, path
    return rows


def samples_of(study: Path) -> list[str]:
    return table(study / "data_clinical_sample.txt", skipped=4)["SAMPLE_ID"].tolist()


def test_meta_files_have_the_documented_fields(study) -> None:
    found = {path.stem.removeprefix("meta_"): meta(path) for path in study.glob("meta_*.txt")}
    assert set(found) == {"study", "cancer_type", "clinical_patient", "clinical_sample",
                          "mutations", "cna", "log2_cna", "cna_hg38_seg", "expression_tpm",
                          "sv", "mcp_counter"}  # fmt: skip
    stable = [entries["stable_id"] for entries in found.values() if "stable_id" in entries]
    assert len(set(stable)) == len(stable)
    for name, entries in found.items():
        usual = ASSAY if entries.get("genetic_alteration_type") == "GENERIC_ASSAY" else PROFILE
        assert NEEDED.get(name, usual) <= set(entries), name
        assert all(entries.values()), name
        assert entries.get("cancer_study_identifier", "trial_2026") == "trial_2026"
        if name != "study":
            kind = (entries["genetic_alteration_type"], entries["datatype"],
                    entries.get("stable_id"))  # fmt: skip
            assert kind in KINDS
            assert (study / entries["data_filename"]).is_file()
    assert found["study"]["reference_genome"] == "hg38"
    assert found["cna_hg38_seg"]["reference_genome_id"] == "hg38"
    row = (study / "cancer_type.txt").read_text().rstrip("\n").split("\t")
    assert row == ["storiform_sarcoma", "Sarcoma", "LightYellow", "tissue"]
    assert found["study"]["type_of_cancer"] == row[0]


@pytest.mark.parametrize("level", ["patient", "sample"])
def test_clinical_files_have_four_lines_of_header(study, level) -> None:
    path = study / f"data_clinical_{level}.txt"
    lines = path.read_text().splitlines()
    assert [line[0] == "#" for line in lines[:6]] == [True] * 4 + [False] * 2
    titles, meanings, types, priorities = (line[1:].split("\t") for line in lines[:4])
    rows = table(path, skipped=4)
    assert set(types) <= {"STRING", "NUMBER", "BOOLEAN"}
    assert all(cell.isdigit() for cell in priorities)
    assert all(cell.strip() for cell in (*titles, *meanings))
    assert all(re.fullmatch("[A-Z][A-Z0-9_]*", name) for name in rows.columns)
    assert not {"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"} & set(rows.columns)
    for name, kind in zip(rows.columns, types, strict=True):
        known = rows.loc[rows[name] != "NA", name]
        assert len(known), name
        if kind == "NUMBER":
            assert pd.to_numeric(known).notna().all()
    for name in {"PATIENT_ID", "SAMPLE_ID"} & set(rows.columns):
        assert all(NAME.fullmatch(cell) for cell in rows[name])


def test_clinical_values_are_those_of_the_tables(study) -> None:
    patients = table(study / "data_clinical_patient.txt", skipped=4).set_index("PATIENT_ID")
    samples = table(study / "data_clinical_sample.txt", skipped=4).set_index("SAMPLE_ID")
    assert patients.index.tolist() == ["P1", "P2"]  # of P3 there is no biopsy
    assert samples["PATIENT_ID"].to_dict() == {"P1": "P1", "P2.b1": "P2", "P2.b2": "P2"}
    assert patients["OS_STATUS"].tolist() == ["0:LIVING", "NA"]
    assert patients["OS_MONTHS"].tolist() == ["18.25", "NA"]
    assert patients["PFS_STATUS"].tolist() == ["1:PROGRESSION"] * 2
    assert patients["SEX"].tolist() == ["Female", "Male"]
    assert patients["BEST_RESPONSE"].tolist() == ["PR", "PD"]
    assert patients["RESPONDED"].tolist() == ["Yes", "No"]
    assert samples["TMB"].tolist() == ["2.5"] * 3
    assert samples["COPY_NUMBER_FIT_WGD"].tolist() == ["Yes"] * 3
    assert samples["CANCER_TYPE"].unique().tolist() == ["Sarcoma"]
    assert samples["CANCER_TYPE_DETAILED"].tolist()[0] == "synovial sarcoma"
    names = [name for name in patients.columns if name in samples.columns]
    assert not names


def test_status_and_months_come_in_pairs(study) -> None:
    rows = table(study / "data_clinical_patient.txt", skipped=4)
    for name in ("OS", "PFS"):
        told, months = rows[f"{name}_STATUS"], rows[f"{name}_MONTHS"]
        assert ((told == "NA") == (months == "NA")).all()
        assert told[told != "NA"].str.fullmatch("[01]:[A-Z]+").all()


def test_mutations_are_those_that_count(study) -> None:
    rows = table(study / "data_mutations.txt")
    assert rows["Tumor_Sample_Barcode"].tolist() == list(BIOPSIES)
    assert rows["Chromosome"].unique().tolist() == ["7"]
    assert rows["NCBI_Build"].unique().tolist() == ["GRCh38"]
    needed = {"Hugo_Symbol", "NCBI_Build", "Chromosome", "Variant_Classification",
              "Reference_Allele", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode",
              "HGVSp_Short"}  # fmt: skip
    assert needed <= set(rows.columns)
    assert rows["HGVSp_Short"].unique().tolist() == ["p.V600E"]
    assert (rows["t_ref_count"] + "/" + rows["t_alt_count"]).unique().tolist() == ["30/20"]


def test_matrices_name_samples_of_the_study_once(study) -> None:
    for name in ("cna", "log2_cna", "expression_tpm", "mcp_counter"):
        rows = table(study / f"data_{name}.txt")
        first = 3 if name == "mcp_counter" else 1
        assert rows.columns[first:].tolist() == samples_of(study)
        assert rows.iloc[:, 0].is_unique
        values = rows.iloc[:, first:].to_numpy().ravel()
        assert pd.to_numeric(pd.Series(values[values != "NA"])).notna().all()
    copies = table(study / "data_cna.txt").set_index("Hugo_Symbol")
    assert copies["P1"].to_dict() == {"CDK4": "2", "RB1": "-2", "TP53": "NA"}
    assert set(copies.to_numpy().ravel()) <= {"-2", "-1", "0", "1", "2", "NA"}
    assays = table(study / "data_mcp_counter.txt")
    assert assays.columns[:3].tolist() == ["ENTITY_STABLE_ID", "NAME", "DESCRIPTION"]
    assert assays["ENTITY_STABLE_ID"].str.fullmatch("[A-Za-z0-9_-]+").all()


def test_segments_and_structural_variants_keep_the_format(study) -> None:
    seg = table(study / "data_cna_hg38.seg")
    assert seg.columns.tolist() == ["ID", "chrom", "loc.start", "loc.end", "num.mark",
                                    "seg.mean"]  # fmt: skip
    assert set(seg["ID"]) <= set(samples_of(study))
    variants = table(study / "data_sv.txt")
    assert variants["Sample_Id"].tolist() == list(BIOPSIES)
    one = variants.iloc[0]
    assert one["SV_Status"] == "SOMATIC"
    assert (one["Site1_Hugo_Symbol"], one["Site2_Hugo_Symbol"]) == ("SS18", "SSX1")
    assert (one["Site1_Chromosome"], one["Site1_Position"]) == ("18", "26015001")
    assert (one["Class"], one["NCBI_Build"]) == ("TRANSLOCATION", "GRCh38")
    assert (one["Tumor_Split_Read_Count"], one["RNA_Support"]) == ("12", "Yes")
    assert one["Site2_Effect_On_Frame"] == "In_frame"


def test_case_lists_name_samples_of_the_study(study) -> None:
    lists = {path.stem.removeprefix("cases_"): meta(path)
             for path in (study / "case_lists").glob("*.txt")}  # fmt: skip
    assert set(lists) == {"all", "sequenced", "cna", "cnaseq", "rna_seq_mrna", "sv",
                          "3way_complete"}  # fmt: skip
    for name, entries in lists.items():
        assert entries["stable_id"] == f"trial_2026_{name}"
        assert entries["case_list_ids"].split("\t") == samples_of(study)
        assert {"case_list_name", "case_list_description"} <= set(entries)
    assert meta(study / "meta_study.txt")["add_global_case_list"] == "false"


def test_a_study_name_that_the_portal_refuses_is_told(trial_run, tmp_path) -> None:
    made = export(trial_run, "--to", tmp_path, "--format", "cbioportal", "--study", "my study")
    assert "--study: found 'my study', expected letters, digits, '_' and '-'" in str(
        made.exception
    )


def test_files_of_an_earlier_export_do_not_stay(trial_run, tmp_path) -> None:
    folder = tmp_path / "cbioportal" / "again"
    (folder / "case_lists").mkdir(parents=True)
    old = ["meta_ssgsea.txt", "data_ssgsea.txt", "data_cna_hg19.seg", "meta_cna_hg19_seg.txt"]
    mine = ["meta_timeline.txt", "case_lists/cases_mine.txt"]
    for name in (*old, *mine):
        (folder / name).write_text("x")
    export(trial_run, "--to", tmp_path, "--format", "cbioportal", "--study", "again")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert not set(old) & there
    assert {*mine, "meta_mutations.txt", "case_lists/cases_sv.txt"} <= there


@pytest.mark.parametrize(
    ("five", "three", "expected"),
    [
        (("chr1", 100, "+"), ("chr1", 900, "+"), "DELETION"),
        (("chr1", 900, "+"), ("chr1", 100, "+"), "DUPLICATION"),
        (("chr1", 900, "-"), ("chr1", 100, "-"), "DELETION"),
        (("chr1", 100, "-"), ("chr1", 900, "-"), "DUPLICATION"),
        (("chr1", 100, "+"), ("chr1", 900, "-"), "INVERSION"),
        (("chr1", 100, "+"), ("chr2", 900, "+"), "TRANSLOCATION"),
        (("chr1", 100, ""), ("chr1", 900, "+"), None),
    ],
)
def test_ends_of_a_fusion_tell_the_rearrangement(five, three, expected) -> None:
    names = ("contig", "position", "strand")
    row = {f"{name}_5": value for name, value in zip(names, five, strict=True)}
    row |= {f"{name}_3": value for name, value in zip(names, three, strict=True)}
    assert name_rearrangement(row) == expected
