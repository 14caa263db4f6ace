"""`storiform samples-from`: sheets of invented folders of sarek, rnaseq and oncoanalyser."""

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from storiform.cli.main import group
from storiform.io.resources import bundled

MUTECT2 = "variant_calling/mutect2"
ANNOTATED = "annotation/mutect2"
WORKFLOW = '''"""Counts as they are given."""

from storiform.biomarkers.expression import counts, tpm

STEPS = (counts, tpm)
'''


def call(*arguments: object) -> Result:
    return CliRunner().invoke(group, ["samples-from", *map(str, arguments)])


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def sarek(root: Path, *, table: str = "recalibrated", status: str = "0,1") -> Path:
    """Lay out one patient as sarek 3 does; its table has the paths of another machine."""
    kind = {"recalibrated": "recal", "markduplicates": "md"}[table]
    rows = ["patient,sex,status,sample,cram,crai"]
    for name, value in zip(("P1_N", "P1_T"), status.split(","), strict=True):
        place = f"preprocessing/{table}/{name}/{name}.{kind}.cram"
        touch(root, place, f"{place}.crai")
        rows.append(f"P1,XX,{value},{name},/elsewhere/{place},/elsewhere/{place}.crai")
    (root / "csv").mkdir(exist_ok=True)
    (root / "csv" / f"{table}.csv").write_text("".join(f"{row}\n" for row in rows))
    pair = "P1_T_vs_P1_N"
    touch(root, f"{MUTECT2}/{pair}/{pair}.mutect2.filtered.vcf.gz",
          f"{MUTECT2}/{pair}/{pair}.mutect2.vcf.gz",
          f"{ANNOTATED}/{pair}/{pair}.mutect2.filtered_VEP.ann.vcf.gz",
          f"{ANNOTATED}/{pair}/{pair}.mutect2.filtered_snpEff.ann.vcf.gz",
          f"variant_calling/ascat/{pair}/{pair}.segments.txt",
          f"variant_calling/ascat/{pair}/{pair}.purityploidy.txt")  # fmt: skip
    return root


def rnaseq(root: Path, *names: str) -> Path:
    for name in names:
        touch(root, f"star_salmon/{name}.markdup.sorted.bam",
              f"star_salmon/{name}.markdup.sorted.bam.bai")  # fmt: skip
        path = root / "star_salmon" / name / "lib_format_counts.json"
        path.parent.mkdir()
        path.write_text('{"expected_format": "ISR", "strand_mapping_bias": 0.01}')
    header = "\t".join(["gene_id", "gene_name", *(name.replace("-", ".") for name in names)])
    values = "\t".join(["ENSG1", "A", *("7" for _ in names)])
    for kind in ("counts", "tpm"):
        path = root / "star_salmon" / f"salmon.merged.gene_{kind}.tsv"
        path.write_text(f"{header}\n{values}\n")
    return root


def oncoanalyser(root: Path, group_id: str = "G1") -> Path:
    touch(root / group_id, "purple/T9.purple.purity.tsv", "purple/T9.purple.cnv.somatic.tsv",
          "purple/T9.purple.somatic.vcf.gz", "purple/T9.purple.germline.vcf.gz",
          "lilac/T9.lilac.tsv", "linx/somatic_annotations/T9.linx.fusion.tsv",
          "alignments/dna/T9.markdups.bam", "alignments/dna/T9.markdups.bam.bai",
          "alignments/dna/N9.markdups.bam", "alignments/dna/N9.markdups.bam.bai",
          "alignments/rna/R9.md.bam", "alignments/rna/R9.md.bam.bai",
          "isofox/R9.isf.gene_data.csv")  # fmt: skip
    typed = "Allele\tRefTotal\nA*01:01\t9\nA*02:01\t9\n"
    (root / group_id / "lilac/T9.lilac.tsv").write_text(typed)
    return root


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False).set_index("sample")


