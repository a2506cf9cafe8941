"""Who works with whom: one square for each guest on each network. First whether the two work, then how they conform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.judging.verdict import Outcome
from reports.document.cells import Cell, worst_first
from reports.document.compliance import VERDICTS
from reports.site.working import MARKS

#: The roles that make a network, in the order of its name.
NETWORK = ("router", "dhcpv6-server", "relay")
#: A guest, and somebody in each of these.
NEEDED = frozenset({"guest", "router", "dhcpv6-server"})
#: Cells that one verdict has for all plays of a program are of no pair.
EVERY_PLAY = "every-play"
#: Verdicts that say how far the two conform.
TELLING = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


@dataclass
class Square:
    """All cells of one guest on one network. `marks` counts, for each, the plays that got it and all that tried it."""

    cells: list[Cell] = field(default_factory=list)
    marks: dict[str, list[int]] = field(default_factory=dict)
    shown_by: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """How many of which verdict."""
        return Counter(cell.verdict["verdict"] for cell in self.cells)

    @property
    def judged(self) -> int:
        """How many cells say how far the two conform."""
        return sum(self.counts[word] for word in TELLING)

    def add(self, cell: Cell, marks: Mapping[str, bool], new: bool) -> None:
        """Take a cell; `marks` are those of its play, which count once, with the first cell of it."""
        self.cells.append(cell)
        if not new:
            return
        for name, got in marks.items():
            tally = self.marks.setdefault(name, [0, 0])
            tally[0] += got
            tally[1] += 1
            if name not in self.shown_by or not got:
                self.shown_by[name] = cell.anchor

    def as_json(self) -> dict[str, Any]:
        """What the page needs: the marks in order, counts, and where a click leads."""
        counts = self.counts
        return {
            "marks": [[*self.marks[name], self.shown_by[name]] if name in self.marks else None for name in MARKS],
            "counts": [counts[word] for word in VERDICTS],
            "judged": self.judged,
            "passed": counts[Outcome.PASS],
            "worst": worst_first(self.cells)[0].anchor,
        }


def squares(cells: Iterable[Cell], marks: Mapping[str, Mapping[str, bool]]) -> dict[str, Any] | None:
    """The grid of all cells that a guest and a whole network played; None when there is nothing to compare.

    `marks` are those of each play, by the recording's name.
    """
    found: dict[tuple[str, str], Square] = {}
    seen: set[str] = set()
    for cell in cells:
        verdict = cell.verdict
        who = {role: each["name"] for role, each in verdict["implementations"].items()}
        if not who.keys() >= NEEDED or verdict["cloud"] is not None or verdict.get("party") == "model":
            continue
        if verdict["scenario"] == EVERY_PLAY:
            continue
        network = " + ".join(dict.fromkeys(who[role] for role in NETWORK if role in who))
        play = verdict["recording"] or ""
        found.setdefault((who["guest"], network), Square()).add(cell, marks.get(play, {}), play not in seen)
        seen.add(play)
    guests, networks = sorted({guest for guest, _ in found}), sorted({network for _, network in found})
    if len(guests) < 2 or len(networks) < 2:
        return None
    rows = [[found[guest, network].as_json() if (guest, network) in found else None for network in networks]
            for guest in guests]  # fmt: skip
    return {"marks": MARKS, "guests": guests, "networks": networks, "rows": rows}
