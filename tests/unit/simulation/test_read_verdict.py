"""The verdict on reads holds on a perfect run and breaks where a run is wrong."""

import numpy as np
import pandas as pd
import pytest

from storiform.simulation.neoantigen_verdict import joint_claims
from storiform.simulation.read_verdict import read_verdict

PATIENTS = ("P1", "P2", "P3", "P4", "P5")
PAIR = {("P5", 1), ("P5", 2)}
A2, A3, B7 = "HLA-A*02:01", "HLA-A*03:01", "HLA-B*07:02"


def planted():
    """Return a small truth: P3 and P4 are swapped, P2 is contaminated."""
    person = {"P3_T": "P4", "P4_T": "P3"}
    reads = pd.DataFrame(
        [
            {"patient": p, "sample": f"{p}_{kind}", "role": role, "assay": assay,
             "person": person.get(f"{p}_{kind}", p), "sex": "female", "purity": 0.5,
             "contamination": 0.05 if (p, kind) == ("P2", "T") else 0.0,
             "fragments": 1000, "duplicates": 100}
            for p in PATIENTS
            for kind, role, assay in (
                ("N", "normal", "exome"), ("T", "tumour", "exome"), ("R", "tumour", "rna"))
        ]
    )  # fmt: skip
    calls = pd.DataFrame(
        [
            {"patient": p, "biopsy": p, "contig": "chr6", "start": 10 * n, "ref": "A",
             "alt": "C", "planted_as": "missed" if n == 3 else "somatic", "gene": "G1",
             "consequence": ("", "missense_variant", "splice_region_variant&intron_variant",
                             "stop_gained")[n],
             "joint_hgvsp": "p.Gly3Val" if (p, n) in PAIR else np.nan,
             "tumour_ref": 40,
             "tumour_alt": 9 + n, "normal_ref": 50, "normal_alt": 0,
             "rna_ref": np.nan if p == "P1" else 7, "rna_alt": np.nan if p == "P1" else 2}
            for p in PATIENTS for n in (1, 2, 3)
        ]
    )  # fmt: skip
    expression = pd.DataFrame(
        [{"biopsy": p, "gene": f"G{n}", "tpm": 2.0**n} for p in PATIENTS for n in range(9)]
    )
    copies = pd.DataFrame(
        [
            {"patient": p, "biopsy": p, "purity": 0.6, "ploidy": 2.0, "kind": kind,
             "cdkn2a_deletion": deletion, "is_hidden": p == "P1"}
            for p, kind, deletion in zip(
                PATIENTS, ("liposarcoma", "complex", "complex", "complex", "quiet"),
                ("none", "homdel", "none", "none", "het"), strict=True)
        ]
    )  # fmt: skip
    hla = pd.DataFrame(
        [{"patient": p, "gene": allele[4], "copy": 1, "allele": allele,
          "written": np.nan if p == "P1" else "Cw7" if allele == B7 else allele[4:],
          "has_reads": p == "P5"}
         for p in PATIENTS for allele in (A2, B7)]
    )  # fmt: skip
    losses = pd.DataFrame(
        [{"patient": p, "biopsy": p, "gene": gene, "allele_1": allele, "allele_2": other,
          "lost_allele": B7 if (p, gene) == ("P5", "B") else np.nan, "has_reads": p == "P5"}
         for p in PATIENTS for gene, allele, other in (("A", A2, A3), ("B", "B*08:01", B7))]
    )  # fmt: skip
    neoantigens = pd.DataFrame(
        [
            ("P1", 10, "NLVPMVATV", A2, True, "somatic"),  # has no alleles in the sheet
            ("P5", 10, "GILGFVFTL", A2, True, "somatic"),
            ("P5", 20, "RPPIFIRRL", B7, True, "somatic"),
            ("P5", 30, "QPEWFRNVL", B7, True, "missed"),
            ("P5", 40, "KLGGALQAK", A3, False, "somatic"),
            ("P2", 10, "LLFGYPVYV", A2, True, "somatic"),  # is contaminated
        ],
        columns=["patient", "start", "peptide", "allele", "is_presented", "planted_as"],
    ).assign(contig="chr6", ref="A", alt="C", gene="G1")
    neoantigens["biopsy"] = neoantigens["patient"]
    neoantigens["is_lost"] = (neoantigens["patient"] == "P5") & (neoantigens["allele"] == B7)
    fusions = pd.DataFrame(
        [(p, "SS18", three, 100, 10, 4, in_frame, "RIDVRVCWTELIITST", three == "DDIT3")
         for p, three, in_frame in (("P5", "SSX1", True), ("P4", "DDIT3", False),
                                    ("P1", "SSX2", True))],
        columns=["biopsy", "gene_5", "gene_3", "position_5", "split_fragments",
                 "spanning_fragments", "is_in_frame", "junction_residues", "is_hidden"],
    )  # fmt: skip
    fusions = fusions.assign(
        patient=fusions["biopsy"],
        contig_5="chr6",
        strand_5="+",
        contig_3="chrX",
        position_3=7,
        strand_3="-",
    )
    return {
        "fusions": fusions,
        "reads": reads, "calls": calls, "expression": expression, "hla": hla,
        "neoantigens": neoantigens, "hla_loss": losses,
        "tmb": pd.DataFrame({"patient": PATIENTS, "biopsy": PATIENTS, "megabases": 0.3,
                             "is_annotated": [True, False, True, True, False],
                             "mutations_nonsynonymous": 2, "mutations_coding": 3}),
        "signatures": pd.DataFrame(
            [{"patient": p, "biopsy": p, "population": "t_cells", "abundance": n}
             for n, p in enumerate(PATIENTS)]),
        "copies": copies,
        "faults": pd.DataFrame(
            [("swap", "P3", "P4"), ("swap", "P4", "P3"), ("contamination", "P2", "P1")],
            columns=["fault", "patient", "other"]),
    }  # fmt: skip


