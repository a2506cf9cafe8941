"""Shards: one run split over machines, by play. What shares a play is judged where it is played.

Every machine splits alike, without asking the others: by what is selected, not by what is installed there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conformance.catalogue.datafiles import BadData, read
from conformance.selection.casting import Cast
from conformance.selection.cells import Cell, Scene
from fixtures.names import product_of

FILE = Path(__file__).with_name("durations.toml")

#: The key of a scenario's entry for everybody who has none of his own.
USUAL = "usual"

_PROJECT = Path(__file__).parents[2]
#: The file in the staging directory by which the machine that judges tells the report what the whole selection was.
NOTE = ".shard"

#: What decides verdicts and report; a shard of another state is not merged.
_SUITE = ("topologies", "fixtures", "conformance", "reports")


class BadShard(ValueError):
    """A shard that cannot be; the text is one sentence."""


@dataclass(frozen=True)
class Shard:
    """Shard `index` (from 1) of `number`."""

    index: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """`I/N`. Raises BadShard."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        shard = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= shard.index <= shard.number:
            raise BadShard(f"--shard {text}: it takes I/N with I from 1 to N, such as 1/4 for the first of four shards")
        return shard

    def __str__(self) -> str:
        return f"{self.index}/{self.number}"


def play_of(cell: Cell[Scene]) -> str:
    """What is played for a cell: equal where, and only where, one recording serves both; programs' versions apart."""
    return json.dumps([cell.scenario.name, cell.scenario.options, sorted(cell.cast.items())], sort_keys=True)


def split(cells: Iterable[Cell[Scene]], shards: int) -> dict[str, int]:
    """The shard of every play, by `play_of`: longest first, each to the shard that has least to do. Raises BadData."""
    seconds = {play_of(cell): expected_seconds(cell.scenario, cell.cast) for cell in cells}
    load = dict.fromkeys(range(1, shards + 1), 0.0)
    found = {}
    for play in sorted(seconds, key=lambda play: (-seconds[play], play)):
        found[play] = least = min(load, key=lambda index: (load[index], index))
        load[least] += seconds[play]
    return found


def expected_seconds(scenario: Scene, cast: Cast) -> float:
    """Seconds that a play lasts: as recorded before, else as its scenario says. Raises BadData."""
    known = durations().get(scenario.name, {})
    own = [known[product_of(name)] for name in cast.values() if product_of(name) in known]
    return max(own) if own else known.get(USUAL, scenario.length)


@cache
def durations() -> Mapping[str, Mapping[str, float]]:
    """Recorded durations in seconds: scenario -> implementation or USUAL -> seconds. Raises BadData.

    `python -m reports durations` writes the file from reports.
    """
    return durations_in(FILE)


def durations_in(file: Path) -> Mapping[str, Mapping[str, float]]:
    """What such a file says. Raises BadData."""
    data = read(file)
    for scenario, entry in data.items():
        if not isinstance(entry, dict) or not all(isinstance(value, (int, float)) for value in entry.values()):
            raise BadData(f"{file.name}: {scenario}: it must be a table of seconds by implementation, not {entry!r}")
    return data


def note_of(staging: Path) -> dict[str, Any] | None:
    """The note of a run: its shard, and what the selection was; None where it is no shard."""
    path = staging / NOTE
    return dict(json.loads(path.read_text())) if path.exists() else None


def selection(tests: Iterable[str], options: Mapping[str, object]) -> str:
    """A digest of what is selected on this host: node ids, and options that decide verdicts."""
    return _digest(json.dumps([sorted(tests), dict(options)], sort_keys=True, default=str).encode())


@cache
def suite() -> str:
    """A digest of the suite's own state: code, catalogue and data. Reports that lie in `reports/` are no part of it."""
    paths = sorted(path for room in _SUITE for path in (_PROJECT / room).rglob("*")
                   if path.suffix in (".py", ".toml", ".json", ".html")
                   and not any(part == "out" or part.startswith(".") for part in path.relative_to(_PROJECT).parts))
    return _digest(b"".join(str(path.relative_to(_PROJECT)).encode() + b"\0" + path.read_bytes() for path in paths))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
