"""No cell got lost when requirements got parts: each is there still, or split into those that took its place."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.selection.casting import Selection, alone, casts
from conformance.selection.cells import cells
from conformance.selection.declared import declared_checks
from conformance.selection.lineup import lineup
from fixtures.implementations.registry import all_implementations

FOLDER = Path(__file__).parent / "split"
#: Requirement, test and verdict of every cell of a default run before there were parts.
BEFORE = [tuple(line.split("\t")) for line in (FOLDER / "cells-before.tsv").read_text().splitlines()]
#: Old check -> new check -> the parts that it judges in its place.
SPLIT: Mapping[str, Mapping[str, list[str]]] = tomllib.loads((FOLDER / "parts.toml").read_text())


@pytest.fixture(scope="module")
def now() -> Mapping[tuple[str, str, str], set[str]]:
    """The ids of today's cells of a default run, without their parts, by requirement, check and part."""
    selection, found = Selection({}, all_implementations(), lineup()), defaultdict(set)
    for check in declared_checks():
        for cell in cells(check, lambda scenario: casts(scenario.roles, selection, alone(scenario, selection))):
            ending = f"-{check.part}" if check.part else ""
            found[check.requirement, check.name, check.part or ""].add(cell.id.removesuffix(ending))
    return found


def test_every_cell_is_there_or_split(now: Mapping[tuple[str, str, str], set[str]]) -> None:
    lost = [(requirement, test) for requirement, test, _ in BEFORE if not successors(requirement, test, now)]
    assert lost == []
    assert len(BEFORE) == 855


def successors(requirement: str, test: str, now: Mapping[tuple[str, str, str], set[str]]) -> list[str]:
    """The cells that judge today what a cell judged: with the same cast, or in the same play."""
    name, _, rest = test.removesuffix("]").partition("[")
    parts = SPLIT.get(name, {name: [""]})
    return [f"{check}[{id}-{key}]" for check, keys in parts.items() for key in keys
            for id in now.get((requirement, check, key), ()) if f"-{rest}".endswith(f"-{id}")]


def test_every_part_of_the_table_is_judged(now: Mapping[tuple[str, str, str], set[str]]) -> None:
    judged = {(check, part) for _, check, part in now}
    assert {(check, key) for parts in SPLIT.values() for check, keys in parts.items() for key in keys} <= judged
