"""The end of a run on captures: for each party what was judged, and what was not and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.judging.verdict import Outcome
from conformance.plugin.ending import TALLY

_WORST_FIRST = (Outcome.ERROR, Outcome.FAIL, Outcome.FLAKY, Outcome.WARN, Outcome.PASS, Outcome.INCONCLUSIVE,
                Outcome.NOT_APPLICABLE)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A paragraph for each party, and one about what no capture tells."""
    if config.getoption("pcap"):
        for line in capture_lines(config.stash[TALLY].cells.values()):
            terminalreporter.write_line(line)


def capture_lines(cells: Iterable[dict[str, Any]]) -> list[str]:
    """The lines of the summary; parties of whom the same is to be told share theirs."""
    parties: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    absent: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        if cell["verdict"] == Outcome.NOT_RUN:
            absent[cell["reason"]].append(cell["requirement"])
        else:
            reason = cell["reason"].removesuffix(f"; {cell['captured']}")
            for role, each in cell["implementations"].items():
                capture = f"{cell['recording']}, {cell['captured']}"
                parties[capture, role, each["name"]].append({**cell, "reason": reason})
    alike: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (capture, role, name), mine in parties.items():
        alike[capture, role, tuple(_party(mine, name))].append(name)
    lines = []
    for (capture, role, words), names in alike.items():
        who = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        lines += [f"{capture}: {role} {who}: {line}" for line in words]
    return lines + [f"not judged: {reason}: {in_ranges(ids)}" for reason, ids in absent.items()]


def in_ranges(ids: Iterable[str]) -> str:
    """Requirements in a few words: three and more that follow each other are one range, `ACL-01 to -10`."""
    runs: list[list[str]] = []
    for id in sorted(set(ids)):
        family, _, number = id.rpartition("-")
        if runs and runs[-1][-1] == f"{family}-{int(number) - 1:02}":
            runs[-1].append(id)
        else:
            runs.append([id])
    words = [[f"{run[0]} to -{run[-1].rpartition('-')[2]}"] if len(run) > 2 else run for run in runs]
    return ", ".join(word for each in words for word in each)


def _party(cells: list[dict[str, Any]], name: str) -> list[str]:
    """What was judged of a party, in one line, each requirement by its worst verdict; what was not, in another."""
    worst: dict[str, str] = {}
    for cell in sorted(cells, key=lambda cell: _WORST_FIRST.index(cell["verdict"])):
        worst.setdefault(cell["requirement"], cell["verdict"])
    judged: dict[str, list[str]] = defaultdict(list)
    unjudged: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        if worst.get(cell["requirement"]) == cell["verdict"]:
            reason = cell["reason"].replace(name, "it")
            group = unjudged[reason] if cell["verdict"] == Outcome.INCONCLUSIVE else judged[cell["verdict"]]
            group.append(cell["requirement"])
    words = "; ".join(f"{verdict} {', '.join(dict.fromkeys(judged[verdict]))}" for verdict in _WORST_FIRST
                      if judged[verdict])
    lines = [words or "nothing could be judged"]
    if unjudged:
        reasons = "; ".join(f"{', '.join(dict.fromkeys(ids))} ({reason})" for reason, ids in unjudged.items())
        lines.append(f"could not judge {reasons}")
    return lines
