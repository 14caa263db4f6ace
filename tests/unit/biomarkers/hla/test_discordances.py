"""Alleles that were given for a patient are held against those that the reads tell."""

import warnings

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.hla.discordances import doubt_genes, hla_discordances, part_persons
from storiform.biomarkers.hla.fates import hla_loh
from storiform.biomarkers.hla.loss import HlaLossParams
from storiform.biomarkers.hla.loss_evidence import Gene
from storiform.biomarkers.hla.loss_model import GeneCounts
from storiform.biomarkers.hla.types import HlaTypesParams
from storiform.biomarkers.hla.typing import MAY_BE_NEW
from storiform.io.hla_alleles import read_hla_types
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning
from storiform.model.hla_reference import HlaReference
from storiform.model.tables.hla import HLA_CALLS, HLA_DISCORDANCES, HLA_GENE_LOH
from storiform.model.tables.proteins import HLA_TYPES

ALLELES = (
    "A*01:01:01:01", "A*02:01:01:01", "A*02:06:01", "A*03:01:01:01", "A*11:01:01:01",
    "A*24:02:01:01", "A*24:09N", "A*01:32", "B*07:02:01", "B*08:01:01", "B*15:01:01",
    "C*07:01:01", "C*07:02:01", "C*07:18", "C*04:01:01",
)  # fmt: skip
GROUPS = {"C*07:01:01": "C*07:01:01G", "C*07:18": "C*07:01:01G", "A*01:01:01:01": "A*01:01:01G",
          "A*01:32": "A*01:01:01G"}  # fmt: skip
GENES = tuple(name[0] for name in ALLELES)
REFERENCE = HlaReference(
    "9.9.9", "0" * 32, ALLELES, GENES, {}, {}, {}, {}, {}, GROUPS, {}
)  # fmt: skip
PARAMS = HlaTypesParams()
UNITS = ("patient", "sample", "role", "assay")


def sheet(text: str) -> pd.DataFrame:
    """Return the types of a patient as the sheet's cell gives them."""
    return read_hla_types(SourceUnit("B1", "P1", {}, {}, "GRCh38", {"hla": text}))


def calls(*alleles: str, **further) -> pd.DataFrame:
    """Return the calls of one sample: two alleles of each gene."""
    told = {
        "patient": "P1", "sample": "P1_N", "role": "normal", "assay": "exome", "also_fits": "",
        "posterior": 0.999, "second_best": "", "second_posterior": 0.0, "fragments": 90,
        "own_fragments": 40, "mismatch_rate": 0.001, "limits": "", "reason": "", **further,
    }  # fmt: skip
    rows = [
        {**told, "gene": name[0], "copy": 1 + k % 2, "allele": f"HLA-{name}", "full_name": name}
        for k, name in enumerate(alleles)
    ]
    return HLA_CALLS.conform(pd.DataFrame(rows), UNITS)


def discordant(types: pd.DataFrame, *called: pd.DataFrame, params=PARAMS) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        found = hla_discordances(types, pd.concat(called), REFERENCE, params)
    return HLA_DISCORDANCES.conform(found).set_index("gene")


def test_alleles_of_another_person_are_told_with_what_the_reads_tell() -> None:
    types = sheet("A*01:01;A*02:01;B*07:02;B*08:01;C*07:01;C*07:02")
    reads = calls("A*03:01", "A*11:01", "B*07:02", "B*15:01", "C*07:02", "C*07:01")
    with pytest.warns(DataWarning) as caught:
        found = hla_discordances(types, reads, REFERENCE, PARAMS)
    found = HLA_DISCORDANCES.conform(found).set_index("gene")
    assert found.index.tolist() == ["A", "B"]
    assert found["is_whole"].tolist() == [True, False]
    assert found["agreeing"].tolist() == [0, 1]
    assert found["given"].tolist()[0] == "HLA-A*01:01;HLA-A*02:01"
    assert found["told"].tolist()[0] == "HLA-A*03:01;HLA-A*11:01"
    assert set(found["sample"]) == {"P1_N"}
    assert set(found["posterior"]) == {0.999}
    (warning,) = caught
    told = str(warning.message)
    assert told.startswith(
        "the HLA types given for P1 are A*01:01 and A*02:01, B*07:02 and B*08:01; the reads of "
        "P1_N tell A*03:01 and A*11:01, B*07:02 and B*15:01. Are rows of the sheet swapped"
    )


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("A*01:01;A*02:01", ("A*02:01", "A*01:01")),
        ("A*01:01:01:01;A*02:01:01G", ("A*01:01", "A*02:01")),
        ("A*01:01:01G;A*02:01", ("A*01:32", "A*02:01")),
        ("C*07:01;C*04:01", ("C*04:01", "C*07:18")),
        ("A*01;A*02", ("A*01:01", "A*02:06")),
        ("A*01:XX;A*02:AB", ("A*01:01", "A*02:06")),
        ("A1;A2", ("A*03:01", "A*11:01")),
        ("A*02:01/02:06;A*01:01", ("A*01:01", "A*02:06")),
        ("A*24:09N;A*01:01", ("A*01:01", "A*24:09N")),
        ("A*24:09;A*01:01", ("A*01:01", "A*24:09N")),
        ("A*01:01P;A*02:01", ("A*01:32", "A*02:01")),
        ("A*02:999;A*01:01", ("A*01:01", "A*02:06")),
        ("A*01:01", ("A*01:01", "A*02:01")),
        ("A*01:01;A*01:01", ("A*01:01", "A*01:01")),
        ("B*07:02;B*08:01", ("A*01:01", "A*02:01")),
        ("DRB1*15:01", ("A*01:01", "A*02:01")),
    ],
)  # fmt: skip
def test_names_that_say_the_same_or_less_agree(given, called) -> None:
    """As many fields as given, G groups, suffixes, a name that the release lacks."""
    assert discordant(sheet(given), calls(*called)).empty


