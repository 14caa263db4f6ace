"""Callable bases of tumour and normal, and what is asked of targets."""

import numpy as np
import pandas as pd
import pytest
from small_exome import TARGETS, batches_of, run, write_exome

from storiform.biomarkers.callability import (
    CallabilityParams,
    callability,
    callable_bases,
    gene_callability,
    pileup,
)
from storiform.model.errors import DataWarning, InputError
from storiform.model.intervals import GeneModel, Intervals
from storiform.model.step import Step
from storiform.model.tables.reads import CALLABILITY, CALLABLE_BASES, GENE_CALLABILITY

PARAMS = CallabilityParams()


@pytest.fixture(scope="module")
def exome(tmp_path_factory):
    return write_exome(tmp_path_factory.mktemp("exome") / "reads.bam", seed=1, pairs=300)


def intervals(**roles):
    """Return the callable intervals of roles, each a list of (contig, start, end)."""
    rows = [(role, *place) for role, places in roles.items() for place in places]
    found = pd.DataFrame(rows, columns=["role", "contig", "start", "end"])
    return found.assign(patient="P", sample="S", assay="exome", depth_sum=0, min_depth=8)


def samples(*roles, assay="exome"):
    return pd.DataFrame({"role": list(roles), "assay": assay})


TUMOUR = [("chr1", 100, 200), ("chr2", 0, 50)]
NORMAL = [("chr1", 150, 300), ("chr3", 0, 50)]


def test_callable_bases_are_those_of_tumour_and_normal():
    found = callable_bases(intervals(tumour=TUMOUR, normal=NORMAL), samples("tumour", "normal"))
    rows = CALLABLE_BASES.conform(found)
    assert [tuple(row) for row in rows.itertuples(index=False)] == [("chr1", 150, 200)]


def test_without_a_normal_the_tumour_decides_alone():
    found = callable_bases(intervals(tumour=TUMOUR), samples("tumour"))
    assert CALLABLE_BASES.conform(found)["end"].tolist() == [200, 50]


def test_a_normal_without_a_callable_base_leaves_none():
    found = callable_bases(intervals(tumour=TUMOUR), samples("tumour", "normal"))
    assert len(CALLABLE_BASES.conform(found)) == 0
    of_rna = pd.concat([samples("tumour"), samples("normal", assay="rna")])
    assert len(callable_bases(intervals(tumour=TUMOUR), of_rna)) == 2


GENES = GeneModel(
    coding=Intervals.of([("chr1", 120, 160), ("chr1", 190, 210)]),
    genes=pd.DataFrame({"gene_id": ["ENSG1.2", "ENSG2.1", "ENSG3.1"], "gene": ["A", "B", "C"]}),
    coding_exons=pd.DataFrame(
        [("ENSG1.2", "chr1", 120, 160), ("ENSG1.2", "chr1", 190, 210),
         ("ENSG2.1", "chr1", 155, 160), ("ENSG3.1", "chr1", 990, 999)],
        columns=["gene_id", "contig", "start", "end"],
    ),
)  # fmt: skip


def test_callability_counts_targets_and_coding_bases():
    rows = intervals(tumour=TUMOUR, normal=NORMAL)
    both = samples("tumour", "normal")
    targets = Intervals.of([("chr1", 0, 205), ("chr2", 0, 50)])
    joint = callable_bases(rows, both)
    found = callability(rows, joint, both, targets, GENES, PARAMS)
    assert CALLABILITY.conform(found).iloc[0].tolist() == [
        255, 150, 200, 50, 55, 20, 14, 8,
    ]  # fmt: skip
    alone = callability(rows, joint, samples("tumour"), targets, None, PARAMS)
    row = CALLABILITY.conform(alone).iloc[0]
    assert row[["normal_callable", "coding_bases", "callable_coding"]].isna().all()


def test_a_biopsy_without_a_tumour_exome_has_no_callability():
    rows = intervals(normal=NORMAL)
    only = samples("normal")
    joint = callable_bases(rows, only)
    assert joint.empty
    targets = Intervals.of([("chr1", 0, 205)])
    found = callability(rows, joint, only, targets, None, PARAMS)
    assert CALLABILITY.conform(found).empty
    assert GENE_CALLABILITY.conform(gene_callability(joint, found, targets, GENES)).empty


ROW = pd.DataFrame({"callable_bases": [50]})
"""A biopsy whose tumour has reads."""


