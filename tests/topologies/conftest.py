from __future__ import annotations

from collections.abc import Iterator

import pytest

from topologies.lan import Lan
from topologies.stage import Stage


@pytest.fixture
def lan() -> Iterator[Stage]:
    """A started LAN."""
    with Stage(Lan()) as stage:
        stage.start()
        yield stage
