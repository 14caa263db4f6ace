"""The lines of a GTF or GFF3 tell the same transcripts as a walk through them, line by line."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storiform.io.transcripts import read_transcript_models

FEATURES = ("exon", "CDS", "stop_codon", "start_codon", "UTR", "gene", "transcript", "odd")

rows = st.lists(
    st.tuples(
        st.sampled_from(FEATURES),
        st.integers(1, 60),
        st.integers(0, 20),
        st.sampled_from(["T1", "T2", "T3.1"]),
        st.sampled_from("012."),
        st.sampled_from(["1", "chrX"]),
    ),
    min_size=1,
    max_size=25,
)


def strand_of(name: str, contig: str) -> str:
    return "+" if (name < "T3") == (contig == "1") else "-"


def written(drawn, *, is_gff3: bool) -> str:
    text = "##gff-version 3\n" if is_gff3 else "#!genome-build x\n"
    for kind, start, size, name, phase, contig in drawn:
        own = f"ID={name}" if kind in {"transcript", "odd"} else f"Parent={name};ID=x"
        told = own if is_gff3 else f'gene_id "G"; transcript_id "{name}";'
        place = f"{start}\t{start + size}\t.\t{strand_of(name, contig)}\t{phase}"
        text += f"{contig}\tx\t{kind}\t{place}\t{told}\n"
    return text


def union(pieces: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    bases = sorted({place for start, end in pieces for place in range(start, end)})
    merged: list[list[int]] = []
    for place in bases:
        if merged and merged[-1][1] == place:
            merged[-1][1] = place + 1
        else:
            merged.append([place, place + 1])
    return tuple((a, b) for a, b in merged)


def plain(drawn) -> dict[tuple[str, str], tuple[object, ...]]:
    """Return exons, coding pieces and phase of each transcript, in the order of the file."""
    found = {}
    for _, _, _, name, _, contig in drawn:
        own = [r for r in drawn if (r[3], r[5]) == (name, contig)]
        pieces = {
            kind: [(r[1] - 1, r[1] + r[2]) for r in own if r[0] == kind] for kind in FEATURES
        }
        coding = pieces["CDS"] + pieces["stop_codon"]
        exons = union(pieces["exon"] + coding)
        firsts = [r for r in own if r[0] == "CDS"]
        phase = "0"
        if firsts:
            is_forward = strand_of(name, contig) == "+"
            ends = [(r[1] if is_forward else -(r[1] + r[2])) for r in firsts]
            phase = {r[4] for r, e in zip(firsts, ends, strict=True) if e == min(ends)}
        if exons:
            key = name, "chr1" if contig == "1" else contig
            found[key] = exons, union(coding), phase
    return found


@pytest.mark.parametrize("is_gff3", [False, True])
@given(drawn=rows)
def test_transcripts_are_those_of_a_plain_walk(tmp_path_factory, is_gff3, drawn) -> None:
    if not any(kind == "exon" for kind, *_ in drawn):
        drawn = [*drawn, ("exon", 1, 5, "T1", ".", "1")]
    path = Path(tmp_path_factory.mktemp("lines")) / "genes"
    path.write_text(written(drawn, is_gff3=is_gff3))
    found = {(t.name, t.contig): t for t in read_transcript_models(path)}
    expected = plain(drawn)
    assert set(found) == set(expected)
    for key, (exons, coding, phases) in expected.items():
        transcript = found[key]
        assert transcript.exons == exons
        assert transcript.coding == coding
        assert re.sub(r"\.", "0", str(transcript.phase)) in {
            p.replace(".", "0") for p in phases
        }
        written_contig = "1" if key[1] == "chr1" else key[1]
        assert transcript.is_forward == (strand_of(key[0], written_contig) == "+")


@given(drawn=rows, start=st.integers(0, 90), size=st.integers(1, 20))
def test_transcripts_at_a_place_are_those_of_a_walk(
    tmp_path_factory, drawn, start, size
) -> None:
    drawn = [*drawn, ("exon", 1, 5, "T1", ".", "1")]
    path = Path(tmp_path_factory.mktemp("lines")) / "genes"
    path.write_text(written(drawn, is_gff3=False))
    models = read_transcript_models(path)
    for contig in ("chr1", "chrX", "chr2"):
        end = start + size
        expected = [
            t.name for t in models if t.contig == contig and t.start < end and start < t.end
        ]
        assert [t.name for t in models.overlapping(contig, start, end)] == expected
