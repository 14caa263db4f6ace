"""Judge consequences and neoantigens of a run: what was planted against what was found."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from storiform.simulation.verdict import Row, claim_row, every_row, read_table, sound_rows

_NEAR_SPLICE = frozenset(
    {
        "splice_region_variant", "splice_donor_region_variant", "splice_donor_5th_base_variant",
        "splice_polypyrimidine_tract_variant",
    }
)  # fmt: skip
"""Words for the surroundings of a splice site, of which releases of VEP differ."""


def term_claims(truth_dir: Path, both: pd.DataFrame) -> Iterator[Row]:
    """Judge the consequences of calls whose VCF names none.

    Parameters
    ----------
    truth_dir
        The folder of the truth.
    both
        Calls of the VCFs as planted and as found: `consequence_planted`, `consequence`.
    """
    tmb = read_table(truth_dir / "tmb.tsv")
    bare = tmb.loc[~tmb["is_annotated"].astype(bool), "biopsy"]
    rows = both[both["biopsy"].isin(bare)]
    planted, found = (rows[name].map(_terms) for name in ("consequence_planted", "consequence"))
    yield every_row(
        "consequence of calls without one", "variants.consequence", planted == found
    )


def _terms(written: object) -> frozenset[str]:
    """Return the terms of a consequence without those for the surroundings of a splice site."""
    return frozenset(str(written).split("&")) - _NEAR_SPLICE


def joint_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether two neighbouring calls of a codon are one change of the protein.

    Nothing is claimed where no such pair was called.
    """
    calls = sound_rows(truth_dir, read_table(truth_dir / "calls.tsv"))
    called = calls[calls["joint_hgvsp"].notna() & (calls["planted_as"] == "somatic")]
    agrees: list[bool] = []
    for (biopsy, _, joint), pair in called.groupby(["biopsy", "gene", "joint_hgvsp"]):
        if len(pair) < 2:  # noqa: PLR2004  its neighbour was missed
            continue
        ids = set(_ids(pair))
        own = found[found["biopsy"] == biopsy]
        pairs = zip(own["variant_ids"], own["hgvsp"], strict=True)
        told = [
            (set(str(written).split(";")), str(change).rpartition(":")[2])
            for written, change in pairs
        ]
        agrees.append((ids, joint) in told)
    if agrees:
        yield every_row("one codon, one change", "protein_changes.hgvsp", pd.Series(agrees))


def _ids(calls: pd.DataFrame) -> list[str]:
    """Return the names of substitutions and indels, as `variant_ids` has them."""
    return [
        f"{row['contig']}-{row['start']}-{int(row['start']) + len(str(row['ref']))}"
        f"-{row['ref']}-{row['alt']}"
        for row in calls.to_dict("records")
    ]


def neoantigen_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether planted neoantigens are found, and only on the patient's own alleles."""
    planted = _expected(truth_dir)
    keys = ["biopsy", "peptide", "allele"]
    rows = planted.reset_index().merge(found, on=keys, suffixes=("_planted", ""))
    is_its_call = [
        one in str(ids).split(";")
        for one, ids in zip(rows["variant_id"], rows["variant_ids"], strict=True)
    ]
    hits = rows.loc[
        rows["is_binder"].astype(bool) & pd.Series(is_its_call, dtype=bool), "index"
    ]
    is_found = pd.Series(planted.index.isin(hits), index=planted.index)
    yield every_row("planted neoantigens bind", "neoantigens.peptide", is_found)
    types = read_table(truth_dir / "hla.tsv")
    own = set(zip(types["patient"], types["allele"], strict=True))
    of_known = found[found["patient"].isin(types["patient"])]
    pairs = zip(of_known["patient"], of_known["allele"], strict=True)
    is_own = pd.Series([pair in own for pair in pairs], index=of_known.index, dtype=bool)
    yield every_row("alleles are the patient's", "neoantigens.allele", is_own)


def burden_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge who has a burden, and whether it is at least the number of planted variants."""
    biopsies = sound_rows(truth_dir, read_table(truth_dir / "tmb.tsv"))[["patient", "biopsy"]]
    both = biopsies.merge(found, on=["patient", "biopsy"], how="left", indicator=True)
    burden = both["neoantigen_burden"]
    is_typed = both["patient"].isin(_typed(truth_dir))
    is_there = both["_merge"] == "both"
    yield every_row(
        "missing without alleles alone",
        "neoantigen_burden",
        (is_there | ~is_typed) & (burden.notna() == is_typed),
    )
    expected = _expected(truth_dir)
    least = _counted(both, expected)
    yield every_row(
        "planted neoantigens counted", "neoantigen_burden", (burden >= least)[is_typed]
    )
    lost = expected["is_lost"].astype(bool)
    yield from _presented_claims(both[is_typed], expected[~lost], expected[lost])


def _presented_claims(
    rows: pd.DataFrame, kept: pd.DataFrame, lost: pd.DataFrame
) -> Iterator[Row]:
    """Judge the burden on alleles that tumours kept, where it is known.

    A variant whose planted peptide is on a lost allele may bind another one: so it is not
    claimed to be left out, but in sum there must be fewer where such are planted.
    """
    known = rows[rows["neoantigen_burden_presented"].notna()]
    presented, burden = known["neoantigen_burden_presented"], known["neoantigen_burden"]
    within = (presented >= _counted(known, kept)) & (presented <= burden)
    yield every_row("of kept alleles counted", "neoantigen_burden_presented", within)
    hit = known["biopsy"].isin(lost["biopsy"])
    if hit.any():
        total, left = int(burden[hit].sum()), int(presented[hit].sum())
        yield claim_row(
            "fewer where alleles are lost", "neoantigen_burden_presented",
            f"less than {total}", str(left), int(hit.sum()), holds=left < total,
        )  # fmt: skip


def _counted(rows: pd.DataFrame, planted: pd.DataFrame) -> "pd.Series[int]":
    """Return the number of planted variants of each biopsy."""
    counts = planted.groupby("biopsy")["variant_id"].nunique()
    return rows["biopsy"].map(counts).fillna(0).astype(int)


def _typed(truth_dir: Path) -> set[str]:
    """Return the patients whose alleles the sample sheet names or the reads tell."""
    types = read_table(truth_dir / "hla.tsv")
    is_known = types["written"].notna() | types["has_reads"].astype(bool)
    return set(types.loc[is_known, "patient"])


def _expected(truth_dir: Path) -> pd.DataFrame:
    """Return the neoantigens that a run must find: called, and of an allele that is named."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "neoantigens.tsv"))
    is_called = planted["planted_as"] == "somatic"
    is_named = planted["patient"].isin(_typed(truth_dir))
    kept = planted[is_called & is_named & planted["is_presented"].astype(bool)]
    return kept.assign(variant_id=_ids(kept)).reset_index(drop=True)
