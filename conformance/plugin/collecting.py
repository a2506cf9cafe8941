"""Collection: each check becomes one test for each of its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.catalogue.requirements import catalogue
from conformance.judging.check import Check
from conformance.plugin.desk import DESK
from conformance.selection.casting import BadSelection
from conformance.selection.cells import BadCheck, Cell


def cell_of(item: pytest.Item) -> Cell | None:
    """The cell that a test judges, or None for a test that is no check."""
    callspec = getattr(item, "callspec", None)
    cell = callspec.params.get("recording") if callspec is not None else None
    return cell if isinstance(cell, Cell) else None


def _declared(item: pytest.Item) -> object:
    """The check that a test is of."""
    return getattr(getattr(item, "function", None), "check", None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each cell of a check."""
    check = getattr(metafunc.function, "check", None)
    if not isinstance(check, Check):
        if _belongs_to_the_law(metafunc):
            raise pytest.Collector.CollectError(
                f"{metafunc.function.__name__} is no check: everything named test_* in conformance/ is declared with"
                " @check; the suite's own tests live in tests/")
        return
    try:
        found = metafunc.config.stash[DESK].cells(check)
    except BadCheck as error:
        raise pytest.Collector.CollectError(str(error)) from error
    except BadSelection as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("recording", found, indirect=True, ids=[cell.id for cell in found])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep only the requirements that were asked for, and no check that nobody who was asked for can play."""
    wanted = config.stash[DESK].requirements
    kept: list[pytest.Item] = []
    gone: list[pytest.Item] = []
    for item in items:
        cell, check = cell_of(item), _declared(item)
        if cell is None and isinstance(check, Check) and (check.passive or config.stash[DESK].captures is not None):
            continue  # it has no cell in this run, whatever is asked for
        if cell is None:
            asked = not wanted and not isinstance(_declared(item), Check)
        else:
            asked = not wanted or catalogue().named(cell.check.requirement).id in wanted
        (kept if asked else gone).append(item)
    items[:] = kept
    if gone:
        config.hook.pytest_deselected(items=gone)


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> object:
    """The cell whose recording the check judges; the judge itself loads it, before the test is called."""
    return request.param


@pytest.fixture
def notebook() -> None:
    """A check's notebook; the judge itself opens one for each judgement."""


def _belongs_to_the_law(metafunc: pytest.Metafunc) -> bool:
    here = metafunc.config.rootpath / "conformance"
    return Path(metafunc.definition.path).is_relative_to(here)