def found(truth):
    """Return the tables of a run that found exactly what is true."""
    calls = truth["calls"][truth["calls"]["planted_as"] != "missed"]
    names = {f"{s}_{a}": f"{s}_recounted_{a}_reads"
             for s in ("tumour", "normal", "rna") for a in ("ref", "alt")}  # fmt: skip
    reads = truth["reads"]
    quality = reads[["patient", "sample", "role", "assay", "contamination"]].assign(
        sex_found=reads["sex"], duplicate_share=0.1,
        strandedness_found=np.where(reads["assay"] == "rna", "reverse", ""),
    )  # fmt: skip
    pairs = [
        ("P1_N", "P1_T", "same", "same", ""),
        ("P1_N", "P2_T", "different", "different", ""),
        ("P3_N", "P3_T", "same", "different", "P3_N and P3_T are of two persons"),
        ("P3_N", "P4_T", "different", "same", "P3_N matches P4_T"),
    ]
    columns = ["sample_1", "sample_2", "expected", "found", "says"]
    scores = truth["signatures"].pivot_table(
        index=["patient", "biopsy"], columns="population", values="abundance"
    )
    copies = truth["copies"]
    called = {"none": "NEUTRAL", "het": "HETLOSS", "homdel": "HOMDEL"}
    genes = pd.DataFrame(
        [
            {"patient": row.patient, "biopsy": row.biopsy, "gene": gene,
             "call": called[row.cdkn2a_deletion] if gene == "CDKN2A"
             else "HIGH_AMP" if row.kind == "liposarcoma" else "GAIN"}
            for row in copies.itertuples() for gene in ("CDK4", "MDM2", "CDKN2A")
        ]
    )  # fmt: skip
    called = truth["neoantigens"][truth["neoantigens"]["patient"] == "P5"].iloc[:2]
    ids = [f"chr6-{start}-{start + 1}-A-C" for start in called["start"]]
    neoantigens = called[["patient", "biopsy", "peptide", "allele", "gene"]].assign(
        variant_ids=[f"{ids[0]};chr6-99-100-A-C", ids[1]], is_binder=True
    )
    burden = pd.DataFrame({"patient": PATIENTS, "biopsy": PATIENTS,
                           "neoantigen_burden": [np.nan, 1, 0, 0, 2],
                           "neoantigen_burden_presented": [np.nan, 1, 0, 0, 1]})  # fmt: skip
    types = truth["hla"].merge(reads[["patient", "sample"]], on="patient")
    losses = truth["hla_loss"]
    is_read = losses["has_reads"]
    loss = losses[["patient", "biopsy", "gene", "allele_1", "allele_2", "lost_allele"]].assign(
        call=np.where(
            losses["lost_allele"].notna(), "LOH", np.where(is_read, "RETAINED", "NA")
        ),
        reason=np.where(is_read, "", "no reads"),
    )
    changes = pd.DataFrame(
        [("P5", ids[0], "ENSP1.1:p.Gly3Arg"), ("P5", ";".join(ids[::-1]), "ENSP1.1:p.Gly3Val"),
         ("P3", ids[0], "ENSP1.1:p.Gly3Val")],
        columns=["biopsy", "variant_ids", "hgvsp"],
    )  # fmt: skip
    joined = truth["fusions"].drop(columns=["is_in_frame", "junction_residues", "is_hidden"])
    doubtful = joined.iloc[:1].assign(biopsy="P2", gene_3="G1", is_confident=False)
    fusions = pd.concat([joined.assign(is_confident=True), doubtful], ignore_index=True)
    residues = truth["fusions"]["junction_residues"].iloc[0]
    peptides = [residues[at : at + 9] for at in range(8)]
    return {
        "fusions": fusions,
        "fusion_discordances": pd.DataFrame({"biopsy": ["P4"], "fusion": ["SS18::DDIT3"]}),
        "peptides": pd.DataFrame({"biopsy": "P5", "peptide": peptides, "source": "fusion"}),
        "hla_calls": types[types["has_reads"]], "hla_gene_loh": loss,
        "hla_types": truth["hla"].assign(
            biopsy=truth["hla"]["patient"],
            allele=truth["hla"]["allele"].where(truth["hla"]["patient"] != "P1"),
        ),
        "neoantigens": neoantigens, "neoantigen_burden": burden, "protein_changes": changes,
        "copy_number_fit": copies[["patient", "biopsy", "purity", "ploidy"]].assign(
            is_ambiguous=False
        ),
        "copy_number_genes": genes,
        "copy_number_discordances": copies.loc[copies["is_hidden"], ["patient", "biopsy"]],
        "tmb": truth["tmb"].assign(megabases=0.27), "variants": calls.rename(columns=names),
        "quality": quality, "identity": pd.DataFrame(pairs, columns=columns),
        "tpm": truth["expression"], "mcp_counter": scores.reset_index(),
    }  # fmt: skip


