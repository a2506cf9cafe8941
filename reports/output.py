"""The report's directory: claimed by one run, built in a hidden sibling, and swapped in as a whole.

    reports/out/            the last complete report
    reports/.out.<pid>/     the report being built; what an interrupted run left there is removed by the next one
    reports/.out.lock       held (flock) while a run builds; removed with it

Whoever looks at `reports/out` sees the previous report or the new one, never something in between.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import re
import shutil
from pathlib import Path

from reports.errors import ReportError, because

#: What a report consists of; anything else in its directory is the user's, and is carried over to the next report.
CONTENTS = frozenset(
    {
        *("compliance.json", "index.html", "site", "data", "recordings", "allure-results", "allure.html"),
        *("sextant.html", "changes.json", "history.jsonl", "summary.md", "badge.svg"),
        *("sextant.junit.xml", "results.ktap", "gl-code-quality.json"),
        "clouds",  # of older reports
    }
)

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class ReportDirectory:
    """One place for reports. `claim` before the run, then `publish` or `discard`; both end the claim's staging."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.staging = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        self._previous = self.path.with_name(f".{self.path.name}.previous")
        self._lock_path = self.path.with_name(f".{self.path.name}.lock")
        self._lock: int | None = None

    @property
    def claimed(self) -> bool:
        """Whether this run may write here."""
        return self._lock is not None

    def claim(self) -> None:
        """Lock the place, clear what a killed run left, and make the staging directory. Raises ReportError."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            self._lock = self._take_lock()
            self._clear_stale()
            self.staging.mkdir()
        except OSError as error:
            self.release()
            raise because(error, "cannot make a report in", self.path) from error

    def publish(self) -> None:
        """Swap the staging directory in. Raises ReportError, with the previous report left as it was."""
        try:
            for scratch in self.staging.glob(".*"):
                remove(scratch)
            if self.path.is_dir():
                for entry in self.path.iterdir():
                    if entry.name not in CONTENTS:
                        link_tree(entry, self.staging / entry.name)
                self._swap()
            else:
                self.staging.rename(self.path)
        except OSError as error:
            self.discard()
            raise because(error, "cannot save the report in", self.path) from error
        shutil.rmtree(self.staging, ignore_errors=True)

    def discard(self) -> None:
        """Forget what was built; the previous report stays."""
        shutil.rmtree(self.staging, ignore_errors=True)

    def release(self) -> None:
        """Let the next run in."""
        if self._lock is not None:
            self._lock_path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _refuse_foreign(self) -> None:
        """A directory that holds something else than a report is not replaced."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise ReportError(f"--report-dir {self.path} is not a directory; name one, or one that does not exist yet.")
        if self.path.is_dir() and any(self.path.iterdir()) and not (self.path / "compliance.json").is_file():
            raise ReportError(
                f"--report-dir {self.path} holds files but no compliance.json, so it is not a report of an earlier"
                " run; name an empty directory, or one that does not exist yet."
            )
        if self.path.is_dir() and not os.access(self.path, os.W_OK | os.X_OK):
            raise ReportError(
                f"{self.path} belongs to another user and cannot be replaced; remove it, or name another place with"
                " --report-dir."
            )

    def _take_lock(self) -> int:
        """The lock's descriptor. A holder removes the file at its end, so what was locked must still be there."""
        while True:
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(os.fstat(lock), os.stat(self._lock_path)):
                    return lock
            except FileNotFoundError:
                pass
            except BlockingIOError:
                os.close(lock)
                raise ReportError(
                    f"another run is writing its report to {self.path}; wait for its end, or name another place with"
                    " --report-dir."
                ) from None
            os.close(lock)

    def _clear_stale(self) -> None:
        """Under the lock nobody else builds here: whatever staging there is belongs to a run that was killed."""
        if self._previous.is_dir() and not self.path.exists():
            self._previous.rename(self.path)
        ours = re.compile(rf"\.{re.escape(self.path.name)}\.(\d+|previous)")
        for sibling in self.path.parent.iterdir():
            if ours.fullmatch(sibling.name):
                shutil.rmtree(sibling)

    def _swap(self) -> None:
        """Exchange the two directories in one step, or in two where the file system cannot."""
        try:
            _exchange(self.staging, self.path)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOSYS, errno.EXDEV):
                raise
            self.path.rename(self._previous)
            self.staging.rename(self.path)
            self._previous.rename(self.staging)


def remove(path: Path) -> None:
    """Remove a file or a directory with all that is in it. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def link_tree(source: Path, target: Path) -> None:
    """A copy of a file or directory that shares the bytes where the file system allows it. Raises OSError."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        for entry in source.iterdir():
            link_tree(entry, target / entry.name)
    elif not target.exists():
        try:
            os.link(source, target, follow_symlinks=False)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            shutil.copy2(source, target, follow_symlinks=False)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old text or the new one, never a part. Raises OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.rename(path)
    finally:
        beside.unlink(missing_ok=True)


def _exchange(one: Path, other: Path) -> None:
    """renameat2(2) with RENAME_EXCHANGE. Raises OSError, with ENOSYS where the C library does not have it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    if libc.renameat2(*paths, _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
