"""Frames in one line: what views hold stands in it, as RFCs and Wireshark spell it, and what is usual does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any

import pytest
from scapy.contrib.bgp import BGPHeader, BGPKeepAlive
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6MLQuery2,
    ICMPv6ND_NS,
    ICMPv6ND_RS,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    PadN,
    RouterAlert,
)
from scapy.layers.l2 import ARP, Dot1Q, Ether

from fixtures.recording.model import Frame
from fixtures.recording.views.base import View
from fixtures.recording.views.frames import decode
from tests.recording import crafted
from tests.recording.crafted import MAC, OTHER_MAC, ip

CLIENT, SERVER = "0003000102000000" + "0002", "0003000102000000" + "0001"
#: Ethernet and IPv6 between addresses from which the MAC addresses follow.
QUIET = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IPv6(src="fe80::ff:fe00:1", dst="fe80::ff:fe00:2")
V4 = Ether(src=MAC, dst=OTHER_MAC) / IP(src="192.0.2.1", dst="192.0.2.2")
DATAGRAM = bytes(IPv6(src="2001:db8::1", dst="2001:db8::2", hlim=1) / UDP(sport=40000, dport=9) / b"hello")
MACS = f"MAC {MAC} > {OTHER_MAC}"


def text(packet: Any) -> str:
    """The packet in one line."""
    return str(decode(Frame(1, 0, "guest", "eth0", False, bytes(packet))))


@pytest.mark.parametrize(("packet", "line"), [
    (crafted.router_advertisements()[0],
     "fe80::1 > ff02::1: Router Advertisement M=1 O=0 lifetime 1800 s, preference low, Cur Hop Limit 64, reachable time"
     " 30000 ms, retrans timer 1000 ms, MTU 1400, prefix 2001:db8::/64 L=1 A=0 preferred/valid 600/900 s, prefix"
     " 2001:db8:2::/56 L=0 A=1 preferred/valid 0/0 s, RDNSS 2001:db8::53 2001:db8::54 lifetime 60 s, DNSSL example.com"
     f" cloud.example lifetime 70 s, SLLAO {MAC}, {MACS}"),
    (crafted.router_advertisements()[1],
     "fe80::1 > ff02::1: Router Advertisement M=0 O=1 H=1 lifetime 0 s, preference high, route 2001:db8:9::/48"
     f" preference high lifetime 300 s, {MACS}"),
    (QUIET / ICMPv6ND_NS(tgt="2001:db8::2"),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Neighbor Solicitation for 2001:db8::2, no SLLAO"),
    (crafted.neighbor_advertisements()[3],
     "fe80::1 > fe80::2: Neighbor Advertisement of 2001:db8::1 R=1 S=1 O=0, TLLAO 02:00:00:00:00:02, " + MACS),
    (crafted.redirects()[0], f"fe80::1 > fe80::2: Redirect for 2001:db8::9 to fe80::9, TLLAO {MAC}, {MACS}"),
    (crafted.reports()[0],
     "fe80::1 > ff02::16: Multicast Listener Report v2: CHANGE_TO_INCLUDE ff0e::1 {2001:db8::1 2001:db8::2},"
     f" CHANGE_TO_EXCLUDE ff02::1:ff00:1, {MACS}"),
    (QUIET / ICMPv6MLQuery2(mladdr="ff02::16", mrd=1000),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: [no Router Alert] Multicast Listener Query v2 for ff02::16 maximum response"
     " delay 1000 ms"),
    (crafted.dhcpv6_messages()[0],
     f"fe80::1 > fe80::2: DHCPv6 Reply xid 0xabcdef, client {CLIENT}, server {SERVER}, IA_NA 0x1 T1/T2 300/480 s"
     " (2001:db8::5 preferred/valid 600/900 s; 2001:db8::6 preferred/valid 0/0 s), IA_NA 0x2 T1/T2 0/0 s (status"
     " NoAddrsAvail 'none left'), IA_PD 0x3 T1/T2 1/2 s (2001:db8:f00::/56 preferred/valid 5/6 s), DNS 2001:db8::53,"
     f" domains example.com, refresh time 600 s, hop limit 255, {MACS}"),
    (crafted.dhcpv6_messages()[2],
     "fe80::1 > ff02::1:2: DHCPv6 Relay-forward hop count 1 link 2001:db8::1 peer fe80::9 Interface-Id 'port7' >"
     f" Advertise xid 0x000007, client {CLIENT}, server {SERVER}, status UnspecFail, preference 255, Rapid Commit,"
     f" hop limit 255, {MACS}"),
    (QUIET / ICMPv6EchoRequest(id=7, seq=2, data=b"sextant"),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Echo Request id 7 seq 2, 7 bytes 'sextant', hop limit 64"),
    (QUIET / ICMPv6EchoReply(id=7, seq=2, data=b"\0\1"),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Echo Reply id 7 seq 2, 2 bytes, CRC-32 36de2269, hop limit 64"),
    (QUIET / ICMPv6PacketTooBig(mtu=1280) / DATAGRAM,
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Packet Too Big MTU 1280 about (2001:db8::1 > 2001:db8::2: UDP 40000 > 9, hop"
     " limit 1, 53 bytes), hop limit 64"),
    (QUIET / ICMPv6DestUnreach(code=4) / DATAGRAM,
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Destination Unreachable (port unreachable) about (2001:db8::1 > 2001:db8::2:"
     " UDP 40000 > 9, hop limit 1, 53 bytes), hop limit 64"),
    (QUIET / TCP(sport=40000, dport=80, flags="SA", seq=7, ack=8, window=9),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: TCP 40000 > 80 [SYN, ACK] Seq=7 Ack=8 Win=9, hop limit 64"),
    (QUIET / TCP(sport=40000, dport=80, flags="PA", seq=7, ack=8, window=9) / b"GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n",
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: TCP 40000 > 80 [PSH, ACK] Seq=7 Ack=8 Win=9, 31 bytes"
     " 'GET / HTTP/1.1 | Host: [::1]', hop limit 64"),
    (QUIET / TCP(sport=40000, dport=179, flags="A", seq=7, ack=8, window=9) / BGPHeader() / BGPKeepAlive(),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: TCP 40000 > 179 [ACK] Seq=7 Ack=8 Win=9, BGP KEEPALIVE, hop limit 64"),
    (QUIET / UDP(sport=4000, dport=53) / DNS(id=7, qd=DNSQR(qname="a.example", qtype="AAAA")),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: DNS query 0x0007 AAAA a.example, ports 4000 > 53, hop limit 64"),
    (QUIET / UDP(sport=53, dport=4000) / DNS(id=7, qr=1, rcode=0, qd=DNSQR(qname="a.example", qtype="AAAA"), an=DNSRR(
        rrname="a.example", type="AAAA", rdata="2001:db8::1", ttl=60)),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: DNS response 0x0007 NoError AAAA a.example, a.example AAAA 2001:db8::1 TTL"
     " 60 s, ports 53 > 4000, hop limit 64"),
    (crafted.vrrp_advertisements()[0],
     "fe80::1 > ff02::12: VRRPv3 Advertisement VRID 51 priority 200 Max Advertise Interval 3.5 s addresses fe80::1"
     f" 2001:db8::1, {MACS}"),
    (QUIET / IPv6ExtHdrFragment(id=9, offset=2, m=1, nh=58) / b"12345678",
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: [Fragment 00000009 at 16, more] 8 bytes '12345678', hop limit 64"),
    (QUIET / IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)]) / IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0" * 4)])
     / ICMPv6EchoRequest(id=7, seq=2),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: [Hop-by-Hop Options: Router Alert 0] [Destination Options] Echo Request id 7"
     " seq 2, 0 bytes, hop limit 64"),
    (Ether(src=MAC, dst=OTHER_MAC) / Dot1Q(vlan=7) / IPv6(src="fe80::1", dst="fe80::2", hlim=255) / ICMPv6ND_RS(),
     f"fe80::1 > fe80::2: Router Solicitation, no SLLAO, VLAN 7, {MACS}"),
    (QUIET / ICMPv6EchoRequest(id=7, seq=2, cksum=1),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: Echo Request id 7 seq 2, 0 bytes, hop limit 64, wrong checksum"),
    (Ether(src=MAC, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=MAC, psrc="192.0.2.1", pdst="192.0.2.2"),
     f"{MAC} > ff:ff:ff:ff:ff:ff: ARP Who has 192.0.2.2? Tell 192.0.2.1"),
    (Ether(src=MAC, dst=OTHER_MAC) / ARP(op=2, hwsrc=MAC, psrc="192.0.2.1", hwdst=OTHER_MAC, pdst="192.0.2.2"),
     f"{MAC} > {OTHER_MAC}: ARP 192.0.2.1 is at {MAC}"),
    (V4 / UDP(sport=67, dport=68) / BOOTP(op=2, xid=9, yiaddr="192.0.2.9") / DHCP(options=[
        ("message-type", "offer"), ("server_id", "192.0.2.1"), ("lease_time", 900), "end"]),
     "192.0.2.1 > 192.0.2.2: DHCP Offer xid 0x00000009, your address 192.0.2.9, server 192.0.2.1, lease 900 s,"
     f" hop limit 64, {MACS}"),
    (V4 / ICMP() / b"hello", f"192.0.2.1 > 192.0.2.2: ICMP Echo Request code 0, 9 bytes, CRC-32 163b4535,"
     f" hop limit 64, {MACS}"),
    (QUIET / IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=1, dport=2),
     "fe80::ff:fe00:1 > fe80::ff:fe00:2: IPv6 in IP (2001:db8::1 > 2001:db8::2: UDP 1 > 2, hop limit 64, 48 bytes),"
     " hop limit 64"),
    (Ether(src=MAC, dst=OTHER_MAC, type=0x88CC) / b"\1\2\3",
     f"{MAC} > {OTHER_MAC}: EtherType 0x88cc, 3 bytes, CRC-32 55bc801d"),
])
def test_a_frame_in_one_line(packet: Any, line: str) -> None:
    assert text(packet) == line


def samples() -> Iterator[View]:
    """A view of each kind, with every option."""
    packets = [*crafted.router_advertisements()[:2], *crafted.neighbor_advertisements()[:1], *crafted.redirects(),
               *crafted.reports(), *crafted.dhcpv6_messages(), *crafted.vrrp_advertisements(),
               QUIET / ICMPv6ND_NS(tgt="2001:db8::2"), QUIET / ICMPv6MLQuery2(mladdr="ff02::16", mrd=1000),
               QUIET / ICMPv6EchoRequest(id=7, seq=2, data=b"sextant"), QUIET / ICMPv6PacketTooBig() / DATAGRAM,
               QUIET / TCP(flags="SA") / b"abc", QUIET / UDP(sport=4, dport=5) / b"abc",
               QUIET / UDP(sport=53) / DNS(qr=1, qd=DNSQR(qname="a.example", qtype="AAAA"), an=DNSRR(
                   rrname="a.example", type="AAAA", rdata="2001:db8::1", ttl=60))]
    for packet in packets:
        view = decode(Frame(1, 0, "guest", "eth0", False, bytes(packet)))
        assert isinstance(view, View)
        yield view


#: What is not told: which frame it is, what follows from other fields, and what TCP has beside flags and data.
SILENT = ("frame", "types", "about", "tcp", "others")


def changes(value: Any) -> Iterator[Any]:
    """The value with one thing in it changed, in every way."""
    if is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            if each.name not in SILENT and not (isinstance(value, View) and each.name == "headers"):
                yield from (replace(value, **{each.name: other}) for other in changes(getattr(value, each.name)))
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from ((*value[:at], other, *value[at + 1:]) for other in changes(item))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value ^ 1 if isinstance(value, int) else value + 1
    elif isinstance(value, (IPv4Address, IPv6Address)):
        yield value + 1
    elif isinstance(value, IPv6Network):
        yield IPv6Network((int(value.network_address) ^ 1 << 127, value.prefixlen))
    elif isinstance(value, bytes):
        yield value + b"\1"
    elif isinstance(value, frozenset):
        yield value ^ {"FIN"}


@pytest.mark.parametrize("view", [pytest.param(view, id=type(view).__name__) for view in samples()])
def test_every_field_is_told(view: View) -> None:
    """A field that is added to a view, and not to its text, is found here."""
    found = list(changes(view))
    assert found
    for other in found:
        assert str(other) != str(view), f"not told: {other}"


@pytest.mark.parametrize("packet", [ip() / ICMPv6ND_RS(), QUIET / ICMPv6ND_RS(), QUIET / ICMPv6EchoRequest(),
                                    *crafted.reports(), *crafted.vrrp_advertisements()])
def test_hop_limit_and_mac_addresses_are_told_where_they_are_unusual(packet: Any) -> None:
    """An edit of either shows in every message."""
    said = {text(packet)}
    other = "02:00:00:00:00:0a"
    for layer, field, value in ((IPv6, "hlim", 7), (Ether, "src", other), (Ether, "dst", other)):
        edited = packet.copy()
        setattr(edited[layer], field, value)
        said.add(text(edited))
    assert len(said) == 4
