# ruff: noqa: INP001  a recipe beside its result, in no package
"""What the class I model learns from: affinities, ligands, proteins, contact residues, splits.

The folder that `load` reads holds (README.md names origin, version and sha256 of each)
``curated_training_data.no_mass_spec.zip``, the wheel of immunotype with its ligands and
sequences, and the VEP-annotated VCFs whose ``WildtypeProtein`` are the natural proteins.
"""

import gzip
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

ASSAYS = (
    "Sette - purified MHC/competitive/radioactivity",
    "Buus - purified MHC/direct/fluorescence",
    "kim2014",
    "Buus - purified MHC/competitive/fluorescence",
    "- purified MHC/direct/radioactivity",
    "Yewdell - purified MHC/competitive/radioactivity",
    "Yewdell - cellular MHC/competitive/fluorescence",
    "Maeurer - purified MHC/direct/fluorescence",
    "K.Nair - purified MHC/direct/fluorescence",
    "K.Nair - purified MHC/competitive/fluorescence",
    "any other",
)
"""The laboratories and assays with most measurements; each has an offset of its own."""
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
SHORTEST, LONGEST = 8, 14
CEILING_NM = 50_000.0
WHEEL = "immunotype-1.0.5-py3-none-any.whl"
PROTEIN_FILES = (
    "annotated.expression.vcf.gz",
    "hcc1395_analysis_workflows.annotated.vcf.gz",
)
CONTACTS = (7, 9, 24, 45, 59, 62, 63, 66, 67, 69, 70, 73, 74, 76, 77, 80, 81, 84, 95, 97, 99,
            114, 116, 118, 143, 147, 150, 152, 156, 158, 159, 163, 167, 171)  # fmt: skip
"""Residues of the mature chain that touch the peptide (doi:10.1371/journal.pone.0000796)."""
_START = re.compile("[GSC]SHS[ML][RK]Y")
_ALLELE = re.compile(r"HLA-([ABCE])W?\*(\d\d):(\d\d)$")
_SEROTYPES = {"HLA-A*24:01", "HLA-B*07:01", "HLA-B*12:01", "HLA-B*44:01", "HLA-B*60:01",
              "HLA-B*61:01", "HLA-B*62:01", "HLA-C*06:01"}  # fmt: skip
"""No alleles of IPD-IMGT/HLA, or withdrawn ones: mostly serotypes written as alleles."""
CODES = np.full(256, -1, np.int8)
CODES[np.frombuffer(RESIDUES.encode(), np.uint8)] = np.arange(20)


@dataclass(frozen=True)
class Peptides:
    """Peptides as codes: `codes` (n, 14) int8, -1 behind the end; `lengths` (n,)."""

    codes: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, rows: np.ndarray) -> "Peptides":
        """Choose rows by index or mask."""
        return Peptides(self.codes[rows], self.lengths[rows])


@dataclass(frozen=True)
class Data:
    """All of it: two frames with their encoded peptides, and the natural proteins."""

    alleles: list[str]
    contacts: np.ndarray
    affinities: pd.DataFrame
    ligands: pd.DataFrame
    proteins: list[str]


def encode(peptides: "pd.Series[str] | list[str]") -> Peptides:
    """Turn peptides of 8 to 14 standard residues into codes."""
    text = np.array(list(peptides), dtype=f"S{LONGEST}")
    letters = text.view(np.uint8).reshape(len(text), LONGEST)
    lengths = (letters > 0).sum(1)
    codes = np.where(letters > 0, CODES[letters], -1).astype(np.int8)
    return Peptides(codes, lengths.astype(np.int8))


def is_standard(peptides: pd.Series) -> pd.Series:
    """Tell which are of 8 to 14 of the twenty residues."""
    return peptides.str.fullmatch(f"[{RESIDUES}]{{{SHORTEST},{LONGEST}}}")


def allele_name(written: str) -> str:
    """Return the name with two fields, empty if it is none of class I of man."""
    match = _ALLELE.match(written)
    name = f"HLA-{match[1]}*{match[2]}:{match[3]}" if match else ""
    return "" if name in _SEROTYPES else name


