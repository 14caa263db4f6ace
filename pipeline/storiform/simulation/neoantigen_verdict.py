"""Judge consequences and neoantigens of a run: what was planted against what was found."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from storiform.simulation.codons import GENETIC_CODE
from storiform.simulation.verdict import (
    Row,
    claim_row,
    every_row,
    read_table,
    sound_rows,
)

_LENGTHS = range(8, 12)
_LEAST_TESTED = 2000
"""Pairs of peptide and allele of which a share of binders tells something."""
_MOST_BINDERS = 0.05
_FLIP = str.maketrans("ACGT", "TGCA")

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
    """Judge whether planted neoantigens are found, and nothing that cannot be one.

    A neoantigen is on an allele of the patient and no peptide of the reference proteome, and of
    all peptides over planted substitutions few bind.
    """
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
    yield from _share_claim(truth_dir, found)
    yield from _self_claim(truth_dir.parent, found)


def _share_claim(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether no more peptides of planted substitutions bind than chance and plan allow.

    2 % of all peptides have a rank of at most 2 %. Tested are the windows over a substitution
    on each of the patient's alleles; near the ends of a protein they are fewer.
    """
    calls = sound_rows(truth_dir, read_table(truth_dir / "calls.tsv"))
    is_single = (calls["ref"].str.len() == 1) & (calls["alt"].str.len() == 1)
    is_missense = calls["consequence"].astype(str).str.contains("missense_variant")
    called = calls[(calls["planted_as"] == "somatic") & is_single & is_missense]
    called = called.assign(variant_id=_ids(called))[["biopsy", "variant_id"]]
    alleles = read_table(truth_dir / "hla.tsv").groupby("patient")["allele"].nunique()
    patients = found[["patient", "biopsy"]].drop_duplicates().set_index("biopsy")["patient"]
    number = called["biopsy"].map(patients).map(alleles).fillna(0)
    tested = int(number.sum()) * sum(_LENGTHS)
    if tested < _LEAST_TESTED:
        return
    planted = set(zip(called["biopsy"], called["variant_id"], strict=True))
    is_short = found["peptide"].str.len().isin(_LENGTHS)
    binders = found[found["is_binder"].astype(bool) & is_short]
    pairs = zip(binders["biopsy"], binders["variant_ids"], strict=True)
    share = sum(pair in planted for pair in pairs) / tested
    yield claim_row(
        "few peptides bind by chance", "neoantigens.is_binder",
        f"at most {_MOST_BINDERS:.0%}", f"{share:.1%}", tested, holds=share <= _MOST_BINDERS,
    )  # fmt: skip


def _self_claim(folder: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge whether no neoantigen is a peptide of the trial's own reference proteome.

    Nothing is claimed where the trial's files do not lie beside the truth.
    """
    genes, fasta = folder / "genes.gtf", folder / "reference.fa"
    if not (genes.exists() and fasta.exists()):
        return
    proteome = "\n".join(_proteins(genes, fasta))
    known = {peptide for peptide in found["peptide"].unique() if peptide in proteome}
    is_new = ~found["peptide"].isin(known)
    yield every_row("no peptide of the reference", "neoantigens.peptide", is_new)


def _proteins(genes: Path, fasta: Path) -> Iterator[str]:
    """Translate every coding sequence of a GTF, read as plain text."""
    bases = {
        name.split()[0]: "".join(rest.split()).upper()
        for name, _, rest in (
            part.partition("\n") for part in fasta.read_text().split(">") if part
        )
    }
    pieces: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for line in genes.read_text().splitlines():
        cells = line.split("\t")
        name = re.search(r'transcript_id "([^"]+)"', line)
        if name and cells[2] == "CDS":
            key = name[1], cells[0], cells[6]
            pieces[key].append((int(cells[3]) - 1, int(cells[4])))
    for (_, contig, strand), own in pieces.items():
        text = "".join(bases[contig][start:end] for start, end in sorted(own))
        text = text if strand == "+" else text.translate(_FLIP)[::-1]
        codons = (text[k : k + 3] for k in range(0, len(text) - 2, 3))
        yield "".join(GENETIC_CODE.get(codon, "X") for codon in codons)


def burden_claims(truth_dir: Path, found: pd.DataFrame) -> Iterator[Row]:
    """Judge who has a burden, and whether it is at least the number of planted variants."""
    biopsies = sound_rows(truth_dir, read_table(truth_dir / "tmb.tsv"))[["patient", "biopsy"]]
    both = biopsies.merge(found, on=["patient", "biopsy"], how="left", indicator=True)
    burden = both["neoantigen_burden"]
    is_typed = both["patient"].isin(typed_patients(truth_dir))
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


def typed_patients(truth_dir: Path) -> set[str]:
    """Return the patients whose alleles the sample sheet names or the reads tell."""
    types = read_table(truth_dir / "hla.tsv")
    is_known = types["written"].notna() | types["has_reads"].astype(bool)
    return set(types.loc[is_known, "patient"])


def _expected(truth_dir: Path) -> pd.DataFrame:
    """Return the neoantigens that a run must find: called, and of an allele that is named."""
    planted = sound_rows(truth_dir, read_table(truth_dir / "neoantigens.tsv"))
    is_called = planted["planted_as"] == "somatic"
    is_named = planted["patient"].isin(typed_patients(truth_dir))
    kept = planted[is_called & is_named & planted["is_presented"].astype(bool)]
    return kept.assign(variant_id=_ids(kept)).reset_index(drop=True)
