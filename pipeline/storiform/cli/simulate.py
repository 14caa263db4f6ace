"""`storiform simulate`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.simulation.faults import Fault

_FAULTS = ("swap", "contamination", "truncation", "missing_index")


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--patients", type=click.IntRange(1, 5000), default=48, show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--hostile", is_flag=True, help="Add rows and files that must fail one by one.")
@click.option("--reads/--no-reads", help="Write exomes and RNA as BAM files, not counts.")
@click.option("--copies", is_flag=True, help="Write depths in bins and alleles, for copies.")
@click.option("--hla", is_flag=True, help="Write reads of HLA genes alone, with losses.")
@click.option(
    "--imgt",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --hla: a release of IPD-IMGT/HLA, whose alleles the patients have.",
)
@click.option(
    "--fault",
    "faults",
    type=click.Choice(_FAULTS),
    multiple=True,
    help="With --reads: spoil a tumour exome so; may be given several times.",
)
def simulate(  # noqa: PLR0913, PLR0917  one argument an option
    out: Path,
    patients: int,
    seed: int,
    hostile: bool,  # noqa: FBT001
    reads: bool,  # noqa: FBT001
    copies: bool,  # noqa: FBT001
    hla: bool,  # noqa: FBT001
    imgt: Path | None,
    faults: "tuple[Fault, ...]",
) -> None:
    """Write a trial with planted truth: sheets, calls, counts, a configuration, the truth."""
    from storiform.model.errors import ConfigError, fault

    if (out / "trial.yaml").exists():
        remedy = "Choose another folder, or remove it first."
        raise ConfigError(fault(str(out), "a trial already there", "a new folder", remedy))
    _check_options(hostile=hostile, reads=reads, copies=copies, hla=hla)
    if faults and not reads:
        message = "--fault spoils files of reads. Give --reads too."
        raise click.UsageError(message)
    if imgt and not hla:
        message = "--imgt is of trials of HLA genes. Give --hla too."
        raise click.UsageError(message)
    if copies:
        _write_copies(out, patients, seed)
    elif reads:
        _write_reads(out, patients, seed, faults)
    elif hla:
        _write_hla(out, patients, seed, imgt)
    else:
        from storiform.simulation.trial import simulate as write

        write(out, patients, seed, hostile=hostile, followed=True)
    echo(f"Wrote {out}. Run it: storiform run {out / 'trial.yaml'}")


def _check_options(*, hostile: bool, reads: bool, copies: bool, hla: bool) -> None:
    """Refuse options that do not go together."""
    if reads and hostile:
        message = "--hostile is of trials without reads. Give --fault, or leave --reads out."
        raise click.UsageError(message)
    for name, is_given in (("copies", copies), ("hla", hla)):
        if is_given and reads + hostile + copies + hla > 1:
            others = [n for n in ("reads", "hostile", "copies", "hla") if n != name]
            listed = ", --".join(others)
            message = f"--{name} stands alone. Leave --{listed} out."
            raise click.UsageError(message)


def _write_hla(out: Path, patients: int, seed: int, imgt: Path | None) -> None:
    from storiform.engine.cluster import prepare_environment
    from storiform.simulation.hla_trial import simulate_hla

    prepare_environment()
    try:
        simulate_hla(out, patients, seed, imgt)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _write_copies(out: Path, patients: int, seed: int) -> None:
    from storiform.simulation.copy_trial import simulate_copies

    try:
        simulate_copies(out, patients, seed)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _write_reads(out: Path, patients: int, seed: int, faults: "tuple[Fault, ...]") -> None:
    from storiform.engine.cluster import default_workers, prepare_environment
    from storiform.simulation.read_trial import simulate_reads

    prepare_environment()
    try:
        simulate_reads(out, patients, seed, faults, workers=default_workers())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
