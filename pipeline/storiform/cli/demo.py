"""`storiform demo`."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

    from storiform.engine.run import Ending


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--patients", type=click.IntRange(4, 1000), default=48, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(1, 4096), help="Processes of this machine.")
def demo(out: Path, patients: int, seed: int, workers: int | None) -> None:
    """Run a simulated trial and a real exome, and compare what was found with the truth."""
    from storiform.simulation.trial import simulate
    from storiform.simulation.verdict import verdict

    started = time.monotonic()
    trial = out / "trial"
    click.echo(f"1 of 3: simulating a trial of {patients} patients (seed {seed}) in {trial}")
    simulate(trial, patients, seed)
    click.echo("2 of 3: running it")
    ending = _run(trial / "trial.yaml", workers)
    click.echo("3 of 3: running a real exome, cell line HCC1395")
    real = out / "hcc1395"
    _copy_example(real)
    real_ending = _run(real / "hcc1395.yaml", workers)
    found = verdict(trial / "truth", trial / "results" / "tables")
    click.echo("\nPlanted v. found:")
    click.echo(_table(found))
    click.echo(f"\nHCC1395: {_burden(real / 'results' / 'tables' / 'tmb.tsv')}")
    click.echo(f"\nDone in {time.monotonic() - started:.0f} s. Open in a browser:")
    click.echo(f"  {(trial / 'results' / 'report.html').resolve()}")
    click.echo(f"  {(real / 'results' / 'report.html').resolve()}")
    missed = int((~found["holds"]).sum())
    if missed:
        click.echo(f"{missed} of {len(found)} planted truths were not found.", err=True)
    raise SystemExit(ending.exit_code or real_ending.exit_code or int(missed > 0))


def _run(config: Path, workers: int | None) -> "Ending":
    from storiform.cli.run import tell
    from storiform.engine.run import run as run_session
    from storiform.engine.session import open_session

    session = open_session(config)
    ending = run_session(session, workers=workers)
    tell(session, ending)
    return ending


def _copy_example(folder: Path) -> None:
    from storiform.io.resources import bundled

    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(bundled("reference/examples/hcc1395").iterdir()):
        shutil.copyfile(file, folder / file.name)


def _table(found: "pd.DataFrame") -> str:
    shown = found.assign(holds=found["holds"].map({True: "yes", False: "NO"}))
    for name in ("effect", "q"):
        shown[name] = [f"{value:.3g}" if value == value else "" for value in shown[name]]  # noqa: PLR0124  NaN
    return str(shown.to_string(index=False))


def _burden(path: Path) -> str:
    import pandas as pd

    row = pd.read_csv(path, sep="\t").iloc[0]
    interval = f"{row['tmb_lower']:.1f} to {row['tmb_upper']:.1f}"
    return (
        f"{row['mutations_nonsynonymous']} nonsynonymous mutations, {row['tmb']:.1f} per Mb "
        f"({interval}) over {row['megabases']:.2f} Mb ({row['denominator']})"
    )
