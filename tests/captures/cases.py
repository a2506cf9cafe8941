"""Small captures that were misjudged once: the packets of each, as (seconds, Scapy packet)."""

from __future__ import annotations

import math
from typing import Any

from conformance.wire.sample import GUEST as GUEST
from conformance.wire.sample import GUEST_MAC as GUEST_MAC
from conformance.wire.sample import ROUTER as ROUTER
from conformance.wire.sample import ROUTER_MAC as ROUTER_MAC
from fixtures.recording.views.dissection import layer
from tests.captures.disguises import as_pcap

BEGIN = 1_750_000_000.0
IN_2010 = 1_277_800_000.0
ALL_NODES_MAC, ALL_SERVERS_MAC, GROUP_MAC = "33:33:00:00:00:01", "33:33:00:01:00:02", "33:33:ff:00:00:05"
Timed = list[tuple[float, Any]]


def capture(packets: Timed, begin: float = BEGIN) -> bytes:
    """A pcap in nanoseconds."""
    return as_pcap([(round((begin + seconds) * 1e9), bytes(packet)) for seconds, packet in packets], nanoseconds=True)


def ip(source_mac: str, to_mac: str, source: str, to: str, hops: int = 255) -> Any:
    """The headers before a message."""
    return layer("l2").Ether(src=source_mac, dst=to_mac) / layer("inet6").IPv6(src=source, dst=to, hlim=hops)


def advertisement(lifetime: int = 180, *options: Any) -> Any:
    """An RA to all nodes."""
    inet6 = layer("inet6")
    packet = ip(ROUTER_MAC, ALL_NODES_MAC, ROUTER, "ff02::1") / inet6.ICMPv6ND_RA(routerlifetime=lifetime)
    packet /= inet6.ICMPv6NDOptSrcLLAddr(lladdr=ROUTER_MAC)
    for option in options:
        packet /= option
    return packet


def advertised_every(seconds: float, number: int, *options: Any) -> Timed:
    """RAs like clockwork."""
    return [(seconds * count, advertisement(180, *options)) for count in range(number)]


def held_until_beacon() -> Timed:
    """RAs 3.03 s apart that an access point holds back until its beacon (102.4 ms)."""
    return [(math.ceil((3.03 * count + 0.001) / 0.1024) * 0.1024, advertisement()) for count in range(16)]


def pieces(frame: Any, upper: Any, size: int) -> list[Any]:
    """A packet in fragments; `frame` is its Ethernet and IPv6 header."""
    inet6 = layer("inet6")
    head = frame[inet6.IPv6]
    whole = inet6.IPv6(src=head.src, dst=head.dst, hlim=head.hlim) / inet6.IPv6ExtHdrFragment(id=9) / upper
    ether = layer("l2").Ether(src=frame.src, dst=frame.dst)
    return [ether / piece for piece in inet6.fragment6(whole, size)]


def echo_in_fragments() -> Timed:
    """Request and Reply are cut at different places, and hold the same."""
    inet6, data = layer("inet6"), b"A" * 2000
    asked = ip(ROUTER_MAC, GUEST_MAC, "2001:db8::1", "2001:db8::2", 64)
    back = ip(GUEST_MAC, ROUTER_MAC, "2001:db8::2", "2001:db8::1", 64)
    probe = ip(GUEST_MAC, "33:33:ff:00:00:07", GUEST, "ff02::1:ff00:7") / inet6.ICMPv6ND_NS(tgt="fe80::7")
    sent = pieces(asked, inet6.ICMPv6EchoRequest(id=1, seq=1, data=data), 1500)
    got = pieces(back, inet6.ICMPv6EchoReply(id=1, seq=1, data=data), 1300)
    return [(0.0, probe / inet6.ICMPv6NDOptSrcLLAddr(lladdr=GUEST_MAC)),
            *((1 + number / 1000, packet) for number, packet in enumerate(sent)),
            *((1.1 + number / 1000, packet) for number, packet in enumerate(got))]


def client(*options: Any, elapsed: float = 0.0, kind: str = "Solicit", transaction: int = 1) -> Any:
    """A client's message, without what is around it."""
    dhcp6 = layer("dhcp6")
    message = getattr(dhcp6, f"DHCP6_{kind}")(trid=transaction)
    message /= dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr=GUEST_MAC))
    message /= dhcp6.DHCP6OptElapsedTime(elapsedtime=int(elapsed * 100))
    for option in options:
        message /= option
    return message


def solicit(elapsed: float = 0.0, requested: tuple[int, ...] = (82,)) -> Any:
    """A Solicit on the link."""
    dhcp6 = layer("dhcp6")
    message = client(dhcp6.DHCP6OptOptReq(reqopts=list(requested)), dhcp6.DHCP6OptIA_NA(iaid=1), elapsed=elapsed)
    return _to_servers() / message


