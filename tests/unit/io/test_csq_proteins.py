"""Protein changes from what VEP and its plugins write, and every way in which that fails."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from storiform.io.csq_proteins import read_given_protein_changes, read_given_proteins
from storiform.io.units import SourceUnit

GERMLINE = "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQAPILSRVGDGTQDNLSGAEKAVQVKVKALPDAQ"
HEAD, REST = GERMLINE[:30], GERMLINE[31:]
FIELDS = (
    "Allele", "Consequence", "SYMBOL", "Gene", "Feature", "BIOTYPE", "HGVSc", "HGVSp",
    "CDS_position", "Protein_position", "Amino_acids", "Codons", "CANONICAL", "WildtypeProtein",
    "FrameshiftSequence", "DownstreamProtein",
)  # fmt: skip


def csq(terms: str, position: str = "", residues: str = "", **others: str) -> str:
    cells = {
        "Allele": "T", "Consequence": terms, "SYMBOL": "TP53", "Gene": "ENSG1",
        "Feature": "ENST1.1", "BIOTYPE": "protein_coding", "HGVSc": "ENST1.1:c.1A>T",
        "HGVSp": "ENSP1.1:p.X", "Protein_position": position, "Amino_acids": residues,
        "CANONICAL": "YES", "WildtypeProtein": GERMLINE, **others,
    }  # fmt: skip
    return "|".join(cells.get(name, "") for name in FIELDS)


def record(
    place: int, ref: str, alt: str, *entries: str, sample: Mapping[str, str] | None = None
) -> str:
    cells = {"GT": "0/1", **(sample or {})}
    info = f"CSQ={','.join(entries)}" if entries else "DP=7"
    fixed = ["chr1", str(place), ".", ref, alt, ".", "PASS", info]
    return "\t".join([*fixed, ":".join(cells), ":".join(cells.values())])


def read(folder: Path, *records: str, fields: tuple[str, ...] = FIELDS) -> pd.DataFrame:
    return read_given_protein_changes(unit(folder, *records, fields=fields))


def unit(folder: Path, *records: str, fields: tuple[str, ...] = FIELDS) -> SourceUnit:
    head = [
        "##fileformat=VCFv4.2",
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: {"|".join(fields)}">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR",
    ]
    path = folder / "calls.vcf"
    path.write_text("\n".join([*head, *records]) + "\n")
    return SourceUnit("B", "P", {"vcf": path}, {"tumour_exome": "TUMOR"}, "GRCh38", {})


def one(changes: pd.DataFrame) -> "pd.Series[object]":
    (row,) = (row for _, row in changes.iterrows())
    return row


@pytest.mark.parametrize(
    ("entry", "mutant", "window"),
    [
        (csq("missense_variant", "31", "E/W"), HEAD + "W" + REST, (31, 24, 25)),
        (
            csq("missense_variant", "30-31", "IE/IW"),
            HEAD + "W" + REST,
            (31, 24, 25),
        ),
        (csq("missense_variant", "31/66", "E/W"), HEAD + "W" + REST, (31, 24, 25)),
        (csq("inframe_deletion", "30-32", "IEV/I"), HEAD + GERMLINE[32:], (31, 24, 24)),
        (csq("inframe_deletion", "31-32", "EV/-"), HEAD + GERMLINE[32:], (31, 24, 24)),
        (
            csq("inframe_insertion", "30-31", "-/WC"),
            HEAD + "WC" + GERMLINE[30:],
            (31, 24, 26),
        ),
        (csq("inframe_insertion", "30", "I/IWC"), HEAD + "WC" + GERMLINE[30:], (31, 24, 26)),
        (csq("stop_gained", "31-32", "EV/W*"), HEAD + "W", (31, 24, 25)),
        (csq("stop_lost", "67", "*/W"), GERMLINE + "W", (67, 24, 25)),
        (
            csq("frameshift_variant", "31", "E/X", FrameshiftSequence=f"{HEAD}WCWC"),
            HEAD + "WCWC",
            (31, 24, 28),
        ),
        (
            csq("frameshift_variant", "31", "E/X", FrameshiftSequence=f"{GERMLINE[:32]}WCWC*"),
            GERMLINE[:32] + "WCWC",
            (33, 24, 28),
        ),
        (
            csq("frameshift_variant", "31", "E/X", DownstreamProtein="WCWC"),
            HEAD + "WCWC",
            (31, 24, 28),
        ),
        (
            csq("frameshift_variant", "30-31", "-/X", DownstreamProtein="WCWC"),
            HEAD + "WCWC",
            (31, 24, 28),
        ),
        (
            csq("frameshift_variant", "?-31", "", FrameshiftSequence=f"{HEAD}WCWC"),
            HEAD + "WCWC",
            (31, 24, 28),
        ),
    ],
)  # fmt: skip
def test_mutant_protein_follows_from_the_fields(
    tmp_path: Path, entry: str, mutant: str, window: tuple[int, int, int]
) -> None:
    row = one(read(tmp_path, record(100, "A", "T", entry)))
    assert row["no_peptides"] == ""
    found = (row["protein_position"], row["changed_start"], row["changed_end"])
    assert found == window
    begin = window[0] - 1 - window[1]
    assert mutant[begin:].startswith(row["mutant"])
    assert GERMLINE[begin:].startswith(row["wild_type"])
    assert row["variant_ids"] == "chr1-99-100-A-T"
    assert (row["gene"], row["gene_id"], row["transcript"]) == ("TP53", "ENSG1", "ENST1.1")
    is_shifted = {"frameshift_variant", "stop_lost"} & {row["consequence"]}
    assert row["is_in_frame"] == (not is_shifted)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (csq("synonymous_variant", "31", "E"), "same_protein"),
        (csq("stop_retained_variant", "67", "*"), "same_protein"),
        (csq("start_lost", "1", "M/V"), "start_lost"),
        (csq("start_lost&frameshift_variant", "1", "M/X"), "unknown_residues"),
        (csq("start_lost", "?-1", ""), "start_lost"),
        (csq("stop_gained", "31", "E/*"), "stop_gained"),
        (csq("stop_gained&inframe_insertion", "30-31", "-/*"), "stop_gained"),
        (
            csq("frameshift_variant", "31", "E/X", FrameshiftSequence=GERMLINE[:33]),
            "stop_gained",
        ),
        (csq("frameshift_variant", "31", "E/X"), "no_protein_sequence"),
        (
            csq("splice_donor_variant&coding_sequence_variant", "31-?", ""),
            "no_protein_sequence",
        ),
        (csq("missense_variant", "31", "E/W", WildtypeProtein=""), "no_protein_sequence"),
        (csq("missense_variant", "31", "K/W"), "reference_mismatch"),
        (csq("missense_variant", "310", "E/W"), "reference_mismatch"),
        (
            csq("frameshift_variant", "31", "E/X", FrameshiftSequence="MMMMMMMMMMMM"),
            "reference_mismatch",
        ),
        (csq("missense_variant", "thirty", "E/W"), "not_parsed"),
        (csq("frameshift_variant", "?-31", "", DownstreamProtein="WCWC"), "not_parsed"),
        (csq("frameshift_variant", "31", "E/X", FrameshiftSequence=GERMLINE), "same_protein"),
        (csq("frameshift_variant&stop_gained", "31", "E/*"), "stop_gained"),
        (csq("inframe_insertion", "30-33", "-/W"), "not_parsed"),
        (csq("coding_sequence_variant", "31", "E/X"), "unknown_residues"),
        (csq("missense_variant", "1", "X/W", WildtypeProtein="XKT"), "unknown_residues"),
    ],
)
def test_what_gives_no_peptides_says_why(tmp_path: Path, entry: str, reason: str) -> None:
    row = one(read(tmp_path, record(100, "A", "T", entry)))
    assert row["no_peptides"] == reason
    assert pd.isna(row["changed_start"])


def test_tail_of_downstream_in_the_frame_of_the_germline_is_refused(tmp_path: Path) -> None:
    """VEP's plugin writes it for a deletion from the last base of a codon on.

    HCC1395, chr1:227091906 GC>G is p.Lys778AsnfsTer2; the plugin goes on for 954 residues.
    """
    tail = GERMLINE[31:] + "SHIFTED"
    entry = csq("frameshift_variant", "31", "E/X", DownstreamProtein=tail)
    assert one(read(tmp_path, record(100, "AC", "A", entry)))["no_peptides"] == "not_parsed"


def test_all_coding_transcripts_have_a_row_and_one_speaks(tmp_path: Path) -> None:
    entries = (
        csq("missense_variant", "31", "E/W", Feature="ENST2", CANONICAL=""),
        csq("missense_variant", "31", "E/W", Feature="ENST1"),
        csq("intron_variant", Feature="ENST3", CANONICAL=""),
    )
    changes = read(tmp_path, record(100, "A", "T", *entries))
    speaks = dict(zip(changes["transcript"], changes["speaks_for_gene"], strict=True))
    assert speaks == {"ENST1": True, "ENST2": False}
    assert set(changes["change"]) == {0}


def test_file_without_the_plugins_gives_nothing(tmp_path: Path) -> None:
    entry = csq("missense_variant", "31", "E/W")
    fields = tuple("Other" if name == "WildtypeProtein" else name for name in FIELDS)
    assert read(tmp_path, record(100, "A", "T", entry), fields=fields).empty
    assert read(tmp_path, record(100, "A", "T")).empty
    assert read_given_proteins(
        unit(tmp_path, record(100, "A", "T", entry), fields=fields)
    ).empty


def test_a_file_that_could_hold_proteins_and_holds_none_says_so(tmp_path: Path) -> None:
    for records in ((), (record(100, "A", "T"),)):
        proteins = read_given_proteins(unit(tmp_path, *records))
        assert proteins["residues"].tolist() == [""]


def test_alleles_of_a_record_are_told_apart(tmp_path: Path) -> None:
    entries = (
        csq("missense_variant", "31", "E/W", Allele="T"),
        csq("missense_variant", "31", "E/C", Allele="G"),
    )
    changes = read(tmp_path, record(100, "A", "T,G", *entries))
    found = {row["variant_ids"]: row["mutant"][24] for _, row in changes.iterrows()}
    assert found == {"chr1-99-100-A-T": "W", "chr1-99-100-A-G": "C"}


def two(tmp_path: Path, first: Mapping[str, str], second: Mapping[str, str]) -> pd.DataFrame:
    """Two substitutions in the codon of residue 31: Gag>Aag, gAg>gTg; together ATG."""
    one_base = csq("missense_variant", "31", "E/K", Codons="Gag/Aag", HGVSc="ENST1.1:c.91G>A")
    other = csq("missense_variant", "31", "E/V", Codons="gAg/gTg", HGVSc="ENST1.1:c.92A>T")
    changes = read(
        tmp_path,
        record(100, "G", "A", one_base.replace("T|", "A|", 1), sample=first),
        record(101, "A", "T", other, sample=second),
    )
    return changes[changes["variant_ids"].str.contains(";")]


def test_neighbouring_bases_make_one_residue(tmp_path: Path) -> None:
    row = one(two(tmp_path, {}, {}))
    assert (row["mutant"][24], row["phase"]) == ("M", "assumed")
    assert row["hgvsp"] == "ENSP1.1:p.Glu31Met"
    assert row["hgvsc"] == "ENST1.1:c.[91G>A;92A>T]"
    assert row["consequence"] == "missense_variant"


@pytest.mark.parametrize(
    ("first", "second", "phase"),
    [
        ({"GT": "0|1", "PS": "7"}, {"GT": "0|1", "PS": "7"}, "genotype"),
        ({"PGT": "1|0", "PID": "a"}, {"PGT": "1|0", "PID": "a"}, "genotype"),
        ({"GT": "1/1"}, {}, "homozygous"),
        ({"GT": "0|1", "PS": "7"}, {"GT": "0|1", "PS": "9"}, "assumed"),
        ({"GT": "0|1", "PS": "7"}, {"GT": "1|0", "PS": "7"}, None),
    ],
)
def test_genotypes_tell_which_calls_share_a_copy(
    tmp_path: Path, first: Mapping[str, str], second: Mapping[str, str], phase: str | None
) -> None:
    joint = two(tmp_path, first, second)
    assert joint["phase"].to_list() == ([phase] if phase else [])


def of_codon(tmp_path: Path, *changes: tuple[int, str, str]) -> pd.DataFrame:
    """Substitutions in the codon of residue 31, by place in it, codons and residues."""
    records = [
        record(
            100 + place, "G", "T", csq("missense_variant", "31", residues, Codons=codons),
            sample={"GT": "0|1", "PS": "7"},
        )
        for place, codons, residues in changes
    ]  # fmt: skip
    made = read(tmp_path, *records)
    return made[made["variant_ids"].str.contains(";")]


@pytest.mark.parametrize(
    ("changes", "reason", "residue", "consequence"),
    [
        (((0, "Gag/Aag", "E/K"), (2, "gaG/gaT", "E/D")), "", "N", "missense_variant"),
        (((0, "Gag/Tag", "E/*"), (2, "gaG/gaT", "E/D")), "", "Y", "missense_variant"),
        (((0, "Gag/Tag", "E/*"), (2, "gaG/gaA", "E")), "stop_gained", "", "stop_gained"),
        (((0, "Gag/Cag", "E/Q"), (1, "gAg/gTg", "E/V"), (2, "gaG/gaT", "E/D")), "", "L",
         "missense_variant"),
    ],
)  # fmt: skip
def test_codon_changed_more_than_once_is_translated_whole(
    tmp_path: Path,
    changes: tuple[tuple[int, str, str], ...],
    reason: str,
    residue: str,
    consequence: str,
) -> None:
    made = of_codon(tmp_path, *changes)  # of three calls each two go together as well
    row = one(made[made["variant_ids"].str.count(";") == len(changes) - 1])
    assert row["no_peptides"] == reason
    assert (row["mutant"] or " " * 25)[24:25].strip() == residue
    assert row["consequence"] == consequence
    assert len(made) == (1 if len(changes) == 2 else 4)


def test_codons_that_contradict_each_other_are_not_joined(tmp_path: Path) -> None:
    assert of_codon(tmp_path, (0, "Gag/Aag", "E/K"), (1, "gTg/gAg", "V/E")).empty
    assert of_codon(tmp_path, (0, "Gag/Aag", "E/K"), (2, "Gag/Cag", "E/Q")).empty


def test_file_without_samples_or_with_blank_lines_is_read(tmp_path: Path) -> None:
    row = record(100, "A", "T", csq("missense_variant", "31", "E/W"))
    given = unit(tmp_path, row, "", row.replace("100", "103", 1))
    assert len(read_given_protein_changes(given)) == 2
    path = given.files["vcf"]
    lines = [line.split("\t") for line in path.read_text().split("\n") if line]
    bare = ["\t".join(cells if len(cells) == 1 else cells[:8]) for cells in lines]
    path.write_text("\n".join(bare) + "\n")
    assert len(read_given_protein_changes(given)) == 2
    other = path.read_text().replace("ID=CSQ", "ID=ANN")
    path.write_text(other)
    assert read_given_protein_changes(given).empty


def phased(tmp_path: Path, *calls: tuple[int, str, str, str], **cells: str) -> pd.DataFrame:
    """Read calls: place, terms, position and residues of each."""
    records = [
        record(place, "G", "T", csq(terms, position, residues), sample=cells or None)
        for place, terms, position, residues in calls
    ]
    return read(tmp_path, *records)


ONE_COPY = {"GT": "0|1", "PS": "7"}
FIRST, SECOND = "chr1-99-100-G-T", "chr1-105-106-G-T"


def test_calls_on_one_copy_within_a_peptide_stand_beside_each_other(tmp_path: Path) -> None:
    first = (100, "missense_variant", "31", "E/C")
    near = (106, "missense_variant", "33", "Q/W")
    changes = phased(tmp_path, first, near, **ONE_COPY)
    assert not changes["variant_ids"].str.contains(";").any()
    assert len(changes) == 4
    joint = changes[changes["beside_ids"] != ""].set_index("variant_ids")
    told = joint[["beside_ids", "protein_position", "phase"]].itertuples(name=None)
    assert sorted(told) == [(SECOND, FIRST, 33, "genotype"), (FIRST, SECOND, 31, "genotype")]
    assert set(joint["change"]).isdisjoint(changes.loc[changes["beside_ids"] == "", "change"])
    for ids, at, residue in ((FIRST, 24, "C"), (SECOND, 24, "W")):
        row = joint.loc[ids]
        assert (row["changed_start"], row["changed_end"]) == (at, at + 1)
        assert row["mutant"][at] == residue
        assert "CVW" in row["mutant"]
        assert row["wild_type"] in GERMLINE
    far = (190, "missense_variant", "64", "D/W")
    assert set(phased(tmp_path, first, far, **ONE_COPY)["beside_ids"]) == {""}
    assert set(phased(tmp_path, first, near)["beside_ids"]) == {""}


def test_calls_beside_an_indel_keep_their_place_in_the_germline(tmp_path: Path) -> None:
    gained = (100, "inframe_insertion", "20-21", "-/WWC")
    changes = phased(tmp_path, gained, (200, "missense_variant", "31", "E/C"), **ONE_COPY)
    joint = changes[changes["beside_ids"] != ""].set_index("variant_ids")
    row = joint.loc["chr1-199-200-G-T"]
    assert row["protein_position"] == 31
    assert row["wild_type"] == GERMLINE[6:55]
    assert row["mutant"][row["changed_start"]] == "C"
    assert "WWC" in row["mutant"]


def test_call_behind_a_stop_of_its_copy_changes_nothing(tmp_path: Path) -> None:
    stop = (100, "stop_gained", "31", "E/*")
    changes = phased(tmp_path, stop, (106, "missense_variant", "33", "Q/W"), **ONE_COPY)
    joint = changes[changes["beside_ids"] != ""].set_index("variant_ids")
    assert joint["no_peptides"].to_dict() == {FIRST: "stop_gained", SECOND: "same_protein"}
    before = phased(tmp_path, (100, "missense_variant", "29", "L/W"),
                    (106, "stop_gained", "31-32", "EV/C*"), **ONE_COPY)  # fmt: skip
    joint = before[before["beside_ids"] != ""].set_index("variant_ids")
    assert set(joint["no_peptides"]) == {""}
    assert joint.loc[FIRST, "mutant"].endswith("W" + GERMLINE[29] + "C")
    assert joint.loc[SECOND, "mutant"].endswith("W" + GERMLINE[29] + "C")


def test_neighbours_of_two_codons_are_one_change(tmp_path: Path) -> None:
    one = csq("missense_variant", "31", "E/C", Codons="gaG/gaT", HGVSp="ENSP1.1:p.Glu31Cys")
    other = csq("missense_variant", "32", f"{GERMLINE[31]}/W", Codons="Gtt/Ttt")
    changes = read(tmp_path, record(100, "G", "T", one), record(101, "G", "T", other))
    row = changes[changes["variant_ids"].str.contains(";")].iloc[0]
    assert row["mutant"][24:26] == "CW"
    assert row["beside_ids"] == ""


def test_a_silent_call_goes_with_its_own_codon_also_behind_another_change(
    tmp_path: Path,
) -> None:
    entries = (
        (68, csq("missense_variant", "20", "S/N", Codons="aGc/aAc")),
        (100, csq("synonymous_variant", "31", "E", Codons="Gag/Aag")),
        (102, csq("missense_variant", "31", "E/D", Codons="gaG/gaT")),
    )
    phased = {"GT": "0|1", "PS": "7"}
    made = read(tmp_path, *(record(at, "G", "T", one, sample=phased) for at, one in entries))
    together = set(made["variant_ids"]) | set(made["beside_ids"].dropna())
    assert "chr1-99-100-G-T;chr1-101-102-G-T" in together
