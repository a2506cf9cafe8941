"""Flows between nodes (`fixtures.clouds.flows`) as recorded: what left, what arrived, what came back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address

from conformance.judging.verdict import Notebook
from fixtures.clouds.flows import FlowSent
from fixtures.protocols.icmp import ECHO_REPLY, ECHO_REQUEST
from fixtures.protocols.ip import ICMPV6, TCP, UDP
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import Headers

PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}


@dataclass(frozen=True)
class Flow:
    """One flow: who calls whom, under which address and port, and the mark at which it began.

    `kind` and `code` are those of its first ICMPv6 message; only an Echo Request has an answer.
    """

    number: int
    source: str
    to: str
    address: IPv6Address
    protocol: str
    port: int
    mark: Mark[FlowSent]
    kind: int = ECHO_REQUEST
    code: int = 0

    def __str__(self) -> str:
        where = "" if self.protocol == "icmpv6" else f" port {self.port}"
        which = f" type {self.kind} code {self.code}" if (self.kind, self.code) != (ECHO_REQUEST, 0) else ""
        return f"{self.protocol}{which} from {self.source} to {self.to}{where}"

    @property
    def words(self) -> bytes:
        """What the caller says; it names the address that it calls."""
        return f"flow {self.number} to {self.address}".encode()


@dataclass(frozen=True)
class Passage:
    """One packet of a flow at one link end; `back` on the way to the caller."""

    frame: Frame
    headers: Headers
    back: bool

    @property
    def says(self) -> bytes:
        """What it carries for the other end, as bytes that begin somewhere behind its header."""
        return self.headers.payload[8:]


def flows(recording: Recording, **fields: object) -> list[Flow]:
    """The flows of a play whose marks have these fields, in the order of their beginning."""
    found = []
    for mark in recording.marked(FlowSent):
        told = mark.what
        if all(told.more.get(name, mark.fields.get(name)) == value for name, value in fields.items()):
            found.append(Flow(told.number, told.source, told.to, IPv6Address(told.address), told.protocol, told.port,
                              mark, told.more.get("kind", ECHO_REQUEST), told.more.get("code", 0)))
    return found


def passages(frames: Iterable[Frame], flow: Flow, *, back: bool | None = None) -> list[Passage]:
    """The packets of a flow among the frames, both ways or one."""
    found = []
    for frame, headers in packets(frames, PROTOCOLS[flow.protocol]):
        way = _way(headers, flow)
        if way is not None and back in (None, way):
            found.append(Passage(frame, headers, way))
    return found


def _way(headers: Headers, flow: Flow) -> bool | None:
    """Whether a packet of the flow's protocol is on its way back; None where it belongs to another flow."""
    data = headers.payload
    if len(data) < 8:
        return None
    if flow.protocol == "icmpv6":
        kinds = (ECHO_REQUEST, ECHO_REPLY) if flow.kind == ECHO_REQUEST else (flow.kind,)
        mine = data[0] in kinds and int.from_bytes(data[4:6], "big") == flow.number
        return data[0] != flow.kind if mine else None
    ports = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
    return ports[1] == flow.number if flow.number in ports else None


def expect_answer(recording: Recording, notebook: Notebook, flow: Flow) -> tuple[Passage, Passage]:
    """Expect that what the caller said arrived, and that the answer came back; returns both, where they arrived."""
    sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
    notebook.cite(*(each.frame for each in notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")[:1]))
    there = [each for each in passages(recording.at(flow.to, outgoing=False), flow, back=False)
             if flow.words in each.says]
    notebook.expect(there, f"{flow} did not arrive", *(each.frame for each in there[:1]))
    here = [each for each in passages(recording.at(flow.source, outgoing=False), flow, back=True)
            if flow.words in each.says]
    notebook.expect(here, f"{flow} was not answered", *(each.frame for each in here[:1]))
    return there[0], here[0]
