"""`storiform simulate`."""

from pathlib import Path

import click


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--patients", type=click.IntRange(1, 5000), default=48, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--hostile", is_flag=True, help="Add rows and files that must fail one by one.")
def simulate(out: Path, patients: int, seed: int, hostile: bool) -> None:  # noqa: FBT001
    """Write a trial with planted truth: sheets, calls, counts, a configuration, the truth."""
    from storiform.model.errors import ConfigError, fault
    from storiform.simulation.trial import simulate as write

    if (out / "trial.yaml").exists():
        remedy = "Choose another folder, or remove it first."
        raise ConfigError(fault(str(out), "a trial already there", "a new folder", remedy))
    write(out, patients, seed, hostile)
    click.echo(f"Wrote {out}. Run it: storiform run {out / 'trial.yaml'}")
