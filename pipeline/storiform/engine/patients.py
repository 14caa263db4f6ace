"""The part of a graph that the pages of some patients stand on.

What belongs to the patients runs as in a run of the whole cohort, with the same fingerprints,
so that a later run finds it done. Of the others nothing is computed. A table of the cohort is
taken from an earlier run, or made where a page stands on it and all that it reads is there;
what asks for the features of all patients, which every test does, is never made.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storiform.engine.collect import GOOD
from storiform.engine.explain import settle
from storiform.engine.graph import LOST, SETTLED, Graph, LeftOut, Node, gatherers, makers
from storiform.engine.session import Session
from storiform.io.names import listed, nearest_id
from storiform.model.cohort import COHORT, Cohort
from storiform.model.errors import SheetError, fault
from storiform.model.step import Step
from storiform.report.discordances import COHORT_TABLES

_REMEDY = "run the whole cohort to have it"


def session_of_patients(session: Session, names: Sequence[str]) -> Session:
    """Return a session of these patients alone; nothing of it has been run.

    Parameters
    ----------
    session
        The whole cohort, judged.
    names
        Patients of the sample sheet.

    Returns
    -------
    Session
        The same cohort and results, a graph of what the patients' pages stand on. What of
        theirs needs other patients' results that are not there is left out, with the reason.

    Raises
    ------
    SheetError
        If a patient is not in the sheets; of all such in one message.
    """
    cohort = session.report.cohort
    _refuse_strangers(names, cohort)
    patients = tuple(sorted(set(names)))
    graph = _Excerpt(session, own_units(cohort, patients)).graph()
    return replace(session, graph=graph, only=patients)


def cohort_of(cohort: Cohort, patients: Iterable[str]) -> Cohort:
    """Return the part of a cohort that belongs to some patients."""
    own = frozenset(patients)
    return replace(
        cohort,
        samples=tuple(s for s in cohort.samples if s.patient in own),
        biopsies=tuple(b for b in cohort.biopsies if b.patient in own),
        patients=tuple(p for p in cohort.patients if p.name in own),
    )


def own_units(cohort: Cohort, patients: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return grain and name of the units that belong to some patients."""
    part = cohort_of(cohort, patients)
    return frozenset(
        [("sample", sample.name) for sample in part.samples]
        + [("biopsy", biopsy.name) for biopsy in part.biopsies]
        + [("patient", patient.name) for patient in part.patients]
    )


def former_units(session: Session) -> tuple[str, ...]:
    """Return the units whose results are in the folder, and that no sheet names any more."""
    cohort = session.report.cohort
    known = {COHORT}.union(*(cohort.units(g) for g in ("sample", "biopsy", "patient")))
    folder = session.results.root / "units"
    inside = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted({path.name for path in inside if path.is_dir()} - known))


def _refuse_strangers(names: Sequence[str], cohort: Cohort) -> None:
    known = set(cohort.units("patient"))
    faults = []
    for name in dict.fromkeys(names):
        if name in known:
            continue
        owners = {
            cohort.names(grain, unit)["patient"]
            for grain in ("biopsy", "sample")
            for unit in cohort.units(grain)
            if unit == name
        }
        meant = nearest_id(name, owners or known)
        # Of an id like another one nothing is guessed: it would be another person's page.
        remedy = f"Did you mean {meant}?" if meant else f"Known are {listed(sorted(known))}."
        faults.append(fault("--patient", name, "a patient of the sheets", remedy))
    if faults:
        raise SheetError("\n".join(faults))


