"""`storiform design simon`."""

import pytest
from click.testing import CliRunner

from storiform.cli.main import group
from storiform.model.errors import InputError

TRIAL = ["design", "simon", "--p0", ".05", "--p1", ".20", "--alpha", ".05", "--power", ".90"]


def test_design_of_the_trial_is_printed():
    result = CliRunner().invoke(group, TRIAL)
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line.split()[1:] for line in result.output.splitlines()[2:4]}
    assert lines["optimal"][:6] == ["21", "1", "41", "4", "26.7", "0.717"]
    assert lines["minimax"][:6] == ["29", "1", "38", "4", "32.9", "0.571"]
    assert "of interest with 5 or more responders" in result.output


def test_first_stage_without_a_responder_is_told_in_words():
    result = CliRunner().invoke(group, ["design", "simon", "--p0", ".05", "--p1", ".25"])
    assert "optimal: stop after 9 patients with no responder" in result.output


def test_more_patients_than_allowed_are_not_searched():
    result = CliRunner().invoke(group, [*TRIAL, "--max-n", "30"])
    assert isinstance(result.exception, InputError)
    assert "none of up to 30 patients" in str(result.exception)
    assert result.exception.exit_code == 2


@pytest.mark.parametrize("lacking", ["--p0", "--p1"])
def test_rates_must_be_given(lacking):
    place = TRIAL.index(lacking)
    result = CliRunner().invoke(group, [*TRIAL[:place], *TRIAL[place + 2 :]])
    assert result.exit_code == 2
    assert lacking in result.output
