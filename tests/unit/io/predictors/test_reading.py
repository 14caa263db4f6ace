"""What programs of others print, by the documents of their formats: no program was run."""

from pathlib import Path

import numpy as np
import pytest

from storiform.io.predictors.mhcflurry import read_mhcflurry
from storiform.io.predictors.mixmhcpred import read_ranks
from storiform.io.predictors.netmhcpan import read_netmhcpan
from storiform.model.errors import InputError

WRITTEN = Path(__file__).parent / "by_format"
A2, B7 = "HLA-A*02:01", "HLA-B*07:02"


def rows(table) -> dict[tuple[str, str], list[float]]:
    return {
        (row.allele, row.peptide): [row.affinity, row.rank, row.presentation]
        for row in table.itertuples()
    }


@pytest.mark.parametrize("version", ["4.1", "4.2"])
def test_netmhcpan_is_read_by_the_names_of_its_columns(version) -> None:
    text = (WRITTEN / f"netmhcpan_{version}.txt").read_text()
    found = rows(read_netmhcpan(text, [A2, B7]))
    assert len(found) == 6
    assert found[A2, "LLWYVVTSR"] == [8.71, 0.041, 0.95512]
    assert found[A2, "KLMNPQRSTV"] == [130.01, 1.234, 0.412]
    assert found[B7, "ACDEFGHIK"] == [44401.9, 88.0, 0.0]


def test_netmhcpan_without_affinities_gives_ranks() -> None:
    text = (
        " Pos MHC Peptide Core Of Gp Gl Ip Il Icore Identity Score_EL %Rank_EL BindLevel\n"
        "   1 HLA-A*02:01 LLWYVVTSR LLWYVVTSR 0 0 0 0 0 LLWYVVTSR PEPLIST 0.95 0.041 <= SB\n"
    )
    found = rows(read_netmhcpan(text, [A2]))
    affinity, *others = found[A2, "LLWYVVTSR"]
    assert np.isnan(affinity)
    assert others == [0.041, 0.95]


def test_a_line_of_netmhcpan_that_was_cut_has_no_rank() -> None:
    text = (WRITTEN / "netmhcpan_4.1.txt").read_text()
    cut = text[: text.index("61.500")]
    found = rows(read_netmhcpan(cut, [A2]))
    assert list(found) == [(A2, "ACDEFGHIK")]
    assert np.isnan(found[A2, "ACDEFGHIK"][1])


def test_mhcflurry_gives_the_percentile_of_affinity() -> None:
    found = rows(read_mhcflurry(WRITTEN / "mhcflurry_2.csv"))
    assert len(found) == 4
    assert found[A2, "LLWYVVTSR"] == [15.872, 0.03625, 0.9712]
    assert found[B7, "ACDEFGHIK"] == [33001.5, 71.125, 0.0039]


def test_mhcflurry_1_is_refused(tmp_path) -> None:
    path = tmp_path / "p.csv"
    path.write_text("allele,peptide,mhcflurry_prediction\nHLA-A*02:01,LLWYVVTSR,12.0\n")
    with pytest.raises(InputError, match=r"without mhcflurry_affinity, .*Use MHCflurry 2"):
        read_mhcflurry(path)
    path.write_text("")
    with pytest.raises(InputError, match="damaged table"):
        read_mhcflurry(path)


@pytest.mark.parametrize("version", ["2.2", "3.0"])
def test_mixmhcpred_gives_ranks_alone(version) -> None:
    text = (WRITTEN / f"mixmhcpred_{version}.txt").read_text()
    found = rows(read_ranks(text, {"A0201": A2, "B0702": B7}))
    assert {key: values[1] for key, values in found.items()} == {
        (A2, "ACDEFGHIK"): 48.25, (A2, "LLWYVVTSR"): 0.125,
        (B7, "ACDEFGHIK"): 77.5, (B7, "LLWYVVTSR"): 31.0,
    }  # fmt: skip
    assert all(np.isnan([values[0], values[2]]).all() for values in found.values())


def test_mixmhc2pred_is_read_in_both_versions() -> None:
    dr, dp = "HLA-DRB1*15:01", "HLA-DPA1*01:03/DPB1*04:01"
    text = (WRITTEN / "mixmhc2pred_2.0.txt").read_text()
    found = rows(read_ranks(text, {"DRB1_15_01": dr, "DPA1_01_03__DPB1_04_01": dp}))
    assert found[dr, "KLMNPQRSTVWYA"][1] == 12.5
    assert found[dp, "KLMNPQRSTVWYA"][1] == 0.81
    assert np.isnan(found[dp, "KLMNPQRSTXWYA"][1])
    text = (WRITTEN / "mixmhc2pred_1.2.txt").read_text()
    assert rows(read_ranks(text, {"DRB1_15_01": dr}))[dr, "KLMNPQRSTVWYA"][1] == 12.5


def test_ranks_of_an_allele_that_is_not_there_are_no_table() -> None:
    text = (WRITTEN / "mixmhcpred_2.2.txt").read_text()
    assert read_ranks(text, {"A0201": A2, "C0102": "HLA-C*01:02"}) is None
    for empty in ("", "\n", "#####\n# only words\n"):
        assert read_ranks(empty, {"A0201": A2}) is None
    cut = text[: text.rindex("31.0") - 3]
    assert set(rows(read_ranks(cut, {"A0201": A2}))) == {(A2, "ACDEFGHIK")}
