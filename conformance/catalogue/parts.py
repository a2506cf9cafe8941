"""Parts: the independent stimuli of a requirement, each with an id of its own (`RA-11.code`), as data beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.catalogue.datafiles import BadData, entries, nearest, one_of
from conformance.catalogue.words import LEVELS

_KEYS: dict[str, type] = {"id": str, "text": str, "source": str, "level": str, "reference": list}
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Part:
    """What a requirement says of one stimulus: it has a check, a cell, a verdict and a mutant of its own.

    `level` is the requirement's where the file names no other (a SHOULD inside a MUST). `reference` tells where other
    test suites judge the same (`IPv6 Ready host ND-19`).
    """

    id: str
    text: str
    source: str
    level: str
    reference: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the id has behind the dot; no other part of the requirement has it."""
        return self.id.partition(".")[2]


def parts_in(path: Path, data: Mapping[str, Any], levels: Mapping[str, str]) -> Iterator[Part]:
    """The parts of a file, whose requirements have these levels by id. Raises BadData."""
    taken: set[str] = set()
    for row in entries(path, data, "part", _KEYS, optional=("level", "reference")):
        where = f"{path.name}: {row['id']}"
        requirement, _, key = row["id"].partition(".")
        if requirement not in levels:
            raise BadData(f"{where}: this file has no requirement {requirement}{nearest(requirement, levels)}")
        if not _KEY.fullmatch(key):
            raise BadData(f"{where}: the id of a part reads {requirement}.<key>, and the key is small letters, digits"
                          " and hyphens")
        if row["id"] in taken:
            raise BadData(f"{where}: this id is taken already")
        taken.add(row["id"])
        for name in ("source", "text"):
            if not row[name].strip():
                raise BadData(f"{where}: `{name}` is empty")
        level = one_of(where, "level", row.get("level", levels[requirement]), LEVELS)
        yield Part(row["id"], row["text"], row["source"], level, tuple(map(str, row.get("reference", ()))))


def by_requirement(parts: Iterable[Part]) -> dict[str, tuple[Part, ...]]:
    """The parts of each requirement, in the order of the file."""
    found: dict[str, tuple[Part, ...]] = {}
    for part in parts:
        requirement = part.id.partition(".")[0]
        found[requirement] = (*found.get(requirement, ()), part)
    return found