def test_genes_have_the_coding_bases_that_are_in_the_targets():
    targets = Intervals.of([("chr1", 0, 205)])
    joint = pd.DataFrame({"contig": ["chr1"], "start": [150], "end": [200]})
    found = GENE_CALLABILITY.conform(gene_callability(joint, ROW, targets, GENES))
    assert [tuple(row) for row in found.itertuples(index=False)] == [
        ("ENSG1", "A", 55, 20),
        ("ENSG2", "B", 5, 5),
    ]


def test_the_depth_that_is_asked_for_is_that_of_the_role(exome):
    params = CallabilityParams(min_tumour_depth=5, min_normal_depth=2)
    tumour = run(pileup(TARGETS, None, params), exome)[2]
    normal = run(pileup(TARGETS, None, params), exome, role="normal")[2]
    assert (set(tumour["min_depth"]), set(normal["min_depth"])) == ({5}, {2})
    lengths = [(rows["end"] - rows["start"]).sum() for rows in (tumour, normal)]
    assert 0 < lengths[0] < lengths[1]


def test_duplicates_count_only_where_they_are_kept(exome):
    left_out, included = (
        CallabilityParams(min_tumour_depth=4, keep_duplicates=keep) for keep in (False, True)
    )
    plain = run(pileup(TARGETS, None, left_out), exome)[0]
    kept = run(pileup(TARGETS, None, included), exome)[0]
    assert kept["callable_bases"].sum() > plain["callable_bases"].sum()
    assert kept["depth_sum"].equals(plain["depth_sum"])


def test_every_target_has_a_row_and_every_base_a_depth(exome):
    far = Intervals.of([("chr1", 100, 200), ("chr7", 5, 25)])
    collector = pileup(far, None, PARAMS)
    with pytest.warns(DataWarning, match="1 contigs that the reads do not have: chr7"):
        found = run(collector, exome)
    assert found[0]["depth_sum"].tolist()[1:] == [0]
    assert found[1]["bases"].sum() == 120


def test_depth_is_by_the_rule_that_is_asked_for_and_callable_bases_are_not(exome):
    rules = ("mates_once", "as_mosdepth", "as_mosdepth_fast")
    found = [run(pileup(TARGETS, None, CallabilityParams(depth_rule=r)), exome) for r in rules]
    once, short, fast = (tables[0]["depth_sum"].sum() for tables in found)
    assert short < once < fast
    for tables in found:
        by_depth = tables[1]["depth"] * tables[1]["bases"]
        assert by_depth.sum() == tables[0]["depth_sum"].sum()
        for mine, others in zip(tables[2:], found[0][2:], strict=True):
            pd.testing.assert_frame_equal(mine, others)


class Genome:
    """A reference of one base."""

    def __init__(self, **contigs):
        self.contigs = contigs

    def pieces(self, contig, starts, ends):
        """Return the bases of intervals, one after another."""
        assert contig == "chr2"
        return np.full(int((ends - starts).sum()), ord("T"), dtype=np.uint8)


def test_other_bases_than_the_reference_are_listed_in_normal_exomes_only(exome):
    # of chr1 the reference says nothing: it has another contig of 6,000 bases
    genome = Genome(chr2=900, chr9=6_000)
    normal = run(pileup(TARGETS, genome, PARAMS), exome, role="normal")[4]
    assert set(normal["contig"]) == {"chr2"}
    assert (normal[["a", "c", "g"]].max(axis=1) >= normal["t"]).all()
    assert (normal[["a", "c", "g", "t"]].sum(axis=1) >= PARAMS.min_site_depth).all()
    assert run(pileup(TARGETS, genome, PARAMS), exome)[4].empty
    assert run(pileup(TARGETS, genome, PARAMS), exome, role="normal", assay="rna")[4].empty
    header, _ = batches_of(exome, role="normal")
    with pytest.raises(InputError, match=r"resources.fasta: found chr2 of 901 bases"):
        pileup(TARGETS, Genome(chr2=901), PARAMS).begin(header)


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (Intervals.of([("chr8", 5, 25)]), "found contigs such as chr8"),
        (Intervals.of([("chr1", 5, 9_000)]), "a target on chr1 that ends at 9000"),
    ],
)
def test_targets_of_another_genome_are_refused(exome, targets, says):
    header, _ = batches_of(exome)
    with pytest.raises(InputError, match=says):
        pileup(targets, None, PARAMS).begin(header)


def test_its_steps_have_contracts():
    steps = [Step.of(s) for s in (pileup, callable_bases, callability, gene_callability)]
    assert [step.grain for step in steps] == ["sample", "biopsy", "biopsy", "biopsy"]
