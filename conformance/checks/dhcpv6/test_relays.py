"""What a DHCPv6 relay agent does with what clients, servers and other relays send."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, Asked, table
from fixtures.implementations.dhcrelay import Dhcrelay
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.base import udp
from fixtures.recording.views.dhcpv6 import DEEPEST, Message
from fixtures.scenarios.dhcpv6.relayed_boot import RelayedBoot
from topologies.stage import addressing as plan

RELAYED = RelayedBoot()
CLIENTS, SERVER = ("guest", ASKER), "outside"


class EightHops(Dhcrelay):
    """dhcrelay that was told of the limit of RFC 8415."""

    name = "dhcrelay:eight-hops"
    more = ("-c", "8")


def client_messages(recording: Recording) -> Iterator[Message]:
    """What clients sent to all relays and servers, at the clients."""
    for client in CLIENTS:
        for each in dhcpv6.messages(recording.at(client, "eth0", outgoing=True)):
            if not each.relays and each.destination_port == DHCPV6_SERVER_PORT and each.destination.is_multicast:
                yield each


def payload(frame: Frame) -> bytes:
    """The UDP payload of a frame."""
    return next(data for _, _, _, _, data, _ in udp([frame]))


def relay_forwards(recording: Recording, original: Message) -> list[Message]:
    """The Relay-forwards at the server with exactly this message inside."""
    inside = payload(original.frame)
    return [each for each in dhcpv6.messages(recording.at(SERVER, "eth0", outgoing=False))
            if each.relays and each.time >= original.time and inside in payload(each.frame)]


@check("DHCP6-32", RELAYED, role="relay")
def test_relays_wrap_and_unwrap(recording: Recording, notebook: Notebook) -> None:
    """A client's message reaches the server unchanged, in a Relay-forward: hop count 0, an address of the client's link
    as link-address, the client's address as peer-address.

    What the server sends back in a Relay-reply reaches the client's port 546 unchanged (RFC 8415 sections 19.1, 19.2).
    """
    originals = notebook.stimulus(client_messages(recording), "no client sent anything")
    for each in originals:
        through = relay_forwards(recording, each)
        notebook.expect(through, f"the relay did not pass the {each.name} of {each.source} to the server", each)
        wrapper = through[0].relays[0]
        told = f"the relay's Relay-forward of a {each.name} has the"
        notebook.expect(wrapper.hop_count == 0, f"{told} hop count {wrapper.hop_count}", each, through[0])
        by_number = wrapper.interface_id is not None and int(wrapper.link_address) == 0
        named = wrapper.link_address in plan.LAN or by_number
        notebook.expect(named, f"{told} link-address {wrapper.link_address}", each, through[0])
        notebook.expect(wrapper.peer_address == each.source,
                        f"{told} peer-address {wrapper.peer_address}; the client has {each.source}", each, through[0])
    back = [each for each in dhcpv6.messages(recording.at(SERVER, "eth0", outgoing=True), "Advertise", "Reply")
            if len(each.relays) == 1]
    heard = [each for client in CLIENTS for each in dhcpv6.messages(recording.at(client, "eth0", outgoing=False))]
    for each in notebook.stimulus(back, "the server answered no client"):
        came = [one for one in heard if payload(one.frame) in payload(each.frame) and not one.relays
                and one.destination == each.relays[0].peer_address and one.time >= each.time]
        other = [one for one in heard if one.destination == each.relays[0].peer_address and one.time >= each.time]
        notebook.expect(came,
                        f"the relay did not pass the server's {each.name} to {each.relays[0].peer_address} as it was",
                        each, *(() if came else other[:1]))
        port = came[0].destination_port
        notebook.expect(port == DHCPV6_CLIENT_PORT,
                        f"the relay sent the {each.name} to port {port}, not {DHCPV6_CLIENT_PORT}",
                        each, came[0])
    kinds = dict.fromkeys(each.name for each in originals)
    notebook.finding = f"{', '.join(kinds)} reached the server, and {len(back)} answers came back"


def at_server(recording: Recording, name: str) -> list[Message]:
    """What reached the server of that name from clients."""
    return [each for each in dhcpv6.messages(recording.at(SERVER, outgoing=False), name) if len(each.relays) == 1]


@edited(test_relays_wrap_and_unwrap, because="link-address 2001:db8:f::1")
def relay_that_names_the_servers_link(recording: Recording) -> Recording:
    """It puts in the address of the wrong interface."""

    def change(data: bytes) -> bytes:
        return data[:64] + plan.OUTSIDE_ROUTER.packed + data[80:]

    return editing.with_bytes(recording, at_server(recording, "Solicit")[:1], change)


@edited(test_relays_wrap_and_unwrap, because="peer-address fe80::bad")
def relay_that_names_somebody_else(recording: Recording) -> Recording:
    """It does not say who asked."""

    def change(data: bytes) -> bytes:
        return data[:80] + IPv6Address("fe80::bad").packed + data[96:]

    return editing.with_bytes(recording, at_server(recording, "Solicit")[:1], change)


@edited(test_relays_wrap_and_unwrap, because="hop count 1")
def relay_that_counts_from_one(recording: Recording) -> Recording:
    """A client's message has not passed any relay yet."""

    def change(data: bytes) -> bytes:
        return data[:63] + b"\1" + data[64:]

    return editing.with_bytes(recording, at_server(recording, "Solicit")[:1], change)