@pytest.fixture
def judged(tmp_path):
    """Return a function that writes both, with one change of the run, and judges."""
    truth = planted()

    def judge(change=lambda _: None):
        tables = found(truth)
        change(tables)
        for folder, frames in (("truth", truth), ("tables", tables)):
            (tmp_path / folder).mkdir(exist_ok=True)
            for name, frame in frames.items():
                frame.to_csv(tmp_path / folder / f"{name}.tsv", sep="\t", index=False)
        return read_verdict(tmp_path / "truth", tmp_path / "tables")

    return judge


def broken(judged, table, column, row, value):
    """Return the subjects of claims that do not hold once one cell of the run is wrong."""

    def change(tables):
        frame = tables[table].reset_index(drop=True)
        frame[column] = frame[column].astype(object)
        frame.loc[row, column] = value
        tables[table] = frame

    rows = judged(change)
    return rows.loc[~rows["holds"], "subject"].tolist()


def test_a_perfect_run_holds_in_everything(judged):
    rows = judged()
    assert rows["holds"].all(), rows[~rows["holds"]]
    assert len(rows) == 41


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "subject"),
    [
        ("tmb", "mutations_coding", 0, 4, "tmb.mutations_coding"),
        ("tmb", "megabases", 0, 0.1, "tmb.megabases"),
        ("tmb", "megabases", 0, 0.4, "tmb.megabases"),
        ("variants", "tumour_recounted_alt_reads", 1, 10, "variants.tumour"),
        ("variants", "normal_recounted_ref_reads", 1, np.nan, "variants.normal"),
        ("variants", "consequence", 8, "stop_gained", "variants.consequence"),
        ("variants", "consequence", 9, np.nan, "variants.consequence"),
        ("neoantigens", "is_binder", 0, False, "neoantigens.peptide"),
        ("neoantigens", "peptide", 1, "RPPIFIRRM", "neoantigens.peptide"),
        ("neoantigens", "variant_ids", 0, "chr6-99-100-A-C", "neoantigens.peptide"),
        ("neoantigen_burden", "neoantigen_burden", 0, 0, "neoantigen_burden"),
        (
            "neoantigen_burden",
            "neoantigen_burden_presented",
            4,
            0,
            "neoantigen_burden_presented",
        ),
        (
            "neoantigen_burden",
            "neoantigen_burden_presented",
            4,
            2,
            "neoantigen_burden_presented",
        ),
        ("hla_calls", "allele", 0, A3, "hla_calls.allele"),
        ("hla_types", "allele", 0, A2, "hla_types.allele"),
        ("hla_gene_loh", "call", 8, "LOH", "hla_gene_loh.call"),
        ("hla_gene_loh", "call", 9, "RETAINED", "hla_gene_loh.call"),
        ("hla_gene_loh", "lost_allele", 9, "B*08:01", "hla_gene_loh.lost_allele"),
        ("hla_gene_loh", "reason", 0, "", "hla_gene_loh.reason"),
        ("protein_changes", "hgvsp", 1, "ENSP1.1:p.Gly3Arg", "protein_changes.hgvsp"),
        ("protein_changes", "variant_ids", 1, "chr6-10-11-A-C", "protein_changes.hgvsp"),
        ("quality", "sex_found", 0, "", "quality.sex_found"),
        ("quality", "contamination", 4, 0.03, "quality.contamination"),
        ("quality", "contamination", 0, np.nan, "quality.contamination"),
        ("quality", "duplicate_share", 0, 0.2, "quality.duplicate_share"),
        ("quality", "strandedness_found", 2, "forward", "quality.strandedness_found"),
        ("identity", "found", 1, "undecided", "identity.found"),
        ("identity", "says", 1, "a swap", "identity.says"),
        ("identity", "says", 2, "", "identity.says"),
        ("copy_number_fit", "purity", 0, 0.7, "copy_number_fit.purity"),
        ("copy_number_fit", "ploidy", 4, 3.9, "copy_number_fit.ploidy"),
        ("copy_number_genes", "call", 0, "GAIN", "CDK4 and MDM2"),
        ("copy_number_genes", "call", 14, "HOMDEL", "CDKN2A"),
        ("copy_number_genes", "call", 14, "NEUTRAL", "CDKN2A"),
        ("copy_number_discordances", "biopsy", 0, "P5", "copy_number_discordances"),
        ("fusions", "split_fragments", 0, 5, "fusions.split_fragments"),
        ("fusions", "is_confident", 3, True, "fusions.is_confident"),
        ("fusion_discordances", "biopsy", 0, "P5", "fusion_discordances"),
        ("fusion_discordances", "fusion", 0, "SS18::SSX1", "fusion_discordances"),
        ("peptides", "peptide", 5, "RIDVRVCWT", "peptides.peptide"),
        ("peptides", "source", 2, "storiform", "peptides.peptide"),
    ],
)
def test_one_wrong_cell_is_seen(judged, table, column, row, value, subject):
    assert broken(judged, table, column, row, value) == [subject]