def load_affinities(path: Path) -> pd.DataFrame:
    """Read measured affinities: peptide, allele, y (1 - log IC50 / log 50,000), sign, is_exact.

    `sign` is 0 for an equality, 1 where the IC50 is at least the value, -1 where at most.
    """
    rows = pd.read_csv(path)
    rows["allele"] = rows["allele"].map(allele_name)
    rows = rows[(rows["allele"] != "") & is_standard(rows["peptide"])]
    source = rows["measurement_source"].str.removeprefix("Ph.D. ").fillna("")
    rows["measurement_source"] = source.where(source.isin(ASSAYS), ASSAYS[-1])
    scaled = 1 - np.log(rows["ic50"].clip(1, CEILING_NM)) / np.log(CEILING_NM)
    return pd.DataFrame(
        {
            "peptide": rows["peptide"],
            "allele": rows["allele"],
            "ic50": rows["ic50"],
            "y": scaled.astype(np.float32),
            "sign": rows["measurement_inequality"].map({"=": 0, ">": 1, "<": -1}).astype(int),
            "is_exact": rows["measurement_type"] == "quantitative",
            "assay": rows["measurement_source"].map(ASSAYS.index),
        }
    ).reset_index(drop=True)


def load_ligands(path: Path) -> pd.DataFrame:
    """Read ligands eluted from cells of one allele: peptide, allele."""
    with zipfile.ZipFile(path) as wheel, wheel.open("immunotype/data/lookup_db.csv") as table:
        rows = pd.read_csv(table, usecols=["peptide", "allele"])
    rows["allele"] = rows["allele"].map(allele_name)
    keep = (rows["allele"] != "") & is_standard(rows["peptide"])
    return rows[keep].reset_index(drop=True)


def load_proteins(folder: Path) -> list[str]:
    """Read the distinct human proteins of the WildtypeProtein fields, sorted."""
    proteins: set[str] = set()
    for name in PROTEIN_FILES:
        field = -1
        with gzip.open(folder / name, "rt", encoding="utf-8") as stream:
            for line in stream:
                if line.startswith("##INFO=<ID=CSQ"):
                    field = (
                        line.split("Format: ")[1]
                        .split('"')[0]
                        .split("|")
                        .index("WildtypeProtein")
                    )
                elif not line.startswith("#") and "CSQ=" in line:
                    entries = line.split("CSQ=")[1].split("\t")[0].split(";")[0].split(",")
                    proteins.update(entry.split("|")[field] for entry in entries)
    return sorted(p for p in proteins if re.fullmatch(f"[{RESIDUES}]{{20,}}", p))


def load_contacts(path: Path, alleles: list[str]) -> np.ndarray:
    """Read the contact residues of alleles: codes (n, 34), -1 where no sequence is known."""
    with (
        zipfile.ZipFile(path) as wheel,
        wheel.open("immunotype/data/mhc_sequences.csv") as table,
    ):
        rows = pd.read_csv(table)
    plain = rows["sequence"].str.replace(r"\[(?:CLS|SEP)\]|\s", "", regex=True)
    found = dict(zip(rows["allele"], plain, strict=True))
    contacts = np.full((len(alleles), len(CONTACTS)), -1, np.int8)
    for row, allele in enumerate(alleles):
        start = _START.search(found.get(allele, ""))
        chain = found[allele][start.start() :] if start else ""
        if len(chain) >= CONTACTS[-1]:
            letters = "".join(chain[place - 1] for place in CONTACTS)
            contacts[row] = CODES[np.frombuffer(letters.encode(), np.uint8)]
    return contacts


def load(folder: Path) -> Data:
    """Read everything that there is to learn from."""
    affinities = load_affinities(folder / "curated_training_data.no_mass_spec.zip")
    ligands = load_ligands(folder / WHEEL)
    alleles = sorted({*affinities["allele"], *ligands["allele"]})
    contacts = load_contacts(folder / WHEEL, alleles)
    return Data(alleles, contacts, affinities, ligands, load_proteins(folder))


