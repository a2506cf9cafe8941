"""Messages of conversations (`fixtures.clouds.conversations`) as recorded: where each passed, and what came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.judging.verdict import Notebook
from fixtures.clouds.conversations import MessageSent, words
from fixtures.protocols.icmp import ECHO_REPLY, ECHO_REQUEST, INFORMATIONAL
from fixtures.protocols.ip import ICMPV6, TCP, UDP
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import Headers

PROTOCOLS = {"tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}


@dataclass(frozen=True)
class Message:
    """One message of a play: who said it to whom, in which conversation, and where its packets were seen."""

    recording: Recording
    mark: Mark[MessageSent]

    @property
    def what(self) -> MessageSent:
        """What its mark says of it."""
        return self.mark.what

    @property
    def label(self) -> str:
        """The message in words."""
        what = {"tcp": "TCP", "udp": "UDP"}.get(self.what.protocol)
        if what is None:
            what = f"ICMPv6 {self.what.more.get('kind', ECHO_REQUEST)}/{self.what.more.get('code', 0)}"
        moment = f" ({self.what.moment})" if self.what.moment else ""
        return f"{what} from {self.what.source} to {self.what.to}{moment}"

    def at_source(self) -> list[Frame]:
        """Where its source sent it; a message of TCP that begins a conversation is its SYN as well."""
        return self.at(self.what.source, outgoing=True)

    def at(self, node: str, interface: str | None = None, *, outgoing: bool = False, until: Mark | None = None,
           ) -> list[Frame]:
        """Where it passed, up to a mark if one is given."""
        return [frame for frame, headers in self._packets(node, interface, outgoing)
                if self._forth(headers) and (until is None or frame.ns <= until.ns)]

    def answers(self) -> list[Frame]:
        """What came back to its source: its own words, repeated by whom it was said to."""
        return [frame for frame, headers in self._packets(self.what.source, None, False)
                if str(headers.source) == self.what.address and words(self.what.number) in headers.payload
                and (headers.protocol != ICMPV6 or headers.payload[0] == ECHO_REPLY)]

    def errors(self, node: str, interface: str | None = None, *, outgoing: bool = False,
               ) -> list[tuple[Frame, int, int]]:
        """The ICMPv6 errors that quote it, each with its type and code."""
        found = packets(self.recording.at(node, interface, outgoing=outgoing), ICMPV6)
        return [(frame, headers.payload[0], headers.payload[1]) for frame, headers in found
                if words(self.what.number) in headers.payload and headers.payload[0] < INFORMATIONAL]

    def _packets(self, node: str, interface: str | None, outgoing: bool) -> Iterator[tuple[Frame, Headers]]:
        found = packets(self.recording.at(node, interface, outgoing=outgoing), PROTOCOLS[self.what.protocol])
        return ((frame, headers) for frame, headers in found if frame.ns >= self.mark.ns)

    def _forth(self, headers: Headers) -> bool:
        if str(headers.destination) != self.what.address:
            return False
        if headers.protocol == ICMPV6 and headers.payload[:1] != bytes([self.what.more.get("kind", ECHO_REQUEST)]):
            return False
        if headers.protocol == TCP and self.what.more.get("begins"):
            ports = int.from_bytes(headers.payload[:2], "big"), int.from_bytes(headers.payload[2:4], "big")
            return ports == (self.what.line, self.what.more["port"])
        return words(self.what.number) in headers.payload


def messages(recording: Recording, notebook: Notebook, moment: str, **fields: object) -> list[Message]:
    """The messages of a moment with these fields, in order. Raises Unjudgeable when there is none."""
    found = [Message(recording, mark) for mark in recording.marked(MessageSent) if mark.what.moment == moment
             and all({**mark.fields, **mark.what.more}.get(name) == value for name, value in fields.items())]
    return notebook.stimulus(found, f"the play ended before: {moment}")


def expect_answered(notebook: Notebook, *several: Message) -> None:
    """Expect that each was sent, arrived, and was answered."""
    for each in several:
        sent = notebook.stimulus(each.at_source(), f"{each.label} was never sent")
        there, here = each.at(each.what.to), each.answers()
        notebook.expect(there, f"{each.label} did not arrive", sent[0], *there[:1])
        notebook.expect(here, f"{each.label} got no answer", *here[:1])


def expect_arrived(notebook: Notebook, *several: Message) -> None:
    """Expect that each was sent and arrived."""
    for each in several:
        sent = notebook.stimulus(each.at_source(), f"{each.label} was never sent")
        there = each.at(each.what.to)
        notebook.expect(there, f"{each.label} did not arrive", sent[0], *there[:1])


def expect_stopped(notebook: Notebook, host: str, tap: str, *several: Message, until: Mark | None = None) -> None:
    """Expect that each came to the host of its target and did not leave it by the target's tap, up to that mark."""
    for each in several:
        came = notebook.stimulus(each.at(host, until=until), f"{each.label} did not reach {host}")
        left = each.at(host, tap, outgoing=True, until=until) + each.at(each.what.to, until=until)
        notebook.expect(not left, f"{each.label} reached {each.what.to}", came[0], *left[:1])
