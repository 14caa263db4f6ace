"""Copy number: bins, log ratios, segments, purity and ploidy, genes, arms, clonality."""
