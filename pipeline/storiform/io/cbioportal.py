"""A study folder as cBioPortal loads it: meta files, data files and case lists.

The formats are those of cBioPortal's documentation, https://docs.cbioportal.org/file-formats/.
A sample of the study is a biopsy. Missing values are ``NA``.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from storiform.io.store import write_bytes
from storiform.model.errors import InputError, fault
from storiform.model.genome import Build

REFERENCES: Mapping[Build, str] = {"GRCh37": "hg19", "GRCh38": "hg38"}
BANNED = frozenset({"MUTATION_COUNT", "FRACTION_GENOME_ALTERED"})
"""Attributes that the portal fills by itself and refuses in a file."""
MISSING = "NA"
_COLOUR = "LightYellow"
_UNKNOWN_HERE = ("Center", "dbSNP_RS", "dbSNP_Val_Status")
"""Columns of a MAF that a run leaves empty and the portal does not ask for."""
_STEMS = ("clinical_patient", "mutations", "cna", "log2_cna", "expression_tpm", "sv",
          "mcp_counter", "ssgsea")  # fmt: skip
"""Files that a run may have once and not the next time."""
_STUDY = re.compile(r"[A-Za-z0-9_\-]+")
_LISTS: Mapping[frozenset[str], tuple[str, str, str]] = {
    frozenset({"mutations"}): ("sequenced", "with mutation data",
                               "all_cases_with_mutation_data"),
    frozenset({"cna"}): ("cna", "with copy number data", "all_cases_with_cna_data"),
    frozenset({"expression"}): ("rna_seq_mrna", "with mRNA data",
                                "all_cases_with_mrna_rnaseq_data"),
    frozenset({"sv"}): ("sv", "with structural variant data", "all_cases_with_sv_data"),
    frozenset({"mutations", "cna"}): ("cnaseq", "with mutation and copy number data",
                                      "all_cases_with_mutation_and_cna_data"),
    frozenset({"mutations", "cna", "expression"}): (
        "3way_complete", "with mutation, copy number and mRNA data",
        "all_cases_with_mutation_and_cna_and_mrna_data"),
}  # fmt: skip
"""Kinds of data that all samples of a list have -> suffix, words and category of the list."""


@dataclass(frozen=True)
class Attribute:
    """A clinical attribute: a column of the patient or of the sample file.

    `name` is the attribute's id in capitals, `datatype` STRING, NUMBER or BOOLEAN; a
    `priority` above 1 brings its chart to the front, 0 hides it.
    """

    name: str
    title: str
    description: str
    datatype: str
    priority: int = 1


@dataclass(frozen=True)
class Profile:
    """What a meta file says of a matrix of genes or entities by samples."""

    stem: str
    alteration: str
    datatype: str
    stable_id: str
    title: str
    description: str
    is_shown: bool = False


@dataclass
class Study:
    """A study folder while it is written; `samples` holds who has which kind of data."""

    folder: Path
    identifier: str
    build: Build
    samples: dict[str, list[str]] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse a name that the portal would refuse."""
        if not _STUDY.fullmatch(self.identifier):
            expected = "letters, digits, '_' and '-'"
            remedy = "Give another name with --study."
            raise InputError(fault("--study", repr(self.identifier), expected, remedy))

    def write_meta(
        self, name: str, entries: Mapping[str, str], *, has_study: bool = True
    ) -> None:
        """Write ``meta_NAME.txt``, a line for each entry."""
        front = {"cancer_study_identifier": self.identifier} if has_study else {}
        lines = [f"{key}: {_line(value)}" for key, value in {**front, **entries}.items()]
        self.write_text(f"meta_{name}.txt", "".join(f"{line}\n" for line in lines))

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, text.encode())
        self.written.append(path)

    def describe(self, title: str, description: str, cancer_type: str) -> None:
        """Write what the study is, and the type of cancer that it declares for itself."""
        own = f"storiform_{re.sub(r'[^a-z0-9]+', '_', cancer_type.lower()).strip('_')}"
        entries = {
            "type_of_cancer": own, "cancer_study_identifier": self.identifier, "name": title,
            "description": description, "add_global_case_list": "false",
            "reference_genome": REFERENCES[self.build],
        }  # fmt: skip
        self.write_meta("study", entries, has_study=False)
        kind = {"genetic_alteration_type": "CANCER_TYPE", "datatype": "CANCER_TYPE",
                "data_filename": "cancer_type.txt"}  # fmt: skip
        self.write_meta("cancer_type", kind, has_study=False)
        row = "\t".join([own, _line(cancer_type), _COLOUR, "tissue"])
        self.write_text("cancer_type.txt", f"{row}\n")

    def add_clinic(
        self, level: str, rows: pd.DataFrame, attributes: Sequence[Attribute]
    ) -> None:
        """Write the clinical file of patients or of samples with its four lines of header.

        Parameters
        ----------
        level
            ``patient`` or ``sample``.
        rows
            One row each; the columns are names of `attributes`, those of the ids first.
        attributes
            What the columns mean; one without a value in any row is left out.
        """
        ids = {"PATIENT_ID", "SAMPLE_ID"}
        told = [a for a in attributes if a.name in ids or rows[a.name].notna().any()]
        if level == "patient" and len(told) == 1:  # the file may be left out, not be bare
            return
        _check_attributes(told)
        head = [
            [attribute.title for attribute in told],
            [attribute.description for attribute in told],
            [attribute.datatype for attribute in told],
            [str(attribute.priority) for attribute in told],
        ]
        lines = ["#" + "\t".join(_line(cell) for cell in line) for line in head]
        body = rows[[attribute.name for attribute in told]]
        lines.append("\t".join(str(name) for name in body.columns))
        lines += [
            "\t".join(_cell(cell) for cell in row) for row in body.itertuples(index=False)
        ]
        self.write_text(f"data_clinical_{level}.txt", "".join(f"{line}\n" for line in lines))
        entries = {"genetic_alteration_type": "CLINICAL",
                   "datatype": f"{level.upper()}_ATTRIBUTES",
                   "data_filename": f"data_clinical_{level}.txt"}  # fmt: skip
        self.write_meta(f"clinical_{level}", entries)
        if level == "sample":
            self.samples["all"] = sorted(body["SAMPLE_ID"].astype(str))

    def add_mutations(self, rows: pd.DataFrame, sequenced: Sequence[str]) -> None:
        """Write rows of `maf_rows`; `sequenced` are all samples that were looked at."""
        bare = rows["Chromosome"].astype(str).str.removeprefix("chr").replace("M", "MT")
        has_ids = rows["Entrez_Gene_Id"].ne("0").all()
        left_out = [*_UNKNOWN_HERE, *([] if has_ids else ["Entrez_Gene_Id"])]
        kept = rows.assign(Chromosome=bare).drop(columns=left_out)
        text = kept.to_csv(sep="\t", index=False, lineterminator="\n", float_format="%.6g")
        self.write_text("data_mutations.txt", text)
        self.samples["mutations"] = sorted(sequenced)
        profile = Profile(
            "mutations", "MUTATION_EXTENDED", "MAF", "mutations", "Mutations",
            "Somatic calls that pass every filter of the run.", is_shown=True,
        )  # fmt: skip
        self._describe_profile(profile, "data_mutations.txt")

    def add_matrix(self, profile: Profile, matrix: pd.DataFrame, kind: str = "") -> None:
        """Write genes by samples; `matrix` has a row per gene and a column per sample."""
        name = f"data_{profile.stem}.txt"
        lines = ["\t".join(["Hugo_Symbol", *(str(sample) for sample in matrix.columns)])]
        for gene, row in zip(matrix.index, _numbers(matrix), strict=True):
            lines.append("\t".join([str(gene), *map(_number, row)]))
        self.write_text(name, "".join(f"{line}\n" for line in lines))
        self._describe_profile(profile, name)
        if kind:
            self.samples[kind] = sorted(str(sample) for sample in matrix.columns)

    def add_segments(self, seg: bytes) -> None:
        """Write a SEG file as it is."""
        reference = REFERENCES[self.build]
        name = f"data_cna_{reference}.seg"
        self.write_text(name, seg.decode())
        entries = {
            "genetic_alteration_type": "COPY_NUMBER_ALTERATION", "datatype": "SEG",
            "reference_genome_id": reference,
            "description": "Log2 ratios of segments, centred on the mean copies.",
            "data_filename": name,
        }  # fmt: skip
        self.write_meta(f"cna_{reference}_seg", entries)

    def add_structural_variants(self, rows: pd.DataFrame, searched: Sequence[str]) -> None:
        """Write structural variants; `searched` are all samples that were looked at."""
        lines = ["\t".join(str(name) for name in rows.columns)]
        lines += [
            "\t".join(_cell(cell, "") for cell in row) for row in rows.itertuples(index=False)
        ]
        self.write_text("data_sv.txt", "".join(f"{line}\n" for line in lines))
        self.samples["sv"] = sorted(searched)
        profile = Profile(
            "sv", "STRUCTURAL_VARIANT", "SV", "structural_variants", "Structural variants",
            "Fusions of genes that the RNA shows.", is_shown=True,
        )  # fmt: skip
        self._describe_profile(profile, "data_sv.txt")

    def add_assay(
        self, profile: Profile, assay: str, scores: pd.DataFrame, entities: pd.DataFrame
    ) -> None:
        """Write scores that belong to no gene as a generic assay of type `assay`.

        Parameters
        ----------
        profile
            Its meta file.
        assay
            The type, in capitals.
        scores
            One row per entity, one column per sample.
        entities
            Rows as those of `scores`: `NAME` and `DESCRIPTION`.
        """
        name = f"data_{profile.stem}.txt"
        front = ["ENTITY_STABLE_ID", "NAME", "DESCRIPTION"]
        lines = ["\t".join([*front, *(str(sample) for sample in scores.columns)])]
        for entity, row in zip(scores.index, _numbers(scores), strict=True):
            told = entities.loc[entity]
            names = [f"{profile.stem}_{_entity(str(entity))}", _line(told["NAME"]),
                     _line(told["DESCRIPTION"])]  # fmt: skip
            lines.append("\t".join([*names, *map(_number, row)]))
        self.write_text(name, "".join(f"{line}\n" for line in lines))
        more = {"generic_assay_type": assay, "value_sort_order": "DESC",
                "generic_entity_meta_properties": "NAME,DESCRIPTION"}  # fmt: skip
        self._describe_profile(profile, name, more)

    def add_case_lists(self) -> None:
        """Write the lists of samples that have each kind of data, and combinations of them."""
        everyone = self.samples["all"]
        self._add_list("all", "All samples", "all_cases_in_study", everyone)
        for kinds, (suffix, words, category) in _LISTS.items():
            if kinds <= set(self.samples):
                shared = set.intersection(*(set(self.samples[kind]) for kind in kinds))
                if shared:
                    self._add_list(suffix, f"Samples {words}", category, sorted(shared))

    def drop_stale(self) -> None:
        """Delete files of an earlier export that this one did not write; none of others."""
        names = {f"{front}_{stem}.txt" for front in ("meta", "data") for stem in _STEMS}
        names |= {f"case_lists/cases_{suffix}.txt" for suffix, _, _ in _LISTS.values()}
        for reference in REFERENCES.values():
            names |= {f"meta_cna_{reference}_seg.txt", f"data_cna_{reference}.seg"}
        for name in names:
            path = self.folder / name
            if path not in self.written:
                path.unlink(missing_ok=True)

    def _add_list(self, suffix: str, title: str, category: str, ids: Sequence[str]) -> None:
        entries = {
            "cancer_study_identifier": self.identifier,
            "stable_id": f"{self.identifier}_{suffix}", "case_list_name": title,
            "case_list_description": f"{title} ({len(ids)})", "case_list_category": category,
        }  # fmt: skip
        lines = [f"{key}: {value}" for key, value in entries.items()]
        lines.append("case_list_ids: " + "\t".join(ids))
        self.write_text(
            f"case_lists/cases_{suffix}.txt", "".join(f"{line}\n" for line in lines)
        )

    def _describe_profile(
        self, profile: Profile, file: str, more: Mapping[str, str] | None = None
    ) -> None:
        entries = {
            "genetic_alteration_type": profile.alteration, "datatype": profile.datatype,
            "stable_id": profile.stable_id,
            "show_profile_in_analysis_tab": "true" if profile.is_shown else "false",
            "profile_name": profile.title, "profile_description": profile.description,
            "data_filename": file, **(more or {}),
        }  # fmt: skip
        self.write_meta(profile.stem, entries)


