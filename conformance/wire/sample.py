"""A conversation as the RFCs want it, made by hand: the healthy twin of the passive checks, as a capture of one link.

A guest boots, resolves and is resolved, gets a lease after several tries and uses every message of DHCPv6 once; its
router advertises, redirects and refuses; a relay stands between another client and the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from struct import pack
from typing import Any

from fixtures.captures.parties import of
from fixtures.captures.reader import Capture
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer

GUEST_MAC, ROUTER_MAC, RELAY_MAC, PEER_MAC = (f"02:00:00:00:00:0{number}" for number in (5, 1, 3, 7))
GUEST, ROUTER, RELAY, PEER = "fe80::5", "fe80::1", "fe80::3", "fe80::7"
ADDRESS, OUTSIDE, CONTESTED = "2001:db8:1::5", "2001:db8:2::9", "2001:db8:1::6"
Timed = tuple[float, Any]


def conversation(role: str) -> Recording:
    """What the party in a role said and heard."""
    found = of(Capture(Path("sample.pcap"), BytesIO(pcap())))
    return next(found.recording(party) for party in found.parties if party.role == role)


@cache
def pcap() -> bytes:
    """The conversation as a capture file in nanoseconds."""
    frames = sorted([*_boot(), *_routing(), *_lease(), *_through_relays()], key=lambda entry: entry[0])
    head = pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)
    start = 1_750_000_000
    parts = []
    for seconds, packet in frames:
        data = bytes(packet)
        parts += [pack("<IIII", start + int(seconds), round(seconds % 1 * 1e9), len(data), len(data)), data]
    return head + b"".join(parts)


def _ip(mac: str, source: str, to: str, hops: int = 255) -> Any:
    inet6 = layer("inet6")
    return layer("l2").Ether(src=mac, dst=_mac(to)) / inet6.IPv6(src=source, dst=to, hlim=hops)


def _mac(to: str) -> str:
    if to.startswith("ff"):
        return "33:33:" + bytes(layer("inet6").IPv6(dst=to))[36:40].hex(":")
    return {GUEST: GUEST_MAC, ADDRESS: GUEST_MAC, ROUTER: ROUTER_MAC, RELAY: RELAY_MAC}.get(to, PEER_MAC)


def _boot() -> Iterator[Timed]:
    """DAD and MLD, a Router Solicitation, and the neighbors, one of whom has an address that the guest tries."""
    inet6 = layer("inet6")
    at = 0.1
    for target, when in ((GUEST, at), (ADDRESS, 24.0)):
        group = "ff02::1:ff00:5"
        yield when, _report(GUEST_MAC, "::", group)
        yield when + 0.05, _ip(GUEST_MAC, "::", group) / inet6.ICMPv6ND_NS(tgt=target)
    yield 53.5, _ip(GUEST_MAC, "::", "ff02::1:ff00:6") / inet6.ICMPv6ND_NS(tgt=CONTESTED)
    taken = inet6.ICMPv6NDOptDstLLAddr(lladdr=PEER_MAC)
    yield 53.6, _ip(PEER_MAC, CONTESTED, "ff02::1") / inet6.ICMPv6ND_NA(tgt=CONTESTED, R=0, S=0, O=1) / taken
    mine = inet6.ICMPv6NDOptSrcLLAddr(lladdr=GUEST_MAC)
    yield 1.5, _ip(GUEST_MAC, GUEST, "ff02::2") / inet6.ICMPv6ND_RS() / mine
    yield 27.5, _ip(GUEST_MAC, ADDRESS, "ff02::1:ff00:7") / inet6.ICMPv6ND_NS(tgt=PEER) / mine
    asking = inet6.ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC)
    telling = inet6.ICMPv6NDOptDstLLAddr(lladdr=GUEST_MAC)
    for when, target in ((2.0, GUEST), (27.0, ADDRESS)):
        yield when, _ip(PEER_MAC, PEER, "ff02::1:ff00:5") / inet6.ICMPv6ND_NS(tgt=target) / asking
        yield when + 0.01, _ip(GUEST_MAC, target, PEER) / inet6.ICMPv6ND_NA(tgt=target, R=0, S=1, O=1) / telling
    yield 28.0, _ip(PEER_MAC, PEER, ADDRESS, 64) / inet6.ICMPv6EchoRequest(id=7, seq=1, data=b"sextant")
    yield 28.1, _ip(GUEST_MAC, ADDRESS, PEER, 64) / inet6.ICMPv6EchoReply(id=7, seq=1, data=b"sextant")


def _report(mac: str, source: str, group: str) -> Any:
    """An MLDv2 report that somebody joins a group."""
    inet6 = layer("inet6")
    alert = inet6.IPv6ExtHdrHopByHop(options=[inet6.RouterAlert(), inet6.PadN()])
    record = inet6.ICMPv6MLDMultAddrRec(rtype=4, dst=group)
    return _ip(mac, source, "ff02::16", 1) / alert / inet6.ICMPv6MLReport2(records=[record], records_number=1)


def _routing() -> Iterator[Timed]:
    """RAs at random, and one to the solicitor; a Redirect, and a destination that cannot be reached.

    The router joins its group, resolves the peer and tells it where it is; the guest has no such port.
    """
    inet6 = layer("inet6")
    yield 0.3, _report(ROUTER_MAC, "::", "ff02::1:ff00:1")
    yield 0.35, _ip(ROUTER_MAC, "::", "ff02::1:ff00:1") / inet6.ICMPv6ND_NS(tgt=ROUTER)
    mine = inet6.ICMPv6NDOptSrcLLAddr(lladdr=ROUTER_MAC)
    yield 30.0, _ip(ROUTER_MAC, ROUTER, "ff02::1:ff00:7") / inet6.ICMPv6ND_NS(tgt=PEER) / mine
    asking = inet6.ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC)
    yield 31.0, _ip(PEER_MAC, PEER, "ff02::1:ff00:1") / inet6.ICMPv6ND_NS(tgt=ROUTER) / asking
    telling = inet6.ICMPv6NDOptDstLLAddr(lladdr=ROUTER_MAC)
    yield 31.1, _ip(ROUTER_MAC, ROUTER, PEER) / inet6.ICMPv6ND_NA(tgt=ROUTER, R=1, S=1, O=1) / telling
    knocking = inet6.IPv6(src=PEER, dst=ADDRESS) / layer("inet").UDP(sport=9, dport=9)
    yield 33.0, _ip(GUEST_MAC, ADDRESS, PEER, 64) / inet6.ICMPv6DestUnreach(code=4) / knocking
    told = inet6.ICMPv6ND_RA(chlim=64, M=1, O=1, routerlifetime=1800) / inet6.ICMPv6NDOptSrcLLAddr(lladdr=ROUTER_MAC)
    told /= inet6.ICMPv6NDOptPrefixInfo(prefix="2001:db8:1::", prefixlen=64, L=1, A=0, validlifetime=3600,
                                        preferredlifetime=1800)
    told /= inet6.ICMPv6NDOptRDNSS(lifetime=1800, dns=["2001:db8:1::1"])
    yield 1.7, _ip(ROUTER_MAC, ROUTER, GUEST) / told
    when = 3.0
    for wait in (8.1, 9.7, 7.9, 10.0, 8.8, 9.3, 7.6, 9.9, 8.4, 0.0):
        yield when, _ip(ROUTER_MAC, ROUTER, "ff02::1") / told
        when += wait
    packet = inet6.IPv6(src=ADDRESS, dst=OUTSIDE) / inet6.ICMPv6EchoRequest(id=8, seq=1)
    yield 40.0, _ip(GUEST_MAC, ADDRESS, OUTSIDE, 64) / inet6.ICMPv6EchoRequest(id=8, seq=1)
    yield 40.1, _ip(ROUTER_MAC, ROUTER, ADDRESS) / inet6.ICMPv6ND_Redirect(tgt="fe80::8", dst=OUTSIDE)
    yield 40.2, _ip(ROUTER_MAC, ROUTER, ADDRESS, 64) / inet6.ICMPv6DestUnreach() / packet


def _dhcp6(mac: str, source: str, to: str, *ports: int) -> Any:
    return _ip(mac, source, to) / layer("inet").UDP(sport=ports[0], dport=ports[1])


def _client(name: str, transaction: int, *options: Any, elapsed: float = 0.0) -> Any:
    """A client's message to all servers."""
    dhcp6 = layer("dhcp6")
    message = _dhcp6(GUEST_MAC, GUEST, str(ALL_DHCP_AGENTS), DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT) / getattr(
        dhcp6, f"DHCP6_{name}")(trid=transaction)
    message /= dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr=GUEST_MAC))
    for option in (dhcp6.DHCP6OptElapsedTime(elapsedtime=round(elapsed * 100)), *options):
        message /= option
    return message


