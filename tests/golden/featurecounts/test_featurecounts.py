"""Counts of every gene and every class equal featureCounts 2.0.3 and HTSeq 2.1.2."""

import random
import shutil
import subprocess
import warnings
from pathlib import Path

import pandas as pd
import pysam
import pytest

from storiform.biomarkers.gene_counting import GeneCountingParams, gene_counts
from storiform.io.annotation import read_genes
from storiform.io.read_files import open_reads
from storiform.model.errors import DataWarning

CLASSES = {
    "Assigned": "assigned",
    "Unassigned_Unmapped": "unmapped",
    "Unassigned_Singleton": "singleton",
    "Unassigned_MappingQuality": "low_mapq",
    "Unassigned_Chimera": "chimeric",
    "Unassigned_Duplicate": "duplicate",
    "Unassigned_MultiMapping": "multi_mapping",
    "Unassigned_Secondary": "secondary",
    "Unassigned_NoFeatures": "no_feature",
    "Unassigned_Ambiguity": "ambiguous",
}
HTSEQ_CLASSES = {
    "__no_feature": "no_feature",
    "__ambiguous": "ambiguous",
    "__too_low_aQual": "low_mapq",
    "__not_aligned": "unmapped",
    "__alignment_not_unique": "multi_mapping",
}
STORED = {
    "pairs_s0": {"needs_both_ends": True, "keep_chimeric": False},
    "pairs_s0_nobc": {},
    "pairs_s1": {"strandedness": "forward"},
    "pairs_s2": {"strandedness": "reverse"},
    "pairs_M": {"multi_mappers": "all"},
    "pairs_Mprimary": {"multi_mappers": "primary"},
    "pairs_M_frac": {"multi_mappers": "fraction"},
    "pairs_O": {"count_overlapping": True},
    "pairs_Q10": {"min_mapq": 10},
    "reads_s0": {"count_reads": True},
}
OPTIONS = {
    "": {},
    "-s 1": {"strandedness": "forward"},
    "-s 2": {"strandedness": "reverse"},
    "-M": {"multi_mappers": "all"},
    "-M --primary": {"multi_mappers": "primary"},
    "-M --fraction -s 2": {"multi_mappers": "fraction", "strandedness": "reverse"},
    "-O -s 1": {"count_overlapping": True, "strandedness": "forward"},
    "-O -M": {"count_overlapping": True, "multi_mappers": "all"},
    "-Q 10": {"min_mapq": 10},
    "--ignoreDup": {"keep_duplicates": False},
    "-B": {"needs_both_ends": True},
    "-C": {"keep_chimeric": False},
    "-B -C -Q 10 --ignoreDup -M --primary -s 2": {
        "needs_both_ends": True, "keep_chimeric": False, "min_mapq": 10,
        "keep_duplicates": False, "multi_mappers": "primary", "strandedness": "reverse",
    },
}  # fmt: skip


def counted(bam: Path, genes, **options) -> tuple[pd.Series, pd.Series]:
    """Count a BAM in several chunks; return fragments by gene, and the summary."""
    chosen = {"strandedness": "unstranded", "check_strandedness": False, **options}
    collector = gene_counts(genes, GeneCountingParams(**chosen))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        reads = open_reads(bam, assay="rna")
        collector.begin(reads.header)
        parts = []
        for chunk in reads.chunks(3):
            parts.append(collector.fork())
            for batch in reads.batches(chunk):
                parts[-1].take(batch)
        for part in parts[::-1]:
            collector.merge(part)
        reads.close()
        rows, summary = collector.tables()
    return rows.set_index("gene_id")[["count", "length"]], summary.iloc[0]


def assert_equal(found, summary, table: Path) -> None:
    stored = pd.read_csv(table, sep="\t", comment="#").set_index("Geneid")
    assert len(stored) == len(found)
    assert stored["Length"].equals(found["length"].reindex(stored.index).astype(int))
    difference = (stored.iloc[:, -1] - found["count"].reindex(stored.index)).abs()
    tolerance = 0.00501 if stored.iloc[:, -1].dtype == float else 0.0
    assert difference.max() <= tolerance, difference[difference > tolerance]
    classes = pd.read_csv(f"{table}.summary", sep="\t", index_col=0).iloc[:, 0]
    told = {name: int(summary[own]) for name, own in CLASSES.items()}
    assert told == {name: int(classes[name]) for name in CLASSES}
    assert summary["fragments"] == classes.sum()


@pytest.mark.parametrize("name", STORED)
def test_counts_of_a_real_bam_equal_featurecounts(real_data, golden_inputs, name) -> None:
    genes = read_genes(golden_inputs / "mane_chr6_noprefix.gtf")
    found, summary = counted(real_data / "rna/arcas_chr6.bam", genes, **STORED[name])
    assert_equal(found, summary, golden_inputs.parent / "counting" / f"fc_p_{name}.txt")


