"""Consequences that a VCF already carries: CSQ, ANN, BCSQ and FUNCOTATION.

One transcript speaks for a call. Within a gene it is the MANE Select one, else the
canonical, the picked, the coding one with the longest coding sequence or protein, else the
first; of several genes the one on which the consequence is most severe.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from storiform.model.ontology import severity, terms_of

KINDS = ("CSQ", "ANN", "BCSQ", "FUNCOTATION")
"""INFO fields that carry consequences, in the order in which they are looked for."""

_WANTED = {
    "CSQ": ("SYMBOL", "Gene", "Feature", "Consequence", "HGVSc", "HGVSp", "CANONICAL", "PICK",
            "BIOTYPE", "MANE", "MANE_SELECT", "CDS_position", "WildtypeProtein"),
    "ANN": ("Gene_Name", "Gene_ID", "Feature_ID", "Annotation", "HGVS.c", "HGVS.p", "CDS",
            "Transcript_BioType"),
    "BCSQ": ("gene", "transcript", "Consequence", "dna", "aa", "biotype"),
}  # fmt: skip
_ANN = (
    "Allele", "Annotation", "Impact", "Gene_Name", "Gene_ID", "Feature_Type", "Feature_ID",
    "Transcript_BioType", "Rank", "HGVS.c", "HGVS.p", "cDNA", "CDS", "AA",
)  # fmt: skip
_BCSQ = ("Consequence", "gene", "transcript", "biotype", "strand", "aa", "dna")
_POPULATION = re.compile(
    r"(gnomad|exac|1000g|1kg|kg_|g1000|esp).*|(afr_|amr_|eas_|eur_|sas_|aa_|ea_|max_|pop_)?af|"
    r"[a-z0-9]+_maf|gmaf|popaf|af_(popmax|grpmax)",
    re.IGNORECASE,
)
_NO_FREQUENCY = re.compile(
    r"(^|_)(a[cn]|nhomalt|hom|het|filter|flag)(_|$)|_pops$", re.IGNORECASE
)


@dataclass(frozen=True)
class Consequence:
    """What one transcript makes of a call; `order` sorts, the smallest speaks."""

    gene: str = ""
    gene_id: str = ""
    transcript: str = ""
    terms: str = ""
    hgvsc: str = ""
    hgvsp: str = ""
    order: tuple[int, ...] = ()


NOTHING = Consequence()


def population_fields(names: Iterable[str], *, with_bare_af: bool) -> list[str]:
    """Return the names that hold population allele frequencies.

    A bare ``AF`` is that of the 1000 Genomes inside CSQ, but that of the file's own samples
    in INFO and often in tables, so it counts only `with_bare_af`.
    """
    found = [n for n in names if _POPULATION.fullmatch(n) and not _NO_FREQUENCY.search(n)]
    return [n for n in found if with_bare_af or n.upper() != "AF"]


def frequency(text: str, alt: str) -> float | None:
    """Read a frequency such as ``0.01``, ``A:0.01&T:0.2`` or ``.``; None where missing."""
    best: float | None = None
    for part in text.replace(",", "&").split("&"):
        allele, colon, number = part.rpartition(":")
        if colon and allele not in {alt, alt[1:] or "-", "-"}:
            continue
        try:
            value = float(number)
        except ValueError:
            continue
        if 0.0 <= value <= 1.0 and (best is None or value > best):
            best = value
    return best


class Annotation:
    """The reader of one INFO field, made from that field's line in the header."""

    def __init__(self, kind: str, description: str) -> None:
        self.kind = kind
        self.fields = _fields(kind, description)
        self.index = {name.lower(): i for i, name in reversed(list(enumerate(self.fields)))}
        wanted = _WANTED.get(kind, ())
        self._position = {n: i for n in wanted if (i := self.index.get(n.lower())) is not None}
        self.population = [
            self.index[n.lower()] for n in population_fields(self.fields, with_bare_af=True)
        ]
        self._read: Callable[[list[str], int], Consequence] = {
            "CSQ": self._csq, "ANN": self._ann, "BCSQ": self._bcsq,
            "FUNCOTATION": self._funcotation,
        }[kind]  # fmt: skip

    @property
    def tells_terms(self) -> bool:
        """Whether the header says which cell of CSQ holds the consequence."""
        return self.kind != "CSQ" or "Consequence" in self._position

    def read(self, text: str, ref: str, alts: Sequence[str], allele: int) -> "Reading":
        """Return the consequence and the population frequency of one allele of a record."""
        own = self._own(text, ref, alts, allele)
        found = [self._read(entry, order) for order, entry in enumerate(own)]
        best: float | None = None
        for text_of in {entry[i] for entry in own for i in self.population if i < len(entry)}:
            value = frequency(text_of, alts[allele]) if text_of else None
            if value is not None and (best is None or value > best):
                best = value
        return Reading(_speaker(found), best)

    def transcripts(
        self, text: str, ref: str, alts: Sequence[str], allele: int
    ) -> list[tuple[Consequence, list[str]]]:
        """Return what each transcript makes of one allele of a record, and all its cells.

        The cells are in the order of `fields`; of one gene the smallest `order` speaks.
        """
        own = self._own(text, ref, alts, allele)
        return [(self._read(entry, order), entry) for order, entry in enumerate(own)]

    def _own(self, text: str, ref: str, alts: Sequence[str], allele: int) -> list[list[str]]:
        entries = self._entries(text)
        return entries if len(alts) == 1 else self._of_allele(entries, ref, alts, allele)

    def _entries(self, text: str) -> list[list[str]]:
        if self.kind == "FUNCOTATION":
            pieces = re.findall(r"\[(.*?)\]", text)
            return [[unquote(_plain(c)) for c in piece.split("|")] for piece in pieces]
        return [piece.split("|") for piece in text.split(",") if piece]

    def _of_allele(
        self, entries: list[list[str]], ref: str, alts: Sequence[str], allele: int
    ) -> list[list[str]]:
        if self.kind == "FUNCOTATION":
            return entries[allele : allele + 1]
        if self.kind == "BCSQ":
            own = [e for e in entries if len(e) > 6 and e[6].endswith(f">{alts[allele]}")]  # noqa: PLR2004  the dna change is the seventh field
            return own or entries
        number = self.index.get("allele_num")
        if number is not None:
            return [e for e in entries if _cell(e, number) == str(allele + 1)]
        names = (
            {alts[allele], _trimmed(ref, alts, allele)}
            if self.kind == "CSQ"
            else {alts[allele]}
        )
        return [e for e in entries if e[0] in names]

    def _csq(self, entry: list[str], order: int) -> Consequence:
        cell = self._cells(entry)
        length = cell("CDS_position").partition("/")[2]
        longest = int(length) if length.isdigit() else 3 * len(cell("WildtypeProtein"))
        mane = bool(cell("MANE_SELECT")) or cell("MANE").startswith(("MANE_Select", "NM_"))
        terms = terms_of(cell("Consequence"))
        return Consequence(
            cell("SYMBOL"), cell("Gene"), cell("Feature"), terms,
            unquote(cell("HGVSc")), unquote(cell("HGVSp")),
            (not mane, cell("CANONICAL") != "YES", cell("PICK") != "1",
             cell("BIOTYPE") != "protein_coding", -longest, order),
        )  # fmt: skip

    def _ann(self, entry: list[str], order: int) -> Consequence:
        cell = self._cells(entry)
        length = cell("CDS").partition("/")[2].strip()
        return Consequence(
            cell("Gene_Name"), cell("Gene_ID"), cell("Feature_ID"),
            terms_of(cell("Annotation")), cell("HGVS.c"), cell("HGVS.p"),
            (cell("Transcript_BioType") not in {"protein_coding", "Coding"},
             -int(length) if length.isdigit() else 0, order),
        )  # fmt: skip

    def _bcsq(self, entry: list[str], order: int) -> Consequence:
        if entry[0].startswith("@"):
            return Consequence(transcript=entry[0], order=(2, order))
        cell = self._cells(entry)
        return Consequence(
            cell("gene"), "", cell("transcript"), terms_of(cell("Consequence")),
            cell("dna"), cell("aa"), (cell("biotype") != "protein_coding", order),
        )  # fmt: skip

    def _funcotation(self, entry: list[str], order: int) -> Consequence:
        gencode = {n.split("_", 2)[-1].lower(): i for n, i in self.index.items()}

        def cell(name: str) -> str:
            return _cell(entry, gencode.get(name, -1))

        return Consequence(
            cell("hugosymbol"), "", cell("annotationtranscript"),
            terms_of(cell("variantclassification")), cell("cdnachange"),
            cell("proteinchange"), (order,),
        )  # fmt: skip

    def _cells(self, entry: list[str]) -> Callable[[str], str]:
        position, length = self._position, len(entry)

        def cell(name: str) -> str:
            index = position.get(name, length)
            return entry[index] if index < length else ""

        return cell


