"""Write docs/reference/ from the code: `generate_reference.py`, `--check` only compares."""
# ruff: noqa: INP001, T201  a script of the documentation, no part of the package

import sys
from collections.abc import Mapping
from pathlib import Path

from storiform.engine.config import config_model
from storiform.engine.workflow import Workflow, load_workflow
from storiform.io.sources import SOURCES
from storiform.report.reference import configuration_page, tables_page

FOLDER = Path(__file__).parent / "reference"


def pages(workflow: Workflow) -> Mapping[str, str]:
    """Return the pages of a workflow: file name and text."""
    given = [source.table for source in SOURCES]
    return {
        "configuration.md": configuration_page(config_model(workflow), workflow.name),
        "tables.md": tables_page(workflow.steps, given, workflow.name),
    }


def main(arguments: list[str]) -> int:
    """Write the pages, or tell which are old."""
    written = pages(load_workflow("trial"))
    old = [
        name
        for name, text in written.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text("utf-8") != text
    ]
    if "--check" in arguments:
        for name in old:
            print(
                f"docs/reference/{name}: older than the code. Run docs/generate_reference.py."
            )
        return 1 if old else 0
    FOLDER.mkdir(exist_ok=True)
    for name in old:
        (FOLDER / name).write_text(written[name], encoding="utf-8")
        print(f"docs/reference/{name}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
