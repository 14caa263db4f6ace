"""A simulated trial for every test here, and a reader that shares nothing with simulation."""

from types import SimpleNamespace

import pytest

from storiform.simulation import simulate

BASES = "TCAG"
AMINO = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = {a + b + c: AMINO[16 * i + 4 * j + k]
        for i, a in enumerate(BASES) for j, b in enumerate(BASES)
        for k, c in enumerate(BASES)}  # fmt: skip
COMPLEMENT = str.maketrans("ACGT", "TGCA")


def read_genome(folder):
    """Return the sequence of each contig, and (contig, strand, coding pieces) of each gene."""
    sequences, genes = {}, {}
    for part in (folder / "reference.fa").read_text().split(">")[1:]:
        name, _, lines = part.partition("\n")
        sequences[name] = lines.replace("\n", "")
    for line in (folder / "genes.gtf").read_text().splitlines():
        fields = line.split("\t")
        if line[0] != "#" and fields[2] in {"CDS", "stop_codon"}:
            gene = fields[8].split('gene_name "')[1].split('"')[0]
            pieces = genes.setdefault(gene, (fields[0], fields[6], []))[2]
            pieces.append((int(fields[3]) - 1, int(fields[4])))
    return sequences, genes


def mutated(genome, alleles):
    """Return the genome with alleles: (contig, start, 0-based) -> (ref, alt) as a VCF has them.

    A base that was deleted is an empty text; inserted bases stand with the one before them.
    """
    sequences, genes = genome
    changed = {contig: list(sequences[contig]) for contig, _ in alleles}
    for (contig, start), (ref, alt) in alleles.items():
        assert "".join(sequences[contig][start : start + len(ref)]) == ref
        texts = [*alt[: len(ref)], *[""] * (len(ref) - len(alt))]
        texts[-1] += alt[len(ref) :]
        changed[contig][start : start + len(ref)] = texts
    return {**sequences, **changed}, genes


def proteins(genome, wanted=None):
    """Return the protein of each gene, or of those wanted; a stop is a star."""
    sequences, genes = genome
    found = {}
    for gene in wanted or genes:
        contig, strand, pieces = genes[gene]
        text = "".join("".join(sequences[contig][start:end]) for start, end in sorted(pieces))
        text = text if strand == "+" else text.translate(COMPLEMENT)[::-1]
        found[gene] = "".join(CODE[text[n : n + 3]] for n in range(0, len(text) - 2, 3))
    return found


@pytest.fixture(scope="session")
def twin():
    """Return what reads, changes and translates the written genome."""
    return SimpleNamespace(read_genome=read_genome, mutated=mutated, proteins=proteins)


@pytest.fixture(scope="session")
def trial(tmp_path_factory):
    """Return the folder of a trial and its truth."""
    folder = tmp_path_factory.mktemp("trial")
    return folder, simulate(folder, 48, 3, hostile=True)
