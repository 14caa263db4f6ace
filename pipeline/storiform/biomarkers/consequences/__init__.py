"""Consequences: what an allele does to a transcript and its protein, from GTF and FASTA."""
