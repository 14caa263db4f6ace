"""The only rooms that open or write scientific files."""
