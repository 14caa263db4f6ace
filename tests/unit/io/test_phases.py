"""What genotypes tell of the copies on which calls lie."""

from pathlib import Path

import pytest

from storiform.io.phases import placed_of, read_call_phases
from storiform.io.units import SourceUnit
from storiform.io.vcf import read_vcf

HEAD = """##fileformat=VCFv4.2
##contig=<ID=chr1,length=248956422>
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tN\tT
"""


@pytest.mark.parametrize(
    ("cells", "number", "expected"),
    [
        ({"GT": "0|1", "PS": "100"}, 1, ("chr1:100", 2)),
        ({"GT": "1|0", "PS": "100"}, 1, ("chr1:100", 1)),
        ({"GT": "1|2", "PS": "100"}, 2, ("chr1:100", 2)),
        ({"GT": "0|1"}, 1, ("chr1:.", 2)),
        ({"GT": "0/1", "PS": "100"}, 1, None),
        ({"GT": "0/1", "PGT": "0|1", "PID": "90_A_T"}, 1, ("chr1:90_A_T", 2)),
        ({"GT": "0/1", "HP": "90-1,90-2"}, 1, ("chr1:90", 2)),
        ({"GT": "1/0", "HP": "90-1,90-2"}, 1, ("chr1:90", 1)),
        ({"GT": "0/1", "HP": "."}, 1, None),
        ({"GT": "0/1", "HP": "x,y"}, 1, None),
        ({"GT": "1/1"}, 1, ("", 0)),
        ({"GT": "1"}, 1, ("", 0)),
        ({"GT": "1/2"}, 1, None),
        ({"GT": "./."}, 1, None),
        ({}, 1, None),
    ],
)
def test_genotype_places_an_allele(cells, number, expected) -> None:
    assert placed_of(cells, "chr1", number) == expected


def test_phases_are_of_the_tumour_and_count_records_as_the_calls_do(tmp_path: Path) -> None:
    path = tmp_path / "phased.vcf"
    rows = [
        "chr1\t100\t.\tA\tC\t.\tPASS\t.\tGT:PS\t0/0:.\t0|1:100",
        "",
        "chr1\t101\t.\tA\tC\t.\tPASS\t.\tGT:PS\t0|1:100\t0/1:.",
        "chr1\t102\t.\tA\tC,G\t.\tPASS\t.\tGT:PS\t0/0:.\t1|2:100",
        "chr1\t103\t.\tA\tC\t.\tPASS\t.\tGT\t0/0\t1/1",
    ]
    path.write_text(HEAD + "\n".join(rows) + "\n")
    names = {"tumour_exome": "T", "normal_exome": "N"}
    phases = read_call_phases(SourceUnit("B", "P", {"vcf": path}, names, "GRCh38", {}))
    assert phases[["record", "allele"]].to_numpy().tolist() == [[0, 0], [2, 0], [2, 1], [3, 0]]
    assert phases["side"].to_list()[:3] == [2, 1, 2]
    assert phases["is_homozygous"].to_list() == [False, False, False, True]
    assert phases["phase_set"].isna().to_list() == [False, False, False, True]
    calls = read_vcf(path, names, "GRCh38")
    assert set(calls["record"]) == {0, 1, 2, 3}


def test_vcf_without_samples_tells_no_phase(tmp_path: Path) -> None:
    path = tmp_path / "bare.vcf"
    path.write_text(HEAD.replace("\tFORMAT\tN\tT", "") + "chr1\t100\t.\tA\tC\t.\tPASS\t.\n")
    phases = read_call_phases(SourceUnit("B", "P", {"vcf": path}, {}, "GRCh38", {}))
    assert phases.empty


def test_columns_that_cannot_be_told_are_left_to_the_reader_of_the_calls(
    tmp_path: Path,
) -> None:
    path = tmp_path / "strangers.vcf"
    row = "chr1\t100\t.\tA\tC\t.\tPASS\t.\tGT\t0/0\t1/1\n"
    path.write_text(HEAD + row)
    phases = read_call_phases(SourceUnit("B", "P", {"vcf": path}, {}, "GRCh38", {}))
    assert phases.empty
