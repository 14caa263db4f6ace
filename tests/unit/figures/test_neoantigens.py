"""Burdens over responses, and the ranks of the best neoantigens."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from storiform.figures.neoantigens import (
    STRONG,
    WEAK,
    neoantigen_burdens,
    neoantigen_ranks,
)
from storiform.figures.style import RESPONSES, render
from storiform.model.errors import NothingToShow
from storiform.model.tables.proteins import NEOANTIGEN_BURDEN, NEOANTIGENS


def burdens(*counts: tuple[int | None, int | None, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {"patient": f"P{n}", "biopsy": f"P{n}", "neoantigen_burden": total,
             "neoantigen_burden_strong": strong, "neoantigen_burden_expressed": expressed,
             "variants_with_peptides": 9, "alleles": 6}
            for n, (total, strong, expressed) in enumerate(counts)
        ]
    )  # fmt: skip
    columns = ["patient", "biopsy", *NEOANTIGEN_BURDEN.columns]
    return NEOANTIGEN_BURDEN.conform(frame.reindex(columns=columns), ("patient", "biopsy"))


def ranked(*changes: dict[str, object]) -> pd.DataFrame:
    plain = {
        "gene": "TP53", "hgvsp": "ENSP1.1:p.Arg1Pro", "peptide": "AAAADAAAA", "length": 9,
        "allele": "HLA-A*02:01", "mhc_class": "I", "rank": 0.2, "wild_type_rank": 5.0,
        "is_binder": True, "is_strong_binder": True, "binds_by_affinity": True,
        "binds_strongly_by_affinity": False, "is_demoted": False,
    }  # fmt: skip
    rows = [
        {**plain, "priority": n, "variant_ids": f"v{n}", **change}
        for n, change in enumerate(changes, 1)
    ]
    return NEOANTIGENS.conform(pd.DataFrame(rows).reindex(columns=list(NEOANTIGENS.columns)))


def test_bars_stack_strong_binders_under_the_rest() -> None:
    figure = neoantigen_burdens(burdens((4, 1, None), (9, 5, 3), (None, None, None)), None)
    axes = figure.axes[0]
    bars = [
        (to_hex(bar.get_facecolor()), bar.get_y(), bar.get_height()) for bar in axes.patches
    ]
    strong, weak = STRONG.lower(), WEAK.lower()
    assert bars == [(strong, 0, 5), (strong, 0, 1), (weak, 5, 4), (weak, 1, 3)]
    lines = axes.collections[0].get_segments()
    assert [segment[:, 1].tolist() for segment in lines] == [[3, 3]]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["P1", "P0", "P2"]
    assert [(text.get_text(), text.xy) for text in axes.texts] == [("?", (2.0, 0.0))]
    assert figure.get_supxlabel() == "n = 2 biopsies; 1 more without a burden (?)"
    assert len(figure.axes) == 1
    assert _keys(figure) == ["strong binder", "weaker binder", "of an expressed gene"]
    assert axes.get_legend() is None


def test_one_biopsy_is_a_bar_of_usual_width_and_called_one() -> None:
    figure = neoantigen_burdens(burdens((4, 1, None)), None)
    assert figure.get_supxlabel() == "n = 1 biopsy"
    low, high = figure.axes[0].get_xlim()
    assert high - low > 8.0
    assert low + high == pytest.approx(0.0)


def test_burdens_that_may_be_more_are_counted() -> None:
    table = burdens((4, 1, 2), (3, 1, 2), (2, 1, 2))
    table.loc[0, "reason"] = "1 of 2 calls without a known protein: a lower bound"
    table.loc[2, "reason"] = "clonality unknown of variants with a binder: 1"
    figure = neoantigen_burdens(table, None)
    hatched = [bar for bar in figure.axes[0].patches if bar.get_hatch()]
    assert [(bar.get_x() + 0.4, bar.get_height()) for bar in hatched] == [(0.0, 4.0)]
    assert "lower bound" in _keys(figure)
    assert figure.get_supxlabel().replace("\n", " ") == (
        "n = 3 biopsies; 1 is a lower bound (an allele or a protein is not known)"
    )
    table.loc[1, "alleles_without"] = "HLA-A*02:99"
    assert "; 2 are lower bounds (" in neoantigen_burdens(table, None).get_supxlabel()


def test_long_names_of_one_trial_stay_apart() -> None:
    table = burdens((4, 1, 2), (3, 1, 2))
    table["biopsy"] = ["SARC-TRIAL-SITE-01-P0001", "SARC-TRIAL-SITE-01-P0002"]
    axes = neoantigen_burdens(table, None).axes[0]
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert [name[-5:] for name in names] == ["P0001", "P0002"]
    assert {len(name) for name in names} == {18}


def _keys(owner: Axes | Figure) -> list[str]:
    legend = owner.legends[0] if isinstance(owner, Figure) else owner.get_legend()
    return [text.get_text() for text in legend.get_texts()]


def test_a_strip_shows_the_response_of_the_patient() -> None:
    clinic = pd.DataFrame({"patient": ["P0", "P1", "P9"], "response": ["PD", None, "CR"]})
    figure = neoantigen_burdens(burdens((4, 1, None), (9, 5, None)), clinic)
    strip = figure.axes[1]
    colours = [to_hex(bar.get_facecolor()).upper() for bar in strip.patches]
    assert colours == [RESPONSES["NE"].upper(), RESPONSES["PD"].upper()]
    assert _keys(figure) == ["strong binder", "weaker binder"]
    assert _keys(figure.axes[0]) == ["best response:", "PD", "NE"]
    assert not any(bar.get_clip_on() for bar in strip.patches)


def test_no_burden_leaves_the_figure_out() -> None:
    with pytest.raises(NothingToShow, match="no biopsy has a neoantigen burden"):
        neoantigen_burdens(burdens((None, None, None)), None)
    neoantigen_burdens(burdens((0, 0, 0)), None)


def test_a_row_is_the_best_peptide_of_a_variant() -> None:
    rows = ranked(
        {"gene_tpm": 12.34, "rna_alt_reads": 5, "rna_depth": 40, "clonality": "clonal",
         "allele_lost": False},
        {"peptide": "CCCCDCCCC", "rank": 1.5, "wild_type_rank": None,
         "allele": "HLA-B*07:02", "allele_lost": True},
        {"variant_ids": "v1", "rank": 0.9, "peptide": "GGGG"},
        {"rank": None, "is_binder": False, "peptide": "HHHH"},
    )  # fmt: skip
    figure = neoantigen_ranks(rows, rows)
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["TP53 p.Arg1Pro  AAAADAAAA", "TP53 p.Arg1Pro  CCCCDCCCC"]
    wild, mutant = (dots.get_offsets() for dots in axes.collections[1:])
    assert mutant.tolist() == [[0.2, 0], [1.5, 1]]
    assert wild[0].tolist() == [5.0, 0]
    assert np.ma.is_masked(wild[1, 0]) or np.isnan(wild[1, 0])
    assert _beside_rows(axes) == [
        "gene's expression, RNA reads with/over it, clonality",
        "12.3 TPM, RNA 5/40, clonal", "allele lost",
    ]  # fmt: skip
    assert _keys(figure) == ["mutant", "germline counterpart", "HLA-A*02:01", "HLA-B*07:02"]
    assert figure.get_supxlabel() == "2 variants with a binder; 3 different peptides"


def test_more_variants_than_fit_are_counted_and_drawn_to_the_end() -> None:
    rows = ranked(*({"rank": 0.0, "wild_type_rank": 0.001 * n} for n in range(30)))
    figure = neoantigen_ranks(rows, rows)
    assert len(figure.axes[0].get_yticks()) == 25
    assert figure.get_supxlabel() == (
        "the first 25 of 30 variants with a binder; 1 peptide; "
        "ranks below 0.005 % are drawn there"
    )
    assert sorted(render(figure)) == ["pdf", "png", "svg"]


def test_no_binder_leaves_the_figure_out() -> None:
    for rows in (NEOANTIGENS.empty(), ranked({"is_binder": False, "rank": None})):
        with pytest.raises(NothingToShow, match="no mutant peptide is known to bind"):
            neoantigen_ranks(rows, rows)


def test_a_row_without_a_symbol_is_named_by_its_transcript_or_its_place() -> None:
    rows = ranked(
        {"gene": None, "hgvsp": None, "transcript": "ENST7.1"},
        {"gene": "", "hgvsp": "", "variant_ids": "HLA-B*07:02-41-42-A-C;chr2-5-6-A-T"},
        {"gene": "G" * 20, "hgvsp": "P1:p.Gly12_Leu45delinsAlaValSer"},
    )
    axes = neoantigen_ranks(rows, rows).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "ENST7.1  AAAADAAAA", "HLA-B*07:02:42  AAAADAAAA",
        "GGGGGGGGGGGGGGGGGGGG p.Gly12_Leu4…  AAAADAAAA",
    ]  # fmt: skip


def test_what_is_known_of_a_row_is_written_in_words() -> None:
    rows = ranked(
        {"gene_tpm": 1234.56, "rna_alt_reads": 0, "rna_depth": 0, "clonality": "indeterminate"},
        {"gene_tpm": 0.04},
        {},
    )
    texts = _beside_rows(neoantigen_ranks(rows, rows).axes[0])
    assert texts[1:] == ["1,235 TPM, no RNA reads, clonality open", "0.0 TPM", ""]


def _axes(rows: pd.DataFrame) -> list[Axes]:
    return neoantigen_ranks(rows, rows).axes


def _beside_rows(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_ha() == "left"]


def _bounds(axes: Axes) -> list[tuple[float, str]]:
    return [(text.xy[0], text.get_text()) for text in axes.texts if text.get_ha() == "center"]


def test_the_dashed_lines_say_what_they_are_where_the_run_keeps_to_them() -> None:
    weak = {"rank": 1.5, "is_strong_binder": False}
    usual = _axes(ranked({}, weak))[0]
    assert _bounds(usual) == [(0.5, "strong\n≤ 0.5 %"), (2.0, "binder\n≤ 2 %")]
    own = _axes(ranked({}, {"rank": 1.5, "is_strong_binder": True}))[0]
    assert _bounds(own) == [(0.5, "0.5 %"), (2.0, "binder\n≤ 2 %")]


def test_nothing_known_at_the_right_has_no_heading() -> None:
    assert _beside_rows(_axes(ranked({}, {}))[0]) == []


def test_the_heading_at_the_right_promises_what_is_known_of_a_row() -> None:
    for column, value, words in (
        ("gene_tpm", 2.0, "gene's expression"),
        ("clonality", "clonal", "clonality"),
        ("allele_lost", True, ""),
    ):
        texts = _beside_rows(_axes(ranked({}, {column: value}))[0])
        assert texts[0] == words
        assert len(texts) == 3
    both = ranked({"rna_alt_reads": 1, "rna_depth": 4}, {"clonality": "clonal"})
    assert _beside_rows(_axes(both)[0])[0] == "RNA reads with/over it, clonality"


def test_the_axis_ends_behind_the_weakest_peptide_and_the_bounds() -> None:
    for wild, least, most in ((9.5, 9.5, 20.0), (0.3, 2.0, 5.0), (99.0, 99.0, 120.0)):
        axes = _axes(ranked({"rank": 0.01, "wild_type_rank": wild}))[0]
        assert least < axes.get_xlim()[1] < most


def test_a_figure_without_a_binder_gives_the_reason_of_the_burden() -> None:
    none = NEOANTIGENS.empty()
    unknown, zero = burdens((None, None, None)), burdens((0, 0, 0))
    unknown["reason"] = "no protein sequences are known"
    with pytest.raises(NothingToShow, match=r"^no protein sequences are known$"):
        neoantigen_ranks(none, none, unknown)
    with pytest.raises(NothingToShow, match=r"^no mutant peptide is known .* by rank$"):
        neoantigen_ranks(none, none, zero)
    zero["reason"] = "1 of 2 calls without a known protein: a lower bound"
    with pytest.raises(NothingToShow, match=r"by rank; 1 of 2 calls .*: a lower bound$"):
        neoantigen_ranks(none, none, zero)
    unknown["neoantigen_burden_affinity"] = 2
    with pytest.raises(NothingToShow, match=r"^no percentile ranks are known$"):
        neoantigen_ranks(none, none, unknown)


def test_a_variant_whose_only_binder_is_shared_is_told_at_that_peptide() -> None:
    rows = ranked({"partner_ids": "v9"}, {"variant_ids": "v2"})
    figure = neoantigen_ranks(rows, rows)
    assert _beside_rows(figure.axes[0])[1:] == ["best of 2 variants", ""]
    assert figure.get_supxlabel() == "3 variants with a binder; 1 peptide"


def test_calls_that_a_further_peptide_needs_at_once_are_one_variant_of_class_i() -> None:
    rows = ranked({}, {"rank": 1.5}, {"rank": 0.9, "mhc_class": "II", "peptide": "HHHH"})
    further = pd.DataFrame({"variant_ids": ["v1;v2", "v1", "v2"], "partner_ids": ""})
    figure = neoantigen_ranks(rows, further)
    assert len(figure.axes[0].get_yticks()) == 1
    assert figure.get_supxlabel() == "1 variant with a binder; 1 peptide"
    with pytest.raises(NothingToShow, match="of class I by rank"):
        neoantigen_ranks(rows[2:], further)
