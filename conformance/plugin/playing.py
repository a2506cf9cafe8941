"""Playing: what the selected tests need is played all together, once, before the first of them is judged.

One process plays, from one warm interpreter: this one, or the controller where pytest-xdist runs the tests. There a
worker tells the plan, since the controller collects nothing, and no worker gets a test before the controller is done.
"""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.plugin.collecting import cell_of
from conformance.plugin.desk import DESK
from conformance.plugin.machine import demand_kernel
from conformance.plugin.progress import ProgressLine
from conformance.sharding import expected
from fixtures.implementations.base import ProgramError
from fixtures.playing.paths import STAGING
from fixtures.playing.request import PlayRequest
from fixtures.recording.camera import CameraError
from fixtures.recording.storage import SavedError

_PLAN = ".plan"
_SCRATCH: pytest.StashKey[str] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker: tell the controller what is to be played, before it hears that collection has finished."""
    config = session.config
    if hasattr(config, "workerinput") and not config.option.collectonly:
        requests = plan(session.items, config)
        if requests:
            _write_plan(_staging(config), requests)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """In the controller: play what the first worker has planned; they all plan the same."""
    config = node.config
    staging = config.stash.get(STAGING, None)
    if staging is None or config.stash[DESK].played is not None:
        return
    config.stash[DESK].played = staging / "recordings"
    requests = _read_plan(staging)
    if requests:
        _play(config, requests, staging / "recordings")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Without workers: play here, between collection and the first test."""
    config = session.config
    if config.option.collectonly or (session.testsfailed and not config.option.continue_on_collection_errors):
        return
    if hasattr(config, "workerinput"):
        if config.stash.get(STAGING, None) is not None:
            config.stash[DESK].played = _staging(config) / "recordings"
        return
    requests = plan(session.items, config)
    if requests:
        staging = config.stash.get(STAGING, None) or _scratch(config)
        config.stash[DESK].played = staging / "recordings"
        _play(config, requests, staging / "recordings")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Recordings of a run without a report are nobody's."""
    if _SCRATCH in config.stash:
        shutil.rmtree(config.stash[_SCRATCH], ignore_errors=True)


def plan(items: Sequence[pytest.Item], config: pytest.Config) -> list[PlayRequest]:
    """The plays that these tests need, each once."""
    desk = config.stash[DESK]
    if desk.archive is not None:
        return []
    found: dict[str, PlayRequest] = {}
    for item in items:
        cell = cell_of(item)
        if cell is None or desk.declined(cell) or desk.hindrance(cell):
            continue
        request = desk.request(cell)
        try:
            found.setdefault(request.id, request)
        except ProgramError:
            continue  # a program that cannot tell its version: the cell itself will say so
    return list(found.values())


def _play(config: pytest.Config, requests: Sequence[PlayRequest], into: Path) -> None:
    from fixtures.playing.player import play_all

    demand_kernel()
    line, complete = ProgressLine(config, len(requests)), False
    try:
        play_all(requests, into, progress=line.show, expected=_expected)
        complete = True
    except SavedError as error:
        pytest.exit(f"{error}; free some space there, or name another place with --report-dir", returncode=3)
    except (OSError, CameraError) as error:
        pytest.exit(f"the scenarios cannot be played: {error}", returncode=3)
    finally:
        line.end(complete)


def _expected(request: PlayRequest) -> float:
    """Seconds that a play lasts, as recorded before."""
    return expected(request.scenario, {role: str(name) for role, name in request.cast.items()})


def _staging(config: pytest.Config) -> Path:
    staging = config.stash.get(STAGING, None)
    if staging is None:
        raise pytest.UsageError("workers judge checks only where a report is written: name a path in conformance/")
    return staging


def _scratch(config: pytest.Config) -> Path:
    config.stash[_SCRATCH] = tempfile.mkdtemp(prefix="sextant-")
    return Path(config.stash[_SCRATCH])


def _write_plan(staging: Path, requests: Sequence[PlayRequest]) -> None:
    """Whole or not at all; every worker writes the same plan."""
    staging.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=staging, prefix=f"{_PLAN}.", delete=False) as file:
        pickle.dump([(request.scenario, request.cast) for request in requests], file)
    os.replace(file.name, staging / _PLAN)


def _read_plan(staging: Path) -> list[PlayRequest]:
    path = staging / _PLAN
    if not path.exists():
        return []
    planned = pickle.loads(path.read_bytes())
    return [PlayRequest(scenario, cast) for scenario, cast in planned]
