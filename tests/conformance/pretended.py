"""Programs and plays that are only pretended, for tests of what a run makes of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from fixtures.playing.request import PlayRequest
from fixtures.programs.party import Party
from fixtures.recording.model import Recording
from fixtures.recording.storage import save
from fixtures.situation import Situation
from tests.conformance.synthetic import frame, recording

CHECK = """
from conformance.judging.check import check
from tests.conformance.synthetic import Unplayed

@check("RA-05", Unplayed(), role="router", needs=("dhcpv6",))
def test_managed_flag(recording, notebook):
    '''M=1.'''
    seen = notebook.stimulus(recording.at("guest"), "no RA arrived")
    notebook.figure("flags", seen[0].data[59], "")
    notebook.expect(seen[0].data[59] & 0x80, "the RA has M=0", seen[0])
"""
OTHER = CHECK.replace("RA-05", "RA-04").replace("test_managed_flag", "test_withdrawal")


class Program:
    """An implementation that is never started."""

    def __init__(self, name: str, roles: str, version: str = "1.0", **more: Any) -> None:
        self.name, self.roles, self._version = name, frozenset(roles.split()), version
        self.lacks, self.packages, self._missing = more.get("lacks", {}), (f"{name}-package",), more.get("missing", ())
        self._declines = more.get("declines")
        self.opaque, self.cores = more.get("opaque", False), more.get("cores", 0.0)
        self.party = Party.PROGRAM

    def declines(self, situation: Situation, roles: frozenset[str]) -> str | None:
        return f"not as {' and '.join(sorted(roles))}" if self._declines else None

    def version(self) -> str:
        return self._version

    def missing(self) -> tuple[str, ...]:
        return tuple(self._missing)


class Stage:
    """What stands in for real programs and real plays."""

    def __init__(self) -> None:
        self.known = {each.name: each for each in (
            Program("dnsmasq", "router dhcpv6-server", "2.90"), Program("dhclient", "guest", "4.4.3-P1"),
            Program("dhcpcd", "guest"))}
        self.played: list[str] = []
        self.direct: Callable[[Recording], Recording] = lambda played: played

    def play_all(self, requests: Sequence[PlayRequest], into: Path, *, progress: Any, **_: Any) -> dict[str, Path]:
        for request in requests:
            self.played.append(request.id)
            seen = recording(frame(), scenario=request.scenario)
            save(self.direct(replace(seen, play=request.play)), into / request.id)
        return {request.id: into / request.id for request in requests}


def pretend(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Let runs in this process play on a pretended stage, by pretended programs."""
    stage = Stage()
    player = ModuleType("fixtures.playing.player")
    player.play_all = stage.play_all  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "fixtures.playing.player", player)
    monkeypatch.setattr("conformance.plugin.options.all_implementations", lambda: dict(sorted(stage.known.items())))
    monkeypatch.setattr("fixtures.playing.request.implementation_named", lambda name, role=None: stage.known[name])
    return stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The stage of the runs of this test."""
    return pretend(monkeypatch)


@pytest.fixture
def run(pytester: pytest.Pytester, stage: Stage) -> Callable[..., Any]:
    """Runs pytest on a file of checks; returns what pytester tells of it."""
    def run(*arguments: str, text: str = CHECK) -> Any:
        (pytester.path / "conformance").mkdir(exist_ok=True)
        (pytester.path / "conformance" / "test_it.py").write_text(text)
        (pytester.path / "pytest.ini").write_text("[pytest]\n")
        return pytester.inline_run("-p", "conformance.plugin", *arguments)

    return run


def verdicts(result: Any) -> dict[str, dict[str, Any]]:
    return {report.nodeid.rpartition("::")[2]: value for report in result.getreports("pytest_runtest_logreport")
            for key, value in report.user_properties if key == "sextant"}
