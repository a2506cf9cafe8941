"""Saved recordings: what `--recordings DIR` judges instead of playing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.judging.check import Check
from conformance.selection.casting import Cast
from conformance.selection.cells import Cell, cells
from conformance.selection.declines import decline_of
from conformance.sources.base import NotPlayed, NotRun
from conformance.sources.programs import Programs
from conformance.sources.throughout import AS_IT_WAS_PLAYED, Throughout, Worst, throughout
from fixtures.recording.model import Play, Recording
from fixtures.recording.storage import SavedError, load
from fixtures.stagecraft.base import Scenario

Key = tuple[str, str, tuple[tuple[str, str], ...]]


class BadRecordings(ValueError):
    """The directory of recordings cannot be judged; one sentence says which recording and why."""


@dataclass
class Saved:
    """The recordings of a directory, by what was played and by whom."""

    folder: Path
    recordings: Mapping[Key, Recording]
    programs: Programs
    _worst: Worst = field(default_factory=Worst)

    @classmethod
    def open(cls, folder: Path, programs: Programs) -> Saved:
        """Read all recordings of a directory but those of mutants. Raises BadRecordings."""
        if not folder.is_dir():
            raise BadRecordings(f"--recordings {folder}: there is no such directory")
        found: dict[Key, Recording] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or not (path.is_dir() or path.suffix == ".zip"):
                continue
            try:
                recording = load(path)
            except SavedError as error:
                raise BadRecordings(f"--recordings {folder}: {error}") from error
            key = _key(recording.play)
            if recording.mutant is not None:
                continue
            if key in found:
                raise BadRecordings(f"--recordings {folder}: {found[key].play.id} and {recording.play.id} are the same"
                                    " play by the same programs; remove one")
            found[key] = recording
        if not found:
            raise BadRecordings(f"--recordings {folder}: there is no recording in it")
        return cls(folder, found, programs)

    def cells(self, check: Check) -> Iterator[Cell[Any]]:
        """Those that would be played, and those of whoever else was recorded. Raises BadCheck and BadSelection."""
        yield from cells(check, self._casts)
        yield from throughout(check, self.programs)

    def request(self, cell: Cell[Any]) -> None:
        """Nothing is played."""

    def recording(self, cell: Cell[Any]) -> Recording:
        """What was saved. Raises NotPlayed and NotRun."""
        scenario = cell.scenario
        if isinstance(scenario, Throughout):
            return self._worst.of(cell.check, scenario, self.recordings.values())
        found = self.recordings.get((scenario.name, _frozen(scenario.options), tuple(sorted(cell.cast.items()))))
        if found is not None:
            return found
        if not self.programs.absent(cell.cast) and (reason := cell.why_declined(self.programs.known)):
            raise NotPlayed(reason)
        raise NotRun(f"there is no recording of this play in {self.folder}")

    def why_declined(self, cell: Cell[Any], recording: Recording) -> dict[str, Any] | None:
        """Who of the cast declined when it was started."""
        throughout = isinstance(cell.scenario, Throughout)
        return None if throughout else decline_of(cell, recording, self.programs.known)

    def excuse(self, cell: Cell[Any]) -> str | None:
        """A play was made so that it can be judged; what passive checks find in it is as it comes."""
        return AS_IT_WAS_PLAYED if isinstance(cell.scenario, Throughout) else None

    def beside(self, cell: Cell[Any]) -> str:
        """Nothing."""
        return ""

    def turn(self, cell: Cell[Any]) -> tuple[int, int]:
        """Anywhere."""
        return 0, 0

    def options(self, cell: Cell[Any]) -> str:
        """None: whatever is saved is judged."""
        return ""

    def introduction(self) -> list[str]:
        """What is judged."""
        return [f"judging {len(self.recordings)} recordings of {self.folder}; nothing is played"]

    def files(self) -> Mapping[str, Path]:
        """The report links to what it needs of them itself."""
        return {}

    def _casts(self, scenario: Scenario) -> Iterator[Cast]:
        planned = list(self.programs.casts(scenario))
        yield from planned
        selection, wanted = self.programs.selection, (scenario.name, _frozen(scenario.options))
        for name, options, parties in self.recordings:
            cast = dict(parties)
            chosen = all(who in selection.playing(role) for role, who in cast.items() if role in selection.wanted)
            if (name, options) == wanted and chosen and cast not in planned:
                yield cast


def _key(play: Play) -> Key:
    cast = tuple(sorted((role, program.name) for role, program in play.implementations.items()))
    return play.scenario, _frozen(play.options), cast


def _frozen(options: Mapping[str, Any]) -> str:
    return json.dumps(dict(options), sort_keys=True, default=str)
