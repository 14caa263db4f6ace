"""What no code of ours may do: read a pickle, start a shell, call the network, run a text."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (
    "pipeline",
    "workflows",
    "containers",
    "docs",
    "reference",
    ".ci",
    "tests/benchmarks",
)

PICKLES = frozenset(
    {
        *("pickle", "_pickle", "cPickle", "pickletools", "cloudpickle", "dill", "marshal"),
        *("shelve", "dbm", "joblib", "jsonpickle"),
    }
)
NETWORK = frozenset(
    {
        *("urllib.request", "urllib3", "http.client", "http.server", "requests", "httpx"),
        *("aiohttp", "ftplib", "smtplib", "imaplib", "poplib", "telnetlib", "xmlrpc"),
        *("socketserver", "webbrowser", "paramiko", "boto3", "wsgiref", "ssl", "socket"),
        *("pyarrow.fs", "pyarrow.flight", "fsspec", "s3fs", "multiprocessing.connection"),
        *("asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection"),
    }
)
MEMORY = frozenset({"ctypes", "_ctypes", "cffi"})
CODE = frozenset({"eval", "exec", "compile", "__import__", "builtins.compile"})
CODE_MODULES = frozenset({"code", "codeop", "runpy"})
CODE_METHODS = frozenset({"eval", "exec"})
SHELLS = frozenset(
    {
        *("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"),
        *("asyncio.create_subprocess_shell", "commands.getoutput", "pty.spawn"),
    }
)
SHELL_NAMES = frozenset({"sh", "bash", "dash", "zsh", "ksh", "csh", "tcsh", "fish", "busybox"})
SHELL_ARGUMENT = 8
"""How many arguments of `subprocess.Popen` come before `shell`."""
UNPACKING = frozenset({"extractall", "extract", "unpack_archive", "_extract_member"})
PICKLING_METHODS = frozenset({"read_pickle", "to_pickle", "loads_pickle"})
YAML_LOADERS = frozenset({"load", "load_all", "full_load", "unsafe_load", "unsafe_load_all"})
SAFE_YAML = frozenset({"safe", "base", "rt"})

PLACES: dict[tuple[str, str], str] = {
    (
        "pipeline/storiform/engine/workflow.py",
        "runs a file of code: exec_module",
    ): "a workflow is Python that the configuration names",
    (
        "tests/benchmarks/bench_differential.py",
        "runs a file of code: exec_module",
    ): "our own test's maker of cohorts",
    (
        "pipeline/storiform/engine/job_start.py",
        "calls the network: socket",
    ): "a job asks which of its addresses leads to the driver; nothing is sent",
    (
        "pipeline/storiform/engine/lock.py",
        "calls the network: socket",
    ): "the name of this machine, in the lock of a run",
    (
        "pipeline/storiform/engine/work.py",
        "calls the network: socket",
    ): "the name of this machine, in provenance",
    (
        "tests/benchmarks/bench_reads.py",
        "calls what is outside Python: ctypes.util",
    ): "where this machine has a library of HTSlib, for a peer",
    (
        "pipeline/storiform/cli/saying.py",
        "prints texts of inputs as they are: click.echo",
    ): "the one place that prints, after `visible`",
    (
        "containers/audit.py",
        "calls the network: urllib.request",
    ): "make audit-refresh, which nothing else calls",
}
"""Path and fault -> why it stands there; a place that is no longer needed fails too."""

UNESCAPED: dict[str, tuple[str, ...]] = {
    "biopsy.html.j2": ("figure.svg", "style"),
    "patient.html.j2": ("style",),
    "tables.html.j2": ("'th scope=\"row\"' if loop.first else 'td'",),
    "template.html.j2": ("figure.svg", "script", "style"),
}
"""What the templates print as it is: our style and script, and drawings after `inlined`."""


def scripts() -> list[Path]:
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


class Names(ast.NodeVisitor):
    """Dotted names of what is imported, whatever a file calls it."""

    def __init__(self, tree: ast.AST) -> None:
        self.known: dict[str, str] = {}
        self.modules: list[str] = []
        self.visit(tree)

    def visit_Import(self, node: ast.Import) -> None:
        """Note `import a.b as c`."""
        for alias in node.names:
            self.modules.append(alias.name)
            top = alias.name.split(".")[0]
            self.known[alias.asname or top] = alias.name if alias.asname else top

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note `from a import b as c`."""
        for alias in node.names:
            self.modules += [node.module or "", f"{node.module}.{alias.name}"]
            self.known[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def of(self, node: ast.AST) -> str:
        """Write out a name or an attribute; a call's or a subscript's value is ``?``."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self.of(node.value)}.{node.attr}"
        return "?"


def within(module: str, names: Iterable[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def constant(call: ast.Call, keyword: str) -> object:
    """Return the constant of a keyword, ``...`` where it is no constant, None without it."""
    for given in call.keywords:
        if given.arg == keyword:
            return given.value.value if isinstance(given.value, ast.Constant) else ...
    return None


def of_module(module: str) -> Iterator[str]:
    if within(module, PICKLES):
        yield f"reads or writes pickles: {module}"
    if within(module, NETWORK):
        yield f"calls the network: {module}"
    if within(module, MEMORY):
        yield f"calls what is outside Python: {module}"
    if within(module, CODE_MODULES):
        yield f"runs a text: {module}"


def of_name(node: ast.AST, name: str) -> Iterator[str]:
    """Yield what a name stands for that may not be called, also where it is but handed on."""
    last = name.rsplit(".", 1)[-1]
    if name in CODE or (isinstance(node, ast.Attribute) and last in CODE_METHODS):
        yield f"runs a text: {last}"
    if name in SHELLS or re.fullmatch(r"os\.(?:exec|spawn|posix_spawn)\w*", name):
        yield f"starts a shell or a program past io.programs: {name}"
    if "." in name:
        known = [module for module in NETWORK if within(name, (module,))]
        yield from [f"calls the network: {module}" for module in known]


def of_words(node: ast.List | ast.Tuple) -> Iterator[str]:
    """Yield the shell that the words of a command start with a text to run."""
    words = [word.value for word in node.elts if isinstance(word, ast.Constant)]
    texts = [word for word in words if isinstance(word, str)]
    shells = [text for text in texts if text.rsplit("/", 1)[-1] in SHELL_NAMES]
    if shells and any(re.fullmatch(r"-[a-z]*c", text) for text in texts):
        yield f"starts a shell: {shells[0]} -c"


def of_call(call: ast.Call, name: str) -> Iterator[str]:  # noqa: C901, PLR0912  a list of rules
    last = name.rsplit(".", 1)[-1]
    if last == "exec_module" and name != last:
        yield f"runs a file of code: {last}"
    is_by_place = name.startswith("subprocess.") and len(call.args) > SHELL_ARGUMENT
    if is_by_place or constant(call, "shell") not in {None, False}:
        yield "starts a shell: shell=True"
    if last in PICKLING_METHODS:
        yield f"reads or writes pickles: {last}"
    if name.startswith(("numpy.load", "numpy.save")) and name != "numpy.savetxt":
        allowed = constant(call, "allow_pickle")
        if name in {"numpy.load", "numpy.save"} and len(call.args) > 2:
            allowed = ...  # the third by its place
        # Only of `load` is False the default; `savez` of text and numbers writes none.
        is_bad = allowed not in {None, False} or (name == "numpy.save" and allowed is None)
        if is_bad:
            yield f"reads or writes pickles: {name}(allow_pickle)"
    if last in UNPACKING and not name.endswith(".str.extract"):  # that is pandas
        yield f"unpacks an archive whose members are not looked at: {last}"
    if name == "tempfile.mktemp":
        yield "names a temporary file that another may make: tempfile.mktemp"
    if name.startswith("yaml.") and last in YAML_LOADERS:
        yield f"makes objects of YAML: {name}"
    if name.endswith("YAML") and constant(call, "typ") not in {*SAFE_YAML}:
        yield "makes objects of YAML: YAML without a safe typ"
    if name.endswith("jinja2.Template"):
        yield "writes texts of inputs as they are: jinja2.Template"
    if name == "click.echo":
        yield "prints texts of inputs as they are: click.echo"
    if name == "jinja2.Environment" and constant(call, "autoescape") is not True:
        yield "writes texts of inputs as they are: jinja2.Environment"
    if last == "Markup":
        yield "writes texts of inputs as they are: Markup"
    if name == "importlib.import_module" and call.args:
        first = call.args[0]
        if isinstance(first, ast.Constant):
            yield from of_module(str(first.value))


def faults(source: str) -> list[str]:
    """List what a text of Python does that is not allowed, in the order of its lines."""
    tree = ast.parse(source)
    names = Names(tree)
    found = [fault for module in names.modules for fault in of_module(module)]
    nodes = [node for node in ast.walk(tree) if hasattr(node, "lineno")]
    for node in sorted(nodes, key=lambda node: node.lineno):
        if isinstance(node, ast.Name | ast.Attribute):
            found += of_name(node, names.of(node))
        if isinstance(node, ast.List | ast.Tuple):
            found += of_words(node)
        if isinstance(node, ast.Call):
            found += of_call(node, names.of(node.func))
    return list(dict.fromkeys(found))


@cache
def present() -> dict[tuple[str, str], None]:
    return {
        (path.relative_to(ROOT).as_posix(), fault): None
        for path in scripts()
        for fault in faults(path.read_text("utf-8"))
    }


def test_no_code_does_what_is_forbidden():
    assert len(scripts()) > 300
    assert [entry for entry in present() if entry not in PLACES] == []


def test_every_named_place_still_needs_its_leave():
    assert [place for place in PLACES if place not in present()] == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pickle", "pickles: pickle"),
        ("from pickle import load", "pickles: pickle"),
        ("import joblib as j; j.dump(1, 'x')", "pickles: joblib"),
        ("def f():\n    import shelve", "pickles: shelve"),
        ("from marshal import loads as x", "pickles: marshal"),
        ("import pandas as pd\npd.read_pickle('x')", "pickles: read_pickle"),
        ("frame.to_pickle('x')", "pickles: to_pickle"),
        ("import numpy as np\nnp.load('x', allow_pickle=True)", "numpy.load(allow_pickle)"),
        ("import numpy as np\nnp.load('x', allow_pickle=flag)", "numpy.load(allow_pickle)"),
        ("import numpy as np\nnp.save('x', values)", "numpy.save(allow_pickle)"),
        ("from importlib import import_module\nimport_module('dill')", "pickles: dill"),
        ("eval('1')", "runs a text: eval"),
        ("exec('1')", "runs a text: exec"),
        ("__import__('os')", "runs a text: __import__"),
        ("spec.loader.exec_module(m)", "file of code: exec_module"),
        ("import os\nos.system('ls')", "os.system"),
        ("from os import popen as p\np('ls')", "os.popen"),
        ("import os\nos.execvp('ls', ['ls'])", "os.execvp"),
        ("import subprocess\nsubprocess.run('ls', shell=True)", "shell=True"),
        ("from subprocess import Popen\nPopen('ls', shell=flag)", "shell=True"),
        ("import subprocess as s\ns.getoutput('ls')", "subprocess.getoutput"),
        ("import tarfile\ntarfile.open('x').extractall('y')", "looked at: extractall"),
        ("import zipfile\nzipfile.ZipFile('x').extract('y')", "looked at: extract"),
        ("import shutil\nshutil.unpack_archive('x')", "at: unpack_archive"),
        ("import tempfile\ntempfile.mktemp()", "tempfile.mktemp"),
        ("import yaml\nyaml.load(text)", "YAML: yaml.load"),
        ("from yaml import unsafe_load\nunsafe_load(text)", "YAML: yaml.unsafe_load"),
        ("from ruamel.yaml import YAML\nYAML(typ='unsafe')", "YAML without a safe typ"),
        ("import ruamel.yaml\nruamel.yaml.YAML()", "YAML without a safe typ"),
        ("import urllib.request", "network: urllib.request"),
        ("from urllib import request", "network: urllib.request"),
        ("from http import client", "network: http.client"),
        ("import requests", "network: requests"),
        ("import socket\nsocket.create_connection(a)", "network: socket"),
        ("from socket import socket as s\ns()", "network: socket"),
        ("import urllib\nurllib.request.urlopen(a)", "network: urllib.request"),
        ("import asyncio\nasyncio.open_connection(a, 1)", "network: asyncio.open_connection"),
        ("from pyarrow import fs", "network: pyarrow.fs"),
        ("import pyarrow as pa\npa.flight.connect(a)", "network: pyarrow.flight"),
        ("import ctypes\nctypes.CDLL('x')", "outside Python: ctypes"),
        ("import subprocess as s\ns.run(['sh', '-c', a])", "a shell: sh -c"),
        ("words = ('env', '/bin/bash', '-euc', a)", "a shell: /bin/bash -c"),
        ("from subprocess import Popen\nPopen(a, 1, b, c, d, e, f, True, True)", "shell=True"),
        ("import numpy as np\nnp.load(a, None, True)", "numpy.load(allow_pickle)"),
        ("import numpy as np\nnp.save(a, b, True)", "numpy.save(allow_pickle)"),
        ("import builtins\nbuiltins.eval(a)", "runs a text: eval"),
        ("import pandas as pd\npd.eval(a)", "runs a text: eval"),
        ("frame.eval(a)", "runs a text: eval"),
        ("run = exec\nrun(a)", "runs a text: exec"),
        ("import os\nrun = os.system\nrun(a)", "os.system"),
        ("import runpy\nrunpy.run_module(a)", "runs a text: runpy"),
        ("import jinja2\njinja2.Template(a)", "as they are: jinja2.Template"),
        ("from jinja2 import Template as T\nT(a)", "as they are: jinja2.Template"),
        ("import click\nclick.echo(a)", "as they are: click.echo"),
        ("import jinja2\njinja2.Environment()", "as they are: jinja2.Environment"),
        ("from markupsafe import Markup\nMarkup(text)", "as they are: Markup"),
    ],
)
def test_a_forbidden_line_is_seen(source: str, expected: str):
    assert [fault for fault in faults(source) if fault.endswith(expected)]


@pytest.mark.parametrize(
    "source",
    [
        "import re\nre.compile('x')",
        "from urllib.parse import quote",
        "words = ['sort', '-c', path]",
        "import subprocess\nsubprocess.run(['bash', path])",
        "import pyarrow\npyarrow.table({})",
        "import numpy as np\nnp.load('x')\nnp.savez('x', a=b)\nnp.savetxt('x', b)",
        "from ruamel.yaml import YAML\nYAML(typ='safe', pure=True)",
        "import subprocess\nsubprocess.run(['ls'], shell=False)",
        "frame['a'].str.extract('(x)')",
        "import jinja2\njinja2.Environment(autoescape=True)",
    ],
)
def test_a_harmless_line_is_left_alone(source: str):
    assert faults(source) == []


def test_templates_print_as_it_is_only_what_was_made_for_it():
    folder = ROOT / "pipeline/storiform/report"
    printed = {
        path.name: tuple(sorted(set(unescaped(path.read_text("utf-8")))))
        for path in sorted(folder.glob("*.j2"))
    }
    assert {name: found for name, found in printed.items() if found} == UNESCAPED


def unescaped(template: str) -> Iterator[str]:
    """Yield the expressions of a template that are not escaped."""
    for expression in re.findall(r"\{[{%](.*?)[%}]\}", template, flags=re.DOTALL):
        if re.search(r"\|\s*safe\b", expression):
            yield re.sub(r"\s*\|\s*safe\b", "", expression).strip()
        if "autoescape" in expression:
            yield expression.strip()
