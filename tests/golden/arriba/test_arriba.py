"""Files, calls and proteins of Arriba beside ours; its files are read without loss."""

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.fusions.calls import FusionsParams, fusions
from storiform.biomarkers.fusions.proteins import fusion_proteins
from storiform.biomarkers.fusions.split_reads import FusionReadsParams, fusion_reads
from storiform.io.fusion_files import read_given_fusions, read_known_fusions
from storiform.io.genes import read_gene_names
from storiform.io.read_files import open_reads
from storiform.io.resources import bundled
from storiform.io.transcripts import read_transcript_models
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning
from storiform.model.transcripts import Transcript
from storiform.simulation.fusion_genome import FusionTranscripts

HERE = Path(__file__).parent
FOUND = {
    ("FGFR3", "TACC3"), ("FIP1L1", "PDGFRA"), ("GOPC", "ROS1"), ("HOOK3", "RET"),
    ("ETV6", "NTRK3"), ("AKAP9", "BRAF"), ("BRD4", "NUTM1"), ("EML4", "ALK"), ("NPM1", "ALK"),
    ("CD74", "ROS1"), ("TMPRSS2", "ETV1"), ("EWSR1", "ATF1"), ("EWSR1", "FLI1"),
}  # fmt: skip
"""Of Arriba's pairs in the file of nf-cmgg; CIC::DUX4L8 needs an annotation with DUX4L8."""


def given(path: Path) -> pd.DataFrame:
    return read_given_fusions(
        SourceUnit("b", "p", {"fusions": path}, {}, build="GRCh38", record={})
    )


def merged(**tables) -> pd.DataFrame:
    known = read_known_fusions(bundled("reference/fusions/known_fusions.tsv"))
    names = read_gene_names(bundled("reference/genome/gene_identifiers.tsv.gz"))
    return fusions(known, names, FusionsParams(), **tables)


def lossless(path: Path) -> None:
    with path.open() as lines:
        told = [line for line in lines if not line.startswith("##")]
    rows = list(csv.DictReader(told, delimiter="\t", quoting=csv.QUOTE_NONE))
    table = given(path)
    assert len(table) == len(rows)
    for row, details in zip(rows, table["details"], strict=True):
        assert {name.removeprefix("#"): value for name, value in row.items()} == json.loads(
            details
        )


def test_arribas_calls_of_a_cell_line_are_read_without_loss() -> None:
    path = HERE / "hcc1395_fusions_20.tsv"
    lossless(path)
    table = given(path)
    assert len(table) == 20
    assert table["split_fragments"].notna().all()


def test_low_confidence_and_places_between_genes_do_not_count() -> None:
    table = given(HERE / "hcc1395_fusions_20.tsv")
    rows = merged(given_fusions=table)
    low = table["confidence"].eq("low")
    assert low.any()
    assert rows["note"].str.contains("low_confidence").sum() == low.sum()
    no_gene = table[["gene_5", "gene_3"]].eq("").any(axis=1)
    assert rows["note"].str.contains("no_gene").sum() == no_gene.sum() > 0


def test_proteins_of_arriba_are_taken_where_there_is_no_genome() -> None:
    table = given(HERE / "hcc1395_fusions_20.tsv")
    rows = merged(given_fusions=table)
    proteins = fusion_proteins(rows, given_fusions=table)
    assert len(proteins)
    counted = rows[rows["is_confident"]]
    assert set(proteins["gene"]) <= set(counted["fusion"])
    for row in proteins.to_dict("records"):
        text = next(
            protein
            for protein in table["protein"]
            if row["mutant"] in protein.replace("|", "").upper()
        )
        new = row["mutant"][row["changed_start"] : row["changed_end"]]
        assert new in text.replace("|", "").upper()
        assert row["changed_start"] <= 24


@pytest.mark.parametrize("name", ["cmgg_arriba.fusions", "megsap_arriba_expected",
                                  "hcc1395_arriba_fusions"])  # fmt: skip
def test_whole_files_of_arriba_are_read_without_loss(real_data, name) -> None:
    lossless(real_data / "fusion" / f"{name}.tsv")


class Sparse:
    """A genome of which Arriba's messengers tell some bases; all others are N."""

    def __init__(self, known, length):
        self.contigs = {"chr17": length}
        self._known = known

    def bases(self, contig, start, end):
        """Return the bases [start, end)."""
        assert contig == "chr17"
        letters = "".join(self._known.get(place, "N") for place in range(start, end))
        return np.frombuffer(letters.encode(), dtype=np.uint8)

    def pieces(self, contig, starts, ends):
        """Return the bases of several intervals, one after another."""
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.concatenate([self.bases(contig, *span) for span in spans])


