"""What a run says last: the failures that nobody has listed, each with its page's address, and where the report is."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.plugin.plain import plain
from reports.document.cells import Cell, label, named_cells, worst_first
from reports.document.compliance import Compliance

#: More rows are left to the page.
MOST = 12
#: Characters of a reason in the table.
_REASON = 70
_WORDS = ("error", "fail", "flaky")


def failures(document: Compliance, page: str) -> Iterator[str]:
    """The table; nothing where there is no failure."""
    bad = [
        cell
        for cell in worst_first(named_cells(document["verdicts"]))
        if cell.verdict["verdict"] in _WORDS and not cell.verdict["known_deviation"]
    ]
    rows = [(_id(cell), cell.verdict["verdict"], plain(label(cell)), _short(cell)) for cell in bad[:MOST]]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for cell, row in zip(bad, rows, strict=False):
        told = "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=False))
        yield f"{told}  {row[3]}"
        yield f"    {page}#/cell/{cell.anchor}"
    if len(bad) > MOST:
        yield f"and {len(bad) - MOST} more: {page}#/?verdict=attention&known=new"


def _id(cell: Cell) -> str:
    return cell.verdict.get("part") or cell.verdict["requirement"] or "suite"


def _short(cell: Cell) -> str:
    reason = " ".join(plain(cell.verdict["reason"]).split())
    return reason if len(reason) <= _REASON else f"{reason[: _REASON - 1]}…"
