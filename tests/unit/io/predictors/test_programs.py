"""Predictors of others, with programs that stand in for them."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from storiform.io.predictors import program as program_module
from storiform.io.predictors.opening import is_outside_predictor, open_predictor
from storiform.io.programs import run_program
from storiform.model.errors import InputError

A2, B7, C99 = "HLA-A*02:01", "HLA-B*07:02", "HLA-C*99:99"

NETMHCPAN = """
import os, sys
args = sys.argv[1:]
if args == ["-listMHC"]:
    print("# NetMHCpan version 4.1b\\nHLA-A02:01\\nHLA-B07:02\\nH-2-Kb\\nBoLA-6:01301")
    sys.exit()
assert "-p" in args and "-BA" in args, args
assert os.path.realpath(os.environ["TMPDIR"]) == os.path.realpath(os.getcwd())
print("# NetMHCpan version 4.1b")
peptides = open(args[args.index("-f") + 1]).read().split()
for allele in args[args.index("-a") + 1].split(","):
    print(" Pos MHC Peptide Core Of Gp Gl Ip Il Icore Identity Score_EL %Rank_EL"
          " Score_BA %Rank_BA Aff(nM) BindLevel")
    for peptide in peptides:
        score = (len(set(peptide)) + (allele == "HLA-B07:02")) / 20
        print(f"  1 {allele.replace('HLA-A', 'HLA-A*').replace('HLA-B', 'HLA-B*')} {peptide} "
              f"{peptide[:9]} 0 0 0 0 0 {peptide} PEPLIST {score:.4f} {100 - 100 * score:.3f} "
              f"0.5 1.5 {50000 ** (1 - score):.2f} <= SB")
"""

MHCFLURRY = """
import sys
args = sys.argv[1:]
if args[0] == "--version":
    print("mhcflurry 2.1.5")
    sys.exit()
if "--models" in args and not args[args.index("--models") + 1].endswith("models"):
    sys.exit("wrong models")
if args[0] == "--list-supported-alleles":
    print("HLA-A*02:01\\nHLA-B*07:02\\nH2-K*b")
    sys.exit()
lines = open(args[0]).read().split()[1:]
with open(args[args.index("--out") + 1], "w") as out:
    print("allele,peptide,mhcflurry_affinity,mhcflurry_affinity_percentile,"
          "mhcflurry_processing_score,mhcflurry_presentation_score,"
          "mhcflurry_presentation_percentile", file=out)
    for line in lines:
        print(f"{line},{len(line)}.5,0.25,0.1,0.75,9.0", file=out)
print("Wrote:", args[args.index("--out") + 1])
"""

MIXMHCPRED = """
import sys
args = sys.argv[1:]
if "-h" in args:
    print("MixMHCpred2.2\\nUsage: MixMHCpred -i INPUT_FILE -o OUTPUT_FILE")
    sys.exit()
alleles = args[args.index("-a") + 1].split(",")
peptides = open(args[args.index("-i") + 1]).read().split()
out = open("./" + args[args.index("-o") + 1], "w")
out.write("\\n")
unknown = [a for a in alleles if a not in ("A0201", "B0702")]
if unknown:
    print("Please make sure you have the correct name for the following alleles:", *unknown)
    sys.exit(0)
print("####\\n# Output from MixMHCpred (v2.2)\\n####", file=out)
names = "\\t".join(f"Score_{a}\\t%Rank_{a}" for a in alleles)
print("Peptide\\tScore_bestAllele\\tBestAllele\\t%Rank_bestAllele\\t" + names, file=out)
for peptide in peptides:
    cells = "\\t".join(f"0.5\\t{len(peptide)}.{n}" for n in range(len(alleles)))
    print(f"{peptide}\\t0.5\\t{alleles[0]}\\t1.0\\t{cells}", file=out)
"""

MIXMHC2PRED = """
import sys
args = sys.argv[1:]
if "-h" in args:
    print("MixMHC2pred version 2.0\\n --no_context  peptides without context")
    sys.exit()