@pytest.mark.parametrize("stranded", ["no", "yes", "reverse"])
@pytest.mark.parametrize("mode", ["union", "intersection-strict", "intersection-nonempty"])
def test_counts_of_a_real_bam_equal_htseq(real_data, golden_inputs, mode, stranded) -> None:
    genes = read_genes(golden_inputs / "mane_chr6_noprefix.gtf")
    strandedness = {"no": "unstranded", "yes": "forward", "reverse": "reverse"}[stranded]
    found, summary = counted(
        real_data / "rna/arcas_chr6.bam",
        genes,
        mode=f"htseq_{mode.rsplit('-', 1)[-1]}",
        strandedness=strandedness,
    )
    path = golden_inputs.parent / "counting" / f"htseq_{mode}_{stranded}_a0.tsv"
    stored = pd.read_csv(path, sep="\t", header=None, index_col=0)[1]
    of_genes = stored[~stored.index.str.startswith("__")]
    assert (found["count"].reindex(of_genes.index) == of_genes).all()
    told = {name: int(summary[own]) for name, own in HTSEQ_CLASSES.items()}
    assert told == stored[list(HTSEQ_CLASSES)].to_dict()


@pytest.fixture(scope="module")
def featurecounts():
    """Return a function that runs featureCounts on a BAM and a GTF."""
    program = shutil.which("featureCounts")
    if program is None:
        pytest.skip("featureCounts is not installed: counts are not compared with it")

    def run(flags: str, gtf: Path, bam: Path, out: Path) -> Path:
        command = [program, "-p", *flags.split(), "-a", gtf, "-o", out, bam]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  a known program
        return out

    return run


@pytest.mark.parametrize("order", ["coordinate", "queryname"])
def test_invented_pairs_are_counted_as_featurecounts_does(
    featurecounts, tmp_path, order
) -> None:
    gtf, bam = tmp_path / "genes.gtf", tmp_path / "rna.bam"
    invented = Invented(5)
    invented.write_exons(gtf)
    invented.write_reads(bam, order)
    genes = read_genes(gtf)
    for flags, options in OPTIONS.items():
        for unit in ("--countReadPairs", ""):
            if unit or not {"-B", "-C"} & set(flags.split()):
                table = featurecounts(f"{unit} {flags}", gtf, bam, tmp_path / "out.txt")
                found = counted(bam, genes, count_reads=not unit, **options)
                assert_equal(*found, table)


@pytest.mark.parametrize(
    "name",
    ["hcc1395/rna_hcc1395.grch37.bam", "fusion/cmgg_star.bam", "fusion/megsap_arriba_in.bam"],
)
def test_real_bams_are_counted_as_featurecounts_does(
    featurecounts, real_data, tmp_path, name
) -> None:
    bam, gtf = real_data / name, tmp_path / "genes.gtf"
    exons_over(bam, gtf)
    genes = read_genes(gtf)
    for flags in ("", "-s 2", "-M --primary", "-M --fraction -s 2", "--ignoreDup", "-O -s 1"):
        table = featurecounts(f"--countReadPairs {flags}", gtf, bam, tmp_path / "out.txt")
        assert_equal(*counted(bam, genes, **OPTIONS[flags]), table)


def exon(contig: str, start: int, end: int, strand: str, gene: str) -> str:
    told = f'gene_id "{gene}"; transcript_id "t{gene}";'
    return f"{contig}\tx\texon\t{start}\t{end}\t.\t{strand}\t.\t{told}\n"


