"""Peptides against their naive twin: windows of the mutant protein minus all known windows.

Proteins are drawn of few residues, so that mutant windows meet their like elsewhere.
"""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from storiform.biomarkers.peptides import PeptideParams, peptides
from storiform.kernels.peptides import find_occurring
from storiform.model.protein_changes import Frame, changed_window
from storiform.model.tables.proteins import PEPTIDES, PROTEIN_CHANGES
from storiform.model.tables.proteome import REFERENCE_PROTEINS

LENGTHS = (8, 9, 10, 11, 15, 25)
PARAMS = PeptideParams(class_i=(8, 9, 10, 11), class_ii=(15, 25))
few = st.text(alphabet="ACD", min_size=1, max_size=70)
some = st.text(alphabet="ACDEX", min_size=0, max_size=6)


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, str, Frame]:
    """Draw a germline protein, its mutant, and what became of the frame."""
    germline = draw(few)
    frame = draw(st.sampled_from(["kept", "shifted", "ended"]))
    start = draw(st.integers(0, len(germline)))
    end = draw(st.integers(start, min(start + 6, len(germline))))
    new = draw(few if frame == "shifted" else some)
    behind = germline[end:] if frame == "kept" else ""
    return germline, germline[:start] + new + behind, frame


def words(protein: str) -> set[str]:
    found = {protein[i : i + n] for n in LENGTHS for i in range(len(protein) - n + 1)}
    return {word for word in found if not set(word) - set("ACDEFGHIKLMNPQRSTVWY")}


def table_of(changes: list[tuple[str, str, Frame]]) -> pd.DataFrame:
    rows = []
    for number, (germline, mutant, frame) in enumerate(changes):
        window = changed_window(germline, mutant, frame)
        if window is None:
            continue
        rows.append(
            {
                "change": number, "transcript": f"T{number}", "germline_ids": "",
                "variant_ids": f"chr1-{number}-{number + 1}-A-T", "phase": "alone",
                "gene": "G", "gene_id": "G", "consequence": "missense_variant", "hgvsc": "",
                "hgvsp": "", "speaks_for_gene": True, **window._asdict(),
                "is_in_frame": frame != "shifted", "source": "storiform", "no_peptides": "",
            }
        )  # fmt: skip
    return PROTEIN_CHANGES.conform(pd.DataFrame(rows, columns=list(PROTEIN_CHANGES.columns)))


def calls_of(number: int) -> pd.DataFrame:
    rows = [("chr1", n, n + 1, "A", "T", True, False, "") for n in range(number)]
    names = "contig start end ref alt is_eligible is_nonsynonymous mutation_class"
    plain = {"set_aside": "", "failed_filters": "", "annotation": "CSQ"}
    return pd.DataFrame(rows, columns=names.split()).assign(**plain)


@given(st.lists(changed(), min_size=1, max_size=4), st.lists(few, max_size=3))
def test_peptides_are_the_new_windows(
    changes: list[tuple[str, str, Frame]], proteome: list[str]
) -> None:
    known = [germline for germline, *_ in changes] + [*proteome, "ACDACDAAAAAAAA"]
    reference = pd.DataFrame(
        {"protein": [str(n) for n in range(len(known))], "residues": known}
    )
    found = PEPTIDES.conform(
        peptides(
            table_of(changes),
            calls_of(len(changes)),
            PARAMS,
            reference_proteins=REFERENCE_PROTEINS.conform(reference),
        )
    )
    own = set().union(*map(words, known))
    expected = {
        (f"chr1-{number}-{number + 1}-A-T", peptide)
        for number, (_, mutant, _) in enumerate(changes)
        for peptide in words(mutant) - own
    }
    keys = found[["variant_ids", "peptide"]]
    assert set(keys.itertuples(index=False, name=None)) == expected
    for peptide in found["peptide"]:  # by brute force
        assert not any(peptide in protein for protein in known)
    paired = found[found["wild_type_peptide"].notna()]
    for peptide, other, positions in paired[
        ["peptide", "wild_type_peptide", "mutated_positions"]
    ].itertuples(index=False):
        unlike = [n for n, (a, b) in enumerate(zip(peptide, other, strict=True), 1) if a != b]
        assert positions == ";".join(map(str, unlike))
        assert 2 * len(unlike) <= len(peptide)
        assert any(other in germline for germline, *_ in changes)


@given(st.lists(changed(), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_order_of_the_rows_does_not_matter(
    changes: list[tuple[str, str, Frame]], random: object
) -> None:
    table, calls = table_of(changes), calls_of(len(changes))
    mixed = list(range(len(table)))
    random.shuffle(mixed)
    known = REFERENCE_PROTEINS.conform(pd.DataFrame({"protein": ["P"], "residues": ["ACDACD"]}))
    one, other = (
        PEPTIDES.conform(peptides(rows, calls, PARAMS, reference_proteins=known))
        for rows in (table, table.iloc[mixed])
    )
    pd.testing.assert_frame_equal(one, other)


@given(
    st.lists(st.text("ACDX\n", max_size=60), max_size=4),
    st.sets(st.text("ACD", min_size=8, max_size=25), max_size=20),
)
def test_search_is_that_of_python(texts: list[str], candidates: set[str]) -> None:
    found = find_occurring(
        candidates, [np.frombuffer(t.encode(), dtype=np.uint8) for t in texts]
    )
    assert found == {c for c in candidates if any(c in text for text in texts)}
