"""Open every input of a run and collect all problems, before hours are spent.

A fault in one place does not hide those of another: with a faulty configuration the sheets
are read all the same, and with a faulty sheet the files that its rows name are opened.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd

from storiform.biomarkers.expression import ExpressionParams, refuse_below_offset
from storiform.biomarkers.mhc_binding import MhcBindingParams
from storiform.biomarkers.variants import without_consequences
from storiform.engine.annotating import check_genes
from storiform.engine.config import STAND_IN, Config, Draft, load_workflow, read_config
from storiform.engine.fingerprint import FileIds
from storiform.engine.gene_forecast import refuse_unknown_genes
from storiform.engine.graph import Graph, Node
from storiform.engine.hla_forecast import class_ii_left_out, forecast_alleles
from storiform.engine.notebook import Finding, Notebook, Severity
from storiform.engine.outcome_forecast import forecast_outcomes
from storiform.engine.passes import has_reads, refuse_copies, scan_payload
from storiform.engine.protein_forecast import forecast_proteins
from storiform.engine.provided import provided_rows
from storiform.engine.session import Session, read_all_sheets
from storiform.engine.weave import Threads, weave
from storiform.engine.work import open_resource
from storiform.io.annotation import annotated_contigs, check_declared_build
from storiform.io.contigs import check_build, check_contigs
from storiform.io.intervals import inspect_targets
from storiform.io.names import unsafe
from storiform.io.paths import unreadable, unwritable
from storiform.io.read_files import inspect_reads
from storiform.io.resources import RESOURCES, bundled
from storiform.io.sheets import Sheets
from storiform.io.sources import SOURCES, Source, SourceUnit
from storiform.io.units import unit_of
from storiform.model.call_doubts import doubt_of_columns
from storiform.model.cohort import COHORT, Cohort, Sample
from storiform.model.errors import ConfigError, DataWarning, InputError, UserError, fault
from storiform.model.params import Params
from storiform.model.step import Step
from storiform.model.table import Resource, Table
from storiform.model.tables.dna import CALLS
from storiform.model.tables.proteins import HLA_TYPES
from storiform.model.tables.rna import GIVEN_LOG2_TPM

_PLACED = frozenset({"panel_of_normals", "gene_places", "chromosome_arms"})
"""Resources whose rows are places of a genome build."""
_TRANSCRIPTS = "transcript_models"
_ANNOTATING = frozenset({"fasta", "genes"})
"""Resources with which calls without consequences get them."""


@dataclass(frozen=True)
class Checked:
    """All findings, errors first, and what there is to work on."""

    findings: tuple[Finding, ...]
    patients: int = 0
    biopsies: int = 0
    steps: int = 0

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check_inputs(path: Path, listen: Callable[[str], None] | None = None) -> Checked:
    """Read the configuration, the sheets, and every file that a run would read.

    Parameters
    ----------
    path
        The configuration; a fault in it or in the sheets is a finding.
    listen
        Is told what is being opened, for a person who waits.
    """
    notebook = Notebook() if listen is None else Notebook(listen)
    notebook.listen("the configuration and the sheets")
    try:
        draft = read_config(path)
    except ConfigError as error:
        draft = Draft(None, tuple(str(error).splitlines()))
    notebook.add("error", draft.faults)
    if draft.config is None:
        return Checked(notebook.findings())
    config = draft.config
    sheets = _sheets(config)
    notebook.add("error", sheets.faults)
    doubts = sheets.report.doubts
    notebook.add("warning", doubts)
    notebook.add("note", [note for note in sheets.report.notes if note not in doubts])
    cohort = sheets.report.cohort
    graph = _graph(config, cohort, notebook)
    notebook.add("warning", forecast_outcomes(graph, cohort, config.params))
    if why := unwritable(config.output):
        remedy = "Choose another folder, or mend its rights or its disk."
        found = fault(f"output: {config.output}", why, "a folder to write into", remedy)
        notebook.add("error", [found])
    sound = _open_resources(notebook, graph, config, cohort)
    notebook.listen("the reads, for files that are given twice")
    ids = FileIds(config.output / "inputs.json")
    notebook.open("reads", refuse_copies, cohort, ids)
    _open_files(notebook, graph, config, sheets)
    if not set(config.resources) >= _ANNOTATING:
        told, units = forecast_proteins(graph, cohort)
        for unit in units:
            notebook.add("warning", [told], unit)
    if sound.get("mhc_model", True):
        _forecast(notebook, graph, config)
    _note_useless(notebook, graph)
    steps = {node.step for node in graph.nodes if node.origin in {"step", "scan"}}
    return Checked(notebook.findings(), len(cohort.patients), len(cohort.biopsies), len(steps))


def _open_resources(
    notebook: Notebook, graph: Graph, config: Config, cohort: Cohort
) -> dict[str, bool]:
    """Open the resources in all ways in which steps read them; tell which are sound."""
    sound = {}
    for name, file in sorted(config.resources.items()):
        notebook.listen(f"resources.{name} ({file.name})")
        sound[name] = notebook.open(name, _open_resource, name, file, cohort)
    for name, of in _other_readings(graph):
        if sound.get(of):  # a fault of the file is told once
            notebook.listen(f"{name.replace('_', ' ')} of {config.resources[of].name}")
            is_read = notebook.open(of, open_resource, name, str(config.resources[of]))
            if name == _TRANSCRIPTS and is_read and sound.get("fasta"):
                notebook.open(of, _compare_contigs, config)
    return sound


def foresee(session: Session) -> tuple[Finding, ...]:
    """Look, before a run, at what the work that is due begins with, as `check_inputs` does.

    Files are looked into where that costs little: the BED, of each BAM that will be read its
    header, its end and its index, of each VCF whose it says that it is. The units of a BAM or a
    VCF that is at fault will fail, and all others go on.

    Returns
    -------
    tuple of Finding
        The faults of units, and what is doubtful of the whole.

    Raises
    ------
    InputError
        If the targets are at fault, on which all units depend, or if genes and genome have no
        contig in common.
    """
    notebook = Notebook()
    due = [node for node in session.graph.nodes if node.state == "todo"]
    targets, build = session.config.resources.get("targets"), session.report.cohort.build
    if due and targets is not None:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DataWarning)
            inspect_targets(targets, build)
        notebook.add("warning", [str(w.message) for w in caught], "targets")
    if due:
        cohort, params = session.report.cohort, session.config.params
        notebook.add("warning", forecast_outcomes(session.graph, cohort, params))
    resources = session.config.resources
    if due and set(resources) >= _ANNOTATING and _reads_transcripts(session.graph):
        genome = open_resource("fasta", str(resources["fasta"]))
        check_genes(resources["genes"], annotated_contigs(resources["genes"]), genome)
    for node in due:
        refused = node.payload.get("refused")
        notebook.add("error", [refused] if refused else [], node.unit)
    read = {node.unit for node in due if node.origin == "scan"}
    for sample in session.report.cohort.samples:
        if sample.name in read and "bam" in sample.files:
            reference = resources.get("fasta")
            notebook.open(sample.name, _inspect, sample, reference, session.report.cohort)
    found = notebook.findings()
    return tuple(f for f in found if f.severity == "error" or f.units in {(), ("targets",)})


def _forecast(notebook: Notebook, graph: Graph, config: Config) -> None:
    """Tell which HLA alleles nothing will be predicted for, where a step would predict."""
    params = config.params.get("mhc_binding")
    predicted = {node.unit for node in graph.nodes if node.step == "mhc_binding"}
    if not predicted or not isinstance(params, MhcBindingParams):
        return
    own = config.resources.get("mhc_model") or bundled(str(RESOURCES["mhc_model"].default))
    model, tables = open_resource("mhc_model", str(own)), {HLA_TYPES.name: HLA_TYPES}

    class_ii: dict[str, None] = {}

    def tell(node: Node) -> None:
        found = forecast_alleles(_read(node, tables), model, params)
        notebook.add("note", found.told, node.unit)
        class_ii.update(dict.fromkeys(found.class_ii))

    for node in graph.nodes:
        is_given = node.unit in predicted and node.origin in {"source", "provided"}
        if is_given and node.payload["table"] == HLA_TYPES.name:
            notebook.open(node.unit, tell, node)
    if class_ii:
        notebook.add("note", [class_ii_left_out(class_ii, model)])


def _note_useless(notebook: Notebook, graph: Graph) -> None:
    """Tell what will not be made, since that without which it is of no use is not there."""
    becauses = tuple(f"{c.because}: " for s in graph.steps for c in s.companions if c.because)
    for gone in graph.left_out:
        if gone.reason.startswith(becauses):
            notebook.add("note", [gone.reason], gone.unit if gone.unit != COHORT else "")


def _other_readings(graph: Graph) -> list[tuple[str, str]]:
    """Return resources that steps read from a file which is named for another, and that one."""
    asked = {
        argument.contract.name
        for step in graph.steps
        for argument in step.arguments
        if isinstance(argument.contract, Resource)
    }
    found = [(name, RESOURCES[name].file_of) for name in sorted(asked & set(RESOURCES))]
    return [(name, of) for name, of in found if of]


def _open_resource(name: str, path: Path, cohort: Cohort) -> None:
    """Open a resource; of those that name places, see that the build holds them."""
    if name == "genes":
        check_declared_build(path, cohort.build)
    if name == "targets":
        inspect_targets(path, cohort.build)
    else:
        opened = open_resource(name, str(path))
        if name in _PLACED:
            check_contigs(path.name, opened, cohort.build)
        if name == "fasta":
            check_build(path.name, opened.contigs, cohort.build)


def _compare_contigs(config: Config) -> None:
    """See that genes and genome have a contig in common."""
    genes, fasta = config.resources["genes"], config.resources["fasta"]
    models = open_resource("transcript_models", str(genes))
    check_genes(genes, models.contigs, open_resource("fasta", str(fasta)))


def _reads_transcripts(graph: Graph) -> bool:
    return any(name == _TRANSCRIPTS for name, _ in _other_readings(graph))


def _open_files(notebook: Notebook, graph: Graph, config: Config, sheets: Sheets) -> None:
    """Open the files of all samples, those of doubtful rows too."""
    cohort = sheets.report.cohort
    tables = _tables(graph.steps)
    annotates = set(config.resources) >= _ANNOTATING
    expression, named = config.params.get("expression"), config.resources
    read = partial(_read, annotates=annotates, expression=expression, resources=named)
    for node in graph.nodes:
        if node.origin in {"source", "provided"}:
            notebook.listen(_told(node))
            notebook.open(node.unit, read, node, tables)
    reference = config.resources.get("fasta")
    for sample in [*cohort.samples, *sheets.strays]:
        if has_reads(sample):
            notebook.listen(f"the reads of {sample.name}")
            notebook.open(sample.name, _inspect, sample, reference, cohort)
    for sample in sheets.strays:
        for source in SOURCES:
            notebook.open(sample.name, _read_stray, source, sample, cohort)


def _told(node: Node) -> str:
    """Say what is opened for a source, or for a table that is provided."""
    files = [*node.payload.get("files", {}).values(), node.payload.get("path", "")]
    names = ", ".join(Path(file).name for file in files if file)
    what = f"{node.payload['table'].replace('_', ' ')} of {node.unit}"
    return f"{what} ({names})" if names else what


def _sheets(config: Config) -> Sheets:
    """Read the sheets that exist; the configuration has told of the others."""
    cohort = config.cohort
    samples, clinical = (
        None if path is None or unreadable(path) else path
        for path in (cohort.samples, cohort.clinical)
    )
    sound: dict[str, object] = {"samples": samples, "clinical": clinical}
    if clinical is not cohort.clinical:
        sound["characteristics"] = ()
    return read_all_sheets(cohort.model_copy(update=sound))


def _graph(config: Config, cohort: Cohort, notebook: Notebook) -> Graph:
    """Weave the graph as a run would; where that fails, without what hinders it."""
    ids = FileIds(config.output / "inputs.json")
    steps = config.workflow.steps

    def woven(steps: tuple[Step, ...], provided: Mapping[str, Path]) -> Graph:
        parts = (steps, cohort, config.params, config.resources, provided, ids)
        return weave(Threads(*parts))

    try:
        return woven(steps, config.provided)
    except (UserError, OSError) as error:
        trouble = str(error).splitlines()
    sound: dict[str, Path] = {}
    for name, path in sorted(config.provided.items()):
        try:
            woven(steps, {**sound, name: path})
        except (UserError, OSError) as error:
            if not isinstance(error, ConfigError):  # that would be the workflow's
                notebook.add("error", [str(error)])
                continue
        sound[name] = path
    try:
        return woven(steps, sound)
    except (UserError, OSError):
        notebook.add("error", trouble if len(sound) == len(config.provided) else [])
    return woven(load_workflow(STAND_IN).steps, {})


def _tables(steps: Iterable[Step]) -> dict[str, Table]:
    found = {source.table.name: source.table for source in SOURCES}
    for step in steps:
        for contract in [*(a.contract for a in step.arguments), *step.products]:
            if isinstance(contract, Table):
                found[contract.name] = contract
    return found


def _read(
    node: Node,
    tables: Mapping[str, Table],
    *,
    annotates: bool = True,
    expression: Params | None = None,
    resources: Mapping[str, Path] | None = None,
) -> pd.DataFrame:
    """Read a source or a provided table as a run would."""
    table = tables[node.payload["table"]]
    if node.origin == "provided":
        return table.conform(provided_rows(Path(node.payload["path"]), table, node.unit))
    if refused := node.payload.get("refused"):
        raise InputError(refused)
    source = next(s for s in SOURCES if s.table.name == table.name)
    given = unit_of(node.unit, node.payload, node.recipe)
    paths = given.files
    found = source.table.conform(source.read(given))
    refuse_unknown_genes(table.name, found, paths, resources or {}, expression)
    if table.name == GIVEN_LOG2_TPM.name and isinstance(expression, ExpressionParams):
        refuse_below_offset(float(found["log2_tpm"].min()), expression.log2_offset)
    if table.name == CALLS.name and (doubt := doubt_of_columns(found)):
        warnings.warn(doubt, DataWarning, stacklevel=2)
    if table.name == CALLS.name and not annotates:
        small = found[found["set_aside"].fillna("") == ""]
        if len(small) and (small["annotation"] == "none").all():
            raise InputError(without_consequences(len(small)))
    return found


def _inspect(sample: Sample, reference: Path | None, cohort: Cohort) -> None:
    """Look at the header, the end and the index of a file of reads."""
    given = scan_payload(sample, reference)
    inspect_reads(
        Path(next(iter(given["files"].values()))),
        index=Path(given["index"]) if given["index"] else None,
        reference=reference,
        build=cohort.build,
    )


def _read_stray(source: Source, sample: Sample, cohort: Cohort) -> None:
    """Read what one faulty row gives to a source; nothing is known of the row's biopsy."""
    files = {c: sample.files[c] for c in source.columns if c in sample.files}
    if not files:
        return
    names = {f"tumour_{source.assay}": sample.name}
    unit = SourceUnit(sample.name, sample.patient, files, names, cohort.build, {})
    try:
        source.table.conform(source.read(unit))
    except InputError as error:
        if not (unsafe(sample.name) and sample.name in str(error)):  # the sheet's fault
            raise
