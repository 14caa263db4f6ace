"""Neoantigens, alleles and bare files of a trial of reads, read back from its files."""

import csv

import pysam
import pytest

from storiform.simulation.codons import THREE
from storiform.simulation.read_trial import Effort, simulate_reads


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder and the truth of a trial without faults."""
    folder = tmp_path_factory.mktemp("reads")
    return folder, simulate_reads(folder, 4, 5, (), Effort(26, 40, 300))


def protein_with(twin, folder, calls):
    """Return the protein of the calls' gene with all of them; each gene is read from files."""
    alleles = {
        (call["contig"], call["start"]): (call["ref"], call["alt"])
        for call in calls.to_dict("records")
    }
    genome = twin.mutated(twin.read_genome(folder), alleles)
    (gene,) = set(calls["gene"])
    return twin.proteins(genome, [gene])[gene]


def test_planted_neoantigens_are_in_the_mutated_proteins(made, twin):
    folder, truth = made
    assert len(truth.neoantigens) >= 10
    assert truth.neoantigens["is_presented"].sum() >= 5
    own = truth.hla.groupby("patient")["allele"].agg(set)
    for row in truth.neoantigens.to_dict("records"):
        calls = truth.calls[
            (truth.calls["biopsy"] == row["biopsy"]) & (truth.calls["gene"] == row["gene"])
        ]
        calls = calls[~calls["planted_as"].str.startswith("germline")]
        true = calls[calls["start"] == row["start"]]
        assert len(calls) == len(true) == 1, "nothing else happens to the protein"
        assert true["planted_as"].item() == row["planted_as"]
        assert row["planted_as"] in {"somatic", "missed"}
        assert true["consequence"].item() == "missense_variant"
        protein = protein_with(twin, folder, true)
        assert row["peptide"] in protein
        assert row["wild_type"] not in protein
        assert (row["allele"] in own[row["patient"]]) == row["is_presented"]


def test_neighbours_of_a_codon_are_one_change_on_the_same_molecules(made, twin):
    folder, truth = made
    calls = truth.calls[truth.calls["joint_hgvsp"].notna()]
    assert len(calls) >= 6
    assert 0 < calls["phase_group"].notna().sum() < len(calls), "Mutect2 tells, Strelka2 cannot"
    germline = twin.proteins(twin.read_genome(folder))
    together, apart = 0, 0
    for (biopsy, gene), pair in calls.groupby(["biopsy", "gene"]):
        assert pair["start"].diff().iloc[1] == 1
        protein = protein_with(twin, folder, pair)
        told = pair["joint_hgvsp"].iloc[0]
        place = int(told[5:-3]) - 1
        changed = [
            n for n, (a, b) in enumerate(zip(germline[gene], protein, strict=True)) if a != b
        ]
        assert changed == [place]
        names = (THREE[residue] for residue in (germline[gene][place], protein[place]))
        assert told == f"p.{{}}{place + 1}{{}}".format(*names)
        patient = pair["patient"].iloc[0]
        with pysam.AlignmentFile(f"{folder}/bam/{patient}_pre_T.bam") as bam:
            contig, start = pair["contig"].iloc[0], pair["start"].min()
            for read in bam.fetch(contig, start, start + 2):
                at = {
                    place: query for query, place in read.get_aligned_pairs(matches_only=True)
                }
                if {start, start + 1} <= set(at):
                    seen = [
                        read.query_sequence[at[call["start"]]] == call["alt"]
                        for call in pair.to_dict("records")
                    ]
                    together += all(seen)
                    apart += sum(seen) == 1
        assert biopsy == patient
    assert together > 8
    assert apart < 0.15 * together, "errors of sequencing alone part them"


def test_every_fourth_patient_has_a_file_without_consequences(made):
    folder, truth = made
    bare = truth.tmb.loc[~truth.tmb["is_annotated"], "patient"]
    patients = sorted(set(truth.reads["patient"]))
    assert set(bare) == {name for n, name in enumerate(patients) if n % 8 in (1, 6)}
    for row in truth.tmb.to_dict("records"):
        text = (folder / "vcf" / f"{row['sample']}.vcf").read_text()
        records = [line for line in text.splitlines() if line[0] != "#"]
        assert ("##INFO=<ID=CSQ" in text) == row["is_annotated"]
        assert all(("CSQ=" in line) == row["is_annotated"] for line in records)
        assert len(records) > 5


def test_sheet_names_the_alleles_of_all_tumours_but_one(made):
    folder, truth = made
    written = truth.hla.groupby("patient")["written"].agg(";".join)
    untyped = [name for name, cell in written.items() if not cell.strip(";")]
    assert len(untyped) == 1
    assert (truth.hla["written"] == "Cw7").sum() == 1
    with (folder / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["status"] for row in rows} == {"0", "1", "2"}
    for row in rows:
        named = row["status"] == "1" and row["patient"] not in untyped
        assert row["hla"] == (written[row["patient"]] if named else "")
    copies = truth.hla.groupby(["patient", "gene"])["copy"].agg(sorted)
    assert (copies.map(tuple) == (1, 2)).all()
