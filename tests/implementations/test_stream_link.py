"""The cable to a user-mode stack waits for the stack's socket, and says so where nobody opens it."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from fixtures.implementations import stream_link


def test_a_socket_that_is_opened_late(tmp_path: Path) -> None:
    path = str(tmp_path / "stack")
    with socket.socket(socket.AF_UNIX) as stack:
        def late() -> None:
            stack.bind(path)
            threading.Event().wait(5 * stream_link.LOOK)  # bound, it refuses; until it listens
            stack.listen()

        opening = threading.Timer(5 * stream_link.LOOK, late)
        opening.start()
        with stream_link.connect_to(path):
            opening.join()


def test_a_socket_that_nobody_opens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_link, "PATIENCE", 0.1)
    with pytest.raises(SystemExit, match=r"^no user-mode stack listens at .*/stack after 0.1 s: No such file"):
        stream_link.connect_to(str(tmp_path / "stack"))
