"""The configuration: what it gives, and every fault at its line and column."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from storiform.engine.config import Config, load_config, load_workflow
from storiform.engine.config_text import config_schema, config_text, effective_config
from storiform.io.resources import bundled
from storiform.model.errors import ConfigError

TOY = '''"""A toy workflow."""
from typing import Annotated, Literal
import pandas as pd
from pydantic import Field
from storiform.model.params import Depth, Fraction, Params
from storiform.model.table import Column, Table

class ToyParams(Params):
    """Which calls count."""

    min_vaf: Fraction = Field(0.05, description="share of reads")
    min_depth: Depth = Field(3, description="reads")
    limit: float | Literal["auto"] = Field("auto", description="a limit")
    genes: tuple[str, ...] = Field((), description="genes; empty: all")
    is_strict: bool = Field(default=False, description="strictness")

Toys = Annotated[pd.DataFrame, Table("toys", grain="biopsy", columns={"n": Column("int", "n")})]

def toy(params: ToyParams) -> Toys:
    """Count toys."""
    return pd.DataFrame({"n": [params.min_depth]})

STEPS = (toy,)
'''
Load = Callable[..., Config]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,S1,1\n")
    (tmp_path / "toys.tsv").write_text("biopsy\tn\n")
    return tmp_path


@pytest.fixture
def load(folder: Path) -> Load:
    """Load a configuration of the toy workflow from its further lines."""

    def load(lines: str = "", **options: object) -> Config:
        path = folder / "trial.yaml"
        path.write_text(f"workflow: toy.py\ncohort: {{samples: samples.csv}}\n{lines}")
        return load_config(path, **{"environment": {}, **options})

    return load


def faults_of(load: Load, lines: str, **options: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(lines, **options)
    assert caught.value.exit_code == 2
    return str(caught.value).split("\n")


def test_defaults_and_paths(load: Load, folder: Path) -> None:
    config = load("toy: {min_vaf: 0.1}\nprovided: {toys: toys.tsv}\n")
    assert config.params["toy"].model_dump() == {
        "min_vaf": 0.1, "min_depth": 3, "limit": "auto", "genes": (), "is_strict": False,
    }  # fmt: skip
    assert config.cohort_section.samples == folder / "samples.csv"
    assert config.output == folder / "results"
    assert config.provided == {"toys": folder / "toys.tsv"}
    assert (config.workflow.name, config.workflow.title) == ("toy", "A toy workflow")
    assert config.executor.kind == "local"
    assert config.run.allow_partial_cohort


@pytest.mark.parametrize("workflow", ["trial", "dna", "rna"])
def test_a_population_is_one_of_the_trial_or_declared(folder: Path, workflow: str) -> None:
    path = folder / "trial.yaml"
    start = f"workflow: {workflow}\ncohort: {{samples: samples.csv}}\n"
    declared = "populations: {declared: {IHC: measurements.CD20}}\n"
    path.write_text(
        start + declared + "survival: {population: IHC}\nhazards: {population: all}\n"
    )
    assert load_config(path, environment={}).params["survival"].population == "IHC"
    path.write_text(
        start + declared + "survival: {population: ihc}\nodds: {population: efficcy}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    known = "recruited, safety, efficacy, biopsied, exome, rna, IHC or all"
    first, second = str(caught.value).split("\n")
    told = f"trial.yaml:4:12: survival.population: found 'ihc', expected {known}"
    assert first == f"{told}; did you mean IHC?"
    told = f"trial.yaml:5:8: odds.population: found 'efficcy', expected {known}"
    assert second == f"{told}; did you mean efficacy?"


@pytest.mark.parametrize("alias", ["hg19", "GRCh37", "b37", "37"])
def test_genome_has_aliases(folder: Path, alias: str) -> None:
    path = folder / "trial.yaml"
    path.write_text(f"workflow: toy.py\ncohort: {{samples: samples.csv, genome: {alias}}}\n")
    assert load_config(path, environment={}).cohort.genome == "GRCh37"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "toy:\n  min_deph: 3",
            "trial.yaml:4:3: toy.min_deph: unknown; did you mean min_depth?",
        ),
        (
            "toy:\n  min_vaf: 1.5",
            "trial.yaml:4:3: toy.min_vaf: found 1.5, expected at most 1 (share of reads).",
        ),
        (
            "toy: {min_depth: ten}",
            "trial.yaml:3:7: toy.min_depth: found 'ten', expected an integer (reads).",
        ),
        (
            "toy: {min_depth: true}",
            "trial.yaml:3:7: toy.min_depth: found true, expected a number.",
        ),
        ("toy: {min_vaf: .nan}", "expected at most 1"),
        ("toy: {min_vaf: .1, min_vaf: .2}", "3:20: toy.min_vaf: given twice, first in line 3"),
        (
            "toy: {[min_vaf]: .1}",
            "3:7: toy: found a list or a section as a name; write",
        ),
        ("? {toy: 1}\n: 2", "yaml:3:3: found a list or a section as a name; write"),
        ("toy: {genes: [A, 3]}", "trial.yaml:3:18: toy.genes.1: found 3, expected a string."),
        ("toy: 7", "trial.yaml:3:1: toy: found 7, expected a section of names and values"),
        ("exector: {}", "trial.yaml:3:1: exector: unknown; did you mean executor?"),
        ("executor: {kind: slrm}", "executor.kind: found 'slrm', expected 'local'"),
        ("executor: {scheduler: here}", "executor.scheduler: found 'here'"),
        (
            "run: {watchdog_minutes: 0}",
            "run.watchdog_minutes: found 0, expected above 0",
        ),
        ("output: null", "trial.yaml:3:1: output: found nothing, expected a path"),
        ("toy: {genes: TP53}", "toy.genes: found 'TP53', expected a list (genes; empty: all)."),
        (
            "toy: {limit: often}",
            "toy.limit: found 'often', expected a number or 'auto' (a limit).",
        ),
        ("toy: {is_strict: maybe}", "toy.is_strict: found 'maybe', expected a boolean"),
        ("resources: {gense: x}", "trial.yaml:3:13: resources.gense: unknown;"),
        ("provided: {toy: toys.tsv}", "provided.toy: unknown; did you mean toys?"),
        ("provided: {toys: gone.tsv}", "provided.toys: found gone.tsv, which does not exist"),
        ("cohort: {samples: a.csv}", "trial.yaml:3:1: cohort: given twice, first in line 2"),
        ("toy:\n\tmin_vaf: 1", "trial.yaml:4:1: found a tab, expected spaces"),
        ("toy: [1", "trial.yaml:4:1: "),
        ("---\nworkflow: b", "trial.yaml:3:1: found a second document"),
    ],
)
def test_fault_has_line_column_key_and_remedy(load: Load, lines: str, told: str) -> None:
    faults = faults_of(load, f"{lines}\n")
    assert len(faults) == 1
    assert told in faults[0]
    assert faults[0].startswith("trial.yaml:")


def test_value_that_contains_itself_is_refused(load: Load) -> None:
    assert "trial.yaml:3:6: toy.0: contains itself; write it out." in faults_of(
        load, "toy: &a [*a]\n"
    )


def test_all_faults_come_at_once_in_the_order_of_the_file(folder: Path) -> None:
    path = folder / "trial.yaml"
    path.write_text(
        "workflow: toy.py\n"
        "cohort:\n"
        "  sample: samples.csv\n"
        "  clinical: gone.csv\n"
        "  genome: hg17\n"
        "toy: {min_vaf: -1, genes: X}\n"
        "runs: {}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, environment={})
    heads = [line.split(": ")[:2] for line in str(caught.value).split("\n")]
    assert heads == [
        ["trial.yaml:2:1", "cohort.samples"],
        ["trial.yaml:3:3", "cohort.sample"],
        ["trial.yaml:4:3", "cohort.clinical"],
        ["trial.yaml:5:3", "cohort.genome"],
        ["trial.yaml:6:7", "toy.min_vaf"],
        ["trial.yaml:6:20", "toy.genes"],
        ["trial.yaml:7:1", "runs"],
    ]


def test_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trial.yaml"
    with pytest.raises(ConfigError, match="found no such file"):
        load_config(path, environment={})
    for content, told in (
        (b"", "workflow: missing"),
        (b"- a\n", "expected a mapping"),
        (b"workflow: \xff", "expected UTF-8"),
        (b"workflow: gone.py", "no such file"),
        (b"workflow: 3", "workflow: found 3"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=told):
            load_config(path, environment={})


def test_environment_and_overrides_win_in_this_order(load: Load) -> None:
    environment = {
        "STORIFORM__TOY__MIN_VAF": "0.2",
        "storiform__toy__genes": "[A, B]",
        "STORIFORM__RUN__RETRIES": "5",
        "STORIFORM_REAL_DATA": "elsewhere",
    }
    config = load("toy: {min_vaf: 0.1}", environment=environment)
    assert config.params["toy"].model_dump()["min_vaf"] == 0.2
    assert config.params["toy"].model_dump()["genes"] == ("A", "B")
    assert config.run.retries == 5
    config = load(environment=environment, overrides={"toy.min_vaf": "0.3"})
    assert config.params["toy"].model_dump()["min_vaf"] == 0.3


def test_fault_of_an_override_names_the_variable(load: Load) -> None:
    told = faults_of(load, "", environment={"STORIFORM__TOY__MIN_VAV": "1"})
    assert told == ["STORIFORM__TOY__MIN_VAV: toy.min_vav: unknown; did you mean min_vaf?"]


def test_section_whose_lines_are_commented_out_is_empty(load: Load) -> None:
    assert load("toy:\nprovided:\nrun:\n").run.retries == 2


def test_executor_may_stand_in_a_file_of_its_own(load: Load, folder: Path) -> None:
    assert load("executor: local\n").executor.workers is None
    (folder / "mine.yaml").write_text("executor: {workers: 3}\n")
    assert load("executor: mine.yaml\n").executor.workers == 3
    (folder / "mine.yaml").write_text("executor:\n  workrs: 3\nrun: {}\n")
    assert faults_of(load, "executor: mine.yaml\n") == [
        "mine.yaml:2:3: executor.workrs: unknown; did you mean workers?",
        "mine.yaml:3:1: run: only the section executor is read from here; move it.",
    ]


def test_written_configuration_reads_back_the_same(load: Load, folder: Path) -> None:
    config = load(
        "toy: {genes: [TP53, '1', 'a: b', 'yes'], limit: 2.5, is_strict: true}\n"
        "provided: {toys: toys.tsv}\nexecutor: {workers: 2}\n"
    )
    text = effective_config(config)
    path = folder / "again.yaml"
    path.write_text(text)
    again = load_config(path, environment={})
    for name in ("cohort", "output", "resources", "provided", "executor", "run"):
        assert getattr(again, name) == getattr(config, name)
    assert again.params["toy"].model_dump() == config.params["toy"].model_dump()
    assert effective_config(again) == text
    assert (
        "  # share of reads (at least 0.0, at most 1.0, default 0.05)\n  min_vaf: 0.05\n"
        in text
    )
    assert str(folder) not in text


def test_bundled_configuration_holds_and_reads_back(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("patient,sample,status\nP1,S1,1\n")
    (tmp_path / "clinical.csv").write_text("patient,response\nP1,PD\n")
    path = tmp_path / "trial.yaml"
    path.write_text(bundled("configs/trial.yaml").read_text())
    config = load_config(path, environment={})
    text = effective_config(config)
    path.write_text(text)
    again = load_config(path, environment={})
    assert again.params == config.params
    assert (again.workflow.name, again.workflow.is_bundled) == ("trial", True)
    unwrapped = " ".join(text.replace("#", " ").split())
    assert "(at least 0.0, at most 1.0, default null) min_vaf: null" in unwrapped


def test_new_configuration_is_written_from_a_workflow(folder: Path) -> None:
    workflow = load_workflow(folder / "toy.py")
    path = folder / "new.yaml"
    given = {"workflow": "toy.py", "cohort": {"samples": "samples.csv"}}
    path.write_text(config_text(workflow, given))
    assert load_config(path, environment={}).params["toy"].model_dump()["min_depth"] == 3


def test_schema_knows_sections_bounds_and_tables(folder: Path) -> None:
    schema = config_schema(load_workflow(folder / "toy.py"))
    json.dumps(schema)
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["workflow", "cohort"]
    assert schema["$defs"]["ToyParams"]["properties"]["min_vaf"]["maximum"] == 1.0
    assert "toys" in schema["properties"]["provided"]["propertyNames"]["enum"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("STEPS = 3", "no STEPS|STEPS without steps"),
        ("x = 1", "no STEPS"),
        ("STEPS = ()", "STEPS without steps"),
        ("import nothing_of_this_name", r"toy\.py:1: ModuleNotFoundError"),
        ("STEPS = (", r"toy\.py:1: SyntaxError"),
        ("\n1 / 0", r"toy\.py:2: ZeroDivisionError"),
        ("STEPS = (3,)", "3 is no function"),
        ("def f(a): ...\nSTEPS = (f,)", "step f: its return value carries no contract"),
        (TOY.replace("(toy,)", "(toy, toy)"), "toy occurs twice"),
        (
            TOY.replace("STEPS", "def dolls() -> Toys:\n    return None\n\nSTEPS").replace(
                "(toy,)", "(toy, dolls)"
            ),
            "toy and dolls both make the table toys",
        ),
        (
            TOY.replace("(toy,)", "(toy, doll)").replace(
                "STEPS",
                "class DollParams(Params):\n    pass\n\n"
                "Dolls = Annotated[pd.DataFrame, Table('dolls', grain='cohort', columns={})]\n"
                "def doll(params: DollParams) -> Dolls:\n    return None\n\nSTEPS",
                1,
            ),
            "both own the section toy",
        ),
    ],
)
def test_workflow_that_contradicts_itself_is_refused(
    folder: Path, source: str, told: str
) -> None:
    (folder / "toy.py").write_text(source)
    with pytest.raises(ConfigError, match=told):
        load_workflow(folder / "toy.py")


def test_workflow_may_import_a_room_beside_it(folder: Path) -> None:
    (folder / "tertiary_room.py").write_text(TOY)
    (folder / "mine.py").write_text("from tertiary_room import toy\n\nSTEPS = (toy,)\n")
    assert list(load_workflow(folder / "mine.py").sections) == ["tertiary_room"]
    assert str(folder) not in sys.path


def test_reading_a_configuration_imports_nothing_heavy(load: Load, folder: Path) -> None:
    load()
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from storiform.engine.config import load_config\n"
        "load_config(Path(sys.argv[1]))\n"
        "print([m for m in ('distributed', 'numba', 'matplotlib') if m in sys.modules])"
    )
    printed = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", script, str(folder / "trial.yaml")],
        capture_output=True, text=True, check=True, env=dict(os.environ),
    )  # fmt: skip
    assert printed.stdout.strip() == "[]"


def test_field_of_a_named_executor_is_overridden(load: Load) -> None:
    config = load("executor: slurm\n", environment={"STORIFORM__EXECUTOR__QUEUE": "short"})
    assert (config.executor.kind, config.executor.queue) == ("slurm", "short")
    assert load("", environment={"STORIFORM__EXECUTOR": "slurm"}).executor.kind == "slurm"
    text = 'executor: {kind: slurm, walltime: 12:00:00, queue: "a b"}\n'
    assert faults_of(load, text)[0].startswith("trial.yaml:3:45: executor.queue: found 'a b'")


def test_needs_of_single_steps_are_read_and_their_names_checked(load: Load) -> None:
    text = "executor: {kind: slurm, steps: {toy: {memory_gb: 32}}}\n"
    assert load(text).executor.steps["toy"].memory_gb == 32
    again = load(text, environment={"STORIFORM__EXECUTOR__STEPS__TOY__WALLTIME": "'24:00:00'"})
    needs = again.executor.steps["toy"]
    assert (needs.memory_gb, needs.walltime) == (32, "24:00:00")
    assert load("executor: {steps: {read_toys: {cores: 2}}}\n").executor.steps["read_toys"]
    of_the_trial = load("executor: {kind: slurm, steps: {hla_calls: {cores: 2}}}\n")
    assert of_the_trial.executor.steps["hla_calls"].cores == 2
    faults = faults_of(
        load, "executor: {steps: {hla_cals: {cores: 2}, toy: {memory: 3}, x: {}}}\n"
    )
    assert [fault.split(": ", 1)[1] for fault in faults] == [
        "executor.steps.hla_cals: no step has this name; did you mean hla_calls?",
        "executor.steps.toy.memory: unknown; did you mean memory_gb?",
        "executor.steps.x: no step has this name; storiform plan lists all steps.",
    ]
