"""TCP connections that carry TLS, as the wire shows them: who asked whom, and that data went both ways (RFC 5246)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fixtures.recording.model import Frame
from fixtures.recording.views.transport import TcpSegment, tcp_segments

#: RFC 5246 section 6.2.1: record types, and the length of a record's header.
HANDSHAKE, DATA = 22, 23
_HEADER = 5


@dataclass(frozen=True)
class Connection:
    """One connection to a server's port: all its segments at one link end, from the SYN on."""

    client: str
    server: str
    segments: tuple[TcpSegment, ...]

    @property
    def opens(self) -> TcpSegment:
        """The SYN."""
        return self.segments[0]

    def answer(self, kind: int = DATA) -> TcpSegment | None:
        """The server's first record of that type."""
        return next(self._records(self.server, kind), None)

    def question(self) -> TcpSegment | None:
        """The client's first data."""
        return next(self._records(self.client, DATA), None)

    def answer_bytes(self) -> int:
        """Bytes of data that the server sent, encrypted; segments that came twice count once."""
        return sum({each.sequence: len(each.payload) for each in self._records(self.server, DATA)}.values())

    def _records(self, sender: str, kind: int) -> Iterator[TcpSegment]:
        for each in self.segments:
            if str(each.source) == sender and len(each.payload) > _HEADER and each.payload[:2] == bytes([kind, 3]):
                yield each


def connections(frames: Iterable[Frame], port: int) -> list[Connection]:
    """The connections to that port among the frames of one link end, in the order of their SYNs."""
    found: dict[tuple[str, int], list[TcpSegment]] = {}
    servers: dict[tuple[str, int], str] = {}
    for each in tcp_segments(frames, port):
        toward = each.destination_port == port
        key = (str(each.source), each.source_port) if toward else (str(each.destination), each.destination_port)
        if each.opens:
            found.setdefault(key, [])
            servers.setdefault(key, str(each.destination))
        if key in found:
            found[key].append(each)
    return [Connection(key[0], servers[key], tuple(segments)) for key, segments in found.items()]
