"""Real VCFs and MAFs: nothing lost, counts as another parser reads them, known burdens."""

import csv
import gzip
import io
import warnings
from pathlib import Path

import pandas as pd
import pytest
from cyvcf2 import VCF

from storiform.biomarkers.mutated_genes import MutatedGenesParams, recurrent_genes
from storiform.biomarkers.tmb import TmbParams, tmb
from storiform.biomarkers.variants import VariantParams, variants
from storiform.io.annotation import read_genes
from storiform.io.intervals import read_targets
from storiform.io.maf import read_maf
from storiform.io.vcf import read_vcf
from storiform.model.errors import DataWarning
from storiform.model.tables.dna import RECURRENT_GENES, VARIANTS

HCC1395 = "hcc1395/annotated.expression.vcf.gz"
FILES = {
    HCC1395: (1470, 1470, "HCC1395_TUMOR_DNA", "HCC1395_NORMAL_DNA"),
    "vcf/hcc1395_analysis_workflows.annotated.vcf.gz": (1140, 1145, "TUMOR", "NORMAL"),
    "vcf/pvac_input_somatic.vcf.gz": (2734, 2734, "H_NJ-HCC1395-HCC1395", None),
    "vcf/tumor_5_vs_normal_5.muse_VEP.ann.vcf.gz": (2030, 2037, "TUMOR", "NORMAL"),
    "vcf/tumor_5_vs_normal_5.strelka.somatic_indels_VEP.ann.vcf.gz": (
        6203, 6203, "TUMOR", "NORMAL",
    ),
}  # fmt: skip
"""File -> records, alternative alleles, tumour column, normal column."""

COUNTS = (
    "tumour_ref_reads", "tumour_alt_reads", "normal_ref_reads", "normal_alt_reads",
)  # fmt: skip


def naive(path: Path, tumour: str, normal: str | None) -> list[tuple[object, ...]]:
    """Read reference and alternative reads by htslib and the columns' plain meaning."""
    source = VCF(str(path))
    found: list[tuple[object, ...]] = []
    for order, record in enumerate(source):
        for allele, alt in enumerate(record.ALT):
            pairs: list[int | None] = []
            for name in (tumour, normal):
                column = None if name is None else source.samples.index(name)
                pairs += naive_counts(record, column, allele)
            found.append((order, allele, record.start, record.end, record.REF, alt, *pairs))
    return found


def naive_counts(record, column: int | None, allele: int) -> list[int | None]:
    if column is None:
        return [None, None]
    if "AD" not in record.FORMAT:
        names = ("TAR", "TIR") if "TAR" in record.FORMAT else ()
        return [int(record.format(name)[column][0]) for name in names] or [None, None]
    depths = record.format("AD")[column]
    if "RD" in record.FORMAT and (len(depths) == 1 or depths[1] < 0):
        return [int(record.format("RD")[column][0]), int(depths[0])]
    both = [int(depths[0]), int(depths[allele + 1])]
    return [None, None] if both[0] < 0 else both


@pytest.mark.parametrize("name", FILES)
def test_no_record_is_lost_and_counts_are_those_of_htslib(real_data, name) -> None:
    n_records, n_alleles, tumour, normal = FILES[name]
    path = real_data / name
    with gzip.open(path, "rt") as handle:
        assert sum(not line.startswith("#") for line in handle) == n_records
    calls = read_vcf(path, {}, "GRCh38").sort_values(["record", "allele"])
    assert calls["record"].nunique() == n_records
    assert len(calls) == n_alleles
    columns = ["record", "allele", "start", "end", "ref", "alt", *COUNTS]
    ours = [
        tuple(None if pd.isna(cell) else cell for cell in row)
        for row in calls[columns].astype(object).to_numpy()
    ]
    assert ours == naive(path, tumour, normal)


@pytest.mark.parametrize(
    ("place", "ref", "alt", "expected"),
    [
        ("chr2:31366061", "G", "C", [0, 74, 76, 0]),
        ("chr2:222689428", "G", "T", [69, 37, 76, 0]),
        ("chr5:177460555", "C", "T", [98, 39, 92, 1]),
        ("chr6:1930220", "G", "T", [146, 39, 63, 0]),
        ("chr6:29174126", "C", "T", [203, 78, 129, 0]),
        ("chr8:123220247", "C", "A", [169, 25, 84, 0]),
    ],
)
def test_counts_of_six_known_sites(real_data, place, ref, alt, expected) -> None:
    contig, position = place.split(":")
    calls = read_vcf(real_data / HCC1395, {}, "GRCh38")
    at = (calls["contig"] == contig) & (calls["start"] == int(position) - 1)
    own = calls[at & (calls["ref"] == ref) & (calls["alt"] == alt)]
    assert own[list(COUNTS)].astype(int).to_numpy().tolist() == [expected]


def test_neighbours_that_the_file_also_calls_together_count_once(real_data) -> None:
    calls = read_vcf(real_data / HCC1395, {}, "GRCh38")
    marked = variants(calls, None, VariantParams()).set_index(["contig", "start", "alt"])
    for contig, start, both, single in (
        ("chr5", 177460554, "TA", "T"),
        ("chr6", 1930219, "TT", "T"),
    ):
        assert marked.loc[[(contig, start, both)], "is_eligible"].all()
        assert marked.loc[[(contig, start, single)], "failed_filters"].eq("part_of_mnv").all()


