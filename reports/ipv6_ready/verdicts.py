"""What reports said of each part for each guest: kept beside the table, so that the page needs no report to be made."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from conformance.judging.verdict import WORST_FIRST
from reports.document.compliance import load

FILE = Path(__file__).with_name("verdicts.toml")
_HEAD = "# Verdicts of guests by part. Made by `python -m reports ipv6-ready-doc REPORT...`, not by hand.\n"


def kept() -> dict[str, dict[str, str]]:
    """By guest and part. Nothing where there is no file."""
    return tomllib.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}


def of_reports(directories: Iterable[Path], wanted: Iterable[str]) -> dict[str, dict[str, str]]:
    """The worst verdict of each part by guest, in these reports. Raises ReportError."""
    parts, found = set(wanted), defaultdict[str, dict[str, str]](dict)
    for directory in directories:
        for cell in load(directory / "compliance.json")["verdicts"]:
            guest = (cell["implementations"] or {}).get("guest")
            if guest is None or cell["role"] != "guest" or cell["part"] not in parts or cell["cloud"]:
                continue
            told = found[guest["name"]]
            told[cell["part"]] = worst([cell["verdict"], *filter(None, [told.get(cell["part"])])])
    return dict(found)


def worst(verdicts: Iterable[str]) -> str:
    """The one that counts most."""
    order = [str(each) for each in WORST_FIRST]
    return min(verdicts, key=order.index)


def keep(verdicts: Mapping[str, Mapping[str, str]]) -> None:
    """Write them, with those of earlier reports where these say nothing. Raises OSError."""
    known = kept()
    both = {guest: {**known.get(guest, {}), **verdicts.get(guest, {})} for guest in sorted({*known, *verdicts})}
    tables = [f'["{guest}"]\n' + "".join(f'"{part}" = "{verdict}"\n' for part, verdict in sorted(parts.items()))
              for guest, parts in both.items()]
    FILE.write_text(_HEAD + "\n" + "\n".join(tables), encoding="utf-8")
