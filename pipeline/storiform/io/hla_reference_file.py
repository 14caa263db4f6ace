"""The file of compiled HLA alleles that ``storiform hla-reference`` writes: arrays, no code."""

import io
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from storiform.io.store import write_bytes
from storiform.model.errors import InputError, fault
from storiform.model.hla_reference import ExonAlleles, HlaReference

FORMAT = 1
"""Version of the file. Raise it when what stands in it, or how it is compiled, changes."""

_EXPECTED = f"alleles compiled by storiform hla-reference, format {FORMAT}"
_REMEDY = "Run storiform hla-reference --imgt FOLDER again."
_BROKEN = (OSError, ValueError, LookupError, TypeError, BadZipFile, EOFError)

Arrays = Mapping[str, NDArray[Any]]


def write_hla_reference(path: Path, reference: HlaReference, date: str) -> None:
    """Write compiled alleles; the same alleles and date make the same bytes.

    Parameters
    ----------
    path
        Of the file, ``.npz``.
    reference
        What is written.
    date
        Of the compilation, for whoever looks into the file.
    """
    header = {"release": reference.release, "md5": reference.md5, "date": date}
    names = list(reference.genomic)
    arrays: dict[str, NDArray[Any]] = {
        "format": np.array(FORMAT),
        "header": _text([json.dumps(header)]),
        "alleles": _text(reference.alleles),
        "groups": _text(f"{name}\t{group}" for name, group in reference.groups.items()),
        "left_out": _text(f"{name}\t{why}" for name, why in reference.left_out.items()),
        "genomic_names": _text(names),
        "genomic": np.concatenate([np.zeros(0, np.uint8), *reference.genomic.values()]),
        "genomic_lengths": np.array([len(reference.genomic[n]) for n in names], np.int64),
    }
    for gene, exons in reference.exons.items():
        own = [reference.exon_places[name] for name in names if _gene(name) == gene]
        arrays[f"{gene}.places"] = np.array(own, np.int32).reshape(-1, len(exons), 2)
        arrays[f"{gene}.sequence_of"] = reference.sequence_of[gene]
        arrays[f"{gene}.imputed_of"] = reference.imputed_of[gene]
        for exon in exons:
            arrays[f"{gene}.{exon.exon}.columns"] = exon.columns
            arrays[f"{gene}.{exon.exon}.is_imputed"] = exon.is_imputed
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # numpy names a flag so
    write_bytes(path, stream.getvalue())


def read_hla_reference(path: Path) -> HlaReference:
    """Read compiled alleles.

    Raises
    ------
    InputError
        If the file is none of ``storiform hla-reference``, of another version of it, or
        cut.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            found = int(stored["format"])
            arrays = {name: stored[name] for name in stored} if found == FORMAT else {}
        if arrays:
            return _reference(arrays)
    except FileNotFoundError as error:
        raise InputError(fault(str(path), "no such file", _EXPECTED, _REMEDY)) from error
    except _BROKEN as error:
        raise InputError(fault(str(path), "another file", _EXPECTED, _REMEDY)) from error
    raise InputError(fault(str(path), f"format {found}", _EXPECTED, _REMEDY))


def _reference(arrays: Arrays) -> HlaReference:
    header = json.loads(_lines(arrays["header"])[0])
    alleles = tuple(_lines(arrays["alleles"]))
    genes = tuple(_gene(name) for name in alleles)
    own_genes = tuple(dict.fromkeys(genes))
    names = _lines(arrays["genomic_names"])
    ends = np.concatenate([[0], np.cumsum(arrays["genomic_lengths"])]).tolist()
    genomic = {
        name: arrays["genomic"][start:end]
        for name, (start, end) in zip(names, pairwise(ends), strict=True)
    }
    places: dict[str, NDArray[np.int32]] = {}
    for gene in own_genes:
        mine = [name for name in names if _gene(name) == gene]
        places |= zip(mine, arrays[f"{gene}.places"], strict=True)
    return HlaReference(
        release=str(header["release"]),
        md5=str(header["md5"]),
        alleles=alleles,
        genes=genes,
        exons={gene: _exons(gene, arrays) for gene in own_genes},
        sequence_of={gene: arrays[f"{gene}.sequence_of"] for gene in own_genes},
        imputed_of={gene: arrays[f"{gene}.imputed_of"] for gene in own_genes},
        genomic=genomic,
        exon_places={name: places[name] for name in names},
        groups=_pairs(arrays["groups"]),
        left_out=_pairs(arrays["left_out"]),
    )


def _exons(gene: str, arrays: Arrays) -> tuple[ExonAlleles, ...]:
    numbers = range(1, arrays[f"{gene}.sequence_of"].shape[1] + 1)
    return tuple(
        ExonAlleles(
            gene,
            number,
            arrays[f"{gene}.{number}.columns"],
            arrays[f"{gene}.{number}.is_imputed"],
        )
        for number in numbers
    )


def _gene(allele: str) -> str:
    return allele.partition("*")[0]


def _text(lines: Any) -> NDArray[np.uint8]:  # noqa: ANN401  any iterable of text
    return np.frombuffer("\n".join(lines).encode(), np.uint8)


def _lines(text: NDArray[np.uint8]) -> list[str]:
    return text.tobytes().decode().split("\n") if len(text) else []


def _pairs(text: NDArray[np.uint8]) -> dict[str, str]:
    pairs = (line.partition("\t") for line in _lines(text))
    return {name: value for name, _, value in pairs}
