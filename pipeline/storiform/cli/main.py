"""The command line: what each command is called, and how errors end it."""

import importlib
import sys

import click

from storiform import __version__
from storiform.cli.saying import echo
from storiform.model.errors import StoriformError

COMMANDS = {
    "init": "Write a configuration and empty sheets to start from.",
    "samples-from": "Write a sample sheet from folders of finished nf-core pipelines.",
    "check": "Open every input and tell all problems at once.",
    "plan": "Show what would run, and why.",
    "run": "Run a workflow and write tables, figures and the report.",
    "explain": "Tell what one result stands on.",
    "status": "Show a run that goes on, or the last one.",
    "annotate": "Tell what the variants of a VCF do to genes.",
    "mhc": "Predict how peptides bind to HLA molecules.",
    "identity": "Tell which files of reads are of one person, whatever their build.",
    "report": "Write the report of a results folder again.",
    "export": "Write results in the files of other programs.",
    "freeze": "Keep a finished run as a cohort to read new biopsies against.",
    "panel-of-normals": "Make a panel of normals for copy number.",
    "hla-reference": "Compile HLA alleles of your copy of IPD-IMGT/HLA.",
    "design": "Find the design of a phase II trial.",
    "config": "Show or describe the configuration.",
    "simulate": "Write a trial with planted truth.",
    "demo": "Run a simulated trial and a real example, and compare with the truth.",
    "bundle": "Pack everything for a machine without internet.",
}


class Commands(click.Group):
    """Loads a command's module when it is called, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Name the commands in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        module = importlib.import_module(f"storiform.cli.{name}")
        command = getattr(module, name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _cite(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if not value or ctx.resilient_parsing:
        return
    from storiform.cli.cite import citations

    for line in citations():
        echo(line)
    ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="storiform")
@click.option("--cite", is_flag=True, is_eager=True, expose_value=False, callback=_cite,
              help="Print what to cite.")  # fmt: skip
def group() -> None:
    """Relate what a tumour biopsy shows to response and survival."""


def main() -> None:
    """Run the command line; a known error ends it with its message and exit code."""
    try:
        group(prog_name="storiform")
    except StoriformError as error:
        echo(str(error), err=True)
        sys.exit(error.exit_code)
