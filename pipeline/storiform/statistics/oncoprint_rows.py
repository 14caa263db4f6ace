"""The rows of the oncoprint: who has which alteration, in how many it is known, its test."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from storiform.model.features import plain_name
from storiform.model.params import Params
from storiform.model.tables.copy_calls import CopyNumberGenes
from storiform.model.tables.dna import MutatedGenes
from storiform.model.tables.fusions import Fusions
from storiform.model.tables.oncoprint import (
    COPY_SECTION,
    FUSION_SECTION,
    HLA_SECTION,
    MUTATION_SECTION,
    ONCOPRINT_CELLS,
    ONCOPRINT_ROWS,
    UNALTERED,
    OncoprintCells,
    OncoprintRows,
)
from storiform.model.tables.outcomes import Associations, Features

Cell = tuple[str, bool]
"""The state of a patient, and whether the row counts it."""

_HLA = "hla_loss.has_loss"
_KNOWN_FUSION = "fusion_burden.has_known_fusion"
_MUTATIONS, _COPIES = "gene_mutations.", "gene_copy_states."
_SEVERAL = "several kinds"
_KINDS: Final[Mapping[str, str]] = {
    "missense": "missense", "nonsense": "truncating", "frameshift": "truncating",
    "splice": "splice", "inframe": "in-frame", "start_lost": "start or stop lost",
    "stop_lost": "start or stop lost",
}  # fmt: skip
_CALLS: Final[Mapping[str, str]] = {
    "HIGH_AMP": "amplified", "AMP": "amplified", "GAIN": "gained", "HETLOSS": "one copy lost",
    "HOMDEL": "homozygously deleted", "CNLOH": "LOH",
}  # fmt: skip
_STATES: Final[Mapping[str, str]] = {
    "amp": "amplified", "gain": "gained", "any_loss": "one copy lost",
    "homdel": "homozygously deleted", "loh": "LOH",
}  # fmt: skip
_FOCAL: Final = ("amp", "homdel")
"""States that single genes are taken for; a whole arm loses one copy of many genes."""


class OncoprintRowsParams(Params):
    """Which alterations the oncoprint shows."""

    most_genes: int = Field(
        30, ge=0, le=60, description="mutated genes shown, the most frequent first"
    )
    most_fusions: int = Field(
        8, ge=0, le=30, description="known fusions shown, the most frequent first"
    )
    copy_states: tuple[str, ...] = Field(
        ("CDK4_amp", "MDM2_amp", "CDKN2A_any_loss", "CDKN2A_homdel"),
        max_length=30,
        description="copy states shown in any case, as GENE_STATE of gene_copy_states",
    )
    most_copy_states: int = Field(
        6,
        ge=0,
        le=30,
        description="further genes shown that are amplified or homozygously deleted, the most "
        "frequent first",
    )
    min_patients: int = Field(
        2, ge=1, le=1000, description="patients from whom on a further copy state is shown"
    )
    outcome: Literal["responded", "disease_control", "clinical_benefit"] = Field(
        "responded", description="outcome whose p stands beside a row"
    )


class OncoprintTables(NamedTuple):
    """What `oncoprint_rows` makes."""

    rows: OncoprintRows
    cells: OncoprintCells


class _Row(NamedTuple):
    """A row before it has a place: the cell of each patient in whom it is known."""

    section: str
    name: str
    feature: str
    cells: dict[str, Cell]
    further: int = 0

    @property
    def altered(self) -> int:
        """Return how many patients have what the row counts."""
        return sum(is_counted for _, is_counted in self.cells.values())


def oncoprint_rows(
    features: Features,
    mutated_genes: MutatedGenes | None,
    copy_number_genes: CopyNumberGenes | None,
    fusions: Fusions | None,
    associations: Associations | None,
    params: OncoprintRowsParams,
) -> OncoprintTables:
    """Tell for each alteration who has it, in how many patients it is known, and its p.

    One biopsy speaks for each patient, as the gathered features have it, table by table; what
    is missing there is not known, and such a patient has no cell. Tests are taken from the
    associations as they are; a row that was not tested has none.

    Parameters
    ----------
    features
        Flags of HLA loss, known fusions, mutated genes and copy states.
    mutated_genes, copy_number_genes
        Kinds of the mutations, and calls of the genes; without them a cell tells no more than
        its flag.
    fusions
        Pairs of genes; only those that are known are shown, one row each.
    associations
        Tests of the flags.

    Returns
    -------
    OncoprintTables
        The rows from top to bottom, and their cells.
    """
    flags = _Flags(features)
    found = [
        *_hla_rows(flags),
        *_fusion_rows(flags, fusions, params.most_fusions),
        *_mutation_rows(flags, mutated_genes, params.most_genes),
        *_copy_rows(flags, copy_number_genes, params),
    ]
    found = [row for row in found if row.cells]
    return OncoprintTables(_tested(found, associations, params.outcome), _cells(found, flags))


class _Flags:
    """The gathered features that are flags: by name the value of each patient."""

    def __init__(self, features: pd.DataFrame) -> None:
        flags = features[(features["kind"] == "flag") & features["value"].notna()]
        self.by_feature: dict[str, dict[str, bool]] = {}
        self.biopsies: dict[tuple[str, str], str] = {}
        for name, patient, biopsy, value in zip(
            flags["feature"].astype(str), flags["patient"].astype(str),
            flags["biopsy"].astype(str), flags["value"], strict=True,
        ):  # fmt: skip
            self.by_feature.setdefault(name, {})[patient] = bool(value)
            self.biopsies[name.split(".", 1)[0], patient] = biopsy

    def names(self, start: str) -> list[str]:
        """Return the features that begin so, in order."""
        return sorted(name for name in self.by_feature if name.startswith(start))

    def by_biopsy(
        self, table: str, frame: pd.DataFrame, columns: tuple[str, str]
    ) -> dict[tuple[str, str], str]:
        """Return a column by patient and another one, of the biopsies that speak alone."""
        speaking = {(patient, b) for (t, patient), b in self.biopsies.items() if t == table}
        keys = zip(frame["patient"].astype(str), frame["biopsy"].astype(str), strict=True)
        own = frame[np.array([key in speaking for key in keys], dtype=bool)]
        name, value = (own[column].astype(str) for column in columns)
        pairs = zip(own["patient"].astype(str), name, strict=True)
        return dict(zip(pairs, value, strict=True))


def _plain(flags: Mapping[str, bool], state: str) -> dict[str, Cell]:
    return {p: (state, True) if flag else (UNALTERED, False) for p, flag in flags.items()}


def _hla_rows(flags: _Flags) -> list[_Row]:
    """Return the loss of HLA alleles of class I, known where a gene could be judged."""
    cells = _plain(flags.by_feature.get(_HLA, {}), "loss")
    return [_Row(HLA_SECTION, "HLA-A, B or C lost", _HLA, cells)]


def _fusion_rows(flags: _Flags, fusions: pd.DataFrame | None, most: int) -> list[_Row]:
    """Return the known fusions: all of them together, then one by one."""
    seen = flags.by_feature.get(_KNOWN_FUSION, {})
    if not any(seen.values()):
        return []
    together = _Row(FUSION_SECTION, "Known fusion", _KNOWN_FUSION, _plain(seen, "fusion"))
    if fusions is None:
        return [together]
    counted = fusions[fusions["is_confident"] & fusions["known_fusion"].fillna("").ne("")]
    found = flags.by_biopsy("fusion_burden", counted, ("known_fusion", "known_fusion"))
    singles = [
        _Row(
            FUSION_SECTION, name, "",
            _plain({patient: (patient, name) in found for patient in seen}, "fusion"),
        )
        for name in sorted({name for _, name in found})
    ]  # fmt: skip
    return [together, *_most_frequent(singles, most)]


def _mutation_rows(flags: _Flags, genes: pd.DataFrame | None, most: int) -> list[_Row]:
    """Return the recurrent genes with the kind of their mutations."""
    kinds: dict[tuple[str, str], str] = {}
    if genes is not None:
        kinds = flags.by_biopsy("gene_mutations", genes, ("gene", "mutation_classes"))
    rows = []
    for feature in flags.names(_MUTATIONS):
        gene = feature.removeprefix(_MUTATIONS)
        cells = {
            patient: (_kind(kinds.get((patient, gene), "")), True)
            if flag
            else (UNALTERED, False)
            for patient, flag in flags.by_feature[feature].items()
        }
        rows.append(_Row(MUTATION_SECTION, gene, feature, cells))
    return _most_frequent(rows, most)


def _kind(classes: str) -> str:
    """Join the classes of a gene's mutations to one kind."""
    kinds = {_KINDS.get(name, "mutated") for name in classes.split(";")}
    return kinds.pop() if len(kinds) == 1 else _SEVERAL