def _server(name: str, transaction: int, *options: Any) -> Any:
    """The server's message to the guest."""
    dhcp6 = layer("dhcp6")
    message = _dhcp6(ROUTER_MAC, ROUTER, GUEST, DHCPV6_SERVER_PORT, DHCPV6_CLIENT_PORT) / getattr(
        dhcp6, f"DHCP6_{name}")(trid=transaction)
    message /= dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr=GUEST_MAC))
    for option in (_server_id(), *options):
        message /= option
    return message


def _server_id() -> Any:
    dhcp6 = layer("dhcp6")
    return dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr=ROUTER_MAC))


def _ia(address: str | None = None, preferred: int = 0, valid: int = 0, t1: int = 0, t2: int = 0) -> Any:
    dhcp6 = layer("dhcp6")
    leased = [dhcp6.DHCP6OptIAAddress(addr=address, preflft=preferred, validlft=valid)] if address else []
    return dhcp6.DHCP6OptIA_NA(iaid=5, T1=t1, T2=t2, ianaopts=leased)


def _lease() -> Iterator[Timed]:
    """Five Solicits, of which the server hears the last; then every message of a lease once."""
    dhcp6 = layer("dhcp6")
    asked = dhcp6.DHCP6OptOptReq(reqopts=[23, 24, 82])
    when = begin = 5.0
    for wait in (1.05, 2.1, 4.3, 8.5, 0.0):
        yield when, _client("Solicit", 0x10, _ia(), asked, elapsed=when - begin)
        when += wait
    leased = _ia(ADDRESS, 1800, 3600, 900, 1440)
    yield 21.0, _server("Advertise", 0x10, leased)
    yield 22.0, _client("Request", 0x11, _server_id(), _ia(ADDRESS), asked,
                        dhcp6.DHCP6OptClientFQDN(fqdn="guest.example.com"))
    yield 22.1, _server("Reply", 0x11, leased)
    for number, (name, with_server) in enumerate((("Renew", True), ("Rebind", False), ("Confirm", False)), 1):
        wanted = [asked] if name != "Confirm" else []
        named = [_server_id()] if with_server else []
        yield 50.0 + number, _client(name, 0x11 + number, *named, _ia(ADDRESS), *wanted)
        yield 50.1 + number, _server("Reply", 0x11 + number, leased)
    yield 55.0, _client("InfoRequest", 0x15, asked)
    yield 55.1, _server("Reply", 0x15)
    yield 56.0, _client("Decline", 0x16, _server_id(), _ia(CONTESTED))
    yield 56.1, _server("Reply", 0x16)
    yield 57.0, _client("Release", 0x17, _server_id(), _ia(ADDRESS))
    yield 57.1, _server("Reply", 0x17)


