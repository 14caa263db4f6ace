"""Fusions as other programs write them: the table `given_fusions`, and the known ones.

The program is told by the header of its file:

- Arriba ``fusions.tsv``: ``#gene1, gene2, strand1(gene/fusion), ..., breakpoint1, ...``.
- STAR-Fusion ``star-fusion.fusion_predictions.tsv``, abridged or not: ``#FusionName,
  JunctionReadCount, SpanningFragCount, ..., LeftBreakpoint, ...``.
- FusionCatcher ``final-list_candidate-fusion-genes.txt``: ``Gene_1_symbol(5end_fusion_partner),
  ...``.

All of them count bases from 1, and name the last base of the 5' part and the first of the 3'
part.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from storiform.io.columns import read_layout
from storiform.io.contigs import check_contigs, is_place
from storiform.io.lines import lines
from storiform.io.units import NAMELESS, SourceUnit
from storiform.model.errors import InputError, fault
from storiform.model.genome import canonical_contig
from storiform.model.tables.fusions import GIVEN_FUSIONS

Fields = Mapping[str, str]
Row = dict[str, object]

_MISSING = frozenset({"", ".", "NA", "-"})
_FRAMES = {
    "in-frame": "in-frame", "out-of-frame": "out-of-frame", "INFRAME": "in-frame",
    "FRAMESHIFT": "out-of-frame",
}  # fmt: skip
_DOUBTS = re.compile(
    r"banned|(?<!partial-)matched-normal|healthy|hpa|gtex|1000genomes|bodymap2|cacg|conjoing|"
    r"cortex|non_tumor|non_cancer|no_protein|paralog|pair_pseudo_genes|similar|pseudogene|"
    r"readthrough|ambiguous|fully_overlapping|same_strand_overlapping|partially_overlapping|"
    r"short_repeats|long_repeats|short_distance|distance1000bp|fragments|multi|rrna|mt,|mirna"
)
"""Words of FusionCatcher's description that stand for a likely false one (manual, table 2)."""
_FRACTION = re.compile(r"\.0*$")
_REMEDY = "Write the file again: it is damaged."
_KNOWN = ("fusion", "gene_5", "gene_3", "histologies", "doi")


@dataclass(frozen=True)
class Format:
    """A program: the column that tells it, all that it must have, and the reader of a row."""

    tool: str
    sign: str
    needed: tuple[str, ...]
    read: Callable[[Fields, str], Row]


