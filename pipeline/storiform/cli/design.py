"""`storiform design`."""

from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo

if TYPE_CHECKING:
    from storiform.statistics.simon import SimonDesign


@click.group()
def design() -> None:
    """Find the design of a phase II trial."""


@design.command()
@click.option("--p0", type=float, required=True, help="Response rate of no interest.")
@click.option("--p1", type=float, required=True, help="Response rate not to be missed.")
@click.option("--alpha", type=float, default=0.05, show_default=True,
              help="Largest chance to find a rate of p0 of interest, one-sided.")  # fmt: skip
@click.option("--power", type=float, default=0.80, show_default=True,
              help="Smallest chance to find a rate of p1 of interest.")  # fmt: skip
@click.option("--max-n", type=click.IntRange(2, 200), default=100, show_default=True,
              help="Largest number of patients of both stages.")  # fmt: skip
def simon(p0: float, p1: float, alpha: float, power: float, max_n: int) -> None:
    """Print Simon's two-stage designs, the optimal and the minimax one.

    Example: storiform design simon --p0 .05 --p1 .20 --alpha .05 --power .90
    """
    from storiform.statistics.simon import simon_designs

    found = simon_designs(p0, p1, alpha, power, max_n)
    echo(f"Simon's two-stage designs, p0 = {p0:g} against p1 = {p1:g}, "
               f"one-sided alpha {alpha:g}, power {power:g}")  # fmt: skip
    echo(
        f"{'':9}{'n1':>4}{'r1':>4}{'n':>5}{'r':>4}{'EN(p0)':>8}{'PET(p0)':>9}"
        f"{'alpha':>8}{'power':>8}"
    )
    for name, one in found._asdict().items():
        echo(_line(name, one))
    for name, one in found._asdict().items():
        echo(
            f"{name}: stop after {one.n1} patients with {_at_most(one.r1)}; else go on to "
            f"{one.n}: of interest with {one.r + 1} or more responders."
        )
    echo("Simon, Controlled Clinical Trials 10, 1-10 (1989), "
               "doi:10.1016/0197-2456(89)90015-9.")  # fmt: skip


def _line(name: str, one: "SimonDesign") -> str:
    return (
        f"{name:9}{one.n1:>4}{one.r1:>4}{one.n:>5}{one.r:>4}{one.expected_n:>8.1f}"
        f"{one.stop_probability:>9.3f}{one.alpha:>8.4f}{one.power:>8.4f}"
    )


def _at_most(responders: int) -> str:
    return f"{responders} or fewer responders" if responders else "no responder"
