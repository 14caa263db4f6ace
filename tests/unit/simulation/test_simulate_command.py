"""Options of `storiform simulate` that do not go together are refused."""

import pytest
from click.testing import CliRunner

from storiform.cli.simulate import simulate


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--fault", "swap"], "Give --reads too"),
        (["--reads", "--hostile"], "--hostile is of trials without reads"),
        (["--reads", "--patients", "3"], "at least 4 patients"),
        (["--hla", "--patients", "3"], "at least 4 patients"),
        (["--hla", "--reads"], "--hla stands alone"),
        (["--copies", "--reads"], "--copies stands alone"),
        (["--imgt", "."], "Give --hla too"),
        (["--reads", "--patients", "4", *["--fault", "swap"] * 3], "at least 6"),
        (["--reads", "--fault", "flood"], "'flood' is not one of 'swap'"),
    ],
)
def test_impossible_options_are_refused(tmp_path, options, told):
    done = CliRunner().invoke(simulate, ["--out", str(tmp_path / "trial"), *options])
    assert done.exit_code == 2
    assert told in done.output
    assert not (tmp_path / "trial" / "trial.yaml").exists()
