"""Real reads, typed with a real release."""

from pathlib import Path

import pandas as pd
import pytest

from storiform.biomarkers.hla.reads import HlaReadsParams, hla_sequences
from storiform.biomarkers.hla.reference import compile_reference
from storiform.biomarkers.hla.typing import HlaTypingParams, hla_calls
from storiform.io.imgt import read_imgt
from storiform.io.read_files import open_reads
from storiform.model.errors import DataWarning
from storiform.model.hla_reference import HlaReference
from storiform.model.tables.hla import HLA_CALLS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def reference(real_data) -> HlaReference:
    with pytest.warns(DataWarning, match="files of 2 releases"):
        return compile_reference(read_imgt(real_data / "hla"))


def called(path: Path, reference: HlaReference) -> pd.DataFrame:
    file = open_reads(path, assay="rna")
    collector = hla_sequences(reference, HlaReadsParams())
    collector.begin(file.header)
    for chunk in file.chunks(1):
        for batch in file.batches(chunk):
            collector.take(batch)
    file.close()
    return HLA_CALLS.conform(hla_calls(collector.tables()[0], reference, HlaTypingParams()))


def test_alleles_of_a_real_rna_are_those_of_the_literature(real_data, reference) -> None:
    calls = called(real_data / "rna" / "arcas_chr6.bam", reference)
    assert calls["allele"].tolist()[:3] == ["HLA-A*01:01", "HLA-A*03:01", "HLA-B*07:02"]
    assert calls["allele"].tolist()[4:] == ["HLA-C*01:02", "HLA-C*08:01"]
    # The literature has B*39:01; of the reads that tell the two apart 396 to 2 are of B*39:39,
    # see docs/validation-hla.md.
    assert calls["allele"][3] == "HLA-B*39:39"
    assert (calls["posterior"] > 0.9).all()
    assert (calls["own_fragments"] > 1_000).all()
