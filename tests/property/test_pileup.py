"""What is learnt from exome reads against twins written naively, however batches are cut."""

from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pysam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_exome import CONTIGS, TARGETS, batches_of, cut_again, run, write_exome

from storiform.biomarkers.callability import CallabilityParams, pileup
from storiform.biomarkers.germline import GermlineParams, germline_alleles
from storiform.biomarkers.read_statistics import ReadStatisticsParams, read_statistics
from storiform.biomarkers.recounts import RecountParams, recounts

SIZES = (1, 7, 50, 333, 1_000, 100_000)
PARAMS = CallabilityParams(min_tumour_depth=5, min_site_depth=4)
PEERS = [CallabilityParams(depth_rule=rule) for rule in ("as_mosdepth", "as_mosdepth_fast")]


@pytest.fixture(scope="module")
def exomes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exomes")
    return [write_exome(folder / f"{seed}.bam", seed=seed) for seed in range(3)]


def calls():
    """Make calls of every kind on the targets; some alleles are in reads by chance."""
    rng = np.random.default_rng(1)
    rows = []
    for start in range(110, 690, 9):
        ref = "".join(rng.choice(list("ACGT"), int(rng.integers(1, 4))))
        alt = "".join(rng.choice(list("ACGT"), int(rng.integers(1, 4))))
        rows.append(("chr1", start, start + len(ref), ref, alt, ""))
    names = ["contig", "start", "end", "ref", "alt", "set_aside"]
    found = pd.DataFrame(rows, columns=names)
    return found[found["ref"] != found["alt"]]


def sites():
    starts = np.arange(100, 2300, 13)
    return pd.DataFrame({"contig": "chr1", "start": starts, "zygosity": "heterozygous"})


class Genome:
    """A reference of random bases: three of four places of the reads differ from it."""

    contigs = CONTIGS

    def __init__(self):
        rng = np.random.default_rng(7)
        self.letters = {
            name: np.frombuffer("".join(rng.choice(list("ACGTN"), n)).encode(), np.uint8)
            for name, n in CONTIGS.items()
        }

    def pieces(self, contig, starts, ends):
        """Return the bases of intervals, one after another."""
        spans = zip(starts.tolist(), ends.tolist(), strict=True)
        return np.concatenate([self.letters[contig][start:end] for start, end in spans])


def collectors():
    return (
        pileup(TARGETS, Genome(), PARAMS),
        *(pileup(TARGETS, None, params) for params in PEERS),
        germline_alleles(sites(), GermlineParams()),
        recounts(calls(), RecountParams()),
        read_statistics(TARGETS, ReadStatisticsParams()),
    )


def aligned(read):
    """Return (base, place) of all aligned bases; pysam takes padding for bases."""
    base, place, found = 0, read.reference_start, []
    for code, length in read.cigartuples:
        if code in (0, 7, 8):
            found += [(base + k, place + k) for k in range(length)]
        base += length * (code in (0, 1, 4, 7, 8))
        place += length * (code in (0, 2, 3, 7, 8))
    return found


def naive_bases(path):
    """Return counts of A, C, G and T by place: of each pair the better base, once."""
    seen = defaultdict(lambda: defaultdict(list))
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch(until_eof=True):
            if read.flag & 0xF04 or read.mapping_quality < 20:
                continue
            for base, place in aligned(read):
                told = (read.query_qualities[base], read.is_read1, read.query_sequence[base])
                seen[read.reference_name, place][read.query_name].append(told)
    winners = {at: [max(bases) for bases in names.values()] for at, names in seen.items()}
    return {
        at: Counter(base for quality, _, base in told if quality >= 20 and base in "ACGT")
        for at, told in winners.items()
    }


def naive_depth(path):
    """Return depth by place: aligned bases, those of a proper pair once."""
    depth, pairs = Counter(), defaultdict(set)
    with pysam.AlignmentFile(str(path)) as file:
        for number, read in enumerate(file.fetch(until_eof=True)):
            if read.flag & 1796:
                continue
            is_joined = read.is_proper_pair and not read.is_supplementary
            key = read.query_name if is_joined else number
            pairs[key] |= {(read.reference_name, place) for _, place in aligned(read)}
    for places in pairs.values():
        depth.update(places)
    return depth


def target_bases():
    for contig, (starts, ends) in TARGETS.bounds.items():
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            yield contig, start, end


def test_targets_have_the_depth_and_bases_of_the_naive_twin(exomes):
    for path in exomes:
        depth, bases = naive_depth(path), naive_bases(path)
        rows = []
        for contig, start, end in target_bases():
            here = [bases.get((contig, place), Counter()) for place in range(start, end)]
            good = [counts.total() for counts in here]
            major = [min("ACGT", key=lambda b, c=c: (-c[b], b)) for c in here if c.total()]
            rows.append(
                (contig, start, end, sum(depth[contig, p] for p in range(start, end)),
                 sum(n >= 5 for n in good), len(major), sum(b in "CG" for b in major))
            )  # fmt: skip
        found = run(pileup(TARGETS, None, PARAMS), path)
        assert [tuple(row) for row in found[0].itertuples(index=False)] == rows
        by_depth = Counter(
            depth[contig, p] for contig, a, b in target_bases() for p in range(a, b)
        )
        assert dict(zip(found[1]["depth"], found[1]["bases"], strict=True)) == by_depth


