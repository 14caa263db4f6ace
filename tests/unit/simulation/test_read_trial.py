"""A trial of reads: what pysam and plain Python see in its files against its truth."""

import csv
import shutil
import subprocess
from collections import Counter

import numpy as np
import pandas as pd
import pysam
import pytest

from storiform.simulation.faults import choose_faults
from storiform.simulation.genome import BASES
from storiform.simulation.invention import invent
from storiform.simulation.read_trial import Effort, simulate_reads
from storiform.simulation.reference import read_reference

EFFORT = Effort(normal_depth=34, tumour_depth=46, rna_fragments=9_000)
TINY = Effort(normal_depth=5, tumour_depth=5, rna_fragments=600)
LEFT_OUT = 4 | 256 | 1024 | 2048


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return the folder and the truth of a trial with every fault."""
    folder = tmp_path_factory.mktemp("reads")
    faults = ("swap", "contamination", "truncation", "missing_index")
    return folder, simulate_reads(folder, 6, 5, faults, EFFORT)


def sheet(folder):
    with (folder / "samples.csv").open() as file:
        return list(csv.DictReader(file))


def sound(truth):
    """Return the patients whose files are as they should be."""
    return sorted(set(truth.reads["patient"]) - set(truth.faults["patient"]))


def shown(bam, contig, start, ref, alt):
    """Count fragments by what they show: naive, read by read; the better mate speaks."""
    seen = {}
    last = start if len(ref) == len(alt) else start + len(ref)
    for read in bam.fetch(contig, start, start + 1):
        if read.flag & LEFT_OUT or read.mapping_quality < 20:
            continue
        at = {place: query for query, place in read.get_aligned_pairs(matches_only=True)}
        if start not in at or last not in at:
            continue
        quality = min(read.query_qualities[at[start]], read.query_qualities[at[last]])
        letters = read.query_sequence[at[start] : max(at[last], at[start] + 1)]
        if last != start:
            letters = letters[1:]
        rank = (quality, read.is_read1)
        if quality >= 20:
            before = seen.get(read.query_name, ((0, False), ""))
            seen[read.query_name] = max(before, (rank, letters))
    found = Counter(letters for _, letters in seen.values())
    if last == start:
        return found[ref], found[alt]
    if len(ref) > 1:
        return sum(n for letters, n in found.items() if len(letters) == len(ref) - 1), found[""]
    return found[""], found[alt[1:]]


def test_counts_of_the_truth_are_those_of_the_reads(made):
    folder, truth = made
    calls = truth.calls[truth.calls["patient"].isin(sound(truth))]
    assert (calls["ref"].str.len() != calls["alt"].str.len()).sum() >= 2
    assert len(calls) > 20
    for kind, suffix in (("tumour", "pre_T"), ("normal", "N"), ("rna", "pre_R")):
        for call in calls.to_dict("records"):
            with pysam.AlignmentFile(f"{folder}/bam/{call['patient']}_{suffix}.bam") as bam:
                found = shown(*(bam, call["contig"], call["start"], call["ref"], call["alt"]))
            assert found == (call[f"{kind}_ref"], call[f"{kind}_alt"]), (kind, call)


def test_calls_name_the_bases_of_the_reference(made):
    folder, truth = made
    with pysam.FastaFile(str(folder / "reference.fa")) as fasta:
        for call in truth.calls.itertuples():
            found = fasta.fetch(call.contig, call.start, call.start + len(call.ref))
            assert found == call.ref


def test_vcf_holds_the_calls_that_a_caller_would_see(made):
    folder, truth = made
    for patient, calls in truth.calls.groupby("patient"):
        path = folder / "vcf" / f"{patient}_pre_T.vcf"
        lines = [line.split("\t") for line in path.read_text().splitlines() if line[0] != "#"]
        found = {(f[0], int(f[1]) - 1, f[3], f[4]) for f in lines}
        kept = calls[calls["planted_as"] != "missed"]
        assert found == set(
            zip(kept["contig"], kept["start"], kept["ref"], kept["alt"], strict=True)
        )
        assert len(kept) > 0.7 * len(calls)


def test_share_of_mutated_reads_follows_the_purity(made):
    _, truth = made
    purity = truth.reads[truth.reads["role"] == "tumour"].set_index("patient")["purity"]
    calls = truth.calls[
        (truth.calls["planted_as"] == "somatic") & (truth.calls["contig"] != "chrX")
    ]
    for patient, own in calls.groupby("patient"):
        depth = own["tumour_alt"] + own["tumour_ref"]
        p = purity[patient].iloc[0]
        carrying, total = (own[n].astype(float) for n in ("mutated_copies", "total_copies"))
        shares = p * carrying / (p * total + 2 * (1 - p))
        expected = float((shares * depth).sum() / depth.sum())
        share = own["tumour_alt"].sum() / depth.sum()
        error = (share * (1 - share) / depth.sum()) ** 0.5
        # What is called is chosen by its reads, so a little more than the expectation.
        assert abs(share - expected) < 4 * error + 0.03, patient


def test_true_mutations_are_clear_of_every_threshold(made):
    _, truth = made
    true = truth.calls[truth.calls["counts_coding"]]
    assert len(true) > 40
    assert (true["tumour_alt"] >= 6).all()
    assert (true["tumour_alt"] / (true["tumour_alt"] + true["tumour_ref"]) >= 0.1).all()
    assert (true["normal_ref"] >= 14).all()
    assert (true["normal_alt"] == 0).all()


def genotypes(path, sites):
    """Return the share of second alleles at SNPs, NaN where fewer than 8 reads show them."""
    shares = []
    with pysam.AlignmentFile(str(path)) as bam:
        for contig, start, ref, alt in sites:
            counts = bam.count_coverage(contig, start, start + 1, quality_threshold=20)
            reads = {base: counts[n][0] for n, base in enumerate("ACGT")}
            depth = reads[ref] + reads[alt]
            shares.append(reads[alt] / depth if depth >= 8 else np.nan)
    return np.array(shares)


@pytest.fixture(scope="module")
def sites():
    """Return 450 SNPs inside targets."""
    genome = invent(read_reference(9000))
    rows = []
    for start, end in genome.target_array:
        low, high = np.searchsorted(genome.snp_at, (start, end))
        for number in range(low, min(low + 1, high)):
            at = int(genome.snp_at[number])
            contig = int(np.searchsorted(genome.firsts, at, side="right")) - 1
            rows.append((genome.contigs[contig], at - int(genome.firsts[contig]),
                         BASES[genome.bases[at]], BASES[genome.snp_alt[number]]))  # fmt: skip
    return rows[:450]


def agreement(one, two):
    both = ~np.isnan(one) & ~np.isnan(two)
    assert both.sum() > 40
    return float((np.round(2 * one[both]) == np.round(2 * two[both])).mean())


def test_samples_of_a_patient_share_alleles_and_swapped_tumours_do_not(made, sites):
    folder, truth = made
    swapped = truth.faults[truth.faults["fault"] == "swap"].set_index("patient")["other"]
    assert len(swapped) == 2
    for patient, other in swapped.items():
        tumour = genotypes(folder / "bam" / f"{patient}_pre_T.bam", sites)
        own = genotypes(folder / "bam" / f"{patient}_N.bam", sites)
        others = genotypes(folder / "bam" / f"{other}_N.bam", sites)
        assert agreement(tumour, others) > agreement(tumour, own) + 0.15
    patient = sound(truth)[0]
    normal = genotypes(folder / "bam" / f"{patient}_N.bam", sites)
    tumour = genotypes(folder / "bam" / f"{patient}_pre_T.bam", sites)
    assert agreement(normal, tumour) > 0.6, "what its copies have not moved"
    lost = truth.copies.set_index("patient").loc[patient, "kind"] != "quiet"
    assert (agreement(normal, tumour) < 0.95) == lost


def test_contaminated_tumour_shows_the_other_persons_alleles(made, sites):
    folder, truth = made
    fault = truth.faults[truth.faults["fault"] == "contamination"].iloc[0]
    normal = genotypes(folder / "bam" / f"{fault['patient']}_N.bam", sites)
    other = genotypes(folder / "bam" / f"{fault['other']}_N.bam", sites)
    tumour = genotypes(folder / "bam" / f"{fault['patient']}_pre_T.bam", sites)
    # Where one is homozygous for the first allele and the other for the second.
    rows = (normal < 0.02) & (other > 0.98)
    assert rows.sum() >= 5
    assert 0.02 < np.nanmean(tumour[rows]) < 0.09
    told = truth.reads.set_index("sample").loc[f"{fault['patient']}_pre_T", "contamination"]
    assert told == 0.05


def test_spoilt_files_are_spoilt_and_no_others(made):
    folder, truth = made
    bad = truth.faults.groupby("fault")["patient"].agg(list)
    for row in sheet(folder):
        path = folder / row["bam"]
        ends_well = path.read_bytes()[-28:].startswith(b"\x1f\x8b\x08\x04")
        is_tumour = row["status"] == "1"
        assert ends_well != (is_tumour and row["patient"] in bad["truncation"])
        lacks_index = is_tumour and row["patient"] in bad["missing_index"]
        assert (folder / f"{row['bam']}.bai").exists() != lacks_index
        assert (row["bai"] == "") == lacks_index


def test_sex_is_in_the_reads(made):
    folder, truth = made
    normals = truth.reads[truth.reads["role"] == "normal"]
    for row in normals.itertuples():
        counts = {s.contig: s.mapped for s in pysam.AlignmentFile(
            f"{folder}/bam/{row.sample}.bam").get_index_statistics()}  # fmt: skip
        assert (counts["chrY"] > 500) == (row.sex == "male"), row.sample


def fragments_of_genes(folder, patient, strand):
    """Let featureCounts count the fragments of each gene."""
    program = shutil.which("featureCounts")
    if program is None:
        pytest.skip("featureCounts is not installed")
    out, bam = folder / "counts.txt", folder / "bam" / f"{patient}_pre_R.bam"
    options = ["-p", "--countReadPairs", "-s", strand, "-a", str(folder / "genes.gtf")]
    command = [program, *options, "-o", str(out), str(bam)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603  a peer
    counted = pd.read_csv(out, sep="\t", comment="#").set_index("Geneid")
    return counted.iloc[:, -1], counted["Length"]


def test_expression_is_counted_as_it_was_planted(made):
    folder, truth = made
    patient = truth.expression["biopsy"].iloc[0]
    counts, lengths = fragments_of_genes(folder, patient, "2")
    assert counts.sum() > 0.5 * EFFORT.rna_fragments
    planted = truth.expression[truth.expression["biopsy"] == patient].set_index("gene_id")
    planted.index = planted.index + ".1"
    expected = planted["tpm"] * lengths
    expected *= counts.sum() / expected.sum()
    much = expected[expected > 15].index
    assert len(much) > 100
    ratio = counts[much] / expected[much]
    assert 0.85 < ratio.median() < 1.15
    assert ratio.quantile(0.9) / ratio.quantile(0.1) < 3
    assert fragments_of_genes(folder, patient, "1")[0].sum() < 0.05 * counts.sum()


def test_reads_have_what_real_ones_have(made):
    folder, truth = made
    patient = sound(truth)[0]
    seen = Counter()
    with pysam.AlignmentFile(f"{folder}/bam/{patient}_pre_T.bam") as bam:
        assert bam.header["RG"][0]["SM"] == f"{patient}_pre_T"
        for read in bam.fetch(until_eof=True):
            seen["reads"] += 1
            seen["duplicates"] += read.is_duplicate
            seen["supplementary"] += read.is_supplementary
            seen["placed unmapped"] += read.is_unmapped and read.reference_id >= 0
            seen["unplaced"] += read.reference_id < 0
            seen["clipped"] += "S" in (read.cigarstring or "")
            seen["indels"] += "I" in (read.cigarstring or "") or "D" in (read.cigarstring or "")
            overlap = read.reference_end and read.next_reference_start < read.reference_end
            seen["overlapping"] += bool(overlap and not read.is_reverse and read.is_proper_pair)
            assert set(read.query_qualities) <= {2, 11, 25, 37}
    for name, count in seen.items():
        assert count > 20, name
    with pysam.AlignmentFile(f"{folder}/bam/{patient}_pre_R.bam") as bam:
        reads = list(bam.fetch(until_eof=True))
    assert sum("N" in (read.cigarstring or "") for read in reads) > 0.1 * len(reads)
    assert all(
        read.has_tag("NH")
        for read in reads
        if not read.is_unmapped and not read.mate_is_unmapped
    )
    assert any(read.is_secondary for read in reads)


def test_edit_distances_and_mates_are_right(made):
    folder, truth = made
    patient = sound(truth)[0]
    with (
        pysam.AlignmentFile(f"{folder}/bam/{patient}_pre_T.bam") as bam,
        pysam.FastaFile(str(folder / "reference.fa")) as fasta,
    ):
        texts = {name: fasta.fetch(name) for name in fasta.references}
        primary = {}
        for number, read in enumerate(bam.fetch()):
            if number > 4000:
                break
            if read.is_unmapped or read.is_supplementary:
                continue
            text = texts[read.reference_name]
            pairs = read.get_aligned_pairs(matches_only=True)
            wrong = sum(read.query_sequence[q] != text[r] for q, r in pairs)
            indels = sum(n for op, n in read.cigartuples if op in (1, 2))
            assert read.get_tag("NM") == wrong + indels
            primary.setdefault(read.query_name, []).append(read)
        pairs = [reads for reads in primary.values() if len(reads) == 2]
        assert len(pairs) > 500
        for one, two in pairs:
            assert one.next_reference_start == two.reference_start
            assert two.next_reference_start == one.reference_start
            assert one.template_length == -two.template_length
            assert {one.is_read1, two.is_read1} == {True, False}


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_same_seed_gives_same_bytes_for_any_number_of_workers(tmp_path):
    simulate_reads(tmp_path / "one", 4, 9, ("swap",), TINY, workers=1)
    simulate_reads(tmp_path / "two", 4, 9, ("swap",), TINY, workers=2)
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    assert sum(name.endswith(".bam") for name in one) == 12
    simulate_reads(tmp_path / "three", 4, 10, (), TINY)
    other = contents(tmp_path / "three")
    same = {name for name in one if one[name] == other.get(name)}
    assert {"reference.fa", "genes.gtf", "targets.bed"} <= same
    assert not [name for name in same if name.endswith((".bam", ".bai", "calls.tsv"))]


@pytest.mark.parametrize(("patients", "seed"), [(3, 1), (10, -1)])
def test_impossible_trials_are_refused(tmp_path, patients, seed):
    with pytest.raises(ValueError, match="at least 4 patients"):
        simulate_reads(tmp_path, patients, seed)


def test_faults_fall_on_patients_of_their_own():
    names = [f"P{number}" for number in range(9)]
    asked = ("swap", "contamination", "swap", "truncation", "missing_index")
    chosen = choose_faults(asked, names, np.random.default_rng(1))
    hit = [*chosen.swapped, *chosen.contaminated, *chosen.truncated, *chosen.without_index]
    assert len(hit) == len(set(hit)) == 7
    assert all(chosen.swapped[other] == one for one, other in chosen.swapped.items())
    assert not set(chosen.contaminated.values()) & set(hit)
    with pytest.raises(ValueError, match="at least 8"):
        choose_faults(asked, names[:7], np.random.default_rng(1))