def placed(transcript, place, letters, *, is_head):
    """Return the forward bases of one side of a messenger by their place, read off exons."""
    along = [at for start, end in transcript.exons for at in range(start, end)]
    along = along if transcript.is_forward else along[::-1]
    at = along.index(place)
    own = along[at + 1 - len(letters) : at + 1] if is_head else along[at : at + len(letters)]
    if not transcript.is_forward:
        letters = letters.translate(str.maketrans("ACGT", "TGCA"))
    return dict(zip(own, letters, strict=True))


@pytest.mark.parametrize(
    ("pair", "is_in_frame"),
    [(("TMEM104", "RAB37"), True), (("EFTUD2", "KIF18B"), False)],
)
def test_real_junctions_are_translated_as_arriba_translates_them(
    real_data, tmp_path, pair, is_in_frame
) -> None:
    """Gene models are GENCODE's, bases those of the messenger that Arriba put together."""
    path = tmp_path / "genes.gtf"
    with gzip.open(real_data / "annotation" / "gencode.v38.chr17.gtf.gz", "rt") as lines:
        path.write_text("".join(
            line for line in lines
            if line[0] == "#" or any(f'gene_name "{gene}"' in line for gene in pair)
        ))  # fmt: skip
    models = read_transcript_models(path)
    by_name = {one.name.split(".")[0]: one for one in models}
    table = given(real_data / "fusion" / "hcc1395_arriba_fusions.tsv")
    own = table[(table["gene_5"] == pair[0]) & (table["gene_3"] == pair[1])]
    row = own.iloc[0]
    told = json.loads(row["details"])
    head, _, tail = told["fusion_transcript"].replace("___", "").partition("|")
    head, tail = head.rpartition("...")[2], tail.partition("...")[0]
    known = placed(by_name[told["transcript_id1"]], row["position_5"], head, is_head=True)
    known |= placed(by_name[told["transcript_id2"]], row["position_3"], tail, is_head=False)
    proteins = fusion_proteins(
        merged(given_fusions=own), transcripts=models, reference=Sparse(known, 83_257_441)
    )
    before, _, behind = told["peptide_sequence"].upper().partition("|")
    behind = behind.partition("*")[0][:12]
    spoken = proteins[proteins["speaks_for_gene"]].iloc[0]
    assert before[-20:] + behind in spoken["mutant"]
    assert spoken["consequence"].endswith("frameshift_variant") != is_in_frame
    if is_in_frame:
        assert spoken["changed_start"] == 24
    else:
        assert spoken["mutant"].endswith(before[-20:] + behind)
        assert told["peptide_sequence"].endswith("*")


@pytest.fixture(scope="module")
def exons(real_data):
    """Return MANE Select transcripts: exons of coding genes alone."""
    rows = pd.read_csv(real_data / "annotation" / "hg38_exons.bed.gz", sep="\t")
    transcripts = []
    for (contig, gene, name), own in rows.groupby(
        ["#contig", "gene_name", "transcript_id"], sort=False
    ):
        spans = tuple(sorted(zip(own["start"].tolist(), own["end"].tolist(), strict=True)))
        ordered = own.sort_values("exon_number")["start"].tolist()
        is_forward = ordered[0] <= ordered[-1]
        transcripts.append(
            Transcript(str(name), str(gene), str(gene), str(contig), is_forward, spans,
                       biotype="protein_coding")
        )  # fmt: skip
    return FusionTranscripts(tuple(transcripts))


def called(path: Path, annotation) -> pd.DataFrame:
    collector = fusion_reads(annotation, FusionReadsParams())
    file = open_reads(path, role="tumour", assay="rna")
    collector.begin(file.header)
    for batch in file.batches(file.chunks(1)[0]):
        collector.take(batch)
    file.close()
    return merged(fusion_reads=collector.tables()[0])


def pairs(table: pd.DataFrame) -> set[tuple[str, str]]:
    own = table[table["is_confident"]]
    return set(zip(own["gene_5"], own["gene_3"], strict=True))


@pytest.mark.slow
def test_arribas_pairs_are_found_in_real_reads_and_no_others(real_data, exons) -> None:
    table = called(real_data / "fusion" / "cmgg_star.bam", exons)
    assert pairs(table) == FOUND
    theirs = given(real_data / "fusion" / "cmgg_arriba.fusions.tsv")
    same = table.merge(theirs, on=["gene_5", "gene_3", "position_5", "position_3"])
    assert len(same) >= len(FOUND)
    assert pairs(called(real_data / "fusion" / "megsap_arriba_in.bam", exons)) == {
        ("SMAD3", "PLCXD3")
    }


@pytest.mark.slow
def test_reads_of_hla_genes_make_no_fusion(real_data, exons) -> None:
    with pytest.warns(DataWarning, match="none of .* aligns in two parts"):
        table = called(real_data / "rna" / "arcas_chr6.bam", exons)
    assert len(table)
    assert not table["is_confident"].any()
