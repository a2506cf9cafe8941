"""What differs between two runs, cell by cell. Cells are told apart by their addresses, which stay from run to run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell, named_cells
from reports.document.compliance import Compliance, Verdict

#: How bad a verdict is. What nobody judged is neither good nor bad: it has no place here.
BADNESS: dict[str, int] = {Outcome.PASS: 0, Outcome.WARN: 2, Outcome.INCONCLUSIVE: 3, Outcome.FLAKY: 3,
                            Outcome.FAIL: 4, Outcome.ERROR: 5}


def badness(verdict: Verdict) -> int | None:
    """How bad a verdict is; a listed deviation is as bad as it was when it was listed: 1. None: nothing was judged."""
    word = verdict["verdict"]
    if word in (Outcome.FAIL, Outcome.WARN) and verdict["known_deviation"]:
        return 1
    return BADNESS.get(word)


@dataclass(frozen=True)
class Change:
    """One cell that differs. `then` and `now` are words, with `known ` before that of a listed deviation.

    `then` is None for a cell that the old run did not judge.
    """

    cell: Cell
    then: str | None
    now: str


@dataclass
class Difference:
    """The changes from one run to another; `same`, `added` and `gone` count cells that need no line."""

    since: str
    until: str
    worse: list[Change] = field(default_factory=list)
    new: list[Change] = field(default_factory=list)
    fixed: list[Change] = field(default_factory=list)
    same: int = 0
    added: int = 0
    gone: int = 0

    @property
    def got_worse(self) -> bool:
        """Whether something got worse; a failure of a cell that the old run did not judge counts."""
        return bool(self.worse or self.new)

    def as_json(self) -> dict[str, Any]:
        """JSON values, for pages: a change is address, then, now."""
        lines = {
            name: [[each.cell.anchor, each.then, each.now] for each in getattr(self, name)]
            for name in ("worse", "new", "fixed")
        }
        return {"since": self.since, **lines, "same": self.same, "added": self.added, "gone": self.gone}


def difference(old: Compliance, new: Compliance) -> Difference:
    """What differs. A cell counts as judged where it has a verdict that says something."""
    before = {cell.anchor: cell.verdict for cell in named_cells(old["verdicts"])}
    found = Difference(old["run"]["started"], new["run"]["started"])
    after = named_cells(new["verdicts"])
    for cell in after:
        _compare(found, cell, before)
    judged = {cell.anchor for cell in after if badness(cell.verdict) is not None}
    found.gone = sum(badness(verdict) is not None and anchor not in judged for anchor, verdict in before.items())
    for changes in (found.worse, found.new, found.fixed):
        changes.sort(key=lambda each: (-(badness(each.cell.verdict) or 0), each.cell.anchor))
    return found


def _compare(found: Difference, cell: Cell, before: Mapping[str, Verdict]) -> None:
    now = badness(cell.verdict)
    if now is None:
        return
    old = before.get(cell.anchor)
    then = badness(old) if old else None
    if old is None or then is None:
        found.added += 1
        if now > 1:
            found.new.append(Change(cell, None, _word(cell.verdict)))
    elif now == then:
        found.same += 1
    else:
        (found.worse if now > then else found.fixed).append(Change(cell, _word(old), _word(cell.verdict)))


def _word(verdict: Verdict) -> str:
    known = bool(verdict["known_deviation"]) and verdict["verdict"] in (Outcome.FAIL, Outcome.WARN)
    return f"{'known ' if known else ''}{verdict['verdict']}"
