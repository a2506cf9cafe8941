"""Where a run's recordings come from: played in it, saved before it, or captured by somebody else.

`Source` is what the plugin asks, whichever it is. A cell goes back to the source that made it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from conformance.judging.check import Check
from conformance.selection.cells import Cell
from fixtures.playing.request import PlayRequest
from fixtures.recording.model import Recording


class NotRun(Exception):
    """There is no recording of the cell in this run, and there need not be; the text says why."""


class NotPlayed(Exception):
    """Somebody of the cast does not play the cell's situation; the text says who and why."""


class NotRecorded(Exception):
    """There should be a recording and there is none, or it cannot be read: an error of the suite."""


class Source(Protocol):
    """Gives the cells of a check, and the recording of each."""

    def cells(self, check: Check) -> Iterable[Cell[Any]]:
        """The cells of a check. Raises BadCheck and BadSelection."""

    def request(self, cell: Cell[Any]) -> PlayRequest | None:
        """What has to be played before the cell has a recording; None where nothing has."""

    def recording(self, cell: Cell[Any]) -> Recording:
        """The cell's recording. Raises NotPlayed, NotRun and NotRecorded."""

    def why_declined(self, cell: Cell[Any], recording: Recording) -> dict[str, Any] | None:
        """Who of the cast said, when it was started, that it does not play this; else None."""

    def excuse(self, cell: Cell[Any]) -> str | None:
        """Why a cell that stays inconclusive is no failure; None where it is one."""

    def beside(self, cell: Cell[Any]) -> str:
        """What has to stand beside each verdict on the recording, such as its date; empty where nothing has."""

    def turn(self, cell: Cell[Any]) -> tuple[int, int]:
        """Where the cell is judged among all; equal ones stay as they are."""

    def options(self, cell: Cell[Any]) -> str:
        """What else a command needs to show the cell again, each option with a space before it."""

    def introduction(self) -> list[str]:
        """Lines for the run's header."""

    def files(self) -> Mapping[str, Path]:
        """Recordings that the report keeps a copy of, by the names under which its verdicts know them."""
