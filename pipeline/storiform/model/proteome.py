"""The proteins of a species, as a user names them, to tell self from what is new."""

from typing import Annotated, Protocol

import numpy as np
from numpy.typing import NDArray

from storiform.model.table import Resource


class Proteome(Protocol):
    """Proteins as one text; read only, so that threads may share it."""

    @property
    def text(self) -> NDArray[np.uint8]:
        """All sequences, upper-case ASCII, with a line end between two."""
        ...

    def __len__(self) -> int:
        """Return the number of proteins."""
        ...


ReferenceProteome = Annotated[Proteome, Resource("proteome")]
"""The proteins of a user's FASTA; there are none unless named."""
