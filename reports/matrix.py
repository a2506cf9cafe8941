"""The matrix: requirements x implementations, one table for each family and set of roles."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reports.document.compliance import ROLES, VERDICTS, Compliance, Implementation, Requirement, Verdict

Cast = tuple[str, ...]


@dataclass(frozen=True)
class Cell:
    """One verdict in the matrix. `anchor` is its stable name in the page's address."""

    anchor: str
    verdict: Verdict


def differences(cells: list[Cell]) -> list[tuple[Cell, str]]:
    """Cells that share one square, each with the part of its test id that tells it from the others."""
    if len(cells) == 1:
        return [(cells[0], "")]
    tests = [
        cell.verdict["test"].rpartition("::")[2].removeprefix("test_").rstrip("]").partition("[") for cell in cells
    ]
    words = [[word for word in re.split(r"[_-]", f"{situation}_{name}") if word] for name, _, situation in tests]
    shared = set.intersection(*map(set, words))
    return [
        (cell, " ".join(word for word in own if word not in shared)) for cell, own in zip(cells, words, strict=True)
    ]


@dataclass
class Row:
    """One requirement, with its cells by column."""

    requirement: Requirement
    cells: dict[Cast, list[Cell]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class Table:
    """Requirements of one family that were judged with the same set of roles; a column is a cast of these roles."""

    roles: tuple[str, ...]
    columns: list[Cast]
    rows: list[Row]


@dataclass
class Family:
    """A family of requirements, with its tables and the count of each verdict."""

    key: str
    title: str
    tables: list[Table]
    counts: Counter[str]


def families(document: Compliance, cells: Iterable[Cell]) -> list[Family]:
    """Every family that has verdicts, in the catalogue's order; what has no requirement comes last."""
    known = {each["id"]: each for each in document["requirements"]}
    titles = document.get("families", {})
    rows: dict[tuple[str, tuple[str, ...]], dict[str, Row]] = defaultdict(dict)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        requirement = known.get(cell.verdict["requirement"] or "") or _unknown(cell.verdict)
        roles = ordered(cell.verdict["implementations"])
        row = rows[requirement["family"], roles].setdefault(requirement["id"], Row(requirement))
        row.cells[cast(cell.verdict)].append(cell)
        counts[requirement["family"]][cell.verdict["verdict"]] += 1
    order = [*dict.fromkeys([*titles, *(each["family"] for each in document["requirements"])])]
    position = {each: number for number, each in enumerate(known)}
    found = []
    for key in sorted(counts, key=lambda key: (order.index(key) if key in order else len(order), key)):
        tables = [_table(roles, list(of.values()), position) for (family, roles), of in rows.items() if family == key]
        tables.sort(key=lambda table: [ROLES.index(role) if role in ROLES else len(ROLES) for role in table.roles])
        found.append(Family(key, titles.get(key, key), tables, counts[key]))
    return found


def named(verdicts: Iterable[Verdict]) -> list[Cell]:
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


def ordered(implementations: Mapping[str, Implementation]) -> tuple[str, ...]:
    """The roles that took part, in the order in which a reader expects them."""
    return tuple(sorted(implementations, key=lambda role: ROLES.index(role) if role in ROLES else len(ROLES)))


def cast(verdict: Verdict) -> Cast:
    """The names of who took part, in the order of their roles."""
    return tuple(verdict["implementations"][role]["name"] for role in ordered(verdict["implementations"]))


def _table(roles: tuple[str, ...], rows: list[Row], position: dict[str, int]) -> Table:
    columns = sorted({column for row in rows for column in row.cells})
    rows.sort(key=lambda row: position.get(row.requirement["id"], len(position)))
    return Table(roles, columns, rows)


def _unknown(verdict: Verdict) -> Requirement:
    """Stands for a requirement that the catalogue does not have, so that its verdict is still shown."""
    return {
        "id": verdict["requirement"] or "suite",
        "level": "",
        "family": "not in the catalogue",
        "role": "",
        "source": "",
        "text": "No requirement of the catalogue: something broke outside the checks.",
        "clouds": [],
    }
