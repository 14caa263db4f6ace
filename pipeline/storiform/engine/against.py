"""The cohort of reference that a command line names, and that of the run that was done."""

from pathlib import Path

from storiform.engine.explain import Check
from storiform.engine.freezing import refuse_other_settings, score_settings
from storiform.engine.journal import read_run
from storiform.engine.session import Session, open_session
from storiform.io.cohort_reference import (
    find_reference,
    read_cohort_reference,
    references_folder,
)
from storiform.io.resources import bundled


def session_against(path: Path, against: str | None, check: Check | None = None) -> Session:
    """Open a configuration, with the cohort of reference that the command line names.

    Parameters
    ----------
    path
        The configuration.
    against
        Name or path of a cohort of `storiform freeze`; none: that of the configuration.
    check
        How strictly earlier results are trusted.

    The scores of either must have been taken as those of the run.

    Raises
    ------
    ConfigError
        If there is no such cohort, or its scores were taken in another way.
    """
    if against is None:
        session = open_session(path, check)
        named = session.config.resources.get("cohort_reference")
        if named is not None and named.is_file():
            _refuse_other_scores(session, named, f"resources.cohort_reference {named}")
        return session
    found = find_reference(against, references_folder(), bundled("reference/immune"))
    session = open_session(path, check, against=str(found))
    _refuse_other_scores(session, found, f"--against {against}")
    return session


def _refuse_other_scores(session: Session, reference: Path, where: str) -> None:
    known = read_cohort_reference(reference).settings
    refuse_other_settings(where, known, score_settings(session.config.params))


def last_against(session: Session) -> str:
    """Return the cohort that the last run was told on its command line, empty if none."""
    summary = read_run(session.results.root) or {}
    return str(summary.get("against", ""))
