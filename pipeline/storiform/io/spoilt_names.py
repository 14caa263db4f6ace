"""Names of genes that a spreadsheet turned into dates: SEPT2 became 2-Sep."""

import re
import warnings
from collections.abc import Iterable

from storiform.io.names import counted, listed
from storiform.model.errors import DataWarning, fault

_MONTH = (
    "(?:jan(?:uary?)?|feb(?:ruary?)?|mar(?:ch)?|märz?|mrz|apr(?:il)?|ma[iy]|jun[ei]?|jul[iy]?|"
    "aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)"
)
"""As English and German spreadsheets write them."""
_DATE = re.compile(
    rf"\d{{1,2}}\.?[-/ ]{_MONTH}\.?(?:[-/ ]\d{{2,4}})?|"
    rf"(?-i:(?=[A-Z][a-z])){_MONTH}[-/ ]\d{{2}}|"
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T][\d:.]+)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}",
    re.IGNORECASE,
)
"""A month before its number is spelt as a spreadsheet does: OCT-11 is a name of POU2F3."""
_SHOWN = 5


def warn_of_dates(names: Iterable[str], where: str) -> None:
    """Warn of names of genes that are dates; what they were cannot be told back surely.

    References
    ----------
    Ziemann et al., Genome Biol. 17, 177 (2016), doi:10.1186/s13059-016-1044-7.
    """
    dates = [name for name in dict.fromkeys(names) if _DATE.fullmatch(name)]
    if dates:
        found = f"{counted(len(dates), 'gene name')} that a spreadsheet made a date"
        remedy = (
            "Write the table again without a spreadsheet: under these names MARCHF1, SEPTIN2 "
            "and their like are not found."
        )
        told = fault(where, f"{found} ({listed(dates, _SHOWN)})", "names of genes", remedy)
        warnings.warn(told, DataWarning, stacklevel=4)
