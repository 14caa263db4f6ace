"""The option that names the cohort of reference, the same for all commands that read one."""

import click

against_option = click.option(
    "--against",
    metavar="NAME|PATH",
    help="Cohort to read each biopsy against, of storiform freeze.",
)
