"""The verdict on HLA genes: what it forgives, and what it does not."""

import pandas as pd
import pytest

from storiform.simulation.hla_verdict import call_claims, loss_claims, type_claims

PAIRS = {"A": ("HLA-A*02:01", "HLA-A*01:01"), "B": ("HLA-B*07:02", "HLA-B*07:02")}
ROLES = {"N": ("normal", "exome"), "T": ("tumour", "exome"), "R": ("tumour", "rna")}
PATIENTS = [f"P{number}" for number in range(10)]


@pytest.fixture
def truth(tmp_path):
    """Write a truth: P0 is not typed, P1 neither typed nor read, P2 lost A*01:01."""
    types = [
        {"patient": p, "gene": gene, "copy": n, "allele": allele, "has_reads": p != "P1",
         "written": "" if p in {"P0", "P1"} else allele[4:]}
        for p in PATIENTS for gene, pair in PAIRS.items() for n, allele in enumerate(pair, 1)
    ]  # fmt: skip
    losses = [
        {"patient": p, "biopsy": p, "gene": gene, "allele_1": pair[0], "allele_2": pair[1],
         "lost_allele": "HLA-A*01:01" if (p, gene) == ("P2", "A") else "",
         "has_reads": p != "P1"}
        for p in PATIENTS for gene, pair in PAIRS.items()
    ]  # fmt: skip
    reads = [
        {"patient": p, "sample": f"{p}_{kind}", "role": role, "assay": assay}
        for p in PATIENTS for kind, (role, assay) in ROLES.items()
    ]  # fmt: skip
    faults = pd.DataFrame({"fault": ["swap"], "patient": ["P9"]})
    frames = {"hla": pd.DataFrame(types), "hla_loss": pd.DataFrame(losses),
              "reads": pd.DataFrame(reads), "faults": faults}  # fmt: skip
    for name, frame in frames.items():
        frame.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=False)
    return tmp_path


def calls(*wrong):
    """Return the calls of all samples, those of some (sample, gene) wrong."""
    return pd.DataFrame(
        [
            {"sample": f"{p}_{kind}", "gene": gene, "copy": n,
             "allele": pair[0] if (f"{p}_{kind}", gene) in wrong else allele}
            for p in PATIENTS if p != "P1" for kind in ROLES
            for gene, pair in PAIRS.items() for n, allele in enumerate(pair, 1)
        ]
    )  # fmt: skip


def held(rows):
    return {row["claim"]: row["holds"] for row in rows}


def test_right_calls_hold(truth):
    assert all(held(call_claims(truth, calls())).values())


def test_the_order_of_a_genes_alleles_does_not_matter(truth):
    turned = calls().iloc[::-1]
    assert all(held(call_claims(truth, turned)).values())


def test_one_wrong_normal_is_not_forgiven_but_one_tumour_and_one_rna_are(truth):
    found = held(call_claims(truth, calls(("P3_N", "A"), ("P4_T", "A"), ("P5_R", "A"))))
    assert found == {
        "alleles of normals found": False,
        "alleles of tumours found": True,
        "alleles of RNA found": True,
    }
    many = calls(*((f"P{n}_R", "A") for n in range(2, 6)))
    assert not held(call_claims(truth, many))["alleles of RNA found"]


def test_a_tumour_need_not_show_what_it_lost(truth):
    frame = calls(*((f"P{n}_T", "A") for n in (3, 4)))
    found = call_claims(truth, frame)
    (row,) = [r for r in found if r["claim"] == "alleles of tumours found"]
    assert row["n"] == 15, "8 sound patients with reads, two genes each, but the lost one"


def test_a_patient_with_faults_is_not_looked_at(truth):
    assert all(held(call_claims(truth, calls(("P9_N", "A")))).values())


def test_a_sample_without_calls_fails(truth):
    frame = calls()
    assert not all(held(call_claims(truth, frame[frame["sample"] != "P3_N"])).values())


def types_of(alleles):
    """Return types as found: those of P0 as given, none of P1."""
    rows = [("P0", gene, n, a) for gene in PAIRS for n, a in enumerate(alleles[gene], 1)]
    frame = pd.DataFrame(rows, columns=["patient", "gene", "copy", "allele"])
    return frame.assign(biopsy=frame["patient"])


def test_who_was_not_typed_must_get_the_alleles_from_reads(truth):
    assert held(type_claims(truth, types_of(PAIRS))) == {
        "untyped patients typed": True, "none without reads": True,
    }  # fmt: skip
    wrong = PAIRS | {"A": ("HLA-A*02:01", "HLA-A*02:01")}
    assert not held(type_claims(truth, types_of(wrong)))["untyped patients typed"]


@pytest.mark.parametrize("suffix", ["N", "S", "C"])
def test_an_allele_that_no_cell_shows_is_right_without_a_name(truth, suffix):
    path = truth / "hla.tsv"
    planted = path.read_text().replace("HLA-A*01:01", f"HLA-A*01:01{suffix}")
    path.write_text(planted)
    hidden = PAIRS | {"A": ("HLA-A*02:01", None)}
    assert held(type_claims(truth, types_of(hidden)))["untyped patients typed"]
    assert not held(type_claims(truth, types_of(PAIRS)))["untyped patients typed"]


def test_who_has_no_reads_must_get_no_allele(truth):
    default = pd.DataFrame(
        {"patient": "P1", "biopsy": "P1", "gene": "A", "copy": [1, 2], "allele": "HLA-A*01:01"}
    )
    found = pd.concat([types_of(PAIRS), default])
    assert not held(type_claims(truth, found))["none without reads"]
    silent = pd.concat([types_of(PAIRS), default.assign(allele=None)])
    assert held(type_claims(truth, silent))["none without reads"]


def losses(**cells):
    """Return losses as they are; cells of the row of P2's gene A as given."""
    rows = []
    for p in PATIENTS:
        for gene in PAIRS:
            is_judged = p != "P1" and gene == "A"
            row = {"patient": p, "biopsy": p, "gene": gene, "lost_allele": "", "reason": "",
                   "allele_1": PAIRS[gene][0], "allele_2": PAIRS[gene][1],
                   "call": "RETAINED" if is_judged else "NA"}  # fmt: skip
            row["reason"] = "" if is_judged else "homozygous"
            if (p, gene) == ("P2", "A"):
                row |= {"call": "LOH", "lost_allele": "HLA-A*01:01"} | cells
            rows.append(row)
    return pd.DataFrame(rows)


def test_right_losses_hold(truth):
    assert all(held(loss_claims(truth, losses())).values())


@pytest.mark.parametrize(
    ("cells", "claim"),
    [
        ({"call": "LOH?"}, "losses found"),
        ({"call": "IMBALANCE"}, "losses found"),
        ({"lost_allele": "HLA-A*02:01"}, "the lost allele named"),
    ],
)
def test_a_loss_that_is_missed_or_of_the_other_allele_fails(truth, cells, claim):
    found = held(loss_claims(truth, losses(**cells)))
    assert [name for name, holds in found.items() if not holds] == [claim]


@pytest.mark.parametrize(
    ("column", "value", "row", "claim"),
    [
        ("call", "LOH", 6, "no loss where none is"),
        ("call", "HOMDEL", 6, "no loss where none is"),
        ("reason", "", 1, "a reason where none is judged"),
        ("call", "LOH", 1, "a reason where none is judged"),
    ],
)
def test_a_loss_that_is_none_or_a_silence_without_reason_fails(
    truth, column, value, row, claim
):
    frame = losses()
    frame.loc[row, column] = value
    found = held(loss_claims(truth, frame))
    assert [name for name, holds in found.items() if not holds] == [claim]
