"""What a person sees while a run goes on: a live table on a terminal, else plain lines."""

import sys
import time
from collections import Counter, deque
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from storiform.engine.explain import first_line
from storiform.engine.graph import Graph, Node
from storiform.model.errors import visible

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_PLAIN_EVERY_SECONDS = 10.0


class Pace:
    """Tells of long work by plain lines: what is new at once, how far it is now and then."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._subject = ""
        self._told = 0.0

    def __call__(self, text: str) -> None:
        """Print `subject: how far`, unless a line of the same subject is but seconds old."""
        subject = text.partition(":")[0]
        is_old = time.monotonic() - self._told > _PLAIN_EVERY_SECONDS
        if not self._quiet and (subject != self._subject or is_old):
            self._subject, self._told = subject, time.monotonic()
            print(visible(text), file=self._stream, flush=True)


class Progress:
    """Counts per step, what runs, the time left, and each failure once."""

    def __init__(
        self, graph: Graph, stream: TextIO | None = None, *, quiet: bool = False
    ) -> None:
        self._graph = graph
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._started = time.monotonic()
        self._done: deque[float] = deque(maxlen=200)
        self._ended: Counter[str] = Counter()
        self._said: Counter[tuple[str, str]] = Counter()
        self._plain = 0.0
        self._drawn = 0.0
        self._live: Live | None = None
        self._total = sum(node.state == "todo" for node in graph.nodes)
        self._settled = 0
        self._counts: dict[str, Counter[str]] = {}
        for node in graph.nodes:
            self._counts.setdefault(node.step, Counter())[node.state] += 1

    def __enter__(self) -> Self:
        if self._stream.isatty() and not self._quiet:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(
                self._table(), console=Console(file=self._stream), refresh_per_second=4
            )
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.update(self._table())
            self._live.stop()
        elif not self._quiet:
            self._line()
        for (unit, message), number in self._said.items():
            if number > 1:
                steps = "1 more step" if number == 2 else f"{number - 1} more steps"  # noqa: PLR2004
                self._tell(f"failed: {steps} of {unit} for that reason: {first_line(message)}")

    def settled(self, node: Node, message: str) -> None:
        """Take note of a node that ended, or that runs again."""
        counts = self._counts[node.step]
        counts["todo"] -= 1
        counts[node.state] += 1
        if node.state != "todo":
            self._settled += 1
            self._ended[node.state] += 1
            self._done.append(time.monotonic())
        if node.state == "failed" or (node.state == "todo" and message):
            state = "failed: " if node.state == "failed" else ""
            if (node.unit, message) not in self._said:  # one file, several steps
                self._tell(f"{state}{node.step} of {node.unit}: {first_line(message)}")
            self._said[node.unit, message] += node.state == "failed"
        if self._live is not None:
            if time.monotonic() - self._drawn > 0.25:  # noqa: PLR2004  four times a second
                self._drawn = time.monotonic()
                self._live.update(self._table())
        elif not self._quiet and time.monotonic() - self._plain > _PLAIN_EVERY_SECONDS:
            self._line()

    def say(self, text: str) -> None:
        """Print a line that belongs to no node, such as how the jobs of a queue stand."""
        self._tell(text)

    def _tell(self, text: str) -> None:
        text = visible(text)
        if self._live is not None:
            self._live.console.print(text, style="red", markup=False)
        elif not self._quiet:
            print(text, file=self._stream, flush=True)

    def _line(self) -> None:
        self._plain = time.monotonic()
        print(self._standing(), file=self._stream, flush=True)

    def _standing(self) -> str:
        blocked = self._ended["blocked"]
        told = f"{self._ended['done']} of {self._total} done{self._left()}"
        told += f", {self._ended['failed']} failed"
        return f"{told}, {blocked} blocked" if blocked else told

    def _left(self) -> str:
        remaining = self._total - self._settled
        if len(self._done) < 2 or not remaining:  # noqa: PLR2004  a pace needs two
            return ""
        pace = (self._done[-1] - self._done[0]) / (len(self._done) - 1)
        return f", about {pace * remaining:.0f} s left"

    def _table(self) -> "Table":
        from rich.table import Table

        elapsed = time.monotonic() - self._started
        title = f"{self._standing()}; {elapsed:.0f} s"
        table = Table("step", "cached", "done", "to do", "failed", "blocked", title=title)
        for step, counts in self._counts.items():
            columns = ("cached", "done", "todo", "failed", "blocked")
            cells = [str(counts[name]) if counts[name] else "" for name in columns]
            table.add_row(step, *cells)
        return table
