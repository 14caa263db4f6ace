"""A simulated trial: the places where the normal differs from the reference are planted."""

import numpy as np
import pandas as pd
import pytest

from storiform.biomarkers.callability import CallabilityParams, pileup
from storiform.biomarkers.germline import GermlineParams, germline_sites
from storiform.io.fasta import read_fasta
from storiform.io.intervals import read_targets
from storiform.io.read_files import open_reads
from storiform.model.tables.reads import ALLELE_SITES, ALTERNATIVE_SITES
from storiform.simulation.genome import BASES
from storiform.simulation.invention import invent
from storiform.simulation.people import draw_person
from storiform.simulation.read_trial import Effort, simulate_reads
from storiform.simulation.recipe import Recipe
from storiform.simulation.reference import read_reference

SEED = 11


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trial")
    simulate_reads(folder, 4, SEED, (), Effort(40, 2, 200))
    return folder


def found_in(trial, patient):
    """Return the germline sites of a patient, and the targets."""
    reference = read_fasta(trial / "reference.fa")
    collector = pileup(read_targets(trial / "targets.bed"), reference, CallabilityParams())
    file = open_reads(trial / "bam" / f"{patient}_N.bam", role="normal", assay="exome")
    try:
        collector.begin(file.header)
        for chunk in file.chunks(2):
            for batch in file.batches(chunk):
                collector.take(batch)
    finally:
        file.close()
    depth, _, _, *sites = collector.tables()
    unit = {"patient": patient, "sample": f"{patient}_N", "role": "normal", "assay": "exome"}
    tables = [
        contract.conform(rows.assign(**unit), tuple(unit))
        for contract, rows in zip((ALLELE_SITES, ALTERNATIVE_SITES), sites, strict=True)
    ]
    return germline_sites(*tables, reference, GermlineParams()), depth


def planted(trial, patient):
    """Return all places where people differ, and how often a person carries the other base."""
    genome = invent(read_reference(Recipe().genes))
    clinical = pd.read_csv(trial / "clinical.csv").set_index("patient")
    number = sorted(clinical.index).index(patient)
    rng = np.random.default_rng([SEED, 22, number])
    person = draw_person(genome, clinical.loc[patient, "sex"], rng)
    rows = []
    for contig in genome.contigs:
        span = genome.span(contig)
        for k in np.flatnonzero((genome.snp_at >= span.start) & (genome.snp_at < span.stop)):
            carried = int(person.snps[:, k].sum())
            place = int(genome.snp_at[k])
            letters = (BASES[genome.bases[place]], BASES[genome.snp_alt[k]])
            rows.append((contig, place - span.start, carried, *letters))
    return pd.DataFrame(rows, columns=["contig", "start", "carried", "ref", "alt"])


@pytest.mark.slow
def test_planted_heterozygous_and_homozygous_sites_are_found(trial):
    sheet = pd.read_csv(trial / "samples.csv")
    patient = sheet.loc[sheet["status"].eq(0), "patient"].iloc[0]
    found, targets = found_in(trial, patient)
    snps = planted(trial, patient)
    is_captured = np.zeros(len(snps), dtype=bool)
    for target in targets.itertuples():
        inside = snps["start"].ge(target.start) & snps["start"].lt(target.end)
        is_captured |= (snps["contig"].eq(target.contig) & inside).to_numpy()
    for zygosity, carried in (("heterozygous", 1), ("homozygous", 2)):
        sites = found[found["zygosity"].eq(zygosity)].set_index(["contig", "start"])
        true = snps[snps["carried"].eq(carried)].set_index(["contig", "start"])
        # no false one; the few that are missing have too few reads, or by chance other shares
        assert sites.index.isin(true.index).all()
        assert len(sites) > 0.95 * snps[is_captured]["carried"].eq(carried).sum() > 500
        true = true.loc[sites.index]
        assert sites["reference"].tolist() == true["ref"].tolist()
        alleles = sites[["allele_1", "allele_2"]].to_numpy()
        assert (alleles == true[["alt"]].to_numpy()).any(axis=1).all()
        assert (alleles == true[["ref"]].to_numpy()).any(axis=1).all() == (carried == 1)
