"""The end of a run on captures: for each party what was judged, and what was not and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from conformance.judging.verdict import Outcome
from conformance.plugin.desk import DESK
from conformance.plugin.ending import TALLY


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A paragraph for each party, and one about what no capture tells."""
    if config.stash[DESK].captures is not None:
        for line in told(config.stash[TALLY].cells.values()):
            terminalreporter.write_line(line)


def told(cells: Iterable[dict[str, Any]]) -> list[str]:
    """The lines of the summary."""
    parties: dict[str, list[dict[str, Any]]] = defaultdict(list)
    absent: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        if cell["verdict"] == Outcome.NOT_RUN:
            absent[cell["reason"]].append(cell["requirement"])
        else:
            who = " and ".join(f"{role} {each['name']}" for role, each in cell["implementations"].items())
            parties[f"{cell['recording']}: {who}"].append(cell)
    lines = [line for party, mine in parties.items() for line in _party(party, mine)]
    return lines + [f"not judged: {reason}: {', '.join(sorted(set(ids)))}" for reason, ids in absent.items()]


def _party(party: str, cells: list[dict[str, Any]]) -> list[str]:
    """What was judged of a party, in one line; what could not be judged, in another."""
    judged: dict[str, list[str]] = defaultdict(list)
    open_: dict[str, list[str]] = defaultdict(list)
    for cell in cells:
        if cell["verdict"] == Outcome.INCONCLUSIVE:
            open_[cell["reason"]].append(cell["requirement"])
        else:
            judged[cell["verdict"]].append(cell["requirement"])
    words = "; ".join(f"{verdict} {', '.join(dict.fromkeys(ids))}" for verdict, ids in sorted(judged.items()))
    lines = [f"{party}: {words or 'nothing could be judged'}"]
    if open_:
        reasons = "; ".join(f"{', '.join(dict.fromkeys(ids))} ({reason})" for reason, ids in open_.items())
        lines.append(f"{party}: could not judge {reasons}")
    return lines