def _copy_rows(
    flags: _Flags, genes: pd.DataFrame | None, params: OncoprintRowsParams
) -> list[_Row]:
    """Return the states that are asked for, then the focal ones of further genes."""
    calls: dict[tuple[str, str], str] = {}
    if genes is not None:
        calls = flags.by_biopsy("gene_copy_states", genes, ("gene", "call"))
    asked = [f"{_COPIES}{name}" for name in params.copy_states]
    rows = [_copy_row(name, flags, calls) for name in asked if name in flags.by_feature]
    shown = {_gene(name) for name in asked}
    further = [
        _copy_row(name, flags, calls)
        for name in flags.names(_COPIES)
        if _gene(name) not in shown and name.endswith(tuple(f"_{state}" for state in _FOCAL))
    ]
    frequent = [row for row in further if row.altered >= params.min_patients]
    kept = _most_frequent(frequent, params.most_copy_states)
    if rows and kept:
        rows = [row._replace(further=kept[0].further) for row in rows]
    return [*rows, *kept]


def _copy_row(feature: str, flags: _Flags, calls: Mapping[tuple[str, str], str]) -> _Row:
    gene, state = _gene(feature), feature.rsplit(".", 1)[-1].removeprefix(f"{_gene(feature)}_")
    cells: dict[str, Cell] = {}
    for patient, flag in flags.by_feature[feature].items():
        called = _CALLS.get(calls.get((patient, gene), ""), UNALTERED)
        if flag and called == UNALTERED:  # no calls, or those of another program
            called = _STATES.get(state, "amplified")
        cells[patient] = called, flag
    return _Row(COPY_SECTION, plain_name(feature), feature, cells)


