"""The invented genome holds together: translated and spliced by code that shares nothing."""

from itertools import pairwise

import pytest

from storiform.model.genome import LENGTHS
from storiform.simulation.annotation import write_annotation
from storiform.simulation.genome import HOMES
from storiform.simulation.invention import invent
from storiform.simulation.reference import read_reference

BASES = "TCAG"
AMINO = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {a + b + c: AMINO[16 * i + 4 * j + k]
        for i, a in enumerate(BASES) for j, b in enumerate(BASES)
        for k, c in enumerate(BASES)}  # fmt: skip
COMPLEMENT = str.maketrans("ACGT", "TGCA")


@pytest.fixture(scope="module")
def genome():
    return invent(read_reference(9000))


@pytest.fixture(scope="module")
def files(genome, tmp_path_factory):
    """Return the folder of the written files, and the sequence of each contig."""
    folder = tmp_path_factory.mktemp("genome")
    write_annotation(folder, genome)
    parts = (folder / "reference.fa").read_text().split(">")[1:]
    sequences = {
        part.split("\n", 1)[0]: part.split("\n", 1)[1].replace("\n", "") for part in parts
    }
    return folder, sequences


def features(folder):
    """Yield gene, kind, contig, start (0-based), end and strand of each line of the GTF."""
    for line in (folder / "genes.gtf").read_text().splitlines():
        if not line.startswith("#"):
            contig, _, kind, start, end, _, strand, _, told = line.split("\t")
            gene = told.split('gene_name "')[1].split('"')[0]
            yield gene, kind, contig, int(start) - 1, int(end), strand


def test_every_coding_sequence_is_a_protein_from_start_to_stop(files):
    folder, sequences = files
    pieces = {}
    for gene, kind, contig, start, end, strand in features(folder):
        if kind in {"CDS", "stop_codon"}:
            pieces.setdefault((gene, contig, strand), []).append((start, end))
    assert len(pieces) > 800
    for (gene, contig, strand), parts in pieces.items():
        text = "".join(sequences[contig][start:end] for start, end in sorted(parts))
        text = text if strand == "+" else text.translate(COMPLEMENT)[::-1]
        protein = "".join(CODE[text[at : at + 3]] for at in range(0, len(text), 3))
        assert len(text) % 3 == 0, gene
        assert protein[0] == "M", gene
        assert protein.index("*") == len(protein) - 1, gene


def test_every_intron_begins_with_gt_and_ends_with_ag(files):
    folder, sequences = files
    exons = {}
    for gene, kind, contig, start, end, strand in features(folder):
        if kind == "exon":
            exons.setdefault((gene, contig, strand), []).append((start, end))
    seen = 0
    for (gene, contig, strand), parts in exons.items():
        ordered = sorted(parts)
        for (_, before), (after, _) in pairwise(ordered):
            text = sequences[contig][before:after]
            text = text if strand == "+" else text.translate(COMPLEMENT)[::-1]
            assert (text[:2], text[-2:]) == ("GT", "AG"), gene
            seen += 1
    assert seen > 2000


def test_no_contig_has_a_length_of_a_human_build(genome):
    for lengths in LENGTHS.values():
        for name, length in genome.lengths.items():
            assert length != lengths.get(name)
            assert length < 3_000_000


def test_genes_with_a_home_are_there_in_order_and_names_are_unique(genome):
    symbols = [gene.symbol for gene in genome.genes]
    assert len(set(symbols)) == len(symbols)
    assert len({gene.ensembl for gene in genome.genes}) == len(symbols)
    for contig, genes in HOMES.items():
        placed = sorted((g.exons[0][0], g.symbol) for g in genome.genes if g.contig == contig)
        assert [name for _, name in placed if name in genes] == list(genes)


def test_markers_of_all_populations_are_expressed_genes(genome):
    held = {gene.symbol for gene in genome.genes}
    for genes in read_reference(9000).markers.values():
        assert sum(gene in held for gene in genes) >= 0.9 * len(genes)


def test_targets_are_disjoint_and_hold_enough_differences(genome):
    pieces = genome.target_array
    assert (pieces[1:, 0] >= pieces[:-1, 1]).all()
    assert 200_000 < (pieces[:, 1] - pieces[:, 0]).sum() < 400_000
    inside = sum(((genome.snp_at >= a) & (genome.snp_at < b)).sum() for a, b in pieces)
    assert inside >= 1500
    assert (genome.bases[genome.snp_at] != genome.snp_alt).all()


def test_fasta_index_leads_to_the_bases(files):
    folder, sequences = files
    data = (folder / "reference.fa").read_bytes()
    for line in (folder / "reference.fa.fai").read_text().splitlines():
        name, length, offset, width, stride = line.split("\t")
        assert int(length) == len(sequences[name])
        at = 12_345 % int(length)
        place = int(offset) + at // int(width) * int(stride) + at % int(width)
        assert chr(data[place]) == sequences[name][at]


def test_the_genome_is_the_same_every_time(genome):
    again = invent(read_reference(9000))
    assert (again.bases == genome.bases).all()
    assert again.genes == genome.genes
