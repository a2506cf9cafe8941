"""Playing: what the selected tests need is played all together, once, before the first of them is judged.

One process plays, from one warm interpreter: this one, or the controller where pytest-xdist runs the tests. There a
worker tells the plan, since the controller collects nothing, and no worker gets a test before the controller is done.
"""

from __future__ import annotations

import gc
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.plugin import planning
from conformance.plugin.desk import DESK
from conformance.plugin.item import CheckItem
from conformance.plugin.machine import demand_kernel
from conformance.plugin.planning import Planned
from conformance.plugin.progress import ProgressLine
from conformance.plugin.stopping import reason_of
from conformance.selection.sharding import expected_seconds
from conformance.selection.undisturbed import Attempt, budget_for, play_undisturbed
from fixtures.playing.paths import STAGING
from fixtures.playing.request import PlayRequest
from fixtures.recording.camera import CameraError
from fixtures.recording.storage import SavedError

_SCRATCH: pytest.StashKey[str] = pytest.StashKey()
#: The file beside the recordings by which workers know that not all was played.
_STOPPED = ".stopped"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """In a worker: tell the controller what is to be played, before it hears that collection has finished."""
    config = session.config
    if hasattr(config, "workerinput") and not config.option.collectonly:
        planned = planning.plan(session.items, config)
        if planned:
            planning.write(_staging(config), planned)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """In the controller: play what the first worker has planned; they all plan the same."""
    config = node.config
    staging = config.stash.get(STAGING, None)
    plays = config.stash[DESK].plays
    if staging is None or plays is None or plays.place is not None:
        return
    plays.place = staging / "recordings"
    planned = planning.read(staging)
    if planned:
        _play(config, planned, staging / "recordings")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Without workers: play here, between collection and the first test."""
    _play_here(session)
    # What stays to the end (tests, catalogue, saved recordings) is not looked through again while cells are judged.
    gc.collect()
    gc.freeze()


def _play_here(session: pytest.Session) -> None:
    config = session.config
    if config.option.collectonly or (session.testsfailed and not config.option.continue_on_collection_errors):
        return
    plays = config.stash[DESK].plays
    if plays is None:
        return
    if hasattr(config, "workerinput"):
        if config.stash.get(STAGING, None) is not None:
            plays.place = _staging(config) / "recordings"
        return
    planned = planning.plan(session.items, config)
    if planned:
        staging = config.stash.get(STAGING, None) or _scratch(config)
        plays.place = staging / "recordings"
        _play(config, planned, staging / "recordings")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Where the run was stopped while it played, what was not recorded until then is no longer asked for."""
    plays = item.config.stash[DESK].plays
    if not isinstance(item, CheckItem) or plays is None or plays.place is None:
        return None
    if not (plays.place.parent / _STOPPED).exists():
        return None
    request = planning.requests([item], item.config).get(item)
    return None if request is None or (plays.place / request.id).exists() else True


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the temporary recordings of a run without a report."""
    if _SCRATCH in config.stash:
        shutil.rmtree(config.stash[_SCRATCH], ignore_errors=True)


def _play(config: pytest.Config, planned: Sequence[Planned], into: Path) -> None:
    demand_kernel()
    by_id, desk = {each.request.id: each for each in planned}, config.stash[DESK]

    def play_all(requests: Sequence[PlayRequest], place: Path, attempt: Attempt) -> None:
        _play_all(config, requests, place, attempt)

    plays = [(_duration(each.request), each.request.cores) for each in planned]
    try:
        desk.disturbed = play_undisturbed([each.request for each in planned], into, play_all,
                                          lambda play: by_id[play].judges(desk.programs.known),
                                     budget_for(config.getoption("patience"), plays),
                                          give_up=desk.left.update)
    except KeyboardInterrupt as stop:
        if not any((into / play).exists() for play in by_id):
            raise
        desk.stopped = reason_of(stop)
        (into.parent / _STOPPED).touch()
    except SavedError as error:
        pytest.exit(f"{error}; free some space there, or name another place with --report-dir", returncode=3)
    except (OSError, CameraError) as error:
        pytest.exit(f"the scenarios cannot be played: {error}", returncode=3)


def _play_all(config: pytest.Config, requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
    from fixtures.playing.player import play_all

    lengths = {request.id: _duration(request) for request in requests}
    line, complete = ProgressLine(config, len(requests), str(attempt), lengths), False
    try:
        play_all(requests, into, progress=line.show, window=attempt.window, until=attempt.until, expected=_duration)
        complete = True
    finally:
        line.end(complete)


def _duration(request: PlayRequest) -> float:
    """Seconds that a play lasts, as recorded before."""
    return expected_seconds(request.scenario, {role: str(name) for role, name in request.cast.items()})


def _staging(config: pytest.Config) -> Path:
    staging = config.stash.get(STAGING, None)
    if staging is None:
        raise pytest.UsageError("workers judge checks only where a report is written: name a path in conformance/")
    return staging


def _scratch(config: pytest.Config) -> Path:
    config.stash[_SCRATCH] = tempfile.mkdtemp(prefix="sextant-")
    return Path(config.stash[_SCRATCH])