def _gene(feature: str) -> str:
    return feature.removeprefix(_COPIES).partition("_")[0]


def _most_frequent(rows: Iterable[_Row], most: int) -> list[_Row]:
    """Return the most frequent rows that anybody has, and how many there were further."""
    having = [row for row in rows if row.altered]
    ordered = sorted(having, key=lambda row: (-row.altered / len(row.cells), row.name))
    further = max(len(ordered) - most, 0)
    return [row._replace(further=further) for row in ordered[:most]]


def _tested(rows: list[_Row], associations: pd.DataFrame | None, outcome: str) -> pd.DataFrame:
    """Return the rows with shares and tests, in the form of their contract."""
    tests: dict[str, dict[str, object]] = {}
    if associations is not None:
        own = associations[
            (associations["outcome"] == outcome) & associations["p"].notna()
        ].drop_duplicates("feature")
        tests = {str(row["feature"]): {str(k): v for k, v in row.items()}
                 for row in own.to_dict("records")}  # fmt: skip
    made = []
    for order, row in enumerate(rows):
        test = tests.get(row.feature, {})
        made.append({
            "order": order, "section": row.section, "row": row.name, "feature": row.feature,
            "altered": row.altered, "known": len(row.cells),
            "percent": 100.0 * row.altered / len(row.cells), "outcome": outcome,
            "n_compared": test.get("n", pd.NA),
            "population": test.get("population", ""), "test": test.get("test", ""),
            "p": test.get("p", np.nan), "q": test.get("q", np.nan), "n_further": row.further,
        })  # fmt: skip
    return pd.DataFrame(made, columns=list(ONCOPRINT_ROWS.columns))


def _cells(rows: list[_Row], flags: _Flags) -> pd.DataFrame:
    made = [
        (order, row.name, patient, flags.biopsies[table, patient], *cell)
        for order, row in enumerate(rows)
        for table in [(row.feature or _KNOWN_FUSION).split(".", 1)[0]]
        for patient, cell in row.cells.items()
    ]
    return pd.DataFrame(made, columns=list(ONCOPRINT_CELLS.columns))
