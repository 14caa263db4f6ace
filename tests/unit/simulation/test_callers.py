"""What callers write of calls on one molecule, and of calls without a consequence."""

from storiform.simulation.callers import vcf_text
from storiform.simulation.enrolment import Biopsy
from storiform.simulation.mutations import Call, Mutations


def call(start, ref, alt, phase=""):
    return Call(
        "somatic", "chr6", start, ref, alt, "missense_variant", "TP53", "ENSG00000141510",
        "p.Gly3Val", "gGt/gTt", 40, 12, 30, 0, float("nan"), phase,
    )  # fmt: skip


def written(caller, calls, *, is_annotated=True):
    """Return the header, and the fields of each record."""
    biopsy = Biopsy("P1", "P1", "pre", "vcf", None, {}, 0)
    made = Mutations(biopsy, caller, 1.0, 1.0, tuple(calls), is_annotated=is_annotated)
    lines = vcf_text(made, {"chr6": 1000}).splitlines()
    header = [line for line in lines if line.startswith("##")]
    return header, [line.split("\t") for line in lines if line[0] != "#"]


PAIR = [call(9, "A", "C", "10_A_C"), call(10, "G", "T", "10_A_C"), call(90, "G", "T")]


def test_mutect2_tells_the_phase_of_neighbours_and_of_no_others():
    header, records = written("mutect2", PAIR)
    assert sum("ID=PGT" in line or "ID=PID" in line or "ID=PS," in line for line in header) == 3
    for fields in records[:2]:
        keys = fields[8].split(":")
        tumour = dict(zip(keys, fields[9].split(":"), strict=True))
        normal = dict(zip(keys, fields[10].split(":"), strict=True))
        assert (tumour["GT"], normal["GT"]) == ("0|1", "0|0")
        assert {tumour["PS"], normal["PS"]} == {"10"}
        assert {tumour["PID"], normal["PID"]} == {"10_A_C"}
        assert tumour["AD"] == "28,12"
    assert records[2][8] == "GT:AD:AF:DP"
    assert records[2][9].startswith("0/1:28,12")


def test_a_file_without_neighbours_names_no_phase_in_its_header():
    header, _ = written("mutect2", PAIR[2:])
    assert not any("ID=PGT" in line or "ID=PS," in line for line in header)


def test_strelka2_tells_no_phase():
    header, records = written("strelka2", PAIR)
    assert not any("ID=PS," in line for line in header)
    assert {fields[8] for fields in records} == {"DP:FDP:AU:CU:GU:TU"}


def test_bare_files_name_no_consequence_and_are_else_the_same():
    for caller in ("mutect2", "strelka2"):
        header, records = written(caller, PAIR)
        bare, others = written(caller, PAIR, is_annotated=False)
        assert [line for line in header if "CSQ" not in line] == bare
        for one, two in zip(records, others, strict=True):
            assert one[7].split(";CSQ=")[0] == two[7]
            assert one[:7] + one[8:] == two[:7] + two[8:]
            assert "CSQ" in one[7]
