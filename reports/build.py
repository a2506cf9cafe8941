"""Writes a report: the document, the site, Allure's results, and what other programs read."""

from __future__ import annotations

import json
from pathlib import Path

from reports.allure.results import write_results
from reports.document.compliance import Compliance, dumps, load
from reports.errors import because
from reports.formats.write import write_formats
from reports.history import trail
from reports.history.difference import Difference, difference
from reports.output import write_whole
from reports.site.single import FILE, single
from reports.site.write import assemble, write_site

#: What changed since the report that this one replaced.
CHANGES = "changes.json"


def build(
    document: Compliance,
    directory: Path,
    *,
    previous: Compliance | None = None,
    history: Path | None = None,
    one_file: bool = False,
) -> None:
    """Write a whole report into a directory. Raises ReportError.

    `previous` is the run that this one is compared with, `history` the file that it continues (the directory keeps a
    copy); `one_file` asks for the page as one file, too.
    """
    found = difference(previous, document) if previous else None
    past = trail.continue_trail(document, history or directory / trail.FILE)
    try:
        write_whole(directory / "compliance.json", dumps(document))
        write_whole(directory / trail.FILE, trail.as_text(past))
        if history:
            write_whole(history, trail.as_text(past))
        more = {"changes": _changes(directory, found), **past.as_json()}
        site = assemble(document, directory, more)
        write_site(site, directory)
        if one_file:
            write_whole(directory / FILE, single(site))
        write_formats(document, directory, found)
        write_results(document, directory)
    except OSError as error:
        raise because(error, "cannot write the report to", directory) from error


def rebuild(directory: Path, one_file: bool = False) -> None:
    """Make the pages of a report again from its compliance.json and recordings. Raises ReportError."""
    build(load(directory / "compliance.json"), directory, one_file=one_file)


def _changes(directory: Path, found: Difference | None) -> object:
    """What changed, kept beside the document so that the pages can be made again."""
    path = directory / CHANGES
    if found:
        write_whole(path, json.dumps(found.as_json(), indent=1) + "\n")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
