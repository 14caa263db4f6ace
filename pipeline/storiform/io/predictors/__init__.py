"""Predictors of MHC binding that are programs of others: found, run and read."""
