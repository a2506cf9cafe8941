"""Tests run side by side in pytest-xdist's workers, but for those that need the machine for themselves.

`Groups` deals them out, so that a fixture that many tests share is made by one worker.

`Machine` is two locks in a directory that all workers see: whoever runs a test holds `machine` together with the
others, or alone. Everybody passes `door` first, so who waits for the machine is not overtaken for ever. The kernel
opens a lock when its holder dies.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling


class Groups(LoadScopeScheduling):
    """Deals single tests out as workers get free, and groups as a whole: the largest first."""

    def __init__(self, config: Any, log: Any, directory: Path) -> None:
        super().__init__(config, log)
        self._directory = directory

    @staticmethod
    def tell(directory: Path, groups: Mapping[str, str]) -> None:
        """From a worker: the group of each test that has one. All workers tell the same."""
        with tempfile.NamedTemporaryFile("w", dir=directory, delete=False) as file:
            json.dump(dict(groups), file)
        os.replace(file.name, directory / "groups")

    @cached_property
    def _groups(self) -> dict[str, str]:
        return dict(json.loads((self._directory / "groups").read_text()))

    def _split_scope(self, nodeid: str) -> str:
        return self._groups.get(nodeid, nodeid)


class Machine:
    """The machine as one worker shares it with the others."""

    def __init__(self, directory: Path) -> None:
        self._door, self._machine = (
            os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644) for name in ("door", "machine"))

    @contextmanager
    def share(self) -> Iterator[None]:
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
