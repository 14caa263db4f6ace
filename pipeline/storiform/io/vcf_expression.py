"""Expression of genes that a VCF carries in FORMAT, as VAtools writes it for pVACseq."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from storiform.io.annotations import Annotation, annotation_of
from storiform.io.phases import sample_cells, tumour_column
from storiform.io.units import SourceUnit
from storiform.io.vcf import open_vcf
from storiform.model.resources import without_version
from storiform.model.tables.rna import VCF_EXPRESSION

_FIELD = "GX"
_INFO, _FORMAT = 7, 8


def read_vcf_expression(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `vcf_expression` of a biopsy from the VCF of the sample sheet.

    Read is ``GX`` of the tumour's column, ``GENE|VALUE`` parted by commas. A gene that is
    named by its id has the symbol that the record's annotation gives to it. Of several values
    of a gene the first counts; what is no number of 0 or more is passed over, and a file
    whose header does not know the field gives no row.

    Raises
    ------
    InputError
        If the file is damaged or of another build.
    """
    path = unit.files["vcf"]
    header, records = open_vcf(path, unit.build)
    column = tumour_column(header, unit)
    found: dict[str, float] = {}
    if _FIELD in header.formats and column is not None:
        annotation = annotation_of(header.info)
        for number, line in records:
            if not line.strip():
                continue
            fields = header.fields(number, line)
            if _FIELD not in fields[_FORMAT].split(":"):
                continue
            values = list(_values(sample_cells(fields, column).get(_FIELD, "")))
            symbols = _symbols(annotation, fields) if values else {}
            for gene, value in values:
                found.setdefault(symbols.get(without_version(gene), gene), value)
    rows = pd.DataFrame({"gene": list(found), "tpm": list(found.values())})
    return VCF_EXPRESSION.conform(rows.astype({"tpm": float}))


def _values(text: str) -> Iterator[tuple[str, float]]:
    for part in text.split(","):
        gene, _, written = part.rpartition("|")
        try:
            value = float(written)
        except ValueError:
            continue
        if gene and math.isfinite(value) and value >= 0.0:
            yield gene, value


def _symbols(annotation: Annotation | None, fields: list[str]) -> Mapping[str, str]:
    """Return the symbols of the genes of a record, by their ids without version."""
    if annotation is None:
        return {}
    info = dict(part.partition("=")[::2] for part in fields[_INFO].split(";"))
    alts = fields[4].split(",")
    text = info.get(annotation.kind, "")
    genes = [
        one
        for allele in range(len(alts))
        for one, _ in annotation.transcripts(text, fields[3], alts, allele)
    ]
    return {without_version(one.gene_id): one.gene for one in genes if one.gene_id and one.gene}
