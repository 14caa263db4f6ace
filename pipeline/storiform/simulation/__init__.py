"""A trial with planted truth: what goes in is known, so what comes out can be judged."""

from storiform.simulation.trial import Truth, simulate
from storiform.simulation.verdict import verdict

__all__ = ["Truth", "simulate", "verdict"]
