"""Who works with whom: one square for each guest on each network, with the verdicts of all that the two played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.document.compliance import VERDICTS
from reports.matrix import Cell, worst_first

#: The roles that make a network, in the order of its name.
NETWORK = ("router", "relay", "dhcpv6-server")
#: A guest, and somebody in each of these.
NEEDED = frozenset({"guest", "router", "dhcpv6-server"})

#: Verdicts that say how the two get on.
TELLING = ("pass", "warn", "fail", "flaky")


@dataclass
class Square:
    """All cells of one guest on one network; `counts` by verdict."""

    cells: list[Cell] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many of which verdict."""
        return Counter(cell.verdict["verdict"] for cell in self.cells)

    @property
    def worst(self) -> Cell:
        """The cell to look at first."""
        return worst_first(self.cells)[0]

    @property
    def judged(self) -> int:
        """How many cells say how the two get on."""
        return sum(self.counts[word] for word in TELLING)

    @property
    def told(self) -> str:
        """The counts in words, worst first."""
        return ", ".join(f"{self.counts[word]} {word}" for word in VERDICTS if self.counts[word])


@dataclass(frozen=True)
class Grid:
    """Guests in rows, networks in columns; the roles of a network's name are those of its parts."""

    guests: list[str]
    networks: list[tuple[str, ...]]
    squares: dict[tuple[str, tuple[str, ...]], Square]


def grid(cells: Iterable[Cell]) -> Grid | None:
    """The grid of all cells that a guest and a whole network played; None when there is nothing to compare."""
    squares: dict[tuple[str, tuple[str, ...]], Square] = {}
    for cell in cells:
        who = {role: each["name"] for role, each in cell.verdict["implementations"].items()}
        if who.keys() >= NEEDED and cell.verdict["cloud"] is None:
            network = tuple(dict.fromkeys(who[role] for role in NETWORK if role in who))
            squares.setdefault((who["guest"], network), Square()).cells.append(cell)
    guests, networks = sorted({guest for guest, _ in squares}), sorted({network for _, network in squares})
    return Grid(guests, networks, squares) if len(guests) > 1 and len(networks) > 1 else None