def read_given_fusions(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_fusions` of one biopsy from column `fusions` of the sheet.

    Every field of the file is kept in `details`; a file with a header alone has no fusion.

    Raises
    ------
    InputError
        If the program is not known, a column is missing, or a row is cut or tells no place.
    """
    path = unit.files["fusions"]
    told = ((n, text) for n, text in lines(path) if text.strip() and text[:2] != "##")
    first = next(told, None)
    if first is None:
        expected = "the file of Arriba, STAR-Fusion or FusionCatcher"
        remedy = "Give that file, or leave the cell of the sheet empty."
        raise InputError(fault(path.name, "an empty file", expected, remedy))
    header = [cell.strip() for cell in first[1].removeprefix("#").split("\t")]
    known = _format(path, header)
    rows = [_row(known, header, text, f"{path.name}, line {number}") for number, text in told]
    if rows:
        unit.refuse_shared("fusions", NAMELESS)
    given = pd.DataFrame(rows, columns=list(GIVEN_FUSIONS.columns))
    given["row"] = range(len(given))
    for side in ("5", "3"):
        start = given[f"position_{side}"]
        places = {"contig": given[f"contig_{side}"], "start": start, "end": start + 1}
        check_contigs(path.name, pd.DataFrame(places), unit.build)
    return GIVEN_FUSIONS.conform(given)


def _row(known: Format, header: list[str], line: str, where: str) -> Row:
    cells = line.split("\t")
    if len(cells) != len(header):
        raise InputError(
            fault(where, f"{len(cells)} cells", f"{len(header)}, as named", _REMEDY)
        )
    fields = dict(zip(header, cells, strict=True))
    details = json.dumps(fields, ensure_ascii=False)
    return {"caller": known.tool, "details": details, **known.read(fields, where)}


def _format(path: Path, header: list[str]) -> Format:
    known = next((one for one in FORMATS if one.sign in header), None)
    if known is None:
        is_star = {"chr_donorA", "brkpt_donorA"} <= set(header)
        found = (
            "STAR's Chimeric.out.junction" if is_star else f"columns {', '.join(header[:8])}"
        )
        remedy = (
            "Name it in the column chimeric_junctions of the sheet."
            if is_star
            else "Give the file that the program wrote, with its header."
        )
        expected = "those of Arriba, STAR-Fusion or FusionCatcher"
        raise InputError(fault(f"{path.name}, header", found, expected, remedy))
    missing = [name for name in known.needed if name not in header]
    if missing:
        where, found = f"{path.name}, header", f"no column {missing[0]}"
        expected = f"the columns of {known.tool}"
        raise InputError(fault(where, found, expected, "Give the file as it was written."))
    return known


def _place(text: str, where: str) -> tuple[str, int, str]:
    """Return contig, place (0-based) and strand of ``contig:place`` or that and ``:strand``."""
    parts = text.strip().rsplit(":", 2)
    strand = parts.pop() if parts[-1] in {"+", "-", "*", "."} else ""
    contig, number = (":".join(parts[:-1]), parts[-1]) if len(parts) > 1 else ("", "")
    if not contig or not is_place(number) or int(number) < 1:
        expected = "a place as contig:base, counted from 1"
        raise InputError(fault(where, repr(text), expected, _REMEDY))
    return canonical_contig(contig), int(number) - 1, strand if strand in {"+", "-"} else ""


def _count(fields: Fields, where: str, *names: str) -> object:
    """Return the sum of some columns, missing where all of them are."""
    written = [fields[name].strip() for name in names if name in fields]
    given = [text for text in written if text not in _MISSING]
    if not given:
        return pd.NA
    wrong = [text for text in given if not is_place(_FRACTION.sub("", text))]
    if wrong:
        where = f"{where}, column {names[0]}"
        raise InputError(fault(where, repr(wrong[0]), "a number of reads", _REMEDY))
    return sum(int(_FRACTION.sub("", text)) for text in given)


def _text(fields: Fields, name: str) -> str:
    text = fields.get(name, "").strip()
    return "" if text in _MISSING else text


def _ends(five: tuple[str, int, str], three: tuple[str, int, str]) -> Row:
    names = ("contig", "position", "strand")
    return {
        **{f"{name}_5": value for name, value in zip(names, five, strict=True)},
        **{f"{name}_3": value for name, value in zip(names, three, strict=True)},
    }


def _arriba(fields: Fields, where: str) -> Row:
    ends = []
    for side in ("1", "2"):
        contig, place, _ = _place(fields[f"breakpoint{side}"], where)
        of_gene, _, transcribed = fields[f"strand{side}(gene/fusion)"].partition("/")
        strand = transcribed if transcribed in {"+", "-"} else of_gene
        ends.append((contig, place, strand if strand in {"+", "-"} else ""))
    # Between genes Arriba names both neighbours with their distances: A(120),B(3400).
    genes = [_text(fields, name) for name in ("gene1", "gene2")]
    return {
        **_ends(ends[0], ends[1]),
        "gene_5": "" if "(" in genes[0] else genes[0],
        "gene_3": "" if "(" in genes[1] else genes[1],
        "split_fragments": _count(fields, where, "split_reads1", "split_reads2"),
        "spanning_fragments": _count(fields, where, "discordant_mates"),
        "confidence": _text(fields, "confidence"),
        "frame": _FRAMES.get(_text(fields, "reading_frame"), ""),
        "protein": _text(fields, "peptide_sequence"),
        "notes": "",
    }


def _star_fusion(fields: Fields, where: str) -> Row:
    genes = [fields[name].split("^")[0].strip() for name in ("LeftGene", "RightGene")]
    return {
        **_ends(
            _place(fields["LeftBreakpoint"], where), _place(fields["RightBreakpoint"], where)
        ),
        "gene_5": genes[0],
        "gene_3": genes[1],
        "split_fragments": _count(fields, where, "JunctionReadCount"),
        "spanning_fragments": _count(fields, where, "SpanningFragCount"),
        "confidence": "",
        "frame": _FRAMES.get(_text(fields, "PROT_FUSION_TYPE"), ""),
        "protein": "",
        "notes": "",
    }


def _fusion_catcher(fields: Fields, where: str) -> Row:
    five, three = "5end_fusion_partner", "3end_fusion_partner"
    told = _text(fields, "Fusion_description").lower()
    ends = (
        _place(fields[f"Fusion_point_for_gene_1({five})"], where),
        _place(fields[f"Fusion_point_for_gene_2({three})"], where),
    )
    return {
        **_ends(*ends),
        "gene_5": _text(fields, f"Gene_1_symbol({five})"),
        "gene_3": _text(fields, f"Gene_2_symbol({three})"),
        "split_fragments": _count(fields, where, "Spanning_unique_reads"),
        "spanning_fragments": _count(fields, where, "Spanning_pairs"),
        "confidence": "",
        "frame": _FRAMES.get(_text(fields, "Predicted_effect"), ""),
        "protein": "",
        "notes": ";".join(dict.fromkeys(_DOUBTS.findall(f"{told},"))).replace(",", ""),
    }


FORMATS = (
    Format(
        "arriba", "strand1(gene/fusion)",
        ("gene1", "gene2", "strand2(gene/fusion)", "breakpoint1", "breakpoint2",
         "split_reads1", "split_reads2", "discordant_mates"), _arriba,
    ),
    Format(
        "star_fusion", "FusionName",
        ("JunctionReadCount", "SpanningFragCount", "LeftGene", "LeftBreakpoint", "RightGene",
         "RightBreakpoint"), _star_fusion,
    ),
    Format(
        "fusioncatcher", "Gene_1_symbol(5end_fusion_partner)",
        ("Gene_2_symbol(3end_fusion_partner)",
         "Fusion_point_for_gene_1(5end_fusion_partner)",
         "Fusion_point_for_gene_2(3end_fusion_partner)", "Spanning_pairs",
         "Spanning_unique_reads"), _fusion_catcher,
    ),
)  # fmt: skip
"""The programs that are known."""


def read_known_fusions(path: Path) -> pd.DataFrame:
    """Read pairs of genes that are known to fuse: `fusion, gene_5, gene_3, histologies, doi`.

    Raises
    ------
    InputError
        If a column is missing, a gene is empty, or a pair stands there twice.
    """
    layout = read_layout(path)
    if not layout.has(*_KNOWN):
        raise layout.strange(
            f"columns {', '.join(_KNOWN)}", "Write it like reference/fusions/known_fusions.tsv."
        )
    rows = layout.read({name: layout.column(name) for name in _KNOWN}, {})
    rows = rows.astype(object).fillna("").astype(str)
    five, three = rows["gene_5"], rows["gene_3"]
    wrong = (five == "") | (three == "") | rows.duplicated(["gene_5", "gene_3"])
    if wrong.any():
        line = int(rows.index[wrong][0])
        found = repr(f"{five[line]}::{three[line]}")
        raise layout.refused(line, "gene_5", found, "two genes, each pair once")
    return rows.reset_index(drop=True)
