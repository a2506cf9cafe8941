"""What a user submitted to an engine's forms and what came back, read from the wire (HTTP/1.1, RFC 9112)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fixtures.recording.model import Recording
from fixtures.recording.views.transport import TcpSegment, tcp_segments

STORED, REFUSED = 200, 422


@dataclass(frozen=True)
class Exchange:
    """One request with its answer. `form` is None for a page without one; `asks`, `tells` are their last segments."""

    path: str
    form: Any
    status: int
    answer: Any
    asks: TcpSegment
    tells: TcpSegment

    @property
    def refused(self) -> bool:
        """Whether the form was refused, and in words."""
        return self.status == REFUSED and bool(self.answer.get("reason"))


def exchanges(recording: Recording, node: str, interface: str = "eth0", port: int = 80) -> list[Exchange]:
    """The exchanges of the user at that node, over all connections, in order; what the recording lacks ends one."""
    connections: dict[int, list[TcpSegment]] = {}
    for each in tcp_segments(recording.at(node, interface), port):
        mine = each.source_port if each.frame.outgoing else each.destination_port
        connections.setdefault(mine, []).append(each)
    return [exchange for segments in connections.values() for exchange in _of(segments)]


def _of(segments: list[TcpSegment]) -> Iterator[Exchange]:
    requests, answers = (list(_messages([each for each in segments if each.frame.outgoing is sent]))
                         for sent in (True, False))
    for (asked, form, asks), (status, answer, tells) in zip(requests, answers, strict=False):
        yield Exchange(asked[1], form, int(status[1]), answer, asks, tells)


def _messages(segments: list[TcpSegment]) -> Iterator[tuple[list[str], Any, TcpSegment]]:
    """Each message's first line in words, its JSON body (None: none), and the segment that completed it."""
    data, due = b"", None
    for each in segments:
        if due is None:
            due = each.sequence + 1 if {"SYN"} <= each.flags else None
            continue
        if not each.payload or each.sequence < due:     # nothing, or known
            continue
        if each.sequence > due:     # a segment is missing: what follows cannot be read
            return
        due = (due + len(each.payload)) & 0xFFFFFFFF
        data += each.payload
        while (split := _split_message(data)) is not None:
            head, body, data = split
            yield head, json.loads(body) if body else None, each


def _split_message(data: bytes) -> tuple[list[str], bytes, bytes] | None:
    """First line, body and what follows, when the first message is whole."""
    head, end, rest = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    length = int(headers.get("content-length", 0))
    if not end or len(rest) < length:
        return None
    return lines[0].split(), rest[:length], rest[length:]
