"""The whole trial: bytes, sizes, what the package's own readers make of it."""

import warnings

import pytest

from storiform.biomarkers.tmb import TmbParams, tmb
from storiform.biomarkers.variants import VariantParams, variants
from storiform.io.calls import read_calls
from storiform.io.expression import read_counts
from storiform.io.resources import RESOURCES
from storiform.io.sheets import read_cohort
from storiform.io.units import SourceUnit
from storiform.model.errors import DataWarning, InputError
from storiform.simulation import simulate


def contents(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_same_seed_gives_same_bytes(tmp_path):
    for name in ("one", "two"):
        simulate(tmp_path / name, 12, 5, hostile=True)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_hostile_patients_change_nothing_of_the_others(tmp_path):
    simulate(tmp_path / "plain", 12, 5)
    simulate(tmp_path / "hostile", 12, 5, hostile=True)
    plain, hostile = contents(tmp_path / "plain"), contents(tmp_path / "hostile")
    changed = {name for name, data in plain.items() if hostile[name] != data}
    assert changed == {"samples.csv", "clinical.csv"}
    for name in changed:
        assert hostile[name].startswith(plain[name])


def test_another_seed_gives_another_trial(tmp_path):
    simulate(tmp_path / "one", 12, 5)
    simulate(tmp_path / "two", 12, 6)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    same = {name for name in one if one[name] == two.get(name)}
    fixed = {"targets.bed", "truth/associations.tsv", "truth/survival.tsv"}
    assert same - {"truth/missing.tsv"} == fixed


@pytest.mark.parametrize(("patients", "seed"), [(3, 1), (10, -1)])
def test_impossible_trials_are_refused(tmp_path, patients, seed):
    with pytest.raises(ValueError, match="at least 4 patients"):
        simulate(tmp_path, patients, seed)


def test_the_smallest_trial_is_complete(tmp_path):
    truth = simulate(tmp_path, 4, 1)
    assert len(truth.tmb) == 4
    assert not (tmp_path / "truth" / "hostile.tsv").exists()


def test_the_matrix_is_small(trial):
    folder, _ = trial
    assert (folder / "counts.csv.gz").stat().st_size < 3e6


def units(folder):
    """Yield biopsy, assay and what its reader is given."""
    cohort = read_cohort(folder / "samples.csv", folder / "clinical.csv", "GRCh38").cohort
    for biopsy in cohort.biopsies:
        samples = cohort.samples_of(biopsy.name)
        names = {f"{sample.role}_{sample.assay}": sample.name for sample in samples}
        for sample in samples:
            if sample.role == "tumour":
                yield biopsy.name, sample.assay, SourceUnit(
                    biopsy.name, biopsy.patient, sample.files, names, "GRCh38", {}
                )  # fmt: skip


def test_the_steps_find_the_planted_counts(trial):
    folder, truth = trial
    targets = RESOURCES["targets"].read(folder / "targets.bed")
    planted = truth.tmb.set_index("biopsy")
    seen = 0
    for name, assay, unit in units(folder):
        if assay == "exome" and name in planted.index:
            called = variants(read_calls(unit), targets, VariantParams())
            found = tmb(called, targets, None, TmbParams(denominator="targets")).iloc[0]
            for column in ("mutations_nonsynonymous", "mutations_coding", "megabases"):
                assert found[column] == planted.loc[name, column], (name, column)
            seen += 1
    assert seen == len(planted)


def test_a_filter_takes_out_each_planted_negative(trial):
    folder, truth = trial
    targets = RESOURCES["targets"].read(folder / "targets.bed")
    names = {
        "off_target": "off_target", "intergenic": "off_target",
        "germline_population": "germline",
        "germline_in_normal": "germline", "low_vaf": "low_vaf",
        "few_alt_reads": "few_alt_reads", "low_depth": "low_depth",
        "low_normal_depth": "low_depth", "not_pass": "not_pass",
    }  # fmt: skip
    name, _, unit = next(u for u in units(folder) if u[0][0] == "P" and "vcf" in u[2].files)
    called = variants(read_calls(unit), targets, VariantParams())
    failed = called.set_index(["contig", "start", "alt"])["failed_filters"]
    planted = truth.calls[truth.calls["biopsy"] == name]
    snvs = planted[planted["ref"].str.len() == planted["alt"].str.len()]
    for call in snvs.itertuples():
        expected = names.get(call.planted_as, "")
        assert expected in failed[call.contig, call.start, call.alt].split(";")


def test_hostile_files_fail_one_by_one(trial):
    folder, truth = trial
    hostile = truth.hostile.set_index("biopsy")
    for name, assay, unit in units(folder):
        if name not in hostile.index:
            continue
        read = read_calls if assay == "exome" else read_counts
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            kind = InputError if hostile.loc[name, "expected"] == "failed" else DataWarning
            with pytest.raises(kind, match=r"found .+, expected .+|are no counts"):
                read(unit)
