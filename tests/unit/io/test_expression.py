"""Counts and TPM in every shape in which people have them, and what is wrong with some."""

import gzip
import time

import numpy as np
import pandas as pd
import pytest

from storiform.io.expression import read_counts, read_log2_tpm, read_tpm
from storiform.io.genes import read_gene_names
from storiform.io.resources import bundled
from storiform.io.sources import SOURCES
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError

MATRIX = "gene,S1,S2\nTP53,10,20\nCD8A,0,3\nMDM2,7,1\n"


def unit(path, sample="S1", biopsy="B1", patient="P1"):
    files = dict.fromkeys(("counts", "tpm", "log2_tpm"), path)
    return SourceUnit(biopsy, patient, files, {"tumour_rna": sample}, "GRCh38", {})


def written(tmp_path, content, name="matrix.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def counted(path, **names):
    rows = read_counts(unit(path, **names))
    return dict(zip(rows["id"], rows["count"], strict=True))


EXPECTED = {"TP53": 10.0, "CD8A": 0.0, "MDM2": 7.0}


@pytest.mark.parametrize(
    "content",
    [
        MATRIX.encode(),
        MATRIX.replace(",", "\t").encode(),
        MATRIX.replace(",", ";").encode(),
        MATRIX.replace(",", " ").encode(),
        MATRIX.replace("\n", "\r").encode(),
        MATRIX.replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + MATRIX.encode(),
        MATRIX.encode("utf-16"),
        gzip.compress(MATRIX.encode()),
        MATRIX.replace("gene,", ",").encode(),
        MATRIX.replace("gene,", "").encode(),
        b'"","S1","S2"\n"TP53",10,20\n"CD8A",0,3\n"MDM2",7,1\n',
        MATRIX.replace("S1", '"""S1"""').encode(),
        b"# made by a pipeline\n\n" + MATRIX.encode(),
        b'"",gene,S1\n"1",TP53,10\n"2",CD8A,0\n"3",MDM2,7\n',
        b"gene,S1,S2\nTP53,10,20,\nCD8A,0,3,\nMDM2,7,1,\n",
    ],
    ids=[
        "comma", "tab", "semicolon", "blank", "CR", "CRLF", "BOM", "UTF-16", "gzip",
        "unnamed", "R row names", "quoted", "quoted twice", "comment", "row numbers",
        "separator behind rows",
    ],
)  # fmt: skip
def test_every_dialect_of_a_matrix_is_read(tmp_path, content):
    assert counted(written(tmp_path, content)) == EXPECTED


def test_decimal_commas_are_read_between_semicolons(tmp_path):
    path = written(tmp_path, "gene;S1\nTP53;900000,5\nCD8A;99999,5\n")
    assert read_tpm(unit(path))["tpm"].tolist() == [900000.5, 99999.5]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("gene,S1,other", {"sample": "S1"}),
        ("gene,B1,other", {"sample": "S1", "biopsy": "B1"}),
        ("gene,P1,other", {"sample": "S1", "patient": "P1"}),
        ("gene,anything", {}),
        ("gene,Length,anything", {}),
        ("gene,/data/S1.Aligned.sortedByCoord.out.bam,b.bam", {"sample": "S1"}),
        ("gene,X1.S,X2.S", {"sample": "1-S"}),
    ],
)
def test_the_column_is_that_of_the_sample_the_biopsy_or_the_patient(tmp_path, header, names):
    cells = {"Length": "1500", "anything": "10"}
    values = [
        cells.get(name, "10" if i == 0 else "99")
        for i, name in enumerate(header.split(",")[1:])
    ]
    path = written(tmp_path, f"{header}\nTP53,{','.join(values)}\n")
    assert counted(path, **names) == {"TP53": 10.0}


def test_the_rna_sample_wins_over_the_patient(tmp_path):
    path = written(tmp_path, "gene,P1,S1\nTP53,1,2\n")
    assert counted(path) == {"TP53": 2.0}


