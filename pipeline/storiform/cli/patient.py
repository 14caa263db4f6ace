"""The option that names patients to be run alone, the same for `run` and `plan`."""

import click

patient_option = click.option(
    "--patient",
    "patients",
    metavar="NAME",
    multiple=True,
    help="Only what the page of this patient needs, without the cohort; may be repeated.",
)
