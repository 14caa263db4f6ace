"""Which biopsies will have no mutant proteins, told before peptides are sought."""

from pathlib import Path

from storiform.engine.graph import Graph
from storiform.io.csq_entries import holds_proteins
from storiform.io.names import listed
from storiform.model.cohort import Cohort
from storiform.model.errors import InputError
from storiform.model.tables.proteins import PEPTIDES, PROTEIN_CHANGES
from storiform.model.tables.proteome import GIVEN_PROTEINS

_SHOWN = 6


def forecast_proteins(graph: Graph, cohort: Cohort) -> tuple[str, tuple[str, ...]]:
    """Tell of the calls of which no peptide can come without gene annotation and genome.

    Their VCF must hold the germline proteins then, as VEP's plugins write them. A VCF that
    cannot be read is not told of here.

    Parameters
    ----------
    graph
        What a run would do.
    cohort
        Whose build the files must have.

    Returns
    -------
    tuple of str and tuple of str
        What is to be told, and the biopsies that it concerns; none where all is well.
    """
    units: list[str] = []
    files: dict[str, None] = {}
    for (table, unit), node in graph.producers.items():
        changes = graph.producers.get((PROTEIN_CHANGES.name, unit))
        is_made = changes is None or changes.origin == "step"
        if table != PEPTIDES.name or node.origin != "step" or not is_made:
            continue
        source = graph.producers.get((GIVEN_PROTEINS.name, unit))
        path = source.payload["files"].get("vcf") if source is not None else None
        if path is None or _lacks_proteins(Path(path), cohort):
            units.append(unit)
            files[Path(path).name if path else "calls that are no VCF"] = None
    told = (
        f"{listed(files, _SHOWN)}: no WildtypeProtein in CSQ, and resources.genes and "
        "resources.fasta are not both named: no peptide comes of these calls, and there is no "
        "burden of neoantigens. Name both, or let VEP write its plugins Wildtype and Frameshift"
    )
    return told, tuple(units)


def _lacks_proteins(path: Path, cohort: Cohort) -> bool:
    try:
        return not holds_proteins(path, cohort.build)
    except (InputError, OSError):
        return False
