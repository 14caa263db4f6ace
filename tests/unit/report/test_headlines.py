"""The values that a page shows first."""

import pandas as pd

from storiform.report.biopsy_page import render_biopsy
from storiform.report.headlines import headlines, in_reading_order
from storiform.report.record import BiopsyRecord, ReportTable

ROWS = {
    "gene_mutations": {"TP53": True},
    "hla_loss": {"has_loss": True, "genes_lost": 2, "genes_judged": 3},
    "neoantigen_burden": {
        "neoantigen_burden": 13, "neoantigen_burden_presented": 10,
        "neoantigen_burden_strong": None, "neoantigen_burden_expressed": None,
        "neoantigen_burden_clonal": None, "neoantigen_burden_affinity": None,
        "variants_with_peptides": 20, "alleles": 6, "alleles_without": "", "reason": "",
    },
    "tmb": {"tmb": 9.91, "tmb_lower": 8.8, "tmb_upper": 11.0},
    "copy_number_fit": {"purity": 0.8, "ploidy": 2.031, "is_ambiguous": True},
    "quality": {"depth": 100.0},
}  # fmt: skip


def record(rows):
    tables = tuple(
        ReportTable(name, "One row.", pd.DataFrame([row]), {}, 1) for name, row in rows.items()
    )
    return BiopsyRecord("Trial", "0.1.0", "P1", "B1", tables)


def test_burden_purity_neoantigens_and_loss_stand_first():
    assert [(one.value, one.label) for one in headlines(record(ROWS))] == [
        ("9.91", "mutations per Mb (TMB) (95 % CI 8.80 to 11.0)"),
        ("0.80", "purity; another solution fits as well"),
        ("2.03", "ploidy"),
        ("13", "neoantigens (variants with a binder)"),
        ("10", "of them on HLA alleles that are kept"),
        ("2 of 3 HLA genes", "with loss of an allele"),
    ]


def test_what_is_not_known_is_no_headline():
    missing = {
        "tmb": {"tmb": float("nan"), "tmb_lower": 0.0, "tmb_upper": 0.0},
        "copy_number_fit": {"purity": float("nan"), "ploidy": 2.0, "is_ambiguous": False},
        "neoantigen_burden": {"neoantigen_burden": pd.NA},
        "hla_loss": {"genes_lost": pd.NA, "genes_judged": 0},
    }
    assert headlines(record(missing)) == ()
    assert headlines(record({})) == ()


def test_wide_rows_of_genes_stand_last():
    assert in_reading_order(sorted(ROWS)) == [
        "tmb", "copy_number_fit", "neoantigen_burden", "hla_loss", "quality", "gene_mutations",
    ]  # fmt: skip
    page = render_biopsy(record(ROWS))
    values = page.partition('id="values"')[2]
    assert values.index('id="table-tmb"') < values.index('id="table-hla_loss"')
    assert values.index('id="table-quality"') < values.index('id="table-gene_mutations"')
    assert page.index("another solution fits as well") < page.index('id="figures"')
