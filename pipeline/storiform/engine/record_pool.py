"""Records answered by several processes, in their order, while the file is read and written."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice

from storiform.io.csq_writer import Annotator, Answer, Request
from storiform.model.errors import RunError, fault

Answers = Callable[[Request], Sequence[Answer]]

_AT_ONCE = 500
"""Records that a process gets at a time: enough that handing them over costs little."""
_AHEAD = 4
"""Portions for each process that may wait, so that memory does not grow with the file."""

_shared: list[Answers] = []
"""What the processes inherit by being forked: models and genome are not copied."""


def annotator_of(answers: Answers, workers: int) -> Annotator:
    """Return what answers all records of a file by a function that answers one.

    A file of few records is answered in this process, and so is any where processes cannot
    be forked.

    Parameters
    ----------
    answers
        Returns the answer for each allele of a record.
    workers
        Processes.
    """

    def alone(requests: Iterator[Request]) -> Iterator[Sequence[Answer]]:
        return map(answers, requests)

    def together(requests: Iterator[Request]) -> Iterator[Sequence[Answer]]:
        first = list(islice(requests, _AT_ONCE))
        second = list(islice(requests, _AT_ONCE))
        if not second:
            yield from map(answers, first)
            return
        yield from _in_processes(answers, workers, chain(first, second, requests))

    can_fork = "fork" in multiprocessing.get_all_start_methods()
    return together if workers > 1 and can_fork else alone


def _in_processes(
    answers: Answers, workers: int, requests: Iterator[Request]
) -> Iterator[Sequence[Answer]]:
    _shared[:] = [answers]
    waiting: deque[Future[list[Sequence[Answer]]]] = deque()
    context = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            while portion := list(islice(requests, _AT_ONCE)):
                waiting.append(pool.submit(_answer_all, portion))
                if len(waiting) > _AHEAD * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        expected = "all of them to live on"
        remedy = "Annotate with --workers 1: the memory may have been too small."
        message = fault("annotate", "a process that died", expected, remedy)
        raise RunError(message) from error
    finally:
        _shared.clear()


def _answer_all(portion: list[Request]) -> list[Sequence[Answer]]:
    return [_shared[0](record) for record in portion]
