"""One run from a session to the report: the graph is driven, then written up."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, TextIO

from storiform import __version__
from storiform.engine.blame import desk_of
from storiform.engine.collect import copy_figures, figures
from storiform.engine.driver import Driver, Rules
from storiform.engine.ending import Stop, StoppedError, exit_code, signals
from storiform.engine.graph import Node
from storiform.engine.journal import Journal, read_whole_run
from storiform.engine.lanes import Lanes, size_told
from storiform.engine.lock import RunLock
from storiform.engine.patient_pages import drop_patient_pages, write_patient_pages
from storiform.engine.progress import Pace, Progress
from storiform.engine.publishing import write_by_workers, write_rest
from storiform.engine.reporting import warnings_of, write_report
from storiform.engine.sections import Executor
from storiform.engine.session import Session
from storiform.engine.work import DISK_FULL, UNWRITABLE
from storiform.io.paths import fresh
from storiform.model.errors import RunError, fault

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Ending:
    """How a run ended: the exit code, counts of node states, failures, and why it stopped."""

    exit_code: int
    counts: dict[str, int]
    failures: tuple[tuple[str, str, str], ...] = ()
    stopped: str = ""
    left_out: int = 0
    warnings: tuple[str, ...] = ()


@dataclass
class _Ears:
    """Passes what the driver tells on to the journal and to the person."""

    journal: Journal
    progress: Progress
    failures: list[tuple[str, str, str]] = field(default_factory=list)

    def __call__(self, node: Node, message: str) -> None:
        self.journal.summary.pop("jobs", None)  # what waited has workers now
        self._count(node, "todo", node.state, message)
        self.progress.settled(node, message)
        if node.state == "failed":
            self.failures.append((node.step, node.unit, message))

    def _count(self, node: Node, before: str, now: str, message: str) -> None:
        self.journal.counts[now] += 1
        self.journal.counts[before] -= 1
        self.journal.event(
            "step",
            step=node.step,
            unit=node.unit,
            state=now,
            fingerprint=node.fingerprint[:12],
            seconds=round(node.seconds, 3),
            message=message[:500],
        )

    def lost(self, node: Node, message: str) -> None:
        """Pass on that a result, which was good, turned out to be damaged."""
        self._count(node, node.state, "failed", message)
        self.progress.say(f"failed: {node.step} of {node.unit}: {message}")
        self.failures.append((node.step, node.unit, message))

    def jobs(self, text: str) -> None:
        """Pass on how the jobs of a queue stand."""
        self.journal.summary["jobs"] = text
        self.journal.event("jobs", message=text)
        self.progress.say(text)

    def quiet(self, text: str) -> None:
        """Pass on that nothing has ended for long, and what is at work."""
        self.journal.event("quiet", message=text)
        self.progress.say(text)


def run(session: Session, *, workers: int | None = None, quiet: bool = False,
        stream: TextIO | None = None) -> Ending:  # fmt: skip
    """Run what must run, then write tables, figures and the report.

    Of a session of some patients alone, their pages; all else in the folder stays as it is.
    """
    os.umask(0o077)
    root = session.results.root
    _make_folder(root)
    session.results.refuse_links()
    stop = Stop()
    with signals(stop), _starting(root), RunLock(root) as lock:
        journal = _begin(session)
        progress = Progress(session.graph, stream, quiet=quiet)
        ears = _Ears(journal, progress)
        try:
            with progress:
                written = _drive(session, lock, ears, stop, workers)
            lock.refuse_loss()
            session.results.sweep_parts()
            if not stop:
                with suppress(StoppedError), lock.beating():
                    _finish(session, written, ears, Pace(stream, quiet=quiet), stop, lock)
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                _close(journal, lock, "stopped", 2)
                raise RunError(_vanished(root, error)) from error
            if error.errno not in DISK_FULL | UNWRITABLE:
                _close(journal, lock, "stopped", 2)
                raise
            stop.reason = _refused(root, error)
        except BaseException:
            _close(journal, lock, "stopped", 2)
            raise
        code = exit_code(session.graph, stop)
        counts = Counter(node.state for node in session.graph.nodes)
        state = "finished" if not stop else "stopped"
        journal.summary["failures"] = [list(failure) for failure in ears.failures]
        _close(journal, lock, state, code)
    reason = stop.reason or (f"signal {stop.signal}" if stop.signal else "")
    left_out = len(session.graph.left_out)
    told = [(n.step, n.unit, doubt) for n in session.graph.nodes for doubt in n.doubts]
    warnings = tuple(f"{w.step} of {w.unit}: {w.message}" for w in warnings_of(told))
    counted = {str(s): n for s, n in counts.items()}
    return Ending(code, counted, tuple(ears.failures), reason, left_out, warnings)


def _close(journal: Journal, lock: RunLock, state: str, code: int) -> None:
    """Write how the run ended, unless the record is that of another run by now."""
    if lock.is_lost():
        journal.leave()
    else:
        journal.close(state, code)


def _refused(root: Path, error: OSError) -> str:
    """Tell which disk has no room, or which folder may not be written."""
    why = "no space left in" if error.errno in DISK_FULL else "no right to write into"
    name = error.filename
    if name is None or Path(str(name)).is_relative_to(root):
        return f"{why} the results folder ({error})"
    if Path(str(name)).is_relative_to(gettempdir()):
        return f"{why} the folder of temporary files ({error}); set TMPDIR to another"
    return f"{why} {Path(str(name)).parent} ({error})"


def _vanished(root: Path, error: FileNotFoundError) -> str:
    found = f"{Path(str(error.filename or error)).name} gone"
    expected = "results that nobody removes while a run goes on"
    remedy = "Run again: what is missing is made again."
    return fault(f"results folder {root}", found, expected, remedy)


@contextmanager
def _starting(root: Path) -> Iterator[None]:
    """Tell of a disk that is too full, or may not be written, even to begin."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL | UNWRITABLE:
            raise
        if error.errno in DISK_FULL:
            found, remedy = "no space left", "Make room, then run again."
        else:
            found, remedy = str(error), "Mend its rights or its disk, then run again."
        message = fault(f"results folder {root}", found, "room for results", remedy)
        raise RunError(message) from error


