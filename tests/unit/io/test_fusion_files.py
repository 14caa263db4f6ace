"""Files of Arriba, STAR-Fusion and FusionCatcher."""

import gzip
import json

import pytest

from storiform.io.fusion_files import read_given_fusions, read_known_fusions
from storiform.io.resources import bundled
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError
from storiform.model.tables.fusions import GIVEN_FUSIONS

ARRIBA = (
    "#gene1\tgene2\tstrand1(gene/fusion)\tstrand2(gene/fusion)\tbreakpoint1\tbreakpoint2\t"
    "split_reads1\tsplit_reads2\tdiscordant_mates\tconfidence\treading_frame\tpeptide_sequence"
)
STAR = (
    "#FusionName\tJunctionReadCount\tSpanningFragCount\tLeftGene\tLeftBreakpoint\tRightGene\t"
    "RightBreakpoint\tPROT_FUSION_TYPE"
)
CATCHER = (
    "Gene_1_symbol(5end_fusion_partner)\tGene_2_symbol(3end_fusion_partner)\t"
    "Fusion_description\tSpanning_pairs\tSpanning_unique_reads\t"
    "Fusion_point_for_gene_1(5end_fusion_partner)\t"
    "Fusion_point_for_gene_2(3end_fusion_partner)\tPredicted_effect"
)
PLACED = {
    "gene_5": "EWSR1", "gene_3": "FLI1", "contig_5": "chr22", "position_5": 29287133,
    "strand_5": "+", "contig_3": "chr11", "position_3": 128807179, "strand_3": "+",
    "split_fragments": 5, "spanning_fragments": 3, "frame": "in-frame",
}  # fmt: skip


def read(tmp_path, *lines, name="fusions.tsv"):
    path = tmp_path / name
    path.write_text("\n".join(lines) + "\n")
    return read_given_fusions(
        SourceUnit("b", "p", {"fusions": path}, {}, build="GRCh38", record={})
    )


@pytest.mark.parametrize(
    ("lines", "caller"),
    [
        (
            [
                ARRIBA,
                "EWSR1\tFLI1\t+/+\t+/+\t22:29287134\t11:128807180\t2\t3\t3\thigh\tin-frame\tA|f",
            ],
            "arriba",
        ),
        (
            [
                STAR,
                "E--F\t5\t3\tEWSR1^E1\tchr22:29287134:+\tFLI1^E2\tchr11:128807180:+\tINFRAME",
            ],
            "star_fusion",
        ),
        (
            [
                CATCHER,
                "EWSR1\tFLI1\tknown,oncogene\t3\t5\t22:29287134:+\t11:128807180:+\tin-frame",
            ],
            "fusioncatcher",
        ),
    ],
)
def test_three_programs_tell_the_same_junction_in_one_shape(tmp_path, lines, caller) -> None:
    row = read(tmp_path, *lines).iloc[0]
    assert {name: row[name] for name in PLACED} == PLACED
    assert row["caller"] == caller
    assert row["notes"] == ""


def test_every_field_is_kept_as_it_is_written(tmp_path) -> None:
    cells = ["A(12),B(345)", "FLI1", "./+", "+/-", "chr22:7", "chr11:9", "1", "0", "2", "low",
             ".", 'ümläut|x\\"y']  # fmt: skip
    row = read(tmp_path, ARRIBA, "\t".join(cells)).iloc[0]
    assert list(json.loads(row["details"]).values()) == cells
    assert list(json.loads(row["details"])) == ARRIBA.removeprefix("#").split("\t")


def test_between_genes_there_is_no_gene_and_the_strand_is_that_of_the_fusion(tmp_path) -> None:
    line = "A(12),B(345)\tFLI1\t./+\t+/-\tchr22:7\tchr11:9\t1\t0\t2\tlow\t.\t."
    row = read(tmp_path, ARRIBA, line).iloc[0]
    assert (row["gene_5"], row["gene_3"]) == ("", "FLI1")
    assert (row["strand_5"], row["strand_3"]) == ("+", "-")
    assert (row["protein"], row["frame"], row["confidence"]) == ("", "", "low")


def test_unknown_strands_stay_empty_or_are_those_of_the_gene(tmp_path) -> None:
    line = "A\tB\t-/.\t./.\tchr22:7\tchr11:9\t1\t0\t.\thigh\t.\t."
    row = read(tmp_path, ARRIBA, line).iloc[0]
    assert (row["strand_5"], row["strand_3"]) == ("-", "")
    assert row.isna()["spanning_fragments"]


