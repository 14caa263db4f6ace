"""The whole trial without its figures, for tests that look at its tables."""

from storiform.engine.workflow import load_workflow

STEPS = tuple(
    step.function
    for step in load_workflow("trial").steps
    if not step.function.__module__.startswith("storiform.figures")
)