@pytest.mark.parametrize(
    ("given", "called", "agreeing"),
    [
        ("A*02:01;A*01:01", ("A*01:01", "A*02:06"), 1),
        ("A*01;A*03", ("A*01:01", "A*02:06"), 1),
        ("A*02:01/02:06;A*01:01", ("A*01:01", "A*03:01"), 1),
        ("A*24:09N;A*01:01", ("A*01:01", "A*24:02"), 1),
        ("A*01:999;A*02:01", ("A*03:01", "A*11:01"), 0),
        ("A*01:01", ("A*03:01", "A*02:01"), 0),
        ("A*01:01;A*01:01", ("A*01:01", "A*02:01"), 1),
        ("A*01:01;A*02:01", ("A*01:01", "A*01:01"), 1),
        ("A*01:01;A*02:01", ("A*03:01", "A*03:01"), 0),
        ("hla_a_01_01_01;hla_a_24_09n", ("A*03:01", "A*11:01"), 0),
    ],
)  # fmt: skip
def test_other_alleles_are_told_with_how_many_agree(given, called, agreeing) -> None:
    found = discordant(sheet(given), calls(*called))
    assert found["agreeing"].tolist() == [agreeing]
    assert found["is_whole"].tolist() == [agreeing == 0]


def test_what_the_reads_cannot_tell_apart_agrees() -> None:
    assert discordant(
        sheet("A*02:06;A*01:01"), calls("A*02:01", "A*01:01", also_fits="HLA-A*02:06")
    ).empty
    new = f"its reads differ from it at 1 base of its exons: {MAY_BE_NEW}"
    assert discordant(sheet("A*02:06;A*01:01"), calls("A*02:01", "A*01:01", limits=new)).empty
    assert len(discordant(sheet("A*03:01;A*01:01"), calls("A*02:01", "A*01:01", limits=new)))
    faint = "a few reads are of HLA-A*02:06: contamination, or ..."
    assert discordant(sheet("A*02:06;A*01:01"), calls("A*01:01", "A*01:01", limits=faint)).empty


def test_a_call_that_is_not_confident_says_nothing_and_the_next_sample_speaks() -> None:
    types, other = sheet("A*01:01;A*02:01"), ("A*03:01", "A*11:01")
    doubtful = calls(*other, posterior=0.7)
    assert discordant(types, doubtful).empty
    untyped = calls(*other).assign(allele=None, posterior=np.nan)
    assert discordant(types, HLA_CALLS.conform(untyped, UNITS)).empty
    rna = calls(*other, sample="P1_R", role="tumour", assay="rna")
    found = discordant(types, doubtful, rna)
    assert found["sample"].tolist() == ["P1_R"]
    assert found["source"].tolist() == ["tumour RNA"]
    sure = calls("A*01:01", "A*02:01")
    assert discordant(types, sure, rna).empty


@pytest.mark.parametrize(("role", "assay"), [("tumour", "exome"), ("tumour", "rna")])
def test_an_allele_that_a_tumour_does_not_show_may_be_lost(role, assay) -> None:
    types = sheet("A*01:01;A*02:01")
    one = calls("A*01:01", "A*01:01", sample="T", role=role, assay=assay)
    assert discordant(types, one).empty
    other = calls("A*01:01", "A*03:01", sample="T", role=role, assay=assay)
    assert discordant(types, other)["agreeing"].tolist() == [1]


def test_alleles_that_a_step_called_are_not_compared() -> None:
    types = sheet("A*01:01;A*02:01").assign(source="normal exome")
    assert discordant(types, calls("A*03:01", "A*11:01")).empty
    provided = HLA_TYPES.conform(types.assign(source="my typer", written=""))
    assert len(discordant(provided, calls("A*03:01", "A*11:01"))) == 1


