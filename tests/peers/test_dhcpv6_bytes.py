"""DHCPv6 messages by hand: the right ones are read as they were meant, the malformed ones are known to be so."""

from __future__ import annotations

from ipaddress import IPv6Address

from scapy.layers.inet import UDP
from scapy.packet import Raw

from fixtures.peers import wire
from fixtures.peers.dhcpv6 import raw_bytes as octets
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import SERVER_ID, Kind
from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.scenarios.dhcpv6.invalid import INVALID
from fixtures.scenarios.dhcpv6.malformed import ROOM, malformed_messages
from topologies.stage import addressing as plan

SERVER = octets.duid(0xAA)
MINE = plan.LAN_POOL[0]


def read(data: bytes) -> Message:
    """The message as a recording shows it."""
    packet = wire.frame(UDP(sport=546, dport=547) / Raw(data), source_mac="02:00:00:00:00:01",
                        source=IPv6Address("fe80::1"), to=ALL_DHCP_AGENTS)
    return dhcpv6.messages([Frame(1, 0, "peer", "eth0", True, bytes(packet))])[0]


def test_request_is_read_as_it_was_meant() -> None:
    seen = read(octets.message(Kind.REQUEST, 0xA50001, octets.client_id(7), octets.option(SERVER_ID, SERVER),
                               octets.asked_for(*octets.WANTED), octets.ia_na(7, MINE)))
    assert seen.malformed is None
    assert (seen.name, seen.transaction_id, seen.elapsed_time) == ("Request", 0xA50001, 0)
    assert (seen.client_duid, seen.server_duid) == (octets.duid(7), SERVER)
    assert (seen.ia_na[0].iaid, seen.addresses, seen.option_request) == (7, (MINE,), octets.WANTED)


def test_relays_are_read_outermost_first() -> None:
    inner = octets.message(Kind.SOLICIT, 1, octets.client_id(7), octets.ia_na(7))
    near = octets.relay_forward(inner, link=IPv6Address("::"), peer=IPv6Address("fe80::7"), interface_id=b"near")
    seen = read(octets.relay_forward(near, link=plan.LAN2_ROUTER, peer=IPv6Address("fe80::8"), hops=1))
    assert seen.malformed is None
    assert [(one.hop_count, one.link_address, one.interface_id) for one in seen.relays] == [
        (1, plan.LAN2_ROUTER, None), (0, IPv6Address("::"), b"near")]


def test_invalid_messages_are_well_formed() -> None:
    for row, question in INVALID.items():
        assert read(question(SERVER, MINE, 1)).malformed is None, row


def test_malformed_messages_fit_a_frame_and_are_the_same_for_a_seed() -> None:
    rows = malformed_messages(SERVER, seed=1)
    assert rows == malformed_messages(SERVER, seed=1) != malformed_messages(SERVER, seed=2)
    assert len(rows) > 100
    assert max(len(each.data) for each in rows) <= ROOM
    wrong = [each for each in rows if read(each.data).malformed]
    assert {each.part for each in wrong if each.name.startswith("Renew")} >= {
        "empty-ia-na", "short-ia-na", "ia-na-past-the-end", "short-ia-address"}
