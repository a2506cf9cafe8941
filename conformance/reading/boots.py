"""A guest's lives in one recording: from each start of its client to the next, or to the end of its power."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.recording.model import Frame, Mark, Recording
from fixtures.stagecraft.marks import Call, PowerOff, Start, Stop


@dataclass(frozen=True)
class Life:
    """The time in which one client process ran at a node; `begin` is the mark with which it was started."""

    node: str
    begin: Mark
    until_ns: int

    def frames(self, recording: Recording, interface: str | None = None, *,
               outgoing: bool | None = None) -> list[Frame]:
        """What the node sent or heard in this life."""
        return [frame for frame in recording.at(self.node, interface, outgoing=outgoing)
                if self.begin.ns <= frame.ns < self.until_ns]

    def __str__(self) -> str:
        return f"{self.begin.name} of {self.node} at {self.begin.time:.1f} s"


def lives(recording: Recording, node: str = "guest") -> list[Life]:
    """The lives of a node's client, in order."""
    turns = [mark for mark in recording.marks if mark.fields.get("node") == node
             and (mark.is_a(Stop, PowerOff) or _begins(mark))]
    found = []
    for number, mark in enumerate(turns):
        if _begins(mark):
            later = turns[number + 1:]
            found.append(Life(node, mark, later[0].ns if later else recording.duration_ns + 1))
    return found


def _begins(mark: Mark) -> bool:
    restarted = mark.is_a(Call) and mark.what.call == "restart"
    return (restarted or mark.is_a(Start)) and bool(mark.what.role == "guest")
