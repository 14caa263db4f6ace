"""Real tumours of known copies, from the files of other programs through the command line."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from trials import storiform

WORKFLOW = Path(__file__).with_name("copies_workflow.py")
TARGETED = ("01", "06", "13", "37", "42", "55", "95", "98")
NEUTRAL = ("TR_01", "TR_13", "TR_42", "TR_98")
FOCAL = ("AMP", "HIGH_AMP", "HOMDEL")

Run = Callable[[list[dict[str, object]], str], Path]


@pytest.fixture(scope="module")
def run_copies(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that runs rows of a sample sheet and returns its tables."""

    def run(rows: list[dict[str, object]], resources: str = "{}") -> Path:
        folder = tmp_path_factory.mktemp("copies")
        pd.DataFrame(rows).to_csv(folder / "samples.csv", index=False)
        (folder / "trial.yaml").write_text(
            f"workflow: {WORKFLOW}\noutput: results\n"
            "cohort: {samples: samples.csv, genome: GRCh37}\n"
            f"resources: {resources}\n"
        )
        done = storiform("run", folder / "trial.yaml", "--quiet")
        assert done.returncode == 0, done.stderr
        return folder / "results" / "tables"

    return run


def table(tables: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(tables / f"{name}.tsv", sep="\t")


@pytest.fixture(scope="module")
def targeted(run_copies: Run, real_data: Path) -> Path:
    """Return the tables of eight melanomas sequenced with their normals."""
    folder, rows = real_data / "cnv", []
    for number in TARGETED:
        for role, status in (("N", 0), ("T", 1)):
            name = f"TR_{number}_{role}"
            rows.append(
                {
                    "patient": f"TR_{number}", "sample": name, "status": status,
                    "coverage": folder / f"{name}.targetcoverage.cnn.gz",
                    "off_target_coverage": folder / f"{name}.antitargetcoverage.cnn.gz",
                }
            )  # fmt: skip
    return run_copies(rows, f"{{panel_of_normals: {folder / 'reference-tr.cnn.gz'}}}")


def calls(tables: Path) -> pd.DataFrame:
    genes = table(tables, "copy_number_genes")
    return genes.pivot_table(index="biopsy", columns="gene", values="call", aggfunc="first")


def test_two_melanomas_are_coamplified_and_one_has_mdm2_alone(targeted: Path) -> None:
    states = table(targeted, "gene_copy_states").set_index("biopsy")["cdk4_mdm2_coamplified"]
    assert states[states.astype("boolean").fillna(value=False)].index.tolist() == [
        "TR_37", "TR_95",
    ]  # fmt: skip
    found = calls(targeted)
    assert found.loc["TR_06", "MDM2"] in {"AMP", "HIGH_AMP"}
    assert found.loc["TR_06", "CDK4"] not in {"AMP", "HIGH_AMP"}
    log2 = table(targeted, "copy_number_genes").set_index(["biopsy", "gene"])["log2"]
    for biopsy, gene, known in (
        ("TR_95", "CDK4", 3.46), ("TR_95", "MDM2", 2.89), ("TR_06", "MDM2", 3.14),
        ("TR_06", "CDK4", -0.20), ("TR_55", "CDKN2A", -1.31),
    ):  # fmt: skip
        assert log2[biopsy, gene] == pytest.approx(known, abs=0.25), (biopsy, gene)


def test_cdkn2a_is_lost_where_it_is_known_to_be(targeted: Path) -> None:
    states = table(targeted, "gene_copy_states").set_index("biopsy")
    assert states.loc["TR_55", "CDKN2A_any_loss"]


def test_neutral_pairs_have_no_focal_call(targeted: Path) -> None:
    genes = table(targeted, "copy_number_genes")
    focal = genes[genes["call"].isin(FOCAL) & genes["biopsy"].isin(NEUTRAL)]
    assert focal.empty, focal[["biopsy", "gene", "call", "log2"]]


def test_cell_line_against_a_panel_has_lost_cdkn2a(run_copies: Run, real_data: Path) -> None:
    folder = real_data / "cnv"
    row = {
        "patient": "CL", "sample": "CL_seq", "status": 1,
        "coverage": folder / "CL_seq.targetcoverage.cnn.gz",
        "off_target_coverage": folder / "CL_seq.antitargetcoverage.cnn.gz",
    }  # fmt: skip
    tables = run_copies([row], f"{{panel_of_normals: {folder / 'reference-cell.cnn.gz'}}}")
    gene = table(tables, "copy_number_genes").set_index("gene").loc["CDKN2A"]
    assert gene["call"] == "HOMDEL"
    assert gene["log2"] < -4
    assert "no normal" in table(tables, "copy_number_fit")["limits"].iloc[0]


def test_stomach_tumour_of_facets(run_copies: Run, real_data: Path) -> None:
    row = {
        "patient": "S", "sample": "S_T", "status": 1,
        "snps": real_data / "cnv" / "facets_stomach.csv.gz",
    }  # fmt: skip
    fit = table(run_copies([row], "{}"), "copy_number_fit").iloc[0]
    assert fit["purity"] == pytest.approx(0.895, abs=0.05)
    assert fit["ploidy"] == pytest.approx(2.08, abs=0.15)
    assert not fit["is_ambiguous"]


def test_example_pair_of_purecn(run_copies: Run, real_data: Path) -> None:
    folder = real_data / "cnv"
    rows = [
        {"patient": "P", "sample": "LIB-02252e4", "status": 0,
         "coverage": folder / "purecn_example_normal.txt.gz", "snps": ""},
        {"patient": "P", "sample": "LIB-02240e4", "status": 1,
         "coverage": folder / "purecn_example_tumor.txt.gz",
         "snps": folder / "purecn_example_vcf.vcf.gz"},
    ]  # fmt: skip
    fit = table(run_copies(rows, "{}"), "copy_number_fit").iloc[0]
    assert fit["purity"] == pytest.approx(0.66, abs=0.05)
    assert fit["ploidy"] == pytest.approx(1.747, abs=0.15)
