"""`storiform --cite`: what to cite for the steps of the trial's workflow."""

from collections.abc import Iterator

from storiform import __version__

TITLE = "storiform: what in a tumour biopsy goes with response and survival"
AUTHORS = "The storiform authors"
"""Both as in CITATION.cff, which is no part of an installation; a test holds them equal."""


def citations() -> Iterator[str]:
    """Tell how to cite storiform, then the papers behind the steps, each once."""
    from storiform.engine.config import load_workflow
    from storiform.report.citations import deduplicated, references_of

    yield "The software:"
    yield f"- {AUTHORS}. {TITLE}. Version {__version__}."
    yield "The methods of its steps:"
    steps = load_workflow("trial").steps
    texts = [text for step in steps for text in references_of(step.function.__doc__)]
    for reference in deduplicated(texts):
        yield f"- {reference.text}"