def test_sarek_and_rnaseq_make_one_sheet(tmp_path) -> None:
    dna, rna = sarek(tmp_path / "dna"), rnaseq(tmp_path / "rna", "P1-rna")
    made = call(dna, rna, "--to", tmp_path / "samples.csv")
    assert made.exit_code == 0, (made.output, made.exception)
    sheet = read(tmp_path / "samples.csv")
    assert sheet["status"].to_dict() == {"P1_N": "0", "P1_T": "1", "P1-rna": "2"}
    assert set(sheet["patient"]) == {"P1"}
    tumour = sheet.loc["P1_T"]
    assert tumour["cram"] == str(dna / "preprocessing/recalibrated/P1_T/P1_T.recal.cram")
    assert tumour["crai"] == f"{tumour['cram']}.crai"
    assert tumour["vcf"].endswith("P1_T_vs_P1_N.mutect2.filtered_VEP.ann.vcf.gz")
    assert tumour["segments"].endswith(".segments.txt")
    assert tumour["purity_fit"].endswith(".purityploidy.txt")
    assert sheet.loc["P1_N", "vcf"] == ""
    library = sheet.loc["P1-rna"]
    assert library["bam"].endswith("P1-rna.markdup.sorted.bam")
    assert library["counts"].endswith("salmon.merged.gene_counts.tsv")
    assert library["tpm"].endswith("salmon.merged.gene_tpm.tsv")
    assert library["strandedness"] == "ISR"
    assert "P1-rna (P1): taken for RNA of the patient" in made.stderr
    assert (
        "P1_T: of mutect2.filtered_VEP.ann.vcf.gz, mutect2.filtered_snpEff.ann.vcf.gz taken is"
        in made.stderr
    )
    assert "copies are those of ASCAT" in made.stderr


def test_two_pipelines_may_share_a_folder(tmp_path) -> None:
    root = rnaseq(sarek(tmp_path / "results"), "P1_rna")
    assert call(root, "--to", tmp_path / "s.csv").exit_code == 0
    assert read(tmp_path / "s.csv").index.tolist() == ["P1_N", "P1_T", "P1_rna"]


def test_the_table_of_the_latest_step_is_read(tmp_path) -> None:
    root = sarek(sarek(tmp_path / "dna", table="markduplicates"), table="recalibrated")
    assert call(root, "--to", tmp_path / "s.csv").exit_code == 0
    assert read(tmp_path / "s.csv").loc["P1_N", "cram"].endswith("P1_N.recal.cram")


