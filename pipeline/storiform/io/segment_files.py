"""Segments as other programs write them: the table `given_segments`.

Formats are told by their columns, in any case:

- CNVkit ``.cns``: ``chromosome, start, end, gene, log2, probes``, from ``call`` also ``cn, cn1,
  cn2``; 0-based. All others count from 1.
- SEG (DNAcopy, IGV, GISTIC): ``ID, chrom, loc.start, loc.end, num.mark, seg.mean``; TCGA's:
  ``Sample, Chromosome, Start, End, Num_Probes, Segment_Mean``; PureCN's has ``C`` (copies) too.
- PURPLE ``.purple.cnv.somatic.tsv``: ``chromosome, start, end, copyNumber,
  minorAlleleCopyNumber`` (before 2.50 ``minorAllelePloidy``), ``depthWindowCount``.
- ASCAT ``.segments.txt``: ``sample, chr, startpos, endpos, nMajor, nMinor``.
- FACETS ``cncf``: ``chrom, start, end`` (facets-suite: ``loc.start, loc.end``), ``num.mark,
  cnlr.median, tcn.em, lcn.em``; without these ``tcn, lcn``.
- Sequenza ``_segments.txt``: ``chromosome, start.pos, end.pos, depth.ratio, N.ratio, CNt, A,
  B``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from storiform.io.columns import Layout, checked_places, read_layout
from storiform.io.own_rows import own_rows
from storiform.io.units import SourceUnit
from storiform.model.errors import InputError, fault
from storiform.model.tables.copies import GIVEN_SEGMENTS

Aliases = tuple[str, ...]
_FARTHEST = 20.0
"""Log ratios beyond it, such as -Inf where nothing is left, are written as it."""
_MOST = 1e9
_MOST_SHARED = 0.01
"""Share of the bases that may lie in two segments: rounded borders, else another sample's."""


@dataclass(frozen=True)
class Format:
    """The columns of one program's segments.

    Parameters
    ----------
    tool
        The program.
    signs
        Columns that tell the format; the first format that has all of them is taken.
    place
        Contig, start and end.
    columns
        `bins`, `log2`, `ratio` (linear), `total`, `minor`, `major` and `other` (the two
        alleles in no order) -> the columns that hold them, the preferred first.
    sample
        The column of the sample's name, empty where a file holds one sample.
    """

    tool: str
    signs: Aliases
    place: tuple[Aliases, Aliases, Aliases]
    columns: Mapping[str, Aliases] = field(hash=False)
    sample: Aliases = ()
    is_one_based: bool = True


_PLAIN: tuple[Aliases, Aliases, Aliases] = (
    ("chromosome", "chrom", "chr"),
    ("start",),
    ("end",),
)
FORMATS = (
    Format(
        "PURPLE", ("chromosome", "start", "end", "copyNumber", "bafCount"), _PLAIN,
        {"bins": ("depthWindowCount",), "total": ("copyNumber",),
         "minor": ("minorAlleleCopyNumber", "minorAllelePloidy")},
    ),
    Format(
        "ASCAT", ("chr", "startpos", "endpos", "nMajor", "nMinor"),
        (("chr",), ("startpos",), ("endpos",)),
        {"major": ("nMajor",), "minor": ("nMinor",)}, ("sample",),
    ),
    Format(
        "FACETS", ("chrom", "num.mark", "cnlr.median"),
        (("chrom",), ("start", "loc.start"), ("end", "loc.end")),
        {"bins": ("num.mark",), "log2": ("cnlr.median",), "total": ("tcn.em", "tcn"),
         "minor": ("lcn.em", "lcn")}, ("ID",),
    ),
    Format(
        "Sequenza", ("chromosome", "start.pos", "end.pos", "CNt", "depth.ratio"),
        (("chromosome",), ("start.pos",), ("end.pos",)),
        {"bins": ("N.ratio",), "ratio": ("depth.ratio",), "total": ("CNt",), "minor": ("B",)},
    ),
    Format(
        "PureCN", ("Sampleid", "chr", "start", "end", "C", "M"), _PLAIN,
        {"bins": ("num.mark",), "log2": ("seg.mean",), "total": ("C",), "minor": ("M",)},
        ("Sampleid",),
    ),
    Format(
        "SEG", ("chrom", "loc.start", "loc.end", "seg.mean"),
        (("chrom",), ("loc.start",), ("loc.end",)),
        {"bins": ("num.mark",), "log2": ("seg.mean",), "total": ("C",)}, ("ID",),
    ),
    Format(
        "SEG", ("Chromosome", "Start", "End", "Segment_Mean"), _PLAIN,
        {"bins": ("Num_Probes", "num.mark"), "log2": ("Segment_Mean", "seg.mean")},
        ("Sample", "ID", "GDC_Aliquot"),
    ),
    Format(
        "CNVkit", ("chromosome", "start", "end", "log2", "probes"), _PLAIN,
        {"bins": ("probes",), "log2": ("log2",), "total": ("cn",), "major": ("cn1",),
         "other": ("cn2",)}, is_one_based=False,
    ),
)  # fmt: skip
"""Every format that is known, the more telling first."""


