"""The line that says how far the playing is."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fixtures.playing.player import Progress

#: Seconds between two updates of the line.
_PACE = 0.2


class ProgressLine:
    """`playing 37 of 120, 12 s, longest still ...`, rewritten in place; without a terminal only beginning and end."""

    def __init__(self, config: pytest.Config, total: int) -> None:
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._live = bool(self._reporter and self._reporter.isatty)
        self._lock = threading.Lock()
        self._told = -_PACE
        self._seconds = 0.0
        self._total = total
        if self._reporter and not self._live:
            self._reporter.write_line(f"playing {total} scenarios, all together")

    def show(self, progress: Progress) -> None:
        """Tell how far it is; called from any of the plays' threads."""
        with self._lock:
            self._seconds = max(self._seconds, progress.seconds)
            if self._live and progress.seconds - self._told >= _PACE:
                self._told = progress.seconds
                longest = f", longest still {progress.running[0]}" if progress.running else ""
                self._write(f"playing {progress.done} of {progress.total}, {progress.seconds:.0f} s{longest}")

    def end(self) -> None:
        """Leave one line behind that stays."""
        if self._live:
            self._write("")
        if self._reporter:
            self._reporter.write_line(f"played {self._total} scenarios in {self._seconds:.1f} s")

    def _write(self, text: str) -> None:
        width = self._reporter._tw.fullwidth - 1
        self._reporter.rewrite(text[:width], erase=True)
