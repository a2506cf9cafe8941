from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.wire_room import Cable, cable


@pytest.fixture(name="stage")
def _stage() -> Iterator[Cable]:
    with cable() as made:
        yield made