def read_segments(unit: SourceUnit) -> pd.DataFrame:
    """Return the table `given_segments` of one biopsy from column `segments` of the sheet.

    Raises
    ------
    InputError
        If the format is not known, the sample is not in the file, a value is none, or
        segments overlap.
    """
    layout = read_layout(unit.files["segments"], ("chromosome", "chrom", "chr"))
    found = [known for known in FORMATS if layout.has(*known.signs)]
    if not found:
        tools = ", ".join(dict.fromkeys(known.tool for known in FORMATS))
        raise layout.strange(f"those of one of {tools}", "Give the segments of one of these.")
    known = found[0]
    names = dict(zip(("contig", "start", "end"), known.place, strict=True))
    chosen = {new: layout.column(*aliases) for new, aliases in names.items()}
    words = {"contig": chosen.pop("contig")}
    if sample := layout.column(*known.sample) if known.sample else "":
        words["sample"] = sample
    values = {new: layout.column(*aliases) for new, aliases in known.columns.items()}
    rows = layout.read(words, {**chosen, **{new: name for new, name in values.items() if name}})
    if sample:
        rows = own_rows(layout, rows, sample, unit)
    else:
        unit.refuse_shared("segments", "no column with the name of the sample")
    if known.is_one_based:  # IGV's may begin at 0
        rows["start"] = rows["start"].clip(lower=1)
    segments = checked_places(layout, rows, unit.build, one_based=known.is_one_based)
    segments = _valued(layout, segments, values)
    segments = _apart(layout, segments.assign(tool=known.tool))
    return GIVEN_SEGMENTS.conform(segments[list(GIVEN_SEGMENTS.columns)])


def _valued(layout: Layout, rows: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Fill in bins, log ratio and copies; refuse a file without either of the two last."""
    for name in ("bins", "log2", "ratio", "total", "minor", "major", "other"):
        if name not in rows:
            rows[name] = np.nan
    by_ratio = np.log2(rows["ratio"].clip(lower=2.0**-_FARTHEST))
    rows["log2"] = rows["log2"].fillna(by_ratio).clip(-_FARTHEST, _FARTHEST)
    lesser = rows[["major", "other"]].min(axis=1, skipna=False)
    rows["minor"] = rows["minor"].fillna(lesser)
    has_alleles = rows["other"].isna() & rows["major"].notna()
    rows["total"] = rows["total"].fillna((rows["major"] + rows["minor"]).where(has_alleles))
    for name in ("total", "minor"):
        _refuse_beyond(layout, rows[name], columns.get(name) or name, "copies, from 0")
        rows[name] = rows[name].clip(lower=0.0)
    _refuse_beyond(layout, rows["bins"], columns.get("bins") or "bins", "a number of bins")
    rows = rows[rows["log2"].notna() | rows["total"].notna()]
    if rows.empty:
        expected = "segments with a log ratio or copies"
        remedy = "Give the program's file of segments that it has called."
        raise InputError(fault(layout.path.name, "none", expected, remedy))
    return rows.assign(bins=np.rint(rows["bins"]).astype("Int64"))


def _refuse_beyond(layout: Layout, values: pd.Series, column: str, expected: str) -> None:
    """Refuse what can be no number of things; PURPLE writes a little less than 0 for none."""
    wrong = (values < -1.0) | (values > _MOST)
    if wrong.any():
        line = values.index[wrong][0]
        raise layout.refused(line, column, f"{values[line]:g}", expected)


def _apart(layout: Layout, rows: pd.DataFrame) -> pd.DataFrame:
    """Cut what two segments share from the second; refuse a file in which that is much."""
    reached = rows.groupby("contig")["end"].transform(lambda e: e.cummax().shift(fill_value=0))
    start = np.maximum(rows["start"], reached)
    lengths = rows["end"] - rows["start"]
    shared = (lengths - (rows["end"] - start).clip(lower=0)).sum()
    if shared > _MOST_SHARED * lengths.sum():
        line = rows.index[np.asarray(start > rows["start"])][0]
        found = (
            f"a segment that overlaps another, and {shared / lengths.sum():.0%} of all bases"
        )
        remedy = "Give the segments of one sample."
        where = f"{layout.path.name}, line {line}"
        raise InputError(fault(where, found, "segments side by side", remedy))
    rows = rows.assign(start=start)
    return rows[rows["end"] > rows["start"]]
