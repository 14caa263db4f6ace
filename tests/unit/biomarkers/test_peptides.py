"""Which peptides are cut from a change, and which of these are self."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.io.proteome import ProteinText
from storiform.kernels.peptides import find_occurring
from storiform.model.errors import DataWarning
from storiform.model.protein_changes import Frame, changed_window, variant_id
from storiform.model.tables.proteins import FUSION_PROTEINS, PEPTIDES, PROTEIN_CHANGES
from storiform.model.tables.proteome import REFERENCE_PROTEINS

GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQ"
CALL = "chr1-10-11-A-T"
NINE = PeptideParams(class_i=(9,))


def change(
    mutant: str, frame: Frame = "kept", germline: str = GERMLINE, **others: object
) -> dict[str, object]:
    window = changed_window(germline, mutant, frame)
    kept = window._asdict() if window else {}
    return {
        "change": 0, "transcript": "T1", "variant_ids": CALL, "beside_ids": "",
        "germline_ids": "", "bases_to_junction": None,
        "phase": "alone", "gene": "TP53", "gene_id": "G1", "consequence": "missense_variant",
        "hgvsc": "c.1A>T", "hgvsp": "p.E31W", "speaks_for_gene": True,
        "protein_position": None, "wild_type": "", "mutant": "", "changed_start": None,
        "changed_end": None, "is_in_frame": frame != "shifted", "source": "storiform",
        "no_peptides": "", **kept, **others,
    }  # fmt: skip


def called(*places: int, mutation_class: str = "missense") -> pd.DataFrame:
    columns = ["contig", "start", "end", "ref", "alt", "is_eligible", "is_nonsynonymous"]
    rows = [("chr1", p, p + 1, "A", "T", True, True) for p in places or (10,)]
    return pd.DataFrame(rows, columns=columns).assign(
        mutation_class=mutation_class, set_aside="", failed_filters="", annotation="CSQ"
    )


def proteins(*sequences: str) -> pd.DataFrame:
    names = [str(number) for number in range(len(sequences))]
    frame = pd.DataFrame({"protein": names, "residues": list(sequences)}, dtype=object)
    return REFERENCE_PROTEINS.conform(frame)


def cut(*changes: dict[str, object], params: PeptideParams = NINE, **others: object):
    variants = others.pop("variants", called())
    table = PROTEIN_CHANGES.conform(pd.DataFrame(changes))
    others.setdefault("reference_proteins", proteins(GERMLINE))
    return PEPTIDES.conform(peptides(table, variants, params, **others))


def windows(protein: str, first: int, last: int, length: int = 9) -> list[str]:
    return sorted(protein[i : i + length] for i in range(first, last))


SUBSTITUTED = GERMLINE[:30] + "W" + GERMLINE[31:]


def test_substitution_gives_every_window_over_it() -> None:
    found = cut(change(SUBSTITUTED))
    assert sorted(found["peptide"]) == windows(SUBSTITUTED, 22, 31)
    assert set(found["mhc_class"]) == {"I"}
    counts = cut(change(SUBSTITUTED), params=PeptideParams())["length"].value_counts()
    assert counts.to_dict() == {8: 8, 9: 9, 10: 10, 11: 11}


def test_counterpart_has_the_germline_residue_in_its_place() -> None:
    found = cut(change(SUBSTITUTED)).set_index("peptide")
    row = found.loc[SUBSTITUTED[28:37]]
    assert row["wild_type_peptide"] == GERMLINE[28:37]
    assert row["mutated_positions"] == "3"
    assert row["protein_position"] == 31


def test_other_call_of_the_copy_counts_as_a_difference() -> None:
    own = change(SUBSTITUTED)
    both = own["mutant"][:26] + "C" + own["mutant"][27:]
    found = cut({**own, "mutant": both}).set_index("peptide")
    row = found.loc[both[20:29]]
    assert row["wild_type_peptide"] == GERMLINE[26:35]
    assert row["mutated_positions"] == "5;7"


def test_counterpart_is_laid_about_the_change_where_another_call_loses_residues() -> None:
    # Residues 9 and 10 are lost: before the change the window is shorter by two.
    substituted = GERMLINE[:20] + "W" + GERMLINE[21:]
    own = change(substituted)
    whole = substituted[:8] + substituted[10:]
    own |= {"mutant": whole[: 19 + 24], "changed_start": 18, "changed_end": 19}
    found = cut(own).set_index("peptide")
    assert sorted(found.index) == windows(whole, 10, 19)
    assert set(found["mutated_positions"]) == {str(n) for n in range(1, 10)}
    assert found.loc[whole[12:21], "wild_type_peptide"] == GERMLINE[14:23]


def test_change_near_an_end_gives_fewer_windows() -> None:
    first = "W" + GERMLINE[1:]
    assert cut(change(first))["peptide"].to_list() == [first[:9]]
    last = GERMLINE[:-1] + "W"
    assert cut(change(last))["peptide"].to_list() == [last[-9:]]


def test_loss_gives_windows_that_hold_both_neighbours() -> None:
    mutant = GERMLINE[:30] + GERMLINE[33:]
    nine = {"end": 20, "ref": "A" * 10, "alt": "A"}
    ids = variant_id("chr1", 10, *nine.values())
    found = cut(change(mutant, variant_ids=ids), variants=called().assign(**nine))
    assert sorted(found["peptide"]) == windows(mutant, 22, 30)
    row = found.set_index("peptide").loc[mutant[23:32]]
    # Seven residues stand before the junction: the germline is laid from before it.
    assert row["wild_type_peptide"] == GERMLINE[23:32]
    row = found.set_index("peptide").loc[mutant[28:37]]
    assert row["wild_type_peptide"] == GERMLINE[31:40]


def test_loss_within_a_repeat_gives_only_what_is_new() -> None:
    germline = "MKTAYIAQQQQQQQQQQQQQQRLGLIEVAPW"
    mutant = germline.replace("QQQ", "", 1)
    found = cut(change(mutant, germline=germline), reference_proteins=proteins(germline))
    expected = [p for p in windows(mutant, 0, len(mutant) - 8) if p not in germline]
    assert sorted(found["peptide"]) == sorted(expected)


def test_shifted_tail_counts_to_its_end_and_has_no_counterpart() -> None:
    mutant = GERMLINE[:30] + "WCHWCHWCHPYFWYCKMWHNRWC"
    found = cut(change(mutant, "shifted"))
    assert sorted(found["peptide"]) == windows(mutant, 22, len(mutant) - 8)
    assert found["wild_type_peptide"].isna().all()
    assert found["mutated_positions"].isna().all()


def test_residue_before_a_new_stop_counts_with_its_counterpart() -> None:
    mutant = GERMLINE[:30] + "W"
    found = cut(change(mutant, "ended"))
    assert found["peptide"].to_list() == [mutant[-9:]]
    assert found["wild_type_peptide"].to_list() == [GERMLINE[22:31]]
    assert found["mutated_positions"].to_list() == ["9"]


def test_counterpart_that_agrees_in_less_than_half_is_none() -> None:
    mutant = GERMLINE[:30] + "WCWCW" + GERMLINE[35:]
    found = cut(change(mutant)).set_index("peptide")
    assert pd.isna(found.loc[mutant[28:37], "wild_type_peptide"])
    assert pd.isna(found.loc[mutant[26:35], "wild_type_peptide"])
    assert found.loc[mutant[25:34], "wild_type_peptide"] == GERMLINE[25:34]
    assert found.loc[mutant[25:34], "mutated_positions"] == "6;7;8;9"


@pytest.mark.parametrize("where", ["annotation", "fasta", "vcf", "germline"])
def test_what_another_protein_holds_is_self(where: str) -> None:
    known = SUBSTITUTED[25:34]
    others: dict[str, object] = {
        "annotation": {"reference_proteins": proteins(GERMLINE, f"MMMM{known}MMM")},
        "fasta": {"proteome": ProteinText(occurring_text(f"MMMM{known}MMM"), 1)},
        "vcf": {"given_proteins": proteins(f"MMMM{known}MMM")},
        "germline": {},
    }[where]
    rows = [change(SUBSTITUTED)]
    if where == "germline":  # beside another change, which is itself no source of peptides
        rows.append(change(GERMLINE, transcript="T2", wild_type=f"MMMM{known}MMM",
                           no_peptides="same_protein"))  # fmt: skip
    found = cut(*rows, **others)
    assert sorted(found["peptide"]) == [p for p in windows(SUBSTITUTED, 22, 31) if p != known]


def occurring_text(sequence: str):
    return np.frombuffer(sequence.encode(), dtype=np.uint8)


def test_residues_that_are_none_of_the_twenty_are_in_no_peptide() -> None:
    mutant = SUBSTITUTED[:33] + "U" + SUBSTITUTED[34:]
    germline = GERMLINE[:33] + "U" + GERMLINE[34:]
    found = cut(change(mutant, germline=germline))
    assert sorted(found["peptide"]) == windows(mutant, 22, 25)


def test_transcripts_of_a_gene_are_one_row_and_the_speaker_is_reported() -> None:
    found = cut(
        change(SUBSTITUTED, transcript="T1", speaks_for_gene=False, hgvsp="p.1"),
        change(SUBSTITUTED, transcript="T2", hgvsp="p.2"),
        change(SUBSTITUTED, transcript="T3", speaks_for_gene=False),
        change(SUBSTITUTED, transcript="T4", gene="WRAP53", speaks_for_gene=False),
    )
    of_gene = found[found["gene"] == "TP53"]
    assert sorted(of_gene["peptide"]) == windows(SUBSTITUTED, 22, 31)
    assert set(of_gene["transcript"]) == {"T2"}
    assert set(of_gene["hgvsp"]) == {"p.2"}
    assert set(of_gene["transcripts"]) == {"T2;T1;T3"}
    assert len(found) == 18


def test_transcripts_that_differ_beside_the_change_share_what_they_share() -> None:
    other = GERMLINE[:26] + "WWWW" + GERMLINE[30:]
    found = cut(
        change(SUBSTITUTED),
        change(
            other[:30] + "W" + other[31:], germline=other, transcript="T2",
            speaks_for_gene=False,
        ),
        reference_proteins=proteins(GERMLINE, other),
    ).set_index("peptide")  # fmt: skip
    assert found.loc[SUBSTITUTED[30:39], "transcripts"] == "T1;T2"
    assert found.loc[SUBSTITUTED[28:37], "transcripts"] == "T1"
    assert found.loc["W" + SUBSTITUTED[30:38], "transcripts"] == "T2"


def test_calls_that_do_not_count_give_nothing() -> None:
    variants = called()
    variants["is_eligible"] = False
    assert cut(change(SUBSTITUTED), variants=variants).empty
    reason = change(SUBSTITUTED, no_peptides="start_lost")
    assert cut(reason).empty


def test_decayed_transcripts_can_be_left_out() -> None:
    decayed = change(SUBSTITUTED, consequence="missense_variant&NMD_transcript_variant")
    assert len(cut(decayed)) == 9
    assert cut(decayed, params=PeptideParams(class_i=(9,), keeps_decayed=False)).empty


def test_early_stops_are_told_and_can_be_left_out() -> None:
    mutant = GERMLINE[:30] + "WCHWCHWCHPYFWYCKMWHNRWC"
    early = change(mutant, "shifted", bases_to_junction=50)
    for bases, decay in ((50, "early_stop"), (49, ""), (-3, ""), (None, "")):
        found = cut({**early, "bases_to_junction": bases})
        assert set(found["decay"]) == {decay}
        few = cut(
            {**early, "bases_to_junction": bases},
            params=PeptideParams(class_i=(9,), keeps_early_stops=False),
        )
        assert len(few) == (0 if decay else len(found))
    later = PeptideParams(class_i=(9,), early_stop_bases=55)
    assert set(cut(early, params=later)["decay"]) == {""}


def test_peptide_of_one_messenger_that_is_kept_is_not_decayed() -> None:
    marked = {"consequence": "missense_variant&NMD_transcript_variant"}
    found = cut(change(SUBSTITUTED, transcript="T1", **marked))
    assert set(found["decay"]) == {"annotated"}
    both = cut(
        change(SUBSTITUTED, transcript="T1", **marked),
        change(SUBSTITUTED, transcript="T2", speaks_for_gene=False),
    )
    assert set(both["decay"]) == {""}
    assert set(both["transcripts"]) == {"T1;T2"}


OTHER_CALL = "chr1-20-21-A-T"


def two_changes(distance: int, **others: object) -> list[dict[str, object]]:
    """Two substitutions of one copy, each with the other beside it."""
    both = SUBSTITUTED[: 30 + distance] + "C" + SUBSTITUTED[31 + distance :]
    only = GERMLINE[: 30 + distance] + "C" + GERMLINE[31 + distance :]
    first = change(both, germline=only, beside_ids=OTHER_CALL, **others)
    second = change(
        both, germline=SUBSTITUTED, variant_ids=OTHER_CALL, beside_ids=CALL, change=1, **others
    )
    for row in (first, second):
        at = int(str(row["protein_position"])) - 1
        row["wild_type"] = GERMLINE[max(at - 24, 0) : at + 25]
    return [first, second]


@pytest.mark.parametrize("source", ["storiform", "CSQ"])
def test_peptide_that_needs_two_calls_of_a_copy_stands_once(source: str) -> None:
    rows = two_changes(5, source=source)
    found = cut(*rows, variants=called(10, 20))
    assert found["peptide"].is_unique
    both = SUBSTITUTED[:35] + "C" + SUBSTITUTED[36:]
    assert sorted(found["peptide"]) == windows(both, 22, 36)
    needs = found[found["partner_ids"] != ""]
    assert sorted(needs["peptide"]) == windows(both, 27, 31)
    assert set(needs["variant_ids"]) == {CALL}
    assert set(needs["partner_ids"]) == {OTHER_CALL}
    assert set(needs["mutated_positions"].str.count(";")) == {1}
    counts = found[found["partner_ids"] == ""]["variant_ids"].value_counts()
    assert counts.to_dict() == {CALL: 5, OTHER_CALL: 5}


def test_calls_of_two_copies_that_give_one_peptide_are_no_partners() -> None:
    rows = [change(SUBSTITUTED), change(SUBSTITUTED, variant_ids=OTHER_CALL, change=1)]
    found = cut(*rows, variants=called(10, 20))
    assert set(found["partner_ids"]) == {""}
    assert found["variant_ids"].value_counts().to_dict() == {CALL: 9, OTHER_CALL: 9}
    far = two_changes(25)
    assert set(cut(*far, variants=called(10, 20))["partner_ids"]) == {""}


def test_change_beside_a_call_that_does_not_count_gives_nothing() -> None:
    alone = [
        change(SUBSTITUTED, source="CSQ", change=2),
        change(GERMLINE[:35] + "C" + GERMLINE[36:], variant_ids=OTHER_CALL, source="CSQ",
               change=3),
    ]  # fmt: skip
    rows = [*two_changes(5, source="CSQ"), *alone]
    one = cut(*rows, variants=called(10))
    assert sorted(one["peptide"]) == windows(SUBSTITUTED, 22, 31)
    assert set(one["partner_ids"]) == {""}
    both = cut(*rows, variants=called(10, 20))
    assert len(both) == 14


def test_lengths_of_class_ii_are_cut_when_asked_for() -> None:
    found = cut(change(SUBSTITUTED), params=PeptideParams(class_i=(9, 13), class_ii=(13, 15)))
    classes = dict(zip(found["length"], found["mhc_class"], strict=True))
    assert classes == {9: "I", 13: "I;II", 15: "II"}
    assert not PeptideParams().class_ii


def test_fusion_proteins_give_peptides_over_their_junction() -> None:
    fused = GERMLINE[:30] + "WCHWCHWCHPYFWYCK"
    row = change(fused, "shifted", variant_ids="EWSR1-FLI1", source="fusion", change=1)
    fusions = FUSION_PROTEINS.conform(pd.DataFrame([row]))
    found = cut(change(SUBSTITUTED), fusion_proteins=fusions)
    of_fusion = found[found["source"] == "fusion"]
    assert sorted(of_fusion["peptide"]) == windows(fused, 22, len(fused) - 8)
    assert set(of_fusion["variant_ids"]) == {"EWSR1-FLI1"}


def test_no_change_gives_an_empty_table() -> None:
    table = PROTEIN_CHANGES.empty()
    found = peptides(table, called().iloc[:0], PeptideParams())
    assert PEPTIDES.conform(found).empty


def test_without_a_proteome_a_warning_says_what_was_compared() -> None:
    with pytest.warns(DataWarning, match="no reference proteome"):
        cut(change(SUBSTITUTED), reference_proteins=None)


def test_eligible_calls_of_unknown_protein_are_told() -> None:
    rows = [
        change(SUBSTITUTED),
        change("", variant_ids="chr1-20-21-A-T", change=1, no_peptides="no_protein_sequence"),
    ]
    with pytest.warns(
        DataWarning,
        match=r"2 of 3 calls .* \(no_protein_sequence 1, no_transcript 1\).*; name resources",
    ):
        found = cut(*rows, variants=called(10, 20, 30), given_proteins=proteins(""))
    assert len(found) == 9
    splice = called(20, mutation_class="splice")
    assert cut(*rows, variants=pd.concat([called(), splice])).equals(found)


def test_calls_of_which_no_peptide_is_expected_are_no_reason_to_warn() -> None:
    nothing = PROTEIN_CHANGES.empty()
    for mutation_class in ("splice", "nonsense", "start_lost"):
        given = called(10, 20, mutation_class=mutation_class)
        assert peptides(nothing, given, PeptideParams()).empty
    silent = called(10, 20, mutation_class="").assign(is_nonsynonymous=False)
    assert peptides(nothing, silent, PeptideParams()).empty
    with pytest.warns(DataWarning, match="1 of 1 calls that may change"):
        peptides(nothing, called(10), PeptideParams())


def test_alleles_that_are_no_bases_are_told_without_a_remedy() -> None:
    aside = called(20, 30, mutation_class="").assign(
        is_nonsynonymous=False, is_eligible=False, failed_filters="set_aside",
        set_aside="symbolic", annotation="none", alt="<DEL>",
    )  # fmt: skip
    with pytest.warns(DataWarning, match=r"2 of 3 calls .* \(symbolic 2\).* lower bound$"):
        cut(change(SUBSTITUTED), variants=pd.concat([called(), aside]))


def test_proteome_of_another_species_is_told() -> None:
    rows, germlines, variants = [], [], called(*range(40))
    for place in range(40):
        start = "ACDEFGHIKLMNPQRSTVWY"[place % 20]
        germline = f"M{start * 3}{'ACDEFGHIKLMNPQRSTVWY'[place // 20] * 3}" + GERMLINE[10:]
        germlines.append(germline)
        mutant = germline[:9] + "W" + germline[10:]
        ids = variant_id("chr1", place, place + 1, "A", "T")
        rows.append(
            change(mutant, germline=germline, variant_ids=ids, gene=f"G{place}", change=place)
        )
    with pytest.warns(DataWarning, match=r"holds 0 of \d+ pieces"):
        cut(
            *rows,
            variants=variants,
            reference_proteins=proteins("WYWYWYWYWYWYWYWY"),
            given_proteins=proteins(*germlines),
        )


def test_occurring_takes_any_number_of_texts() -> None:
    assert find_occurring([], []) == frozenset()
    texts = [occurring_text("MKTAYIAKQR"), occurring_text("WCWCWCWCWC")]
    assert find_occurring(["KTAYIAKQ", "WCWCWCWC", "YYYYYYYY"], texts) == {
        "KTAYIAKQ",
        "WCWCWCWC",
    }
