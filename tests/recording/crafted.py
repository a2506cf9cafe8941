"""Messages that no program of the sample boot sends, built with Scapy, and recordings made of frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scapy.layers.dhcp6 import (
    DUID_LL,
    DHCP6_Advertise,
    DHCP6_RelayForward,
    DHCP6_Reply,
    DHCP6OptClientId,
    DHCP6OptDNSDomains,
    DHCP6OptDNSServers,
    DHCP6OptIA_NA,
    DHCP6OptIA_PD,
    DHCP6OptIAAddress,
    DHCP6OptIAPrefix,
    DHCP6OptIfaceId,
    DHCP6OptInfoRefreshTime,
    DHCP6OptPref,
    DHCP6OptRapidCommit,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DHCP6OptStatusCode,
)
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    ICMPv6MLDMultAddrRec,
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_RA,
    ICMPv6ND_Redirect,
    ICMPv6NDOptDNSSL,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS,
    ICMPv6NDOptRouteInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrHopByHop,
    RouterAlert,
)
from scapy.layers.l2 import Ether
from scapy.layers.vrrp import VRRPv3

from fixtures.recording.model import Frame, Interface, Play, Program, Recording

MAC, OTHER_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"


def ip(to: str = "ff02::1", hop_limit: int = 255) -> Any:
    """Ethernet and IPv6 from fe80::1."""
    return Ether(src=MAC, dst=OTHER_MAC) / IPv6(src="fe80::1", dst=to, hlim=hop_limit)


def router_advertisements() -> list[Any]:
    """Every flag and option, also twice."""
    return [
        ip() / ICMPv6ND_RA(chlim=64, M=1, O=0, prf=3, routerlifetime=1800, reachabletime=30000, retranstimer=1000)
        / ICMPv6NDOptPrefixInfo(prefix="2001:db8::", prefixlen=64, L=1, A=0, validlifetime=900, preferredlifetime=600)
        / ICMPv6NDOptPrefixInfo(prefix="2001:db8:2::", prefixlen=56, L=0, A=1, validlifetime=0, preferredlifetime=0)
        / ICMPv6NDOptMTU(mtu=1400) / ICMPv6NDOptSrcLLAddr(lladdr=MAC)
        / ICMPv6NDOptRDNSS(lifetime=60, dns=["2001:db8::53", "2001:db8::54"])
        / ICMPv6NDOptDNSSL(lifetime=70, searchlist=["example.com", "cloud.example"]),
        ip() / ICMPv6ND_RA(M=0, O=1, H=1, prf=1, routerlifetime=0)
        / ICMPv6NDOptRouteInfo(prefix="2001:db8:9::", plen=48, rtlifetime=300, prf=1),
        ip(hop_limit=64) / ICMPv6ND_RA(),
    ]


def redirects() -> list[Any]:
    """A better first hop for a destination."""
    return [ip("fe80::2") / ICMPv6ND_Redirect(tgt="fe80::9", dst="2001:db8::9") / ICMPv6NDOptDstLLAddr(lladdr=MAC)]


def neighbor_advertisements() -> list[Any]:
    """All eight combinations of the flags."""
    return [ip("fe80::2") / ICMPv6ND_NA(tgt="2001:db8::1", R=bits & 1, S=bits >> 1 & 1, O=bits >> 2)
            / ICMPv6NDOptDstLLAddr(lladdr=OTHER_MAC) for bits in range(8)]


def reports() -> list[Any]:
    """An MLDv2 report with two records, one of them with sources."""
    return [ip("ff02::16", 1) / IPv6ExtHdrHopByHop(options=RouterAlert(value=0)) / ICMPv6MLReport2(records=[
        ICMPv6MLDMultAddrRec(rtype=3, dst="ff0e::1", sources=["2001:db8::1", "2001:db8::2"]),
        ICMPv6MLDMultAddrRec(rtype=4, dst="ff02::1:ff00:1")])]


def vrrp_advertisements() -> list[Any]:
    """One of a virtual router with two addresses, and its last one."""
    def advertisement(priority: int, *addresses: str) -> Any:
        return ip(to="ff02::12") / VRRPv3(vrid=51, priority=priority, adv=350, addrlist=list(addresses))

    return [advertisement(200, "fe80::1", "2001:db8::1"), advertisement(0, "fe80::1")]


def dhcpv6_messages() -> list[Any]:
    """Two IAs, prefixes, status codes at every level, and a relayed message."""
    server, client = DHCP6OptServerId(duid=DUID_LL(lladdr=MAC)), DHCP6OptClientId(duid=DUID_LL(lladdr=OTHER_MAC))
    udp = ip("fe80::2") / UDP(sport=547, dport=546)
    leased = [DHCP6OptIAAddress(addr="2001:db8::5", preflft=600, validlft=900),
              DHCP6OptIAAddress(addr="2001:db8::6", preflft=0, validlft=0)]
    reply = (DHCP6_Reply(trid=0xABCDEF) / server / client / DHCP6OptIA_NA(iaid=1, T1=300, T2=480, ianaopts=leased)
             / DHCP6OptIA_NA(iaid=2, ianaopts=[DHCP6OptStatusCode(statuscode=2, statusmsg="none left")])
             / DHCP6OptIA_PD(iaid=3, T1=1, T2=2, iapdopt=[DHCP6OptIAPrefix(prefix="2001:db8:f00::", plen=56,
                                                                           preflft=5, validlft=6)])
             / DHCP6OptDNSServers(dnsservers=["2001:db8::53"]) / DHCP6OptDNSDomains(dnsdomains=["example.com."])
             / DHCP6OptInfoRefreshTime(reftime=600))
    advertise = (DHCP6_Advertise(trid=7) / client / server / DHCP6OptPref(prefval=255) / DHCP6OptRapidCommit()
                 / DHCP6OptStatusCode(statuscode=1, statusmsg=""))
    relayed = (ip("ff02::1:2") / UDP(sport=547, dport=547)
               / DHCP6_RelayForward(hopcount=1, linkaddr="2001:db8::1", peeraddr="fe80::9")
               / DHCP6OptIfaceId(ifaceid=b"port7") / DHCP6OptRelayMsg(message=advertise))
    return [udp / reply, udp / advertise, relayed]


def recording(packets: Iterable[Any]) -> Recording:
    """A recording of these packets, a millisecond apart."""
    frames = tuple(Frame(number, number * 1_000_000, "guest", "eth0", False, bytes(packet))
                   for number, packet in enumerate(packets, 1))
    play = Play("1" * 16, "crafted", {}, "none", {"peer": Program("scapy", "2")}, {"peer": "peer"}, {})
    return Recording(play, 1_700_000_000_000_000_000, 10 ** 9, (Interface("guest", "eth0", OTHER_MAC),), frames)