def test_an_unknown_sample_is_told_with_the_columns_found(tmp_path):
    path = written(tmp_path, "gene,A,B,C,D,E,F,G\nTP53,1,2,3,4,5,6,7\n")
    with pytest.raises(
        InputError, match=r"A, B, C, D, E and 2 more, expected one named S1, B1, P1"
    ):
        read_counts(unit(path))


def test_a_matrix_of_samples_by_genes_is_told_apart(tmp_path):
    path = written(tmp_path, "sample,TP53,CD8A\nS1,1,2\nS2,3,4\n")
    with pytest.raises(InputError, match="Transpose the matrix"):
        read_counts(unit(path))


def test_two_columns_of_the_same_sample_are_refused(tmp_path):
    path = written(tmp_path, "gene,S1,S1\nTP53,1,2\n")
    with pytest.raises(InputError, match="2 columns named S1"):
        read_counts(unit(path))
    others = written(tmp_path, "gene,S1,S1,S2\nTP53,1,2,3\n", "other.csv")
    assert counted(others, sample="S2") == {"TP53": 3.0}


QUANTIFIED = {
    "quant.sf": "Name\tLength\tEffectiveLength\tTPM\tNumReads\n"
    "ENSG1.4\t1000\t800.5\t600000\t10.25\nENSG2.1\t500\t300\t400000\t0\n",
    "abundance.tsv": "target_id\tlength\teff_length\test_counts\ttpm\n"
    "ENSG1.4\t1000\t800.5\t10.25\t600000\nENSG2.1\t500\t300\t0\t400000\n",
    "s.genes.results": "gene_id\ttranscript_id(s)\tlength\teffective_length\texpected_count\t"
    "TPM\tFPKM\nENSG1.4\tA,B\t1000\t800.5\t10.25\t600000\t1\nENSG2.1\tC\t500\t300\t0\t400000\t1\n",
    "s.isoforms.results": "transcript_id\tgene_id\tlength\teffective_length\t"
    "expected_count\tTPM\tFPKM\tIsoPct\nT1\tENSG1.4\t1000\t800.5\t10.25\t600000\t1\t1\n"
    "T2\tENSG2.1\t500\t300\t0\t400000\t1\t1\n",
}


@pytest.mark.parametrize("name", sorted(QUANTIFIED))
def test_estimates_of_quantifiers_keep_their_decimals_and_lengths(tmp_path, name):
    path = written(tmp_path, QUANTIFIED[name], name)
    rows = read_counts(unit(path))
    assert rows["id"].tolist() == ["ENSG1.4", "ENSG2.1"]
    assert rows["count"].tolist() == [10.25, 0.0]
    assert rows["length"].tolist() == [800.5, 300.0]
    assert read_tpm(unit(path))["tpm"].tolist() == [600000.0, 400000.0]


def test_gencode_names_of_salmon_are_reduced_to_the_gene(tmp_path):
    name = "ENST00000456328.2|ENSG00000290825.1|-|OTTHUMT1|DDX11L2-202|DDX11L2|1657|lncRNA|"
    header = "Name\tLength\tEffectiveLength\tTPM\tNumReads"
    path = written(tmp_path, f"{header}\n{name}\t1\t1\t1\t5\n", "quant.sf")
    assert counted(path) == {"ENSG00000290825.1": 5.0}


def test_featurecounts_gives_counts_and_lengths(tmp_path):
    text = (
        '# Program:featureCounts v2.0.3; Command:"featureCounts"\n'
        "Geneid\tChr\tStart\tEnd\tStrand\tLength\tout/S1.bam\n"
        "ENSG1\tchr1;chr1\t1;9\t5;20\t+;+\t17\t4\nENSG2\tchr1\t1\t5\t+\t5\t0\n"
    )
    rows = read_counts(unit(written(tmp_path, text, "counts.txt")))
    assert rows["count"].tolist() == [4.0, 0.0]
    assert rows["length"].tolist() == [17.0, 5.0]


