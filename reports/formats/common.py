"""What formats for other programs share: names of cells, and where their checks are."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from reports.document.cells import Cell, label
from reports.site.situations import question, situation

ROOT = Path(__file__).parents[2]
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def title(cell: Cell) -> str:
    """A cell in one line: `RA-05 managed flag (stateful): dnsmasq + dhcpcd`."""
    verdict = cell.verdict
    told = situation(verdict)
    about = f"{verdict.get('part') or verdict['requirement'] or 'suite'} {question(verdict)}"
    return one_line(f"{about}{f' ({told})' if told else ''}: {label(cell)}")


def one_line(text: str) -> str:
    """Text without control characters, in one line."""
    return " ".join(printable(text).split())


def printable(text: str) -> str:
    """Text without characters that XML forbids and terminals obey."""
    return _CONTROL.sub("\ufffd", text)


@lru_cache(maxsize=4096)
def place(test: str) -> tuple[str, int]:
    """The file of a check, as its test's id says, and its line; line 1 where the file is not there."""
    path, _, name = test.partition("::")
    try:
        lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return path, 1
    head = f"def {name.partition('[')[0]}("
    return path, next((number for number, line in enumerate(lines, 1) if line.startswith(head)), 1)
