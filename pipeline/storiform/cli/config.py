"""`storiform config`."""

import json
from pathlib import Path

import click

from storiform.cli.saying import echo


@click.group()
def config() -> None:
    """Show or describe the configuration."""


@config.command()
@click.argument("config", type=click.Path(path_type=Path))
def show(config: Path) -> None:
    """Print CONFIG with every default written out and explained."""
    from storiform.engine.config import load_config
    from storiform.engine.config_text import effective_config

    echo(effective_config(load_config(config)))


@config.command()
@click.argument("workflow", default="trial")
def schema(workflow: str) -> None:
    """Print the JSON Schema of a configuration of WORKFLOW, for editors."""
    from storiform.engine.config import load_workflow
    from storiform.engine.config_text import config_schema

    echo(json.dumps(config_schema(load_workflow(workflow)), indent=2))
