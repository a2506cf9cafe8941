"""What one node said and heard in one recording, by kind, so that a check reads only what it is about.

A busy day has a million frames: few are decoded at a time, and again for the next who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, Generic, TypeVar

from fixtures.protocols.addresses import UNSPECIFIED
from fixtures.protocols.dhcpv6 import Kind
from fixtures.protocols.icmp import (
    ECHO_REPLY,
    ECHO_REQUEST,
    MLD_DONE,
    MLD_REPORT,
    MLD_REPORT_V2,
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    REDIRECT,
    ROUTER_ADVERTISEMENT,
    ROUTER_SOLICITATION,
)
from fixtures.protocols.ip import EXTENSIONS, ICMPV6, IPV6_FRAME, UDP
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, mld, ndp, transport
from fixtures.recording.views.base import View
from fixtures.recording.views.headers import headers

V = TypeVar("V", bound=View)
#: A function of `fixtures.recording.views` from frames to views; names choose among them.
Decoder = Callable[..., list[V]]

#: So many frames are decoded at a time; the views of so many different ones at most are kept, and so many in all.
CHUNK, KEPT, ALIKE = 10_000, 20_000, 250_000
#: What the decoders are about: types of ICMPv6, and those of DHCPv6 from 256 on.
_DHCPV6, _PIECE, _OTHER, _PROBE = 256, 512, 513, 514


def probes(frames: Iterable[Frame]) -> list[ndp.NeighborSolicitation]:
    """The DAD probes among the frames."""
    return [each for each in ndp.neighbor_solicitations(frames) if each.dad]


def questions(frames: Iterable[Frame]) -> list[ndp.NeighborSolicitation]:
    """The Neighbor Solicitations among the frames that are no probes."""
    return [each for each in ndp.neighbor_solicitations(frames) if not each.dad]


KINDS: dict[Callable[..., Any], frozenset[int]] = {
    ndp.router_solicitations: frozenset({ROUTER_SOLICITATION}),
    ndp.router_advertisements: frozenset({ROUTER_ADVERTISEMENT}),
    ndp.neighbor_solicitations: frozenset({NEIGHBOR_SOLICITATION, _PROBE}),
    questions: frozenset({NEIGHBOR_SOLICITATION}),
    probes: frozenset({_PROBE}), ndp.neighbor_advertisements: frozenset({NEIGHBOR_ADVERTISEMENT}),
    ndp.redirects: frozenset({REDIRECT}), mld.reports: frozenset({MLD_REPORT, MLD_DONE, MLD_REPORT_V2}),
    transport.echoes: frozenset({ECHO_REQUEST, ECHO_REPLY}),
    transport.icmp_errors: frozenset(transport.ERRORS), dhcpv6.messages: frozenset(range(_DHCPV6, _PIECE)),
}
_PORTS = frozenset({DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT})


class Views(Generic[V]):
    """Views that can be gone through again and again. Many are decoded anew each time."""

    def __init__(self, frames: list[Frame], decode: Decoder[V], *, whole: bool) -> None:
        self._frames, self._decode = frames, decode
        self._step = CHUNK if whole else len(frames) or 1
        self._kept: list[V] | None = None
        self._count: int | None = None

    def __iter__(self) -> Iterator[V]:
        if self._kept is None and self._are_small:
            self._kept = self._decode(self._frames)
        if self._kept is not None:
            yield from self._kept
            return
        count = 0
        for at in range(0, len(self._frames), self._step):
            views = self._decode(self._frames[at:at + self._step])
            count += len(views)
            yield from views
        self._count = count

    @cached_property
    def _are_small(self) -> bool:
        """Whether the views may be kept: of equal packets they share what they hold."""
        count = len(self._frames)
        return count <= KEPT or (count <= ALIKE and len({frame.data for frame in self._frames}) <= KEPT)

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._count is None else self._count


class Speech:
    """The frames of a node, by direction: True is what it sent."""

    def __init__(self, recording: Recording, node: str) -> None:
        self.recording, self.node = recording, node
        self.frames: dict[bool, list[Frame]] = {True: [], False: []}
        for frame in recording.at(node):
            self.frames[frame.outgoing].append(frame)
        self._kinds: dict[bool, list[int]] = {}
        self._views: dict[tuple[bool, Callable[..., Any], tuple[str, ...]], Views[Any]] = {}

    def views(self, outgoing: bool, decode: Decoder[V], names: tuple[str, ...]) -> Views[V]:
        """What a decoder makes of the frames of one direction; names as it takes them."""
        key = outgoing, decode, names
        if key not in self._views:
            frames = self.frames[outgoing]
            if outgoing not in self._kinds:
                self._kinds[outgoing] = [_kind(frame.data) for frame in frames]
            wanted = _of_names(names) if names else KINDS[decode] | {_PIECE}
            mine = [frame for frame, kind in zip(frames, self._kinds[outgoing], strict=True) if kind in wanted]
            whole = _PIECE not in self._kinds[outgoing]
            self._views[key] = Views(mine, lambda some: decode(some, *names), whole=whole)
        found: Views[V] = self._views[key]
        return found


def _of_names(names: tuple[str, ...]) -> frozenset[int]:
    """The kinds of DHCPv6 messages with these names; a relay's message may have any of them inside."""
    relays = {Kind.RELAY_FORW, Kind.RELAY_REPL}
    types = {kind for kind in Kind if dhcpv6.NAMES[kind] in names} | relays
    return frozenset({_PIECE, *(_DHCPV6 + kind for kind in types)})


def source(data: bytes) -> bytes:
    """The IPv6 source address of a frame; of what is no IPv6 packet, something else."""
    if data[12:14] == IPV6_FRAME:
        return data[22:38]
    found = headers(data)
    return found.source.packed if found is not None else b""


def _kind(data: bytes) -> int:
    """A type of ICMPv6, DHCPv6, a piece of something, or something else."""
    if data[12:14] == IPV6_FRAME and len(data) > 54 and data[20] not in EXTENSIONS:
        protocol, begin = data[20], data[54:63]
    else:
        found = headers(data)
        if found is None:
            return _OTHER
        if found.piece:
            return _PIECE
        protocol, begin = found.protocol, found.payload[:9]
    if protocol == ICMPV6 and begin:
        return _PROBE if begin[0] == NEIGHBOR_SOLICITATION and source(data) == UNSPECIFIED.packed else begin[0]
    if protocol == UDP and _PORTS & {int.from_bytes(begin[:2], "big"), int.from_bytes(begin[2:4], "big")}:
        return _DHCPV6 + begin[8] if len(begin) > 8 else _DHCPV6
    return _OTHER
