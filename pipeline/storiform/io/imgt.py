"""The sequences of a user's release of IPD-IMGT/HLA: FASTA of each gene, or of all genes."""

import hashlib
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storiform.io.hla_groups import read_groups
from storiform.io.lines import lines, pieces
from storiform.io.names import listed
from storiform.model.errors import DataWarning, InputError, fault
from storiform.model.hla import CLASS_I
from storiform.model.hla_reference import (
    DECOYS,
    MISSING,
    REFERENCE_GENES,
    HlaSequences,
)

KINDS = ("gen", "nuc")
_ALL = "HLA"
_FILE = re.compile(
    r"(?:.*[^A-Za-z0-9])?([A-Za-z0-9]+)_(gen|nuc)\.(?:fasta|fas|fa|fna)(?:\.gz)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:HLA-)?([A-Z]+[0-9]*)\*([0-9]+(?::[0-9]+)*[A-Z]?)")
_LENGTH = re.compile(r"\b(\d+) bp")
_RELEASE = re.compile(r"(?<![\d.])(\d+\.\d+(?:\.\d+)?)(?![\d.]*\d)")
_PIECE = 1 << 24
_POINTER = b"version https://git-lfs"
_SOURCE = "Take all files from one release of IPD-IMGT/HLA."


def _codes() -> NDArray[np.uint8]:
    codes = np.full(256, 255, np.uint8)
    for letter in b"RYSWKMBDHVN":
        codes[letter] = codes[letter + 32] = MISSING
    for code, letter in enumerate(b"ACGT"):
        codes[letter] = codes[letter + 32] = code
    return codes


_CODES = _codes()


class _File(NamedTuple):
    """One FASTA: `gene` is HLA where it holds many genes, `kind` gen or nuc."""

    path: Path
    gene: str
    kind: str

    @property
    def release(self) -> str:
        """Such as 3.58.0, where the name of the file tells."""
        found = _RELEASE.search(self.path.name)
        return found.group(1) if found else ""


def read_imgt(folder: Path, release: str = "") -> HlaSequences:
    """Read the alleles of class I genes out of a folder with a release's files.

    Taken are files whose names end in ``A_gen.fasta``, ``A_nuc.fasta`` and so on, plain or
    compressed; for genes without, ``hla_gen.fasta`` and ``hla_nuc.fasta``. The folder may be
    that of the FASTA files or the one above. ``hla_nom_g.txt`` and ``release_version.txt``
    are read where they lie beside.

    Parameters
    ----------
    folder
        Of the release.
    release
        Stands above what the files say of it.

    Raises
    ------
    InputError
        If files of A, B or C are missing or doubled, a file is cut, empty, of another gene
        or of no bases, or one allele has two sequences.

    Warns
    -----
    DataWarning
        If a gene is missing whose reads look like those of A, B and C, or the names of the
        files tell of several releases.
    """
    files = _find(folder)
    _check_complete(folder, files)
    _warn_of_releases(folder, files)
    found: dict[str, dict[str, NDArray[np.uint8]]] = {kind: {} for kind in KINDS}
    digest = hashlib.md5(usedforsecurity=False)
    own = {kind: {f.gene for f in files if f.kind == kind} for kind in KINDS}
    for file in files:
        skipped = own[file.kind] if file.gene == _ALL else set()
        genes = (set(REFERENCE_GENES) if file.gene == _ALL else {file.gene}) - skipped
        _read_file(file, genes, found[file.kind], digest)
    _check_genes(folder, found)
    ordered = [_in_order(found[kind]) for kind in KINDS]
    return HlaSequences(
        genomic=ordered[0],
        coding=ordered[1],
        groups=read_groups(folder),
        release=release or _release(folder, files),
        md5=digest.hexdigest(),
    )


