"""How the suite's own tests run side by side: `script/test`, or `pytest tests -n 6`."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.side_by_side import Groups, Machine

MACHINE: pytest.StashKey[Machine] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark."""
    config.addinivalue_line("markers", "serial: no other worker runs a test meanwhile")


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a worker: the locks lie where all workers of the run keep their temporary files."""
    config = session.config
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        _heed_signals()
    if hasattr(config, "workerinput"):
        config.stash[MACHINE] = Machine(_temporary(config).parent)


def _heed_signals() -> None:
    """Tests send signals to what they start, which would ignore those that nohup or a shell ignores here."""
    for number, handler in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGQUIT, signal.SIG_DFL),
                            (signal.SIGINT, signal.default_int_handler)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the locks."""
    if MACHINE in config.stash:
        config.stash[MACHINE].close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker: tell the controller which tests share a fixture, before it hears that collection has finished."""
    if hasattr(session.config, "workerinput"):
        shared = {item.nodeid: fixture for item in session.items if (fixture := _shared_fixture(item))}
        Groups.tell(_temporary(session.config).parent, shared)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Tests that share a fixture go to the same worker, so that it is made once; the others wherever there is room."""
    return Groups(config, log, _temporary(config))


def _shared_fixture(item: pytest.Item) -> str | None:
    """A fixture of these tests that lives longer than one of them."""
    found = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    shared = [each[-1] for each in found if each[-1].scope != "function" and each[-1].baseid.startswith("tests/")]
    return min((f"{each.baseid}::{each.argname}" for each in shared), default=None)


def _temporary(config: pytest.Config) -> Path:
    return Path(config._tmp_path_factory.getbasetemp())  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test beside others, or alone where it is marked so."""
    machine = item.config.stash.get(MACHINE, None)
    if machine is None:
        return (yield)
    with machine.share(), machine.alone() if item.get_closest_marker("serial") else nullcontext():
        return (yield)


@pytest.fixture(scope="session")
def alone(pytestconfig: pytest.Config) -> Callable[[], AbstractContextManager[None]]:
    """`with alone():` for what a fixture does at once for many tests, with the machine to itself."""
    machine = pytestconfig.stash.get(MACHINE, None)
    return machine.alone if machine else nullcontext