def attribute_name(table: str, column: str) -> str:
    """Name an attribute by its table and column: capitals, digits and underlines.

    Examples
    --------
    >>> attribute_name("tmb", "tmb"), attribute_name("copy_number_fit", "purity")
    ('TMB', 'COPY_NUMBER_FIT_PURITY')
    """
    name = table if table == column else f"{table}_{column}"
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")


def _check_attributes(attributes: Sequence[Attribute]) -> None:
    names = [attribute.name for attribute in attributes]
    wrong = sorted({n for n in names if names.count(n) > 1 or n in BANNED})
    if wrong:
        expected = "names of attributes that differ and that the portal does not fill itself"
        remedy = "Rename the columns of your workflow's tables."
        raise InputError(fault("clinical attributes", ", ".join(wrong), expected, remedy))


def _entity(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_\-]+", "_", name)


def _line(value: object) -> str:
    return " ".join(str(value).split())


def _numbers(matrix: pd.DataFrame) -> npt.NDArray[np.float64]:
    return matrix.to_numpy(dtype=np.float64, na_value=np.nan)


def _number(value: float) -> str:
    return MISSING if math.isnan(value) else f"{value:.6g}"


def _cell(cell: object, missing: str = MISSING) -> str:
    if pd.isna(cell):  # type: ignore[call-overload]
        return missing
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return f"{cell:.6g}"
    return _line(cell) or missing
