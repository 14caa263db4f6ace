"""The spectrum of base substitutions."""

from typing import Annotated

import pandas as pd

from storiform.model.table import Column, Table

MUTATION_SPECTRUM = Table(
    "mutation_spectrum",
    grain="biopsy",
    description="One row per type of single base substitution: 96 with the bases on either "
    "side, or the six of the pyrimidine alone where there is no reference genome.",
    key=("mutation_type",),
    columns={
        "mutation_type": Column(
            "string", "as A[C>A]G, the strand of the pyrimidine; C>A without a reference"
        ),
        "substitution": Column("string", "C>A, C>G, C>T, T>A, T>C or T>G"),
        "mutations": Column("int", "eligible substitutions of this type", "calls"),
        "fraction": Column("float", "share of those counted; missing where there is none"),
    },
)
MutationSpectrum = Annotated[pd.DataFrame, MUTATION_SPECTRUM]
