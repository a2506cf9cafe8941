"""Pings that a play marked, and what came back for each."""

from __future__ import annotations

from fixtures.recording.model import Frame, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import ICMPV6, Headers

ICMP = 1
#: Echo Reply of either family: RFC 792, RFC 4443 section 4.2.
REPLIES = {(ICMP, 0), (ICMPV6, 129)}

def replies(recording: Recording, source: str, to: object, cut: str = "") -> list[Frame]:
    """The Echo Replies that came back for one ping."""
    found = []
    for begins, ends in zip(recording.marked("ping"), recording.marked("ping-done"), strict=False):
        if (begins.fields["source"], begins.fields["to"], begins.fields["cut"]) == (source, str(to), cut):
            found += [frame for frame, headers in packets(recording.at(source, outgoing=False), ICMP, ICMPV6)
                      if begins.ns <= frame.ns <= ends.ns and _is_reply(headers) and str(headers.source) == str(to)]
    return found


def _is_reply(headers: Headers) -> bool:
    return bool(headers.payload) and (headers.protocol, headers.payload[0]) in REPLIES
