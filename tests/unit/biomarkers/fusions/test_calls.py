"""Which junctions count, and how those of several callers come together."""

import pandas as pd
import pytest

from storiform.biomarkers.fusions.calls import FusionsParams, fusion_burden, fusions
from storiform.model.step import Step
from storiform.model.tables.fusions import (
    CHIMERIC_FUSIONS,
    FUSION_BURDEN,
    FUSION_READS,
    FUSION_SEARCH,
    FUSIONS,
    GIVEN_FUSIONS,
)

KNOWN = pd.DataFrame(
    [("EWSR1::FLI1", "EWSR1", "FLI1", "Ewing sarcoma", "10.1038/359162a0")],
    columns=["fusion", "gene_5", "gene_3", "histologies", "doi"],
)


class Names:
    """Knows one old symbol."""

    def symbols(self, ids):
        """Return the current symbols."""
        return [{"EWS": "EWSR1", "A": "A"}.get(name, "") for name in ids]


def seen(**told):
    return {
        "gene_5": "A", "gene_3": "B", "contig_5": "chr1", "position_5": 99, "strand_5": "+",
        "contig_3": "chr2", "position_3": 200, "strand_3": "-", "split_fragments": 5,
        "distinct_splits": 5, "spanning_fragments": 2, "is_exon_end_5": True,
        "is_exon_end_3": True, "shortest_anchor": 40, "is_repetitive": False, "cause": "",
    } | told  # fmt: skip


def given(**told):
    return {
        "gene_5": "A", "gene_3": "B", "contig_5": "chr1", "position_5": 99, "strand_5": "+",
        "contig_3": "chr2", "position_3": 200, "strand_3": "-", "split_fragments": 7,
        "spanning_fragments": 1, "confidence": "high", "frame": "in-frame", "protein": "",
        "caller": "arriba", "notes": "", "details": "{}",
    } | told  # fmt: skip


def made(reads=(), others=(), **params):
    tables = {}
    if reads:
        tables["fusion_reads"] = FUSION_READS.conform(pd.DataFrame(list(reads)))
    if others:
        rows = pd.DataFrame(list(others)).assign(row=range(len(others)))
        tables["given_fusions"] = GIVEN_FUSIONS.conform(rows)
    return FUSIONS.conform(fusions(KNOWN, Names(), FusionsParams(**params), **tables))


def test_one_of_the_sources_is_enough_and_one_is_needed() -> None:
    step = Step.of(fusions)
    assert set(step.one_of) == {"fusion_reads", "given_fusions", "chimeric_fusions"}
    assert made().empty


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({}, ""),
        ({"split_fragments": 1, "distinct_splits": 1}, "few_fragments;few_places"),
        ({"distinct_splits": 1}, "few_places"),
        ({"split_fragments": 1, "distinct_splits": 1, "spanning_fragments": 3}, ""),
        (
            {"split_fragments": 1, "distinct_splits": 1, "spanning_fragments": 9,
             "is_exon_end_3": False}, "few_fragments;few_places;not_at_exon_ends",
        ),
        ({"split_fragments": 2, "distinct_splits": 2, "spanning_fragments": 0}, ""),
        ({"shortest_anchor": 14}, "short_anchor"),
        ({"is_repetitive": True}, "repetitive"),
        ({"is_exon_end_5": False}, ""),
        ({"is_exon_end_5": False, "distinct_splits": 4}, "not_at_exon_ends"),
        ({"is_exon_end_5": False, "spanning_fragments": 0}, "not_at_exon_ends"),
        ({"is_exon_end_5": False, "is_exon_end_3": False}, "not_at_exon_ends"),
        (
            {"is_exon_end_5": False, "is_exon_end_3": False, "distinct_splits": 10,
             "split_fragments": 10}, "",
        ),
        ({"cause": "read_through;HLA"}, "read_through;HLA"),
        ({"cause": "circular"}, "circular"),
        ({"cause": "circular", "distinct_splits": 10}, ""),
        ({"cause": "circular", "distinct_splits": 10, "spanning_fragments": 0}, "circular"),
    ],
)  # fmt: skip
def test_each_doubt_is_a_note(told, note) -> None:
    row = made([seen(**told)]).iloc[0]
    assert row["note"] == note
    assert row["is_confident"] == (note == "")


