"""Ctrl-C and SIGTERM: the run stops, what has been judged so far is reported, and the exit status is 2.

While plays are played they end at once, and what was recorded until then is judged; a second Ctrl-C stops that too.
"""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from conformance.plugin.desk import DESK
from fixtures.playing.paths import STAGING

_BY_SIGTERM = "stopped by SIGTERM"
_BY_CONTROL_C = "stopped by Ctrl-C"
#: Seconds until a signal is sent again that Python swallowed: by then the finaliser is over.
_AGAIN = 0.05


def pytest_configure(config: pytest.Config) -> None:
    """Be there from the start."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopping(config), "sextant-stopping")


def pytest_sessionstart(session: pytest.Session) -> None:
    """A worker of a reported run ends with it: the terminal sends Ctrl-C to all, and the controller decides."""
    if hasattr(session.config, "workerinput") and STAGING in session.config.stash:
        signal.signal(signal.SIGINT, lambda number, frame: None)


def reason_of(stop: KeyboardInterrupt) -> str:
    """By what a run was stopped, in words."""
    return _BY_SIGTERM if stop.args == (_BY_SIGTERM,) else _BY_CONTROL_C


class Stopping:
    """Heeds SIGTERM as Ctrl-C is heeded, unless whoever started us wants it ignored or heeds it himself.

    Where Python swallows what a signal raised (it came in the middle of a finaliser), the signal is sent again.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._late = False
        self._unraised = sys.unraisablehook
        self._heeds = (threading.current_thread() is threading.main_thread()
                       and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
        if self._heeds:
            signal.signal(signal.SIGTERM, self._stop)

    def pytest_sessionstart(self) -> None:
        """Learn of what Python swallows; pytest listens too, from before."""
        self._unraised, sys.unraisablehook = sys.unraisablehook, self._not_raised

    def _not_raised(self, what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, KeyboardInterrupt):
            self._unraised(what)
            return
        again = signal.SIGTERM if reason_of(what.exc_value) == _BY_SIGTERM else signal.SIGINT
        threading.Timer(_AGAIN, signal.pthread_kill, (threading.main_thread().ident, again)).start()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if not self._late:
            raise KeyboardInterrupt(_BY_SIGTERM)

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[Any]) -> None:
        """Note by what it was stopped; pytest's own interrupts (`-x`, a module that cannot be collected) are others."""
        if excinfo.type is KeyboardInterrupt:
            self._config.stash[DESK].stopped = reason_of(excinfo.value)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """What remains is to write the report, and another SIGTERM does not keep it from being whole."""
        self._late = True

    def pytest_unconfigure(self) -> None:
        """Leave the process as it was."""
        if sys.unraisablehook == self._not_raised:
            sys.unraisablehook = self._unraised
        if self._heeds:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
