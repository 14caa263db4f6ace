"""What gene expression showed, in sentences: markers of cells, and sets of genes."""

from collections.abc import Iterator

import pandas as pd

from storiform.model.counting import counted
from storiform.model.features import full_name
from storiform.report.findings import OUTCOMES, Q_LIMIT, SHOWN, Finding, usable
from storiform.report.numbers import equation, listed, significant
from storiform.report.record import ReportRecord

_MARKERS = {"contrast", "population", "tested", "up", "down", "genes_up", "genes_down"}
_SETS = {"contrast", "gene_set", "normalised_enrichment", "p", "q"}


def expression_findings(record: ReportRecord) -> tuple[Finding, ...]:
    """Write for each outcome which markers and gene sets are higher or lower with it."""
    markers = usable(record.table("marker_enrichment"), _MARKERS)
    sets = usable(record.table("gsea"), _SETS)
    contrasts = set(markers["contrast"].astype(str)) | set(sets["contrast"].astype(str))
    return tuple(
        _finding(
            outcome,
            markers[(markers["contrast"] == outcome) & (markers["tested"] > 0)],
            sets[(sets["contrast"] == outcome) & sets["q"].notna()],
        )
        for outcome in OUTCOMES
        if outcome in contrasts
    )


def _finding(outcome: str, markers: pd.DataFrame, sets: pd.DataFrame) -> Finding:
    name, long_name = OUTCOMES[outcome]
    differ = markers[(markers["up"] > 0) | (markers["down"] > 0)]
    found = sets[sets["q"] < Q_LIMIT].sort_values(["q", "gene_set"])
    tested = counted(len(sets), "gene set")
    verdict = (
        f"Single markers differ with {long_name} in {len(differ)} of "
        f"{counted(len(markers), 'cell population')}; {len(found)} of {tested} tested gather "
        f"at an end of all genes at q < {Q_LIMIT}."
    )
    sentences = [*_of_markers(differ)]
    if len(found):
        sentences.append(_of_sets(found))
    return Finding(f"Gene expression and {name.lower()}", verdict, tuple(sentences))


def _of_markers(differ: pd.DataFrame) -> Iterator[str]:
    share = (differ["up"] + differ["down"]) / differ["tested"]
    ordered = differ.assign(share=share).sort_values(
        ["share", "population"], ascending=[False, True]
    )
    for row in ordered.head(SHOWN).to_dict("records"):
        told = [
            f"{row[count]} {word} ({', '.join(str(row[genes]).split(';')[:SHOWN])})"
            for count, word, genes in (
                ("up", "higher", "genes_up"), ("down", "lower", "genes_down"),
            )
            if row[count]
        ]  # fmt: skip
        who = full_name(f"mcp_counter.{row['population']}")
        yield f"{who}: of {counted(int(row['tested']), 'marker')} tested {listed(told)}."
    if len(ordered) > SHOWN:
        yield f"And {len(ordered) - SHOWN} more: tables/marker_enrichment.tsv."


def _of_sets(found: pd.DataFrame) -> str:
    told = [
        f"{str(row['gene_set']).replace('_', ' ')} "
        f"({'higher' if row['normalised_enrichment'] > 0 else 'lower'}, NES "
        f"{significant(float(row['normalised_enrichment']))}, {equation('q', float(row['q']))})"
        for row in found.head(SHOWN).to_dict("records")
    ]
    further = len(found) - SHOWN
    more = [f"{further} more (tables/gsea.tsv)"] if further > 0 else []
    return f"Gene sets: {listed([*told, *more])}."