assert args[-1] == "--no_context", args
alleles = args[args.index("-a") + 1:-1]
peptides = open(args[args.index("-i") + 1]).read().split()
with open(args[args.index("-o") + 1], "w") as out:
    print("# Output", file=out)
    print("Peptide\\tContext\\tBestAllele\\t%Rank_best", *(f"%Rank_{a}" for a in alleles),
          sep="\\t", file=out)
    for peptide in peptides:
        print(peptide, "", alleles[0], "3.5", *("3.5" for _ in alleles), sep="\\t", file=out)
"""


def stand_in(path: Path, code: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


PEPTIDES = ["ACDEFGHIK", "LLWYVVTSRL", "ACDX", "ACDEFGHXK", "AAAAAAAA", "ACDEFGHIK"]


def test_netmhcpan_is_asked_and_read(tmp_path) -> None:
    path = stand_in(tmp_path / "netMHCpan", NETMHCPAN)
    assert is_outside_predictor(path)
    model = open_predictor(path)
    assert (model.name, model.version) == ("NetMHCpan", "4.1b")
    assert model.alleles == (A2, B7)
    assert [model.support(name) for name in (A2, C99)] == ["unknown", "none"]
    affinity, rank, presentation = model.predict(PEPTIDES, [B7, C99, A2])
    assert affinity.shape == rank.shape == presentation.shape == (3, 6)
    assert affinity.dtype == np.float64
    assert np.isnan(rank[1]).all()
    assert np.isnan(rank[:, [2, 3]]).all()
    assert rank[2].tolist()[:2] == [55.0, 65.0]
    assert rank[0, 0] == rank[0, 5] == 50.0
    assert presentation[2, 0] == 0.45
    assert affinity[2, 4] == pytest.approx(50000**0.95, abs=0.01)


def test_peptides_go_in_chunks(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(program_module, "CHUNK", 2)
    model = open_predictor(stand_in(tmp_path / "netMHCpan", NETMHCPAN))
    peptides = ["A" * n for n in range(8, 14)] + ["C" * n for n in range(8, 14)]
    whole = model.predict(peptides, [A2])[1]
    assert whole.shape == (1, 12)
    assert not np.isnan(whole).any()


def test_no_peptide_and_no_allele_start_nothing(tmp_path) -> None:
    model = open_predictor(stand_in(tmp_path / "netMHCpan", NETMHCPAN))
    for peptides, alleles in (([], [A2]), (["AAAAAAAA"], []), (["XX"], [A2])):
        made = model.predict(peptides, alleles)
        assert [one.shape for one in made] == [(len(alleles), len(peptides))] * 3


def test_mhcflurry_is_found_by_settings(tmp_path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "models").mkdir()
    stand_in(tmp_path / "bin" / "flurry", MHCFLURRY)
    settings = tmp_path / "mhc.yaml"
    settings.write_text("predictor: mhcflurry\nprogram: bin/flurry\nmodels_dir: models\n")
    assert is_outside_predictor(settings)
    model = open_predictor(settings)
    assert (model.name, model.version, model.alleles) == ("MHCflurry", "2.1.5", (A2, B7))
    affinity, rank, presentation = model.predict(PEPTIDES[:2], [A2, B7])
    assert affinity.tolist() == [[21.5, 22.5]] * 2
    assert rank.tolist() == [[0.25, 0.25]] * 2
    assert presentation.tolist() == [[0.75, 0.75]] * 2


def test_a_program_on_the_path_is_found_by_its_own_name(tmp_path, monkeypatch) -> None:
    stand_in(tmp_path / "MixMHCpred", MIXMHCPRED)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    settings = tmp_path / "mhc.yml"
    settings.write_text("predictor: mixmhcpred\nversion: 2.20\n")
    model = open_predictor(settings)
    assert (model.name, model.version) == ("MixMHCpred", "2.20")
    assert model.alleles == ()
    assert [model.support(name) for name in (A2, C99)] == ["unknown", "none"]
    affinity, rank, presentation = model.predict(PEPTIDES, [A2, C99, B7])
    assert rank[0, :2].tolist() == [9.0, 10.0]
    assert rank[2, :2].tolist() == [9.1, 10.1]
    assert np.isnan(rank[1]).all()
    assert np.isnan(affinity).all()
    assert np.isnan(presentation).all()


def test_class_ii_is_asked_without_context(tmp_path) -> None:
    model = open_predictor(stand_in(tmp_path / "MixMHC2pred_unix", MIXMHC2PRED))
    assert (model.name, model.version) == ("MixMHC2pred", "2.0")
    pair = "HLA-DPA1*01:03/DPB1*04:01"
    rank = model.predict(["ACDEFGHIKLMNP", "ACDEFGHIK"], ["HLA-DRB1*15:01", pair])[1]
    assert rank[:, 0].tolist() == [3.5, 3.5]
    assert np.isnan(rank[:, 1]).all()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys\nprint('licence expired')\nsys.exit(3)",
         "netMHCpan: found exit status 3; its last lines: licence expired, expected"),
        ("print('nothing to say')", "no allele in the answer to -listMHC"),
        (NETMHCPAN.replace("for peptide in peptides:", "for peptide in peptides[:-1]:"),
         "found 2 predictions of 4; its last lines: .*223.61 <= SB, expected"),
        (NETMHCPAN.replace("%Rank_EL", "%Rank_XX"), "no table with %Rank_EL"),
        (NETMHCPAN.replace("for peptide in peptides:", "sys.exit('no disk left')\n    if 0:"),
         "exit status 1; its last lines: .* no disk left"),
    ],
)  # fmt: skip
def test_a_program_that_fails_is_told_with_its_last_lines(tmp_path, code, told) -> None:
    model = open_predictor(stand_in(tmp_path / "netMHCpan", code))
    with pytest.raises(InputError, match=told.replace("(", r"\(")):
        model.predict(["ACDEFGHIK", "LLWYVVTSRL"], [A2, B7])


def test_a_program_that_knows_no_allele_at_all_is_broken(tmp_path) -> None:
    broken = MIXMHCPRED.replace('("A0201", "B0702")', "()")
    model = open_predictor(stand_in(tmp_path / "MixMHCpred", broken))
    with pytest.raises(InputError, match="the correct name for the following alleles: A0201"):
        model.support(B7)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("predictor: netmhcpann\n", "predictor 'netmhcpann', .*did you mean netmhcpan"),
        ("program: x\n", "no predictor"),
        ("predictor: netmhcpan\nmodel: x\n", "the key model"),
        ("predictor: netmhcpan\nprogram: nowhere\n", "no program nowhere"),
        ("predictor: netmhcpan\nprogram: ./s.yaml\n", "which is not executable"),
        ("predictor: mhcflurry\nmodels_dir: nowhere\n", "no folder"),
        ("- a\n", "no settings"),
        ("a: [\n", "no YAML"),
    ],
)
def test_settings_that_are_wrong_are_told(tmp_path, text, told) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        open_predictor(path)


def test_a_bare_name_is_looked_for_on_the_path(tmp_path, monkeypatch) -> None:
    stand_in(tmp_path / "netMHCpan", NETMHCPAN)
    with pytest.raises(InputError, match="no program netMHCpan"):
        open_predictor(Path("netMHCpan"))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert open_predictor(Path("netMHCpan")).name == "NetMHCpan"
    with pytest.raises(InputError, match="no such file"):
        open_predictor(tmp_path / "none.yaml")


def test_weights_are_no_outside_predictor(tmp_path) -> None:
    assert not is_outside_predictor(tmp_path / "class1.npz")
    with pytest.raises(InputError, match="a program named netMHCpan or"):
        open_predictor(tmp_path / "class1.npz")


def test_a_program_that_hangs_or_is_none_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("storiform.io.programs.LONGEST_S", 0.3)
    hangs = stand_in(tmp_path / "hangs", "import time\ntime.sleep(30)")
    with pytest.raises(InputError, match="no end after"):
        run_program([str(hangs)], tmp_path)
    none = tmp_path / "none"
    none.write_bytes(b"\x00\x01")
    none.chmod(0o755)
    with pytest.raises(InputError, match="when it was started"):
        run_program([str(none)], tmp_path)
