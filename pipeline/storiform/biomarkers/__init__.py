"""One room for each biomarker; they meet through tables."""
