"""From what was seen to evidence: one line that a reader understands without opening the recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from fixtures.recording.kernel_text import event_text, snapshot_text
from fixtures.recording.model import Frame, KernelEvent, Mark, Snapshot
from fixtures.recording.views.base import View
from fixtures.recording.views.frames import decode
from fixtures.recording.views.text import one_line

#: Characters of a mark's field that a line has room for.
ROOM = 240

Seen = Frame | View | KernelEvent | Snapshot | Mark
#: Which piece of a recording it is: kind, node, frame number, and seconds since the play's start.
Place = tuple[str, str | None, int | None, float]


@dataclass(frozen=True)
class Evidence:
    """One packet, kernel event, snapshot or mark that decided a verdict. `time` is seconds since the play's start.

    `fields` are those of the packet that the verdict turned on, where it was one of them.
    """

    kind: str
    node: str | None
    interface: str | None
    frame: int | None
    time: float
    text: str
    fields: tuple[str, ...] = field(default=(), compare=False)

    @property
    def place(self) -> Place:
        """Which piece of the recording it is."""
        return self.kind, self.node, self.frame, self.time


def place(seen: Seen) -> Place:
    """The place of the evidence that `evidence_of` makes, without its text."""
    if isinstance(seen, (Frame, View)):
        frame = seen.frame if isinstance(seen, View) else seen
        return "frame", frame.node, frame.number, frame.time
    if isinstance(seen, Mark):
        return "mark", None, None, seen.time
    return "event" if isinstance(seen, KernelEvent) else "snapshot", seen.node, None, seen.time


def evidence_of(seen: Seen) -> Evidence:
    """The evidence for one frame (or its view), kernel event, snapshot or mark."""
    kind, node, number, time = place(seen)
    interface, text = _interface_and_text(seen)
    return Evidence(kind, node, interface, number, time, text)


def _interface_and_text(seen: Seen) -> tuple[str | None, str]:
    """The interface, where there is one, and the text."""
    if isinstance(seen, View):
        seen = seen.frame
    if isinstance(seen, Frame):
        return seen.interface, f"{'sent' if seen.outgoing else 'received'}: {_frame_text(seen)}"
    if isinstance(seen, KernelEvent):
        return seen.fields.get("ifname") or seen.fields.get("dev"), event_text(seen)
    return None, snapshot_text(seen) if isinstance(seen, Snapshot) else _mark_text(seen)


@lru_cache(maxsize=1 << 16)
def _frame_text(frame: Frame) -> str:
    """Several checks cite the same frame."""
    return str(decode(frame))


def _mark_text(mark: Mark) -> str:
    fields = ", ".join(f"{key}={one_line(str(value), ROOM)}" for key, value in mark.fields.items())
    return f"{mark.name}: {fields}" if fields else mark.name
