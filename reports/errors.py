"""What the report says when it cannot be written or read: one sentence."""

from __future__ import annotations

import errno
from pathlib import Path


class ReportError(Exception):
    """The report cannot be written or read. The text is one sentence: what is wrong, where, what would be right."""


def because(error: OSError, doing: str, path: Path) -> ReportError:
    """The sentence for an operating system error that came up while `doing` something at a path."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ReportError(f"{doing} {path}: the disk is full; the previous report is kept, free some space.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ReportError(f"{doing} {path}: no permission to write there; choose another place with --report-dir.")
    return ReportError(f"{doing} {path}: {error.strerror or error}; the previous report is kept.")
