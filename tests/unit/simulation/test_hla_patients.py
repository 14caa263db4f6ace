"""HLA genes of a trial's patients: who has reads, of what, and what is true of the tumours."""

from collections import Counter

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.io.hla_reference_file import read_hla_reference
from storiform.simulation.genome import Genome
from storiform.simulation.hla_genes import read_family
from storiform.simulation.hla_invention import invent_family
from storiform.simulation.hla_patients import (
    COMPILED,
    CONTIGS,
    HlaSample,
    draw_types,
    gene_copies,
    hla_records,
    loss_rows,
    lost_alleles,
    tumour_of,
)
from storiform.simulation.invention import invent
from storiform.simulation.read_trial import Effort, simulate_reads
from storiform.simulation.reference import read_reference
from storiform.simulation.tumour_copies import TumourCopies

PATIENTS = [f"P{number}" for number in range(12)]


@pytest.fixture(scope="module")
def genome():
    return invent(read_reference(9000))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder and the truth of a trial without faults."""
    folder = tmp_path_factory.mktemp("hla")
    return folder, simulate_reads(folder, 4, 5, (), Effort(16, 40, 2_000))


def with_copies(genome: Genome, state) -> TumourCopies:
    """Return a tumour with the same copies everywhere."""
    edges = np.array([0, len(genome.bases)])
    return TumourCopies(edges, np.array([state]), "complex", "none")


def test_who_has_no_reads_has_no_type_and_another_is_homozygous():
    told, people = draw_types(PATIENTS, PATIENTS[2:], 3)
    assert list(told) == PATIENTS
    (without,) = set(PATIENTS) - set(people)
    assert told[without].written == ()
    assert without in PATIENTS[2:]
    twice = [n for n, own in told.items() if own.alleles[::2] == own.alleles[1::2]]
    assert twice
    assert without not in twice
    untyped = [name for name, own in told.items() if not own.written]
    assert len(untyped) == 2


def test_all_of_a_few_patients_have_reads():
    _, people = draw_types(PATIENTS[:5], PATIENTS[:5], 3)
    assert list(people) == PATIENTS[:5]


def test_people_have_the_alleles_that_are_told():
    told, people = draw_types(PATIENTS, PATIENTS, 4)
    family = invent_family()
    for name, person in people.items():
        found = [f"HLA-{family.alleles[allele].two_fields}" for allele in person.alleles]
        assert tuple(found) == told[name].alleles


@pytest.mark.parametrize("state", [(1, 1), (1, 0), (0, 2), (0, 0)])
def test_genes_have_the_copies_of_the_genome_where_they_lie(genome, state):
    copies = with_copies(genome, state)
    assert gene_copies(genome, copies) == dict.fromkeys("ABC", state)
    tumour = tumour_of(genome, copies, 0.5)
    assert tumour.mean_copies("A") == tuple(0.5 * n + 0.5 for n in state)
    assert tumour.mean_copies("H") == tumour.mean_copies("A")
    told, _ = draw_types(PATIENTS, PATIENTS, 4)
    own = next(o for o in told.values() if len(set(o.alleles)) == 6)
    lost = lost_alleles(own, tumour)
    assert lost == {a for side in (0, 1) if state[side] == 0 for a in own.alleles[side::2]}
    rows = loss_rows("P1", "P1", own, tumour, has_reads=True)
    assert {name for row in rows for name in row["lost_allele"].split(";") if name} == lost


def test_a_homozygous_gene_loses_no_allele_while_a_copy_is_left(genome):
    told, _ = draw_types(PATIENTS, PATIENTS, 4)
    own = next(o for o in told.values() if o.alleles[::2] == o.alleles[1::2])
    tumour = tumour_of(genome, with_copies(genome, (1, 0)), 0.5)
    assert lost_alleles(own, tumour) == frozenset()
    rows = loss_rows("P1", "P1", own, tumour, has_reads=True)
    assert {row["lost_allele"] for row in rows} == {""}
    gone = tumour_of(genome, with_copies(genome, (0, 0)), 0.5)
    assert lost_alleles(own, gone) == set(own.alleles)


def test_reads_of_a_lost_haplotype_come_from_normal_cells_alone(genome):
    told, people = draw_types(PATIENTS, PATIENTS, 4)
    name = next(n for n, o in told.items() if len(set(o.alleles)) == 6 and n in people)
    sizes = []
    for purity in (0.0, 0.9):
        tumour = tumour_of(genome, with_copies(genome, (1, 0)), purity)
        sample = HlaSample(name, 100, 0.0, "exome", (1, 2), tumour)
        records = hla_records(people, sample, 6)
        assert records is not None
        assert set(records.contigs.tolist()) <= {-1, 6}
        sizes.append(len(records.starts))
    assert sizes[1] / sizes[0] == pytest.approx(0.55, abs=0.05)
    assert hla_records({}, sample, 6) is None


def test_files_of_a_trial_hold_reads_of_both_alleles_where_they_belong(made):
    folder, truth = made
    family = invent_family()
    row = truth.hla_loss[
        (truth.hla_loss["allele_1"] != truth.hla_loss["allele_2"])
    ].iloc[0]  # fmt: skip
    names = [name for name, _ in CONTIGS]
    for suffix in ("N", "pre_T"):
        seen = Counter()
        words = {
            allele: own_words(family, allele, other)
            for allele, other in (
                (row["allele_1"], row["allele_2"]), (row["allele_2"], row["allele_1"]))
        }  # fmt: skip
        with pysam.AlignmentFile(f"{folder}/bam/{row['patient']}_{suffix}.bam") as bam:
            assert list(bam.references[-2:]) == names
            for read in bam.fetch(until_eof=True):
                if read.reference_id >= 0 and read.reference_name not in names:
                    continue
                if read.flag & 0x900:
                    continue
                where = "unplaced" if read.reference_id < 0 else "placed"
                text = read.get_forward_sequence()
                for allele, own in words.items():
                    seen[allele, where] += hits(text, own)
        for allele in words:
            assert seen[allele, "placed"] > 5
        assert sum(n for (_, where), n in seen.items() if where == "unplaced") > 0


def own_words(family, allele, other):
    """Return the 25-mers of an allele on both strands that no other gene or allele has."""

    def texts(one):
        text = "".join("ACGT"[code] for code in one.genomic)
        return text, text.translate(str.maketrans("ACGT", "TGCA"))[::-1]

    def words(one):
        return {text[n : n + 25] for text in texts(one) for n in range(len(text) - 24)}

    strange = set().union(
        words(family.find(other)),
        *(
            words(one)
            for gene in family.genes
            if gene != allele[4]
            for one in family.genes[gene]
        ),
    )
    return words(family.find(allele)) - strange


def hits(text, words):
    return any(text[n : n + 25] in words for n in range(len(text) - 24))


def test_the_release_of_a_trial_is_whole_and_compiled(made):
    folder, _ = made
    family, read = invent_family(), read_family(folder / "imgt")
    assert set(read.alleles) == {n for n, a in family.alleles.items() if a.is_told_whole}
    compiled = read_hla_reference(folder / COMPILED)
    assert set(compiled.alleles) == set(family.alleles)
    assert not compiled.left_out
    assert "hla_reference: hla_reference.npz" in (folder / "trial.yaml").read_text()


def test_truth_of_losses_agrees_with_that_of_neoantigens(made):
    folder, truth = made
    losses = pd.read_csv(folder / "truth" / "hla_loss.tsv", sep="\t")
    assert len(losses) == 3 * truth.tmb["biopsy"].nunique()
    gone = set()
    for row in losses.to_dict("records"):
        if row["allele_1"] != row["allele_2"]:
            sides = ((row["allele_1"], row["copies_1"]), (row["allele_2"], row["copies_2"]))
            gone |= {(row["biopsy"], allele) for allele, copies in sides if copies == 0}
    for row in truth.neoantigens[truth.neoantigens["is_presented"]].itertuples():
        assert row.is_lost == ((row.biopsy, row.allele) in gone)
    assert truth.hla["has_reads"].all()
