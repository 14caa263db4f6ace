"""`storiform demo`."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from storiform.cli.saying import echo

if TYPE_CHECKING:
    import pandas as pd

_EXAMPLES = {"hcc1395": "exome calls of the cell line HCC1395",
             "osteosarcoma": "reads of an osteosarcoma around one mutation"}  # fmt: skip
_MUTATION = {"normal": (122, 0), "tumour": (233, 43), "rna": (67, 6)}
"""Fragments of the osteosarcoma with the reference base and with the mutation."""
_PUBLISHED = "122/0, 234/43 with one supplementary record, 67/6"


@dataclass(frozen=True)
class _Trial:
    """One part of the demo: where it lies, how it ended, what was planted and found."""

    title: str
    folder: Path
    exit_code: int
    found: "pd.DataFrame"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True)
@click.option("--patients", type=click.IntRange(4, 1000), default=48, show_default=True)
@click.option(
    "--sequenced",
    type=click.IntRange(4, 1000),
    default=24,
    show_default=True,
    help="Patients of the trial that begins with reads.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=1, show_default=True)
@click.option("--workers", type=click.IntRange(1, 4096), help="Processes of this machine.")
def demo(out: Path, patients: int, sequenced: int, seed: int, workers: int | None) -> None:
    """Run two simulated trials and real samples, and compare what was found with the truth."""
    started = time.monotonic()
    trials = [_reads(out / "reads", sequenced, seed, workers)]
    trials.append(_tables(out / "trial", patients, seed, workers))
    echo("3 of 3: running real samples")
    codes = [_example(name, out / name, workers) for name in _EXAMPLES]
    missed = 0
    for trial in trials:
        echo(f"\n{trial.title}, planted v. found:")
        echo(_table(trial.found))
        missed += int((~trial.found["holds"]).sum())
    echo(
        "\nholds: as planted, or no further from it than chance brings one trial in a thousand."
    )
    tables = out / "hcc1395" / "results" / "tables"
    echo(f"HCC1395: {_burden(tables / 'tmb.tsv')}")
    echo(f"HCC1395: {_neoantigens(tables / 'neoantigen_burden.tsv')}")
    told, is_right = _mutation(out / "osteosarcoma" / "results" / "tables" / "variants.tsv")
    missed += not is_right
    echo(f"Osteosarcoma: {told}")
    echo(f"\nDone in {time.monotonic() - started:.0f} s. Open in a browser:")
    for folder in [*(trial.folder for trial in trials), *(out / name for name in _EXAMPLES)]:
        echo(f"  {(folder / 'results' / 'report.html').resolve()}")
    if missed:
        echo(f"{missed} truths were not found.", err=True)
    failed = max([*codes, *(trial.exit_code for trial in trials)])
    raise SystemExit(failed or int(missed > 0))


def _reads(folder: Path, patients: int, seed: int, workers: int | None) -> _Trial:
    from storiform.engine.cluster import default_workers, prepare_environment
    from storiform.simulation.read_trial import configuration, simulate_reads
    from storiform.simulation.read_verdict import read_verdict

    echo(
        f"1 of 3: simulating the reads of {patients} patients (seed {seed}) in {folder}; "
        "a minute or two"
    )
    prepare_environment()
    config = folder / "trial.yaml"
    if not config.exists() or config.read_text() != configuration(patients, seed):
        simulate_reads(folder, patients, seed, workers=workers or default_workers())
    code = _run(folder / "trial.yaml", workers)
    found = read_verdict(folder / "truth", folder / "results" / "tables")
    return _Trial(f"Reads of {patients} patients", folder, code, found)


def _tables(folder: Path, patients: int, seed: int, workers: int | None) -> _Trial:
    import pandas as pd

    from storiform.simulation.follow_up_verdict import follow_up_verdict
    from storiform.simulation.trial import simulate
    from storiform.simulation.verdict import verdict

    echo(f"2 of 3: simulating calls and counts of {patients} patients in {folder}")
    simulate(folder, patients, seed, followed=True)
    code = _run(folder / "trial.yaml", workers)
    places = (folder / "truth", folder / "results" / "tables")
    found = pd.concat([verdict(*places), follow_up_verdict(*places)], ignore_index=True)
    return _Trial(f"Calls and counts of {patients} patients", folder, code, found)


def _example(name: str, folder: Path, workers: int | None) -> int:
    from storiform.io.resources import bundled

    echo(f"  {name}: {_EXAMPLES[name]}")
    folder.mkdir(parents=True, exist_ok=True)
    # An index must not be older than its BAM, and sorts behind it.
    for file in sorted(bundled(f"reference/examples/{name}").iterdir()):
        shutil.copyfile(file, folder / file.name)
    return _run(folder / f"{name}.yaml", workers)


def _run(config: Path, workers: int | None) -> int:
    from storiform.cli.run import tell
    from storiform.engine.run import run as run_session
    from storiform.engine.session import open_session

    session = open_session(config)
    ending = run_session(session, workers=workers)
    tell(session, ending)
    if ending.stopped:  # by a signal, which is meant for all that would follow
        raise SystemExit(ending.exit_code)
    return ending.exit_code


def _table(found: "pd.DataFrame") -> str:
    shown = found.assign(holds=found["holds"].map({True: "yes", False: "NO"}))
    for name in ("effect", "q"):
        shown[name] = [f"{value:.3g}" if value == value else "" for value in shown[name]]  # noqa: PLR0124  NaN
    return str(shown.to_string(index=False))


def _burden(path: Path) -> str:
    import pandas as pd

    row = pd.read_csv(path, sep="\t").iloc[0]
    interval = f"{row['tmb_lower']:.1f} to {row['tmb_upper']:.1f}"
    return (
        f"{row['mutations_nonsynonymous']} nonsynonymous mutations, {row['tmb']:.1f} per Mb "
        f"({interval}) over {row['megabases']:.2f} Mb ({row['denominator']})"
    )


def _neoantigens(path: Path) -> str:
    """Return the neoantigens of the alleles that are known of the cell line."""
    import pandas as pd

    row = pd.read_csv(path, sep="\t").iloc[0]
    bound = ", a lower bound" if "a lower bound" in str(row["reason"]) else ""
    return (
        f"{int(row['neoantigen_burden'])} neoantigens (variants with a peptide that binds by "
        f"rank{bound}) of {int(row['variants_with_peptides'])} variants with mutant peptides, "
        f"{int(row['neoantigen_burden_expressed'])} of them of an expressed gene, for "
        f"{int(row['alleles'])} HLA alleles"
    )


def _mutation(path: Path) -> tuple[str, bool]:
    """Return what the reads say of the one mutation, and whether it is what is known."""
    import pandas as pd

    row = pd.read_csv(path, sep="\t").iloc[0]
    parts, is_right = [], True
    for source, known in _MUTATION.items():
        names = (f"{source}_recounted_{allele}_reads" for allele in ("ref", "alt"))
        found = tuple(-1 if pd.isna(row[name]) else int(row[name]) for name in names)
        is_right &= found == known
        parts.append(f"{source} {found[0]}/{found[1]}")
    told = f"{row['gene']} {row['hgvsp']}, fragments without/with it: {', '.join(parts)}"
    return f"{told} (published: {_PUBLISHED})", is_right
