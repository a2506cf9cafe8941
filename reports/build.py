"""Writes a report: the document, the site, Allure's results."""

from __future__ import annotations

from pathlib import Path

from reports.allure.results import write_results
from reports.document.compliance import Compliance, dumps, load
from reports.errors import because
from reports.output import write_whole
from reports.site.write import assembled, write_site


def build(document: Compliance, directory: Path) -> None:
    """Write compliance.json, the site and allure-results/ into a directory. Raises ReportError."""
    try:
        write_whole(directory / "compliance.json", dumps(document))
        write_site(assembled(document, directory, {"changes": None, "trend": []}), directory)
        write_results(document, directory)
    except OSError as error:
        raise because(error, "cannot write the report to", directory) from error


def rebuild(directory: Path) -> None:
    """Make the pages of a report again from its compliance.json and recordings. Raises ReportError."""
    build(load(directory / "compliance.json"), directory)