@pytest.mark.parametrize("column", ["biopsy", "allele"])
def test_a_neoantigen_of_another_patient_or_allele_is_not_the_planted_one(judged, column):
    value = {"biopsy": "P2", "allele": A3}[column]
    subjects = broken(judged, "neoantigens", column, 0, value)
    assert subjects[0] == "neoantigens.peptide"
    assert ("neoantigens.allele" in subjects) == (column == "allele")


def test_a_peptide_on_an_allele_that_the_patient_lacks_is_seen(judged):
    def change(tables):
        own = tables["neoantigens"]
        other = own.iloc[:1].assign(peptide="KLGGALQAK", allele=A3)
        tables["neoantigens"] = pd.concat([own, other])

    rows = judged(change)
    assert rows.loc[~rows["holds"], "subject"].tolist() == ["neoantigens.allele"]


def test_a_burden_that_is_missing_of_a_typed_patient_fails_in_all_its_claims(judged):
    assert broken(judged, "neoantigen_burden", "neoantigen_burden", 4, np.nan) == [
        "neoantigen_burden", "neoantigen_burden", "neoantigen_burden_presented",
        "neoantigen_burden_presented",
    ]  # fmt: skip


def test_a_burden_without_a_planted_variant_of_a_lost_allele_is_none_too_small(judged):
    assert broken(judged, "neoantigen_burden", "neoantigen_burden", 4, 1) == [
        "neoantigen_burden", "neoantigen_burden_presented",
    ]  # fmt: skip


