"""What the pages read from the recordings beside them: what was played, its packets, how late the machine was."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

from fixtures.captures.parties import judgeable
from fixtures.captures.reader import CaptureError
from fixtures.recording import pcapng
from fixtures.recording.glance import longest_stall
from fixtures.recording.model import Frame, Interface
from fixtures.recording.storage import PACKETS

FOLDER = "recordings"
#: So many frames of a capture are shown: a page has no room for a busy day.
SHOWN = 50_000
#: The names that a recording's packets have, the usual one first.
NAMES = (PACKETS, PACKETS.removesuffix(".gz"))


@dataclass(frozen=True)
class Told:
    """One recording in a reader's words. `capture` is relative to the report's directory; None when it is not there."""

    scenario: str | None
    options: tuple[str, ...]
    capture: str | None


def name_of(recording: str) -> str:
    """The name of a recording inside the report, from an id or a path."""
    return PurePosixPath(recording).name


@lru_cache(maxsize=4096)
def details_of(base: Path, recording: str | None) -> Told | None:
    """What is known of a recording; None when the verdict names none. A recording that is gone tells nothing."""
    if not recording:
        return None
    directory = base / FOLDER / name_of(recording)
    play = manifest(directory).get("play", {})
    given = play.get("options", {}).items()
    options = tuple(f"{key} {value}" for key, value in given if value not in (None, False, ""))
    capture = next((path for path in (*(directory / name for name in NAMES), directory) if path.exists()), None)
    return Told(play.get("scenario"), options, str(capture.relative_to(base)) if capture else None)


def manifest(directory: Path) -> dict[str, Any]:
    """The recording's own description, or nothing when it cannot be read: judging has already said so."""
    try:
        found = json.loads((directory / "recording.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def worst_stall(folder: Path) -> float | None:
    """The longest stall, in seconds, in all the recordings of a folder; None when there is no recording."""
    return max((longest_stall(events.parent) for events in folder.glob("*/events.jsonl*")), default=None)


def show_capture(path: Path) -> tuple[dict[str, Any] | None, bytes]:
    """What a capture of other origin shows: its description, and its frames as pcapng; nothing where it is no capture.

    `numbers` are the frames' numbers in the file, in the order of the pcapng.
    """
    try:
        found = judgeable(path)
    except (CaptureError, OSError):
        return None, b""
    shown = list(islice(found.frames(), SHOWN))
    ends = {link: Interface("wire", link.replace(":", " ") or "wire", "") for _, _, link, _ in shown}
    frames = [
        Frame(number, ns - found.started_ns, "wire", ends[link].name, True, data)
        for number, (_, ns, link, data) in enumerate(shown, 1)
    ]
    head = {
        "capture": path.name,
        "started_ns": found.started_ns,
        "duration_ns": found.ended_ns - found.started_ns,
        "numbers": [number for number, _, _, _ in shown],
        "notes": [*found.notes, *([f"the first {SHOWN} frames are shown"] if len(shown) == SHOWN else [])],
    }
    return head, pcapng.as_pcapng(tuple(ends.values()), tuple(frames), found.started_ns)