def _find(folder: Path) -> list[_File]:
    """Find the files of sequences, sorted by name; those of all genes last."""
    try:
        for place in (folder, folder / "fasta"):
            names = sorted(place.iterdir()) if place.is_dir() else []
            matches = [(path, _FILE.fullmatch(path.name)) for path in names]
            files = [_File(p, m.group(1).upper(), m.group(2).lower()) for p, m in matches if m]
            files = [f for f in files if f.gene in {*REFERENCE_GENES, _ALL}]
            if files:
                return sorted(files, key=lambda f: (f.gene == _ALL, f.path.name))
    except OSError as error:
        message = fault(str(folder), str(error.strerror), "a readable folder", "Correct it.")
        raise InputError(message) from error
    found = "no FASTA of HLA genes" if folder.is_dir() else "no such folder"
    expected = "files such as A_gen.fasta and A_nuc.fasta, or hla_gen.fasta and hla_nuc.fasta"
    raise InputError(fault(str(folder), found, expected, "Name the folder of a release."))


def _check_complete(folder: Path, files: list[_File]) -> None:
    """Refuse a gene with two files of one kind, without a file, or with two releases."""
    first: dict[tuple[str, str], _File] = {}
    for file in files:
        other = first.setdefault((file.gene, file.kind), file)
        if other is not file:
            found = f"{other.path.name} and {file.path.name}"
            expected = f"one file of {file.gene}_{file.kind}"
            raise InputError(fault(str(folder), found, expected, "Keep one of them."))
    missing = [
        f"{gene}_{kind}.fasta"
        for gene in CLASS_I
        for kind in KINDS
        if not {(gene, kind), (_ALL, kind)} & first.keys()
    ]
    if missing:
        expected = "genomic (gen) and coding (nuc) sequences of A, B and C"
        raise InputError(fault(str(folder), f"no {listed(missing, 6)}", expected, _SOURCE))
    for gene in {file.gene for file in files}:
        releases = {f.release for f in files if f.gene == gene and f.release}
        if len(releases) > 1:
            found = f"releases {listed(sorted(releases))} of {gene}"
            raise InputError(fault(str(folder), found, "one release", _SOURCE))


def _warn_of_releases(folder: Path, files: list[_File]) -> None:
    """Say which genes are of which release where the names of the files tell of several."""
    genes: dict[str, list[str]] = {}
    for file in files:
        if file.release:
            genes.setdefault(file.release, []).append(file.gene)
    if len(genes) < 2:  # noqa: PLR2004  several
        return
    told = [f"{name} ({', '.join(dict.fromkeys(genes[name]))})" for name in sorted(genes)]
    message = (
        f"{folder}: files of {len(genes)} releases, {'; '.join(told)}: alleles that one names "
        f"the other may not, and the reference is of neither. {_SOURCE}"
    )
    warnings.warn(message, DataWarning, stacklevel=3)


