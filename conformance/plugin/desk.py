"""The desk: what one run knows, and where its cells get their recordings from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import pytest

from conformance.judging.check import Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement
from conformance.plugin.archive import Archive
from conformance.selection.captured import Captured, Shelf
from conformance.selection.casting import BadSelection, Cast, Selection, casts
from conformance.selection.cells import Cell, cells, verify
from fixtures.playing.request import PlayRequest
from fixtures.programs.base import ProgramError
from fixtures.recording.model import Program, Recording
from fixtures.recording.storage import SavedError, load
from fixtures.stagecraft.base import Scenario


class NotRun(Exception):
    """The cell's play is not played in this run; the text says why."""


class NotPlayed(Exception):
    """Somebody of the cast does not play the cell's situation; the text says who and why."""


class NotRecorded(Exception):
    """There should be a recording and there is none, or it cannot be read: an error of the suite."""


@dataclass
class Desk:
    """One run: who may play, what is asked for, and what was recorded.

    `again` are the options that a command must repeat to show a cell again; `played` is where this run's recordings
    lie, once they have been played; `disturbed` tells, by play, what made it be played again; `stopped` says by what
    the run was stopped before its end, and is empty where it was not.
    """

    selection: Selection
    requirements: frozenset[str] = frozenset()
    archive: Archive | Shelf | None = None
    nightly: bool = False
    strict: bool = False
    again: str = ""
    played: Path | None = None
    disturbed: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    _loaded: dict[Path, Recording] = field(default_factory=dict)

    def cells(self, check: Check) -> list[Cell]:
        """The cells of a check. Raises BadCheck and BadSelection."""
        if self.captures is not None:
            verify(check)
            return list(self.captures.cells(check))
        return list(cells(check, self._casts))

    @property
    def captures(self) -> Shelf | None:
        """The captures that are judged in place of plays, or None."""
        return self.archive if isinstance(self.archive, Shelf) else None

    def demand_installed(self) -> None:
        """Raises BadSelection where a program that is not installed was asked for by name (no glob, not `all`)."""
        for names in self.selection.wanted.values() if self.archive is None else ():
            for name in names:
                if name in self._missing:
                    raise BadSelection(self._missing[name])

    def hindrance(self, cell: Cell) -> str | None:
        """Why the cell is not run, or None."""
        if self.archive is not None:
            found = self.archive.find(cell.scenario, cell.cast)
            return None if found else self.archive.lacks(cell.scenario)
        for name in dict.fromkeys(cell.cast.values()):
            if name in self._missing:
                return self._missing[name]
        if self.nightly:
            return None
        known = self.selection.known
        busy = max((known[name].cores for name in cell.cast.values() if name in known), default=0.0)
        spared = cell.scenario.matrix_spares(busy) if self.selection.matrix and busy else None
        return spared or cell.scenario.nightly(cell.cast)

    def declined(self, cell: Cell) -> str | None:
        """Why the cell does not apply to its cast, or None; what was played all the same is judged."""
        if self.archive is not None and self.archive.find(cell.scenario, cell.cast):
            return None
        return None if any(name in self._missing for name in cell.cast.values()) else cell.declined(
            self.selection.known)

    def request(self, cell: Cell) -> PlayRequest:
        """The play that a cell needs."""
        return PlayRequest(cell.scenario, cell.cast)

    def recording(self, cell: Cell) -> Recording:
        """The cell's recording. Raises NotPlayed, NotRun and NotRecorded."""
        declined = self.declined(cell)
        if declined:
            raise NotPlayed(declined)
        reason = self.hindrance(cell)
        if reason:
            raise NotRun(reason)
        if self.archive is not None:
            found = self.archive.find(cell.scenario, cell.cast)
            assert found is not None
            return found
        try:
            return self._load(self.request(cell).id)
        except (ProgramError, SavedError) as error:
            raise NotRecorded(str(error)) from error

    def judged(self, cell: Cell, recording: Recording) -> Judgement:
        """What the cell's check says of its recording."""
        found = judge(cell.check, recording, cell.lacking(self.selection.known))
        if self.captures is not None and isinstance(cell.scenario, Captured):
            return replace(found, reason=f"{found.reason}; {self.captures.date(cell.scenario)}")
        return found

    def implementations(self, cell: Cell) -> dict[str, Program]:
        """Who would play a cell, with the versions that the programs state; empty where they cannot be asked."""
        return {role: Program(name, self._versions.get(name, "")) for role, name in cell.cast.items()}

    @cached_property
    def missing(self) -> dict[str, str]:
        """A sentence for each implementation, of those that may play, whose programs are not installed."""
        may = {name for role in {role for each in self.selection.known.values() for role in each.roles}
               for name in self.selection.playing(role)}
        return {name: text for name, text in self._missing.items() if name in may}

    @cached_property
    def _missing(self) -> dict[str, str]:
        return {
            name: f"{name} needs {' and '.join(each.missing())}, not installed here;"
                  f" on Debian: apt install {' '.join(each.packages)}"
            for name, each in self.selection.known.items() if each.missing()
        }

    @cached_property
    def _versions(self) -> dict[str, str]:
        found = {}
        for name, each in self.selection.known.items():
            try:
                found[name] = "" if each.missing() else each.version()
            except ProgramError:
                found[name] = ""
        return found

    def _once(self, scenario: Scenario, planned: Iterable[Cast]) -> Iterator[Cast]:
        """The casts, but one alone for each machine that cannot play the scenario: once is enough to say so."""
        told: set[str] = set()
        for cast in planned:
            guest = self.selection.known.get(cast.get("guest", ""))
            if guest is not None and guest.opaque and not scenario.from_outside:
                if guest.name in told:
                    continue
                told.add(guest.name)
            yield cast

    def _casts(self, scenario: Scenario) -> Iterator[Cast]:
        planned = list(self._once(scenario, casts(scenario.parts, self.selection, scenario.players)))
        yield from planned
        for cast in self.archive.casts(scenario) if self.archive else ():
            chosen = all(name in self.selection.playing(role) for role, name in cast.items()
                         if role in self.selection.wanted)
            if chosen and cast not in planned:
                yield cast

    def _load(self, play: str) -> Recording:
        if self.played is None:
            raise NotRecorded("nothing was played in this run")
        path = self.played / play
        if path not in self._loaded:
            if not path.exists():
                raise NotRecorded(f"the play {play} left no recording")
            self._loaded[path] = load(path)
        return self._loaded[path]


DESK: pytest.StashKey[Desk] = pytest.StashKey()
