"""Changes of proteins that VEP's plugins wrote into a VCF, and the germline proteins there."""

import pandas as pd

from storiform.io.csq_entries import CsqEntry, csq_transcripts, wild_type_proteins
from storiform.io.csq_mutants import edited
from storiform.io.csq_together import Change, changes_of
from storiform.io.units import SourceUnit
from storiform.model.protein_changes import ChangedWindow, changed_window
from storiform.model.tables.proteins import GIVEN_PROTEIN_CHANGES
from storiform.model.tables.proteome import GIVEN_PROTEINS

_NO_WINDOW = {
    "protein_position": None, "wild_type": "", "mutant": "", "changed_start": None,
    "changed_end": None, "is_in_frame": None,
}  # fmt: skip


def read_given_protein_changes(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_protein_changes` of a biopsy from the VCF of the sheet.

    All coding transcripts of all records count, whatever their filters. A VCF without
    ``CSQ`` or without ``WildtypeProtein`` gives no row. A row that makes no sense says so in
    `no_peptides`, and nothing stops at it.
    """
    by_transcript: dict[str, dict[str, CsqEntry]] = {}
    speakers: set[tuple[str, str]] = set()
    for read in csq_transcripts(unit.files["vcf"], unit.samples, unit.build):
        for entry in read.entries:
            name = entry.consequence.transcript
            by_transcript.setdefault(name, {}).setdefault(entry.call, entry)
            if name in read.speakers:
                speakers.add((entry.call, name))
    rows: list[dict[str, object]] = []
    for own in by_transcript.values():
        rows += [_row(change, speakers) for change in changes_of(list(own.values()))]
    changes = pd.DataFrame(rows, columns=list(GIVEN_PROTEIN_CHANGES.columns))
    copies = changes["variant_ids"] + " " + changes["beside_ids"]
    changes["change"] = pd.factorize(copies, sort=True)[0]
    return GIVEN_PROTEIN_CHANGES.conform(changes)


def read_given_proteins(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_proteins`: each germline protein of the VCF once.

    Those of all entries count, also where the call changes no residue. A file that could hold
    proteins and holds none, for want of calls, gives one row without residues.
    """
    found = wild_type_proteins(unit.files["vcf"], unit.build)
    if found is None:
        return GIVEN_PROTEINS.empty()
    found = found or {"": ""}
    proteins = {"protein": list(found.values()), "residues": list(found)}
    return GIVEN_PROTEINS.conform(pd.DataFrame(proteins))


def _row(change: Change, speakers: set[tuple[str, str]]) -> dict[str, object]:
    first, mutant = change.entries[0], change.mutant
    reason = mutant.reason
    window = None
    if not reason:
        window = changed_window(change.before, mutant.protein, mutant.frame)
        reason = "" if window is not None else "stop_gained"
    if window is not None and change.beside:
        window = _beside_germline(change, window)
    kept: dict[str, object] = dict(_NO_WINDOW)
    if window is not None:
        # What ends with a stop has nothing behind the change that could be out of frame.
        kept |= {**window._asdict(), "is_in_frame": mutant.frame != "shifted"}
    one = first.consequence
    return {
        "change": 0,
        "transcript": one.transcript,
        "variant_ids": ";".join(entry.call for entry in change.entries),
        "beside_ids": ";".join(entry.call for entry in change.beside),
        "germline_ids": "",
        "phase": change.phase,
        "gene": one.gene,
        "gene_id": one.gene_id,
        "consequence": change.consequence,
        "hgvsc": change.hgvsc,
        "hgvsp": change.hgvsp,
        "speaks_for_gene": all((e.call, one.transcript) in speakers for e in change.entries),
        **kept,
        "bases_to_junction": None,
        "source": "CSQ",
        "no_peptides": reason,
    }


def _beside_germline(change: Change, window: ChangedWindow) -> ChangedWindow:
    """Put the germline protein beside a change whose copy has other calls too."""
    germline = change.entries[0].wild_type
    alone = edited(germline, change.edits)
    own = changed_window(germline, alone.protein, change.mutant.frame)
    if own is None:
        return window
    return window._replace(protein_position=own.protein_position, wild_type=own.wild_type)
