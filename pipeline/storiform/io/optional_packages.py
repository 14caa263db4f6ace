"""Packages that storiform can do without, asked for where a format needs one."""

import importlib
import warnings
from typing import Any

from storiform.model.errors import InputError, fault


def optional_package(name: str, extra: str) -> Any:  # noqa: ANN401  a module of another project
    """Import a package that not every installation has.

    Parameters
    ----------
    name
        Of the package.
    extra
        The extra of storiform that brings it.

    Raises
    ------
    InputError
        If it is not installed, with the command that installs it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the other project's own imports
            return importlib.import_module(name)
    except ImportError as error:
        found, expected = "no such package", "it beside storiform: this format alone needs it"
        remedy = f"Install it: pip install 'storiform[{extra}]' (or pip install {name})."
        raise InputError(fault(f"package {name}", found, expected, remedy)) from error