def test_the_consequence_is_that_of_the_canonical_transcript(real_data) -> None:
    """VEP marks 'YES' in field CANONICAL: an independent reading by column name."""
    path = real_data / HCC1395
    source = VCF(str(path))
    names = (
        source.get_header_type("CSQ")["Description"].split("Format: ")[1].strip('"').split("|")
    )
    calls = read_vcf(path, {}, "GRCh38").set_index("record")
    checked = 0
    for order, record in enumerate(source):
        entries = [
            dict(zip(names, e.split("|"), strict=True)) for e in record.INFO["CSQ"].split(",")
        ]
        canonical = {e["Feature"]: e["Consequence"] for e in entries if e["CANONICAL"] == "YES"}
        genes = {e["Gene"] for e in entries}
        if len(genes) == 1 and len(canonical) == 1:
            checked += 1
            assert calls.loc[order, "consequence"] == next(iter(canonical.values()))
            assert calls.loc[order, "transcript"] in canonical
    assert checked > 500


@pytest.fixture(scope="module")
def laml(real_data) -> dict[str, pd.DataFrame]:
    path = real_data / "maf/tcga_laml.maf.gz"
    with gzip.open(path, "rt") as handle:
        samples = sorted(
            {r["Tumor_Sample_Barcode"] for r in csv.DictReader(handle, delimiter="\t")}
        )
    found = {}
    for sample in samples:
        calls = read_maf(path, (sample,), "GRCh37")
        with warnings.catch_warnings():  # a MAF without read counts is told of
            warnings.simplefilter("ignore", DataWarning)
            found[sample] = VARIANTS.conform(variants(calls, None, VariantParams()))
    return found


@pytest.mark.slow
def test_the_burden_of_tcga_laml_is_that_of_maftools(laml) -> None:
    """The example of maftools has 1,732 variants in 193 samples, median 9."""
    params = TmbParams(preset="maftools")
    found = {name: tmb(v, None, None, params).iloc[0] for name, v in laml.items()}
    burdens = pd.DataFrame(found).T
    assert sum(len(v) for v in laml.values()) == 2207
    assert len(burdens) == 193
    assert burdens["mutations_nonsynonymous"].sum() == 1732
    assert (burdens["mutations_nonsynonymous"] > 0).sum() == 192
    assert burdens["mutations_nonsynonymous"].median() == 9
    assert burdens["tmb"].median() == pytest.approx(0.18, rel=1e-12)
    assert burdens.loc["TCGA-AB-3009", "mutations_nonsynonymous"] == 34
    assert burdens.loc["TCGA-AB-3009", "tmb"] == pytest.approx(0.68, rel=1e-12)


@pytest.mark.slow
def test_the_recurrent_genes_of_tcga_laml_are_the_known_ones(laml) -> None:
    """The counts of mutated samples are those of maftools' gene summary."""
    frames = [v.assign(patient=name, biopsy=name) for name, v in laml.items()]
    cohort = VARIANTS.conform(pd.concat(frames), ("patient", "biopsy"))
    genes = RECURRENT_GENES.conform(recurrent_genes(cohort, MutatedGenesParams()))
    counts = genes.set_index("gene")["patients_mutated"]
    expected = {"FLT3": 52, "DNMT3A": 48, "NPM1": 33, "IDH2": 20, "IDH1": 18, "TET2": 17}
    assert {gene: int(counts[gene]) for gene in expected} == expected


@pytest.mark.slow
def test_the_published_counts_of_the_melanoma_cohort_come_out(real_data) -> None:
    """Bare CR line ends, commas; the counts were published beside the calls."""
    published = pd.read_csv(real_data / "cohort/riaz_mutation_counts.csv")
    path = real_data / "maf/riaz_pre_therapy_nonsyn.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode().replace("\r", "\n")
    rows = pd.read_csv(io.StringIO(text))
    assert len(published) == rows["Patient"].nunique() == 68
    total = 0
    # a spreadsheet had made dates of MARCHF11 and others
    with pytest.warns(DataWarning, match="names? that a spreadsheet made a date"):
        read = [
            read_maf(path, (f"{patient}_pre", patient), "GRCh37")
            for patient in published["Patient"]
        ]
    for calls, expected in zip(read, published["NonSynMut"], strict=True):
        marked = VARIANTS.conform(variants(calls, None, VariantParams()))
        burden = tmb(marked, None, None, TmbParams(preset="maftools")).iloc[0]
        assert burden["mutations_nonsynonymous"] == expected
        total += len(calls)
    assert total == len(rows) == 28589


def test_real_targets_and_genes_are_measured(real_data) -> None:
    """The bases of both are counted one by one on a chromosome, by a mask."""
    bed = real_data / "annotation/interval-exome.target-267.hg19.bed.gz"
    mask = bytearray(60_000_000)
    with gzip.open(bed, "rt") as handle:
        for line in handle:
            contig, start, end = line.split("\t")[:3]
            if contig in {"chr21", "21"}:
                mask[int(start) : int(end)] = b"\1" * (int(end) - int(start))
    starts, ends = read_targets(bed).bounds["chr21"]
    assert int((ends - starts).sum()) == sum(mask) > 0
    genes = read_genes(real_data / "annotation/gencode.v38.chr17.gtf.gz")
    at_tp53 = pd.DataFrame(
        {"contig": "chr17", "start": [7675087, 7675051, 7675050, 7670000]}
    ).assign(end=lambda places: places["start"] + 1)
    assert genes.coding.touches(at_tp53).tolist() == [True, True, True, False]