@dataclass(frozen=True)
class Reading:
    """What one allele's annotation says."""

    consequence: Consequence
    population_af: float | None


def annotation_of(descriptions: Mapping[str, str]) -> Annotation | None:
    """Return the reader of the first known field in a header, None where there is none."""
    for kind in KINDS:
        if kind in descriptions:
            return Annotation(kind, descriptions[kind])
    return None


def _fields(kind: str, description: str) -> tuple[str, ...]:
    if kind == "ANN":
        return _ANN
    if kind == "BCSQ":
        return _BCSQ
    listed = re.split(r"(?:Format|fields are):\s*", description)[-1]
    return tuple(name.strip(" \"'[]>") for name in listed.split("|"))


def _speaker(found: list[Consequence]) -> Consequence:
    """Choose a transcript for each gene, then the gene with the gravest consequence."""
    genes: dict[str, Consequence] = {}
    for one in found:
        name = one.gene_id or one.gene
        if name not in genes or one.order < genes[name].order:
            genes[name] = one
    if not genes:
        return NOTHING
    return min(genes.values(), key=lambda one: severity(one.terms))


def _cell(entry: list[str], index: int) -> str:
    return entry[index] if 0 <= index < len(entry) else ""


def _plain(text: str) -> str:
    return re.sub(r"_(%[0-9A-Fa-f]{2})_", r"\1", text)


def _trimmed(ref: str, alts: Sequence[str], allele: int) -> str:
    """Write an allele as VEP does: without the first base that all alleles share."""
    first = ref[:1]
    changes_length = any(len(alt) != len(ref) for alt in alts)
    if changes_length and all(alt[:1] == first for alt in alts if alt != "*"):
        return alts[allele][1:] or "-"
    return alts[allele]
