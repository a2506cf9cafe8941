"""The benchmark's own contenders build the network and take it down."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.bring_up import Measured


@pytest.mark.parametrize("contender", ["stage", "netlink"])
def test_a_contender_measures(contender: str) -> None:
    command = [sys.executable, "-m", "benchmarks.contenders", contender, "3"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent.parent, check=True)
    measured = Measured(**json.loads(done.stdout))
    assert measured.up > 0 and measured.down > 0 and measured.processes == 0
