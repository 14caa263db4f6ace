"""What `check` finds that a run would meet late: no proteins, a folder that takes nothing."""

import errno
import os
from pathlib import Path

import pytest

from storiform.engine.check import check_inputs

WORKFLOW = '''"""Calls, their proteins, and peptides of these."""

from storiform.biomarkers.consequences.annotation import consequences
from storiform.biomarkers.consequences.proteins import protein_changes
from storiform.biomarkers.peptides import peptides
from storiform.biomarkers.variants import variants

STEPS = (consequences, variants, protein_changes, peptides)
'''
PLAIN, WHOLE = "Allele|Consequence|Feature", "Allele|Consequence|Feature|WildtypeProtein"
LACKING = (
    "no WildtypeProtein in CSQ, and resources.genes and resources.fasta are not both named"
)


def vcf(fields: str) -> str:
    return (
        "##fileformat=VCFv4.2\n"
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: {fields}">\n'
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\n"
        "chr1\t100\t.\tG\tT\t.\tPASS\tCSQ=T|missense_variant|T1"
        f"{'|MKTAYIAK' if fields == WHOLE else ''}\tGT:AD\t0/1:20,20\n"
    )


def configured(folder: Path, *files: str, more: str = "output: out\n", hla: str = "A*02:01"):
    """Write a cohort of one biopsy for each VCF; return its configuration."""
    (folder / "flow.py").write_text(WORKFLOW)
    rows = []
    for number, fields in enumerate(files, 1):
        text = vcf(fields).replace("\n", f"\n##source=patient {number}\n", 1)
        (folder / f"c{number}.vcf").write_text(text)
        rows.append(f"P{number}\tT{number}\t1\tc{number}.vcf\t{hla}\n")
    sheet = "patient\tsample\tstatus\tvcf\thla\n" + "".join(rows)
    (folder / "samples.tsv").write_text(sheet)
    path = folder / "c.yaml"
    path.write_text(f"workflow: flow.py\n{more}cohort:\n  samples: samples.tsv\n")
    return path


def told(path: Path, words: str):
    return [one for one in check_inputs(path).findings if words in one.message]


def test_vcfs_of_which_no_peptide_can_come_are_named_once(tmp_path: Path) -> None:
    (found,) = told(configured(tmp_path, PLAIN, WHOLE, PLAIN), LACKING)
    assert (found.severity, found.units) == ("warning", ("P1", "P3"))
    assert found.message.startswith("c1.vcf, c3.vcf: no WildtypeProtein")
    assert "plugins Wildtype and Frameshift" in found.message


def test_proteins_are_not_missed_where_none_are_needed(tmp_path: Path) -> None:
    assert not told(configured(tmp_path, WHOLE), LACKING)
    without_alleles = configured(tmp_path, PLAIN, hla="")
    assert not told(without_alleles, LACKING)


def test_genes_and_genome_stand_for_proteins_of_the_vcf(tmp_path: Path) -> None:
    (tmp_path / "genome.fa").write_text(">chr1\n" + "ACGT" * 30 + "\n")
    (tmp_path / "genome.fa.fai").write_text("chr1\t120\t6\t120\t121\n")
    row = "chr1\tx\texon\t1\t90\t.\t+\t.\t"
    (tmp_path / "a.gtf").write_text(row + 'gene_id "G"; transcript_id "T";\n')
    more = "output: out\nresources: {genes: a.gtf, fasta: genome.fa}\n"
    assert not told(configured(tmp_path, PLAIN, more=more), LACKING)
    more = "output: out\nresources: {genes: a.gtf}\n"
    assert told(configured(tmp_path, PLAIN, more=more), LACKING)


def test_an_output_folder_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    (found,) = told(configured(tmp_path, WHOLE, more="output: taken/results\n"), "output: ")
    assert found.severity == "error"
    assert "taken/results: found taken, which is no folder, expected a folder" in found.message
    assert not told(configured(tmp_path, WHOLE, more="output: new/results\n"), "output: ")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("number", "why"),
    [(errno.EACCES, "permission denied"), (errno.ENOSPC, "no space left on device")],
)
def test_an_output_folder_that_refuses_a_file_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    path = configured(tmp_path, WHOLE)

    def refuse(**_: object) -> None:  # as for a user who is not root
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("storiform.io.paths.tempfile.TemporaryFile", refuse)
    (found,) = told(path, "output: ")
    assert found.severity == "error"
    assert f"found {why}" in found.message


def test_who_waits_is_told_what_is_opened(tmp_path: Path) -> None:
    heard: list[str] = []
    check_inputs(configured(tmp_path, WHOLE), heard.append)
    assert heard[0] == "the configuration and the sheets"
    assert "calls of P1 (c1.vcf)" in heard


def test_hla_names_that_are_none_are_a_warning_and_others_a_note(tmp_path: Path) -> None:
    path = configured(tmp_path, WHOLE, WHOLE, hla="A*2:1;A*24")
    (doubt,) = told(path, "'A*2:1' of patient P1")
    assert doubt.severity == "warning"
    assert "'A*2:1' of patient P2" in doubt.message
    assert {one.severity for one in told(path, "A*24 (one field only)")} == {"note"}
    assert not [one for one in check_inputs(path).findings if one.severity == "error"]


def paired(folder: Path, normal: str, tumour: str, normal_reads: str) -> None:
    """Give each VCF of the folder three calls and a second column."""
    for path in folder.glob("c*.vcf"):
        *head, columns, record = path.read_text().splitlines()
        calls = [
            record.replace("\t100\t", f"\t{place}\t").replace("20,20", tumour)
            + f"\t0/0:{normal_reads}"
            for place in (100, 200, 300)
        ]
        path.write_text("\n".join([*head, f"{columns}\t{normal}", *calls, ""]))


def test_normals_of_which_no_column_is_known_are_one_warning(tmp_path: Path) -> None:
    path = configured(tmp_path, WHOLE, WHOLE)
    paired(tmp_path, "blood", "20,20", "40,0")
    (found,) = told(path, "no column is known to be the normal")
    assert (found.severity, found.units) == ("warning", ("P1", "P2"))


def test_columns_that_seem_exchanged_are_one_warning(tmp_path: Path) -> None:
    path = configured(tmp_path, WHOLE, WHOLE)
    paired(tmp_path, "N", "60,0", "40,25")
    (found,) = told(path, "are the columns of tumour and normal exchanged?")
    assert (found.severity, found.units) == ("warning", ("P1", "P2"))
    assert found.message.startswith("3 of 3 calls have no read")
