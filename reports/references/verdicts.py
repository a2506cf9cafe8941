"""What reports said of each part for each program: kept beside the table, so that a page needs no report to be made."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.judging.verdict import WORST_FIRST
from reports.document.compliance import load
from reports.references.books import Book

_HEAD = "# Verdicts by program and part. Made by `python -m reports {}-doc REPORT...`, not by hand.\n"


def kept_verdicts(book: Book) -> dict[str, dict[str, str]]:
    """By program and part. Nothing where there is no file."""
    return tomllib.loads(book.verdicts.read_text(encoding="utf-8")) if book.verdicts.is_file() else {}


def of_reports(book: Book, directories: Iterable[Path], wanted: Iterable[str]) -> dict[str, dict[str, str]]:
    """The worst verdict of each part by program, in these reports. Raises ReportError."""
    parts, found = set(wanted), defaultdict[str, dict[str, str]](dict)
    for directory in directories:
        for cell in load(directory / "compliance.json")["verdicts"]:
            program = (cell["implementations"] or {}).get(cell["role"] or "")
            id = cell["part"] or cell["requirement"]
            if program is None or cell["role"] not in book.roles or id not in parts or cell["cloud"]:
                continue
            told = found[program["name"]]
            told[id] = worst([cell["verdict"], *filter(None, [told.get(id)])])
    return dict(found)


def worst(verdicts: Iterable[str]) -> str:
    """The one that counts most."""
    order = [str(each) for each in WORST_FIRST]
    return min(verdicts, key=order.index)


def keep(book: Book, verdicts: Mapping[str, Mapping[str, str]]) -> None:
    """Write them, with those of earlier reports where these say nothing. Raises OSError."""
    known = kept_verdicts(book)
    both = {name: {**known.get(name, {}), **verdicts.get(name, {})} for name in sorted({*known, *verdicts})}
    tables = [f'["{name}"]\n' + "".join(f'"{part}" = "{verdict}"\n' for part, verdict in sorted(parts.items()))
              for name, parts in both.items()]
    text = _HEAD.format(book.name) + "\n" + "\n".join(tables)
    book.verdicts.write_text(text, encoding="utf-8")
