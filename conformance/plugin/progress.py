"""The line that says how far the playing is."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fixtures.playing.player import Progress

#: Seconds between two updates of the line.
_PACE = 1.0


class ProgressLine:
    """`playing 37 of 120, 12 s, about 25 s more, longest still ...`, rewritten in place.

    Without a terminal only beginning and end are told, and nothing with `-q`. `lengths` are the seconds that plays
    last, by id: most of a run is timers of protocols, so how long it still takes is known. `again` says why
    these plays are played again, empty the first time.
    """

    def __init__(
        self, config: pytest.Config, total: int, again: str = "", lengths: Mapping[str, float] | None = None
    ) -> None:
        self._again = " again" if again else ""
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        if self._reporter and self._reporter.verbosity < 0:
            self._reporter = None
        self._live = bool(self._reporter and self._reporter.isatty)
        self._begin, self._total, self._done = time.monotonic(), total, 0
        self._lengths, self._since = dict(lengths or {}), dict[str, float]()
        self._running: tuple[str, ...] = ()
        self._over = threading.Event()
        self._clock = threading.Thread(target=self._tick, name="progress", daemon=True)
        if self._live:
            self._clock.start()
        elif self._reporter:
            which = f" again: {again}" if again else ", all together"
            self._reporter.write_line(f"playing {_plays(total)}{which}")

    def show(self, progress: Progress) -> None:
        """Take how far it is; called from any of the plays' threads, and told at the next tick."""
        self._done, self._running = max(self._done, progress.done), progress.running
        now = time.monotonic()
        for play in progress.running:
            self._since.setdefault(play, now)

    def end(self, complete: bool = True) -> None:
        """Leave one line behind that stays."""
        self._over.set()
        if self._live:
            self._clock.join()
            self._write("")
            self._reporter.write("\r")
        if self._reporter:
            told = f"played {_plays(self._total)}{self._again}" if complete else "given up"
            self._reporter.write_line(f"{told} in {time.monotonic() - self._begin:.1f} s")

    def remaining(self, now: float) -> float:
        """Seconds until the last play should be over: what runs ends in its time, what has not begun lasts as long."""
        since = dict(self._since)
        running = [self._lengths.get(play, 0.0) - (now - since.get(play, now)) for play in self._running]
        waiting = [length for play, length in self._lengths.items() if play not in since]
        return max([0.0, *running, *waiting])

    def _tick(self) -> None:
        while not self._over.wait(_PACE):
            longest = f", longest still {self._running[0]}" if self._running else ""
            now = time.monotonic()
            left = self.remaining(now)
            more = f", about {left:.0f} s more" if left >= 1 else ""
            self._write(f"playing{self._again} {self._done} of {self._total}, {now - self._begin:.0f} s{more}{longest}")

    def _write(self, text: str) -> None:
        self._reporter.rewrite(text[: self._reporter._tw.fullwidth - 1], erase=True)


class ReadingLine:
    """`reading office.pcapng: 350,000 packets`, while large captures are read, before pytest says anything itself."""

    def __init__(self, config: pytest.Config) -> None:
        self._captured: Any = config.pluginmanager.get_plugin("capturemanager")
        self._told = time.monotonic()

    def show(self, name: str, packets: int) -> None:
        """Tell it, now and then."""
        if time.monotonic() - self._told < 2 * _PACE:
            return
        self._told = time.monotonic()
        with self._captured.global_and_fixture_disabled() if self._captured else nullcontext():
            print(f"reading {name}: {packets:,} packets", file=sys.stderr, flush=True)


def _plays(number: int) -> str:
    return f"{number} play{'' if number == 1 else 's'}"
