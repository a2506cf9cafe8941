"""The desk: what one run knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from conformance.judging.check import Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, Outcome
from conformance.selection.cells import Cell
from conformance.selection.profiles import Profile
from conformance.sources.base import Source
from conformance.sources.played import Played
from conformance.sources.programs import Programs
from fixtures.recording.model import Recording


@dataclass
class Desk:
    """One run: who may play, what is asked for, and what was recorded.

    `source` is where recordings come from, and `plays` is that too where they are played in this run. `again` are the
    options that a command must repeat to show a cell again; `disturbed` tells, by play, what made it be played again;
    `left` tells the same of plays for whose repeat no time was left;
    `stopped` says by what the run was stopped before its end, and is empty where it was not.
    """

    programs: Programs
    source: Source
    plays: Played | None = None
    requirements: frozenset[str] = frozenset()
    profile: Profile | None = None
    nightly: bool = False
    strict: bool = False
    again: str = ""
    disturbed: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    def asked_for(self, check: Check) -> bool:
        """Whether the requirements and the profile of the run, if any, have that check."""
        named = not self.requirements or bool(self.requirements & {check.requirement, check.id})
        return named and (self.profile is None or self.profile.has(check))

    def judge(self, cell: Cell[Any], recording: Recording) -> Judgement:
        """What the cell's check says of its recording."""
        found = judge(cell.check, recording, lacking := cell.lacking(self.programs.known))
        if lacking and found.outcome is Outcome.ERROR and self._another_version(cell, recording):
            found = judge(cell.check, recording)  # what is declared is so of the version that is here
        beside = self.source.beside(cell)
        return replace(found, reason=f"{found.reason}; {beside}") if beside else found

    def _another_version(self, cell: Cell[Any], recording: Recording) -> bool:
        """Whether somebody of the cast played in another version than is installed here."""
        here = self.programs.of(cell.cast)
        return any(here.get(role, who).version != who.version for role, who in recording.play.implementations.items())


DESK: pytest.StashKey[Desk] = pytest.StashKey()
