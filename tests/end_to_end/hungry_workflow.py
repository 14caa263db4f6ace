"""A step that needs more memory than its worker may have beside others."""

import time
from typing import Annotated

import numpy as np
import pandas as pd

from storiform.model.table import Column, Table
from storiform.model.tables.clinic import Clinic

Sizes = Annotated[
    pd.DataFrame,
    Table("sizes", grain="patient", columns={"gb": Column("float", "size of an array", "GB")}),
]


def sizes(clinic: Clinic) -> Sizes:
    """Fill 1.5 GB for a patient who responded, and nothing for others."""
    responded = bool(clinic["responded"].iloc[0])
    array = np.ones(int(1.5e9 / 8) if responded else 1)
    time.sleep(1.5)  # the watch over a worker's memory looks every 0.1 s
    return pd.DataFrame({"gb": [round(array.nbytes / 1e9, 3)]})


STEPS = (sizes,)
