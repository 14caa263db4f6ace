"""The genome's files: FASTA with its index, GTF, targets."""

from pathlib import Path

from storiform.simulation.files import write_text
from storiform.simulation.genome import Gene, Genome

FASTA, GTF, TARGETS = "reference.fa", "genes.gtf", "targets.bed"
_WIDTH = 60


def write_annotation(out: Path, genome: Genome) -> None:
    """Write ``reference.fa`` with ``.fai``, ``genes.gtf`` and ``targets.bed``."""
    write_text(out / FASTA, _fasta(genome))
    write_text(out / f"{FASTA}.fai", _fasta_index(genome))
    write_text(
        out / GTF, "\n".join(["##description: an invented genome", *_gtf(genome)]) + "\n"
    )
    rows = [
        f"{contig}\t{start}\t{end}\t{gene}\n" for contig, start, end, gene in genome.targets
    ]
    write_text(out / TARGETS, "".join(rows))


def _fasta(genome: Genome) -> str:
    parts = []
    for contig, length in genome.lengths.items():
        text = genome.text(contig, 0, length)
        lines = [text[at : at + _WIDTH] for at in range(0, length, _WIDTH)]
        parts.append("\n".join([f">{contig}", *lines]) + "\n")
    return "".join(parts)


def _fasta_index(genome: Genome) -> str:
    rows, offset = [], 0
    for contig, length in genome.lengths.items():
        offset += len(contig) + 2
        rows.append(f"{contig}\t{length}\t{offset}\t{_WIDTH}\t{_WIDTH + 1}\n")
        offset += length + -(-length // _WIDTH)
    return "".join(rows)


def _gtf(genome: Genome) -> list[str]:
    lines: list[str] = []
    ordered = sorted(genome.genes, key=lambda g: (genome.contigs.index(g.contig), g.exons[0]))
    for gene in ordered:
        lines += _gene_lines(gene)
    return lines


def _gene_lines(gene: Gene) -> list[str]:
    """Return the lines of a gene as GENCODE writes them: CDS without the stop codon."""
    transcript = gene.ensembl.replace("ENSG", "ENST")
    about = f'gene_id "{gene.ensembl}.1"; '
    told = f'gene_type "{gene.biotype}"; gene_name "{gene.symbol}";'
    whole = about + f'transcript_id "{transcript}.1"; ' + told
    whole += f' transcript_type "{gene.biotype}"; transcript_name "{gene.symbol}-201";'
    span = (gene.exons[0][0], gene.exons[-1][1])
    lines = [
        _line(gene, "gene", span, ".", about + told),
        _line(gene, "transcript", span, ".", whole),
    ]
    is_plus = gene.strand == "+"
    begin, end = gene.coding
    stop = set(gene.transcript[end - 3 : end].tolist()) if end else set()
    coding = set(gene.transcript[begin : end - 3].tolist()) if end else set()
    before = 0
    for number, exon in enumerate(gene.exons if is_plus else gene.exons[::-1], 1):
        numbered = whole + f" exon_number {number};"
        lines.append(_line(gene, "exon", exon, ".", numbered))
        mine = sorted(coding.intersection(range(*exon)))
        if mine:
            piece = (mine[0], mine[-1] + 1)
            lines.append(_line(gene, "CDS", piece, str(-before % 3), numbered))
            before += len(mine)
        last = sorted(stop.intersection(range(*exon)))
        if last:
            piece = (last[0], last[-1] + 1)
            lines.append(_line(gene, "stop_codon", piece, "0", numbered))
    return lines


def _line(gene: Gene, kind: str, piece: tuple[int, int], phase: str, attributes: str) -> str:
    place = (str(piece[0] + 1), str(piece[1]), ".", gene.strand, phase)
    return "\t".join([gene.contig, "STORIFORM", kind, *place, attributes])
