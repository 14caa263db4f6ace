"""Fusions of genes: what RNA reads and other callers tell, and what follows from it."""
