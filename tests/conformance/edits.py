"""What an edit of a recording changed in place: the same frame, event, snapshot or mark, with other fields."""

from __future__ import annotations

from conformance.judging.evidence import Seen
from fixtures.recording.model import Frame, KernelEvent, Mark, Recording, Snapshot


def edited_in_place(twin: Recording, mutant: Recording) -> list[tuple[Seen, Seen]]:
    """The pieces that the edit changed, before and after; what it took out, put in or moved in time is none."""
    before, after = _pieces(twin), _pieces(mutant)
    return [(before[key], after[key]) for key in before.keys() & after.keys()
            if _content(before[key]) != _content(after[key])]


def _pieces(recording: Recording) -> dict[object, Seen]:
    """Everything that can be cited, by what an edit of its fields leaves as it is."""
    found: dict[object, Seen] = {}
    turns: dict[object, int] = {}
    for piece in (*recording.frames, *recording.events, *recording.snapshots, *recording.marks):
        key = _key(piece)
        turns[key] = turns.get(key, 0) + 1
        found[key, turns[key]] = piece
    return found


def _key(piece: Frame | KernelEvent | Mark | Snapshot) -> tuple[object, ...]:
    if isinstance(piece, Frame):
        return piece.ns, piece.node, piece.interface, piece.outgoing
    if isinstance(piece, KernelEvent):
        return piece.ns, piece.node, piece.kind, piece.action
    return type(piece), piece.ns, piece.name, getattr(piece, "node", None)


def _content(piece: Seen) -> object:
    """A frame's number changes with what stands before it."""
    return piece.data if isinstance(piece, Frame) else piece
