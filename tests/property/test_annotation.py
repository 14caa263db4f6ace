"""Genes of a GTF read in pieces equal those of a naive twin, wherever it is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storiform.io import annotation
from storiform.io.annotation import read_genes

FEATURES = ("gene", "exon", "exon", "CDS", "CDS", "stop_codon", "transcript")
LINES = st.lists(
    st.tuples(
        st.sampled_from(FEATURES), st.sampled_from(["chr1", "2"]), st.integers(1, 60),
        st.integers(0, 9), st.sampled_from("+-."), st.sampled_from("GHI"),
        st.sampled_from("TU"), st.sampled_from(["", "", "A", "B"]),
    ),
    max_size=30,
)  # fmt: skip
FIRST = ("exon", "chr1", 500, 2, "+", "Z", "T", "")
CODING = ("CDS", "stop_codon")


def written(lines) -> str:
    return "".join(
        f"{contig}\tx\t{feature}\t{start}\t{start + size}\t.\t{strand}\t.\t"
        f'gene_id "{gene}"; transcript_id "{transcript}"; '
        + (f'gene_name "{name}"; gene_type "t{name}";\n' if name else "level 1;\n")
        for feature, contig, start, size, strand, gene, transcript, name in lines
    )


def spliced(lines) -> list[tuple]:
    """Return gene, contig, strand and bases of coding pieces with their splice bases."""
    pieces: dict[tuple, list] = {}
    for feature, contig, start, size, strand, gene, transcript, _ in lines:
        if feature in CODING:
            key = (gene, contig, transcript)
            pieces.setdefault(key, []).append([start - 1, start + size, strand])
    found = []
    for (gene, contig, _), own in pieces.items():
        own.sort(key=lambda piece: piece[:2])
        bounds = [(start, end) for start, end, _ in own]
        for number in range(1, len(own)):
            if bounds[number - 1][1] < bounds[number][0]:
                own[number - 1][1] += 2
                own[number][0] -= 2
        found += [(gene, contig, strand, start, end) for start, end, strand in own]
    return found


def bases(pieces) -> dict[tuple, set[int]]:
    found: dict[tuple, set[int]] = {}
    for gene, contig, strand, start, end in pieces:
        name = contig if contig.startswith("chr") else f"chr{contig}"
        found.setdefault((gene, name, strand), set()).update(range(start, end))
    return found


def of_frame(frame) -> dict[tuple, set[int]]:
    columns = ["gene_id", "contig", "strand", "start", "end"]
    return bases(frame[columns].itertuples(index=False, name=None))


def told(lines, gene, prefix) -> str:
    own = [line for line in lines if line[5] == gene and line[7]]
    names = [line[7] for line in own if line[0] == "gene"]
    names += [line[7] for line in own if line[0] in ("exon", *CODING)]
    return prefix + names[0] if names else ""


@given(LINES, st.sampled_from([1, 90, 300, 1 << 20]), st.sampled_from([3, 1 << 17]))
@settings(max_examples=150)
def test_genes_are_read_as_by_hand(tmp_path_factory, lines, size, rows) -> None:
    lines = [*lines, FIRST]
    path = tmp_path_factory.mktemp("gtf") / "genes.gtf"
    path.write_text(written(lines))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(annotation, "_PIECE_BYTES", size)
        patched.setattr(annotation, "_MOST_ROWS", rows)
        model = read_genes(path)
    placed = [line for line in lines if line[0] in ("exon", *CODING)]
    order = list(dict.fromkeys(line[5] for line in placed))
    assert model.genes["gene_id"].tolist() == order
    assert model.genes["gene"].tolist() == [told(lines, gene, "") or gene for gene in order]
    assert model.genes["biotype"].tolist() == [told(lines, gene, "t") for gene in order]
    for gene, strand in zip(order, model.genes["strand"], strict=True):
        own = [line for line in placed if line[5] == gene]
        assert strand == next((x[4] for x in own if x[0] == "exon"), own[0][4])
    exons = [(x[5], x[1], x[4], x[2] - 1, x[2] + x[3]) for x in lines if x[0] == "exon"]
    assert of_frame(model.exons) == bases(exons)
    assert of_frame(model.coding_exons) == bases(spliced(lines))
