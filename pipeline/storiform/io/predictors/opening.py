"""Which file names an outside predictor, and how it is opened.

Either the program itself, known by its name, or a few lines of YAML::

    predictor: netmhcpan  # netmhcpan, mhcflurry, mixmhcpred or mixmhc2pred
    program: netMHCpan  # on the PATH, or a path, relative to this file
    models_dir: models  # MHCflurry alone, where not its own download
    version: "4.1b"  # optional; change it when the program has changed
"""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from storiform.io.names import did_you_mean
from storiform.io.predictors.mhcflurry import MhcFlurry
from storiform.io.predictors.mixmhcpred import MixMhc2Pred, MixMhcPred
from storiform.io.predictors.netmhcpan import NetMhcPan
from storiform.io.predictors.program import Dialect, Program, ProgramPredictor
from storiform.io.programs import find_program
from storiform.model.errors import InputError, fault

_DIALECTS: Mapping[str, type[Dialect]] = {
    "netmhcpan": NetMhcPan, "mhcflurry": MhcFlurry, "mixmhcpred": MixMhcPred,
    "mixmhc2pred": MixMhc2Pred,
}  # fmt: skip
_NAMES = {
    "netmhcpan": "netMHCpan", "mhcflurry": "mhcflurry-predict", "mixmhcpred": "MixMHCpred",
    "mixmhc2pred": "MixMHC2pred",
}  # fmt: skip
"""What the programs are called by their authors."""
_SETTINGS = (".yaml", ".yml")
_KEYS = ("predictor", "program", "models_dir", "version")


def is_outside_predictor(path: Path) -> bool:
    """Tell whether a file names an outside predictor, and is no weights of our own."""
    return path.suffix.lower() in _SETTINGS or _kind_of(path.name) is not None


def open_predictor(path: Path) -> ProgramPredictor:
    """Open the predictor that a program or a settings file names; nothing is run yet.

    Parameters
    ----------
    path
        ``netMHCpan``, ``mhcflurry-predict``, ``MixMHCpred`` or ``MixMHC2pred`` (with any
        ending, such as ``_unix``), as a path or a bare name on the PATH; or YAML.

    Raises
    ------
    InputError
        If the settings are none, or there is no such program.
    """
    if path.suffix.lower() in _SETTINGS:
        return _from_settings(path)
    kind = _kind_of(path.name)
    if kind is None:
        expected = f"a program named {' or '.join(_NAMES.values())}, or settings (.yaml)"
        remedy = "Write a settings file that names predictor and program."
        raise InputError(fault(str(path), f"the file {path.name}", expected, remedy))
    is_bare = not path.exists() and path.name == str(path)  # a name on the PATH
    name = path.name if is_bare else str(path.absolute())
    program = Program(find_program(name, "resources.mhc_model"))
    return ProgramPredictor(program, _DIALECTS[kind]())


def _kind_of(name: str) -> str | None:
    """Return the kind of a program by its name, the longest first."""
    lower = name.lower()
    kinds = [kind for kind, called in _NAMES.items() if lower.startswith(called.lower())]
    return kinds[0] if kinds else None


def _from_settings(path: Path) -> ProgramPredictor:
    settings = _read(path)
    kind = settings.get("predictor", "")
    if kind not in _DIALECTS:
        found = f"predictor {kind!r}" if kind else "no predictor"
        remedy = did_you_mean(kind, tuple(_DIALECTS))
        raise InputError(fault(path.name, found, f"one of {', '.join(_DIALECTS)}", remedy))
    name = settings.get("program") or _NAMES[kind]
    if "/" in name:
        name = str((path.parent / name).absolute())
    models = settings.get("models_dir")
    folder = None if not models else (path.parent / models).absolute()
    if folder is not None and not folder.is_dir():
        remedy = "Correct models_dir, a folder relative to the settings file."
        raise InputError(fault(path.name, f"no folder {folder}", "a folder of models", remedy))
    program = Program(find_program(name, path.name), folder, settings.get("version", ""))
    return ProgramPredictor(program, _DIALECTS[kind]())


def _read(path: Path) -> dict[str, str]:
    try:
        # All scalars stay text: a version 4.10 is not 4.1.
        document = YAML(typ="base", pure=True).load(path.read_text(encoding="utf-8"))
    except OSError as error:
        found = str(error.strerror or error).lower()
        message = fault(str(path), found, "settings of a predictor", "Correct the path.")
        raise InputError(message) from error
    except (YAMLError, UnicodeDecodeError) as error:
        remedy = "Write lines such as predictor: netmhcpan."
        raise InputError(fault(path.name, "no YAML", "settings", remedy)) from error
    if not isinstance(document, dict):
        expected = f"the keys {', '.join(_KEYS)}"
        remedy = "Write lines such as predictor: netmhcpan."
        raise InputError(fault(path.name, "no settings", expected, remedy))
    unknown = [str(key) for key in document if key not in _KEYS]
    if unknown:
        remedy = did_you_mean(unknown[0], _KEYS)
        expected = f"the keys {', '.join(_KEYS)}"
        raise InputError(fault(path.name, f"the key {unknown[0]}", expected, remedy))
    return {key: str(value or "").strip() for key, value in document.items()}
