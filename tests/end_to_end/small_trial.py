"""A trial of four patients in a few lines of text, to be spoilt, and the command line here."""

import contextlib
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from storiform.cli.main import main
from storiform.model.genome import LENGTHS

VCF = (
    "##fileformat=VCFv4.2\n"
    f"##contig=<ID=chr17,length={LENGTHS['GRCh38']['chr17']}>\n"
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL">\n'
    "##normal_sample=P1_N\n##tumor_sample=P1_T\n"
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tP1_N\tP1_T\n"
    "chr17\t7674220\t.\tC\tT\t.\tPASS\tCSQ=T|missense_variant|TP53\tGT:AD:DP\t0/0:30,0:30\t0/1:20,20:40\n"
    "chr17\t7675088\t.\tC\tT\t.\tPASS\tCSQ=T|missense_variant|TP53\tGT:AD:DP\t0/0:28,0:28\t0/1:30,10:40\n"
)
MAF = (
    "Hugo_Symbol\tChromosome\tStart_Position\tEnd_Position\tVariant_Classification\t"
    "Reference_Allele\tTumor_Seq_Allele2\tTumor_Sample_Barcode\n"
    "TP53\tchr17\t7674220\t7674220\tMissense_Mutation\tC\tT\tP2_T\n"
    "ATRX\tchrX\t77696600\t77696600\tNonsense_Mutation\tG\tA\tP3_T\n"
)
GENES = (
    "TP53", "MDM2", "CDK4", "ATRX", "CD8A", "CD3D", "CD19", "GZMA", "PRF1", "PDCD1", "MS4A1",
    "VWF", "KDR", "COL1A1", "ACTB",
)  # fmt: skip
COUNTS = "gene,P1_R,P2_R,P3_R,P4_R\n" + "".join(
    f"{gene},{10 + 7 * row},{90 - 5 * row},{11 * row},{3 + row * row}\n"
    for row, gene in enumerate(GENES)
)
SAMPLES = (
    "patient,sample,status,timepoint,vcf,maf,counts\n"
    "P1,P1_N,0,,,,\n"
    "P1,P1_T,1,pre,calls.vcf,,\n"
    "P2,P2_T,1,pre,,calls.maf,\n"
    "P3,P3_T,1,pre,,calls.maf,\n"
    "P1,P1_R,2,pre,,,counts.csv\n"
    "P2,P2_R,2,pre,,,counts.csv\n"
    "P3,P3_R,2,pre,,,counts.csv\n"
    "P4,P4_R,2,pre,,,counts.csv\n"
)
CLINICAL = (
    "patient,response,pfs_months,pfs_event,os_months,os_event\n"
    "P1,PR,9.5,1,20.0,0\nP2,PD,1.9,1,6.5,1\nP3,CR,14.0,0,14.0,0\nP4,SD,4.2,1,12.1,1\n"
)
CONFIG = (
    "workflow: trial\noutput: results\n"
    "cohort:\n  samples: samples.csv\n  clinical: clinical.csv\n  genome: GRCh38\n"
)
FILES: Mapping[str, str] = {
    "trial.yaml": CONFIG, "samples.csv": SAMPLES, "clinical.csv": CLINICAL,
    "calls.vcf": VCF, "calls.maf": MAF, "counts.csv": COUNTS,
}  # fmt: skip


def write_trial(folder: Path, changed: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the trial with some files changed; return its configuration."""
    for name, content in {**FILES, **(changed or {})}.items():
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)
    return folder / "trial.yaml"


def call(*words: object) -> tuple[int, str, str]:
    """Call the command line in this process: exit code, output, errors."""
    out, err = io.StringIO(), io.StringIO()
    command = mock.patch.object(sys, "argv", ["storiform", *map(str, words)])
    code: object = 0
    with command, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return int(code or 0), out.getvalue(), err.getvalue()  # type: ignore[call-overload]
