"""What was declined at play time: a program that answers "I do not play this" is shown and counted, never hidden.

Otherwise a column could be made clean by declining whatever would fail.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.selection.cells import Cell
from fixtures.names import product_of
from fixtures.programs.base import Implementation
from fixtures.recording.model import Recording
from fixtures.stagecraft.base import Scenario


def decline_of(cell: Cell[Scenario], recording: Recording,
               known: Mapping[str, Implementation]) -> dict[str, Any] | None:
    """Who of the cast declined the play when it was started, in which role, and who else here plays that role of it."""
    if recording.declined is None:
        return None
    for role, name in cell.cast.items():
        if recording.declined.name == name:
            return {"name": name, "role": role, "others": sorted(_others(cell, role, name, known))}
    return None


def _others(cell: Cell[Scenario], role: str, name: str, known: Mapping[str, Implementation]) -> Iterator[str]:
    situation, alone = cell.scenario.situation(), cell.scenario.players.get(role)
    for other, who in known.items():
        if role in who.roles and other != name and not who.missing() and (alone is None or product_of(other) in alone):
            if who.declines(situation, frozenset({role})) is None:
                yield other
