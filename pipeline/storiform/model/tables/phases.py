"""Calls that reads show together: on which copy of a chromosome they lie."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

CALL_PAIRS = Table(
    "call_pairs",
    grain="sample",
    is_published=False,
    description="One row per pair of nearby calls: what fragments that show both places have.",
    key=("variant_1", "variant_2"),
    columns={
        "variant_1": Column("string", "a call, as contig-start-end-ref-alt"),
        "variant_2": Column("string", "another, behind it"),
        "both": Column("int", "fragments with both somatic alleles", "fragments"),
        "only_first": Column("int", "fragments with that of the first alone", "fragments"),
        "only_second": Column("int", "fragments with that of the second alone", "fragments"),
        "neither": Column("int", "fragments with neither", "fragments"),
    },
)
CallPairs = Annotated[pd.DataFrame, CALL_PAIRS]
