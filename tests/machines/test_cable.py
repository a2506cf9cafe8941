"""The cable hands frames on, both ways and unchanged, says when the machine speaks, and ends as its program does."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fixtures.machines import cable
from topologies.lan import Lan
from topologies.stage.stage import Stage

#: A machine that sends a frame until it is answered (a link has no carrier at first), and ends with its own status.
MACHINE = """
import socket, sys
end = socket.socket(fileno=3)
end.settimeout(0.1)
while True:
    end.send(bytes.fromhex(sys.argv[1]))
    try:
        if end.recv(2048) == bytes.fromhex(sys.argv[2]):
            sys.exit(7)
    except TimeoutError:
        continue
"""
OUT = bytes.fromhex("ffffffffffff02000000000188b5") + b"from the machine".ljust(46, b"\0")
BACK = bytes.fromhex("02000000000102000000000288b5") + b"to the machine".ljust(46, b"\0")


@pytest.fixture
def stage() -> Any:
    stage = Stage(Lan())
    stage.start()
    yield stage
    stage.stop()


def test_frames_pass_both_ways(stage: Any, tmp_path: Path) -> None:
    guest, peer = stage.get("guest"), stage.get("peer")
    guest.up()
    peer.up()

    def listening() -> socket.socket:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
        wire.bind(("eth0", 0x88B5))
        wire.settimeout(10)
        return wire

    with peer.inside(listening) as wire:
        script = tmp_path / "machine.py"
        script.write_text(MACHINE)
        argv = [sys.executable, "-I", "-S", cable.__file__, "eth0", sys.executable, str(script), OUT.hex(), BACK.hex()]
        machine = guest.spawn(argv, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert wire.recv(2048) == OUT
        wire.send(BACK)
        assert machine.wait(10) == 7, "the exit status is the machine's"
        assert machine.stdout.read().splitlines() == [f"eth0: {cable.PLUGGED}", f"eth0: {cable.SPEAKS}"]


def test_no_interface_is_an_error(stage: Any, tmp_path: Path) -> None:
    argv = [sys.executable, "-I", "-S", cable.__file__, "eth9", sys.executable, "-c", "0"]
    machine = stage.get("guest").spawn(argv, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert machine.wait(10) == 1
    assert "No such device" in machine.stderr.read()
