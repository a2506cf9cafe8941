"""docs/platforms.md: what was measured on each platform, and every cell that is not what it is on Debian 12."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from platforms.cells import STATES, Difference, Key, counts, differences, only_there
from platforms.runs import PLAYERS, Result
from reports.document.compliance import Verdict

_HEAD = """\
# Platforms

`script/platforms` wrote this page: it makes a minimal root of each system, runs `script/conformance` in it as root and
as an ordinary user, which installs what is missing, and compares the verdicts with those on {reference}. The kernel
is that of the machine that it ran on ({cores} cores). `set-up` is the time from the minimal root until the first play
could begin, packages fetched included; `wall time` is that of the whole command when everything is there.
"""


@dataclass(frozen=True)
class Played:
    """A platform on the page: what was measured, and the cells of each player's run."""

    title: str
    result: Result
    cells: dict[str, dict[Key, Verdict]] = field(default_factory=dict)


def page(reference: Played, others: list[Played], absent: dict[str, str], cores: int) -> str:
    """The whole page; `absent`: the title of a platform that could not be played, and why."""
    parts = [_HEAD.format(reference=reference.title, cores=cores), _table([reference, *others])]
    parts += [f"{title} was not played: {why}\n" for title, why in absent.items()]
    parts += [_section(reference, other) for other in others]
    parts.append(_players([reference, *others]))
    return "\n".join(part for part in parts if part)


def _table(platforms: list[Played]) -> str:
    """One line for each run. Seconds are those of this host."""
    words = [word for word in STATES if any(_counts(each, who)[word] for each in platforms for who in each.cells)]
    head = ["system", "Python", "set-up", "run as", "wall time", "status", *words]
    lines = [_row(head), _row(["---"] * len(head))]
    for each in platforms:
        result = each.result
        for who, run in result.runs.items():
            numbers = [str(_counts(each, who)[word]) for word in words]
            set_up = f"{result.set_up_s:.0f} s" if result.set_up_s else "-"
            facts = [result.system, result.python, set_up, who, f"{run.wall_s:.0f} s", str(run.status)]
            lines.append(_row([*facts, *numbers]))
    dates = ", ".join(f"{each.title} on {each.result.played}" for each in platforms)
    return "\n".join(lines) + f"\n\nPlayed: {dates} (UTC). A cell that `deviates` fails by a known deviation.\n"


def _section(reference: Played, other: Played) -> str:
    """How one platform differs from the reference, as root; what both players agree in is told once."""
    who = next(who for who in PLAYERS if who in other.cells)
    there = reference.cells.get(who) or next(iter(reference.cells.values()))
    here = other.cells[who]
    found = differences(there, here)
    lines = [f"## {other.title}", ""]
    lines.append(f"{sum(found.values())} of {len(there.keys() & here.keys())} cells differ from {reference.title}.")
    alone, gone = len(only_there(here, there)), len(only_there(there, here))
    if alone or gone:
        lines.append(f"{alone} cells are only here, {gone} only there.")
    return "\n".join([*lines, "", *_differences(found, reference.title)])


def _players(platforms: list[Played]) -> str:
    """Cells in which root and the ordinary user differ; nothing where there are none."""
    parts = []
    for each in platforms:
        if {"root", "user"} <= each.cells.keys():
            found = differences(each.cells["root"], each.cells["user"])
            parts += [f"### {each.title}", "", *_differences(found, "root")] if found else []
    return "\n".join(["## Root and an ordinary user", "", *parts]) if parts else ""


def _differences(found: Counter[Difference], there: str) -> list[str]:
    if not found:
        return []
    lines = [_row(["requirement", "program", there, "here", "cells", "why"]), _row(["---"] * 6)]
    for each in sorted(found, key=lambda one: (STATES.index(one.after), one)):
        lines.append(_row([each.requirement, each.programs, each.before, each.after, str(found[each]), each.reason]))
    return [*lines, ""]


def _counts(each: Played, who: str) -> Counter[str]:
    return counts(each.cells.get(who, {}).values())


def _row(words: list[str]) -> str:
    return "| " + " | ".join(re.sub(r"\s+", " ", word).replace("|", "\\|") for word in words) + " |"
