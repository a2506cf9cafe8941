"""Whether a guest and a network work together: five facts, read from the recordings and from no verdict.

What is tried is what the play is made for: who boots is to have an address and a default route, and packets are to
come from outside; whoever's lease is renewed or given back is to do so by DHCPv6.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from fixtures.protocols.addresses import LINK_LOCAL
from fixtures.protocols.dhcpv6 import Kind
from fixtures.protocols.icmp import ECHO_REPLY, NEIGHBOR_SOLICITATION
from fixtures.protocols.ip import ICMPV6, UDP
from fixtures.recording.model import Frame
from fixtures.recording.pcapng import PcapngError, read
from fixtures.recording.views.headers import headers
from reports.site.plays import Recorded

#: The marks of a square, in the order in which a guest needs them.
MARKS = ("address", "default route", "reached from outside", "renewed", "released")

_GUEST = "guest"


@dataclass(frozen=True)
class Told:
    """What a play tells of a pair: which marks it tried, whether it got them, and how long they took (seconds)."""

    marks: dict[str, bool] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)


def working(play: Recorded) -> Told:
    """What a play tells. Nothing where it is about other things, or broke."""
    if not play.head or play.head.get("error") or play.head.get("declined") or play.head.get("mutant"):
        return Told()
    told = play.head.get("play", {})
    judge = _PLAYS.get(told.get("scenario"))
    if judge is None:
        return Told()
    try:
        frames = [each for each in read(play.packets, play.head["started_ns"]) if each.node == _GUEST]
    except (PcapngError, KeyError):
        return Told()
    return judge(told, frames, play)


def _boot(told: Mapping[str, Any], frames: list[Frame], play: Recorded) -> Told:
    on_link = IPv6Network(told.get("situation", {}).get("prefix", {}).get("network", "::/128"))
    reached = _was_reached(frames, on_link)
    if _GUEST in (play.head or {}).get("opaque", ()):
        return Told({MARKS[0]: reached or _has_address(frames), MARKS[1]: reached, MARKS[2]: reached})
    begin = min((each["ns"] for each in _lines(play, b'"name":"up"', b'"node":"guest"')), default=None)
    first: dict[str, int] = {}
    for each in _lines(play, b'"kind":"address","action":"new"', b'"node":"guest"', b'"scope":"global"'):
        it = each["fields"]
        if it.get("family") == "inet6" and it.get("ifname") != "lo" and not {"tentative", "dadfailed"} & {*it["flags"]}:
            first.setdefault(MARKS[0], each["ns"])
    for each in _lines(play, b'"kind":"route","action":"new"', b'"node":"guest"', b'"dst":"default"'):
        if each["fields"].get("family") == "inet6" and each["fields"].get("gateway"):
            first.setdefault(MARKS[1], each["ns"])
    times = {f"time to {mark}": (ns - begin) / 1e9 for mark, ns in first.items() if begin is not None and ns > begin}
    return Told({MARKS[0]: MARKS[0] in first, MARKS[1]: MARKS[1] in first, MARKS[2]: reached}, times)


def _renewal(told: Mapping[str, Any], frames: list[Frame], play: Recorded) -> Told:
    return Told({MARKS[3]: _has_exchanged(frames, Kind.RENEW)})


def _release(told: Mapping[str, Any], frames: list[Frame], play: Recorded) -> Told:
    return Told({MARKS[4]: _has_exchanged(frames, Kind.RELEASE)})


_PLAYS: dict[Any, Callable[[Mapping[str, Any], list[Frame], Recorded], Told]] = {
    "guest-boot": _boot,
    "lease-renewal": _renewal,
    "lease-release": _release,
}


def _lines(play: Recorded, *signs: bytes) -> Iterator[dict[str, Any]]:
    """The lines of the events in which all these words are."""
    for line in play.events.splitlines():
        if all(sign in line for sign in signs):
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _was_reached(frames: list[Frame], on_link: IPv6Network) -> bool:
    """Whether a packet from outside reached the guest and belonged to a ping: a request answered, or an answer."""
    for frame in frames:
        found = headers(frame.data)
        if found is None or found.protocol != ICMPV6 or not found.payload or not found.whole:
            continue
        far = found.destination if frame.outgoing else found.source
        if not isinstance(far, IPv6Address) or far in on_link or far in LINK_LOCAL or far.is_multicast:
            continue
        if found.payload[0] == ECHO_REPLY:
            return True
    return False


def _has_address(frames: list[Frame]) -> bool:
    """Whether the guest asked if an address that is not link-local is free (RFC 4862 section 5.4), or used one."""
    for frame in frames:
        found = headers(frame.data)
        if found is None or not frame.outgoing or not isinstance(found.source, IPv6Address):
            continue
        asks = found.protocol == ICMPV6 and len(found.payload) >= 24 and found.payload[0] == NEIGHBOR_SOLICITATION
        if asks and not int(found.source):
            if IPv6Address(found.payload[8:24]) not in LINK_LOCAL:
                return True
        elif int(found.source) and found.source not in LINK_LOCAL:
            return True
    return False


def _has_exchanged(frames: list[Frame], kind: int) -> bool:
    """Whether the guest sent a DHCPv6 message of this type, and a Reply of the same transaction came."""
    asked: set[bytes] = set()
    for frame in frames:
        found = headers(frame.data)
        if found is None or found.protocol != UDP or len(found.payload) < 12 or not found.whole:
            continue
        kind_seen, transaction = found.payload[8], found.payload[9:12]
        ports = {int.from_bytes(found.payload[0:2], "big"), int.from_bytes(found.payload[2:4], "big")}
        if not ports & {546, 547}:
            continue
        if frame.outgoing and kind_seen == kind:
            asked.add(transaction)
        elif not frame.outgoing and kind_seen == Kind.REPLY and transaction in asked:
            return True
    return False
