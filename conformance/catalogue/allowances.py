"""Cells that may be inconclusive without making the run red: data, each with its reason, always printed and counted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.catalogue.datafiles import BadData, entries, nearest, read
from conformance.catalogue.deviations import matches
from conformance.catalogue.requirements import Catalogue, catalogue, named_parts

FILE = Path(__file__).parent / "allowed_inconclusive.toml"

_KEYS: dict[str, type] = {"requirement": str, "parts": list, "tests": list, "reason": str}


@dataclass(frozen=True)
class Allowance:
    """One requirement whose cells (globs over test ids, of these parts or of all) may be inconclusive, and why."""

    requirement: str
    tests: tuple[str, ...]
    reason: str
    parts: tuple[str, ...] = ()


@cache
def allowances() -> tuple[Allowance, ...]:
    """The project's own allowances. Raises BadData."""
    return load(FILE, catalogue())


def allowance_for(requirement: str, part: str | None, test: str) -> Allowance | None:
    """The allowance that covers a cell, or None."""
    for each in allowances():
        if each.requirement == requirement and (not each.parts or part in each.parts):
            if any(matches(test, glob) for glob in each.tests):
                return each
    return None


def load(path: Path, known: Catalogue) -> tuple[Allowance, ...]:
    """The allowances of a file. Raises BadData."""
    found = []
    for row in entries(path, read(path), "allowed", _KEYS, optional=("parts",)):
        id = row["requirement"]
        if id not in known.requirements:
            raise BadData(f"{path.name}: {id}: no such requirement{nearest(id, known.requirements)}")
        parts = named_parts(f"{path.name}: {id}", known.requirements[id], row.get("parts", ()))
        if not row["tests"] or not row["reason"].strip():
            raise BadData(f"{path.name}: {id}: `tests` and `reason` must not be empty")
        found.append(Allowance(id, tuple(map(str, row["tests"])), row["reason"], parts))
    return tuple(found)