def test_htseq_is_read_without_its_summary(tmp_path):
    text = "ENSG1\t4\nENSG2\t0\n__no_feature\t99\n__ambiguous\t3\n__alignment_not_unique\t8\n"
    assert counted(written(tmp_path, text, "s.txt")) == {"ENSG1": 4.0, "ENSG2": 0.0}


@pytest.mark.parametrize(
    ("first", "second", "expected"), [(2, 95, 95.0), (95, 2, 95.0), (48, 50, 97.0)]
)
def test_the_strand_of_star_follows_from_its_sums(tmp_path, first, second, expected):
    text = (
        "N_unmapped\t9\t9\t9\nN_multimapping\t9\t9\t9\nN_noFeature\t1\t50\t50\n"
        f"N_ambiguous\t1\t1\t1\nENSG1\t97\t{first}\t{second}\n"
    )
    assert counted(written(tmp_path, text, "ReadsPerGene.out.tab")) == {"ENSG1": expected}


def test_an_undecided_strand_is_warned_of(tmp_path):
    text = "N_unmapped\t9\t9\t9\nENSG1\t97\t30\t70\n"
    path = written(tmp_path, text, "ReadsPerGene.out.tab")
    with pytest.warns(DataWarning, match="70% of the fragments lie on one strand"):
        assert counted(path) == {"ENSG1": 97.0}


@pytest.mark.parametrize(
    ("read", "values", "message"),
    [
        (read_counts, "1.5,2.25,0.1", "decimals in 100% of the genes.*expected integer counts"),
        (read_counts, "5,-1,2", "the negative value -1"),
        (read_counts, "0,0,0", "no fragments"),
        (
            read_counts,
            "5,#VALUE!,2",
            "gene CD8A, column S1: found '#VALUE!', expected a number",
        ),
        (read_tpm, "3.5,0,11.2", "name the file in the column log2_tpm"),
        (read_tpm, "3.5,-1,11.2", "the negative value -1"),
        (
            read_tpm,
            "2500000,12,0",
            r"S1: found integers alone, which sum to 2\.5e\+06.*file in the column counts",
        ),
        (read_log2_tpm, "3.5,12050,11.2", "name the file in the column tpm"),
    ],
)
def test_values_of_another_kind_are_refused(tmp_path, read, values, message):
    genes = zip(("TP53", "CD8A", "MDM2"), values.split(","), strict=True)
    path = written(tmp_path, "gene,S1\n" + "".join(f"{g},{v}\n" for g, v in genes))
    with pytest.raises(InputError, match=message) as caught:
        read(unit(path))
    assert "matrix.csv" in str(caught.value)
    assert caught.value.exit_code == 2


def test_logarithms_of_many_genes_are_told_from_tpm_whatever_their_sum(tmp_path):
    rows = "".join(f"ENSG{number:011d},9.5\n" for number in range(100_000))
    path = written(tmp_path, f"gene,S1\n{rows}")
    with pytest.raises(InputError, match=r"up to 9\.5 that sum to 9\.5e\+05.*column log2_tpm"):
        read_tpm(unit(path))


def test_rounded_tpm_are_no_counts(tmp_path):
    path = written(tmp_path, "gene,S1\nTP53,900000\nCD8A,100001\n")
    assert read_tpm(unit(path))["tpm"].sum() == 1_000_001


@pytest.mark.parametrize("read", [read_counts, read_tpm, read_log2_tpm])
def test_genes_in_several_rows_are_told_with_their_copies(tmp_path, read):
    rows = "TP53,40,20\nMDM2,7,1\nTP53,40,20\nMDM2,7,2\nCD8A,0,0\nCD8A,0,0\nCDK4,40,20\n"
    path = written(tmp_path, f"gene,S1,S2\n{rows}")
    with pytest.warns(DataWarning) as caught:
        assert len(read(unit(path))) == 7
    (told,) = [str(w.message) for w in caught]
    assert told == (
        "matrix.csv: 2 gene ids stand in several rows (TP53, MDM2); the rows of a gene are "
        "summed. 1 row is a copy of another, value by value: remove what was written twice."
    )


