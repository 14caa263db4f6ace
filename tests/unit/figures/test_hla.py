"""What the figures of HLA loss draw."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from storiform.figures.hla import CALLS, hla_coverage, hla_loss_strip
from storiform.figures.style import render
from storiform.model.errors import NothingToShow
from storiform.model.tables.hla import HLA_FRAGMENTS, HLA_GENE_LOH

ALLELES = ("HLA-A*01:01", "HLA-A*02:01")


def fragments(library=(2000, 1000), roles=("tumour", "normal")):
    rows = [
        {"gene": "A", "allele": allele, "role": role, "start": start, "end": start + 100,
         "sites": 3 * (start == 0), "fragments": 40 + 10 * number, "mismatches": 0, "shared": 5,
         "library_fragments": dict(zip(("tumour", "normal"), library, strict=True))[role]}
        for number, allele in enumerate(ALLELES)
        for role in roles
        for start in (0, 100)
    ]  # fmt: skip
    return HLA_FRAGMENTS.conform(pd.DataFrame(rows))


def calls(**told):
    """Return calls of genes, as A="LOH"."""
    rows = []
    for gene, call in told.items():
        row = dict.fromkeys(HLA_GENE_LOH.columns, np.nan) | {
            "gene": gene, "call": call, "lost_allele": "", "limits": "", "reason": "",
            "allele_1": "x", "allele_2": "y", "segment_copies": None,
            "segment_minor_copies": None, "is_consistent": None,
        }  # fmt: skip
        row |= dict.fromkeys(("normal_1", "normal_2", "tumour_1", "tumour_2"), 10)
        if call != "NA":
            row |= {"probability": 0.97, "copies_1": 0.1, "copies_1_low": 0.0,
                    "copies_1_high": 0.4}  # fmt: skip
        row["lost_allele"] = ALLELES[0] if call == "LOH" else ""
        row["reason"] = "homozygous" if call == "NA" else ""
        rows.append(row)
    return HLA_GENE_LOH.conform(pd.DataFrame(rows))


def words(figure):
    axes = figure.axes
    return " ".join(
        text.get_text()
        for each in axes
        for text in (*each.texts, each._left_title)  # noqa: SLF001
    )


def test_tumour_is_scaled_to_the_library_of_the_normal_and_the_second_allele_hangs_down():
    figure = hla_coverage(fragments(), calls(A="LOH"))
    (axes,) = figure.axes
    heights = [float(patch.get_data()[0][0]) for patch in axes.patches]
    assert heights == [20.0, 40.0, -25.0, -50.0]
    assert axes.get_ylim()[0] == -axes.get_ylim()[1] < -50
    told = words(figure)
    assert "HLA-A: LOH of HLA-A*01:01" in told
    assert "probability of a loss 0.97, copies of allele 1: 0.1 (0.0 to 0.4)" in told
    ticks = [line for line in axes.lines if len(line.get_xdata()) == 3]
    assert len(ticks) == 2
    assert all(0 < x < 100 for x in ticks[0].get_xdata())
    assert render(figure)["png"]


def test_without_sizes_of_libraries_counts_are_drawn_as_they_are():
    figure = hla_coverage(fragments((0, 0)), calls(A="RETAINED"))
    heights = [float(patch.get_data()[0][0]) for patch in figure.axes[0].patches]
    assert heights == [40.0, 40.0, -50.0, -50.0]
    assert "not known" in figure._supxlabel.get_text()  # noqa: SLF001


def test_a_tumour_without_normal_is_drawn_with_the_reason():
    figure = hla_coverage(fragments(roles=("tumour",)), calls(A="NA"))
    assert len(figure.axes[0].patches) == 2
    assert "homozygous" in words(figure)


def test_a_biopsy_without_fragments_has_no_figure():
    with pytest.raises(NothingToShow, match="tells two HLA alleles apart"):
        hla_coverage(fragments().assign(fragments=0), calls(A="NA"))


def cohort():
    biopsies = {
        "S1": calls(A="RETAINED", B="NA", C="RETAINED"),
        "S2": calls(A="LOH", B="LOH", C="LOH?"),
        "S3": calls(A="IMBALANCE", B="RETAINED", C="HOMDEL"),
        "S4": calls(A="NA", B="NA", C="NA"),
    }
    return pd.concat(
        [table.assign(patient=name, biopsy=name) for name, table in biopsies.items()],
        ignore_index=True,
    )


def test_the_biopsies_with_most_losses_come_first():
    figure = hla_loss_strip(cohort())
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_xticklabels()]
    assert names == ["S2", "S3", "S1", "S4"]
    colours = {
        (int(patch.get_x()), int(patch.get_y())): to_hex(patch.get_facecolor())
        for patch in axes.patches
    }
    assert colours[0, 0] == CALLS["LOH"].lower()
    assert colours[1, 2] == CALLS["HOMDEL"].lower()
    assert colours[3, 0] == "#ffffff", "homozygous"
    assert len(colours) == 12
    told = figure._supxlabel.get_text()  # noqa: SLF001
    assert told == "n = 4 biopsies, 3 of them judged; 2 with a loss"
    assert render(figure)["png"]


def test_names_that_differ_at_their_end_stay_apart():
    names = {"S1": "SARC-001.pre-treatment.liver", "S2": "SARC-001.pre-treatment.lung"}
    table = cohort()
    (axes,) = hla_loss_strip(table.assign(biopsy=table["biopsy"].replace(names))).axes
    shown = [label.get_text() for label in axes.get_xticklabels()]
    assert max(map(len, shown)) == 16
    assert len(set(shown)) == 4


def test_a_cohort_without_any_judged_gene_has_no_strip():
    none = calls(A="NA", B="NA").assign(patient="P", biopsy="S")
    with pytest.raises(NothingToShow, match="could be judged"):
        hla_loss_strip(none)


def test_a_homozygous_gene_is_told_from_one_that_was_not_judged():
    table = cohort()
    table.loc[table["biopsy"].eq("S4") & table["gene"].eq("A"), "reason"] = "not typed in full"
    figure = hla_loss_strip(table)
    colours = [to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert colours.count("#ffffff") == 3
    assert colours.count(CALLS["NA"].lower()) == 1
    keys = [text.get_text() for text in figure.legends[0].get_texts()]
    assert keys[-2:] == ["homozygous", "not judged"]
    assert figure._supxlabel.get_text().startswith("n = 4 biopsies, 3 of them judged")  # noqa: SLF001
