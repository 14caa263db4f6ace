"""Files of copy number, damaged in any way: read, or refused with a message."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.coverage import read_coverage
from storiform.io.fit_files import read_fit
from storiform.io.gene_places import read_chromosome_arms, read_gene_places
from storiform.io.panel import read_panel
from storiform.io.ratio_files import read_ratios
from storiform.io.segment_files import read_segments
from storiform.io.snp_files import read_snps
from storiform.io.sources import SourceUnit
from storiform.model.errors import DataWarning, InputError

CNN = (
    b"chromosome\tstart\tend\tgene\tdepth\tlog2\n1\t0\t90\tA\t7.5\t2.9\n1\t90\t190\t-\t0\t-20\n"
)
CNR = (
    CNN.replace(b"log2\n", b"log2\tweight\n")
    .replace(b"2.9\n", b".9\t.8\n")
    .replace(b"-20\n", b"-2\t.1\n")
)
VCF = (
    b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tN1\tT1\n"
    b"1\t5\t.\tA\tG\t.\t.\t.\tAD:DP:AF\t5,6:11:.5\t7,8:15:.5\n"
)
SEQZ = (
    b"chromosome\tposition\tdepth.normal\tdepth.tumor\tAf\tBf\tzygosity.normal\tgood.reads\n"
    b"1\t5\t20\t30\t0.6\t0.4\thet\t25\n"
)
FILES: dict[str, tuple[str, Callable[[SourceUnit], pd.DataFrame], bytes]] = {
    "cnn": ("coverage", read_coverage, CNN),
    "purecn": ("coverage", read_coverage,
               b"Target total_coverage average_coverage on_target\nchr1:5-9 40 8 TRUE\n"),
    "pileup": ("snps", read_snps,
               b"Chromosome,Position,Ref,Alt,File1R,File1A,File2R,File2A\n1,5,N,N,9,8,7,6\n"),
    "seqz": ("snps", read_snps, SEQZ),
    "vcf": ("snps", read_snps, VCF),
    "cnr": ("ratios", read_ratios, CNR),
    "seg": ("segments", read_segments,
            b"ID\tchrom\tloc.start\tloc.end\tnum.mark\tseg.mean\nT1\t1\t5\t90\t3\t.5\n"),
    "ascat": ("segments", read_segments,
              b"sample\tchr\tstartpos\tendpos\tnMajor\tnMinor\nT1\t1\t5\t90\t3\t1\n"),
    "fit": ("purity_fit", read_fit, b"sample\tpurity\tploidy\twgd\nT1\t.5\t2.1\tTRUE\n"),
    "text": ("purity_fit", read_fit, b"# Purity = 0.5\n# Ploidy = 2.1\n"),
    "panel": ("panel", lambda unit: read_panel(unit.files["panel"]),
              b"contig\tstart\tend\tis_target\tgc\tlog2\tspread\n1\t0\t9\tTrue\t.4\t0\t.1\n"),
    "genes": ("genes", lambda unit: read_gene_places(unit.files["genes"]),
              b"gene\tcontig\tstart\tend\tcytoband\nA\t1\t0\t9\t1p1\n"),
    "arms": ("arms", lambda unit: read_chromosome_arms(unit.files["arms"]),
             b"contig\tarm\tstart\tend\n1\tp\t0\t9\n"),
}  # fmt: skip
PIECES = st.sampled_from(
    [
        b"",
        b"\t",
        b"\n",
        b"\r",
        b",",
        b";",
        b'"',
        b"-1",
        b"NA",
        b"1e9",
        b"\0",
        b"\xff",
        b"chr",
        b"#",
    ]
)


def read(name: str, content: bytes) -> pd.DataFrame | None:
    """Return what a reader makes of a content, None where it refuses it."""
    column, reader, _ = FILES[name]
    samples = {"tumour_exome": "T1", "normal_exome": "N1"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.txt"
        path.write_bytes(content)
        unit = SourceUnit("B1", "P1", {column: path}, samples, "GRCh38", {})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            try:
                return reader(unit)
            except InputError as error:
                assert "file.txt" in str(error)  # noqa: PT017  a refusal is one of two good ends
                return None


@pytest.mark.parametrize("name", sorted(FILES))
def test_the_sound_file_is_read_with_any_line_end(name: str) -> None:
    sound = FILES[name][2]
    first = read(name, sound)
    assert first is not None
    assert len(first)
    for end in (b"\r\n", b"\r"):
        if name == "vcf" and end == b"\r":
            continue  # cyvcf2's kin write none
        other = read(name, sound.replace(b"\n", end))
        assert other is not None
        pd.testing.assert_frame_equal(first, other)


@pytest.mark.parametrize("name", sorted(FILES))
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_with_its_name(
    name: str, data: st.DataObject
) -> None:
    content = FILES[name][2]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 12))
        content = content[:at] + data.draw(PIECES) + content[at + cut :]
    read(name, content)
