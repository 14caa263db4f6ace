"""How long a VCF takes to read, beside a plain walk through it by cyvcf2.

Run as ``python tests/benchmarks/bench_vcf.py [VCF] [BUILD]``; without a file it writes
10,000 records with a VEP annotation of four transcripts each.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cyvcf2 import VCF

from storiform.io.vcf import read_vcf

RECORDS = 10_000
FIELDS = (
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|BIOTYPE|CANONICAL|MANE_SELECT|HGVSc|HGVSp"
)
FIELDS += "|" + "|".join(f"gnomADe_{p}_AF" for p in ("AFR", "AMR", "ASJ", "EAS", "FIN", "NFE"))


def made(path: Path) -> Path:
    """Write a VCF in the shape of Mutect2's after VEP."""
    entry = "T|missense_variant|MODERATE|GENE|ENSG1|{}|protein_coding|{}|{}|c.1G>T|p.A1S"
    entry += "|0" * 6
    flags = [("ENST1", "", ""), ("ENST2", "YES", "NM_1"), ("ENST3", "", ""), ("ENST4", "", "")]
    csq = ",".join(entry.format(*flag) for flag in flags)
    with path.open("w") as out:
        out.write("##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n")
        out.write(f'##INFO=<ID=CSQ,Number=.,Type=String,Description="x Format: {FIELDS}">\n')
        for name, number in (("GT", "1"), ("AD", "R"), ("DP", "1")):
            kind = "String" if name == "GT" else "Integer"
            out.write(f'##FORMAT=<ID={name},Number={number},Type={kind},Description="x">\n')
        out.write("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tTUMOR\tNORMAL\n")
        for i in range(RECORDS):
            place = f"chr1\t{1000 + i}\t.\tG\tT\t.\tPASS\tCSQ={csq}"
            out.write(f"{place}\tGT:AD:DP\t0/1:70,30:100\t0/0:50,0:50\n")
    return path


def walk(path: Path) -> int:
    """Iterate and touch what any reader must: depths and annotation."""
    return sum(len(r.INFO.get("CSQ") or "") + len(r.FORMAT) for r in VCF(str(path)))


def seconds(work: Callable[[], object]) -> float:
    """Return the best of three."""
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else made(Path(folder) / "a.vcf")
        build = "GRCh37" if "GRCh37" in sys.argv else "GRCh38"
        ours = seconds(lambda: read_vcf(path, {}, build))
        plain = seconds(lambda: walk(path))
    sys.stdout.write(f"{path.name}\tread_vcf {ours:.3f} s\tcyvcf2 {plain:.3f} s\t")
    sys.stdout.write(f"ratio {ours / plain:.2f}\n")


if __name__ == "__main__":
    main()
