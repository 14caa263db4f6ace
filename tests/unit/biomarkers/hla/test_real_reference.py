"""The real release: nothing of an allele is changed, and hidden parts come back."""

import time

import numpy as np
import pytest

from storiform.biomarkers.hla.reference import compile_reference
from storiform.io.imgt import read_imgt
from storiform.model.errors import DataWarning
from storiform.model.hla_reference import GAP, HlaReference, HlaSequences

USUAL = {
    "A": [73, 270, 276, 276, 117, 33, 48, 5],
    "B": [73, 270, 276, 276, 117, 33, 44],
    "C": [73, 270, 276, 276, 120, 33, 48, 5],
}
"""Lengths of exons (bp) as the literature has them."""


@pytest.fixture(scope="module")
def sequences(real_data) -> HlaSequences:
    with pytest.warns(DataWarning, match="files of 2 releases"):
        return read_imgt(real_data / "hla")


@pytest.fixture(scope="module")
def timed(sequences) -> tuple[HlaReference, float]:
    compile_reference(few(sequences, 3))  # compiles the kernels
    begun = time.process_time()
    return compile_reference(sequences), time.process_time() - begun


def few(sequences: HlaSequences, step: int) -> HlaSequences:
    kept = set(list(sequences.genomic)[:: 10 * step])
    return HlaSequences(
        {name: b for name, b in sequences.genomic.items() if name in kept},
        {name: b for name, b in sequences.coding.items() if name in kept},
        {}, "", "",
    )  # fmt: skip


def exons_of(reference: HlaReference) -> dict[str, list[np.ndarray]]:
    """Return the exons of every allele, without gaps."""
    found = {}
    for gene, exons in reference.exons.items():
        names = [name for name in reference.alleles if name.partition("*")[0] == gene]
        for name, rows in zip(names, reference.sequence_of[gene].tolist(), strict=True):
            columns = [exon.columns[row] for exon, row in zip(exons, rows, strict=True)]
            found[name] = [each[each != GAP] for each in columns]
    return found


@pytest.mark.slow
def test_every_allele_keeps_what_its_files_give(sequences, timed) -> None:
    reference, seconds = timed
    exons = exons_of(reference)
    assert seconds < 60
    assert set(reference.genomic) == set(sequences.genomic)
    assert reference.left_out.keys() | set(reference.alleles) == set(sequences.coding)
    assert set(reference.left_out) == {"E*01:04"}  # exon 2 is all that is known of it
    for name, parts in exons.items():
        joined, given = np.concatenate(parts), sequences.coding[name]
        assert given.tobytes() in joined.tobytes(), name
        if name in reference.genomic:
            gene, places = reference.genomic[name], reference.exon_places[name]
            assert np.array_equal(np.concatenate([gene[a:b] for a, b in places]), given), name
            assert len(joined) == len(given) or places[0, 0] == 0 or places[-1, 1] == len(gene)
    for gene, lengths in USUAL.items():
        first = next(name for name in reference.alleles if name.startswith(f"{gene}*"))
        assert [len(part) for part in exons[first]] == lengths


@pytest.mark.slow
def test_groups_share_exons_two_and_three(timed) -> None:
    """The database's own G groups are a second opinion on the columns."""
    reference, _ = timed
    members: dict[str, dict[tuple[bytes, ...], list[str]]] = {}
    for name, parts in exons_of(reference).items():
        group = reference.groups.get(name)
        if group and name[0] in USUAL:
            key = tuple(part.tobytes() for part in parts[1:3])
            members.setdefault(group, {}).setdefault(key, []).append(name)
    assert len(members) > 200
    kinds = [
        names for group in members.values() for names in sorted(group.values(), key=len)[:-1]
    ]
    # Their splice sites are broken: what the release gives as coding reaches into an intron,
    # or ends before the exon does.
    assert sorted(name for names in kinds for name in names) == [
        "C*07:02:01:17N",
        "C*15:02:01:08N",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("shown", [(1, 2), (1, 2, 3), (0, 1, 2, 4, 5), (1, 2, 4)])
def test_hidden_exons_are_placed_and_mostly_come_back(sequences, timed, shown) -> None:
    """Every fifth allele that is known whole gives away some exons alone."""
    whole = exons_of(timed[0])
    own = [name for name in sequences.genomic if name[0] in USUAL and name[-1].isdigit()][::3]
    hidden = own[2::5]
    coding = {name: sequences.coding[name] for name in own}
    coding |= {n: np.concatenate([whole[n][exon] for exon in shown]) for n in hidden}
    genomic = {name: sequences.genomic[name] for name in own if name not in hidden}
    reference = compile_reference(HlaSequences(genomic, coding, {}, "", ""))
    found = exons_of(reference)
    kept = right = total = 0
    for name in hidden:
        place = [a for a in reference.alleles if a[0] == name[0]].index(name)
        is_imputed = reference.imputed_of[name[0]][place]
        same = list(map(np.array_equal, found[name], whole[name]))
        kept += all(same[exon] and not is_imputed[exon] for exon in shown)
        right += sum(is_same for exon, is_same in enumerate(same) if exon not in shown)
        total += len(same) - len(shown)
    assert len(hidden) > 150
    assert kept >= len(hidden) - 1
    assert right / total > 0.9
