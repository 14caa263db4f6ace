"""What a job does before its worker: `python -m storiform.engine.job_start DRIVER VERSION`."""

import socket
import sys
from collections.abc import Sequence

from storiform import __version__
from storiform.model.errors import RunError, fault

_DISCARD_PORT = 9


def address_towards(driver: str) -> str:
    """Return the address of this node on the network that leads to the driver.

    Nothing is sent: to connect a datagram socket only chooses its own address.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((driver, _DISCARD_PORT))
        return str(probe.getsockname()[0])


def refuse_other_version(expected: str) -> None:
    """Refuse to work for a driver of another version: its tasks follow other rules.

    Raises
    ------
    RunError
        If this storiform is not of the expected version.
    """
    if expected != __version__:
        remedy = "Give the nodes, or the image, the same version."
        raise RunError(
            fault("storiform of the jobs", __version__, f"{expected} as the driver has", remedy)
        )


def main(words: Sequence[str]) -> None:
    """Write the node's address for the script of the job, or end it with the reason."""
    driver, expected = words
    try:
        refuse_other_version(expected)
        sys.stdout.write(address_towards(driver) + "\n")
    except RunError as error:
        raise SystemExit(str(error)) from None
    except OSError as error:
        raise SystemExit(f"no network leads to the driver at {driver}: {error}") from None


if __name__ == "__main__":
    main(sys.argv[1:])
