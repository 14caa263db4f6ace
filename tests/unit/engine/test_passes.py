"""How often a file of reads is read, and what its collectors depend on."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import pysam
import pytest

from storiform.engine.fingerprint import FileIds
from storiform.engine.graph import in_order
from storiform.engine.passes import (
    has_reads,
    pass_numbers,
    refuse_copies,
    scan_payload,
    scan_recipe,
)
from storiform.engine.weave import Threads, weave
from storiform.model.cohort import Cohort, Sample
from storiform.model.errors import SheetError
from storiform.model.reads import Collector, Scan
from storiform.model.step import Step
from storiform.model.table import Column, Grain, Table


def contract(name: str, grain: Grain = "sample") -> Table:
    """Return a contract with one column."""
    return Table(name, grain, {"x": Column("int", "x")})


DEPTH, SITES, ALLELES, AGAIN = (contract(n) for n in ("depth", "found", "alleles", "again"))
GERMLINE = contract("germline", "patient")


def depth() -> Annotated[Collector, Scan(DEPTH)]:
    """Learn from every sample."""
    raise NotImplementedError


def found() -> Annotated[Collector, Scan(SITES, roles=("normal",))]:
    """Learn from normals."""
    raise NotImplementedError


def germline(found: Annotated[pd.DataFrame, SITES]) -> Annotated[pd.DataFrame, GERMLINE]:
    """Choose sites."""
    return found


def alleles(
    germline: Annotated[pd.DataFrame, GERMLINE],
) -> Annotated[Collector, Scan(ALLELES, roles=("tumour",))]:
    """Learn from tumours what was found in normals."""
    raise NotImplementedError


def again(
    alleles: Annotated[pd.DataFrame, ALLELES],
) -> Annotated[Collector, Scan(AGAIN)]:
    """Learn from all samples what was found in tumours."""
    raise NotImplementedError


def test_tables_of_the_normal_cost_the_tumour_no_second_pass() -> None:
    steps = in_order([Step.of(f) for f in (alleles, depth, germline, found)])
    assert pass_numbers(steps) == {
        ("depth", "tumour"): 0,
        ("depth", "normal"): 0,
        ("found", "normal"): 0,
        ("alleles", "tumour"): 0,
    }


def test_a_table_of_the_same_role_puts_a_collector_into_the_next_pass() -> None:
    steps = in_order([Step.of(f) for f in (again, alleles, depth, germline, found)])
    numbers = pass_numbers(steps)
    assert numbers["again", "tumour"] == 1
    assert numbers["again", "normal"] == 1, "the tumour's alleles stand on the normal's pass"


def sample(folder: Path, **files: str) -> Sample:
    """Return a sample with files that exist."""
    for name in files.values():
        (folder / name).write_bytes(name.encode())
    paths = {column: folder / name for column, name in files.items()}
    return Sample("S1", "P1", None, "normal", "exome", paths)


def test_index_and_reference_are_no_part_of_the_fingerprint(tmp_path: Path) -> None:
    plain = sample(tmp_path, bam="a.bam")
    indexed = sample(tmp_path, bam="a.bam", bai="a.bai")
    ids = FileIds(None)
    assert has_reads(plain)
    assert scan_recipe(plain, "GRCh38", ids) == scan_recipe(indexed, "GRCh38", ids)
    assert scan_payload(indexed, Path("genome.fa"))["index"].endswith("a.bai")
    assert scan_payload(plain, None)["reference"] == ""
    other = sample(tmp_path, bam="b.bam")
    assert scan_recipe(other, "GRCh38", ids) != scan_recipe(plain, "GRCh38", ids)
    assert not has_reads(sample(tmp_path, vcf="a.vcf"))


def cohort_of(*samples: Sample) -> Cohort:
    """Return a cohort of samples alone."""
    return Cohort(samples, (), ())


def test_a_copy_of_another_samples_reads_is_refused(tmp_path: Path) -> None:
    """A tumour compared with itself would look like a quiet one."""
    one = sample(tmp_path, bam="a.bam")
    two = replace(sample(tmp_path, bam="b.bam"), name="S2")
    refuse_copies(cohort_of(one, two), FileIds(None))
    (tmp_path / "b.bam").write_bytes((tmp_path / "a.bam").read_bytes())
    with pytest.raises(SheetError, match=r"b\.bam of S2 with the same content as a\.bam of S1"):
        refuse_copies(cohort_of(one, two), FileIds(None))


FRAGMENTS, SPANS = contract("fragments"), contract("spans")


def fragments() -> Annotated[
    Collector, Scan(FRAGMENTS, assays=("rna",), roles=("tumour",), needs_order=False)
]:
    """Count what needs no order."""
    raise NotImplementedError


def spans() -> Annotated[Collector, Scan(SPANS, assays=("rna",), roles=("tumour",))]:
    """Learn what needs the order."""
    raise NotImplementedError


def test_rna_sorted_by_name_is_left_out_of_what_needs_the_order_alone(tmp_path: Path) -> None:
    samples = []
    for name, order in (("R1", "coordinate"), ("R2", "queryname")):
        path = tmp_path / f"{name}.bam"
        header = {"HD": {"VN": "1.6", "SO": order}, "SQ": [{"SN": "chr1", "LN": 1000}]}
        pysam.AlignmentFile(str(path), "wb", header=header).close()
        samples.append(Sample(name, name, name, "tumour", "rna", {"bam": path}))
    steps = (Step.of(fragments), Step.of(spans))
    graph = weave(Threads(steps, cohort_of(*samples), {}, {}, {}, FileIds(None), ()))
    assert sorted((node.step, node.unit) for node in graph.nodes) == [
        ("fragments", "R1"),
        ("fragments", "R2"),
        ("spans", "R1"),
    ]
    (gone,) = graph.left_out
    assert (gone.step, gone.unit) == ("spans", "R2")
    assert "sorted by name" in gone.reason
