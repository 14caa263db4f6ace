"""Karyotypes hold what their plan says, and cover the genome without gaps."""

import itertools

import numpy as np
import pytest

from storiform.model.genome import LENGTHS
from storiform.simulation.karyotypes import Plan, draw_karyotype


def copies(karyotype):
    genes = karyotype.genes().set_index("gene")
    return genes["total_least"], genes["total_most"], genes["minor"]


@pytest.mark.parametrize(
    ("kind", "is_doubled", "sex"),
    [
        *itertools.product(
            ("quiet", "liposarcoma", "complex"), (False, True), ("female", "male")
        )
    ],
)
def test_segments_cover_every_chromosome_once(kind, is_doubled, sex):
    plan = Plan(kind, is_doubled, "both", "homozygous", sex)
    table = draw_karyotype(plan, np.random.default_rng(1)).segments
    for contig, length in LENGTHS["GRCh38"].items():
        mine = table[table["contig"] == contig]
        assert mine["start"].iloc[0] == 0
        assert mine["end"].iloc[-1] == length
        assert (mine["start"].to_numpy()[1:] == mine["end"].to_numpy()[:-1]).all()
    assert (table["minor"] <= table["major"]).all()
    assert (table["ccf"].between(0.3, 1)).all()


def test_amplicons_hold_the_genes_that_they_are_said_to():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        for amplicon in ("both", "mdm2", "broad", "none"):
            least, most, _ = copies(draw_karyotype(Plan("quiet", amplicon=amplicon), rng))
            assert (least["MDM2"] >= 8) == (amplicon in {"both", "mdm2"})
            assert (least["CDK4"] >= 8) == (amplicon == "both")
            assert most["CDK4"] <= 5 or amplicon == "both"


@pytest.mark.parametrize("is_doubled", [False, True])
def test_deletions_take_the_whole_gene_or_spare_it(is_doubled):
    sizes = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        for deletion in ("homozygous", "loss", "loh", "neighbour"):
            made = draw_karyotype(Plan("quiet", is_doubled, deletion=deletion), rng)
            least, most, minor = copies(made)
            assert (most["CDKN2A"] == 0) == (deletion == "homozygous")
            assert (least["CDKN2A"] == 0) == (deletion == "homozygous")
            assert minor["CDKN2A"] == 0
            if deletion == "homozygous":
                table = made.segments[(made.segments["contig"] == "chr9") & (made.total == 0)]
                sizes.append(int((table["end"] - table["start"]).iloc[0]))
    assert 55_000 < min(sizes) < 150_000
    assert 1_500_000 < max(sizes) <= 3_000_000


def test_doubled_genomes_say_so_and_have_twice_the_copies():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        single = draw_karyotype(Plan("complex", is_doubled=False), rng)
        double = draw_karyotype(Plan("complex", is_doubled=True), rng)
        assert (single.is_doubled, double.is_doubled) == (False, True)
        assert 1.6 < single.ploidy < 2.7
        assert 2.8 < double.ploidy < 4.4


def test_a_subclone_leaves_the_other_cells_as_they_were():
    found = 0
    for seed in range(30):
        made = draw_karyotype(Plan("complex"), np.random.default_rng(seed))
        table = made.segments
        is_part = (table["ccf"] < 1).to_numpy()
        found += int(is_part.sum())
        rest = (table["rest_major"] + table["rest_minor"]).to_numpy()
        whole = (table["major"] + table["minor"]).to_numpy()
        assert (made.total[~is_part] == whole[~is_part]).all()
        between = (made.total - np.minimum(rest, whole)) <= np.abs(rest - whole) + 1e-9
        assert between.all()
    assert found > 50


def test_a_smaller_genome_has_as_dense_events():
    counts = {}
    for name, contigs in (("whole", Plan("complex").contigs), ("part", ("chr9", "chr12"))):
        plan = Plan("complex", contigs=contigs)
        made = [draw_karyotype(plan, np.random.default_rng(seed)) for seed in range(40)]
        bases = sum(LENGTHS["GRCh38"][c] for c in contigs)
        counts[name] = np.mean([len(k.segments) - len(contigs) for k in made]) / bases
    assert counts["part"] == pytest.approx(counts["whole"], rel=0.35)
