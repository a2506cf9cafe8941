"""From what was seen to evidence: one line that a reader understands without opening the recording."""

from __future__ import annotations

from functools import lru_cache

from conformance.judging.telling import told
from conformance.judging.verdict import Evidence, Seen
from fixtures.recording.model import Frame, KernelEvent, Mark, Snapshot
from fixtures.recording.views.base import View

#: Several checks cite the same frame.
_told = lru_cache(maxsize=1 << 16)(told)

#: Fields of a kernel event that tell most, in the order in which they are told.
_TELLING = ("local", "prefixlen", "dst", "gateway", "lladdr", "state", "flags", "operstate")


def cited(seen: Seen, text: str = "") -> Evidence:
    """The evidence for one frame (or its view), kernel event, snapshot or mark; `text` replaces the description."""
    if isinstance(seen, View):
        seen = seen.frame
    if isinstance(seen, Frame):
        return Evidence("frame", seen.node, seen.interface, seen.number, seen.time, text or _told(seen))
    if isinstance(seen, KernelEvent):
        interface = seen.fields.get("ifname") or seen.fields.get("dev")
        return Evidence("event", seen.node, interface, None, seen.time, text or _event(seen))
    if isinstance(seen, Snapshot):
        return Evidence("snapshot", seen.node, None, None, seen.time, text or f"kernel state at {seen.name!r}")
    return Evidence("mark", None, None, None, seen.time, text or _mark(seen))


def _event(event: KernelEvent) -> str:
    fields = [f"{key} {_value(event.fields[key])}" for key in _TELLING if event.fields.get(key) not in (None, [], "")]
    return f"{event.kind} {'added or changed' if event.action == 'new' else 'gone'}: {', '.join(fields)}"


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _mark(mark: Mark) -> str:
    fields = ", ".join(f"{key}={value}" for key, value in mark.fields.items())
    return f"{mark.name}: {fields}" if fields else mark.name
