"""HLA of class I: its alleles, read by read, and which of them a tumour has lost."""
