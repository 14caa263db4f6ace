"""What stands where a file is expected is called what it is."""

import os
import socket
from pathlib import Path

from storiform.io.paths import unreadable


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    assert unreadable(file) == "does not exist"
    file.touch()
    assert not unreadable(file)
    assert unreadable(tmp_path) == "is a folder"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert unreadable(pipe) == "is no file but a pipe, socket or device"
    with socket.socket(socket.AF_UNIX) as end:
        end.bind(str(tmp_path / "end"))
        assert unreadable(tmp_path / "end") == "is no file but a pipe, socket or device"
    assert unreadable(Path("/dev/null")) == "is no file but a pipe, socket or device"
