"""data/*.js: a recording with the details of the cells that it decided, loaded when one of them is opened.

A page that lies in a file may not fetch, but it may run a script beside it. Each script hands over one text: the base64
of a zlib stream of three parts, each with its length before it (4 bytes, big-endian): JSON that describes the play and
its cells, the lines of its events, and the packets as pcapng.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fixtures.recording.storage import EVENTS, PACKETS, unpacked
from reports.document.cells import Cell
from reports.document.recordings import FOLDER, NAMES, name_of, show_capture

#: zlib's level: 1 packs three times as fast as 6, for a tenth more bytes.
LEVEL = 1
#: Bytes that a page is given of one configuration, of all events and of all packets: more would be slow to load, and
#: the recording itself is beside the report.
LONGEST_CONFIGURATION, MOST_EVENTS, MOST_PACKETS = 40_000, 8_000_000, 8_000_000

_STALL = b'{"what":"stall"'


@dataclass(frozen=True)
class Recorded:
    """What a page is given of a recording. `place` is where its packets lie, seen from the report's directory."""

    place: str | None = None
    head: Mapping[str, Any] | None = None
    configurations: Mapping[str, str] = field(default_factory=dict)
    events: bytes = b""
    packets: bytes = b""


def recorded_play(base: Path, recording: str | None) -> Recorded:
    """A verdict's recording; an empty one where there is none, or where it is gone."""
    if not recording:
        return Recorded()
    place = base / FOLDER / name_of(recording)
    if place.is_file():
        head, packets = show_capture(place)
        return Recorded(str(place.relative_to(base)), head, packets=packets[:MOST_PACKETS])
    try:
        head = json.loads((place / "recording.json").read_bytes())
        packets, events = (unpacked(lambda file: (place / file).read_bytes(), name) for name in (PACKETS, EVENTS))
    except (OSError, ValueError, EOFError, zlib.error):
        return Recorded()
    lines = [line for line in events[:MOST_EVENTS].splitlines() if not line.startswith(_STALL)]
    configurations = _configurations(place, head.pop("configurations", ()))
    head.pop("files", None)
    head["started"] = str(head.get("started_ns", 0))  # more digits than a number has in JavaScript
    found = str(next(file for name in NAMES if (file := place / name).exists()).relative_to(base))
    return Recorded(found, head, configurations, b"\n".join(lines), packets if len(packets) <= MOST_PACKETS else b"")


def play_text(cells: Sequence[Cell], play: Recorded) -> str:
    """The text that a play's script hands over."""
    told = {
        "cells": {cell.anchor: cell.verdict for cell in cells},
        "place": play.place,
        "head": play.head,
        "configurations": play.configurations,
    }
    parts = (json.dumps(told, separators=(",", ":")).encode(), play.events, play.packets)
    data = b"".join(struct.pack(">I", len(part)) + part for part in parts)
    return base64.b64encode(zlib.compress(data, LEVEL)).decode()


def script(key: str, text: str) -> str:
    """The script that hands a play over."""
    return f'Sextant.deliver({json.dumps(key)},"{text}");\n'


def _configurations(place: Path, names: Sequence[str]) -> Mapping[str, str]:
    found = {}
    for name in names:
        try:
            text = (place / "configurations" / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        found[name] = text[:LONGEST_CONFIGURATION]
    return found
