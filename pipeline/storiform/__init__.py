"""What in a tumour biopsy goes with response and survival."""

__version__ = "0.1.0"
