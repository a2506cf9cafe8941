"""Tests run side by side in pytest-xdist's workers, but for those that need the machine for themselves.

Two locks in a directory that all workers see: whoever runs a test holds `machine` together with the others, or alone.
Everybody passes `door` first, so who waits for the machine is not overtaken for ever. The kernel opens a lock when its
holder dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Machine:
    """The machine as one worker shares it with the others."""

    def __init__(self, directory: Path) -> None:
        self._door, self._machine = (
            os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644) for name in ("door", "machine"))

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Be one of many."""
        fcntl.flock(self._door, fcntl.LOCK_SH)
        fcntl.flock(self._machine, fcntl.LOCK_SH)
        fcntl.flock(self._door, fcntl.LOCK_UN)
        try:
            yield
        finally:
            fcntl.flock(self._machine, fcntl.LOCK_UN)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within `shared`: wait until the others' tests have ended, and keep them from going on."""
        fcntl.flock(self._machine, fcntl.LOCK_UN)
        fcntl.flock(self._door, fcntl.LOCK_EX)
        fcntl.flock(self._machine, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._machine, fcntl.LOCK_SH)
            fcntl.flock(self._door, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave."""
        os.close(self._door)
        os.close(self._machine)
