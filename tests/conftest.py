"""How the suite's own tests run side by side: `script/test`, or `pytest tests -n 4 --dist loadgroup`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from tests.side_by_side import Machine

MACHINE: pytest.StashKey[Machine] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark."""
    config.addinivalue_line("markers", "alone: no other worker runs a test meanwhile")


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker: the locks lie where all workers of the run keep their temporary files."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.stash[MACHINE] = Machine(config._tmp_path_factory.getbasetemp().parent)  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the locks."""
    if MACHINE in config.stash:
        config.stash[MACHINE].close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share a fixture go to the same worker, so that it is made once."""
    for item in items:
        shared = sorted(name for name, found in item._fixtureinfo.name2fixturedefs.items()  # type: ignore[attr-defined]
                        if _is_shared(found[-1]))
        if shared:
            item.add_marker(pytest.mark.xdist_group(shared[0]))


def _is_shared(fixture: Any) -> bool:
    return fixture.scope != "function" and str(fixture.baseid).startswith("tests/")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test beside others, or alone where it is marked so."""
    machine = item.config.stash.get(MACHINE, None)
    if machine is None:
        return (yield)
    with machine.shared(), machine.alone() if item.get_closest_marker("alone") else nullcontext():
        return (yield)


@pytest.fixture(scope="session")
def alone(pytestconfig: pytest.Config) -> Callable[[], AbstractContextManager[None]]:
    """`with alone():` for what a fixture does at once for many tests, with the machine to itself."""
    machine = pytestconfig.stash.get(MACHINE, None)
    return machine.alone if machine else nullcontext
