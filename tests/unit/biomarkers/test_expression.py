"""Counts and TPM under current symbols."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.expression import ExpressionParams, counts, tpm
from storiform.io.genes import read_gene_lengths, read_gene_names
from storiform.io.resources import bundled
from storiform.model.errors import DataWarning, InputError
from storiform.model.tables.rna import COUNTS, TPM

NAMES = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))
LENGTHS = pd.DataFrame(
    {"gene": ["TP53", "CD8A"], "length": [2000.0, 1000.0], "length_source": "mane_select"}
)
PARAMS = ExpressionParams()


def given(ids, values, lengths=np.nan, quantity="count"):
    frame = pd.DataFrame({"row": range(len(ids)), "id": ids, quantity: np.array(values, float)})
    return frame.assign(length=lengths) if quantity == "count" else frame


def made(frame, transcripts=None):
    return counts(frame, NAMES, transcripts, PARAMS).set_index("gene")


def test_ids_of_every_kind_meet_under_one_symbol_and_are_summed():
    ids = ["7157", "ENSG00000141510.18", "TP53", "SDPR", "CAVIN2", "LOC999999999"]
    rows = made(given(ids, [1, 2, 3, 10, 20, 7]))
    assert rows["count"].to_dict() == {"TP53": 6.0, "CAVIN2": 30.0, "LOC999999999": 7.0}
    assert rows["length"].isna().all()


def test_an_unknown_ensembl_id_is_kept_without_its_version():
    rows = made(given(["TP53", "ENSG99999999999.3", "ENSG99999999999.4"], [1, 2, 3]))
    assert rows.loc["ENSG99999999999", "count"] == 5.0


def test_the_length_of_a_gene_keeps_the_rate_of_its_transcripts():
    frame = given(["ENST1.2", "ENST2.1", "ENST3"], [30, 10, 0], [3000.0, 500.0, 700.0])
    genes = {"ENST1": "ENSG00000141510.4", "ENST2": "ENSG00000141510.4", "ENST3": "CD8A"}
    rows = made(frame, genes)
    assert rows.loc["TP53", "count"] == 40
    assert 40 / rows.loc["TP53", "length"] == pytest.approx(30 / 3000 + 10 / 500)
    assert rows.loc["CD8A", "length"] == 700


def test_transcripts_without_genes_are_refused():
    with pytest.raises(InputError, match=r"such as ENST1.2.*resources\.transcripts"):
        made(given(["ENST1.2", "NM_000546.6"], [1, 2]))


def test_transcripts_of_no_gene_are_told():
    frame = given(["ENST1.2", "ENST7.1"], [3, 2])
    with pytest.warns(DataWarning, match="1 of 2 transcripts"):
        rows = made(frame, {"ENST1": "TP53"})
    assert rows["count"].to_dict() == {"ENST7": 2.0, "TP53": 3.0}


@pytest.mark.parametrize(
    ("ids", "species"),
    [
        (["ENSMUSG00000059552.1", "ENSMUSG00000000001"], "mouse"),
        (["FBgn0000003", "FBgn0000008"], "fly"),
        (["Trp53", "Cd8a", "Mdm2", "Actb"], "mouse or rat"),
    ],
)
def test_another_species_is_refused_by_name(ids, species):
    with pytest.raises(InputError, match=f"0% human genes.*look like {species}"):
        made(given(ids, range(1, len(ids) + 1)))


def transcripts_per_million(counted=None, linear=None, logs=None, params=PARAMS):
    made = tpm(counted, linear, logs, LENGTHS, NAMES, None, params)
    return TPM.conform(made).set_index("gene")


def test_tpm_of_two_genes_by_hand():
    counted = counts(given(["TP53", "CD8A"], [20, 30]), NAMES, None, PARAMS)
    rows = transcripts_per_million(COUNTS.conform(counted))
    # rates 20 / 2000 and 30 / 1000
    assert rows["tpm"].to_dict() == pytest.approx({"TP53": 250_000.0, "CD8A": 750_000.0})
    assert rows.loc["TP53", "log2_tpm"] == pytest.approx(np.log2(250_001))
    assert rows["length_source"].tolist() == ["mane_select", "mane_select"]


def test_lengths_of_the_file_come_first():
    counted = counts(given(["TP53", "CD8A"], [20, 30], [1000.0, np.nan]), NAMES, None, PARAMS)
    rows = transcripts_per_million(counted)
    assert rows["length"].to_dict() == {"CD8A": 1000.0, "TP53": 1000.0}
    assert rows["length_source"].to_dict() == {"CD8A": "mane_select", "TP53": "file"}
    assert rows.loc["TP53", "tpm"] == pytest.approx(400_000)


def test_genes_without_length_are_left_out_and_told():
    counted = counts(given(["TP53", "CD8A", "MDM2"], [20, 30, 50]), NAMES, None, PARAMS)
    with pytest.warns(DataWarning, match=r"1 of 3 genes, with 50\.00% of the fragments"):
        rows = transcripts_per_million(counted)
    assert rows.index.tolist() == ["CD8A", "TP53"]
    assert rows["tpm"].sum() == pytest.approx(1e6)
    with pytest.raises(InputError, match="known length"):
        transcripts_per_million(counted[counted["gene"] == "MDM2"])


def test_given_tpm_wins_and_is_summed_by_gene_and_not_scaled():
    counted = counts(given(["TP53"], [20]), NAMES, None, PARAMS)
    linear = given(["SDPR", "CAVIN2", "TP53"], [5, 7, 100], quantity="tpm")
    rows = transcripts_per_million(counted, linear)
    assert rows["tpm"].to_dict() == {"CAVIN2": 12.0, "TP53": 100.0}
    assert set(rows["length_source"]) == {"given"}


def test_logarithms_are_summed_as_linear_values():
    logs = given(["SDPR", "CAVIN2", "TP53"], np.log2([4.0, 6.0, 1.0]), quantity="log2_tpm")
    rows = transcripts_per_million(logs=logs)
    assert rows["tpm"].to_dict() == pytest.approx({"CAVIN2": 8.0, "TP53": 0.0})


def test_logarithms_below_the_offset_are_refused_unless_it_is_stated():
    logs = given(["CD8A", "TP53"], np.log2([0.001, 8.001]), quantity="log2_tpm")
    with pytest.raises(InputError, match=r"expression\.log2_offset"):
        transcripts_per_million(logs=logs)
    rows = transcripts_per_million(logs=logs, params=ExpressionParams(log2_offset=0.001))
    assert rows["tpm"].to_dict() == pytest.approx({"CD8A": 0.0, "TP53": 8.0}, abs=1e-9)


def test_nothing_given_is_refused():
    with pytest.raises(InputError, match="no input"):
        transcripts_per_million()


def test_bundled_lengths_cover_the_genes_of_a_cohort():
    lengths = read_gene_lengths(bundled("reference/genome/gene_lengths.tsv.gz"))
    symbols = pd.Series(NAMES.symbols(lengths["gene"].tolist()))
    assert lengths["gene"].is_unique
    # every name is its own current symbol, or none
    assert ((symbols == "") | (symbols == lengths["gene"])).all()
    assert (symbols != "").sum() > 30_000


def counted_in_a_bam():
    """One row per gene of an annotation, as they reach a biopsy."""
    rows = [
        ("ENSG00000141510.18", "TP53", 20.0, 2000.0),
        ("ENSG00000168497.5", "SDPR", 6.0, 1000.0),
        ("ENSG99999999999.1", "SDPR", 2.0, 4000.0),
        ("ENSG99999999998.2", "RP11-1.1", 3.0, 700.0),
        ("ENSG99999999997.3", "ENSG99999999997.3", 0.0, 300.0),
    ]
    frame = pd.DataFrame(rows, columns=["gene_id", "gene", "count", "length"])
    return frame.assign(patient="P1", sample="S1", role="tumour", assay="rna")


def test_counts_of_a_bam_are_known_by_id_then_by_symbol_then_as_annotated():
    rows = COUNTS.conform(counts(None, NAMES, None, PARAMS, counted_in_a_bam())).set_index(
        "gene"
    )
    assert rows["count"].to_dict() == {
        "TP53": 20.0, "CAVIN2": 8.0, "RP11-1.1": 3.0, "ENSG99999999997": 0.0,
    }  # fmt: skip
    assert rows.loc["TP53", "length"] == 2000
    assert 8 / rows.loc["CAVIN2", "length"] == pytest.approx(6 / 1000 + 2 / 4000)
    assert rows.loc["ENSG99999999997", "length"] == 300


def test_tpm_of_counted_genes_uses_the_length_of_their_exons():
    frame = counts(None, NAMES, None, PARAMS, counted_in_a_bam())
    rows = transcripts_per_million(COUNTS.conform(frame))
    assert set(rows["length_source"]) == {"file"}
    assert rows["tpm"].sum() == pytest.approx(1e6)
    assert rows.loc["TP53", "tpm"] / rows.loc["CAVIN2", "tpm"] == pytest.approx(0.01 / 0.0065)


def test_an_rna_bam_without_a_fragment_on_any_gene_is_refused():
    nothing = counted_in_a_bam().assign(count=0.0)
    with pytest.raises(InputError, match=r"no fragment on any of 5 genes.*build of the reads"):
        counts(None, NAMES, None, PARAMS, nothing)
    rows = counts(given(["TP53"], [7]), NAMES, None, PARAMS, nothing)
    assert rows["count"].tolist() == [7.0]


def test_given_counts_win_over_counted_ones():
    rows = counts(given(["TP53"], [7]), NAMES, None, PARAMS, counted_in_a_bam())
    assert rows[["gene", "count"]].to_numpy().tolist() == [["TP53", 7.0]]


def test_no_counts_at_all_are_refused():
    with pytest.raises(InputError, match="counts: found no input"):
        counts(None, NAMES, None, PARAMS)
