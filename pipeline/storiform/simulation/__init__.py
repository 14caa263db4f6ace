"""A trial with planted truth."""
