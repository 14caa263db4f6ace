"""What benchmarks told is kept with the machine's load; what failed is not."""

from pathlib import Path

import pytest
import record


def test_each_line_with_a_figure_is_a_row(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "bench_it.py"
    lines = (
        "import sys",
        "print('title')",
        r"print('  a\tstep: 1.7 ms')",
        "print(*sys.argv[1:])",
    )
    script.write_text("\n".join(lines))
    records = tmp_path / "records.tsv"
    assert record.run([str(script), "12"], records) == 0
    assert record.run([str(script), "none"], records) == 0
    told = "title\n  a\tstep: 1.7 ms\n"
    assert capfd.readouterr().out == f"{told}12\n{told}none\n"
    rows = [line.split("\t") for line in records.read_text().splitlines()]
    assert rows[0] == list(record.COLUMNS)
    step = "a step: 1.7 ms"
    expected = [["bench_it 12", step], ["bench_it 12", "12"], ["bench_it none", step]]
    assert [row[-2:] for row in rows[1:]] == expected
    assert all(float(row[4]) >= 0 and int(row[3]) >= 1 for row in rows[1:])


def test_a_benchmark_that_fails_is_not_kept_and_ends_the_rest(tmp_path: Path) -> None:
    script = tmp_path / "bench_it.py"
    script.write_text("print(1)\nraise SystemExit(3)\n")
    assert record.run([str(script)], tmp_path / "records.tsv") == 3
    assert not (tmp_path / "records.tsv").exists()


def test_all_benchmarks_are_found() -> None:
    names = {path.stem for path in record.scripts()}
    assert {"bench_engine", "bench_reads", "bench_mhc"} <= names


def test_kept_records_hold_together() -> None:
    lines = record.RECORDS.read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t") == list(record.COLUMNS)
    assert {len(line.split("\t")) for line in lines} == {len(record.COLUMNS)}
