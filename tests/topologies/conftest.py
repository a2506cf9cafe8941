from __future__ import annotations

from collections.abc import Iterator

import pytest

from topologies.lan import Lan
from topologies.stage.stage import Stage


@pytest.fixture
def lan() -> Iterator[Stage]:
    """A started LAN whose places are taken."""
    with Stage(Lan()) as stage:
        stage.start()
        for peer in ("peer", "peer2"):
            stage.get(peer).up()
        yield stage
