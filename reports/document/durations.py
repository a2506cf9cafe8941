"""How long plays last, from the recordings of reports; conformance/selection/durations.toml balances shards by it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median

from conformance.catalogue.datafiles import BadData
from conformance.selection.sharding import FILE, USUAL, durations_in
from fixtures.names import product_of
from reports.document.recordings import FOLDER, manifest
from reports.errors import ReportError, because
from reports.output import write_whole

#: An implementation has an entry of its own where its plays last so many times longer or shorter than all.
APART = 1.5

_HEAD = """\
# Seconds that plays last, by scenario and, where one differs much, by implementation. Shards are balanced by it; a
# scenario that is not here counts with its own `length`. Written by: python -m reports durations DIRECTORY...
"""


def write(reports: Iterable[Path], into: Path = FILE) -> Path:
    """Write the file from the recordings of these reports; a scenario of which they have none keeps its entry.

    Raises ReportError.
    """
    played: dict[str, list[tuple[frozenset[str], float]]] = defaultdict(list)
    for report in reports:
        found = [manifest(entry) for entry in sorted((report / FOLDER).glob("*"))]
        healthy = [each for each in found if each and not each.get("error") and not each.get("mutant")]
        if not healthy:
            raise ReportError(f"{report} has no recordings; name the directory of a report that was played.")
        for each in healthy:
            who = frozenset(product_of(program["name"]) for program in each["play"]["implementations"].values())
            played[each["play"]["scenario"]].append((who, each["duration_ns"] / 1e9))
    entries = {**_durations_in(into), **{name: _entry(plays) for name, plays in played.items()}}
    lines = [f"{name} = {_row(entry)}\n" for name, entry in sorted(entries.items())]
    try:
        write_whole(into, _HEAD + "\n" + "".join(lines))
    except OSError as error:
        raise because(error, "cannot write", into) from error
    return into


def _durations_in(file: Path) -> Mapping[str, Mapping[str, float]]:
    """What the file says now; nothing where there is none."""
    try:
        return durations_in(file) if file.exists() else {}
    except BadData as error:
        raise ReportError(str(error)) from error


def _entry(plays: list[tuple[frozenset[str], float]]) -> dict[str, float]:
    """The usual duration, and those of implementations that differ."""
    usual = median(seconds for _, seconds in plays)
    entry = {USUAL: usual}
    for name in sorted(frozenset().union(*(who for who, _ in plays))):
        own = median(seconds for who, seconds in plays if name in who)
        if not usual / APART <= own <= usual * APART:
            entry[name] = own
    return entry


def _row(entry: Mapping[str, float]) -> str:
    return "{" + ", ".join(f"{json.dumps(name) if not name.isidentifier() else name} = {seconds:.0f}"
                           for name, seconds in entry.items()) + "}"  # fmt: skip
