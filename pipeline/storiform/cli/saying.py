"""What commands print: nothing in it moves the cursor, clears the screen or names a window."""

import click

from storiform.model.errors import visible


def echo(message: str, *, err: bool = False, nl: bool = True) -> None:
    """Print a message whose control characters are written out, as `visible` does.

    Parameters
    ----------
    message
        One or more lines.
    err
        Print on standard error.
    nl
        End the message with a line end.
    """
    click.echo(visible(message), err=err, nl=nl)
