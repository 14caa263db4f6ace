"""HLA alleles and their loss, from files of reads on."""

from storiform.biomarkers.read_statistics import read_statistics
from storiform.engine.workflow import load_workflow

STEPS = (
    read_statistics,
    *(
        step.function
        for step in load_workflow("trial").steps
        if step.function.__module__.startswith("storiform.biomarkers.hla.")
    ),
)
