"""Published somatic calls through whole runs: nothing lost, known counts, known burdens."""

import csv
import gzip
import shutil
from pathlib import Path

import pandas as pd
import pytest
from real_inputs import ROOT, log_rank_p, median_survival, run_cohort, table
from trials import storiform

LAML, ANNOTATION = "maf/tcga_laml.maf.gz", "maf/tcga_laml_annot.tsv"
CALLERS = {
    "MERGED": "vcf/hcc1395_analysis_workflows.annotated.vcf.gz",
    "MUSE": "vcf/tumor_5_vs_normal_5.muse_VEP.ann.vcf.gz",
    "STRELKA": "vcf/tumor_5_vs_normal_5.strelka.somatic_indels_VEP.ann.vcf.gz",
}
DAYS_PER_MONTH = 30.4375
BURDENS = Path(__file__).with_name("burden_workflow.py")


def alleles_of(path: Path) -> list[tuple[int, int, str, int]]:
    """List every alternative allele of a VCF by splitting its lines: no parser at all."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [line.split("\t") for line in lines if not line.startswith("#")]
    for number, record in enumerate(records):
        for allele, _ in enumerate(record[4].split(",")):
            contig = "chr" + record[0].removeprefix("chr")
            found.append((number, allele, contig, int(record[1]) - 1))
    return found


def alleles_in(variants: pd.DataFrame) -> list[tuple[int, int, str, int]]:
    columns = ["record", "allele", "contig", "start"]
    return sorted(variants[columns].itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def hcc1395(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run the shipped example as a user would: from a copy of its folder."""
    folder = tmp_path_factory.mktemp("example") / "hcc1395"
    shutil.copytree(ROOT / "reference" / "examples" / "hcc1395", folder)
    done = storiform("run", folder / "hcc1395.yaml", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def test_shipped_example_loses_no_record(hcc1395: Path) -> None:
    variants = table(hcc1395 / "results" / "tables", "variants")
    assert variants["record"].nunique() == 1470
    assert alleles_in(variants) == alleles_of(hcc1395 / "hcc1395.vep.vcf.gz")


@pytest.mark.parametrize(
    ("place", "alt", "counts"),
    [
        ("chr2:31366061", "C", [0, 74, 76, 0]),
        ("chr2:222689428", "T", [69, 37, 76, 0]),
        ("chr5:177460555", "T", [98, 39, 92, 1]),
        ("chr6:1930220", "T", [146, 39, 63, 0]),
        ("chr6:29174126", "T", [203, 78, 129, 0]),
        ("chr8:123220247", "A", [169, 25, 84, 0]),
    ],
)
def test_shipped_example_has_the_reads_of_six_sites(
    hcc1395: Path, place: str, alt: str, counts: list[int]
) -> None:
    contig, position = place.split(":")
    variants = table(hcc1395 / "results" / "tables", "variants")
    own = variants[
        (variants["contig"] == contig)
        & (variants["start"] == int(position) - 1)
        & (variants["alt"] == alt)
    ]
    columns = [
        f"{role}_{kind}_reads" for role in ("tumour", "normal") for kind in ("ref", "alt")
    ]
    assert own[columns].to_numpy().tolist() == [counts]


def test_merged_muse_and_strelka_calls_lose_no_allele(real_data: Path, tmp_path: Path) -> None:
    rows = [
        {"patient": name, "sample": f"{name}_T", "status": 1, "vcf": real_data / file}
        for name, file in CALLERS.items()
    ]
    config = {"workflow": "dna", "cohort": {"samples": "samples.csv", "genome": "GRCh38"}}
    variants = table(run_cohort(tmp_path, rows, config), "variants")
    for name, file in CALLERS.items():
        own = variants[variants["patient"] == name]
        assert alleles_in(own) == alleles_of(real_data / file), name
    assert variants.groupby("patient").size().to_dict() == {
        "MERGED": 1145, "MUSE": 2037, "STRELKA": 6203,
    }  # fmt: skip


@pytest.fixture(scope="module")
def laml(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with gzip.open(real_data / LAML, "rt") as handle:
        rows = csv.DictReader(handle, delimiter="\t")
        samples = sorted({row["Tumor_Sample_Barcode"] for row in rows})
    sheet = [
        {"patient": name, "sample": f"{name}_T", "status": 1, "maf": real_data / LAML}
        for name in samples
    ]
    columns = {
        "patient": "Tumor_Sample_Barcode", "os_days": "days_to_last_followup",
        "os_event": "Overall_Survival_Status", "histology": "FAB_classification",
    }  # fmt: skip
    cohort = {
        "samples": "samples.csv", "clinical": str(real_data / ANNOTATION),
        "genome": "GRCh37", "columns": columns,
    }  # fmt: skip
    config = {"workflow": str(BURDENS), "cohort": cohort, "tmb": {"preset": "maftools"}}
    return run_cohort(tmp_path_factory.mktemp("laml"), sheet, config)


@pytest.mark.slow
def test_leukaemias_have_the_burden_that_maftools_states(laml: Path) -> None:
    variants, burden = table(laml, "variants"), table(laml, "tmb").set_index("patient")
    mutations = burden["mutations_nonsynonymous"]
    assert (len(variants), len(burden)) == (2207, 193)
    assert (mutations.sum(), (mutations > 0).sum(), mutations.median()) == (1732, 192, 9)
    assert burden["tmb"].median() == pytest.approx(0.18, rel=1e-12)
    assert mutations["TCGA-AB-3009"] == 34
    assert burden.loc["TCGA-AB-3009", "tmb"] == pytest.approx(0.68, rel=1e-12)


@pytest.mark.slow
def test_leukaemias_with_mutated_tp53_or_not_survive_as_scipy_says(
    laml: Path, real_data: Path
) -> None:
    rows = pd.read_csv(real_data / ANNOTATION, sep="\t", index_col=0, na_values="-Inf")
    rows = rows.dropna(subset=["days_to_last_followup"])
    months, events = rows["days_to_last_followup"] / DAYS_PER_MONTH, rows.iloc[:, -1]
    found = table(laml, "survival").set_index(["feature", "group"])
    everyone = found.loc[("all", "all")]
    assert (everyone["n"], everyone["events"]) == (len(rows), events.sum())
    # 1e-9: the order of a product
    expected = pytest.approx(median_survival(months, events), rel=1e-9)
    assert everyone["median_months"] == expected
    mutated = table(laml, "gene_mutations").set_index("patient")["TP53"]
    is_mutated = mutated.reindex(rows.index).dropna().astype(bool)
    months, events = months[is_mutated.index], events[is_mutated.index]
    of_tp53 = found.loc[("gene_mutations.TP53", "true")]
    assert of_tp53["n"] == is_mutated.sum()
    p = log_rank_p(months, events, is_mutated)
    assert of_tp53["chi2_p"] == pytest.approx(p, rel=1e-7)
    assert p < of_tp53["p"] < 0.001
