"""Tests, intervals and curves, equal to R in the digits of tests/golden."""
