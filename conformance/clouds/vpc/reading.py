"""What became of the probes of a VPC's play, at every place that a verdict asks about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from conformance.judging.verdict import Notebook
from fixtures.protocols.icmp import ECHO_REPLIES, ECHO_REQUESTS
from fixtures.protocols.ip import ICMP, ICMPV6, TCP, UDP
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import Headers
from fixtures.scenarios.clouds.vpc.probing import PATIENCE, Probed, ProbeSent

ECHOES = (ICMP, ICMPV6)


@dataclass(frozen=True)
class Passage:
    """One probe: what it was, where its packets were seen, and what came back to its source."""

    recording: Recording
    probe: Mark[ProbeSent]
    until_ns: int

    @property
    def label(self) -> str:
        """The probe in words."""
        probe = self.probe.what
        what = "an echo" if probe.kind == "echo" else f"{probe.kind.upper()} port {probe.port}"
        own = f" from {probe.own}" if probe.own else ""
        return f"{what} of {probe.source}{own} to {probe.to} ({probe.moment})"

    @property
    def asked(self) -> list[Frame]:
        """Where its source sent it."""
        return [frame for frame, _ in self._at_source()]

    def _at_source(self) -> list[tuple[Frame, Headers]]:
        return [(frame, headers) for frame, headers in self._mine(self.probe.what.source, True)
                if str(headers.destination) == self.probe.what.to and not self._back(headers)]

    @property
    def answers(self) -> list[Frame]:
        """What came back to its source: an Echo Reply, or a segment of the TCP port."""
        source, to = self.probe.what.source, self.probe.what.to
        ports = {headers.payload[0:2] for _, headers in self._at_source()}
        return [frame for frame, headers in self._mine(source, False) if str(headers.source) == to
                and self._back(headers) and (headers.protocol in ECHOES or headers.payload[2:4] in ports)]

    def at(self, node: str, interface: str | None = None, *, outgoing: bool = False) -> list[Frame]:
        """Where it was seen on its way: an echo by its identifier, others by source port, TCP by its sequence."""
        known = {_key(headers) for _, headers in self._at_source()}
        return [frame for frame, headers in self._mine(node, outgoing) if interface in (None, frame.interface)
                and not self._back(headers) and _key(headers) in known]

    def _mine(self, node: str, outgoing: bool) -> Iterator[tuple[Frame, Headers]]:
        for frame, headers in packets(self.recording.at(node, outgoing=outgoing), ICMP, ICMPV6, TCP, UDP):
            if self.probe.ns <= frame.ns <= self.until_ns and self._same(headers):
                yield frame, headers

    def _same(self, headers: Headers) -> bool:
        probe, data = self.probe.what, headers.payload
        if len(data) < 8 or headers.source.version != (6 if ":" in probe.to else 4):
            return False
        if probe.kind == "echo":
            known = (headers.protocol, data[0]) in ECHO_REQUESTS | ECHO_REPLIES
            return known and int.from_bytes(data[4:6], "big") == probe.number
        if headers.protocol != {"tcp": TCP, "udp": UDP}[probe.kind]:
            return False
        place = 0 if self._back(headers) else 2
        end = headers.source if place == 0 else headers.destination
        return bool(int.from_bytes(data[place:place + 2], "big") == probe.port and str(end) == probe.to)

    def _back(self, headers: Headers) -> bool:
        if self.probe.what.kind == "echo":
            return (headers.protocol, headers.payload[0]) in ECHO_REPLIES
        return bool(str(headers.source) == self.probe.what.to)


def passage(recording: Recording, notebook: Notebook, moment: str, source: str, to: object, kind: str = "echo",
            port: int = 0, own: object = "") -> Passage:
    """The probe of that moment. Raises Unjudgeable when it was not sent."""
    wanted = (moment, source, str(to), kind, port, str(own))
    found = [mark for mark in recording.marked(ProbeSent)
             if (what := mark.what)
             and (what.moment, what.source, what.to, what.kind, what.port, what.own) == wanted]
    mark = notebook.stimulus(found, f"the play ended before {source} tried {to} ({moment})")[0]
    ends = [each.ns for each in recording.marked(Probed) if each.what.moment == moment]
    return Passage(recording, mark, ends[-1] if ends else recording.duration_ns)


def expect_open(notebook: Notebook, *passages: Passage) -> None:
    """Expect an answer to each; for UDP, which nobody answers here, see `at`."""
    for each in passages:
        asked = notebook.stimulus(each.asked, f"{each.label} was never sent")
        if not each.answers:
            late = each.recording.stall() < PATIENCE / 2
            notebook.stimulus([late] if late else [], f"{each.label} got no answer, and the host stalled")
        notebook.expect(each.answers, f"{each.label} got no answer", asked[0], *each.answers[:1])


def expect_closed(notebook: Notebook, passage: Passage, node: str) -> None:
    """Expect that it was sent, did not reach that node, and got no answer."""
    asked = notebook.stimulus(passage.asked, f"{passage.label} was never sent")
    arrived = passage.at(node)
    notebook.expect(not arrived, f"{passage.label} reached {node}", asked[0], *arrived[:1])
    notebook.expect(not passage.answers, f"{passage.label} got an answer", *passage.answers[:1])


def source_of(frame: Frame) -> IPv4Address | IPv6Address:
    """The IP source of a frame that carries IP."""
    return _headers(frame).source


def size_of(frame: Frame) -> int:
    """The bytes of a frame's IP packet."""
    return len(frame.data) - 14


def _key(headers: Headers) -> bytes:
    """What stays the same on the way, address translation included."""
    if headers.protocol in ECHOES:
        return b""
    return headers.payload[0:2] + (headers.payload[4:8] if headers.protocol == TCP else b"")


def _headers(frame: Frame) -> Headers:
    return next(headers for _, headers in packets([frame], ICMP, ICMPV6, TCP, UDP))
