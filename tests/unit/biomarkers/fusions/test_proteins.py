"""Proteins over junctions, beside a cell that cuts and translates base by base."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.fusions.proteins import fusion_proteins
from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.model.tables.fusions import FUSIONS, GIVEN_FUSIONS
from storiform.model.tables.proteins import FUSION_PROTEINS, PEPTIDES, PROTEIN_CHANGES
from storiform.simulation.fusion_genome import invent_genome, places_of

GENOME = invent_genome(21, genes=60)
TABLE = dict(
    zip(
        (a + b + c for a in "TCAG" for b in "TCAG" for c in "TCAG"),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)
PAIR = dict(zip("ACGT", "TGCA", strict=True))
CODING = [one for one in GENOME.transcripts if one.coding]


def letters(one) -> list[tuple[int, str]]:
    """Return place and base of a messenger, 5' to 3'."""
    text = GENOME.texts[one.contig]
    pairs = [(place, chr(text[place])) for place in places_of(one).tolist()]
    return pairs if one.is_forward else [(place, PAIR[base]) for place, base in pairs]


def start_of(one) -> int:
    """Return the place of the first coding base."""
    return one.coding[0][0] if one.is_forward else one.coding[-1][1] - 1


def translate(bases: str) -> str:
    protein = ""
    for k in range(0, len(bases) - 2, 3):
        residue = TABLE[bases[k : k + 3]]
        if residue == "*":
            break
        protein += residue
    return protein


def native(one) -> str:
    pairs = letters(one)
    begin = [place for place, _ in pairs].index(start_of(one))
    return translate("".join(base for _, base in pairs[begin:]))


def naive(five, three, place_5, place_3) -> str:
    head, tail = letters(five), letters(three)
    places = [place for place, _ in head]
    begin, end = places.index(start_of(five)), places.index(place_5)
    onward = [place for place, _ in tail].index(place_3)
    fused = head[begin : end + 1] + tail[onward:]
    return translate("".join(base for _, base in fused))


def fusion(five, three, place_5, place_3, **told):
    return {
        "gene_5": five.gene, "gene_3": three.gene, "contig_5": five.contig,
        "position_5": place_5, "strand_5": "+" if five.is_forward else "-",
        "contig_3": three.contig, "position_3": place_3,
        "strand_3": "+" if three.is_forward else "-", "fusion": f"{five.gene}::{three.gene}",
        "split_fragments": 5, "spanning_fragments": 5, "frame": "", "callers": "storiform",
        "is_confident": True, "is_best": True, "note": "", "known_fusion": "",
        "histologies": "",
    } | told  # fmt: skip


def made(*rows, **others):
    table = FUSIONS.conform(pd.DataFrame(list(rows), columns=list(FUSIONS.columns)))
    options = {"transcripts": GENOME.annotation, "reference": GENOME} | others
    return FUSION_PROTEINS.conform(fusion_proteins(table, **options))


def exon_ends(rng, one, *, is_five):
    """Return an inner exon end of a transcript within its coding bases."""
    places = []
    for start, end in one.exons:
        at_right = is_five == one.is_forward
        places.append(end - 1 if at_right else start)
    inside = [
        place for place in places
        if any(low <= place < high for low, high in one.coding)
    ]  # fmt: skip
    return int(rng.choice(inside))


def drawn(count=60):
    rng = np.random.default_rng(5)
    for _ in range(count):
        five, three = rng.choice(len(CODING), 2, replace=False)
        five, three = CODING[five], CODING[three]
        yield (
            five,
            three,
            exon_ends(rng, five, is_five=True),
            exon_ends(rng, three, is_five=False),
        )


def test_the_protein_is_that_of_a_naive_cell_in_frame_or_not() -> None:
    frames = set()
    for five, three, place_5, place_3 in drawn():
        rows = made(fusion(five, three, place_5, place_3))
        mutant, own = naive(five, three, place_5, place_3), native(five)
        if own.startswith(mutant):
            assert rows.empty
            continue
        row = rows[rows["transcript"] == f"{five.name}::{three.name}"].iloc[0]
        unlike = next(n for n in range(len(mutant)) if mutant[: n + 1] != own[: n + 1])
        is_in_frame = row["consequence"] == "gene_fusion"
        assert is_in_frame == mutant.endswith(native(three)[-15:])
        last = len(mutant)
        while is_in_frame and native(three).endswith(mutant[last - 1 :]):
            last -= 1
        first = min(unlike, last)
        begin = max(first - 24, 0)
        assert row["protein_position"] == first + 1
        assert row["mutant"] == mutant[begin : begin + len(row["mutant"])]
        assert row["wild_type"] == own[begin : unlike + 24]
        assert row["changed_start"] == first - begin
        assert row["changed_end"] == last - begin
        frames.add(is_in_frame)
        if not is_in_frame:
            assert row["consequence"] == "gene_fusion&frameshift_variant"
            assert row["mutant"] == mutant[begin:]
            continue
        assert row["mutant"] == mutant[begin : last + 24]
        assert pd.isna(row["bases_to_junction"])
    assert frames == {True, False}


def test_an_early_stop_of_a_shifted_frame_is_told_for_decay() -> None:
    for five, three, place_5, place_3 in drawn():
        rows = made(fusion(five, three, place_5, place_3))
        for row in rows[rows["bases_to_junction"].notna()].to_dict("records"):
            if row["transcript"] != f"{five.name}::{three.name}":
                continue
            protein = naive(five, three, place_5, place_3)
            head, tail = letters(five), letters(three)
            onward = [place for place, _ in tail].index(place_3)
            places = [place for place, _ in head]
            before = places.index(place_5) - places.index(start_of(five)) + 1
            last = three.exons[-1] if three.is_forward else three.exons[0]
            junction = before + len(tail) - onward - (last[1] - last[0])
            junction = max(junction, before)
            assert row["bases_to_junction"] == junction - 3 * (len(protein) + 1)


def test_only_peptides_over_the_junction_of_a_fusion_in_frame_are_new(make_variants) -> None:
    changes = PROTEIN_CHANGES.empty()
    variants = make_variants()
    seen = 0
    for five, three, place_5, place_3 in drawn(30):
        rows = made(fusion(five, three, place_5, place_3))
        rows = rows[rows["transcript"] == f"{five.name}::{three.name}"]
        if rows.empty:
            continue
        with pytest.warns(match="no reference proteome"):
            found = PEPTIDES.conform(
                peptides(changes, variants, PeptideParams(class_i=(9,)), fusion_proteins=rows)
            )
        mutant, parents = naive(five, three, place_5, place_3), (native(five), native(three))
        cut = {mutant[k : k + 9] for k in range(len(mutant) - 8)}
        expected = {one for one in cut if not any(one in parent for parent in parents)}
        assert expected <= set(found["peptide"])
        assert set(found["source"]) <= {"fusion"}
        in_five = {one for one in found["peptide"] if one in parents[0]}
        assert not in_five
        if rows["consequence"].item() == "gene_fusion":
            assert set(found["peptide"]) == expected
            seen += 1
    assert seen > 3


def test_what_is_not_counted_or_codes_for_nothing_gives_no_protein() -> None:
    five, three, place_5, place_3 = next(drawn(1))
    assert made(fusion(five, three, place_5, place_3, is_confident=False)).empty
    outside = five.exons[0][1] + 20
    assert made(fusion(five, three, outside, place_3)).empty
    assert made(fusion(five, three, place_5, place_3, contig_5="chr9")).empty
    untranslated = five.exons[0][0] if five.is_forward else five.exons[-1][1] - 1
    assert made(fusion(five, three, untranslated, place_3)).empty
    assert made().empty


def test_the_first_row_of_a_fusion_speaks_for_it_and_rows_differ() -> None:
    rows = [fusion(*one) for one in drawn(40)]
    table = made(*rows)
    counts = table.groupby("change")["speaks_for_gene"].sum()
    assert (counts == 1).all()
    assert not table.duplicated(["change", "mutant", "changed_start", "changed_end"]).any()
    ids = table.drop_duplicates("change")["variant_ids"]
    assert ids.is_unique
    assert not ids.str.contains("[; ]").any()


@pytest.mark.parametrize(
    ("text", "frame", "told"),
    [
        # In frame: two residues are new, the first of them before the junction.
        ("AAAAC|dEEEE", "in-frame", ("AAAACDEEEE", 5, 6)),
        ("AAAAc|dEEEE", "in-frame", ("AAAACDEEEE", 4, 6)),
        ("AAAA|ccdd*", "out-of-frame", ("AAAACCDD", 4, 8)),
        ("AA?AAAA|ccd...", "out-of-frame", ("AAAACCD", 4, 7)),
        ("|ccd*", "out-of-frame", None),
        ("AAAA|*", "out-of-frame", None),
    ],
)
def test_proteins_of_a_caller_serve_where_there_is_no_genome(text, frame, told) -> None:
    five, three, place_5, place_3 = next(drawn(1))
    row = fusion(five, three, place_5, place_3, frame=frame)
    given = {name: row.get(name, "") for name in GIVEN_FUSIONS.columns} | {
        "row": 0, "protein": text, "caller": "arriba", "confidence": "high",
    }  # fmt: skip
    table = GIVEN_FUSIONS.conform(pd.DataFrame([given]))
    found = made(row, transcripts=None, reference=None, given_fusions=table)
    if told is None:
        assert found.empty
        return
    one = found.iloc[0]
    assert (one["mutant"], one["changed_start"], one["changed_end"]) == told


def test_without_genome_and_caller_there_is_nothing() -> None:
    five, three, place_5, place_3 = next(drawn(1))
    row = fusion(five, three, place_5, place_3)
    assert made(row, transcripts=None, reference=None).empty