def test_doubts_of_fusioncatcher_are_notes(tmp_path) -> None:
    line = "A\tB\tbanned,readthrough,known\t3\t5\t22:7:+\t11:9:-\tout-of-frame"
    row = read(tmp_path, CATCHER, line).iloc[0]
    assert row["notes"] == "banned;readthrough"
    assert row["frame"] == "out-of-frame"


@pytest.mark.parametrize(
    ("told", "notes"),
    [
        ("known,matched-normal", "matched-normal"),
        ("known,partial-matched-normal", ""),
        ("pair_pseudo_genes,fragments", "pair_pseudo_genes;fragments"),
        ("bodymap2,cortex,cacg,conjoing", "bodymap2;cortex;cacg;conjoing"),
        ("distance1000bp,adjacent", "distance1000bp"),
        ("known,mt,oncogene,m12,exon-exon", "mt"),
    ],
)
def test_words_that_the_manual_calls_likely_false_are_doubts(tmp_path, told, notes) -> None:
    line = f"A\tB\t{told}\t3\t5\t22:7:+\t11:9:-\tout-of-frame"
    assert read(tmp_path, CATCHER, line).iloc[0]["notes"] == notes


def test_a_header_alone_is_a_sample_without_fusions(tmp_path) -> None:
    found = read(tmp_path, "##source=arriba v2.5.1", ARRIBA)
    assert found.empty
    assert list(found.columns) == list(GIVEN_FUSIONS.columns)


def test_packed_files_and_windows_line_ends_are_read(tmp_path) -> None:
    path = tmp_path / "f.tsv.gz"
    line = "A\tB\t+/+\t+/+\t22:7\t11:9\t1\t1\t0\thigh\t.\t."
    path.write_bytes(gzip.compress(f"{ARRIBA}\r\n{line}\r\n".encode()))
    unit = SourceUnit("b", "p", {"fusions": path}, {}, build="GRCh38", record={})
    assert read_given_fusions(unit)["split_fragments"].tolist() == [2]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([""], "an empty file"),
        (["a\tb", "1\t2"], "columns a, b"),
        (["chr_donorA\tbrkpt_donorA\tx", "1\t2\t3"], "column chimeric_junctions"),
        ([STAR.replace("LeftGene", "Left")], "no column LeftGene"),
        ([ARRIBA, "A\tB"], "line 2: found 2 cells"),
        ([ARRIBA, "A\tB\t+/+\t+/+\t22\t11:9\t1\t1\t0\thigh\t.\t."], "'22'"),
        ([ARRIBA, "A\tB\t+/+\t+/+\t22:0\t11:9\t1\t1\t0\thigh\t.\t."], "'22:0'"),
        ([ARRIBA, "A\tB\t+/+\t+/+\t22:4\t11:9\tmany\t1\t0\thigh\t.\t."], "'many'"),
        ([ARRIBA, "A\tB\t+/+\t+/+\t22:4\t11:999999999\t1\t1\t0\thigh\t.\t."], "GRCh38"),
    ],
)
def test_a_damaged_or_foreign_file_is_told(tmp_path, lines, told) -> None:
    with pytest.raises(InputError, match=r"fusions\.tsv") as error:
        read(tmp_path, *lines)
    assert told in str(error.value)


def test_the_known_fusions_are_pairs_with_histologies() -> None:
    known = read_known_fusions(bundled("reference/fusions/known_fusions.tsv"))
    assert len(known) >= 40
    assert not known.duplicated(["gene_5", "gene_3"]).any()
    assert known["histologies"].ne("").all()
    dois = known["doi"][known["doi"].ne("")]
    assert dois.str.fullmatch(r"10\.\d{4,}/\S+").all()


def test_a_pair_that_stands_twice_is_refused(tmp_path) -> None:
    path = tmp_path / "known.tsv"
    row = "A::B\tA\tB\tx\t"
    path.write_text(f"fusion\tgene_5\tgene_3\thistologies\tdoi\n{row}\n{row}\n")
    with pytest.raises(InputError, match="A::B"):
        read_known_fusions(path)
    path.write_text("fusion\tgene_5\nx\ty\n")
    with pytest.raises(InputError, match="gene_3"):
        read_known_fusions(path)