def _through_relays() -> Iterator[Timed]:
    """Another client's Solicit through one relay and through two, and the server's answer to each."""
    dhcp6 = layer("dhcp6")
    duid = dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr="02:00:00:00:00:0a"))
    for number, relays in enumerate((1, 2)):
        transaction = 0x20 + number
        asked = dhcp6.DHCP6_Solicit(trid=transaction) / duid / dhcp6.DHCP6OptElapsedTime(elapsedtime=0)
        asked = asked / dhcp6.DHCP6OptOptReq(reqopts=[23, 82]) / dhcp6.DHCP6OptIA_NA(iaid=1)
        offer = dhcp6.DHCP6_Advertise(trid=transaction) / duid / _server_id() / _ia_of_another()
        for hop in range(relays):
            ends: dict[str, Any] = {
                "hopcount": hop, "linkaddr": f"2001:db8:{hop + 3}::1", "peeraddr": f"fe80::{hop + 10:x}"}
            where = dhcp6.DHCP6OptIfaceId(ifaceid=f"port{hop}".encode())
            asked = dhcp6.DHCP6_RelayForward(**ends) / where / dhcp6.DHCP6OptRelayMsg(message=asked)
            offer = dhcp6.DHCP6_RelayReply(**ends) / where / dhcp6.DHCP6OptRelayMsg(message=offer)
        ports = DHCPV6_SERVER_PORT, DHCPV6_SERVER_PORT
        yield 60.0 + number, _dhcp6(RELAY_MAC, RELAY, str(ALL_DHCP_AGENTS), *ports) / asked
        yield 60.1 + number, _dhcp6(ROUTER_MAC, ROUTER, RELAY, *ports) / offer


def _ia_of_another() -> Any:
    dhcp6 = layer("dhcp6")
    leased = dhcp6.DHCP6OptIAAddress(addr="2001:db8:3::a", preflft=1800, validlft=3600)
    return dhcp6.DHCP6OptIA_NA(iaid=1, T1=900, T2=1440, ianaopts=[leased])
