"""One file a plot: table in, Figure out."""
