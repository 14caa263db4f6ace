"""`storiform init`."""

from pathlib import Path

import click

from storiform.cli.saying import echo

SAMPLES = """\
patient,sample,status,timepoint,bam,vcf,maf,counts,tpm,hla
P001,P001_normal,0,,P001_normal.bam,,,,,
P001,P001_tumour,1,pre,P001_tumour.bam,P001.vcf.gz,,,,A*02:01;A*24:02;B*07:02;B*44:02;C*05:01;C*07:02
P001,P001_rna,2,pre,,,,counts.csv.gz,,
"""
CLINICAL = """\
patient,response,best_change_percent,pfs_months,pfs_event,os_months,os_event,histology,sex,age
P001,PR,-42,7.7,1,18.4,0,synovial sarcoma,female,51
"""


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--workflow", default="trial", show_default=True, help="trial, dna or rna.")
def init(folder: Path, workflow: str) -> None:
    """Write a configuration and example sheets into FOLDER; nothing is overwritten."""
    from storiform.engine.config import load_workflow
    from storiform.model.errors import ConfigError, fault

    name = load_workflow(workflow).name
    files = {
        f"{name}.yaml": _configuration(workflow),
        "samples.csv": SAMPLES,
        "clinical.csv": CLINICAL,
    }
    there = [file for file in files if (folder / file).exists()]
    if there:
        remedy = "Choose another folder, or move them away."
        found = f"{', '.join(there)} already there"
        raise ConfigError(fault(str(folder), found, "a folder without them", remedy))
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    echo(
        f"Wrote {', '.join(files)} into {folder}. Fill in the sheets, then: "
        f"storiform check {folder / f'{name}.yaml'}"
    )


def _configuration(workflow: str) -> str:
    return f"""\
workflow: {workflow}
output: results
cohort:
  samples: samples.csv
  clinical: clinical.csv
  genome: GRCh38
# `storiform config show` writes out every parameter with its default and meaning, such as:
# resources:
#   targets: kit.bed        # the captured bases
#   genes: annotation.gtf   # GENCODE or Ensembl: coding bases, RNA counts, consequences
#   fasta: genome.fa        # with genome.fa.fai: consequences, proteins, CRAM
# tmb:
#   denominator: targets
"""
