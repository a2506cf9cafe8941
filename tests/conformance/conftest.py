"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from conformance.judging.check import Check
from conformance.plugin.progress import ProgressLine
from conformance.selection.undisturbed import Attempt
from fixtures.implementations.registry import all_implementations
from fixtures.playing.request import PlayRequest
from fixtures.playing.window import Window
from tests.conformance.pretended import run, stage
from tests.conformance.proof import Proof, all_checks, prove

__all__ = ["run", "stage"]

#: Plays in flight. Broken parties are mostly scripted, and so live in the player's own process: they need its time.
SIDE_BY_SIDE = 34
#: Seconds. Plays that differ by less begin mixed: there are many of some scenarios, one for each of a check's mutants.
ALIKE = 5.0


def roughly(request: PlayRequest) -> float:
    """Seconds that a play lasts, rounded down."""
    return request.scenario.length // ALIKE * ALIKE


@pytest.fixture(scope="session")
def proofs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory,
           alone: Callable[[], AbstractContextManager[None]]) -> dict[str, Proof]:
    """The proofs of all checks that this run selects, or else of all, played while no other worker runs a test."""
    selected: dict[str, Check] = {}
    for item in request.session.items:
        check = item.callspec.params.get("check") if hasattr(item, "callspec") else None
        if item.path.name == "test_mutants.py" and isinstance(check, Check):
            selected[check.label] = check

    def play(requests: Sequence[PlayRequest], into: Path, attempt: Attempt) -> None:
        from fixtures.playing.player import play_all

        capture = request.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            line = ProgressLine(request.config, len(requests), str(attempt))
            play_all(requests, into, progress=line.show, window=attempt.window, expected=roughly)
            line.end()

    with alone():
        return prove((selected or all_checks()).values(), all_implementations(), tmp_path_factory.mktemp("proof"), play,
                     Window(SIDE_BY_SIDE))
