"""What this machine lacks, told at the start of a run; without some of it nothing can be played."""

from __future__ import annotations

import pytest

from conformance.plugin.desk import DESK
from fixtures.sandbox import environment
from fixtures.sandbox.probe import essential_sentence, format_table, probe


def pytest_report_header(config: pytest.Config) -> list[str]:
    """A table: what is missing, what that costs, what brings it."""
    desk = config.stash[DESK]
    if desk.archive is not None:
        return desk.archive.introduction()
    if not environment.inside():  # it only tells something
        return []
    return format_table(probe([desk.selection.known[name] for name in desk.missing])).splitlines()


def demand_kernel() -> None:
    """Raises UsageError where the kernel lacks what every play needs."""
    sentence = essential_sentence(probe())
    if sentence is not None:
        raise pytest.UsageError(sentence)