def _check_genes(folder: Path, found: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse a release without A, B or C, and warn of decoys that it lacks."""
    has = {kind: {name.partition("*")[0] for name in found[kind]} for kind in KINDS}
    for gene in CLASS_I:
        for kind in KINDS:
            if gene not in has[kind]:
                where, expected = f"{folder}, {_ALL.lower()}_{kind}.fasta", f"alleles of {gene}"
                raise InputError(fault(where, "none", expected, _SOURCE))
    lacking = [gene for gene in DECOYS if any(gene not in has[kind] for kind in KINDS)]
    if lacking:
        message = (
            f"{folder}: no genomic or no coding sequences of the HLA genes "
            f"{listed(lacking, 9)}: their reads may be taken for those of A, B or C. "
            "Add the files of these genes."
        )
        warnings.warn(message, DataWarning, stacklevel=3)


def _read_file(
    file: _File, genes: set[str], found: dict[str, NDArray[np.uint8]], digest: "hashlib._Hash"
) -> None:
    """Add the sequences of one file; one that an allele has already must be the same."""
    seen = False
    for where, header, text in _records(file.path, digest):
        seen = True
        gene, name = _name(where, header)
        if file.gene not in {_ALL, gene}:
            found_, expected = f"the allele {name}", f"alleles of {file.gene}"
            raise InputError(fault(where, found_, expected, "Correct the file or its name."))
        if gene in genes:
            bases = _bases(where, name, header, text)
            if name in found and not np.array_equal(found[name], bases):
                twice = f"{name} a second time with other bases"
                raise InputError(fault(where, twice, "each allele once", _SOURCE))
            found[name] = bases
    if not seen:
        remedy = "Copy or download it again."
        raise InputError(fault(str(file.path), "no sequence", "a FASTA of HLA alleles", remedy))


def _records(path: Path, digest: "hashlib._Hash") -> Iterator[tuple[str, str, bytes]]:
    """Yield place, header and letters of each sequence."""
    header, where, number = "", "", 0
    kept: list[bytes] = []
    for piece in pieces(path, _PIECE):
        digest.update(piece)
        for line in piece.split(b"\n")[:-1]:
            number += 1
            if line.startswith(b">"):
                if header:
                    yield where, header, b"".join(kept)
                header, where = line.decode("ascii", "replace"), f"{path}, line {number}"
                kept = []
            elif header:
                kept.append(line.strip())
            elif line.strip():
                raise InputError(_no_fasta(path, number, line))
    if header:
        yield where, header, b"".join(kept)


def _no_fasta(path: Path, number: int, line: bytes) -> str:
    found, remedy = repr(line[:20].decode("ascii", "replace")), _SOURCE
    if line.startswith(_POINTER):
        found = "a pointer of Git LFS in place of the file"
        remedy = "Run git lfs pull in the clone, or download the file itself."
    return fault(f"{path}, line {number}", found, "the header of an allele", remedy)


def _name(where: str, header: str) -> tuple[str, str]:
    """Return the gene and the full name, without HLA-, of an allele."""
    for word in header[1:].split():
        if found := _NAME.fullmatch(word):
            return found.group(1), f"{found.group(1)}*{found.group(2)}"
    expected = "a header such as >HLA:HLA00001 A*01:01:01:01 3503 bp"
    raise InputError(fault(where, repr(header[:40]), expected, _SOURCE))


def _bases(where: str, name: str, header: str, text: bytes) -> NDArray[np.uint8]:
    bases = _CODES[np.frombuffer(text, np.uint8)]
    if not len(bases):
        remedy = "Copy or download the file again."
        raise InputError(fault(where, f"no bases of {name}", "its sequence", remedy))
    if (bases > MISSING).any():
        letter = chr(text[int((bases > MISSING).argmax())])
        found, expected = f"{letter!r} in {name}", "bases; proteins are not asked for"
        raise InputError(fault(where, found, expected, _SOURCE))
    said = _LENGTH.search(header)
    if said and int(said.group(1)) != len(bases):
        found, expected = f"{len(bases)} bases of {name}", f"{said.group(1)} as its header says"
        raise InputError(fault(where, found, expected, "The file is cut: download it again."))
    return bases


def _in_order(found: Mapping[str, NDArray[np.uint8]]) -> dict[str, NDArray[np.uint8]]:
    """Order alleles by their genes; within a gene as in the files."""
    rank = {gene: place for place, gene in enumerate(REFERENCE_GENES)}
    return {
        name: found[name] for name in sorted(found, key=lambda n: rank[n.partition("*")[0]])
    }


def _release(folder: Path, files: list[_File]) -> str:
    """Return the release as a file beside says, or the names of the files or the folder."""
    for place in (folder, folder.parent):
        path = place / "release_version.txt"
        if path.is_file():
            for _, line in lines(path):
                if "version" in line.lower() and (found := _RELEASE.search(line)):
                    return found.group(1)
    named = sorted({file.release for file in files if file.release})
    if not named and (found := _RELEASE.search(folder.name)):
        named = [found.group(1)]
    return ", ".join(named)
