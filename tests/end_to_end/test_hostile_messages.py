"""What files say is shown as text: no control character, no line that passes for ours."""

import json
import re
from pathlib import Path

import pytest
from small_trial import CLINICAL, CONFIG, COUNTS, MAF, SAMPLES, VCF, call, write_trial

from storiform.engine.graph import Graph
from storiform.engine.progress import Pace, Progress
from storiform.model.errors import DataWarning, InputError, fault, visible

HEADER = "##normal_sample=P1_N\n##tumor_sample=P1_T\n"
ESCAPE = "\x1b]0;owned\x07"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
KEY = json.dumps(ESCAPE)
CHANGED = {
    "clinical_column": ("clinical.csv", CLINICAL.replace("os_event", f"os_event,{ESCAPE}", 1)),
    "sheet_column": ("samples.csv", SAMPLES.replace("counts\n", f"counts,{ESCAPE}\n", 1)),
    "file_cell": ("samples.csv", SAMPLES.replace("calls.vcf", f"{ESCAPE}.vcf", 1)),
    "broken_cell": ("samples.csv", SAMPLES.replace("calls.vcf", '"x\nerror: fake line\n"', 1)),
    "name": ("samples.csv", SAMPLES.replace("P4_R", f'"{ESCAPE}"', 1)),
    "turned_name": ("samples.csv", SAMPLES.replace("P4_R", "a\u202eb", 1)),
    "vcf_sample": ("calls.vcf", VCF.replace(HEADER, "").replace("P1_", f"{ESCAPE}_")),
    "barcode": ("calls.maf", MAF.replace("P2_T", ESCAPE)),
    "counts_column": ("counts.csv", COUNTS.replace("P2_R", ESCAPE)),
    "key": ("trial.yaml", f"{CONFIG}{KEY}: 1\n"),
    "workflow": ("trial.yaml", CONFIG.replace("workflow: trial", f"workflow: {KEY}")),
    "samples": ("trial.yaml", CONFIG.replace("samples.csv", KEY)),
}  # fmt: skip


@pytest.mark.parametrize("kind", list(CHANGED))
def test_no_control_character_of_a_file_reaches_the_terminal(tmp_path: Path, kind: str) -> None:
    name, text = CHANGED[kind]
    config = write_trial(tmp_path, {name: text})
    said = "".join("".join(call(command, config)[1:]) for command in ("check", "plan"))
    assert UNSEEN.findall(said) == []
    assert not re.search("^error: fake", said, re.MULTILINE)
    shown = {"broken_cell": r"x\nerror: fake line", "turned_name": r"a\u202eb"}
    assert shown.get(kind, r"\x1b]0;owned\x07") in said


@pytest.mark.parametrize(
    ("text", "place"), [(f"\x07{CONFIG}", "1:1"), (f"{CONFIG}tmb: x\x1by\n", "7:7")]
)
def test_a_control_character_of_the_configuration_has_its_place(
    tmp_path: Path, text: str, place: str
) -> None:
    said = call("check", write_trial(tmp_path, {"trial.yaml": text}))[1]
    shown = {"1:1": r"'\x07'", "7:7": r"'\x1b'"}[place]
    assert f"trial.yaml:{place}: found the character {shown}, which no text holds" in said


def test_a_fault_is_one_line_whatever_it_quotes() -> None:
    told = fault("a\nb", "c\r\nd", "e\x9b1m", "Mend it.")
    assert told == r"a\nb: found c\r\nd, expected e\x9b1m. Mend it."


def test_errors_and_warnings_are_kept_as_they_are_shown() -> None:
    for made in (InputError(f"a\tb\n{ESCAPE}"), DataWarning(f"a\tb\n{ESCAPE}")):
        assert str(made) == "a\tb\n\\x1b]0;owned\\x07"
    assert visible(visible(ESCAPE)) == visible(ESCAPE)


def test_what_goes_on_is_told_without_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Pace()(f"opening {ESCAPE}")
    Progress(Graph()).say(f"queue {ESCAPE}")
    said = capsys.readouterr().err
    assert UNSEEN.findall(said) == []
    assert said.count(r"\x1b]0;owned") == 2


@pytest.mark.parametrize(
    "letter",
    [chr(n) for n in (0x00, 0x08, 0x0B, 0x1B, 0x1F, 0x7F, 0x9B, 0x9F, 0x61C, 0x200E, 0x200F,
                      0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))],
    ids=ascii,
)  # fmt: skip
def test_letters_that_steer_a_terminal_or_the_order_of_others_are_written_out(
    letter: str,
) -> None:
    assert visible(f"a{letter}b") == f"a{ascii(letter)[1:-1]}b"


@pytest.mark.parametrize("letter", ["\t", "\n", " ", "\xa0", "ü", "א", "\u2010", "\u206a"])
def test_letters_of_a_text_are_left(letter: str) -> None:
    assert visible(f"a{letter}b") == f"a{letter}b"
