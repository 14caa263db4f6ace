"""CNVkit's log ratios, and files that are none."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.io.ratio_files import read_ratios
from storiform.io.sources import SourceUnit
from storiform.model.errors import InputError

HEAD = "chromosome\tstart\tend\tgene\tlog2\tdepth\tweight"


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def read(path: Path) -> pd.DataFrame:
    return read_ratios(SourceUnit("B1", "P1", {"ratios": path}, {}, "GRCh37", {}))


def test_ratios_get_the_noise_of_their_class_by_weight(tmp_path) -> None:
    rows = [
        f"1\t{k * 200}\t{k * 200 + 200}\tA\t{0.1 * (k % 2)}\t50\t{0.5 if k else 1.0}"
        for k in range(101)
    ]
    path = write(tmp_path / "r.cnr", HEAD, *rows, "2\t5\t900\tAntitarget\t-0.5\t1\t0.9")
    ratios = read(path)
    targets = ratios[ratios["is_target"]]
    usual = (1.4826 * 0.1) ** 2 / 2 * (51.0 / 101)
    assert np.allclose(targets["variance"], [usual, *[usual / 0.5] * 100])
    assert ratios.loc[~ratios["is_target"], "log2"].tolist() == [-0.5]
    assert ratios.loc[~ratios["is_target"], "variance"].isna().all()


@pytest.mark.parametrize(
    ("header", "row", "match"),
    [
        (HEAD, "1\t0\t9\tA\t\t50\t1", "line 2, column log2: found an empty cell"),
        (
            HEAD,
            "1\t0\t9\tA\thigh\t50\t1",
            "line 2, column log2: found 'high', expected a number",
        ),
        (
            HEAD,
            "1\t0\t9\tA\t7\t128\t1",
            "a median log2 of 7.0, which is one of depths.*coverage",
        ),
        (
            f"{HEAD}\tprobes",
            "1\t0\t9\tA\t0\t1\t1\t5",
            "found segments of CNVkit .*column segments",
        ),
        ("chromosome\tstart\tend", "1\t0\t9", "header: found columns chromosome, start, end"),
    ],
)
def test_files_without_ratios_are_told(tmp_path, header, row, match) -> None:
    with pytest.raises(InputError, match=match):
        read(write(tmp_path / "r.cnr", header, row))


def test_a_real_cnr_is_read(real_data: Path) -> None:
    ratios = read(real_data / "cnv" / "p2-20_1.cnr.gz")
    given = pd.read_csv(real_data / "cnv" / "p2-20_1.cnr.gz", sep="\t")
    assert len(ratios) == len(given)
    assert int(ratios["is_target"].sum()) == int((given["gene"] != "Background").sum())
    assert ratios["log2"].sum() == pytest.approx(given["log2"].sum())
    assert 0.05 < np.sqrt(ratios.loc[ratios["is_target"], "variance"].median()) < 0.6
