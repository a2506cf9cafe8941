"""The history file: one line of JSON a run, with what changed since the line before. So it grows by kilobytes a night.

    {"started": ..., "command": ..., "counts": {"pass": 900, ...}, "bad": {"ra-11.x.dhcpcd": "fail"}, "good": [...],
     "unjudged": [...]}

`bad` are cells that became so or changed their word; `good` those that are so no more; `unjudged` those that were bad
and that this run said nothing of. A listed deviation has `known ` before its word.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reports.document.cells import Cell, named_cells
from reports.document.compliance import Compliance
from reports.errors import ReportError
from reports.history.difference import badness

FILE = "history.jsonl"
#: So many runs are drawn.
DRAWN = 60


@dataclass
class Bad:
    """A cell that is not right: its word, when that was seen first and last, and how often it came."""

    word: str
    first: str
    last: str
    times: int = 1
    here: bool = True


@dataclass
class Trail:
    """What the lines amount to: all cells that ever were bad, and the lines themselves."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    cells: dict[str, Bad] = field(default_factory=dict)

    def follow(self, line: dict[str, Any]) -> None:
        """Take one more line."""
        when = str(line["started"])
        for anchor, word in line.get("bad", {}).items():
            before = self.cells.get(anchor)
            if before and before.here:
                before.word, before.last = word, when
            elif before:
                self.cells[anchor] = Bad(word, before.first, when, before.times + 1)
            else:
                self.cells[anchor] = Bad(word, when, when)
        for anchor in line.get("good", ()):
            if anchor in self.cells:
                self.cells[anchor].here = False
        unjudged = set(line.get("unjudged", ()))
        for anchor, bad in self.cells.items():
            if bad.here and anchor not in unjudged:
                bad.last = when
        self.lines.append(line)

    def as_json(self) -> dict[str, Any]:
        """For the page: of each bad cell when it was seen first, last and how often; and the runs to draw."""
        seen = {anchor: [bad.first, bad.last, bad.times] for anchor, bad in self.cells.items() if bad.here}
        command = self.lines[-1]["command"] if self.lines else ""
        alike = [line for line in self.lines if line["command"] == command][-DRAWN:]
        runs = [{"started": line["started"], "bad": line["all"], "fresh": line["fresh"]} for line in alike]
        return {"seen": seen, "trend": runs}


def read(path: Path) -> Trail:
    """The trail of a file; an empty one where there is none. Raises ReportError for what is no history."""
    trail = Trail()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return trail
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}; name a history file with --history.") from error
    for number, line in enumerate(text.splitlines(), 1):
        try:
            trail.follow(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReportError(
                f"{path} line {number} is no line of a history; name another file with --history, or remove it."
            ) from error
    return trail


def line_of(document: Compliance, trail: Trail) -> dict[str, Any]:
    """The line of a run, seen from where the trail has got to."""
    cells = named_cells(document["verdicts"])
    now = {cell.anchor: _word(cell) for cell in cells if (badness(cell.verdict) or 0) > 0}
    judged = {cell.anchor for cell in cells if badness(cell.verdict) is not None}
    were = {anchor: bad.word for anchor, bad in trail.cells.items() if bad.here}
    return {
        "started": document["run"]["started"],
        "command": document["run"]["command"],
        "counts": _counts(cells),
        "all": len(now),
        "fresh": sum(not word.startswith("known ") for word in now.values()),
        "bad": {anchor: word for anchor, word in now.items() if were.get(anchor) != word},
        "good": sorted(anchor for anchor in were if anchor in judged and anchor not in now),
        "unjudged": sorted(anchor for anchor in were if anchor not in judged),
    }


def continue_trail(document: Compliance, path: Path) -> Trail:
    """The trail with this run as its last line, once. Raises ReportError."""
    trail = read(path)
    if not trail.lines or trail.lines[-1]["started"] != document["run"]["started"]:
        trail.follow(line_of(document, trail))
    return trail


def as_text(trail: Trail) -> str:
    """The file's text."""
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in trail.lines)


def _word(cell: Cell) -> str:
    return f"{'known ' if cell.verdict['known_deviation'] else ''}{cell.verdict['verdict']}"


def _counts(cells: Iterable[Cell]) -> dict[str, int]:
    return dict(sorted(Counter(cell.verdict["verdict"] for cell in cells).items()))
