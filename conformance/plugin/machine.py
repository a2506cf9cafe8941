"""What this host lacks, told at the start of a run; without some of it nothing can be played."""

from __future__ import annotations

import pytest

from conformance.plugin.desk import DESK
from fixtures.sandbox import environment
from fixtures.sandbox.probe import essential_sentence, format_table, probe


def pytest_report_header(config: pytest.Config) -> list[str]:
    """What is judged; where it is played here, a table: missing, impact, fix."""
    desk, lines = config.stash[DESK], config.stash[DESK].source.introduction()
    if desk.plays is not None and environment.inside():  # outside it only tells something
        lines += format_table(probe(desk.programs.missing)).splitlines()
    return lines


def demand_kernel() -> None:
    """Raises UsageError where the kernel lacks what every play needs."""
    sentence = essential_sentence(probe())
    if sentence is not None:
        raise pytest.UsageError(sentence)
