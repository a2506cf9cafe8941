"""Pings that a play marked, and what came back for each."""

from __future__ import annotations

from fixtures.protocols.icmp import ECHO_REPLIES
from fixtures.protocols.ip import ICMP, ICMPV6
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import Headers, has_right_checksum
from fixtures.scenarios.dual_stack.dual_stack import Ping, PingDone


def replies(recording: Recording, source: str, to: object, cut: str = "") -> list[Frame]:
    """The Echo Replies that came back for one ping."""
    found = []
    for begins, ends in zip(recording.marked(Ping), recording.marked(PingDone), strict=False):
        if (begins.what.source, begins.what.to, begins.what.cut) == (source, str(to), cut):
            found += [frame for frame, headers in packets(recording.at(source, outgoing=False), ICMP, ICMPV6)
                      if begins.ns <= frame.ns <= ends.ns and _is_reply(headers) and str(headers.source) == str(to)]
    return found


def _is_reply(headers: Headers) -> bool:
    """Whether it is one that its receiver heeds."""
    kind = bool(headers.payload) and (headers.protocol, headers.payload[0]) in ECHO_REPLIES
    return kind and has_right_checksum(headers)
