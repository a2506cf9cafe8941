"""The files that other programs read, beside compliance.json."""

from __future__ import annotations

from pathlib import Path

from reports.document.compliance import Compliance
from reports.formats.badge import badge
from reports.formats.github import summary
from reports.formats.gitlab import code_quality
from reports.formats.junit import junit
from reports.formats.ktap import ktap
from reports.history.difference import Difference
from reports.output import write_whole

JUNIT, KTAP, QUALITY = "sextant.junit.xml", "results.ktap", "gl-code-quality.json"
BADGE, SUMMARY = "badge.svg", "summary.md"


def write_formats(document: Compliance, directory: Path, changes: Difference | None) -> None:
    """Write them all into the report's directory. Raises OSError."""
    write_whole(directory / JUNIT, '<?xml version="1.0" encoding="utf-8"?>\n' + junit(document))
    write_whole(directory / KTAP, ktap(document))
    write_whole(directory / QUALITY, code_quality(document))
    write_whole(directory / BADGE, badge(document))
    write_whole(directory / SUMMARY, summary(document, changes))
