"""What can go wrong, and whose move it is.

::

    StoriformError
    ├── UserError          exit 2    the user can mend it
    │   ├── ConfigError              the configuration
    │   ├── SheetError               the sample sheet or the clinical table
    │   └── InputError               a BAM, VCF, matrix or reference file
    ├── StepError          exit 1    a step failed on one unit; the rest goes on
    ├── NothingToShow                a figure has no data: it is left out, no failure
    ├── ContractError      exit 70   a table breaks its own contract: ours to mend
    └── RunError           exit 2    the run as a whole cannot go on (lock, disk, workers)

A `DataWarning` is a doubtful input that does not stop a step: the engine stores it
with the step and the report prints it.

Messages quote files that anybody may have made, so what a terminal would obey is written out
in them: `visible`.
"""

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


class StoriformError(Exception):
    """The root of all errors that storiform raises on purpose."""

    exit_code = 1

    def __init__(self, *words: object) -> None:
        super().__init__(*(visible(word) if isinstance(word, str) else word for word in words))


class UserError(StoriformError):
    """Something that the user can mend; the message says how."""

    exit_code = 2


class ConfigError(UserError):
    """A fault in the configuration of a run."""


class SheetError(UserError):
    """A fault in the sample sheet or the clinical table."""


class InputError(UserError):
    """A fault in a scientific input file."""


class StepError(StoriformError):
    """A step failed on one unit."""


class NothingToShow(StoriformError):  # noqa: N818  no error: a figure that is left out
    """A figure that has no data to draw; it is left out, and the message says why."""


class ContractError(StoriformError):
    """A table breaks the contract of the step that made it."""

    exit_code = 70


class RunError(UserError):
    """The run as a whole cannot start or go on."""


class DataWarning(UserWarning):
    """A doubtful input or value that the report must mention."""

    def __init__(self, message: str) -> None:
        super().__init__(visible(message))


def visible(text: str, *, is_line: bool = False) -> str:
    """Write out characters that a terminal obeys, or that turn the order of letters.

    Parameters
    ----------
    text
        What may quote a file.
    is_line
        Write line ends out too, so that no text can pass for a line of ours.

    Examples
    --------
    >>> visible("a" + chr(27) + "[2Jb") == "a" + repr(chr(27))[1:-1] + "[2Jb"
    True
    """
    shown = _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)
    return shown.replace("\n", "\\n") if is_line else shown


_LONGEST_SHOWN = 2000
"""Letters of what a message shows of a file; a cell may hold a whole book."""
_HEAD = 200


def shortened(text: str) -> str:
    """Return a text for a message: of one beyond all measure, its beginning and length.

    Examples
    --------
    >>> shortened("9" * 5000)[190:]
    '9999999999... (5000 characters)'
    """
    is_long = len(text) > _LONGEST_SHOWN
    return f"{text[:_HEAD]}... ({len(text)} characters)" if is_long else text


def fault(where: str, found: str, expected: str, remedy: str) -> str:
    """Phrase a fault the one way in which all of storiform phrases faults.

    Parameters
    ----------
    where
        File and place, such as ``samples.csv, row 7, column status``.
    found
        What stands there.
    expected
        What should stand there.
    remedy
        What the user can do about it, an imperative sentence.

    Examples
    --------
    >>> fault("samples.csv, row 7", "status 3", "0, 1 or 2", "Correct the status.")
    'samples.csv, row 7: found status 3, expected 0, 1 or 2. Correct the status.'
    """
    message = f"{where}: found {shortened(found)}, expected {expected}. {remedy}"
    return visible(message, is_line=True)
