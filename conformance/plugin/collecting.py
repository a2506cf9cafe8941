"""Collection: each check becomes one test for each of its cells."""

from __future__ import annotations

from inspect import isfunction
from pathlib import Path
from typing import Any

import pytest

from conformance.judging.check import declared_by
from conformance.plugin.desk import DESK
from conformance.plugin.item import CheckItem
from conformance.selection.casting import BadSelection
from conformance.selection.cells import BadCheck, Cell


def cell_of(item: pytest.Item) -> Cell[Any] | None:
    """The cell that a test judges, or None for a test that is no check."""
    return item.cell if isinstance(item, CheckItem) else None


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[CheckItem] | None:
    """One test for each cell of a check; pytest makes others of what is no check."""
    if not isfunction(obj) or not collector.funcnamefilter(name):
        return None
    checks = declared_by(obj)
    if not checks:
        if _belongs_to_the_law(collector):
            raise pytest.Collector.CollectError(
                f"{name} is no check: everything named test_* in conformance/ is declared with @check; the suite's own"
                " tests live in tests/")
        return None
    try:
        found = [cell for check in checks for cell in collector.config.stash[DESK].source.cells(check)]
    except BadCheck as error:
        raise pytest.Collector.CollectError(str(error)) from error
    except BadSelection as error:
        raise pytest.UsageError(str(error)) from error
    return [CheckItem.from_parent(collector, cell=cell) for cell in found]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep only what was asked for; of captures, judge one party after the other."""
    desk = config.stash[DESK]
    narrowed = bool(desk.requirements) or desk.profile is not None
    kept: list[pytest.Item] = []
    gone: list[pytest.Item] = []
    for item in items:
        cell = cell_of(item)
        asked = not narrowed or (cell is not None and desk.asked_for(cell.check))
        (kept if asked else gone).append(item)
    turn = desk.source.turn
    kept.sort(key=lambda item: turn(item.cell) if isinstance(item, CheckItem) else (-1, 0))
    items[:] = kept
    if gone:
        config.hook.pytest_deselected(items=gone)


def _belongs_to_the_law(collector: pytest.Collector) -> bool:
    return Path(collector.path).is_relative_to(collector.config.rootpath / "conformance")
