"""What does not agree in a biopsy: two sources that tell different things."""

from collections.abc import Hashable, Mapping
from typing import Any

from storiform.model.tables.copy_calls import COPY_NUMBER_DISCORDANCES
from storiform.model.tables.fusions import FUSION_DISCORDANCES
from storiform.report.numbers import is_missing
from storiform.report.record import BiopsyRecord

COHORT_TABLES = (COPY_NUMBER_DISCORDANCES, FUSION_DISCORDANCES)
"""Tables of the cohort of which a page reads the rows of its biopsy."""
Row = Mapping[Hashable, Any]


def discordances(record: BiopsyRecord) -> tuple[str, ...]:
    """Say where diagnosis, HLA alleles and response are told differently by two sources.

    Parameters
    ----------
    record
        What the page prints.

    Returns
    -------
    tuple[str, ...]
        One sentence for each disagreement, which a person must look at.
    """
    rows: dict[str, list[Row]] = {
        table.name: list(table.frame.to_dict("records"))
        for table in (*record.tables, *record.beside)
    }
    return (
        *(
            f"The stated diagnosis is {row['histology']}, but {row['finding']}. "
            f"{_capital(str(row['suggests']))}."
            for row in rows.get("copy_number_discordances", [])
        ),
        *(
            f"The stated diagnosis is {row['stated']}, but {row['fusion']} was found, which "
            f"points to {str(row['suggested']).replace(';', ' or ')}."
            for row in rows.get("fusion_discordances", [])
        ),
        *(_alleles(row) for row in rows.get("hla_discordances", [])),
        *_responses(rows),
    )


def _alleles(row: Row) -> str:
    alone = ": the loss of this gene is not judged" if row["is_whole"] else ""
    return (
        f"HLA-{row['gene']}: given as {_joined(row['given'])}, but the reads ({row['source']}) "
        f"tell {_joined(row['told'])}{alone}."
    )


def _responses(rows: Mapping[str, list[Row]]) -> list[str]:
    found = []
    for clinic, best in zip(
        rows.get("clinic", []), rows.get("best_response", []), strict=False
    ):
        given, seen = clinic.get("response"), best.get("response")
        if _told(given) and _told(seen) and given != seen:
            found.append(f"Best response: {given} is stated, but the lesions tell {seen}.")
        by_irrc = str(best.get("ir_response")).removeprefix("ir")
        if _told(best.get("ir_response")) and _told(seen) and by_irrc != seen:
            found.append(f"The lesions tell {seen} by RECIST 1.1, but {by_irrc} by irRC.")
    return found


def _told(value: object) -> bool:
    return not is_missing(value) and bool(value)


def _joined(alleles: object) -> str:
    return str(alleles).replace(";", " and ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")
