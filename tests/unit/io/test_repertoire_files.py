"""Tables of receptors: MiXCR 3 and 4, TRUST4, AIRR."""

import re

import pandas as pd
import pytest

from storiform.io.repertoire_files import read_clonotypes
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError
from storiform.model.tables.immune import GIVEN_CLONOTYPES

TRUST4 = """#count\tfrequency\tCDR3nt\tCDR3aa\tV\tD\tJ\tC\tcid\tcid_full_length
42\t0.5\tTGTGCCAGC\tCAS\tTRBV7-3*01\t.\tTRBJ1-5*01\tTRBC\tassemble1\t1
14\t0.2\ttgtgcgaga\tCAR\tIGHV2-5*01\tIGHD1*01\tIGHJ3*01\tIGHG1*01\tassemble2\t0
9\t0.1\tTGTGCG\tCA_\tIGHV2-5*01\t.\tIGHJ3*01\tIGHM\tassemble3\t0
8\t0.1\tTGTGC\tout_of_frame\tIGHV2-5*01\t.\tIGHJ3*01\t.\tassemble4\t0
3\t0.1\tTGTCAA\tpartial\tIGKV1-5*01\t.\t.\tIGKC\tassemble5\t0
2\t0.1\tTGTGCA\tCA\tTRAV29/DV5*01\t.\tTRDJ1*01\t.\tassemble6\t0
"""
MIXCR = """cloneId cloneCount cloneFraction allVHitsWithScore allDHitsWithScore \
allJHitsWithScore allCHitsWithScore nSeqCDR3 aaSeqCDR3 refPoints
0 956023.0 0.17 TRAV6*00(716),TRAV8*00(700) _ TRAJ24*00(291.3) TRAC*00(75.5) TGTGCTCTA CAL ::
1 12 0.1 IGHV3-23*00(716) _ IGHJ4*00(291) IGHA2*00(75.5),IGHA1*00(75) TGTGCA CA ::
2 5 0.1 IGHV3-23*00(716) _ IGHJ4*00(291) _ TGTGCAT CA_F ::
3 4 0.1 IGHV3-23*00(716) _ IGHJ4*00(291) _ TGTTAA C* ::
""".replace(" _ ", "  ").replace(" ", "\t")
AIRR = """sequence_id sequence productive v_call d_call j_call c_call junction junction_aa \
consensus_count
a1 ACGT T IGHV1-2*02,IGHV1-3*01 _ IGHJ4*02 IGHG2 TGTGCG CA 31
a2 ACGT F TRBV1*01 _ TRBJ1-1*01 TRBC1 TGTGCC CA 7
a3 ACGT _ TRBV1*01 _ TRBJ1-1*01 TRBC1 TGTGCCA C* 3
""".replace(" _ ", "  ").replace(" ", "\t")


def read(tmp_path, text):
    path = tmp_path / "clones.tsv"
    path.write_text(text)
    unit = SourceUnit("B1", "P1", {"repertoire": path}, {}, "GRCh38", {})
    return GIVEN_CLONOTYPES.conform(read_clonotypes(unit))


def test_a_report_of_trust4_is_read(tmp_path):
    table = read(tmp_path, TRUST4)
    assert table["chain"].tolist() == ["TRB", "IGH", "IGH", "IGH", "IGK", "TRD"]
    assert table["constant"].fillna("").tolist() == ["TRBC", "IGHG1", "IGHM", "", "IGKC", ""]
    assert table["is_productive"].tolist() == [True, True, False, False, False, True]
    assert table["count"].tolist() == [42, 14, 9, 8, 3, 2]
    assert table["cdr3"].tolist()[:2] == ["TGTGCCAGC", "TGTGCGAGA"]


@pytest.mark.parametrize(
    "text",
    [
        MIXCR,
        MIXCR.replace("cloneCount", "readCount").replace("cloneFraction", "readFraction"),
        re.sub(r"all(.)HitsWithScore", r"best\1Gene", MIXCR),
    ],
    ids=["3", "4", "best"],
)  # fmt: skip
def test_clones_of_mixcr_are_read(tmp_path, text):
    table = read(tmp_path, text)
    assert table["chain"].tolist() == ["TRA", "IGH", "IGH", "IGH"]
    assert table["constant"].fillna("").tolist() == ["TRAC", "IGHA2", "", ""]
    assert table["is_productive"].tolist() == [True, True, False, False]
    assert table["count"].tolist() == [956023, 12, 5, 4]


def test_molecules_are_counted_where_mixcr_tells_them(tmp_path):
    lines = MIXCR.rstrip().split("\n")
    rows = [f"{line}\t{n or 'uniqueMoleculeCount'}" for n, line in enumerate(lines)]
    assert read(tmp_path, "\n".join(rows) + "\n")["count"].tolist() == [1, 2, 3, 4]


def test_a_file_of_airr_is_read_and_its_word_on_productivity_holds(tmp_path):
    table = read(tmp_path, AIRR)
    assert table["chain"].tolist() == ["IGH", "TRB", "TRB"]
    assert table["constant"].tolist() == ["IGHG2", "TRBC1", "TRBC1"]
    # of the third the file says nothing, and its protein has a stop
    assert table["is_productive"].tolist() == [True, False, False]


def test_where_a_file_says_nothing_of_productivity_the_junction_tells_it(tmp_path):
    rows = ["TGTGCCAGC", "TGTGCCAG", "TGTTGAGCC", "TGTNCCAGC", "TGTTGANCC"]
    lines = [f"TRBV1*01\tTRBJ1-1*01\t{junction}\t5" for junction in rows]
    text = "\n".join(["v_call\tj_call\tjunction\tduplicate_count", *lines]) + "\n"
    with pytest.warns(DataWarning, match="whether 1 of 5 receptors are productive"):
        table = read(tmp_path, text)
    # out of frame, with a stop, with a codon that is hidden, with a stop beside such a one
    assert table["is_productive"].astype(object).fillna("?").tolist() == [
        True,
        False,
        False,
        "?",
        False,
    ]


def test_trust4_alone_is_known_to_look_for_all_chains(tmp_path):
    assert read(tmp_path, TRUST4)["seeks_all"].all()
    assert not read(tmp_path, MIXCR)["seeks_all"].any()
    assert not read(tmp_path, AIRR)["seeks_all"].any()


def test_a_sample_without_receptors_has_no_rows(tmp_path):
    table = read(tmp_path, TRUST4.split("\n", 1)[0] + "\n")
    assert table.empty
    pd.testing.assert_frame_equal(table, GIVEN_CLONOTYPES.empty())


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            "gene\tcount\nCD3D\t4\n",
            r"header: found columns gene, count, expected those of MiXCR",
        ),
        (TRUST4.replace("\n42\t", "\n-42\t"), "line 2, column count: found -42"),
        (TRUST4.replace("\n42\t", "\nmany\t"), "line 2, column count: found 'many'"),
        ("#count\tCDR3nt\tCDR3aa\tV\tJ\tC\n4\tTGT\tC\t.\t.\t.\n", "1 rows without a receptor"),
    ],
)
def test_a_table_of_something_else_is_refused(tmp_path, text, match):
    with pytest.raises(InputError, match=match):
        read(tmp_path, text)
