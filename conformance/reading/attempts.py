"""What a dual-stack client did in one trial: its questions, its connection attempts, and where its page came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import dns
from fixtures.recording.views.dns import DnsMessage
from fixtures.recording.views.transport import TcpSegment, tcp_segments
from fixtures.scenarios.dual_stack.fallback import TrialBegun

Type = Literal["AAAA", "A"]


@dataclass(frozen=True)
class Trial:
    """One name that the client was given, and all that the client sent and got for it, in order."""

    mark: Mark[TrialBegun]
    messages: tuple[DnsMessage, ...]
    ipv6: tuple[TcpSegment, ...]
    ipv4: tuple[TcpSegment, ...]

    @property
    def delay(self) -> float:
        """Seconds by which the first IPv6 packet was held."""
        return float(self.mark.what.delay)

    def question(self, kind: Type) -> DnsMessage | None:
        """The first question for a record type."""
        return next((each for each in self.messages if not each.response and each.asks(kind)), None)

    def answer(self, kind: Type) -> DnsMessage | None:
        """The first answer about a record type that has an address."""
        return next((each for each in self.messages if each.response and each.asks(kind) and each.answers), None)

    @cached_property
    def first_ipv6(self) -> TcpSegment | None:
        """The first IPv6 connection attempt."""
        return opening(self.ipv6)

    @cached_property
    def first_ipv4(self) -> TcpSegment | None:
        """The first IPv4 connection attempt."""
        return opening(self.ipv4)


def opening(segments: tuple[TcpSegment, ...]) -> TcpSegment | None:
    """The first SYN that the client sent."""
    return next((each for each in segments if each.opens and each.frame.outgoing), None)


def first_acceptance(segments: tuple[TcpSegment, ...]) -> TcpSegment | None:
    """The first SYN with ACK that reached the client."""
    return next((each for each in segments if each.accepts and not each.frame.outgoing), None)


def first_refusal(segments: tuple[TcpSegment, ...]) -> TcpSegment | None:
    """The first RST that reached the client."""
    return next((each for each in segments if each.resets and not each.frame.outgoing), None)


def page(segments: tuple[TcpSegment, ...]) -> TcpSegment | None:
    """The segment that brought the page."""
    return next((each for each in segments if not each.frame.outgoing and each.payload.startswith(b"HTTP/")), None)


def trials(recording: Recording, notebook: Notebook, kind: str) -> list[Trial]:
    """All trials of one kind, at least one. Raises Unjudgeable."""
    marks = [mark for mark in recording.marked(TrialBegun) if mark.what.kind == kind]
    notebook.stimulus(marks, f"the client was never given a name of the kind {kind}")
    segments = tcp_segments(recording.at("client"))
    messages = dns.messages(recording.at("client"))
    return [_trial(mark, messages, segments) for mark in marks]


def _trial(mark: Mark[TrialBegun], messages: list[DnsMessage], segments: list[TcpSegment]) -> Trial:
    told = mark.what

    def of(address: str) -> tuple[TcpSegment, ...]:
        return tuple(each for each in segments if address in (str(each.source), str(each.destination)))

    mine = tuple(each for each in messages if each.asks("AAAA", told.host) or each.asks("A", told.host))
    return Trial(mark, mine, of(told.ipv6), of(told.ipv4))
