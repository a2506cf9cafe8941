"""Hostile recordings: messages dropped, doubled, reordered, cut short, with bytes changed, and options emptied.

Whatever comes, a check answers with a verdict: an error of the suite is a crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies

from conformance.judging.check import Check
from conformance.judging.judge import judge
from conformance.judging.verdict import Outcome
from fixtures.protocols.ip import ICMPV6, UDP
from fixtures.recording.assembly import numbered
from fixtures.recording.model import Frame, Recording

#: Where the options of ICMPv6 messages begin, by type (RFC 4861 section 4); DHCPv6's begin behind its four bytes.
ND_OPTIONS = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}
ETHERNET, IPV6 = 14, 40


class Harm(NamedTuple):
    """One change: what is done, to which frame (modulo their number), at which byte or option, with which value."""

    what: str
    frame: int
    place: int
    value: int


KINDS = ("drop", "double", "swap", "cut", "change", "empty option", "drop all like it", "delay", "forget event")
HARMS = strategies.lists(strategies.builds(
    Harm, strategies.sampled_from(KINDS), strategies.integers(0, 1 << 16), strategies.integers(0, 1 << 11),
    strategies.integers(0, 255)), min_size=1, max_size=6)


def harmed(recording: Recording, harms: Sequence[Harm]) -> Recording:
    """The recording after these changes, in their order."""
    frames, events = list(recording.frames), list(recording.events)
    for harm in harms:
        if harm.what == "forget event":
            del events[harm.frame % max(len(events), 1):harm.frame % max(len(events), 1) + 1]
        elif frames:
            _harm(frames, harm)
    last = max((frame.ns for frame in frames), default=0)
    return replace(recording, frames=numbered(frames), events=tuple(events),
                   duration_ns=max(recording.duration_ns, last))


#: Bytes: nothing, the Ethernet header, up to Next Header, up to the source address, and the IPv6 header.
SHORT = (0, 14, 20, 38, 54)


def systematic(recording: Recording) -> Iterator[tuple[str, Recording]]:
    """What chance finds late: every second frame cut at the borders of its headers; a kind of message missing."""
    for size in SHORT:
        for odd in (0, 1):
            yield f"every second frame from {odd} cut to {size} bytes", replace(recording, frames=tuple(
                replace(frame, data=frame.data[:size]) if frame.number % 2 == odd else frame
                for frame in recording.frames))
    for kind in sorted({_kind(frame.data) for frame in recording.frames}):
        yield f"without {kind}", replace(recording, frames=numbered(
            frame for frame in recording.frames if _kind(frame.data) != kind))


def _kind(data: bytes) -> tuple[int, int, int]:
    """Next Header and what stands where ICMPv6 and DHCPv6 have their type."""
    upper = ETHERNET + IPV6
    protocol = data[ETHERNET + 6] if len(data) > upper + 8 and data[12:14] == b"\x86\xdd" else 0
    return protocol, data[upper] if protocol == ICMPV6 else 0, data[upper + 8] if protocol == UDP else 0


def crashes(checks: Sequence[Check], recording: Recording, turn: int) -> list[str]:
    """One sentence for each check that breaks on it. Of the parts that share a function one is judged each `turn`."""
    functions: dict[object, list[Check]] = {}
    for check in checks:
        functions.setdefault(check.function, []).append(check)
    chosen = [parts[turn % len(parts)] for parts in functions.values()]
    return [f"{check.label}: {told.reason}" for check in chosen
            if (told := judge(check, recording)).outcome is Outcome.ERROR and "vacuous" not in told.reason]


def _harm(frames: list[Frame], harm: Harm) -> None:
    at = harm.frame % len(frames)
    frame = frames[at]
    data = frame.data
    match harm.what:
        case "drop":
            del frames[at]
        case "double":
            frames.insert(at, replace(frame, ns=frame.ns + harm.value * 1_000_000))
        case "swap":
            other = harm.place % len(frames)
            frames[at], frames[other] = (replace(frames[other], ns=frame.ns), replace(frame, ns=frames[other].ns))
        case "cut":
            frames[at] = replace(frame, data=data[:harm.place % (len(data) + 1)])
        case "change":
            where = harm.place % len(data) if data else 0
            frames[at] = replace(frame, data=data[:where] + bytes([harm.value]) + data[where + 1:])
        case "empty option":
            frames[at] = replace(frame, data=without_contents(data, harm.place))
        case "drop all like it":
            frames[:] = [each for each in frames if each.data[:60] != data[:60]]
        case "delay":
            frames[at] = replace(frame, ns=frame.ns + harm.place * 10_000_000)


def without_contents(data: bytes, which: int) -> bytes:
    """The frame with one option, counted around, emptied: its length is 0, or 1 unit for Neighbor Discovery."""
    found = list(options(data))
    if not found:
        return data
    start, _, end = found[which % len(found)]
    unit = data[ETHERNET + 6] == ICMPV6
    emptied = data[start:start + 1] + b"\1" + bytes(6) if unit else data[start:start + 2] + b"\0\0"
    return resized(data[:start] + emptied + data[end:], len(emptied) - (end - start))


def resized(data: bytes, by: int) -> bytes:
    """The frame with lengths in its headers that fit, after it grew by so many bytes."""
    places = [ETHERNET + 4] + ([ETHERNET + IPV6 + 4] if data[ETHERNET + 6] == UDP else [])
    for at in places:
        length = int.from_bytes(data[at:at + 2], "big") + by
        data = data[:at] + (length & 0xFFFF).to_bytes(2, "big") + data[at + 2:]
    return data


def options(data: bytes) -> list[tuple[int, int, int]]:
    """The top-level options of a Neighbor Discovery or DHCPv6 message: (begin, begin of contents, end) in the frame."""
    upper = ETHERNET + IPV6
    if len(data) < upper + 8 or data[12:14] != b"\x86\xdd":
        return []
    protocol, found = data[ETHERNET + 6], []
    if protocol == ICMPV6 and data[upper] in ND_OPTIONS:
        at = upper + ND_OPTIONS[data[upper]]
        while at + 2 <= len(data) and data[at + 1]:
            found.append((at, at + 2, at + 8 * data[at + 1]))
            at += 8 * data[at + 1]
    elif protocol == UDP and {data[upper + 1], data[upper + 3]} & {0x22, 0x23} and 2 in (data[upper], data[upper + 2]):
        at = upper + 12
        while at + 4 <= len(data):
            end = at + 4 + int.from_bytes(data[at + 2:at + 4], "big")
            found.append((at, at + 4, end))
            at = end
    return [each for each in found if each[2] <= len(data)]
