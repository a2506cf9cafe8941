"""Collection: each check becomes one test for each of its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.judging.check import Check, declared_by
from conformance.plugin.desk import DESK
from conformance.selection.casting import BadSelection
from conformance.selection.cells import BadCheck, Cell


def cell_of(item: pytest.Item) -> Cell | None:
    """The cell that a test judges, or None for a test that is no check."""
    callspec = getattr(item, "callspec", None)
    cell = callspec.params.get("recording") if callspec is not None else None
    return cell if isinstance(cell, Cell) else None


def _declared(item: pytest.Item) -> tuple[Check, ...]:
    """The checks that a test is of."""
    return declared_by(getattr(item, "function", None))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each cell of a check."""
    checks = declared_by(metafunc.function)
    if not checks:
        if _belongs_to_the_law(metafunc):
            raise pytest.Collector.CollectError(
                f"{metafunc.function.__name__} is no check: everything named test_* in conformance/ is declared with"
                " @check; the suite's own tests live in tests/")
        return
    try:
        found = [cell for check in checks for cell in metafunc.config.stash[DESK].cells(check)]
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
        cell, checks = cell_of(item), _declared(item)
        if cell is None and checks and (checks[0].passive or config.stash[DESK].captures is not None):
            continue  # it has no cell in this run, whatever is asked for
        if cell is None:
            asked = not wanted and not checks
        else:
            asked = not wanted or bool(wanted & {cell.check.requirement, cell.check.id})
        (kept if asked else gone).append(item)
    items[:] = kept
    if gone:
        config.hook.pytest_deselected(items=gone)


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> object:
    """The cell whose recording the check judges; the judge itself loads it, before the test is called."""
    return request.param


@pytest.fixture
def part() -> None:
    """The key of the part that a check judges; the judge itself hands it over."""


@pytest.fixture
def notebook() -> None:
    """A check's notebook; the judge itself opens one for each judgement."""


def _belongs_to_the_law(metafunc: pytest.Metafunc) -> bool:
    here = metafunc.config.rootpath / "conformance"
    return Path(metafunc.definition.path).is_relative_to(here)
