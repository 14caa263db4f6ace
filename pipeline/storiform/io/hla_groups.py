"""G groups of HLA alleles: those of one sequence in exons 2 and 3."""

import re
from pathlib import Path

from storiform.io.lines import lines
from storiform.model.errors import InputError, fault

_FILE = re.compile(r"(?:.*_)?hla_nom_g\.txt(?:\.gz)?", re.IGNORECASE)
_PARTS = 3


def read_groups(folder: Path) -> dict[str, str]:
    """Read ``hla_nom_g.txt`` in the folder, its neighbour ``wmda``, or the one above.

    Returns
    -------
    dict
        Allele -> its group, as A*01:01:01G, without HLA-; empty where there is no file.

    Raises
    ------
    InputError
        If a line of the file is none of three parts, or the file is cut.
    """
    for place in (folder, folder / "wmda", folder.parent / "wmda", folder.parent):
        names = sorted(place.iterdir()) if place.is_dir() else []
        for path in names:
            if _FILE.fullmatch(path.name):
                return _read(path)
    return {}


def _read(path: Path) -> dict[str, str]:
    groups: dict[str, str] = {}
    for number, line in lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.strip().split(";")
        if len(parts) != _PARTS or not parts[0].endswith("*"):
            expected = "gene, alleles and group, as A*;01:01:01:01/01:01:01:03;01:01:01G"
            remedy = "Take hla_nom_g.txt of the release, or leave it out."
            raise InputError(fault(f"{path}, line {number}", repr(line[:40]), expected, remedy))
        gene, alleles, group = parts
        if group:
            groups |= {f"{gene}{allele}": f"{gene}{group}" for allele in alleles.split("/")}
    return groups