def test_calls_without_consequences_are_taken_and_told(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    for path in (root / "annotation").glob("*/*/*"):
        path.unlink()
    made = call(root, "--to", tmp_path / "s.csv")
    assert read(tmp_path / "s.csv").loc["P1_T", "vcf"].endswith("mutect2.filtered.vcf.gz")
    assert "P1_T: calls as Mutect2 wrote them carry no consequences" in made.stderr


def test_links_keep_their_names_and_indices(tmp_path) -> None:
    """Nextflow publishes links into its work folder, which is emptied one day."""
    root = sarek(tmp_path / "dna")
    cram = root / "preprocessing/recalibrated/P1_T/P1_T.recal.cram"
    touch(tmp_path, "work/ab/cd.cram")
    cram.unlink()
    cram.symlink_to(tmp_path / "work/ab/cd.cram")
    call(root, "--to", tmp_path / "s.csv")
    tumour = read(tmp_path / "s.csv").loc["P1_T"]
    assert (tumour["cram"], tumour["crai"]) == (str(cram), f"{cram}.crai")


def test_what_holds_of_many_samples_is_told_once(tmp_path) -> None:
    made = call(rnaseq(tmp_path / "rna", "A", "B"), oncoanalyser(tmp_path / "w"),
                oncoanalyser(tmp_path / "x", "G2"), "--to", tmp_path / "s.csv")  # fmt: skip
    assert "found the sample T9 2 times" in str(made.exception)
    two = oncoanalyser(tmp_path / "y")
    other = oncoanalyser(tmp_path / "z", "G2")
    for path in sorted(other.rglob("*9*")):
        renamed = two / str(path.relative_to(other)).replace("9", "8")
        renamed.parent.mkdir(parents=True, exist_ok=True)
        path.rename(renamed)
    made = call(two, "--to", tmp_path / "s.csv")
    assert made.exit_code == 0, made.exception
    assert "T9, T8: fusions of LINX are not read." in made.stderr


def test_a_name_that_two_patients_share_is_asked(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    with (root / "csv" / "recalibrated.csv").open("a") as table:
        table.write("P2,XX,1,P1_T,a.cram,\n")
    made = call(root, "--to", tmp_path / "s.csv")
    assert "row 4: found the sample P1_T of P1 and of P2, expected names that differ" in str(
        made.exception
    )


def test_calls_are_found_where_older_versions_put_them(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    (root / ANNOTATED / "P1_T_vs_P1_N").rename(root / "annotation" / "P1_T_vs_P1_N")
    (root / ANNOTATED).rmdir()
    call(root, "--to", tmp_path / "s.csv")
    assert read(tmp_path / "s.csv").loc["P1_T", "vcf"].endswith("filtered_VEP.ann.vcf.gz")


def test_reads_that_are_nowhere_are_told(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    (root / "preprocessing/recalibrated/P1_T/P1_T.recal.cram").unlink()
    made = call(root, "--to", tmp_path / "s.csv")
    assert made.exit_code == 0
    assert "P1_T: the file of recalibrated.csv is neither at its path nor" in made.stderr
    assert read(tmp_path / "s.csv").loc["P1_T", "cram"] == ""


def test_a_call_with_another_patients_normal_is_asked(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    for folder in (MUTECT2, ANNOTATED, "variant_calling/ascat"):
        (root / folder / "P1_T_vs_P1_N").rename(root / folder / "P1_T_vs_P2_N")
    made = call(root, "--to", tmp_path / "s.csv")
    assert "found results of P1_T_vs_P2_N, expected one with the normal of patient P1" in str(
        made.exception
    )
    assert not (tmp_path / "s.csv").exists()


def test_joint_calls_of_several_tumours_are_not_taken(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    for folder in (MUTECT2, ANNOTATED):
        (root / folder / "P1_T_vs_P1_N").rename(root / folder / "P1")
    made = call(root, "--to", tmp_path / "s.csv")
    assert made.exit_code == 0
    assert "P1_T: Mutect2 called all tumours of the patient into one file" in made.stderr
    assert "vcf" not in read(tmp_path / "s.csv")


def test_a_status_that_is_not_told_is_asked_and_taken_from_names(tmp_path) -> None:
    root = sarek(tmp_path / "dna", status=",1")
    made = call(root, "--to", tmp_path / "s.csv")
    assert "recalibrated.csv: found no status of P1_N" in str(made.exception)
    (tmp_path / "names.csv").write_text("sample,status,timepoint\nP1_N,0,\nP1_T,1,pre\n")
    made = call(root, "--to", tmp_path / "s.csv", "--names", tmp_path / "names.csv")
    assert made.exit_code == 0, made.exception
    sheet = read(tmp_path / "s.csv")
    assert sheet["status"].to_dict() == {"P1_N": "0", "P1_T": "1"}
    assert sheet.loc["P1_T", "timepoint"] == "pre"
    assert sheet.loc["P1_T", "vcf"].endswith("VEP.ann.vcf.gz")


def test_rna_of_nobody_is_asked(tmp_path) -> None:
    dna, rna = sarek(tmp_path / "dna"), rnaseq(tmp_path / "rna", "lib7", "P10")
    made = call(dna, rna, "--to", tmp_path / "s.csv")
    assert "found P10, lib7 of no patient that the folders name (P1)" in str(made.exception)
    (tmp_path / "names.csv").write_text("sample,patient\nlib7,P1\nP10,P10\n")
    made = call(dna, rna, "--to", tmp_path / "s.csv", "--names", tmp_path / "names.csv")
    assert made.exit_code == 0, made.exception
    assert read(tmp_path / "s.csv")["patient"].to_dict() == {
        "P1_N": "P1", "P1_T": "P1", "lib7": "P1", "P10": "P10",
    }  # fmt: skip


def test_rna_alone_is_of_patients_of_its_own(tmp_path) -> None:
    made = call(rnaseq(tmp_path / "rna", "A", "B"), "--to", tmp_path / "s.csv")
    assert read(tmp_path / "s.csv")["patient"].to_dict() == {"A": "A", "B": "B"}
    assert "each sample is taken for a patient of its own" in made.stderr


def test_counts_of_one_sample_come_before_the_merged_ones(tmp_path) -> None:
    rna = rnaseq(tmp_path / "rna", "A")
    touch(rna, "star_salmon/A/quant.genes.sf")
    call(rna, "--to", tmp_path / "s.csv")
    assert read(tmp_path / "s.csv").loc["A", "counts"].endswith("A/quant.genes.sf")


def test_rna_named_as_the_tumour_is_renamed(tmp_path) -> None:
    made = call(
        sarek(tmp_path / "dna"), rnaseq(tmp_path / "rna", "P1_T"), "--to", tmp_path / "s.csv"
    )
    assert made.exit_code == 0, made.exception
    assert read(tmp_path / "s.csv").loc["P1_T_rna", "patient"] == "P1"
    assert (
        "P1_T: DNA and RNA have the same name; the RNA stands in the sheet as NAME_rna"
        in made.stderr
    )


def test_several_tumours_of_a_patient_become_biopsies(tmp_path) -> None:
    root = sarek(tmp_path / "dna")
    place = "preprocessing/recalibrated/P1_T2/P1_T2.recal.cram"
    touch(root, place)
    with (root / "csv" / "recalibrated.csv").open("a") as table:
        table.write(f"P1,XX,1,P1_T2,{root / place},\n")
    made = call(root, "--to", tmp_path / "s.csv")
    assert made.exit_code == 0, made.exception
    assert read(tmp_path / "s.csv")["biopsy"].to_dict() == {
        "P1_N": "", "P1_T": "P1_T", "P1_T2": "P1_T2",
    }  # fmt: skip
    assert (
        "patient P1: several tumours, each library taken for a biopsy of its own" in made.stderr
    )
    assert "P1_T2: no somatic calls of Mutect2 found" in made.stderr


def test_oncoanalyser_tells_tumour_and_normal(tmp_path) -> None:
    made = call(oncoanalyser(tmp_path / "wigits"), "--to", tmp_path / "s.csv")
    assert made.exit_code == 0, made.exception
    sheet = read(tmp_path / "s.csv")
    assert sheet["status"].to_dict() == {"N9": "0", "T9": "1", "R9": "2"}
    assert set(sheet["patient"]) == {"G1"}
    ends = {"bam": "T9.markdups.bam", "bai": "T9.markdups.bam.bai",
            "vcf": "T9.purple.somatic.vcf.gz", "segments": "T9.purple.cnv.somatic.tsv",
            "purity_fit": "T9.purple.purity.tsv", "hla": "T9.lilac.tsv"}  # fmt: skip
    for column, end in ends.items():
        assert sheet.loc["T9", column].endswith(end)
    assert sheet.loc["R9", "bam"].endswith("R9.md.bam")
    assert "T9: fusions of LINX are not read." in made.stderr


def test_two_normals_in_a_group_are_asked(tmp_path) -> None:
    root = oncoanalyser(tmp_path / "wigits")
    touch(root, "G1/alignments/dna/N8.redux.bam")
    made = call(root, "--to", tmp_path / "s.csv")
    assert "found N8, N9 beside the tumour T9, expected one normal" in str(made.exception)


@pytest.mark.parametrize("name", ["empty", "absent"])
def test_a_folder_of_nothing_known_is_told(tmp_path, name) -> None:
    (tmp_path / "empty").mkdir()
    made = call(tmp_path / name, "--to", tmp_path / "s.csv")
    assert "expected the output folder of nf-core/sarek, rnaseq or oncoanalyser" in str(
        made.exception
    )


def test_a_sheet_that_is_there_is_kept(tmp_path) -> None:
    (tmp_path / "s.csv").write_text("mine")
    made = call(rnaseq(tmp_path / "rna", "A"), "--to", tmp_path / "s.csv")
    assert "found a file that is there" in str(made.exception)
    assert (tmp_path / "s.csv").read_text() == "mine"


def test_a_sample_in_two_folders_is_asked(tmp_path) -> None:
    one, two = sarek(tmp_path / "one"), sarek(tmp_path / "two")
    made = call(one, two, "--to", tmp_path / "s.csv")
    assert "found the sample P1_N 2 times" in str(made.exception)


def test_names_of_unknown_samples_and_columns_are_told(tmp_path) -> None:
    rna = rnaseq(tmp_path / "rna", "A")
    names = tmp_path / "names.csv"
    names.write_text("sample,patient\nC,P1\n")
    made = call(rna, "--to", tmp_path / "s.csv", "--names", names)
    assert "--names, row 2: found the sample C, expected A" in str(made.exception)
    names.write_text("library,patient\nA,P1\n")
    made = call(rna, "--to", tmp_path / "s.csv", "--names", names)
    assert "found library, patient, expected sample and any of" in str(made.exception)


def test_the_sheet_passes_the_check(tmp_path) -> None:
    rna = rnaseq(tmp_path / "rna", "A", "B")
    for path in rna.glob("star_salmon/*.bam*"):
        path.unlink()
    known = pd.read_csv(
        bundled("reference/genome/gene_identifiers.tsv.gz"), sep="\t", nrows=600
    )
    ids = known.dropna(subset=["ensembl", "symbol"])[["ensembl", "symbol"]].head(300)
    genes = [
        f"{ensembl}\t{symbol}\t{number}\t{number * 2}"
        for number, (ensembl, symbol) in enumerate(ids.itertuples(index=False), 1)
    ]
    for kind in ("counts", "tpm"):
        path = rna / "star_salmon" / f"salmon.merged.gene_{kind}.tsv"
        path.write_text("\n".join(["gene_id\tgene_name\tA\tB", *genes, ""]))
    assert call(rna, "--to", tmp_path / "samples.csv").exit_code == 0
    (tmp_path / "flow.py").write_text(WORKFLOW)
    (tmp_path / "c.yaml").write_text(
        "workflow: flow.py\noutput: out\ncohort:\n  samples: samples.csv\n"
    )
    checked = CliRunner().invoke(group, ["check", str(tmp_path / "c.yaml")])
    assert checked.exit_code == 0, checked.output
