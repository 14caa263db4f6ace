"""A CRAM gives the same records as the BAM from which it was written."""

import contextlib
import gzip
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pysam
import pytest

from storiform.io.read_files import inspect_reads, open_reads
from storiform.model.errors import DataWarning, InputError
from storiform.model.reads import MIXED, UNPLACED, Chunk, ReadFile

LENGTHS = {"chr1": 9_000, "chr2": 5_000}
Row = tuple[str, int, int, int]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the same reads as BAM and CRAM, with indexes, and their FASTA."""
    folder = tmp_path_factory.mktemp("cram")
    rng = np.random.default_rng(2)
    bases = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in LENGTHS.items()}
    (folder / "genome.fa").write_text("".join(f">{n}\n{text}\n" for n, text in bases.items()))
    pysam.faidx(str(folder / "genome.fa"))
    header = pysam.AlignmentHeader.from_dict({
        "HD": {"VN": "1.6", "SO": "coordinate"},
        "SQ": [{"SN": name, "LN": length} for name, length in LENGTHS.items()],
        "RG": [{"ID": "1", "SM": "P01"}],
    })  # fmt: skip
    reads = []
    for number in range(600):
        name = "chr1" if number < 400 else "chr2"
        start = int(rng.integers(0, LENGTHS[name] - 60))
        read = pysam.AlignedSegment(header)
        read.query_name, read.flag, read.mapping_quality = f"r{number}", 0, 60
        read.query_sequence = bases[name][start : start + 50]
        read.query_qualities = rng.integers(2, 40, 50).astype(np.uint8)
        read.cigarstring, read.reference_start = "50M", start
        read.reference_id = header.get_tid(name)
        reads.append(read)
    reads.sort(key=lambda read: (read.reference_id, read.reference_start))
    lost = pysam.AlignedSegment(header)
    lost.query_name, lost.flag, lost.query_sequence = "lost", 4, "ACGTA"
    write(folder / "reads.bam", header, [*reads, lost])
    write(folder / "reads.cram", header, [*reads, lost], fasta=folder / "genome.fa")
    write(folder / "whole.cram", header, [*reads, lost], options=[b"no_ref=1"])
    return folder


def write(
    path: Path,
    header: pysam.AlignmentHeader,
    reads: list[pysam.AlignedSegment],
    fasta: Path | None = None,
    options: list[bytes] | None = None,
) -> None:
    reference = None if fasta is None else str(fasta)
    mode = "wb" if path.suffix == ".bam" else "wc"
    given = {"reference_filename": reference, "format_options": options}
    with pysam.AlignmentFile(str(path), mode, header=header, **given) as file:
        for read in reads:
            file.write(read)
    pysam.index(str(path))


@pytest.fixture
def moved(made: Path, tmp_path: Path) -> Path:
    """Return a copy of the CRAM whose header does not tell where the FASTA lies."""
    return moved_with(made, tmp_path, "")


def moved_with(made: Path, folder: Path, address: str) -> Path:
    """Copy the CRAM and write another address of the FASTA into its header."""
    path = folder / "reads.cram"
    path.write_bytes((made / "reads.cram").read_bytes())
    text = pysam.AlignmentFile(str(path), "rc", check_sq=False).text
    without = folder / "header.sam"
    lines = [
        line.split("\tUR:")[0] + (address if line.startswith("@SQ") else "")
        for line in text.splitlines()
    ]
    without.write_text("\n".join(lines) + "\n")
    pysam.reheader("-i", str(without), str(path), catch_stdout=False)
    pysam.index(str(path))
    return path


def rows(file: ReadFile) -> list[Row]:
    found = []
    batches = (batch for chunk in file.chunks(1) for batch in file.batches(chunk))
    for batch in batches:
        for row in np.flatnonzero(batch.is_owned):
            at = int(batch.offsets[row])
            name = batch.data[at + 36 : at + 35 + int(batch.data[at + 12])].tobytes().decode()
            place = (int(batch.contigs[row]), int(batch.starts[row]), int(batch.ends[row]))
            found.append((name, *place))
    file.close()
    return found


def test_a_cram_gives_the_records_of_its_bam(made: Path):
    bam = open_reads(made / "reads.bam")
    want = rows(bam)
    assert len(want) == 601
    for size in (1, 9_000, 8 << 20):
        cram = open_reads(made / "reads.cram", reference=made / "genome.fa", batch_bytes=size)
        assert cram.header == bam.header
        assert cram.chunks(7) == (Chunk(MIXED),)
        assert rows(cram) == want
    assert rows(open_reads(made / "whole.cram")) == want


def test_the_last_batch_of_a_cram_holds_reads_without_a_place(made: Path):
    file = open_reads(made / "whole.cram")
    *_, last = file.batches(Chunk(MIXED))
    assert last.contig == UNPLACED
    assert len(last) == 1
    file.close()


def test_a_cram_without_its_reference_names_the_setting(
    moved: Path, made: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("REF_PATH", "http://localhost:9/%s")
    monkeypatch.setenv("REF_CACHE", str(moved.parent / "cache"))
    with pytest.raises(InputError, match=r"reads.cram: .*without a reference.*resources.fasta"):
        open_reads(moved)
    assert "://" not in os.environ["REF_PATH"]
    with pytest.raises(InputError, match=r"found no file .*resources.fasta"):
        open_reads(moved, reference=moved.parent / "nowhere.fa")
    assert len(rows(open_reads(moved, reference=made / "genome.fa"))) == 601


def test_a_cram_with_another_reference_is_refused(moved: Path):
    rng = np.random.default_rng(9)
    other = moved.parent / "other.fa"
    texts = {name: "".join(rng.choice(list("ACGT"), n)) for name, n in LENGTHS.items()}
    other.write_text("".join(f">{name}\n{text}\n" for name, text in texts.items()))
    pysam.faidx(str(other))
    with pytest.raises(InputError, match=r"with this reference.*resources.fasta"):
        rows(open_reads(moved, reference=other))


def test_a_cram_without_its_end_is_truncated(made: Path, tmp_path: Path):
    content = (made / "whole.cram").read_bytes()
    path = tmp_path / "cut.cram"
    path.write_bytes(content[:-38])
    with pytest.raises(InputError, match=r"cut\.cram: found a truncated file"):
        open_reads(path)
    path.write_bytes(content[:900] + content[-38:])
    with pytest.raises(InputError, match=r"cut\.cram"):
        rows(open_reads(path))


def test_a_region_of_a_cram_equals_that_of_the_bam(made: Path):
    with pysam.AlignmentFile(str(made / "reads.bam")) as peer:
        file = open_reads(made / "whole.cram", batch_bytes=2_000)
        for start, end in ((0, 100), (3_000, 3_001), (100, 4_000)):
            want = [r.query_name for r in peer.fetch("chr2", start, end)]
            got: set[str] = set()
            for batch in file.fetch("chr2", start, end):
                for at in batch.offsets:
                    name = batch.data[at + 36 : at + 35 + int(batch.data[at + 12])]
                    got.add(name.tobytes().decode())
            assert got == set(want)
        file.close()


def test_a_cram_needs_no_index(made: Path, tmp_path: Path):
    path = Path(shutil.copy(made / "whole.cram", tmp_path / "alone.cram"))
    assert inspect_reads(path, index=None, reference=None, build="GRCh38").is_sorted
    with pytest.warns(DataWarning, match=r"alone.cram: found no file .*nowhere.crai"):
        inspect_reads(path, index=tmp_path / "nowhere.crai", reference=None, build="GRCh38")


def test_an_index_of_a_cram_that_is_older_damaged_or_of_another_file_is_told(
    made: Path, tmp_path: Path
):
    path = Path(shutil.copy(made / "whole.cram", tmp_path / "tumour.cram"))
    index = Path(shutil.copy(made / "whole.cram.crai", tmp_path / "tumour.cram.crai"))
    want = rows(open_reads(made / "whole.cram"))

    def told(message: str) -> None:
        with pytest.warns(DataWarning, match=f"{message}.*with samtools index"):
            inspect_reads(path, index=None, reference=None, build="GRCh38")
        assert rows(open_reads(path)) == want

    inspect_reads(path, index=None, reference=None, build="GRCh38")
    os.utime(index, (path.stat().st_atime, path.stat().st_mtime - 60))
    told("tumour.cram: found its index tumour.cram.crai older than itself")
    shutil.copyfile(made / "reads.cram.crai", index)
    told("tumour.cram: found the index of another file, expected its own")
    content = (made / "whole.cram.crai").read_bytes()
    index.write_bytes(content[:-9])
    told("tumour.cram.crai: found a damaged or truncated index, expected a complete CRAI")
    lines = gzip.decompress(content).splitlines()
    index.write_bytes(b"\n".join(lines[1:]))
    told("tumour.cram: found the index of another file")
    index.write_bytes(b"\n".join([lines[0].replace(b"\t", b"\t1", 1), *lines[1:]]))
    told("tumour.cram: found the index of another file")


@pytest.mark.parametrize(
    "options",
    [
        [b"version=2.1"], [b"version=3.1"], [b"seqs_per_slice=50"], [b"multi_seq_per_slice=1"],
        [b"seqs_per_slice=40", b"slices_per_container=3"],
    ],
)  # fmt: skip
def test_the_index_of_any_kind_of_cram_fits_its_file(
    made: Path, tmp_path: Path, options: list[bytes]
):
    path = tmp_path / "tumour.cram"
    with pysam.AlignmentFile(str(made / "reads.bam")) as file:
        write(
            path, file.header, list(file.fetch(until_eof=True)), options=[b"no_ref=1", *options]
        )
    inspect_reads(path, index=None, reference=None, build="GRCh38")
    assert rows(open_reads(path)) == rows(open_reads(made / "reads.bam"))
    index = Path(f"{path}.crai")
    assert len(gzip.decompress(index.read_bytes()).splitlines()) >= 2


def test_a_changed_byte_of_a_slice_header_is_refused(made: Path, tmp_path: Path):
    """Htslib does not ask the checksum of a block that is not compressed."""
    content = (made / "whole.cram").read_bytes()
    path = tmp_path / "changed.cram"
    want = rows(open_reads(made / "whole.cram"))
    for at in range(40, min(len(content), 2_000), 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x15]) + content[at + 1 :])
        try:
            found = rows(open_reads(path))
        except InputError:
            continue
        assert found == want, at


@pytest.fixture
def calls() -> Iterator[tuple[int, list[object]]]:
    """Listen on this machine: the port, and who has called."""
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        ends = threading.Event()

        def answer() -> None:
            while not ends.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, caller = server.accept()
                    callers.append(caller)
                    connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1], callers
        ends.set()
        thread.join()


@pytest.mark.parametrize("variable", [None, "http://127.0.0.1:{port}/%s"])
def test_a_header_that_names_an_address_calls_nobody(
    made: Path,
    tmp_path: Path,
    calls: tuple[int, list[object]],
    monkeypatch: pytest.MonkeyPatch,
    variable: str | None,
):
    port, callers = calls
    monkeypatch.delenv("REF_PATH", raising=False)
    monkeypatch.setenv("REF_CACHE", str(tmp_path / "kept"))
    if variable:
        monkeypatch.setenv("REF_PATH", variable.format(port=port))
    path = moved_with(made, tmp_path, f"\tUR:http://127.0.0.1:{port}/genome.fa")
    with pytest.raises(InputError, match=r"resources\.fasta"):
        rows(open_reads(path, reference=None))
    assert callers == []
    with pysam.AlignmentFile(str(path), "rc", check_sq=False) as cram:
        assert f"UR:http://127.0.0.1:{port}/genome.fa" in cram.text, (
            "the address is in the file"
        )
    socket.create_connection(("127.0.0.1", port)).close()
    time.sleep(0.3)
    assert len(callers) == 1, "the listener hears"
