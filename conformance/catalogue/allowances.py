"""Cells that may be inconclusive without making the run red: data, each with its reason, always printed and counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.catalogue.datafiles import BadData, entries, nearest, read
from conformance.catalogue.deviations import matches
from conformance.catalogue.requirements import Catalogue, catalogue

FILE = Path(__file__).parent / "allowed_inconclusive.toml"

_KEYS: dict[str, type] = {"requirement": str, "tests": list, "reason": str}


@dataclass(frozen=True)
class Allowance:
    """One requirement whose cells (globs over test ids) may be inconclusive, and why."""

    requirement: str
    tests: tuple[str, ...]
    reason: str


@cache
def allowances() -> tuple[Allowance, ...]:
    """The project's own allowances. Raises BadData."""
    return load(FILE, catalogue())


def allowed(requirement: str, test: str) -> Allowance | None:
    """The allowance that covers a cell, or None."""
    for each in allowances():
        if each.requirement == requirement and any(matches(test, glob) for glob in each.tests):
            return each
    return None


def load(path: Path, known: Catalogue) -> tuple[Allowance, ...]:
    """The allowances of a file. Raises BadData."""
    found = []
    for row in entries(path, read(path), "allowed", _KEYS):
        id = row["requirement"]
        if id not in known.requirements:
            raise BadData(f"{path.name}: {id}: no such requirement{nearest(id, known.requirements)}")
        if not row["tests"] or not row["reason"].strip():
            raise BadData(f"{path.name}: {id}: `tests` and `reason` must not be empty")
        found.append(Allowance(id, tuple(map(str, row["tests"])), row["reason"]))
    return tuple(found)
