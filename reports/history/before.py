"""What a new report takes from the one that it replaces: the run to compare with, and the history."""

from __future__ import annotations

import shutil
from pathlib import Path

from reports.document.compliance import Compliance, load
from reports.errors import ReportError
from reports.history.trail import FILE


def previous(directory: Path) -> Compliance | None:
    """The run whose report lies there; None where there is none, or one of another schema."""
    try:
        return load(directory / "compliance.json")
    except ReportError:
        return None


def carry(directory: Path, staging: Path) -> None:
    """Copy the history of the report there into the one that is being built. Raises OSError."""
    if (directory / FILE).is_file():
        shutil.copyfile(directory / FILE, staging / FILE)
