"""The usual source: what a cell needs is played in this run, and its recording is read when it is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.judging.check import Check
from conformance.selection.cells import Cell, cells
from conformance.selection.declines import declined
from conformance.sources.base import NotPlayed, NotRecorded, NotRun
from conformance.sources.programs import Programs
from fixtures.playing.request import PlayRequest
from fixtures.programs.base import ProgramError
from fixtures.recording.model import Recording
from fixtures.recording.storage import SavedError, load
from fixtures.stagecraft.base import Scenario

ScenarioCell = Cell[Scenario]


@dataclass
class Played:
    """`place` is where the recordings lie once they have been played; `nightly` has slow plays played, too."""

    programs: Programs
    nightly: bool = False
    place: Path | None = None
    _loaded: dict[Path, Recording] = field(default_factory=dict)

    def cells(self, check: Check) -> Iterator[ScenarioCell]:
        """One for each scenario and cast. Raises BadCheck and BadSelection."""
        return cells(check, self.programs.casts)

    def request(self, cell: ScenarioCell) -> PlayRequest | None:
        """The play that the cell needs, unless it is not to be played."""
        return None if self._declined(cell) or self._hindrance(cell) else PlayRequest(cell.scenario, cell.cast)

    def recording(self, cell: ScenarioCell) -> Recording:
        """What was played. Raises NotPlayed, NotRun and NotRecorded."""
        if reason := self._declined(cell):
            raise NotPlayed(reason)
        if reason := self._hindrance(cell):
            raise NotRun(reason)
        try:
            return self._load(PlayRequest(cell.scenario, cell.cast).id)
        except (ProgramError, SavedError) as error:
            raise NotRecorded(str(error)) from error

    def declined(self, cell: ScenarioCell, recording: Recording) -> dict[str, Any] | None:
        """Who of the cast declined when it was started."""
        return declined(cell, recording, self.programs.known)

    def excuse(self, cell: ScenarioCell) -> str | None:
        """A play is made so that it can be judged."""
        return None

    def beside(self, cell: ScenarioCell) -> str:
        """Nothing."""
        return ""

    def turn(self, cell: ScenarioCell) -> tuple[int, int]:
        """Anywhere."""
        return 0, 0

    def options(self, cell: ScenarioCell) -> str:
        """`--nightly` for what only that plays."""
        return " --nightly" if not self.nightly and cell.scenario.nightly(cell.cast) else ""

    def introduction(self) -> list[str]:
        """Nothing: the run says what it plays."""
        return []

    def files(self) -> Mapping[str, Path]:
        """They are saved where the report is made."""
        return {}

    def _declined(self, cell: ScenarioCell) -> str | None:
        return None if self.programs.absent(cell.cast) else cell.declined(self.programs.known)

    def _hindrance(self, cell: ScenarioCell) -> str | None:
        """Why the cell is not played in this run, or None."""
        if absent := self.programs.absent(cell.cast):
            return absent
        if self.nightly:
            return None
        known = self.programs.known
        busy = max((known[name].cores for name in cell.cast.values() if name in known), default=0.0)
        matrix = self.programs.selection.matrix
        spared = cell.scenario.matrix_spares(busy) if matrix and busy else None
        return spared or cell.scenario.nightly(cell.cast)

    def _load(self, play: str) -> Recording:
        if self.place is None:
            raise NotRecorded("nothing was played in this run")
        path = self.place / play
        if path not in self._loaded:
            if not path.exists():
                raise NotRecorded(f"the play {play} left no recording")
            self._loaded[path] = load(path)
        return self._loaded[path]
