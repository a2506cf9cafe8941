"""The usual source: what a cell needs is played in this run, and its recording is read when it is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.judging.check import Check
from conformance.selection.cells import Cell, cells
from conformance.selection.declines import decline_of
from conformance.sources.base import NotPlayed, NotRecorded, NotRun
from conformance.sources.programs import Programs
from conformance.sources.throughout import AS_IT_WAS_PLAYED, Throughout, Worst, a_play, throughout
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
    _worst: Worst = field(default_factory=Worst)

    def cells(self, check: Check) -> Iterator[Cell[Any]]:
        """One for each scenario and cast; of a passive check one for each program. Raises BadCheck and BadSelection."""
        yield from cells(check, self.programs.casts)
        yield from throughout(check, self.programs)

    def request(self, cell: Cell[Any]) -> PlayRequest | None:
        """The play that the cell needs, unless it is not to be played; for a passive check any will do."""
        if isinstance(cell.scenario, Throughout):
            usual = (Cell(cell.check, *play, "") for play in a_play(cell.scenario, self.programs))
            return next((request for each in usual if (request := self.request(each))), None)
        return None if self._decline(cell) or self._hindrance(cell) else PlayRequest(cell.scenario, cell.cast)

    def recording(self, cell: Cell[Any]) -> Recording:
        """What was played. Raises NotPlayed, NotRun and NotRecorded."""
        if isinstance(cell.scenario, Throughout):
            return self._worst.of(cell.check, cell.scenario, self._all())
        if reason := self._decline(cell):
            raise NotPlayed(reason)
        if reason := self._hindrance(cell):
            raise NotRun(reason)
        try:
            return self._load(PlayRequest(cell.scenario, cell.cast).id)
        except (ProgramError, SavedError) as error:
            raise NotRecorded(str(error)) from error

    def why_declined(self, cell: Cell[Any], recording: Recording) -> dict[str, Any] | None:
        """Who of the cast declined when it was started."""
        throughout = isinstance(cell.scenario, Throughout)
        return None if throughout else decline_of(cell, recording, self.programs.known)

    def excuse(self, cell: Cell[Any]) -> str | None:
        """A play is made so that it can be judged; what passive checks find in it is as it comes."""
        return AS_IT_WAS_PLAYED if isinstance(cell.scenario, Throughout) else None

    def beside(self, cell: Cell[Any]) -> str:
        """Nothing."""
        return ""

    def turn(self, cell: Cell[Any]) -> tuple[int, int]:
        """Anywhere."""
        return 0, 0

    def options(self, cell: Cell[Any]) -> str:
        """`--nightly` for what only that plays."""
        if isinstance(cell.scenario, Throughout):
            return ""
        return " --nightly" if not self.nightly and cell.scenario.nightly(cell.cast) else ""

    def introduction(self) -> list[str]:
        """Nothing: the run says what it plays."""
        return []

    def files(self) -> Mapping[str, Path]:
        """They are saved where the report is made."""
        return {}

    def _decline(self, cell: ScenarioCell) -> str | None:
        return None if self.programs.absent(cell.cast) else cell.why_declined(self.programs.known)

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

    def _all(self) -> Iterator[Recording]:
        """Everything that was played in this run, as far as it can be read."""
        for path in sorted(self.place.iterdir()) if self.place is not None and self.place.is_dir() else ():
            with suppress(NotRecorded, SavedError):
                if not path.name.startswith("."):
                    yield self._load(path.name)

    def _load(self, play: str) -> Recording:
        if self.place is None:
            raise NotRecorded("nothing was played in this run")
        path = self.place / play
        if path not in self._loaded:
            if not path.exists():
                raise NotRecorded(f"the play {play} left no recording")
            self._loaded[path] = load(path)
        return self._loaded[path]
