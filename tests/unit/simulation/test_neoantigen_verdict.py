"""What must not be called a neoantigen of a simulated trial."""

import numpy as np
import pandas as pd
import pytest

from storiform.simulation.neoantigen_verdict import neoantigen_claims

ALLELES = ["HLA-A*02:01", "HLA-A*03:01", "HLA-B*07:02", "HLA-B*44:02", "HLA-C*07:01"]
PATIENT = {"patient": "P1", "biopsy": "P1.pre"}
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
GTF = (
    "##description: a test\n"
    'chr1\tx\tCDS\t3\t17\t.\t+\t0\tgene_id "G"; transcript_id "T";\n'
    'chr1\tx\tCDS\t21\t35\t.\t+\t0\tgene_id "G"; transcript_id "T";\n'
    'chr1\tx\tCDS\t41\t70\t.\t-\t0\tgene_id "H"; transcript_id "U";\n'
)
GENOME = (
    "TT" + "ATGGCTAAATGGCTT" + "GGG" + "GAAAGAGATTTTCAT" + "CCCCC"
    + "AAAAACTTTTCTCATATCATTCTCACTCAT"
)  # fmt: skip
"""MAKWLERDFH over two exons, and MSENDMRKVF on the reverse strand."""


@pytest.fixture
def truth(tmp_path):
    """Return the folder of the truth of twelve substitutions of one biopsy."""
    folder = tmp_path / "truth"
    folder.mkdir()
    (tmp_path / "genes.gtf").write_text(GTF)
    (tmp_path / "reference.fa").write_text(f">chr1 made\n{GENOME[:30]}\n{GENOME[30:]}\n")
    calls = pd.DataFrame(
        [
            PATIENT | {"contig": "chr1", "start": 10 * n, "ref": "A", "alt": "C",
                       "consequence": "missense_variant", "planted_as": "somatic"}
            for n in range(12)
        ]
    )  # fmt: skip
    planted = calls.iloc[:1].assign(peptide="NLVPMVATV", allele=ALLELES[0], is_presented=True)
    rows = [
        {"patient": "P1", "allele": one, "written": one, "has_reads": True} for one in ALLELES
    ]
    hla = pd.DataFrame(rows)
    faults = pd.DataFrame(columns=["fault", "patient", "other"])
    frames = {"calls": calls, "neoantigens": planted, "hla": hla, "faults": faults}
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return folder


def found(share: float, *more: str) -> pd.DataFrame:
    """Return what a predictor tells that calls a share of random peptides binders."""
    random = np.random.default_rng(5)
    rows = [PATIENT | {"peptide": "NLVPMVATV", "allele": ALLELES[0], "start": 0}]
    for start in range(0, 120, 10):
        for allele in ALLELES:
            for length in np.repeat(range(8, 12), range(8, 12)):
                peptide = "".join(random.choice(list(RESIDUES), length))
                rows.append(PATIENT | {"peptide": peptide, "allele": allele, "start": start})
    table = pd.DataFrame(rows)
    table["is_binder"] = random.random(len(table)) < share
    table.loc[0, "is_binder"] = True
    others = pd.DataFrame(
        [PATIENT | {"peptide": one, "allele": ALLELES[0], "start": 0, "is_binder": True}
         for one in more]
    )  # fmt: skip
    table = pd.concat([table, others], ignore_index=True)
    table["variant_ids"] = [f"chr1-{n}-{int(n) + 1}-A-C" for n in table["start"]]
    return table.drop(columns="start")


def failing(truth, table) -> list[str]:
    rows = list(neoantigen_claims(truth, table))
    assert len(rows) == 4
    return [row["claim"] for row in rows if not row["holds"]]


def test_two_of_a_hundred_peptides_may_bind(truth):
    assert failing(truth, found(0.02)) == []


@pytest.mark.parametrize("share", [0.08, 1.0])
def test_a_predictor_that_calls_too_much_a_binder_is_seen(truth, share):
    assert failing(truth, found(share)) == ["few peptides bind by chance"]


@pytest.mark.parametrize("peptide", ["AKWLERDF", "MSENDMRKVF"])
def test_a_peptide_of_the_reference_proteome_is_seen(truth, peptide):
    assert failing(truth, found(0.02, peptide)) == ["no peptide of the reference"]


def test_a_peptide_over_two_proteins_is_none_of_the_reference(truth):
    assert failing(truth, found(0.02, "RDFHMSEN")) == []