def test_sites_and_their_contexts_are_those_of_the_naive_twin(exomes):
    is_written = False
    for path in exomes:
        bases = naive_bases(path)
        on_target = {(c, p) for c, a, b in target_bases() for p in range(a, b)}
        known = {at: counts for at, counts in bases.items() if counts.total()}
        major = {
            at: min("ACGT", key=lambda b, c=c: (-c[b], b))
            for at, c in known.items()
            if at in on_target
        }
        expected = []
        for contig, place in sorted(on_target & known.keys()):
            counts = known[contig, place]
            second = sorted((*counts.values(), 0, 0))[-2]
            if counts.total() >= 4 and second >= 2 and second >= 0.01 * counts.total():
                around = [major.get((contig, place + k), "") for k in range(-15, 16) if k]
                context = "".join(around) if all(around) else ""
                is_written |= bool(context)
                expected.append((contig, place, *(counts[b] for b in "ACGT"), context))
        found = run(pileup(TARGETS, None, PARAMS), path)[3]
        assert expected
        assert [tuple(row) for row in found.itertuples(index=False)] == expected
    assert is_written


def test_other_bases_than_the_reference_are_those_of_the_naive_twin(exomes):
    genome = Genome()
    for path in exomes:
        bases, expected = naive_bases(path), []
        for contig, place in sorted((c, p) for c, a, b in target_bases() for p in range(a, b)):
            counts = bases.get((contig, place), Counter())
            written = chr(genome.letters[contig][place])
            major = min("ACGT", key=lambda b, c=counts: (-c[b], b))
            if counts.total() >= 4 and written in "ACGT" and written != major:
                expected.append((contig, place, *(counts[b] for b in "ACGT")))
        found = run(pileup(TARGETS, genome, PARAMS), path, role="normal")[4]
        rows = found.drop(columns="context").itertuples(index=False)
        assert expected
        assert [tuple(row) for row in rows] == expected
        assert run(pileup(TARGETS, genome, PARAMS), path)[4].empty


def naive_mosdepth(path):
    """Return depth by place as mosdepth has it: its short cut takes off up to a mate's end."""
    depth, seen = Counter(), {}
    with pysam.AlignmentFile(str(path)) as file:
        for read in file.fetch(until_eof=True):
            if read.flag & 1796:
                continue
            contig = read.reference_name
            depth.update((contig, place) for _, place in aligned(read))
            mate = seen.pop(read.query_name, None)
            if mate is None and read.is_proper_pair and not read.is_supplementary:
                seen[read.query_name] = read
            elif mate is not None and not read.is_supplementary:
                shared = {p for _, p in aligned(read)} & {p for _, p in aligned(mate)}
                if len(read.cigartuples) == len(mate.cigartuples) == 1 and shared:
                    shared = range(read.reference_start, mate.reference_end)
                depth.subtract((contig, place) for place in shared)
            elif mate is not None:
                seen[read.query_name] = mate
    return depth


@pytest.mark.parametrize("size", SIZES)
def test_depth_as_mosdepth_has_it_does_not_need_both_mates_in_one_batch(exomes, size):
    for path in exomes:
        depth, once = naive_mosdepth(path), naive_depth(path)
        expected = [sum(depth[c, p] for p in range(a, b)) for c, a, b in target_bases()]
        assert expected != [sum(once[c, p] for p in range(a, b)) for c, a, b in target_bases()]
        found = run(pileup(TARGETS, None, PEERS[0]), path, size)
        assert found[0]["depth_sum"].tolist() == expected
        counted = Counter(depth[c, p] for c, a, b in target_bases() for p in range(a, b))
        assert dict(zip(found[1]["depth"], found[1]["bases"], strict=True)) == counted


def test_callable_intervals_are_runs_within_a_target(exomes):
    for path in exomes:
        bases = naive_bases(path)
        expected = []
        for contig, start, end in target_bases():
            is_open = False
            for place in range(start, end):
                good = bases.get((contig, place), Counter()).total()
                if good >= 5 and is_open:
                    expected[-1][2:4] = [place + 1, expected[-1][3] + good]
                elif good >= 5:
                    expected.append([contig, place, place + 1, good, 5])
                is_open = good >= 5
        found = run(pileup(TARGETS, None, PARAMS), path)[2]
        assert expected
        assert [list(row) for row in found.itertuples(index=False)] == expected


def test_germline_alleles_are_the_bases_of_the_naive_twin(exomes):
    for path in exomes:
        bases = naive_bases(path)
        (found,) = run(germline_alleles(sites(), GermlineParams()), path)
        expected = [
            [bases.get(("chr1", place), Counter())[base] for base in "ACGT"]
            for place in sites()["start"]
        ]
        assert found[["a", "c", "g", "t"]].to_numpy().tolist() == expected


@settings(max_examples=12)
@given(size=st.sampled_from(SIZES) | st.integers(1, 3_000), which=st.integers(0, 2))
def test_no_result_depends_on_where_batches_are_cut(exomes, size, which):
    path = exomes[which]
    for whole, cut in zip(collectors(), collectors(), strict=True):
        expected = run(whole, path, role="normal")
        found = run(cut, path, size, role="normal")
        for left, right in zip(found, expected, strict=True):
            pd.testing.assert_frame_equal(left, right)


@pytest.mark.parametrize("size", SIZES)
def test_forks_that_are_merged_know_what_one_collector_knows(exomes, size):
    header, batches = batches_of(exomes[0])
    for whole, first in zip(collectors(), collectors(), strict=True):
        expected = run(whole, exomes[0])
        first.begin(header)
        others = [first.fork(), first.fork()]
        for number, batch in enumerate(cut_again(batches, size)):
            (first, *others)[(number * 7) % 3].take(batch)
        for other in others:
            first.merge(other)
        for left, right in zip(first.tables(), expected, strict=True):
            pd.testing.assert_frame_equal(left, right)
