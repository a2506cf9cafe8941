"""The first page: how many of which verdict, what to look at, and what this run did not see."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from reports.document.compliance import VERDICTS, Compliance, Figure, Requirement, is_stale
from reports.matrix import Cell, cast, ordered, worst_first

#: Verdicts that somebody has to look at.
ALARMING = ("error", "fail", "flaky", "inconclusive", "warn")


@dataclass(frozen=True)
class Group:
    """Cells with one verdict, one requirement and one reason."""

    requirement: str
    verdict: str
    reason: str
    known: bool
    cells: list[Cell]


@dataclass(frozen=True)
class Blind:
    """One blind spot: what was not seen, how often, why, and where to read on."""

    title: str
    count: int
    meaning: str
    groups: list[Group]
    requirements: list[Requirement]


@dataclass(frozen=True)
class Measure:
    """One figure for one cast: the middle of all its values."""

    name: str
    unit: str
    who: str
    values: list[float]
    share: float

    @property
    def middle(self) -> float:
        """The median."""
        ranked = sorted(self.values)
        half = len(ranked) // 2
        return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def counts(cells: list[Cell]) -> list[tuple[str, int]]:
    """How many cells have which verdict, worst first; zeros are said too."""
    counted = Counter(cell.verdict["verdict"] for cell in cells)
    return [(word, counted[word]) for word in VERDICTS]


def alarms(cells: list[Cell]) -> list[Group]:
    """What somebody has to look at, the worst first; also a deviation that is listed and no longer there."""
    return _groups(each for each in cells if each.verdict["verdict"] in ALARMING or is_stale(each.verdict))


def _groups(cells: Iterable[Cell]) -> list[Group]:
    """Cells with the same requirement, verdict and reason together, the worst first."""
    found: dict[tuple[str, str, str, bool], list[Cell]] = defaultdict(list)
    for cell in worst_first(cells):
        verdict = cell.verdict
        known = bool(verdict["known_deviation"])
        found[verdict["requirement"] or "suite", verdict["verdict"], verdict["reason"], known].append(cell)
    return [Group(*key, cells=same) for key, same in found.items()]


def blind_spots(document: Compliance, cells: list[Cell]) -> list[Blind]:
    """What this run cannot vouch for. An empty list means that there is none."""
    judged = {cell.verdict["requirement"] for cell in cells}
    requirements, run = document["requirements"], document["run"]
    unchecked = [each for each in requirements if each.get("checks") == [] and each["id"] not in judged]
    unproved = [each for each in requirements if any(check["mutants"] == 0 for check in each.get("checks") or ())]
    asleep = [each for each in requirements if each.get("checks") and each["id"] not in judged]
    missing = max(0, run.get("selected", 0) - len(cells))
    found = [
        Blind("stopped early", missing, run.get("stopped") or "cells that were asked for have no verdict", [], []),
        _verdicts(cells, "not-run", "too slow for an ordinary run, or a program that is not installed"),
        _declined(cells),
        _verdicts(cells, "inconclusive", "the stimulus did not take place, or the machine was too late to tell"),
        _verdicts(cells, "error", "the suite or a program broke, so nothing is known"),
        _verdicts(cells, "flaky", "repeated plays disagree"),
        Blind("unproved", len(unproved), "a check without a mutant: nobody has shown that it can fail", [], unproved),
        Blind("not selected", len(asleep), "a check exists, but this run did not ask for it", [], asleep),
        Blind("without a check", len(unchecked), "in the catalogue, but nothing judges it yet", [], unchecked),
    ]
    return [each for each in found if each.count]


def measures(figures: list[Figure]) -> list[Measure]:
    """The figures by name and cast; `share` is the part of the largest value of that name, for a bar."""
    found: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for each in figures:
        parties = each["implementations"]
        names = (f"{parties[role]['name']} {parties[role]['version']}".strip() for role in ordered(parties))
        who = ", ".join(dict.fromkeys(names))
        found[each["name"], each["unit"], who].append(float(each["value"]))
    top: dict[str, float] = defaultdict(float)
    for (name, unit, _), values in found.items():
        top[name + unit] = max(top[name + unit], *map(abs, values))
    return [
        Measure(name, unit, who, values, max(map(abs, values)) / top[name + unit] if top[name + unit] else 0.0)
        for (name, unit, who), values in sorted(found.items())
    ]


def programs(cells: list[Cell]) -> list[tuple[str, str, str, Counter[str]]]:
    """Role, name and version of everybody who took part, with the verdicts about them."""
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for cell in cells:
        parties = cell.verdict["implementations"]
        for role in ordered(parties):
            about = found[role, parties[role]["name"], parties[role]["version"]]
            if cell.verdict["role"] in (role, None):
                about[cell.verdict["verdict"]] += 1
    return [(*key, about) for key, about in sorted(found.items())]


def label(cell: Cell) -> str:
    """Who took part, in one line."""
    return " + ".join(dict.fromkeys(cast(cell.verdict))) or cell.verdict["test"]


def _declined(cells: list[Cell]) -> Blind:
    same = [each for each in cells if each.verdict.get("declined")]
    meaning = "a program said, when it was started, that it does not play this"
    return Blind("declined", len(same), meaning, _groups(same), [])


def _verdicts(cells: list[Cell], word: str, meaning: str) -> Blind:
    same = [each for each in cells if each.verdict["verdict"] == word]
    return Blind(word, len(same), meaning, _groups(same), [])
