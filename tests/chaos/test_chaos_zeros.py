"""No text of which a disk has lost a piece is read: a reader tells of zero bytes."""

import random
from pathlib import Path

import pytest
from chaos_inputs import Case, cases
from chaos_judge import read_case


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Return the sound texts of all formats."""
    made = [case for case in cases(tmp_path_factory.mktemp("made") / "sound") if case.is_text]
    assert len(made) > 8
    return made


@pytest.mark.parametrize("length", [1, 16])
def test_zero_bytes_anywhere_in_a_text_are_told(
    texts: list[Case], tmp_path: Path, length: int
) -> None:
    draws = random.Random(length)  # noqa: S311  no secret
    silent = []
    for case in texts:
        place = tmp_path / case.name.replace(" ", "_")
        place.mkdir()
        for name, content in case.files.items():
            (place / name).write_bytes(content)
        sound = case.files[case.file]
        rows = read_case(case, place).rows
        for at in draws.sample(range(len(sound) - length), 8):
            spoilt = sound[:at] + bytes(length) + sound[at + length :]
            (place / case.file).write_bytes(spoilt)
            reading = read_case(case, place)
            # by its index, a FASTA is read without the line ends
            is_harmless = case.name == "FASTA" and reading.rows == rows
            if reading.ending != "told" and not is_harmless:
                silent.append((case.name, at, reading.ending, reading.message))
    assert not silent
