"""What the wire shows of one party: what it said and heard, and what a passive check may make of it.

A passive check assumes nothing but what the frames say: no plan of addresses, no beginning at boot, no completeness. A
frame that is not there proves nothing, as a capture may have begun late, sat elsewhere or lost some; so these checks
judge what was said, and never what was not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from conformance.judging.evidence import Seen, place
from conformance.judging.verdict import Notebook, Unjudgeable
from conformance.reading.receivable import is_receivable
from conformance.wire.speech import Decoder, Speech, Views
from fixtures.captures.parties import SCENARIO
from fixtures.protocols.ports import DHCPV6_SERVER_PORT
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.base import Undissected, View

V = TypeVar("V", bound=View)

#: So many messages are cited for a pass; a busy day's capture has too many to read.
CITED = 100


def node(recording: Recording, role: str) -> str:
    """The node of a role: in a capture it has the role's name, in a play the router is also the DHCPv6 server."""
    return recording.play.nodes.get(role) or (
        role if any(end.node == role for end in recording.interfaces) else "router")


def frames_sent(recording: Recording, role: str) -> list[Frame]:
    """The frames that the party sent."""
    return _speech(recording, role).frames[True]


def frames_received(recording: Recording, role: str) -> list[Frame]:
    """The frames that reached the party, or went to a group in its link."""
    return _speech(recording, role).frames[False]


def saying(recording: Recording, role: str, decode: Decoder[V], *names: str) -> Views[V]:
    """What the party sent, as one of the decoders of `fixtures.recording.views` reads it."""
    return _speech(recording, role).views(True, decode, names)


def hearing(recording: Recording, role: str, decode: Decoder[V], *names: str) -> Views[V]:
    """What reached the party, as one of the decoders of `fixtures.recording.views` reads it."""
    return _speech(recording, role).views(False, decode, names)


def has_link_layer_addresses(recording: Recording, role: str) -> bool:
    """Whether the link has link-layer addresses, as raw IP and loopback do not."""
    return any(end.mac for end in recording.interfaces if end.node == node(recording, role))


def is_capture(recording: Recording) -> bool:
    """Whether it is a capture of other origin, and no play of the suite."""
    return recording.play.scenario == SCENARIO


def slack(recording: Recording, seconds: float) -> float:
    """Seconds by which a capture's clock may be off where packets are near each other; a play's clock is exact."""
    return seconds if is_capture(recording) else 0.0


def require_clock(recording: Recording) -> None:
    """For a verdict that rests on time or order. Raises Unjudgeable where the capture's stamps cannot be trusted."""
    trouble = recording.play.options.get("clock") if is_capture(recording) else None
    if trouble:
        raise Unjudgeable(f"the capture's clock cannot be trusted: {trouble}")


def is_relayed(recording: Recording) -> bool:
    """Whether a capture shows the party inside relays only: of its packets' headers nobody knows."""
    return is_capture(recording) and bool(recording.play.options.get("relayed"))


def last_before(times: Sequence[float], time: float) -> int:
    """The place of the last of ascending `times` that is not after `time`; -1 where there is none."""
    return bisect_right(times, time) - 1


def neighbor_discovery(recording: Recording, role: str) -> Iterator[ndp.NdMessage]:
    """All Neighbor Discovery messages that the party sent, kind by kind."""
    decoders: tuple[Decoder[Any], ...] = (ndp.router_solicitations, ndp.router_advertisements, ndp.redirects,
                                          ndp.neighbor_solicitations, ndp.neighbor_advertisements)
    for decode in decoders:
        yield from saying(recording, role, decode)


def group_by(messages: Iterable[V], key: Callable[[V], object]) -> dict[object, list[V]]:
    """The messages by what they have in common, each group in order."""
    found: dict[object, list[V]] = {}
    for each in messages:
        found.setdefault(key(each), []).append(each)
    return found


def from_client(recording: Recording, *names: str) -> list[dhcpv6.Message]:
    """The messages of these names that the guest sent as a DHCPv6 client, not as a relay."""
    return [each for each in saying(recording, "guest", dhcpv6.messages, *names)
            if not each.relays and each.destination_port == DHCPV6_SERVER_PORT]


def examine(notebook: Notebook, messages: Iterable[View], otherwise: str) -> None:
    """Cite the messages that a check is about, the first of them; unjudgeable with `otherwise` without any."""
    notebook.cite(*notebook.stimulus(islice(messages, CITED), otherwise))


def must(notebook: Notebook, holds: object, otherwise: str, *seen: Seen) -> None:
    """Expect something of each of many messages; the one that breaks the rule is the last that is cited."""
    __tracebackhide__ = True
    if not holds:
        last = [place(item) for item in seen]
        notebook.evidence[:] = [each for each in notebook.evidence if each.place not in last]
        notebook.expect(False, otherwise, *seen)


def doubt(notebook: Notebook, words: str, *seen: Seen) -> None:
    """A warning, the first of its check; what is worse may still come."""
    if not notebook.doubts:
        notebook.recommend(False, words, *seen)


def valid(notebook: Notebook, message: ndp.NdMessage, what: str, *, sized: bool = True) -> None:
    """Expect what every receiver of Neighbor Discovery checks (RFC 4861 sections 6.1, 7.1, 8.1).

    `sized` is False on links without link-layer addresses, whose options have other lengths than Ethernet's.
    """
    if is_receivable(message):
        return
    must(notebook, message.hop_limit == 255, f"the {what} has hop limit {message.hop_limit}, not 255", message)
    must(notebook, message.code == 0, f"the {what} has ICMP code {message.code}", message)
    must(notebook, message.summed, f"the {what} has a wrong checksum", message)
    if sized:
        must(notebook, not is_malformed(message), f"the {what} is malformed: {message.malformed}", message)


_LATEST: list[Speech] = []


def _speech(recording: Recording, role: str) -> Speech:
    """That of the recording that is being judged: many checks ask one after the other."""
    here = node(recording, role)
    _LATEST[:] = [speech for speech in _LATEST if speech.recording is recording]
    for speech in _LATEST:
        if speech.node == here:
            return speech
    _LATEST.append(Speech(recording, here))
    return _LATEST[-1]


def is_malformed(view: View) -> bool:
    """Whether it is malformed for certain; what only Scapy does not understand, it may be right to send."""
    return view.malformed is not None and not isinstance(view.malformed, Undissected)
