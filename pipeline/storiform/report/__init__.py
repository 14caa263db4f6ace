"""Tables and figures to one HTML file."""