@pytest.mark.parametrize(
    ("told", "note"),
    [
        ({"is_repetitive": True, "cause": "read_through"}, ""),
        ({"is_exon_end_5": False, "is_exon_end_3": False}, ""),
        ({"split_fragments": 1, "distinct_splits": 1, "spanning_fragments": 1}, ""),
        (
            {"split_fragments": 1, "distinct_splits": 1, "spanning_fragments": 0},
            "few_fragments;few_places",
        ),
        ({"shortest_anchor": 9}, "short_anchor"),
        ({"cause": "homologous"}, "homologous"),
    ],
)
def test_a_known_fusion_is_forgiven_much_but_not_all(told, note) -> None:
    row = made([seen(gene_5="EWSR1", gene_3="FLI1", **told)]).iloc[0]
    assert row["note"] == note
    assert row["known_fusion"] == "EWSR1::FLI1"
    assert row["histologies"] == "Ewing sarcoma"


def test_the_other_way_round_it_is_no_known_fusion() -> None:
    row = made([seen(gene_5="FLI1", gene_3="EWSR1")]).iloc[0]
    assert row["known_fusion"] == ""


def test_callers_meet_within_five_bases_and_the_better_row_speaks() -> None:
    other = given(position_5=103, position_3=196)
    row = made([seen()], [other]).iloc[0]
    assert row["callers"] == "arriba;storiform"
    told = (row["position_5"], row["split_fragments"], row["frame"])
    assert told == (103, 7, "in-frame")
    apart = made([seen()], [given(position_5=105)])
    assert len(apart) == 2
    assert apart["callers"].tolist() == ["storiform", "arriba"]
    doubted = made([seen(cause="read_through")], [given()]).iloc[0]
    assert doubted["is_confident"]
    assert doubted["note"] == ""


@pytest.mark.parametrize("side", ["position_5", "position_3"])
@pytest.mark.parametrize("way", [-1, 1])
def test_ends_five_bases_apart_are_one_junction_and_six_are_two(side, way) -> None:
    place = seen()[side]
    assert len(made([seen()], [given(**{side: place + 5 * way})])) == 1
    assert len(made([seen()], [given(**{side: place + 6 * way})])) == 2


def test_callers_that_name_overlapping_genes_tell_of_one_junction() -> None:
    row = made([seen()], [given(gene_5="A-AS1", position_5=100)])
    assert row["callers"].tolist() == ["arriba;storiform"]
    told = [seen(gene_5="EWSR1", gene_3="FLI1", split_fragments=2, distinct_splits=2)]
    row = made(told, [given(gene_5="EWS2")])
    assert row["fusion"].tolist() == ["EWSR1::FLI1"]
    apart = made([seen()], [given(contig_3="chr3")])
    assert len(apart) == 2


def test_old_symbols_and_doubts_of_callers_are_told() -> None:
    rows = made(
        others=[
            given(gene_5="EWS", gene_3="FLI1"),
            given(confidence="low", position_5=400),
            given(gene_5="", position_5=500),
            given(gene_5="A", gene_3="A", position_5=600),
            given(caller="fusioncatcher", confidence="", notes="banned", position_5=700),
        ]
    ).set_index("position_5")
    assert rows.loc[99, "known_fusion"] == "EWSR1::FLI1"
    expected = {400: "low_confidence", 500: "no_gene", 600: "same_gene", 700: "banned"}
    assert rows["note"].to_dict() == {99: "", **expected}
    assert made(others=[given(confidence="low")], low_confidence_counts=True)["is_confident"][0]


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("gtex;multi", ""),
        ("partially_overlapping;readthrough;no_protein", ""),
        ("banned;gtex", "banned"),
        ("matched-normal", "matched-normal"),
        ("fragments;healthy", "fragments"),
        ("similar", "similar"),
    ],
)
def test_a_known_fusion_of_another_caller_is_forgiven_as_one_of_reads_is(words, note) -> None:
    told = {"caller": "fusioncatcher", "confidence": "", "notes": words}
    row = made(others=[given(gene_5="EWS", gene_3="FLI1", **told)]).iloc[0]
    assert (row["note"], row["is_confident"]) == (note, note == "")
    assert made(others=[given(**told)]).iloc[0]["note"] == words


