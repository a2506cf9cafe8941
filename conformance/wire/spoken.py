"""What the wire shows of one party: what it said and heard, and what a passive check may make of it.

A passive check assumes nothing but what the frames say: no plan of addresses, no beginning at boot, no completeness. A
frame that is not there proves nothing, as a capture may have begun late, sat elsewhere or lost some; so these checks
judge what was said, and never what was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Address
from typing import TypeVar

from conformance.judging.evidence import Seen, place
from conformance.judging.verdict import Notebook
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.base import View

V = TypeVar("V", bound=View)
UNSPECIFIED = IPv6Address("::")
ALL_NODES = IPv6Address("ff02::1")
ALL_SERVERS = IPv6Address("ff02::1:2")

#: So many messages are cited for a pass; a busy day's capture has too many to read.
CITED = 100


def node(recording: Recording, role: str) -> str:
    """The node of a role: in a capture it has the role's name, in a play the router is also the DHCPv6 server."""
    return role if any(end.node == role for end in recording.interfaces) else "router"


def said(recording: Recording, role: str) -> list[Frame]:
    """The frames that the party sent."""
    return list(recording.at(node(recording, role), outgoing=True))


def heard(recording: Recording, role: str) -> list[Frame]:
    """The frames that reached the party, or went to a group in its link."""
    return list(recording.at(node(recording, role), outgoing=False))


def has_link_layer_addresses(recording: Recording, role: str) -> bool:
    """Whether the link has link-layer addresses, as raw IP and loopback do not."""
    return any(end.mac for end in recording.interfaces if end.node == node(recording, role))


def neighbour_discovery(frames: list[Frame]) -> list[ndp.NdMessage]:
    """All Neighbour Discovery messages among the frames, in order."""
    found: list[ndp.NdMessage] = [
        *ndp.router_solicitations(frames), *ndp.router_advertisements(frames), *ndp.neighbour_solicitations(frames),
        *ndp.neighbour_advertisements(frames), *ndp.redirects(frames)]
    return sorted(found, key=lambda each: each.frame.ns)


def grouped(messages: Iterable[V], key: Callable[[V], object]) -> dict[object, list[V]]:
    """The messages by what they have in common, each group in order."""
    found: dict[object, list[V]] = {}
    for each in messages:
        found.setdefault(key(each), []).append(each)
    return found


def from_client(frames: list[Frame], *names: str) -> list[dhcpv6.Message]:
    """The messages of these names that the party sent as a DHCPv6 client, not as a relay."""
    return [each for each in dhcpv6.messages(frames, *names)
            if not each.relays and each.destination_port == dhcpv6.SERVER_PORT]


def examined(notebook: Notebook, messages: Sequence[View], otherwise: str) -> None:
    """Cite the messages that a check is about, the first of them; unjudgeable with `otherwise` without any."""
    notebook.cite(*notebook.stimulus(messages, otherwise)[:CITED])


def must(notebook: Notebook, holds: object, otherwise: str, *seen: Seen) -> None:
    """Expect something of each of many messages; the one that breaks the rule is the last that is cited."""
    if not holds:
        last = [place(item) for item in seen]
        notebook.evidence[:] = [each for each in notebook.evidence if each.place not in last]
        notebook.expect(False, otherwise, *seen)


def valid(notebook: Notebook, message: ndp.NdMessage, what: str, *, sized: bool = True) -> None:
    """Expect what every receiver of Neighbour Discovery checks (RFC 4861 sections 6.1, 7.1, 8.1).

    `sized` is False on links without link-layer addresses, whose options have other lengths than Ethernet's.
    """
    must(notebook, message.hop_limit == 255, f"the {what} has hop limit {message.hop_limit}, not 255", message)
    must(notebook, message.code == 0, f"the {what} has ICMP code {message.code}", message)
    must(notebook, message.summed, f"the {what} has a wrong checksum", message)
    if sized:
        must(notebook, not flawed(message), f"the {what} is malformed: {message.malformed}", message)


def flawed(view: View) -> bool:
    """Whether it is malformed for certain; what only Scapy does not understand, it may be right to send."""
    return view.malformed is not None and not view.malformed.startswith("it cannot be dissected")
