"""The cells of a run: verdicts with addresses that stay from run to run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reports.document.compliance import READING_ORDER, VERDICTS, Implementation, Verdict

Cast = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One verdict. `anchor` is its stable name in the page's address, in histories and in other formats."""

    anchor: str
    verdict: Verdict


def named_cells(verdicts: Iterable[Verdict]) -> list[Cell]:
    """The verdicts with their anchors: made of what a cell is about, so they stay from run to run."""
    taken: Counter[str] = Counter()
    cells = []
    for verdict in verdicts:
        test, _, cell = verdict["test"].rpartition("::")[2].rstrip("]").partition("[")
        words = [verdict["requirement"] or "suite", test.removeprefix("test_"), cell, verdict["cloud"] or ""]
        anchor = ".".join(re.sub(r"[^a-z0-9-]+", "-", word.lower()).strip("-") for word in words if word)
        taken[anchor] += 1
        cells.append(Cell(anchor if taken[anchor] == 1 else f"{anchor}.{taken[anchor]}", verdict))
    return cells


def worst_first(cells: Iterable[Cell]) -> list[Cell]:
    """The cells, the reddest verdicts first; known deviations after the other failures."""
    return sorted(
        cells, key=lambda cell: (VERDICTS.index(cell.verdict["verdict"]), bool(cell.verdict["known_deviation"]))
    )


def roles_in_order(implementations: Mapping[str, Implementation]) -> tuple[str, ...]:
    """The roles that took part, in the order in which a reader expects them."""
    rank = {role: place for place, role in enumerate(READING_ORDER)}
    return tuple(sorted(implementations, key=lambda role: rank.get(role, len(rank))))


def cast(verdict: Verdict) -> Cast:
    """The names of who took part, in the order of their roles."""
    return tuple(verdict["implementations"][role]["name"] for role in roles_in_order(verdict["implementations"]))


def label(cell: Cell) -> str:
    """Who took part, in one line."""
    return " + ".join(dict.fromkeys(cast(cell.verdict))) or cell.verdict["test"]