def _to_servers() -> Any:
    return ip(GUEST_MAC, ALL_SERVERS_MAC, GUEST, "ff02::1:2", 1) / layer("inet").UDP(sport=546, dport=547)


def _long_solicit() -> bytes:
    dhcp6 = layer("dhcp6")
    return bytes(client(dhcp6.DHCP6OptUnknown(optcode=15, data=b"\5\x78" + b"y" * 1400),
                        dhcp6.DHCP6OptOptReq(reqopts=[82]), dhcp6.DHCP6OptIA_NA(iaid=1)))


def solicit_in_fragments() -> Timed:
    """It asks for option 82, behind the cut."""
    upper = layer("inet").UDP(sport=546, dport=547) / layer("dhcp6").DHCP6_Solicit(_long_solicit())
    return [(number / 1000, each) for number, each in enumerate(pieces(_to_servers(), upper, 1280))]


def relay_in_fragments() -> Timed:
    """A Relay-forward with that Solicit in it."""
    dhcp6 = layer("dhcp6")
    upper = layer("inet").UDP(sport=547, dport=547) / dhcp6.DHCP6_RelayForward(
        hopcount=0, linkaddr="2001:db8::1", peeraddr=GUEST)
    upper /= dhcp6.DHCP6OptRelayMsg(message=dhcp6.DHCP6_Solicit(_long_solicit()))
    frame = ip(ROUTER_MAC, "02:00:00:00:00:99", "2001:db8::1", "2001:db8:9::1", 64)
    return [(number / 1000, each) for number, each in enumerate(pieces(frame, upper, 1280))]


def answer(kind: str, transaction: int, preferred: int, valid: int, t1: int, t2: int) -> Any:
    """A server's message with one address."""
    dhcp6 = layer("dhcp6")
    leased = dhcp6.DHCP6OptIAAddress(addr="2001:db8::10", preflft=preferred, validlft=valid)
    return (from_server() / getattr(dhcp6, f"DHCP6_{kind}")(trid=transaction)
            / dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr=GUEST_MAC))
            / dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr=ROUTER_MAC))
            / dhcp6.DHCP6OptIA_NA(iaid=1, T1=t1, T2=t2, ianaopts=[leased]))


def from_server() -> Any:
    """The headers before a server's message."""
    return ip(ROUTER_MAC, GUEST_MAC, ROUTER, GUEST, 64) / layer("inet").UDP(sport=547, dport=546)


def claim_after(after: float) -> Timed:
    """An address is claimed so many seconds after its probe."""
    inet6 = layer("inet6")
    probe = ip(GUEST_MAC, GROUP_MAC, "::", "ff02::1:ff00:5") / inet6.ICMPv6ND_NS(tgt=GUEST)
    claim = ip(GUEST_MAC, ALL_NODES_MAC, GUEST, "ff02::1") / inet6.ICMPv6ND_NA(tgt=GUEST, R=0, S=0, O=1)
    return [(0.0, probe), (after, claim / inet6.ICMPv6NDOptDstLLAddr(lladdr=GUEST_MAC))]


def redirect() -> Timed:
    """Somebody who only redirects: a group, and with a hop limit that no host accepts."""
    packet = ip(ROUTER_MAC, GUEST_MAC, ROUTER, "2001:db8::5", 64)
    return [(0.0, packet / layer("inet6").ICMPv6ND_Redirect(tgt="2001:db8::9", dst="ff0e::1"))]


def router_s_own_advertisement() -> Timed:
    """A router heard only by its NA, whose hop limit is wrong."""
    packet = ip(ROUTER_MAC, GUEST_MAC, ROUTER, GUEST, 64)
    return [(0.0, packet / layer("inet6").ICMPv6ND_NA(tgt=ROUTER, R=1, S=1, O=1))]


def listener() -> Timed:
    """Somebody who only joins a group, and not as it must."""
    inet6 = layer("inet6")
    record = inet6.ICMPv6MLDMultAddrRec(rtype=4, dst="ff02::1:ff00:5")
    packet = ip(GUEST_MAC, "33:33:00:00:00:16", GUEST, "ff02::16", 1)
    return [(0.0, packet / inet6.ICMPv6MLReport2(records=[record], records_number=1))]


def complainer() -> Timed:
    """Somebody who only sends an error, about a packet to a group."""
    inet6 = layer("inet6")
    about = inet6.IPv6(src=GUEST, dst="ff02::1:3") / layer("inet").UDP(sport=9, dport=9)
    return [(0.0, ip(ROUTER_MAC, GUEST_MAC, ROUTER, GUEST, 64) / inet6.ICMPv6TimeExceeded() / about)]
