"""The contract of every table that crosses from one step to another."""