@dataclass
class _Excerpt:
    """Walks a graph in its order and takes what is needed and can be had."""

    session: Session
    own: frozenset[tuple[str, str]]
    _missing: dict[Node, str] = field(default_factory=dict)
    """What cannot be had, and the reason that is told."""
    _nodes: list[Node] = field(default_factory=list)
    _late: frozenset[str] = field(init=False)
    _steps: Mapping[str, Step] = field(init=False)

    def __post_init__(self) -> None:
        steps = self.session.graph.steps
        self._late = gatherers(steps)
        self._steps = {step.name: step for step in steps}

    def graph(self) -> Graph:
        """Return the graph of what the pages stand on."""
        whole = self.session.graph
        own = [node for node in whole.nodes if self._is_own(node)]
        needed = _with_what_they_read(own)
        for node in whole.nodes:
            if node in needed:
                self._take(node)
        gone = [
            LeftOut(node.step, node.unit, self._missing[node])
            for node in own
            if node in self._missing
        ]
        taken = set(self._nodes)
        producers = {key: node for key, node in whole.producers.items() if node in taken}
        units = {unit for _, unit in self.own} | {COHORT}
        left_out = [one for one in whole.left_out if one.unit in units] + gone
        for table, node in self._told_of_them():
            producers[table, COHORT] = node
            if node not in taken:
                self._nodes.append(node)
                taken.add(node)
        return Graph(self._nodes, producers, left_out, dict(whole.unasked), whole.steps)

    def _is_own(self, node: Node) -> bool:
        return (node.grain, node.unit) in self.own

    def _take(self, node: Node) -> None:
        if node.state not in SETTLED and (reason := self._why_not(node)):
            self._missing[node] = reason
        elif self._is_own(node) or node.grain == "cohort":
            self._nodes.append(node)

    def _why_not(self, node: Node) -> str:
        """Tell why a node cannot be had, empty where it can or where others go on without."""
        if not self._is_own(node):
            if node.grain != "cohort":
                return self._of_others(node)
            if node.step in self._late:
                return f"it rests on {node.step}, which compares patients: {_REMEDY}"
        for feed in node.feeds():
            lost = feed.node.state in LOST
            is_needed = lost and not node.may_miss(feed.node, partial=self._partial)
            if feed.node in self._missing or is_needed:
                return self._missing.get(
                    feed.node, f"{feed.node.step} of {feed.node.unit} failed"
                )
        return ""

    def _of_others(self, node: Node) -> str:
        """Tell that another patient's result is not there, unless it failed and stays lost."""
        settle(node, self.session.results, partial=self._partial)
        if node.state in SETTLED:
            return ""
        return f"it rests on {node.step} of all, which some patients lack: {_REMEDY}"

    @property
    def _partial(self) -> bool:
        return self.session.config.run.allow_partial_cohort

    def _told_of_them(self) -> Iterable[tuple[str, Node]]:
        """Yield what tables of the cohort tell of these biopsies, made of their rows alone."""
        makers_of = makers(self.session.graph.steps)
        for contract in COHORT_TABLES:
            node = self.session.graph.producers.get((contract.name, COHORT))
            if node is None or contract.name not in makers_of:
                continue
            found = node if node.state in GOOD else self._of_own_rows(node)
            if found is not None:
                yield contract.name, found

    def _of_own_rows(self, node: Node) -> Node | None:
        """Return a node of the cohort that reads of these patients alone, if it has all."""
        taken = set(self._nodes)
        reads = {
            argument: tuple(f for f in feeds if self._is_own(f.node) and f.node in taken)
            for argument, feeds in node.reads.items()
        }
        step = self._steps[node.step]
        if not all(a.optional or reads[a.name] for a in step.arguments if a.name in reads):
            return None
        own = replace(node, reads=reads, recipe=dict(node.recipe), needed_by=[], state="todo")
        own.remember()
        for maker in {feed.node: None for feed in own.feeds()}:
            maker.needed_by.append(own)
        results = self.session.results
        if results.damage(results.at(own.step, own.unit, own.fingerprint)) is None:
            own.state = "cached"
        return own


def _with_what_they_read(own: Sequence[Node]) -> set[Node]:
    """Return nodes with all that they read, at any remove.

    Of what a result stands on that is there only the cohort's is taken, for its warnings.
    """
    found = set(own)
    ahead = list(own)
    while ahead:
        node = ahead.pop()
        for feed in node.feeds():
            is_told = feed.node.grain == "cohort" and feed.node.state in GOOD
            if feed.node not in found and (is_told or node.state not in GOOD):
                found.add(feed.node)
                ahead.append(feed.node)
    return found
