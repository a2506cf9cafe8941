"""What a router's RAs say of their link, and whether one router alone says it."""

from __future__ import annotations

from bisect import bisect

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import is_receivable
from conformance.wire.edits import with_fields
from conformance.wire.frugal import own_link_layer
from conformance.wire.sample import PEER_MAC, conversation
from conformance.wire.spoken import (
    doubt,
    examine,
    hearing,
    is_capture,
    is_malformed,
    must,
    node,
    require_clock,
    saying,
)
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.nd_options import PrefixInformation
from fixtures.recording.views.ndp import RouterAdvertisement

#: RFC 8200 section 5; and what an IPv6 packet without jumbograms has at most.
LEAST_MTU, LARGEST_MTU = 1280, 65575
#: Milliseconds (RFC 4861 section 6.2.1: AdvReachableTime).
LONGEST_REACHABLE = 3_600_000


@check("RA-25", role="router", passive=True)
def test_wire_links_are_as_advertised(recording: Recording, notebook: Notebook) -> None:
    """SLLAO, MTU, prefixes and Reachable Time of every RA can be so.

    RFC 4861 sections 4.6.1, 4.6.2, 4.6.4, 6.2.1, RFC 8200 section 5.

    In a capture a station's frames may have passed a bridge that puts its own address there, so another SLLAO than
    the frame's source is a warning; and what the link carries is not known.
    """
    sent = [each for each in saying(recording, "router", ndp.router_advertisements) if not is_malformed(each)]
    examine(notebook, sent, "no Router Advertisement was seen that is well formed")
    for each in sent:
        _link_layer(recording, notebook, each)
        _mtu(recording, notebook, each)
        must(notebook, each.reachable_time <= LONGEST_REACHABLE, f"the RA has a Reachable Time of {each.reachable_time}"
             f" ms, and {LONGEST_REACHABLE} ms is the most", each)
        for prefix in each.prefixes:
            _prefix(notebook, each, prefix)
    notebook.finding = f"what {len(sent)} RAs say of their link can be so"


def _link_layer(recording: Recording, notebook: Notebook, ra: RouterAdvertisement) -> None:
    if ra.sllao is None or len(ra.sllao) != 17:
        return
    group = int(ra.sllao[:2], 16) & 1
    must(notebook, not group and ra.sllao.strip("0:"), f"the SLLAO {ra.sllao} is no station's address", ra)
    own_link_layer(recording, notebook, "router", ra, ra.sllao, "SLLAO")


def _mtu(recording: Recording, notebook: Notebook, ra: RouterAdvertisement) -> None:
    if ra.mtu is None:
        return
    must(notebook, LEAST_MTU <= ra.mtu <= LARGEST_MTU, f"the RA has an MTU of {ra.mtu}, and a link of IPv6 has"
         f" {LEAST_MTU} at least and {LARGEST_MTU} at most", ra)
    carried = [row["mtu"] for shot in recording.snapshots if shot.node == node(recording, "router")
               for row in shot.tables.get("link", ()) if row.get("ifname") == ra.frame.interface and row.get("mtu")]
    must(notebook, not carried or ra.mtu <= max(carried),
         f"the RA has an MTU of {ra.mtu}, and the link carries {max(carried, default=0)}", ra)


def _prefix(notebook: Notebook, ra: RouterAdvertisement, prefix: PrefixInformation) -> None:
    told = f"{prefix.prefix}/{prefix.length}"
    must(notebook, prefix.length <= 128, f"the prefix {told} is longer than an address", ra)
    must(notebook, prefix.router_address or prefix.network.network_address == prefix.prefix,
         f"the prefix {told} has bits after its length", ra)
    must(notebook, not prefix.prefix.is_multicast, f"the prefix {told} is a group's", ra)
    if prefix.prefix.is_link_local and prefix.length >= 10:
        doubt(notebook, f"the prefix {told} is the link-local one", ra)


@check("RA-02.one-router", role="router", passive=True)
def test_wire_router_addresses_are_one_router_s(recording: Recording, notebook: Notebook) -> None:
    """An address from which a router advertises is that of one station (RFC 4861 section 6.2.8, RFC 4862 section 5.4).

    Two stations that advertise from it in turn are a warning: a capture does not tell whose it is, and some kinds of
    redundant routers are meant to. A station that takes over for good is none.
    """
    sent = list(saying(recording, "router", ndp.router_advertisements))
    examine(notebook, sent, "no Router Advertisement was seen")
    require_clock(recording)
    times = [each.time for each in sent]
    for each in hearing(recording, "router", ndp.router_advertisements):
        at = bisect(times, each.time)
        again = each.sllao in {mine.sllao for mine in sent[at - 1:at]}
        if again or not is_capture(recording) or not is_receivable(each):
            continue
        around = [mine for mine in (*sent[:at][-1:], *sent[at:at + 1]) if mine.source == each.source]
        if len(around) == 2:
            doubt(notebook, f"{each.source} advertises from {around[0].mac_source} and from"
                               f" {each.mac_source} in turn", around[0], each, around[1])
            return
    notebook.finding = f"{len(sent)} RAs from addresses of this router alone"


@edited(test_wire_links_are_as_advertised, because="a Reachable Time of 3600001 ms")
def neighbor_is_reachable_for_more_than_an_hour(recording: Recording) -> Recording:
    sent = list(saying(recording, "router", ndp.router_advertisements))
    return with_fields(recording, sent, "ICMPv6ND_RA", reachabletime=3_600_001)


@healthy(test_wire_links_are_as_advertised)
@healthy(test_wire_router_addresses_are_one_router_s)
def router_of_the_sample() -> Recording:
    return conversation("router")


def _advertisements(recording: Recording) -> list[RouterAdvertisement]:
    return list(saying(recording, "router", ndp.router_advertisements))


@edited(test_wire_links_are_as_advertised, because="02:00:00:00:00:99 is not the sender's")
def advertises_another_station(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6NDOptSrcLLAddr", lladdr="02:00:00:00:00:99")


@edited(test_wire_links_are_as_advertised, because="is no station's address")
def advertises_a_group_of_stations(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6NDOptSrcLLAddr", lladdr="33:33:00:00:00:01")


@edited(test_wire_links_are_as_advertised, because="MTU of 100,")
def advertises_a_tiny_mtu(recording: Recording) -> Recording:
    option = layer("inet6").ICMPv6NDOptMTU(mtu=100)
    return editing.rewritten(recording, _advertisements(recording), lambda packet: packet / option)


@edited(test_wire_links_are_as_advertised, because="fe80::/64 is the link-local one")
def advertises_the_link_local_prefix(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6NDOptPrefixInfo", prefix="fe80::")


@edited(test_wire_links_are_as_advertised, because="has bits after its length")
def advertises_an_address_as_prefix(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6NDOptPrefixInfo", prefix="2001:db8:1::5")


@edited(test_wire_router_addresses_are_one_router_s, because=f"and from {PEER_MAC} in turn")
def is_impersonated(recording: Recording) -> Recording:
    like, = [each for each in _advertisements(recording) if each.destination.is_multicast][2:3]
    packet = layer("l2").Ether(like.frame.data)
    packet.src = PEER_MAC
    packet[layer("inet6").ICMPv6NDOptSrcLLAddr].lladdr = PEER_MAC
    del packet[layer("inet6").ICMPv6ND_RA].cksum
    return editing.with_frame(recording, packet, time=like.time + 1, node=like.frame.node,
                              interface=like.frame.interface)
