"""`storiform --cite`: what to cite for the steps of the trial's workflow."""

from collections.abc import Iterator

from storiform import __version__


def citations() -> Iterator[str]:
    """Tell the software and the papers behind the steps, each once."""
    from storiform.engine.config import load_workflow
    from storiform.report.citations import deduplicated, references_of

    yield f"storiform {__version__}: what in a tumour biopsy goes with response and survival."
    steps = load_workflow("trial").steps
    texts = [text for step in steps for text in references_of(step.function.__doc__)]
    for reference in deduplicated(texts):
        yield f"- {reference.text}"
