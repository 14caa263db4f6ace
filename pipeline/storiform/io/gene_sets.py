"""Gene sets in the GMT format: name, description, genes, tab-separated, one set a line."""

from pathlib import Path

from storiform.model.errors import InputError, fault


def read_gene_sets(path: Path) -> dict[str, tuple[str, ...]]:
    """Read the sets of a GMT file in the order of the file.

    Raises
    ------
    InputError
        If a line has no gene, a name occurs twice, or there is no set at all.
    """
    sets: dict[str, tuple[str, ...]] = {}
    text = path.read_bytes().decode("utf-8-sig")
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, *rest = (cell.strip() for cell in line.split("\t"))
        genes = tuple(dict.fromkeys(gene for gene in rest[1:] if gene))
        where = f"{path.name}, line {number}"
        if not name or not genes:
            expected = "name, description and genes, separated by tabs"
            raise InputError(fault(where, repr(line[:40]), expected, "Correct the line."))
        if name in sets:
            remedy = "Rename or remove one."
            raise InputError(fault(where, f"set {name} again", "each set once", remedy))
        sets[name] = genes
    if not sets:
        raise InputError(fault(path.name, "no gene set", "at least one", "Name a GMT file."))
    return sets
