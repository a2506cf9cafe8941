"""The paragraph at the end of a run about what was declined: every "I do not play this" is shown and counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.plugin.ending import TALLY


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A paragraph for each program that declined."""
    for line in declined_lines(config.stash[TALLY].cells.values()):
        terminalreporter.write_line(line)


def declined_lines(cells: Iterable[dict[str, Any]]) -> list[str]:
    """`NAME declined N plays; M verdicts are not applicable: ...`, one for each name and role."""
    plays: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    others: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in cells:
        said = cell.get("declined")
        if said:
            key = said["name"], said["role"]
            plays[key][cell["scenario"]] += 1
            ids[key].add(cell["recording"])
            others[key].update(said["others"])
    return [_sentence(*key, len(ids[key]), counted, sorted(others[key])) for key, counted in plays.items()]


def _sentence(name: str, role: str, plays: int, counted: Counter[str], others: list[str]) -> str:
    scenarios = ", ".join(f"{scenario} ({number})" for scenario, number in sorted(counted.items()))
    who = f"; {', '.join(others)} would play {role} there" if others else f"; nobody else here would play {role} there"
    verdicts = counted.total()
    return (f"declined: {name} does not play {plays} play{'' if plays == 1 else 's'};"
            f" {verdicts} {'verdict is' if verdicts == 1 else 'verdicts are'} not applicable: {scenarios}{who}")
