"""The words of the house: contracts, cohorts, errors; imports nothing of ours."""