@edited(test_relays_wrap_and_unwrap, because="as it was")
def relay_that_changes_the_answer(recording: Recording) -> Recording:
    """The client sees another transaction id than the server sent."""
    told = [each for each in dhcpv6.messages(recording.at(ASKER, outgoing=False)) if not each.relays]

    def change(data: bytes) -> bytes:
        return data[:63] + b"\0\0\0" + data[66:]

    return editing.with_bytes(recording, told[:1], change)


@edited(test_relays_wrap_and_unwrap, because="the relay did not pass")
def relay_that_drops_renewals(recording: Recording) -> Recording:
    """Only Solicit and Request come through."""
    return editing.without(recording, frames=at_server(recording, "Renew"))


@check("DHCP6-33", RELAYED, role="relay")
def test_relays_of_relays_are_counted(recording: Recording, notebook: Notebook) -> None:
    """Another relay's Relay-forward goes on with its hop count plus one, and is dropped from eight hops on.

    The answer to the other relay goes to its port 547, as the Relay-reply that is inside (RFC 8415 sections 19.1.2,
    19.2, 7.6; the limit of RFC 3315 was 32).
    """
    rows = table(recording, notebook, "hops")
    beyond = []
    for row, each in rows.items():
        hops, through = int(row), relay_forwards(recording, each.question)
        notebook.cite(each.frame, *through)
        if hops >= DEEPEST:
            beyond += [row] if through else []
            continue
        notebook.expect(through,
                        f"the relay did not pass a Relay-forward with the hop count {hops} to the server", each.frame)
        outer = through[0].relays[0]
        notebook.expect(outer.hop_count == hops + 1,
                        f"the relay made of the hop count {hops} {outer.hop_count}", through[0])
        asker = each.question.source
        notebook.expect(outer.peer_address == asker,
                        f"the relay wrote the peer-address {outer.peer_address}, not the other relay's {asker}",
                        through[0])
        comes_back(recording, notebook, each, through[0])
    notebook.expect(not beyond,
                    f"the relay relayed Relay-forwards with hop count {' and '.join(beyond)}; the limit is {DEEPEST}")
    notebook.finding = f"counted, and dropped from {DEEPEST} hops on"


def comes_back(recording: Recording, notebook: Notebook, each: Asked, through: Message) -> None:
    """What the server answered reached the other relay, at its own port; where it did not answer, nothing is asked."""
    answered = [one for one in dhcpv6.messages(recording.at(SERVER, outgoing=True)) if len(one.relays) > 1
                and one.transaction_id == through.transaction_id]
    if answered:
        home = [one for one in each.answers if one.relays and one.destination_port == DHCPV6_SERVER_PORT]
        notebook.expect(home,
                        f"the relay did not send the answer to the other relay to its port {DHCPV6_SERVER_PORT}",
                        answered[0], *each.answers)
        notebook.cite(home[0])


@healthy(test_relays_of_relays_are_counted)
def relay_that_was_told_the_limit() -> Broken:
    """By default dhcrelay stops at ten hops, and dnsmasq at 32."""
    return Broken(RELAYED, {"router": "radvd", "dhcpv6-server": "kea", "relay": EightHops(), "guest": "dhclient"})


def nested_forwards(recording: Recording, hops: int) -> list[Message]:
    """What reached the server of the other relay's message with that hop count."""
    return [each for each in dhcpv6.messages(recording.at(SERVER, outgoing=False))
            if len(each.relays) == 2 and each.relays[1].hop_count == hops]


@edited(test_relays_of_relays_are_counted, because="the relay made of the hop count 7 0")
def relay_that_does_not_count(recording: Recording) -> Recording:
    """All that it relays has the hop count 0."""

    def change(data: bytes) -> bytes:
        return data[:63] + b"\0" + data[64:]

    return editing.with_bytes(recording, nested_forwards(recording, 7), change)


@edited(test_relays_of_relays_are_counted, because="relayed Relay-forwards with hop count 32")
def relay_without_limit(recording: Recording) -> Recording:
    """Eight hops and more go on."""
    last = next(each for each in table(recording, Notebook(recording), "hops").values() if each.row == "32")
    there = nested_forwards(recording, 0)[0].frame.data
    at = there.index(payload(nested_forwards(recording, 0)[0].frame))
    packet: Any = there[:at] + b"\x0c\x21" + there[at + 2:at + 34] + b"\0\x09" + len(payload(last.frame)).to_bytes(
        2, "big") + payload(last.frame)
    size = (len(packet) - at + 8).to_bytes(2, "big")
    packet = packet[:18] + size + packet[20:at - 4] + size + packet[at - 2:]
    return editing.with_frame(recording, packet, time=last.frame.time + 0.01, node=SERVER, interface="eth0")


@edited(test_relays_of_relays_are_counted, because="to its port 547")
def relay_that_answers_relays_as_clients(recording: Recording) -> Recording:
    """It sends to port 546 whatever is inside."""
    told = [each for each in dhcpv6.messages(recording.at(ASKER, outgoing=False)) if each.relays]

    def change(packet: Any) -> None:
        packet["UDP"].dport = DHCPV6_CLIENT_PORT

    return editing.rewritten(recording, told, change)
