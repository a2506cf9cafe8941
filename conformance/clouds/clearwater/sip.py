"""SIP as the wire shows it (RFC 3261): messages by UDP and TCP, calls that were answered, callers who were refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from conformance.judging.verdict import Notebook
from fixtures.protocols.ports import SIP_PORT
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.headers import headers
from fixtures.recording.views.transport import TcpSegment, UdpDatagram, icmp_errors, tcp_segments, udp_datagrams

#: Seconds in which a kernel refuses what nobody serves: at once, were it not for address resolution.
AT_ONCE = 1.0
_START = re.compile(rb"(SIP/2\.0 \d{3} |[A-Z]+ sip:\S+ SIP/2\.0\r\n)")
_ICMP, _UNREACHABLE = 1, b"\x03\x03"


@dataclass(frozen=True)
class SipMessage:
    """A request or response. `start` is its first line, `fields` its header by names in lower case (the first each)."""

    packet: TcpSegment | UdpDatagram
    start: str
    fields: dict[str, str]

    @property
    def transport(self) -> str:
        """udp or tcp."""
        return "udp" if isinstance(self.packet, UdpDatagram) else "tcp"

    def answers(self, invite: SipMessage) -> bool:
        """Whether it is the 200 response to that request (RFC 3261 section 17.1.3: same call and CSeq)."""
        same = all(self.fields.get(name) == invite.fields.get(name) for name in ("call-id", "cseq"))
        return same and self.start.startswith("SIP/2.0 200 ")


def messages(frames: Iterable[Frame], method: str = "") -> list[SipMessage]:
    """The SIP messages among the frames, in order; all, or the requests of that method."""
    frames = list(frames)
    packets: list[TcpSegment | UdpDatagram] = [*udp_datagrams(frames, SIP_PORT), *tcp_segments(frames, SIP_PORT)]
    found = []
    for packet in sorted(packets, key=lambda each: each.frame.number):
        if _START.match(packet.payload):
            start, *lines = packet.payload.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            pairs = [line.partition(":") for line in reversed(lines)]
            found.append(SipMessage(packet, start, {name.strip().lower(): text.strip() for name, _, text in pairs}))
    return [each for each in found if not method or each.start.startswith(f"{method} ")]


def expect_call(recording: Recording, notebook: Notebook, mark: Mark) -> SipMessage:
    """Expect that a call was answered at the address that was called, by that transport, and ended; returns the 200."""
    caller, to, transport = mark.what.caller, mark.what.to, mark.what.transport
    asked = [each for each in messages(recording.at(caller, outgoing=True), "INVITE") if each.transport == transport
             and str(each.packet.destination) == to and each.packet.frame.ns >= mark.ns]
    heard = [each for each in messages(recording.at(caller, outgoing=False))
             if str(each.packet.source) == to and each.transport == transport]
    for invite in asked[:1]:
        for answer in [each for each in heard if each.answers(invite)][:1]:
            notebook.cite(invite.packet, answer.packet)
            return answer
    notebook.expect(False, f"{to} did not answer {caller}'s call by {transport}",
                    *(each.packet for each in asked[:1]))
    raise AssertionError("expect has raised")


def expect_refused(recording: Recording, notebook: Notebook, mark: Mark) -> None:
    """Expect that an address refused service by both transports, and at once."""
    caller, to = mark.what.caller, mark.what.to
    frames = [frame for frame in recording.at(caller) if frame.ns >= mark.ns]
    asked = [each for each in udp_datagrams(frames, SIP_PORT) if each.frame.outgoing and str(each.destination) == to]
    opened = [each for each in tcp_segments(frames, SIP_PORT) if each.opens and str(each.destination) == to]
    said = [each for each in messages(frames) if str(each.packet.source) == to]
    notebook.expect(not said, f"{to} answers as well, though the other family is configured",
                    *(each.packet for each in said[:1]))
    open_to = [each for each in tcp_segments(frames, SIP_PORT) if each.accepts and str(each.source) == to]
    notebook.expect(not open_to, f"{to} accepts connections, though the other family is configured", *open_to[:1])
    resets = [each for each in tcp_segments(frames, SIP_PORT) if each.resets and str(each.source) == to]
    for question, answers in ((asked, _unreachable(frames, to)), (opened, [each.frame for each in resets])):
        first = notebook.stimulus(question, f"{caller} did not try {to} by each transport")[0]
        notebook.expect(answers, f"{to} neither serves nor refuses the call: the caller gets no answer", first)
        notebook.in_time((answers[0].ns - first.frame.ns) / 1e9, AT_ONCE,
                         f"{to} refused the call late", first, answers[0])


def _unreachable(frames: list[Frame], to: str) -> list[Frame]:
    """What says that the port cannot be reached (RFC 792; RFC 4443 section 3.1)."""
    if ip_address(to).version == 6:
        return [each.frame for each in icmp_errors(frames, "destination-unreachable")
                if each.code == 4 and str(each.about) == to]
    found = [(frame, headers(frame.data)) for frame in frames]
    return [frame for frame, head in found if head is not None and head.protocol == _ICMP
            and str(head.source) == to and head.payload[:2] == _UNREACHABLE]
