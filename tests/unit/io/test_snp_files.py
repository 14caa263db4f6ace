"""Allele counts of snp-pileup, Sequenza and VCFs: whole, swapped and contradictory files."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.snp_files import read_snps
from storiform.io.sources import SourceUnit
from storiform.model.errors import DataWarning, InputError
from storiform.model.genome import Build

PAIR = {"tumour_exome": "T1", "normal_exome": "N1"}
PILEUP = "Chromosome,Position,Ref,Alt,File1R,File1A,File1E,File1D,File2R,File2A,File2E,File2D"
SEQZ = (
    "chromosome\tposition\tbase.ref\tdepth.normal\tdepth.tumor\tdepth.ratio\tAf\tBf\t"
    "zygosity.normal\tGC.percent\tgood.reads\tAB.normal\tAB.tumor\ttumor.strand"
)
COUNTS = ["normal_1", "normal_2", "tumour_1", "tumour_2"]


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def vcf(path: Path, *records: str, columns: str = "N1\tT1") -> Path:
    head = f"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{columns}"
    return write(path, "##fileformat=VCFv4.2", head, *records)


def read(path: Path, samples: dict[str, str] | None = None,
         build: Build = "GRCh37") -> pd.DataFrame:  # fmt: skip
    named = PAIR if samples is None else samples
    return read_snps(SourceUnit("B1", "P1", {"snps": path}, named, build, {}))


def refused(path: Path, match: str, samples: dict[str, str] | None = None) -> None:
    with pytest.raises(InputError, match=match):
        read(path, samples)


def test_a_pileup_has_the_normal_first_and_counts_from_1(tmp_path) -> None:
    quoted = ",".join(f'"{name}"' for name in PILEUP.split(","))
    path = write(
        tmp_path / "p.csv", quoted, "2,500,N,N,30,28,1,0,40,12,0,2", "X,9,A,C,9,1,0,0,8,0,0,0"
    )
    snps = read(path)
    assert snps[["contig", "start"]].to_numpy().tolist() == [["chr2", 499], ["chrX", 8]]
    assert snps[COUNTS].to_numpy().tolist() == [[30, 28, 40, 12], [9, 1, 8, 0]]
    assert snps["is_reference_first"].all()


def test_a_pileup_of_one_file_is_the_tumour_where_there_is_no_normal(tmp_path) -> None:
    short = PILEUP.split(",File2R", maxsplit=1)[0]
    path = write(tmp_path / "p.csv", short, "2,500,N,N,30,28,1,0")
    assert read(path, {"tumour_exome": "T1"})[COUNTS].to_numpy().tolist() == [[0, 0, 30, 28]]
    refused(path, "p.csv, header: found columns Chromosome.*normal's BAM first")


def test_seqz_gives_heterozygous_places_with_the_reads_that_the_shares_are_of(tmp_path) -> None:
    path = write(
        tmp_path / "s.seqz", SEQZ,
        "1\t881992\tG\t53\t37\t0.698\t0.514\t0.486\thet\t63\t35\tAC\t.\t0",
        "1\t884173\tC\t80\t61\t0.762\t0.9\t0\thom\t66\t58\tC\tA0.1\tA1.0",
    )  # fmt: skip
    snps = read(path)
    assert snps[["contig", "start", *COUNTS]].to_numpy().tolist() == [
        ["chr1", 881991, 27, 26, 18, 17]
    ]
    assert not snps["is_reference_first"].any()


def test_a_vcf_gives_germline_sites_whatever_its_filter(tmp_path) -> None:
    path = vcf(
        tmp_path / "c.vcf",
        "1\t100\t.\tA\tG\t.\tREJECT\tDB\tGT:AD\t0/1:20,22\t0/1:10,30",
        "1\t200\t.\tA\tG,<NON_REF>\t.\tgermline\t.\tGT:AD:DP\t0/1:9,8,0:17\t0/1:5,6,0:11",
        "1\t300\t.\tAT\tA\t.\tPASS\t.\tGT:AD\t0/1:9,8\t0/1:5,6",
        "1\t400\t.\tA\tC,T\t.\tPASS\t.\tGT:AD\t0/1:9,8,0\t0/1:5,6,0",
        "1\t500\t.\tC\tT\t.\tPASS\t.\tGT:AD\t./.:.\t0/1:5,6",
        "1\t600\t.\tC\tT\t.\tPASS\t.\tGT:AD\t0/1:5,6\t./.:.",
    )  # fmt: skip
    snps = read(path)
    assert snps[["start", *COUNTS]].to_numpy().tolist() == [
        [99, 20, 22, 10, 30], [199, 9, 8, 5, 6], [499, 0, 0, 5, 6],
    ]  # fmt: skip


def test_header_words_tell_the_columns_where_names_do_not(tmp_path) -> None:
    record = "1\t100\t.\tA\tG\t.\t.\t.\tGT:AD\t0/1:10,30\t0/1:20,22"
    path = vcf(tmp_path / "c.vcf", record, columns="TUMOR\tNORMAL")
    assert read(path)[COUNTS].to_numpy().tolist() == [[20, 22, 10, 30]]
    refused(vcf(tmp_path / "d.vcf", record, columns="A\tB"), "found the sample columns A, B")


def contradictory(path: Path, ratio: float) -> Path:
    """Write a VCF in whose tumour AD says .5 and FA .2; DP is `ratio` of the sum of AD."""
    dp = round(100 * ratio)
    rows = [
        f"1\t{1000 * k}\t.\tA\tG\t.\tREJECT\t.\tAD:DP:FA\t25,25:50:0.5\t50,50:{dp}:0.2"
        for k in range(1, 60)
    ]
    return vcf(path, *rows)


def test_where_ad_contradicts_share_and_depth_these_are_believed(tmp_path) -> None:
    path = contradictory(tmp_path / "c.vcf", 0.5)
    told = r"c.vcf: AD and FA .* 59 of 59 places .such as chr1:1000, 0.50 by AD, 0.20 by FA"
    with pytest.warns(DataWarning, match=rf"{told}.*2.00 times DP, so FA and DP are believed"):
        snps = read(path)
    assert snps[COUNTS].drop_duplicates().to_numpy().tolist() == [[25, 25, 40, 10]]


def test_where_the_depth_bears_out_ad_it_is_believed(tmp_path) -> None:
    with pytest.warns(DataWarning, match=r"1.00 times DP, so AD is believed"):
        snps = read(contradictory(tmp_path / "c.vcf", 1.0))
    assert snps[COUNTS].drop_duplicates().to_numpy().tolist() == [[25, 25, 50, 50]]


def test_without_a_depth_ad_is_believed(tmp_path) -> None:
    path = contradictory(tmp_path / "c.vcf", 0.5)
    path.write_text(path.read_text().replace("AD:DP:FA", "AD:XX:FA"))
    with pytest.warns(DataWarning, match="there is no DP, so AD is believed"):
        snps = read(path)
    assert snps[COUNTS].drop_duplicates().to_numpy().tolist() == [[25, 25, 50, 50]]


def test_a_share_that_differs_at_few_places_is_no_contradiction(tmp_path) -> None:
    rows = [
        f"1\t{k}\t.\tA\tG\t.\t.\t.\tAD:DP:AF\t50,50:100:0.5\t50,50:100:{0.9 if k < 5 else 0.5}"
        for k in range(1, 100)
    ]
    assert len(read(vcf(tmp_path / "c.vcf", *rows))) == 99


def swappable(path: Path, *, swapped: bool) -> Path:
    """Write a pileup of a tumour that lost an allele of half its genome."""
    draw = np.random.default_rng(3)
    rows = []
    for k in range(1, 900):
        pure, lost = draw.binomial(80, 0.5), draw.binomial(80, 0.2 if k % 2 else 0.5)
        pair = (lost, pure) if swapped else (pure, lost)
        cells = ",".join(f"{80 - n},{n},0,0" for n in pair)
        rows.append(f"1,{k * 1000},N,N,{cells}")
    return write(path, PILEUP, *rows)


def test_swapped_tumour_and_normal_are_warned_of(tmp_path) -> None:
    assert len(read(swappable(tmp_path / "p.csv", swapped=False))) == 899
    with pytest.warns(DataWarning, match=r"in the normal and \d% in the tumour: were the two"):
        read(swappable(tmp_path / "p.csv", swapped=True))


@pytest.mark.parametrize(
    ("line", "match"),
    [
        ("1,0,N,N,1,1,0,0,1,1,0,0", "line 2, column start: found 0, expected a whole number f"),
        (
            "1,5,N,N,1,-1,0,0,1,1,0,0",
            "line 2, column File1A: found -1, expected a whole number",
        ),
        ("1,5,N,N,1,x,0,0,1,1,0,0", "line 2, column File1A: found 'x', expected a number"),
        ("1,5,N,N,1,,0,0,1,1,0,0", "line 2, column File1A: found an empty cell"),
        ("1,249250622,N,N,1,1,0,0,1,1,0,0", "expected positions up to 249250621 on GRCh37"),
        (
            "nowhere,5,N,N,1,1,0,0,1,1,0,0",
            "found contigs nowhere, expected at least one of chr1",
        ),
        ("1,5,N,N,0,0,0,0,0,0,0,0", "found none, expected places with reads"),
    ],
)
def test_a_damaged_pileup_is_refused(tmp_path, line, match) -> None:
    refused(write(tmp_path / "p.csv", PILEUP, line), match)


def test_damaged_seqz_and_unknown_formats_are_refused(tmp_path) -> None:
    row = "1\t5\tG\t53\t37\t0.6\t{}\t0.4\t{}\t63\t35\tAC\t.\t0"
    refused(
        write(tmp_path / "s", SEQZ, row.format("0.6", "odd")), "column zygosity.normal: f.*odd"
    )
    refused(write(tmp_path / "s", SEQZ, row.format("1.6", "het")), "column Af: found 1.6")
    refused(
        write(tmp_path / "s", SEQZ, row.format("0.6", "hom")), "found none, expected places"
    )
    refused(
        write(tmp_path / "s", "chromosome\tposition", "1\t5"), "expected those of snp-pileup"
    )
    refused(write(tmp_path / "s"), "found an empty file")


def test_vcfs_without_reads_are_refused(tmp_path) -> None:
    record = "1\t100\t.\tA\tG\t.\t.\t.\tGT\t0/1\t0/1"
    refused(vcf(tmp_path / "c.vcf", record), "1 single-base record, none with reads of the tum")
    bare = write(tmp_path / "b.vcf", "##fileformat=VCFv4.2",
                 "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
                 "1\t100\t.\tA\tG\t.\t.\t.")  # fmt: skip
    with pytest.warns(DataWarning, match="no sample columns"):
        refused(bare, "found no sample, expected a column for the tumour")


def test_a_cut_pileup_is_refused(tmp_path) -> None:
    path = swappable(tmp_path / "p.csv.gz", swapped=False)
    content = gzip.compress(path.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    refused(path, "the file ends too early")


def test_purecn_s_example_gives_the_shares_of_fa(real_data: Path) -> None:
    """By AD its fit is .18/4.9, by FA .66/1.75, which is right."""
    samples = {"tumour_exome": "LIB-02240e4", "normal_exome": "LIB-02252e4"}
    with pytest.warns(DataWarning, match=r"AD and FA contradict each other at 1940 of 2331"):
        snps = read(real_data / "cnv" / "purecn_example_vcf.vcf.gz", samples)
    first = snps[snps["start"] == 909275].iloc[0]
    assert first[COUNTS].tolist() == [28, 36, 61, 18]
    assert len(snps) == 2331


def test_real_pileups_and_seqz_are_read(real_data: Path) -> None:
    with pytest.warns(DataWarning, match="1188 rows of a place that stands there already"):
        snps = read(real_data / "cnv" / "facets_stomach.csv.gz")
    assert len(snps) == 299_847 - 1188
    share = snps["normal_1"] / (snps["normal_1"] + snps["normal_2"])
    assert share.between(0.3, 0.7).sum() == 8538
    with pytest.warns(DataWarning, match="54 rows of a place"):
        seqz = read(real_data / "cnv" / "sequenza_example.seqz.txt.gz")
    assert len(seqz) == 40_179
