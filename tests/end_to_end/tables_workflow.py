"""The whole trial without its figures, for tests that look at its tables."""

from .trial import STEPS as WHOLE  # noqa: TID252  the name by which a workflow finds others

STEPS = tuple(step for step in WHOLE if not step.__module__.startswith("storiform.figures"))