def exons_over(bam: Path, gtf: Path) -> None:
    """Invent exons over the reads of a BAM: on both strands, overlapping, with gaps."""
    rng = random.Random(3)  # noqa: S311  no secret
    with pysam.AlignmentFile(bam) as reads:
        places = {
            (r.reference_name, r.reference_start // 400) for r in reads if not r.is_unmapped
        }
    with gtf.open("w") as out:
        for number, (contig, block) in enumerate(sorted(places)):
            for _ in range(rng.randint(0, 2)):
                start = block * 400 + rng.randint(1, 400)
                gene = f"g{max(number - rng.randint(0, 3), 0)}"
                strand = "+-"[hash_of(gene) % 2]
                out.write(exon(contig, start, start + rng.randint(20, 500), strand, gene))


def hash_of(text: str) -> int:
    return sum(map(ord, text))


class Invented:
    """Exons on three contigs, and pairs of every kind over them."""

    contigs = (("chr1", 3000), ("2", 2000), ("chrX", 1500))

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311  no secret
        self.header = pysam.AlignmentHeader.from_dict(
            {"HD": {"VN": "1.6"}, "SQ": [{"SN": n, "LN": length} for n, length in self.contigs]}
        )
        self.records: list[pysam.AlignedSegment] = []

    def write_exons(self, path: Path) -> None:
        """Write a GTF."""
        rng = self.rng
        with path.open("w") as out:
            for number in range(40):
                contig, length = rng.choice(self.contigs)
                strand = rng.choice("+-+-+-.")
                for _ in range(rng.randint(1, 4)):
                    start = rng.randint(1, length - 200)
                    own = strand if rng.random() < 0.95 else "+"
                    end = start + rng.randint(0, 150)
                    out.write(exon(contig, start, end, own, f"g{number}"))

    def write_reads(self, path: Path, order: str) -> None:
        """Write a BAM in an order, with its index where it can have one."""
        for number in range(400):
            self._add_fragment(f"r{number}", self.rng.random())

        def place(read: pysam.AlignedSegment) -> tuple:
            if order == "queryname":
                return (read.query_name,)
            return (read.reference_id if read.reference_id >= 0 else 99, read.reference_start)

        header = {**self.header.to_dict(), "HD": {"VN": "1.6", "SO": order}}
        with pysam.AlignmentFile(path, "wb", header=header) as out:
            for read in sorted(self.records, key=place):
                out.write(read)
        if order == "coordinate":
            pysam.index(str(path))

    def _add_fragment(self, name: str, kind: float) -> None:
        if kind < 0.1:
            self._add_single(name)
        elif kind < 0.15:
            for flag in (77, 141):
                self._add(name, flag, (-1, -1), (-1, -1), (self.rng.choice([None, 0]), None), 0)
        elif kind < 0.25:
            self._add_half(name)
        else:
            self._add_pairs(name)

    def _add_single(self, name: str) -> None:
        hits = self.rng.choice([1, 1, 2, None])
        flag = 16 * self.rng.randint(0, 1) | self._duplicate()
        for k in range(hits or 1):
            tags = (hits, k + 1 if hits else None)
            self._add(
                name, flag | 256 * (k > 0), self._place(), (-1, -1), tags, self._quality()
            )

    def _add_half(self, name: str) -> None:
        place, first, reverse = (
            self._place(),
            self.rng.choice([64, 128]),
            self.rng.randint(0, 1),
        )
        duplicate, hits = self._duplicate(), self.rng.choice([1, 3])
        flag = 1 | 8 | first | 16 * reverse | duplicate
        lies = self.rng.choice([place, place, (-1, -1), None])  # or at the end, or nowhere
        self._add(name, flag, place, lies or (-1, -1), (hits, 1), self._quality())
        flag = 1 | 4 | (192 - first) | 32 * reverse | self.rng.choice([0, duplicate])
        if lies is not None:
            self._add(name, flag, lies, place, (None, 1), 0)

    def _add_pairs(self, name: str) -> None:
        rng = self.rng
        hits, duplicate = rng.choice([1, 1, 1, 1, 2, 3, None]), self._duplicate()
        has_index = hits is not None and rng.random() < 0.8
        for k in range(hits or 1):
            one = self._place()
            reach = min(one[1] + rng.randint(0, 300), self.contigs[one[0]][1] - 600)
            two = rng.choice([(one[0], reach)] * 7 + [self._place(), self._place(), one])
            a, b = rng.choice([(0, 1), (1, 0), (0, 1), (1, 0), (0, 0), (1, 1)])
            tags = (hits, k + 1 if has_index else None)
            other = (hits if rng.random() < 0.95 else 2, tags[1])
            common, lost = 1 | 256 * (k > 0), rng.random()
            mine, theirs = 64 | 16 * a | 32 * b, 128 | 16 * b | 32 * a
            if lost > 0.06:
                self._add(name, common | mine | duplicate, one, two, tags, self._quality())
            if not 0.06 < lost < 0.12:
                flag = common | theirs | (duplicate if rng.random() < 0.8 else 0)
                self._add(name, flag, two, one, other, self._quality())
            if rng.random() < 0.1:
                self._add(name, 1 | 2048 | mine, self._place(), two, tags, self._quality())

    def _add(self, name, flag, place, mate, tags, mapq) -> None:
        read = pysam.AlignedSegment(self.header)
        read.query_name, read.flag, read.mapping_quality = name, flag, mapq
        read.reference_id, read.reference_start = place
        read.next_reference_id, read.next_reference_start = mate
        if not flag & 4:
            read.cigartuples = self._cigar()
        consumed = [n for code, n in (read.cigartuples or [(0, 10)]) if code in {0, 1, 4, 7, 8}]
        read.query_sequence = "A" * sum(consumed)
        told = [("XZ", "abc"), ("NH", tags[0]), ("HI", tags[1]), ("B1", [1, 2, 3])]
        self.rng.shuffle(told)
        read.set_tags([tag for tag in told if tag[1] is not None])
        self.records.append(read)

    def _place(self) -> tuple[int, int]:
        contig = self.rng.randint(0, 2)
        return contig, self.rng.randint(0, self.contigs[contig][1] - 600)

    def _quality(self) -> int:
        return self.rng.choice([0, 3, 9, 10, 60, 255])

    def _duplicate(self) -> int:
        return 1024 * (self.rng.random() < 0.15)

    def _cigar(self) -> list[tuple[int, int]]:
        rng = self.rng
        kind = rng.random()
        if kind < 0.4:
            return [(0, rng.randint(5, 30))]
        if kind < 0.55:
            return [(4, 3), (0, rng.randint(5, 30))]
        steps = []
        for _ in range(rng.randint(2, 4)):
            steps.append((rng.choice([0, 7, 8]), rng.randint(1, 12)))
            steps.append((rng.choice([1, 2, 3, 3]), rng.randint(1, 60)))
        return [*steps, (0, rng.randint(1, 9))] + [(5, 2)] * (rng.random() < 0.2)
