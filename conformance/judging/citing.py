"""From what was seen to evidence: one line that a reader understands without opening the recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conformance.judging.verdict import Evidence, Seen
from fixtures.recording.model import Frame, KernelEvent, Mark, Recording, Snapshot

#: Fields of a kernel event that tell most, in the order in which they are told.
_TELLING = ("local", "prefixlen", "dst", "gateway", "lladdr", "state", "flags", "operstate")


def cited(seen: Seen, text: str = "") -> Evidence:
    """The evidence for one frame, kernel event, snapshot or mark; `text` replaces the description made here."""
    if isinstance(seen, Frame):
        return Evidence("frame", seen.node, seen.interface, seen.number, seen.time, text or _frame(seen))
    if isinstance(seen, KernelEvent):
        interface = seen.fields.get("ifname") or seen.fields.get("dev")
        return Evidence("event", seen.node, interface, None, seen.time, text or _event(seen))
    if isinstance(seen, Snapshot):
        return Evidence("snapshot", seen.node, None, None, seen.time, text or f"kernel state at {seen.name!r}")
    return Evidence("mark", None, None, None, seen.time, text or _mark(seen))


def without(recording: Recording, evidence: Iterable[Evidence]) -> Recording:
    """The recording as if what is cited had not been seen: a check that passed on it must not pass any more."""
    gone = {(each.kind, each.node, each.frame, each.time) for each in evidence}

    def kept(seen: Seen) -> bool:
        entry = cited(seen, "-")
        return (entry.kind, entry.node, entry.frame, entry.time) not in gone

    return replace(
        recording,
        frames=tuple(filter(kept, recording.frames)),
        events=tuple(filter(kept, recording.events)),
        snapshots=tuple(filter(kept, recording.snapshots)),
        marks=tuple(filter(kept, recording.marks)),
    )


def _frame(frame: Frame) -> str:
    # Scapy takes half a second to import: only where frames are described.
    from scapy.layers import dhcp6, inet, inet6  # noqa: F401, Ether knows the layers that are loaded
    from scapy.layers.l2 import Ether

    way = "sent" if frame.outgoing else "received"
    return f"{way}: {Ether(frame.data).summary()}".replace("Ether / ", "", 1)


def _event(event: KernelEvent) -> str:
    told = [f"{key} {_value(event.fields[key])}" for key in _TELLING if event.fields.get(key) not in (None, [], "")]
    return f"{event.kind} {'added or changed' if event.action == 'new' else 'gone'}: {', '.join(told)}"


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _mark(mark: Mark) -> str:
    told = ", ".join(f"{key}={value}" for key, value in mark.fields.items())
    return f"{mark.name}: {told}" if told else mark.name
