"""A camera, rooms, and one recorded boot of real programs that several tests read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures.recording.camera import Camera
from fixtures.recording.model import Recording
from tests.recording.boot import recorded_boot
from tests.recording.rooms import Room


@pytest.fixture
def camera() -> Iterator[Camera]:
    """A recorder of its own."""
    camera = Camera()
    yield camera
    camera.stop()


@pytest.fixture
def room() -> Iterator[Callable[[str], Room]]:
    """Makes rooms that are closed after the test."""
    rooms: list[Room] = []

    def make(name: str) -> Room:
        rooms.append(Room(name))
        return rooms[-1]

    yield make
    for each in rooms:
        each.close()


@pytest.fixture(scope="session")
def boot(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A guest's boot beside dnsmasq: addresses, RAs, DHCPv6, DNS, echo and TCP, recorded at both ends."""
    directory: Path = tmp_path_factory.mktemp("boot")
    return recorded_boot(directory)