def test_a_typed_biopsy_without_a_row_is_found(judged):
    def change(tables):
        tables["neoantigen_burden"] = tables["neoantigen_burden"].iloc[:-1]

    rows = judged(change)
    assert "neoantigen_burden" in rows.loc[~rows["holds"], "subject"].tolist()


def test_words_near_a_splice_site_may_differ_between_releases(judged):
    other = "splice_donor_region_variant&intron_variant"
    assert broken(judged, "variants", "consequence", 9, other) == []


def test_nothing_is_claimed_of_a_change_whose_neighbour_was_missed(judged, tmp_path):
    judged()
    path = tmp_path / "truth" / "calls.tsv"
    calls = pd.read_csv(path, sep="\t")
    calls[calls["start"] != 20].to_csv(path, sep="\t", index=False)
    changes = pd.DataFrame({"biopsy": ["P5"], "variant_ids": ["chr6-10-11-A-C"], "hgvsp": [""]})
    assert list(joint_claims(tmp_path / "truth", changes)) == []


def test_tumours_that_were_swapped_have_no_contamination_to_find(judged):
    assert broken(judged, "quality", "contamination", 7, 0.46) == []


@pytest.mark.parametrize(
    ("column", "value"), [("is_confident", False), ("position_5", 101), ("gene_3", "SSX2")]
)
def test_a_fusion_that_is_missed_or_elsewhere_is_seen(judged, column, value):
    subjects = broken(judged, "fusions", column, 1, value)
    assert subjects[:2] == ["fusions", "fusions.split_fragments"]
    assert ("fusions.is_confident" in subjects) == (column == "gene_3")


def test_peptides_with_a_residue_or_two_of_one_partner_are_not_asked_for(judged):
    assert broken(judged, "peptides", "peptide", 0, "AAAAAAAAA") == []
    assert broken(judged, "peptides", "peptide", 7, "AAAAAAAAA") == []


def test_expression_that_follows_nothing_is_seen(judged):
    def change(tables):
        tables["tpm"] = tables["tpm"].assign(tpm=tables["tpm"]["tpm"].to_numpy()[::-1])

    rows = judged(change)
    assert rows.loc[~rows["holds"], "subject"].tolist() == ["tpm.tpm"]


def test_an_absent_table_does_not_hold(judged):
    rows = judged(lambda tables: tables.pop("identity"))
    assert rows.loc[~rows["holds"], "subject"].tolist() == ["identity"]
