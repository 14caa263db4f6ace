"""One person's files are the same in any build, two persons' not; bad ones stop nothing."""

import numpy as np
import pandas as pd
import pysam
import pytest
from click.testing import CliRunner

from storiform.biomarkers.identity import IdentityParams
from storiform.cli.main import group
from storiform.engine.compare import compare_files

LENGTH, STEP, READ, DEPTH = 24_000, 48, 80, 26
PLACES = np.arange(40, LENGTH - 40, STEP)
BUILDS = {
    "GRCh38": (("chr1", 248956422, 1_000_000), ("chr2", 242193529, 2_000_000)),
    "GRCh37": (("1", 249250621, 1_051_234), ("5", 180915260, 700_777)),
    "": (("3", 90_000, 5_000), ("chr7", 80_000, 44_321)),
}
"""Contigs, lengths and shifts in which the same bases lie."""


class World:
    """Two stretches of bases with places where people differ, and people."""

    def __init__(self, seed):
        self.draws = np.random.default_rng(seed)
        self.bases = self.draws.integers(0, 4, (2, LENGTH))
        self.other = (self.bases[:, PLACES] + self.draws.integers(1, 4, (2, len(PLACES)))) % 4
        self.frequencies = self.draws.beta(0.6, 1.0, (2, len(PLACES)))

    def person(self):
        """Return two haplotypes of both stretches (2, 2, bases)."""
        found = []
        for _ in range(2):
            bases = self.bases.copy()
            has_other = self.draws.random(self.other.shape) < self.frequencies
            bases[:, PLACES] = np.where(has_other, self.other, bases[:, PLACES])
            found.append(bases)
        return np.stack(found)

    def write(self, path, person, build, *, spliced=False, contaminant=None, by=0.0):
        """Sequence a person, with some reads of a contaminant, into a sorted BAM."""
        contigs = BUILDS[build]
        header = {
            "HD": {"VN": "1.6", "SO": "coordinate"},
            "SQ": [{"SN": name, "LN": length} for name, length, _ in contigs],
            "RG": [{"ID": "1", "SM": path.stem}],
        }
        count = LENGTH * DEPTH // READ
        span = READ + (400 if spliced else 0)
        with pysam.AlignmentFile(path, "wb", header=header) as file:
            for contig, (_, _, shift) in enumerate(contigs):
                starts = np.sort(self.draws.integers(0, LENGTH - span, count))
                for number, start in enumerate(starts.tolist()):
                    is_foreign = self.draws.random() < by
                    owner = contaminant if is_foreign else person
                    bases = owner[self.draws.integers(2), contig]
                    half = READ // 2
                    far = start + span - half
                    pieces = bases[start : start + half], bases[far : far + half]
                    read = pysam.AlignedSegment(file.header)
                    read.query_name = f"{contig}-{number}"
                    read.query_sequence = "".join("ACGT"[k] for k in np.concatenate(pieces))
                    read.query_qualities = pysam.qualitystring_to_array("I" * READ)
                    read.reference_id, read.reference_start = contig, start + shift
                    read.mapping_quality = 60
                    gap = f"{half}M{span - READ}N{half}M"
                    read.cigarstring = gap if spliced else f"{READ}M"
                    file.write(read)
        pysam.index(str(path))
        return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return files of two persons in several builds, by name."""
    folder, world = tmp_path_factory.mktemp("builds"), World(5)
    one, two = world.person(), world.person()
    return {
        "one_38": world.write(folder / "one_38.bam", one, "GRCh38"),
        "one_37": world.write(folder / "one_37.bam", one, "GRCh37"),
        "one_other": world.write(folder / "one_other.bam", one, ""),
        "two_38": world.write(folder / "two_38.bam", two, "GRCh38"),
        "two_37": world.write(folder / "two_37.bam", two, "GRCh37"),
        "two_rna": world.write(folder / "two_rna.bam", two, "GRCh37", spliced=True),
        "mixed": world.write(folder / "mixed.bam", one, "GRCh38", contaminant=two, by=0.2),
    }


def compared(files, *names, **params):
    found = compare_files([files[name] for name in names], None, IdentityParams(**params))
    assert found.faults == ()
    return found.pairs.set_index(["file_1", "file_2"])


def test_one_person_is_one_in_all_builds_and_another_in_none(files):
    names = ("one_38", "one_37", "one_other", "two_38", "two_37", "two_rna")
    pairs = compared(files, *names)
    assert len(pairs) == 15
    for (one, two), row in pairs.iterrows():
        expected = "same" if one[:3] == two[:3] else "different"
        assert row["found"] == expected, (one, two, row.to_dict())
        assert row["sites"] > 100
    row = pairs.loc[("one_38.bam", "one_37.bam")]
    assert (row["build_1"], row["build_2"]) == ("GRCh38", "GRCh37")
    assert row["shared"] >= 0.97 * row["sites"]
    assert row["log_likelihood_ratio"] > 50
    assert pairs.loc[("one_38.bam", "one_other.bam"), "build_2"] == "unknown"
    assert pairs.loc[("two_37.bam", "two_rna.bam"), "kind_2"] == "RNA"
    assert set(pairs["kind_1"]) == {"DNA"}


def test_a_pair_is_judged_the_same_whichever_other_files_are_given(files):
    alone = compared(files, "one_38", "two_37")
    among = compared(files, "one_37", "one_38", "two_38", "two_37")
    pair = ("one_38.bam", "two_37.bam")
    pd.testing.assert_series_equal(alone.loc[pair], among.loc[pair])


def test_a_mixture_is_its_main_person_and_never_the_other(files):
    pairs = compared(files, "mixed", "one_37", "two_37")
    assert pairs.loc[("mixed.bam", "one_37.bam"), "found"] == "same"
    assert pairs.loc[("mixed.bam", "two_37.bam"), "found"] != "same"


def test_too_few_places_are_undecided(files):
    pairs = compared(files, "one_38", "one_37", min_sites=5_000)
    assert pairs["found"].tolist() == ["undecided"]


def test_a_bad_file_is_told_once_and_the_others_are_compared(files, tmp_path):
    text = tmp_path / "letter.bam"
    text.write_text("Dear reader")
    cut = tmp_path / "cut.bam"
    cut.write_bytes(files["two_38"].read_bytes()[:40_000])
    given = [files["one_38"], text, files["one_37"], tmp_path / "absent.bam", cut]
    arguments = ["identity", *map(str, given), "--out", str(tmp_path / "found")]
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 2
    errors = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert len(errors) == 3
    for name in ("letter.bam", "absent.bam", "cut.bam"):
        assert sum(name in line for line in errors) == 1
    table = pd.read_csv(tmp_path / "found" / "identity.tsv", sep="\t")
    assert table[["file_1", "file_2", "found"]].to_numpy().tolist() == [
        ["one_38.bam", "one_37.bam", "same"]
    ]
    assert "GRCh38" in result.output


def test_the_command_ends_well_where_all_can_be_read(files):
    result = CliRunner().invoke(group, ["identity", str(files["one_38"]), str(files["two_37"])])
    assert result.exit_code == 0, result.output
    assert "different" in result.output


def test_one_file_alone_is_nothing_to_compare(files):
    result = CliRunner().invoke(group, ["identity", str(files["one_38"])])
    assert result.exit_code == 2
    assert "give at least two files" in result.output


def test_files_of_one_name_are_told_by_their_paths(files, tmp_path):
    twin = tmp_path / "one_38.bam"
    twin.write_bytes(files["two_38"].read_bytes())
    found = compare_files([files["one_38"], twin], None, IdentityParams())
    assert found.pairs.iloc[0][["file_1", "file_2", "found"]].tolist() == [
        str(files["one_38"]), str(twin), "different",
    ]  # fmt: skip


def test_real_files_of_one_locus_are_not_judged(real_data):
    """The GRCh37 files of the osteosarcoma hold one gene, of which GRCh38 has RNA alone.

    The tumour shows two alleles at one place of it, the known mutation of NR2F2; that place
    is seen by GRCh38 files with one allele alone. That is too little for any verdict, and no
    file is said to be of the patient of HCC1395 either.
    """
    folder = real_data / "osteosarcoma_cc0"
    names = ["dna_tumor.T0.grch37", "rna.T0_cegat.grch37", "rna.T1_ucla.grch38"]
    paths = [folder / f"{name}.bam" for name in names]
    paths.append(real_data / "hcc1395" / "rna_hcc1395.grch37.bam")
    found = compare_files(paths, None, IdentityParams())
    assert found.faults == ()
    pairs = found.pairs
    assert set(pairs["found"]) == {"undecided"}
    across = pairs[pairs["build_1"] != pairs["build_2"]]
    assert len(across) == 3
    assert across["shared"].tolist() == [0, 0, 0]
    own = pairs[pairs["file_2"] == "rna.T0_cegat.grch37.bam"].iloc[0]
    assert (own["kind_1"], own["kind_2"]) == ("DNA", "RNA")
