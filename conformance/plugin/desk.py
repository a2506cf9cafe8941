"""The desk: what one run knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement
from conformance.selection.cells import Cell
from conformance.sources.base import Source
from conformance.sources.played import Played
from conformance.sources.programs import Programs
from fixtures.recording.model import Recording


@dataclass
class Desk:
    """One run: who may play, what is asked for, and what was recorded.

    `source` is where recordings come from, and `plays` is that too where they are played in this run. `again` are the
    options that a command must repeat to show a cell again; `disturbed` tells, by play, what made it be played again;
    `stopped` says by what the run was stopped before its end, and is empty where it was not.
    """

    programs: Programs
    source: Source
    plays: Played | None = None
    requirements: frozenset[str] = frozenset()
    nightly: bool = False
    strict: bool = False
    again: str = ""
    disturbed: dict[str, str] = field(default_factory=dict)
    stopped: str = ""

    def judged(self, cell: Cell[Any], recording: Recording) -> Judgement:
        """What the cell's check says of its recording."""
        found = judge(cell.check, recording, cell.lacking(self.programs.known))
        beside = self.source.beside(cell)
        return replace(found, reason=f"{found.reason}; {beside}") if beside else found


DESK: pytest.StashKey[Desk] = pytest.StashKey()