def test_genes_in_several_rows_of_other_values_are_told_as_summed(tmp_path):
    path = written(tmp_path, "gene,S1,S2\nTP53,40,20\nTP53,1,1\n")
    with pytest.warns(DataWarning, match=r"1 gene id stands in .* of a gene are summed\.$"):
        read_counts(unit(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "0 lines"),
        ("gene,S1\n", "found 1 line,"),
        (b"PK\x03\x04rest", "an Excel workbook"),
        (
            b"gene,S1\r\nTP53,1\r\nCD\x00A,2\r\n",
            r"line 3: found a binary file, or a damaged one",
        ),
        (
            "gene,S1\nTP53,1\nCD8A,1,2,3\n",
            "matrix.csv, line 3: found 4 cells, expected 2 cells in every row",
        ),
        (
            "# made\ngene,S1\nTP53,1,2,3\nCD8A,1\n",
            "matrix.csv, line 3: found 4 cells, expected 2 cells in every row",
        ),
        (
            "TP53,1\nCD8A,1,2\nMDM2,3,4\n",  # a cut first line of a file without a header
            "matrix.csv, line 2: found 3 cells, expected 2 cells in every row",
        ),
        (b"\x1f\x8bbroken", "found broken compression"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    path = written(tmp_path, content)
    with pytest.raises(InputError, match=message):
        read_counts(unit(path))


@pytest.mark.filterwarnings("ignore::storiform.model.errors.DataWarning")
def test_a_column_without_any_value_is_refused(tmp_path):
    path = written(tmp_path, "gene,S1\nTP53,\nCD8A,NA\n")
    with pytest.raises(InputError, match="no gene with a value"):
        read_counts(unit(path))


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.tsv: found no such file"):
        read_counts(unit(tmp_path / "nowhere.tsv"))


def test_rows_without_value_or_gene_are_left_out_and_told(tmp_path):
    path = written(tmp_path, "gene,S1\nTP53,4\nCD8A,NA\nNA,3\n")
    with pytest.warns(DataWarning, match="2 rows without a gene id or a value"):
        rows = read_counts(unit(path))
    assert rows[["row", "id"]].to_numpy().tolist() == [[0, "TP53"]]


def test_a_cohort_matrix_is_parsed_once_and_again_when_it_changes(tmp_path, monkeypatch):
    path = written(tmp_path, MATRIX)
    calls = []
    parse = pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *a, **k: calls.append(1) or parse(*a, **k))
    assert counted(path) == EXPECTED
    assert counted(path, sample="S2")["TP53"] == 20
    assert len(calls) == 1
    path.write_text(MATRIX.replace("TP53,10", "TP53,1111"))
    assert counted(path)["TP53"] == 1111
    assert len(calls) == 2


def test_sources_fill_the_contracts_that_they_name(tmp_path):
    path = written(tmp_path, "gene,S1\nTP53,900000\nCD8A,100000\n")
    logs = written(tmp_path, "gene,S1\nTP53,12.5\nCD8A,0\n", "logs.csv")
    for source in SOURCES:
        if {"counts", "tpm", "log2_tpm"} & {*source.columns}:
            frame = source.read(unit(logs if "log2" in source.table.name else path))
            assert len(source.table.conform(frame)) == 2


def test_every_column_of_a_real_cohort_is_read_from_one_parse(real_data):
    path = real_data / "cohort" / "riaz_GSE91061_raw_counts.csv.gz"
    columns = pd.read_csv(path, nrows=0).columns
    wanted = [name for name in columns if "_Pre_" in name]
    assert len(wanted) == 51
    read_counts(unit(path, sample=wanted[0]))
    start = time.process_time()
    frames = [read_counts(unit(path, sample=name)) for name in wanted]
    assert time.process_time() - start < 5.0  # one parse takes 0.4 s, 51 take 20 s
    assert all(len(frame) == 22_187 and np.isfinite(frame["count"]).all() for frame in frames)
    names = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))
    known = np.mean([bool(name) for name in names.symbols(frames[0]["id"].tolist())])
    assert known == pytest.approx(0.957, abs=5e-4)