def test_missing_counts_stay_missing() -> None:
    row = made(others=[given(split_fragments=None, spanning_fragments=None)]).iloc[0]
    assert row["is_confident"]
    assert pd.isna(row["split_fragments"])


def test_two_rna_samples_of_a_biopsy_add_up() -> None:
    one = FUSION_READS.conform(pd.DataFrame([seen(split_fragments=1, distinct_splits=1)]))
    both = pd.concat([one.assign(sample="r1"), one.assign(sample="r2")], ignore_index=True)
    row = FUSIONS.conform(fusions(KNOWN, Names(), FusionsParams(), fusion_reads=both)).iloc[0]
    assert row["split_fragments"] == 2
    assert row["is_confident"]


def test_the_best_junction_of_a_pair_is_marked() -> None:
    rows = made(
        [
            seen(position_5=99, split_fragments=3),
            seen(position_5=400, split_fragments=9),
            seen(position_5=800, split_fragments=50, cause="HLA"),
        ]
    ).set_index("position_5")
    assert rows["is_best"].to_dict() == {99: False, 400: True, 800: False}


def test_a_pair_counts_once_in_the_burden() -> None:
    rows = made(
        [
            seen(position_5=99), seen(position_5=400), seen(gene_3="C", position_3=900),
            seen(gene_5="EWSR1", gene_3="FLI1", position_5=2000),
            seen(gene_3="D", cause="HLA", position_3=1200),
        ]
    )  # fmt: skip
    row = FUSION_BURDEN.conform(fusion_burden(rows)).iloc[0]
    assert (row["fusions"], row["has_known_fusion"], row["known_fusions"]) == (
        3, True, "EWSR1::FLI1",
    )  # fmt: skip
    none = FUSION_BURDEN.conform(fusion_burden(FUSIONS.empty())).iloc[0]
    assert (none["fusions"], none["has_known_fusion"], none["known_fusions"]) == (0, False, "")


def searched(records, in_parts):
    return FUSION_SEARCH.conform(
        pd.DataFrame({"records": [records], "records_in_parts": [in_parts]})
    )


def burden(rows, **tables):
    return FUSION_BURDEN.conform(fusion_burden(rows, **tables)).iloc[0]


@pytest.mark.parametrize("records", [0, 60_000])
def test_where_no_read_aligns_in_parts_the_count_is_missing_with_a_reason(records) -> None:
    row = burden(FUSIONS.empty(), fusion_search=searched(records, 0))
    assert pd.isna(row["fusions"])
    assert pd.isna(row["has_known_fusion"])
    assert f"none of {records} RNA records" in row["reason"]
    row = burden(FUSIONS.empty(), fusion_search=searched(60_000, 3))
    assert (row["fusions"], row["has_known_fusion"], row["reason"]) == (0, False, "")


def test_a_known_fusion_that_a_gap_tells_is_named_though_the_count_is_missing() -> None:
    rows = made([seen(gene_5="EWSR1", gene_3="FLI1")])
    row = burden(rows, fusion_search=searched(60_000, 0))
    assert pd.isna(row["fusions"])
    assert (row["has_known_fusion"], row["known_fusions"]) == (True, "EWSR1::FLI1")


@pytest.mark.parametrize("source", ["given_fusions", "chimeric_fusions"])
def test_another_source_makes_the_count_known(source) -> None:
    table = {"given_fusions": GIVEN_FUSIONS, "chimeric_fusions": CHIMERIC_FUSIONS}[source]
    told = {"fusion_search": searched(60_000, 0), source: table.empty()}
    row = burden(FUSIONS.empty(), **told)
    assert (row["fusions"], row["reason"]) == (0, "")


def test_of_two_samples_one_that_sees_is_enough() -> None:
    both = pd.concat([searched(5000, 0), searched(5000, 9)])
    assert burden(FUSIONS.empty(), fusion_search=both)["fusions"] == 0
