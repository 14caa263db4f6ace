"""The reference genome: a FASTA with its index, which decodes CRAM."""

from pathlib import Path

from storiform.model.errors import InputError, fault
from storiform.model.genome import canonical_contig

_FIELDS = 5


def read_fasta(path: Path) -> dict[str, int]:
    """Return the contigs of an indexed FASTA, canonical name to length (bp).

    Raises
    ------
    InputError
        If the file is no FASTA, or its index is missing, older or damaged.
    """
    with path.open("rb") as file:
        begin = file.read(2)
    is_packed = begin == b"\x1f\x8b"
    if not (begin[:1] == b">" or is_packed):
        expected = "a FASTA, plain or compressed by bgzip"
        raise InputError(fault(path.name, f"{begin!r}", expected, "Name the genome's FASTA."))
    index = Path(f"{path}.fai")
    remedy = f"Run: samtools faidx {path.name}"
    if not index.is_file():
        raise InputError(fault(path.name, "no index", f"{index.name} beside it", remedy))
    contigs: dict[str, int] = {}
    for number, line in enumerate(index.read_text(errors="replace").splitlines(), 1):
        fields = line.split("\t")
        if len(fields) < _FIELDS or not fields[1].isdigit():
            where = f"{index.name}, line {number}"
            raise InputError(fault(where, repr(line[:40]), "name, length, offsets", remedy))
        contigs[canonical_contig(fields[0])] = int(fields[1])
    if not contigs:
        raise InputError(fault(index.name, "no contig", "those of the FASTA", remedy))
    return contigs