def _without_one(peptides: Peptides, place: int) -> np.ndarray:
    """Give one number to peptides that are alike at all other places."""
    number = np.zeros(len(peptides), np.uint64)
    for k in range(LONGEST):
        if k != place:
            code = np.maximum(peptides.codes[:, k], 0).astype(np.uint64)
            number = number * np.uint64(20) + code
    return number


def near(peptides: Peptides, others: Peptides) -> np.ndarray:
    """Tell which peptides equal one of `others` or differ from one at a single residue."""
    result = np.zeros(len(peptides), bool)
    for length in range(SHORTEST, LONGEST + 1):
        mine = np.flatnonzero(peptides.lengths == length)
        theirs = others.take(others.lengths == length)
        few = peptides.take(mine)
        for place in range(length):
            result[mine] |= np.isin(_without_one(few, place), _without_one(theirs, place))
    return result


def clusters(peptides: Peptides) -> np.ndarray:
    """Find the clusters of peptides that chains of single substitutions connect."""
    count = len(peptides)
    pairs = []
    for length in range(SHORTEST, LONGEST + 1):
        mine = np.flatnonzero(peptides.lengths == length)
        few = peptides.take(mine)
        for place in range(length):
            number = _without_one(few, place)
            order = np.argsort(number, kind="stable")
            alike = np.flatnonzero(number[order][1:] == number[order][:-1])
            pairs.append(np.stack([mine[order[alike]], mine[order[alike + 1]]]))
    edges = np.concatenate(pairs, 1)
    graph = coo_array((np.ones(edges.shape[1], np.int8), edges), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def folds(data: Data, seed: int, count: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Deal the clusters into folds; return the fold of each affinity and of each ligand.

    A cluster of more than 2 % of the peptides always goes to fold 0.
    """
    both = pd.concat([data.affinities["peptide"], data.ligands["peptide"]])
    names = pd.Index(both.unique())
    cluster = clusters(encode(names))
    sizes = np.bincount(cluster)
    fold = np.random.default_rng(seed).integers(0, count, len(sizes))
    fold[sizes > 0.02 * len(names)] = 0
    place = fold[cluster]
    return (
        place[names.get_indexer(data.affinities["peptide"])],
        place[names.get_indexer(data.ligands["peptide"])],
    )


def protein_parts(proteins: list[str], seed: int) -> np.ndarray:
    """Deal proteins into parts, 0 to test, 1 to validate, 2 to train: no 9-mer is in two."""
    seen: dict[str, int] = {}
    edges: list[tuple[int, int]] = []
    for number, protein in enumerate(proteins):
        for start in range(len(protein) - 8):
            first = seen.setdefault(protein[start : start + 9], number)
            if first != number and (not edges or edges[-1] != (first, number)):
                edges.append((first, number))
    table = np.array(edges).reshape(-1, 2).T
    graph = coo_array(
        (np.ones(table.shape[1], np.int8), table), shape=(len(proteins), len(proteins))
    )
    group = connected_components(graph, directed=False)[1]
    sizes = np.bincount(group, weights=[len(p) for p in proteins])
    part = np.digitize(np.random.default_rng(seed).random(len(sizes)), [0.25, 0.4])
    part[sizes > 0.1 * sizes.sum()] = 2
    return part[group]


def windows(proteins: list[str], length: int) -> np.ndarray:
    """Return the distinct windows of one length, sorted, as byte strings."""
    return np.unique(
        [p[s : s + length].encode() for p in proteins for s in range(len(p) - length + 1)]
    )


def natural_peptides(proteins: list[str], count: int, seed: int) -> list[str]:
    """Draw random windows of 8 to 11 residues, all four lengths alike."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum([len(p) for p in proteins])
    text = "".join(proteins)
    drawn: list[str] = []
    while len(drawn) < count:
        starts = rng.integers(0, len(text) - 11, count)
        lengths = rng.integers(8, 12, count)
        same = np.searchsorted(ends, starts, "right") == np.searchsorted(
            ends, starts + lengths - 1, "right"
        )
        pairs = zip(starts[same], lengths[same], strict=True)
        drawn += [text[s : s + n] for s, n in pairs]
    return drawn[:count]