def _begin(session: Session) -> Journal:
    """Clear what a killed run left, and what is not trusted; open the journal.

    The session was planned before the lock was taken: what another run has finished
    since then is taken over.
    """
    results, check = session.results, session.check
    results.sweep_parts()
    for node in session.graph.nodes:
        if node.state != "todo":
            continue
        folder = results.at(node.step, node.unit, node.fingerprint)
        record, damage = results.inspect(folder, verify=check.verify)
        if damage is None and not check.rerun_changed_code:
            node.state, node.why = "cached", ""
            node.doubts = tuple(record.get("warnings", ()))
        else:  # damaged, or to be made again by changed code
            results.discard(folder)
    session.ids.save()
    journal = Journal(results.root, _summary(session))
    journal.counts.update(node.state for node in session.graph.nodes)
    journal.begin()
    return journal


def _summary(session: Session) -> dict[str, object]:
    cohort = session.report.cohort
    of_some = {"only": session.only, "whole": read_whole_run(session.results.root)}
    return {
        **(of_some if session.only else {}),
        "storiform": __version__,
        "pid": os.getpid(),
        "config": str(session.config.path),
        "against": session.against,
        "workflow": session.config.workflow.name,
        "patients": len(cohort.patients),
        "biopsies": len(cohort.biopsies),
        "samples": len(cohort.samples),
        "left_out": len(session.graph.left_out),
    }


def _make_folder(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        fresh(root / f".probe-{os.getpid()}").unlink()
    except OSError as error:
        remedy = "Choose another folder under 'output', or make this one writable."
        found = error.strerror or str(error)
        expected = "a folder that can be written"
        raise RunError(fault(f"results folder {root}", found, expected, remedy)) from error


def _drive(
    session: Session, lock: RunLock, ears: _Ears, stop: Stop, workers: int | None
) -> set[str]:
    """Compute what has work to do; return the tables that are written then."""
    todo = [node for node in session.graph.nodes if node.state == "todo"]
    if not todo:
        return set()
    from storiform.engine.cluster import (
        connect,
        connect_alone,
        with_workers,
        worker_count,
    )

    executor = session.config.executor
    if workers is not None:
        executor = with_workers(executor, workers)
    if executor.kind != "local":
        executor = _among_jobs(session, executor)
    settings = session.config.run
    rules = Rules(
        workflow=_workflow_of(session, executor),
        retries=settings.retries,
        allow_partial_cohort=settings.allow_partial_cohort,
        check=session.check,
        watchdog_seconds=60 * settings.watchdog_minutes,
    )
    with ExitStack() as stack:
        client = stack.enter_context(connect(executor))
        _heard(client, ears)

        def jobs(own: Executor) -> "Client":
            opened = stack.enter_context(connect(own, at_least=0))
            _heard(opened, ears, size_told(own))
            return opened

        def rescue(larger: Executor) -> "Client | None":
            alone = stack.enter_context(connect_alone(larger))
            return _heard(alone, ears, size_told(larger))

        lanes = Lanes(executor, jobs, rescue)
        cohort = session.report.cohort
        driver = Driver(
            session.graph, cohort, session.results, rules, lock, ears, lanes, stop,
            worker_count, ears.quiet,
        )  # fmt: skip
        driver.run(client)
        if not stop and not session.only:
            lock.refuse_loss()
            with lock.beating():
                return write_by_workers(session, client, stop, worker_count)
    return set()


def _workflow_of(session: Session, executor: Executor) -> str:
    """Return how a worker finds the workflow: another Python has its own bundled ones."""
    workflow = session.config.workflow
    is_elsewhere = bool(executor.command or executor.python)
    return workflow.name if workflow.is_bundled and is_elsewhere else str(workflow.path)


def _among_jobs(session: Session, executor: Executor) -> Executor:
    """Name the folders of an executor's jobs, and clear what earlier jobs left there."""
    from storiform.engine.job_script import placed, sweep

    root = session.results.root
    placed_there = placed(executor, root, session.config.path.parent)
    sweep(placed_there, root)
    return placed_there


def _heard(client: "Client | None", ears: _Ears, size: str = "") -> "Client | None":
    """Let a client's jobs tell the journal and the person how they stand."""
    desk = desk_of(client)
    if desk is not None:
        desk.announce, desk.size = ears.jobs, size
    return client


def _finish(
    session: Session, written: set[str], ears: _Ears, pace: Pace, stop: Stop, lock: RunLock
) -> None:
    def heed(told: str = "") -> None:
        lock.refuse_loss()
        if stop:
            raise StoppedError
        if told:
            pace(told)

    if session.only:
        write_patient_pages(session, listen=heed)
        return
    write_rest(session, written, ears.lost, heed)
    heed()
    copy_figures(figures(session.graph, session.results), session.results)
    anew = session.check.verify or session.check.rerun_changed_code
    write_report(session, force=anew, listen=heed)
    lock.refuse_loss()  # before anything is deleted
    drop_patient_pages(session.results)
    in_use = [(node.step, node.unit, node.fingerprint) for node in session.graph.nodes]
    session.results.sweep_old(in_use, session.config.run.keep)
