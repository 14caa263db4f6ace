"""Proteins that run over the junction of a fusion, for neoantigens."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pandas as pd

from storiform.biomarkers.fusions.messengers import (
    FusedProtein,
    Messenger,
    Splicer,
    fused_protein,
)
from storiform.model.resources import Reference
from storiform.model.tables.fusions import Fusions, GivenFusions
from storiform.model.tables.proteins import FLANK, FUSION_PROTEINS, FusionProteins
from storiform.model.transcripts import GenomeTranscripts

_FRAME, _SHIFT = "gene_fusion", "gene_fusion&frameshift_variant"
_ENDS = ("contig_5", "position_5", "strand_5", "contig_3", "position_3", "strand_3")
_ODD = (".", "?")

Row = dict[str, Any]


def fusion_proteins(
    fusions: Fusions,
    transcripts: GenomeTranscripts | None = None,
    reference: Reference | None = None,
    given_fusions: GivenFusions | None = None,
) -> FusionProteins:
    """Translate the fusions that count, over their junctions.

    A protein begins at the start codon of a transcript of the 5' gene that codes up to the
    junction, and goes on in a transcript of the 3' gene to the first stop, in its frame or
    not. Where exons of transcripts end at the junction, only these are taken. Without
    annotation or genome the proteins that the caller gives are taken.

    Parameters
    ----------
    fusions
        The junctions of the biopsy.
    transcripts, reference
        Annotation and bases of the genome.
    given_fusions
        Rows of another caller; Arriba gives proteins.

    Returns
    -------
    FusionProteins
        One row per fusion and pair of transcripts with a protein of its own. In frame, the
        residues of the 3' partner's own protein do not count as changed.

    References
    ----------
    Yang et al., Nat. Med. 25, 767-775 (2019), doi:10.1038/s41591-019-0434-2.
    """
    rows: list[Row] = []
    counted = fusions[fusions["is_confident"]].to_dict("records")
    if transcripts is not None and reference is not None:
        splicer = Splicer(transcripts, reference)
        for number, fusion in enumerate(counted):
            rows += _translated({str(k): v for k, v in fusion.items()}, number, splicer)
    elif given_fusions is not None:
        texts = _given_texts(given_fusions)
        for number, fusion in enumerate(counted):
            own = {str(name): value for name, value in fusion.items()}
            text = texts.get(tuple(own[name] for name in _ENDS), "")
            rows += _of_text(own, number, text)
    return FUSION_PROTEINS.conform(pd.DataFrame(rows, columns=list(FUSION_PROTEINS.columns)))


def _translated(fusion: Row, number: int, splicer: Splicer) -> Iterator[Row]:
    """Yield the rows of one fusion, the first of which speaks for it."""
    five, three = (
        splicer.at(
            str(fusion[f"gene_{side}"]),
            (fusion[f"contig_{side}"], fusion[f"position_{side}"], fusion[f"strand_{side}"]),
            is_five=side == "5",
        )
        for side in ("5", "3")
    )
    seen: set[tuple[str, int, int]] = set()
    for one, other in product(five, three):
        made = fused_protein(one, other)
        key = None if made is None else (made.mutant, made.changed_start, made.changed_end)
        if made is None or key is None or key in seen:
            continue
        row = _row(fusion, number, (one[0], other[0]), made)
        yield {**row, "speaks_for_gene": not seen}
        seen.add(key)


def _row(
    fusion: Mapping[str, Any],
    number: int,
    pair: tuple[Messenger, Messenger],
    made: FusedProtein,
) -> Row:
    five, three = (one.transcript for one in pair)
    way = None if made.is_in_frame else made.stop_to_junction
    return {
        **_named(fusion, number),
        "transcript": f"{five.name}::{three.name}",
        "gene_id": f"{five.gene_id}::{three.gene_id}",
        "consequence": _FRAME if made.is_in_frame else _SHIFT,
        "protein_position": made.position,
        "wild_type": made.wild_type,
        "mutant": made.mutant,
        "changed_start": made.changed_start,
        "changed_end": made.changed_end,
        "bases_to_junction": pd.NA if way is None else way,
    }


def _named(fusion: Mapping[str, Any], number: int) -> Row:
    """Return what all rows of a fusion have; no residues stand in place of the new ones."""
    places = "_".join(
        f"{fusion[f'contig_{side}']}:{int(fusion[f'position_{side}']) + 1}"
        f"({fusion[f'strand_{side}']})"
        for side in ("5", "3")
    )
    return {
        "change": number, "variant_ids": f"{fusion['fusion']}_{places}", "beside_ids": "",
        "germline_ids": "", "phase": "alone", "gene": fusion["fusion"], "hgvsc": "",
        "hgvsp": "", "speaks_for_gene": True, "is_in_frame": False, "source": "fusion",
        "no_peptides": "",
    }  # fmt: skip


def _given_texts(given: pd.DataFrame) -> dict[tuple[Any, ...], str]:
    told = given[given["protein"].fillna("").str.contains("|", regex=False)]
    keys = zip(*(told[name] for name in _ENDS), strict=True)
    return dict(zip(keys, told["protein"], strict=True))


def _of_text(fusion: Row, number: int, text: str) -> list[Row]:
    """Read a protein as Arriba writes it: ``|`` at the junction, changed residues small."""
    before, bar, behind = text.partition("|")
    before = before[max(before.rfind(odd) for odd in _ODD) + 1 :]
    for odd in (*_ODD, "*", "|"):
        behind = behind.partition(odd)[0]
    if not bar or not before or not behind:
        return []
    is_in_frame = str(fusion["frame"] or "") == "in-frame"
    first = len(before) - _small_at(before[::-1])
    last = len(before) + (_small_at(behind) if is_in_frame else len(behind))
    begin = max(first - FLANK, 0)
    protein = f"{before}{behind}".upper()
    own = {
        "transcript": "", "gene_id": "", "consequence": _FRAME if is_in_frame else _SHIFT,
        "protein_position": pd.NA, "wild_type": protein[begin:first],
        "mutant": protein[begin : last + FLANK if is_in_frame else len(protein)],
        "changed_start": first - begin, "changed_end": last - begin, "bases_to_junction": pd.NA,
    }  # fmt: skip
    return [{**_named(fusion, number), **own}]


def _small_at(text: str) -> int:
    """Return how many letters at the begin are small."""
    return len(text) - len(text.lstrip("abcdefghijklmnopqrstuvwxyz"))