def test_a_gene_whose_alleles_are_not_the_patients_is_not_judged() -> None:
    counts = GeneCounts(np.array([9.0, 9.0]), np.array([9.0, 9.0]))
    genes = [Gene(name, ("x", "y"), counts, 1.0, "", ("old",)) for name in "ABC"]
    types = sheet("A*01:01;A*02:01;B*07:02;B*08:01;C*07:01;C*07:02")
    reads = calls("A*03:01", "A*11:01", "B*07:02", "B*15:01", "C*07:02", "C*07:01")
    found = discordant(types, reads).reset_index()
    whole, half, none = doubt_genes(genes, found)
    reads_tell = "the reads of P1_N (normal exome) tell"
    assert (
        whole.reason
        == f"the given alleles are not the patient's: {reads_tell} A*03:01 and A*11:01"
    )
    assert [gene.is_theirs for gene in (whole, half, none)] == [False, True, True]
    assert half.reason == ""
    doubt = f"the given alleles are doubtful: {reads_tell} B*07:02 and B*15:01"
    assert half.limits == ("old", doubt)
    assert none == genes[2]
    assert doubt_genes(genes, None) == genes


def test_a_gene_given_as_homozygous_that_is_not_the_patients_has_no_fate() -> None:
    row = dict.fromkeys(HLA_GENE_LOH.columns) | {
        "gene": "A", "call": "NA", "reason": "homozygous", "limits": "", "lost_allele": "",
        "allele_1": "HLA-A*01:01", "allele_2": "HLA-A*01:01",
        **dict.fromkeys(("normal_1", "normal_2", "tumour_1", "tumour_2"), 0),
    }  # fmt: skip
    types = sheet("A*01:01;A*01:01")
    for is_theirs, expected in ((True, False), (None, False), (False, None)):
        judged = HLA_GENE_LOH.conform(pd.DataFrame([row | {"is_theirs": is_theirs}]))
        (fate,) = hla_loh(judged, types, HlaLossParams())["is_lost"]
        assert (None if pd.isna(fate) else bool(fate)) is expected


NORMAL = ("A*01:01", "A*02:01", "B*07:02", "B*08:01", "C*07:01", "C*07:02")
OTHER = ("A*03:01", "A*24:02", "B*15:01", "B*15:01", "C*07:01", "C*04:01")


RELATIVE = ("A*01:01", "A*24:02", "B*07:02", "B*15:01", "C*07:01", "C*04:01")
NEW = f"its reads differ from it at 1 base of its exons: {MAY_BE_NEW}"


def parted(*tumour: str, **further) -> list[str]:
    """Return the reasons of three genes, the last of which has one already."""
    own = {"sample": "P1_T", "role": "tumour"} | further
    both = pd.concat([calls(*NORMAL), calls(*tumour, **own)])
    none = GeneCounts(np.zeros(2), np.zeros(2))
    genes = [Gene(name, ("", ""), none, 1.0, "", ()) for name in "AB"]
    genes.append(Gene("C", ("", ""), none, 1.0, "homozygous", ()))
    return [gene.reason for gene in part_persons(genes, both, 0.8)]


def test_no_gene_is_judged_of_a_tumour_whose_reads_tell_another_person():
    told = (
        "the tumour's reads tell A*03:01 and A*24:02, B*15:01, C*04:01 and the normal's do "
        "not: the samples may be of two persons"
    )
    assert parted(*OTHER) == [told, told, "homozygous"]
    assert part_persons([], None, 0.8) == []


@pytest.mark.parametrize(
    "tumour", [RELATIVE, (*RELATIVE[:4], *NORMAL[4:]), (*NORMAL[:2], "B*15:01", "B*15:01",
                                                        "C*07:02", "C*04:01")]
)  # fmt: skip
def test_a_tumour_with_alleles_that_its_normal_lacks_is_of_a_relative(tumour):
    """They share a haplotype; the other one would pass for lost."""
    first, second, _ = parted(*tumour)
    assert first == second
    strangers = [name for name in dict.fromkeys(tumour) if name not in NORMAL]
    told = (
        f"the tumour's reads tell {', '.join(strangers)} and the normal's do not: the samples "
    )
    assert first == f"{told}may be of two persons"


def test_strangers_that_are_doubtful_count_if_no_allele_is_common():
    assert parted(*OTHER, limits=NEW)[0] != ""
    assert parted(*RELATIVE, limits="posterior below 0.99")[0] == ""
    names = {"also_fits": "HLA-A*01:01;HLA-B*08:01"}
    assert parted("A*01:32", "A*02:01", "B*07:02", "B*15:01", *NORMAL[4:], **names)[0] == ""


@pytest.mark.parametrize(
    ("tumour", "further"),
    [
        (("A*02:01", "A*02:01", "B*07:02", "B*07:02", "C*07:01", "C*07:01"), {}),
        ((*OTHER[:2], *NORMAL[2:]), {}),
        ((*NORMAL[:2], "B*07:02", "B*15:01", *NORMAL[4:]), {}),
        (RELATIVE, {"limits": NEW}),
        (("A*01:01", "A*02:01N", "B*07:02L", "B*08:01", *NORMAL[4:]), {}),
        (OTHER, {"posterior": 0.7}),
        (OTHER, {"assay": "rna"}),
        (OTHER, {"role": "normal"}),
    ],
    ids=[
        "lost",
        "one gene",
        "one allele",
        "new alleles",
        "suffix",
        "doubtful",
        "RNA",
        "two normals",
    ],
)
def test_a_tumour_that_may_be_of_the_same_person_is_judged(tumour, further):
    assert parted(*tumour, **further) == ["", "", "homozygous"]
