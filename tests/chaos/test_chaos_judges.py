"""The judges of spoilt inputs find what is planted: other numbers, lost rows, others' rows."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from chaos_commands import REACH, Commands
from chaos_explain import Row, changed_lines, is_named, unexplained
from chaos_inputs import Case
from chaos_judge import Reading, in_child, judge, read_case
from small_trial import COUNTS, SAMPLES, VCF

from storiform.model.errors import InputError, fault

TABLE = b"gene,S1,S2\nTP53,1,2\nMDM2,3,4\nCDK4,5,6\n"
ROWS = (
    ("TP53", "count=1\tlength=9"),
    ("MDM2", "count=3\tlength=8"),
    ("CDK4", "count=5\tlength=7"),
)
TOLD = fault("a.csv, line 2", "x", "y", "Correct it.")


def case(**options: object) -> Case:
    return Case("t", "a.csv", {"a.csv": TABLE}, lambda _: list(ROWS), **options)  # type: ignore[arg-type]


def judged(spoilt: bytes, rows: Iterable[Row], doubt: str = "", **options: object) -> str:
    return judge(case(**options), ROWS, spoilt, Reading("rows", tuple(rows), doubt))[0]


def changed(number: int, content: str) -> tuple[Row, ...]:
    rows = list(ROWS)
    rows[number] = (rows[number][0], content)
    return tuple(rows)


@pytest.mark.parametrize("ending", ["traceback", "hang", "died"])
def test_what_is_not_in_our_words_is_broken(ending: str) -> None:
    assert judge(case(), ROWS, TABLE, Reading(ending, message=TOLD))[0] == "broken"


@pytest.mark.parametrize(
    ("message", "word"),
    [
        (TOLD, "refused"),
        (f"{TOLD}\n{TOLD}", "refused"),
        ("trial.yaml:3:1: run.workers: a whole number, please.", "refused"),
        ("KeyError: 'chr1'", "broken"),
        (f"{TOLD}\nKeyError: 1", "refused"),  # the first line is in our form
        ("a.csv: found x, expected y.", "broken"),  # no remedy
    ],
)
def test_a_refusal_says_what_was_found_expected_and_what_to_do(message: str, word: str) -> None:
    assert judge(case(), ROWS, TABLE, Reading("told", message=message))[0] == word


def test_no_row_of_a_file_with_a_checksum_may_differ() -> None:
    spoilt = TABLE.replace(b"TP53,1", b"TP53,7")
    other = changed(0, "count=7\tlength=9")
    assert judged(spoilt, other, has_checksum=True, is_text=False) == "broken"
    assert judged(spoilt, ROWS[1:], has_checksum=True, is_text=False) == "broken"
    assert judged(spoilt, ROWS, has_checksum=True, is_text=False) == "same"


def test_what_ten_lines_of_python_understand_is_what_must_be_read() -> None:
    said = changed(0, "count=7\tlength=9")
    spoilt = TABLE.replace(b"TP53,1", b"TP53,7")
    assert judged(spoilt, said, naive=lambda *_: list(said)) == "explained"
    assert (
        judged(spoilt, changed(0, "count=8\tlength=9"), naive=lambda *_: list(said)) == "broken"
    )
    assert judged(spoilt, said, naive=lambda *_: None) == "broken"


@pytest.mark.parametrize("doubt", ["", "a.csv: some cells are odd"])
def test_only_rows_that_a_changed_line_names_may_differ(doubt: str) -> None:
    spoilt = TABLE.replace(b"TP53,1", b"TP53,7")
    assert judged(spoilt, changed(0, "count=7\tlength=9"), doubt) == "explained"
    assert judged(spoilt, ROWS[1:], doubt) == "explained"
    assert judged(spoilt, changed(1, "count=7\tlength=8"), doubt) == "broken"
    assert judged(spoilt, ROWS[:2], doubt) == "broken"
    assert judged(spoilt, (*ROWS, ("ATRX", "count=9\tlength=1")), doubt) == "broken"
    assert judged(spoilt, (), doubt) == "broken"
    assert judged(spoilt, (*ROWS, ROWS[2]), doubt) == "broken"


def test_lines_that_stand_between_changed_ones_are_not_changed() -> None:
    spoilt = TABLE.replace(b"TP53,1", b"TP53,7").replace(b"CDK4,5", b"CDK4,8")
    assert changed_lines(TABLE, spoilt).count("MDM2") == 0
    assert judged(spoilt, changed(1, "count=7\tlength=8")) == "broken"


HEAD = TABLE.replace(b"S1,S2", b"S?,S2")


@pytest.mark.parametrize(
    ("rows", "doubt", "word"),
    [
        (changed(1, "count=<NA>\tlength=8"), "", "explained"),  # its column is gone
        (changed(1, "count=4\tlength=8"), "", "explained"),  # another of its own line
        (changed(1, "count=6\tlength=8"), "", "broken"),  # of another line
        (changed(1, "count=6\tlength=8"), "doubtful", "broken"),
        (changed(1, "count=7\tlength=8"), "", "broken"),  # of none
        (ROWS[:2], "", "broken"),  # lost in silence
        (ROWS[:2], "a column is absent", "explained"),
        ((*ROWS, ("ATRX", "count=1\tlength=1")), "", "broken"),
        ((*ROWS, ROWS[0]), "", "broken"),  # doubled
        ((), "", "broken"),
    ],
)
def test_a_changed_header_explains_no_other_number(
    rows: tuple[Row, ...], doubt: str, word: str
) -> None:
    assert judged(HEAD, rows, doubt) == word


def test_lines_with_the_mark_of_the_header_are_header() -> None:
    old, new = b"##a=1\n#b\n9\t1\n", b"##a=2\n#b\n9\t1\n"
    sound, rows = [("9", "x=1")], [("9", "x=")]
    assert unexplained(old, new, b"#", sound, rows, "") == ""
    assert unexplained(old, new, b"!", sound, rows, "") == ""  # the first line always is
    old, new = b"#b\n##a=1\n9\t1\n", b"#b\n##a=2\n9\t1\n"
    assert unexplained(old, new, b"#", sound, rows, "") == ""
    assert "names ('9'" in unexplained(old, new, b"!", sound, rows, "")


@pytest.mark.parametrize(
    ("name", "part", "is_so"),
    [
        ("P1", "P1,2", True),
        ("P1", "P10,2", False),
        ("P1", "XP1,2", False),
        ("7674219", "chr17\t7674220\tC", True),
        ("7674219", "chr17\t7674217\tC", True),
        ("7674219", "chr17\t7674223\tC", False),
        ("7674219", "chr17\t76742201\tC", False),
        ("", "anything", False),
        ("G1.2", "G1x2", False),
    ],
)
def test_a_row_is_named_by_its_whole_word_or_a_place_beside_it(
    name: str, part: str, is_so: object
) -> None:
    assert is_named(name, part) is is_so


def test_a_reader_that_dies_hangs_or_raises_is_told_apart(tmp_path: Path) -> None:
    def raising(_: Path) -> list[Row]:
        raise KeyError

    def refusing(_: Path) -> list[Row]:
        raise InputError(TOLD)

    def read(reader: object) -> Reading:
        given = Case("t", "a", {"a": b""}, reader)  # type: ignore[arg-type]
        return in_child(lambda: read_case(given, tmp_path), limit=1.0)

    assert read(raising).ending == "traceback"
    assert read(refusing) == Reading("told", message=TOLD)
    assert read(lambda _: os._exit(3)).ending == "died"
    assert read(lambda _: time.sleep(9)).ending == "hang"
    assert read(lambda _: bytes(16 << 30)).ending == "traceback"


# -- through the commands --------------------------------------------------------------

SOUND = {
    "P1": ["variants.tsv\tP1\tP1\t0\tchr17\t7674219\tC\t40", "tmb.tsv\tP1\tP1\t2",
           "counts.tsv\tP1\tP1\tTP53\t10", "counts.tsv\tP1\tP1\tMDM2\t17",
           "tpm.tsv\tP1\tP1\tTP53\t1.5"],
    "P2": ["counts.tsv\tP2\tP2\tTP53\t90", "counts.tsv\tP2\tP2\tMDM2\t85"],
    "P5": ["callability.tsv\tP5\tP5\t2996", "read_statistics.tsv\tP5\tP5_T\t801"],
}  # fmt: skip
FILES = {"counts.csv": COUNTS, "samples.csv": SAMPLES, "calls.vcf": VCF, "tumour.bam": "BAM",
         "clinical.csv": "patient,response\nP1,PR\n", "trial.yaml": "workflow: x\n",
         "targets.bed": "chr1\t1\t9\n", "genes.gtf": "#\n"}  # fmt: skip


def commanded(
    name: str,
    spoilt: str,
    changes: dict[str, str | None],
    told: str = "",
    alone: str = "explained",
    more: tuple[tuple[str, str], ...] = (),
) -> tuple[str, str]:
    """Judge a run whose tables have some rows replaced, some gone, some more."""
    cases = {
        n: Case(n, n, {n: text.encode()}, lambda _: [], mark=b"#") for n, text in FILES.items()
    }
    sound = {patient: Counter(rows) for patient, rows in SOUND.items()}
    bench = Commands(Path(), cases, sound)
    rows = [
        (patient, changes.get(row, row) or "")
        for patient, own in SOUND.items()
        for row in own
        if changes.get(row, row)
    ]
    return bench.judge(name, spoilt.encode(), Reading("rows", (*rows, *more), told), alone)


TP53, MDM2, TPM, OTHERS = *SOUND["P1"][2:], SOUND["P2"][0]
SPOILT = COUNTS.replace("TP53,10", "TP53,19")


@pytest.mark.parametrize(
    ("changes", "told", "word"),
    [
        ({}, "", "same"),
        ({}, "counts.csv: found x", "refused"),
        ({TP53: TP53.replace("10", "19"), TPM: TPM.replace("1.5", "2")}, "", "explained"),
        ({TP53: None, MDM2: None}, "counts.csv: found x", "refused"),
        ({TP53: None, MDM2: None}, "", "broken"),  # MDM2 is gone, and nothing is said
        ({MDM2: MDM2.replace("17", "18")}, "", "broken"),  # no changed line names it
        ({MDM2: MDM2.replace("17", "18")}, "counts.csv: found x", "broken"),
        ({OTHERS: OTHERS.replace("90", "91")}, "", "explained"),  # TP53 of whomever
        ({SOUND["P1"][0]: SOUND["P1"][0].replace("40", "41")}, "", "broken"),  # another table
        ({SOUND["P5"][0]: None}, "counts.csv: found x", "broken"),  # whom it does not concern
        ({SOUND["P5"][0]: SOUND["P5"][0].replace("6", "7")}, "", "broken"),
    ],
)  # fmt: skip
def test_a_spoilt_table_changes_what_its_lines_name(
    changes: dict[str, str | None], told: str, word: str
) -> None:
    assert commanded("counts.csv", SPOILT, changes, told)[0] == word


def test_what_is_read_as_before_gives_no_other_number() -> None:
    changes: dict[str, str | None] = {TP53: TP53.replace("10", "19")}
    assert commanded("counts.csv", SPOILT, changes)[0] == "explained"
    word, wrong = commanded("counts.csv", SPOILT, changes, alone="same")
    assert (word, "is read as before" in wrong) == ("broken", True)


@pytest.mark.parametrize(
    ("changes", "told", "word"),
    [
        (SOUND["P5"][0].replace("6", "7"), "tumour.bam: found x", "broken"),
        (SOUND["P5"][0].replace("6", "7"), "", "broken"),
        (None, "tumour.bam: found x", "refused"),
        (None, "", "broken"),
    ],
)
def test_a_spoilt_bam_gives_its_numbers_or_none_and_says_so(
    changes: str | None, told: str, word: str
) -> None:
    assert commanded("tumour.bam", "BAN", {SOUND["P5"][0]: changes}, told)[0] == word


def test_a_spoilt_sheet_changes_those_whom_its_lines_name() -> None:
    without = SAMPLES.replace("P2,P2_T,1,pre,,calls.maf,\n", "")
    of_p1, of_p2 = SOUND["P1"][1], SOUND["P2"][0]
    assert commanded("samples.csv", without, {of_p2: None})[0] == "explained"
    assert commanded("samples.csv", without, {of_p1: None})[0] == "broken"
    assert commanded("samples.csv", without, {of_p1: of_p1 + "1"})[0] == "broken"
    nothing = dict.fromkeys((row for rows in SOUND.values() for row in rows), None)
    assert commanded("samples.csv", without, nothing, "samples.csv: found x")[0] == "refused"
    assert commanded("samples.csv", without, nothing)[0] == "broken"
    renamed = SAMPLES.replace("P2,P2_T", "Q2,P2_T")
    new = (("Q2", "tmb.tsv\tQ2\tQ2\t1"),)
    assert commanded("samples.csv", renamed, {}, more=new)[0] == "explained"
    assert commanded("samples.csv", without, {}, more=new)[0] == "broken"


@pytest.mark.parametrize("name", ["clinical.csv", "trial.yaml", "targets.bed", "genes.gtf"])
def test_no_file_changes_a_table_that_it_does_not_reach(name: str) -> None:
    row = "elsewhere.tsv\tP1\t1"
    assert commanded(name, "other\nP1\n", {}, more=(("P1", row),))[0] == "broken"
    assert commanded(name, "other\nP1\n", {}, more=(("P1", "tmb.tsv\tP1\tP1\t3"),))[0] == (
        "broken" if name == "clinical.csv" else "explained"
    )


@pytest.mark.parametrize("name", REACH)
def test_a_traceback_a_hang_or_a_death_is_broken(name: str) -> None:
    bench = Commands(Path(), {}, {})
    assert bench.judge(name, b"", Reading("hang"), "same")[0] == "broken"
