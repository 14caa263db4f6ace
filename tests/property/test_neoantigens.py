"""Neoantigens of invented tables equal those of a few loops."""

import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from storiform.biomarkers.neoantigen_burden import neoantigen_burden
from storiform.biomarkers.neoantigens import NeoantigensParams, neoantigens
from storiform.model.tables.copy_calls import CLONALITY
from storiform.model.tables.dna import VARIANTS
from storiform.model.tables.proteins import (
    HLA_LOH,
    MHC_ALLELES,
    MHC_BINDING,
    NEOANTIGEN_BURDEN,
    NEOANTIGENS,
    PEPTIDES,
)
from storiform.model.tables.rna import TPM

ALLELES = ("HLA-A*01:01", "HLA-B*08:01", "HLA-C*07:01")
CALLS = [f"chr1-{start}-{start + 1}-A-C" for start in range(6)]


def tables(seed: int) -> dict[str, pd.DataFrame]:
    """Invent the tables of one biopsy, with gaps everywhere."""
    random = np.random.default_rng(seed)

    def sometimes(values, share=0.3):
        return [None if random.random() < share else value for value in values]

    start = np.arange(6)
    depth = random.integers(0, 30, 6)
    variants = pd.DataFrame(
        {"record": start, "allele": 0, "contig": "chr1", "start": start, "end": start + 1,
         "ref": "A", "alt": "C", "in_panel_of_normals": False, "is_coding": True,
         "is_nonsynonymous": True, "is_eligible": True, "mutation_class": "missense",
         "tumour_vaf": random.random(6), "rna_depth": depth,
         "rna_alt_reads": depth // 3 * random.integers(0, 2, 6)}
    )  # fmt: skip
    letters = [list("ACDEFG"), list("HIKLMN")]
    ids = [";".join(sorted(random.choice(CALLS, random.integers(1, 3), replace=False)))
           for _ in range(12)]  # fmt: skip
    peptides = pd.DataFrame(
        {"variant_ids": ids, "gene": random.choice(["G1", "G2", "G3"], 12), "length": 8,
         "peptide": ["AAAA" + "".join(random.choice(letters[0], 4)) for _ in ids],
         "wild_type_peptide": sometimes(
             ["HHHH" + "".join(random.choice(letters[1], 2)) + "HH" for _ in ids]),
         "partner_ids": [" ".join(c for c in random.choice(CALLS, random.integers(0, 3))
                                  if c not in own) for own in ids],
         "change": range(12)}
    ).drop_duplicates(["variant_ids", "gene", "peptide"])  # fmt: skip
    peptides["mutated_positions"] = [
        None if wild is None else str(random.choice(["1;8", "2", "4", "7;5"]))
        for wild in peptides["wild_type_peptide"]
    ]
    names = sorted({*peptides["peptide"], *peptides["wild_type_peptide"].dropna()})
    binding = pd.DataFrame(
        [(p, a) for p in names for a in ALLELES], columns=["peptide", "allele"]
    )
    binding["affinity"] = 10 ** random.uniform(0.5, 4.5, len(binding))
    binding["rank"] = 10 ** random.uniform(-2, 2, len(binding))
    lower = random.random(6)
    cells = variants[["contig", "start", "end", "ref", "alt", "is_nonsynonymous"]].assign(
        ccf=np.minimum(lower + 0.2, 1.0),
        ccf_lower=lower,
        ccf_upper=np.minimum(lower + 0.4, 1.0),
    )
    return {
        "variants": full(variants, VARIANTS), "peptides": full(peptides, PEPTIDES),
        "binding": full(binding, MHC_BINDING),
        "alleles": full(pd.DataFrame({"allele": ALLELES, "reason": ""}), MHC_ALLELES),
        "clonality": full(cells[random.random(6) < 0.8], CLONALITY),
        "tpm": full(pd.DataFrame(
            {"gene": ["G1", "G2"], "tpm": random.choice([0.1, 9.0], 2)}), TPM),
        "lost": full(pd.DataFrame(
            {"allele": ALLELES, "is_lost": sometimes(random.random(3) < 0.4)}), HLA_LOH),
    }  # fmt: skip


def full(frame: pd.DataFrame, contract) -> pd.DataFrame:
    return contract.conform(frame.reindex(columns=list(contract.columns)))


def naive_rows(given_tables: dict[str, pd.DataFrame]) -> dict[tuple[str, ...], dict]:
    """Join by loops over dictionaries."""
    predicted = {(r.peptide, r.allele): (r.affinity, r.rank)
                 for r in given_tables["binding"].itertuples()}  # fmt: skip
    calls = {f"{r.contig}-{r.start}-{r.end}-{r.ref}-{r.alt}": r
             for r in given_tables["variants"].itertuples()}  # fmt: skip
    cells = {f"{r.contig}-{r.start}-{r.end}-{r.ref}-{r.alt}": r
             for r in given_tables["clonality"].itertuples()}  # fmt: skip
    tpm = {r.gene: r.tpm for r in given_tables["tpm"].itertuples()}
    lost = {r.allele: r.is_lost for r in given_tables["lost"].itertuples()}
    found = {}
    for row in given_tables["peptides"].itertuples():
        for allele in ALLELES:
            affinity, rank = predicted[row.peptide, allele]
            if rank > 2 and affinity > 500:
                continue
            needed = [*row.variant_ids.split(";"), *row.partner_ids.split()]
            own = [calls[one] for one in needed]
            placed = [cells[one] for one in needed if one in cells]
            least = min(placed, key=lambda r: r.ccf) if placed else None
            told = None
            if least is not None:
                told = "indeterminate"
                if least.ccf_lower > 0.75 and least.ccf_upper == 1.0:
                    told = "clonal"
                elif least.ccf_upper < 0.95:
                    told = "subclonal"
            wild = predicted.get((row.wild_type_peptide, allele), (math.nan, math.nan))
            is_anchor = None
            if isinstance(row.mutated_positions, str):
                places = [int(one) for one in row.mutated_positions.split(";")]
                is_anchor = all(place in (1, 2, 7, 8) for place in places)
            found[row.variant_ids, row.gene, row.peptide, allele] = {
"rank": rank, "affinity": affinity, "is_strong_binder": rank <= 0.5,
                "is_binder": rank <= 2, "binds_by_affinity": affinity <= 500,
                "tumour_vaf": min(r.tumour_vaf for r in own),
                "rna_alt_reads": min(r.rna_alt_reads for r in own),
                "clonality": told, "gene_tpm": tpm.get(row.gene, math.nan),
                "allele_lost": lost[allele], "fold_change": wild[0] / affinity,
                "is_anchor_only": is_anchor,
                "is_demoted": bool(is_anchor) and wild[0] < 1000,
            }  # fmt: skip
    return found


@given(st.integers(0, 2**32 - 1))
def test_the_joined_table_equals_its_naive_twin(seed: int) -> None:
    made = tables(seed)
    rows = NEOANTIGENS.conform(
        neoantigens(
            made["peptides"], made["binding"], made["alleles"], made["variants"],
            NeoantigensParams(), None, made["tpm"], made["clonality"], made["lost"],
        )
    )  # fmt: skip
    expected = naive_rows(made)
    keys = list(
        rows[["variant_ids", "gene", "peptide", "allele"]].itertuples(index=False, name=None)
    )
    assert set(keys) == set(expected)
    assert len(keys) == len(expected)
    for key, row in zip(keys, rows.to_dict("records"), strict=True):
        for name, value in expected[key].items():
            same = row[name] == value or (pd.isna(row[name]) and pd.isna(value))
            assert same, (key, name, row[name], value)
    assert rows["priority"].tolist() == list(range(1, len(rows) + 1))


@given(st.integers(0, 2**32 - 1))
def test_burdens_equal_their_naive_twin(seed: int) -> None:
    made = tables(seed)
    rows = NEOANTIGENS.conform(
        neoantigens(
            made["peptides"], made["binding"], made["alleles"], made["variants"],
            NeoantigensParams(), None, made["tpm"], made["clonality"], made["lost"],
        )
    )  # fmt: skip
    burden = NEOANTIGEN_BURDEN.conform(
        neoantigen_burden(
            made["peptides"], made["variants"], None, None, made["alleles"], made["binding"],
            rows, made["tpm"], made["clonality"], made["lost"],
        )
    ).iloc[0]  # fmt: skip
    groups: list[set[str]] = []
    needed = {}
    for row in made["peptides"].itertuples():
        needed[row.variant_ids, row.gene, row.peptide] = {
            *row.variant_ids.split(";"), *row.partner_ids.split()
        }  # fmt: skip
    partners = [{one} for own in made["peptides"]["partner_ids"] for one in own.split()]
    for calls in [*(i.split(";") for i in made["peptides"]["variant_ids"]), *partners]:
        mine = set(calls)
        for group in [group for group in groups if group & mine]:
            groups.remove(group)
            mine |= group
        groups.append(mine)

    def variants(chosen) -> int:
        return sum(
            any(needed[key[:3]] & group and chosen(row) for key, row in expected.items())
            for group in groups
        )

    expected = naive_rows(made)
    binders = [row for row in expected.values() if row["is_binder"]]
    assert burden["variants_with_peptides"] == len(groups)
    assert burden["neoantigen_burden"] == variants(lambda r: r["is_binder"])
    assert burden["neoantigen_burden_strong"] == variants(lambda r: r["is_strong_binder"])
    assert burden["neoantigen_burden_affinity"] == variants(lambda r: r["binds_by_affinity"])
    assert burden["neoantigen_peptides"] == len(
        {key[2] for key, row in expected.items() if row["is_binder"]}
    )
    known = [row["gene_tpm"] for row in binders if not math.isnan(row["gene_tpm"])]
    if known or not binders:
        wanted = variants(lambda r: r["is_binder"] and r["gene_tpm"] >= 1)
        assert burden["neoantigen_burden_expressed"] == wanted
    else:
        assert pd.isna(burden["neoantigen_burden_expressed"])
    clear = made["lost"]["is_lost"].notna().any()
    if clear and (not binders or any(not pd.isna(r["allele_lost"]) for r in binders)):
        wanted = variants(
            lambda r: r["is_binder"] and (pd.isna(r["allele_lost"]) or not r["allele_lost"])
        )
        assert burden["neoantigen_burden_presented"] == wanted
    else:
        assert pd.isna(burden["neoantigen_burden_presented"])
