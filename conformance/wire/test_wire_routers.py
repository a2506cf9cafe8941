"""What a router says besides its RAs, and the errors that hosts and routers send, as far as the wire alone tells."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from ipaddress import IPv6Address
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire import neighbors
from conformance.wire.edits import with_fields, without_option
from conformance.wire.frugal import reserved_are_zero
from conformance.wire.sample import conversation
from conformance.wire.speech import probes, questions
from conformance.wire.spoken import (
    examine,
    has_link_layer_addresses,
    is_malformed,
    must,
    neighbor_discovery,
    require_clock,
    saying,
    valid,
)
from fixtures.protocols.addresses import UNSPECIFIED
from fixtures.protocols.icmp import INFORMATIONAL, REDIRECT
from fixtures.protocols.ip import ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import mld, ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.transport import IcmpError


@check("NDP-01.form", role="router", passive=True)
def test_wire_router_solicitations_of_neighbors(recording: Recording, notebook: Notebook) -> None:
    """A router that resolves an address solicits as a host does (RFC 4861 sections 4.3, 7.2.2)."""
    neighbors.solicitations(recording, notebook, "router")


@check("SLAAC-03", role="router", passive=True)
def test_wire_router_probes(recording: Recording, notebook: Notebook) -> None:
    """A router probes for its addresses as a host does (RFC 4862 section 5.4.2)."""
    neighbors.probing(recording, notebook, "router")


@check("NDP-02.form", role="router", passive=True)
def test_wire_router_advertises_itself(recording: Recording, notebook: Notebook) -> None:
    """A router's Neighbor Advertisements are as a host's should be (RFC 4861 sections 4.4, 7.2.4)."""
    neighbors.advertisements(recording, notebook, "router")


@check("NDP-02.router-flag", role="router", passive=True)
def test_wire_router_says_that_it_is_one(recording: Recording, notebook: Notebook) -> None:
    """Who advertises itself as a default router has R=1 in its Neighbor Advertisements (RFC 4861 section 4.4).

    Judged of the addresses from which its RAs come, between two RAs with a Router Lifetime.
    """
    require_clock(recording)
    lives: dict[object, list[tuple[float, int]]] = defaultdict(list)
    for ra in saying(recording, "router", ndp.router_advertisements):
        lives[ra.source].append((ra.time, ra.lifetime))
    told = [each for each in saying(recording, "router", ndp.neighbor_advertisements)
            if _between(lives.get(each.target, []), each.time)]
    examine(notebook, told, "it advertised none of its addresses between two RAs")
    for each in told:
        must(notebook, each.router, f"a router's advertisement of {each.target} has R=0", each)
    notebook.finding = f"{len(told)} advertisements with R=1"


def _between(lives: list[tuple[float, int]], time: float) -> bool:
    """Whether it lies between two RAs with a Router Lifetime."""
    at = bisect(lives, (time, 0))
    return 0 < at < len(lives) and bool(lives[at - 1][1] and lives[at][1])


@check("LL-02", role="router", passive=True)
def test_wire_router_reports_groups(recording: Recording, notebook: Notebook) -> None:
    """A router's MLD reports have hop limit 1, Router Alert and a link-local source or `::` (RFC 3810 section 5)."""
    neighbors.group_reports(recording, notebook, "router")


@check("RA-21.form", role="router", passive=True)
def test_wire_redirects_are_valid(recording: Recording, notebook: Notebook) -> None:
    """Every Redirect comes from a link-local address, for one node, to a router's link-local address or to itself.

    Hop limit 255, code 0, a right checksum (RFC 4861 sections 4.5, 8.1, 8.2).
    """
    sent = saying(recording, "router", ndp.redirects)
    examine(notebook, sent, "no Redirect was seen")
    for each in sent:
        valid(notebook, each, "Redirect", sized=has_link_layer_addresses(recording, "router"))
        reserved_are_zero(notebook, each, "Redirect")
        must(notebook, each.source.is_link_local, f"the Redirect comes from {each.source}", each)
        must(notebook, not each.for_destination.is_multicast, f"it redirects the group {each.for_destination}", each)
        better = each.target == each.for_destination or each.target.is_link_local
        must(notebook, better, f"it redirects {each.for_destination} to {each.target}", each)
    notebook.finding = f"{len(sent)} Redirects that hosts accept"


@check("ROUTE-11.allowed", role="router", passive=True)
def test_wire_errors_are_allowed(recording: Recording, notebook: Notebook) -> None:
    """No ICMPv6 error is about another error or a Redirect, about what was sent to many, or from nobody.

    RFC 4443 section 2.4 (e). Packet Too Big and unknown options may be told of multicast, too. Only errors from an
    address that the router itself uses on this link are judged; others it has forwarded.
    """
    _expect_allowed(recording, notebook, "router")


@check("ROUTE-11.allowed", role="guest", passive=True)
def test_wire_errors_of_hosts_are_allowed(recording: Recording, notebook: Notebook) -> None:
    """A host's errors keep the rules that a router's do (RFC 4443 section 2.4 (e)), judged as those are."""
    _expect_allowed(recording, notebook, "guest")


def _expect_allowed(recording: Recording, notebook: Notebook, role: str) -> None:
    sent = [each for each in saying(recording, role, transport.icmp_errors) if len(each.invoking) >= 40]
    if sent:
        own = {each.source for each in neighbor_discovery(recording, role)} - {UNSPECIFIED}
        own |= {each.target for each in saying(recording, role, ndp.neighbor_advertisements)}
        sent = [each for each in sent if each.source in own or each.source.is_link_local]
    examine(notebook, sent, f"no ICMPv6 error of the {role}'s own was seen")
    for each in sent:
        must(notebook, not is_malformed(each), f"the error is malformed: {each.malformed}", each)
        _about_what_may_be_answered(notebook, each)
    notebook.finding = f"{len(sent)} ICMPv6 errors about packets that may be answered"


def _about_what_may_be_answered(notebook: Notebook, error: IcmpError) -> None:
    packet = error.invoking
    source, to = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    if packet[6] == ICMPV6 and len(packet) > 40:
        of_error = packet[40] < INFORMATIONAL or packet[40] == REDIRECT
        must(notebook, not of_error, f"an error is about an ICMPv6 message of type {packet[40]}", error)
    nobody = source == UNSPECIFIED or source.is_multicast
    must(notebook, not nobody, f"an error is about a packet from {source}", error)
    to_many = error.kind == "packet-too-big" or (error.kind == "parameter-problem" and error.code == 2)
    must(notebook, to_many or not to.is_multicast, f"an error is about a packet to {to}", error)


@healthy(test_wire_router_solicitations_of_neighbors)
@healthy(test_wire_router_probes)
@healthy(test_wire_router_advertises_itself)
@healthy(test_wire_router_says_that_it_is_one)
@healthy(test_wire_router_reports_groups)
@healthy(test_wire_redirects_are_valid)
@healthy(test_wire_errors_are_allowed)
def router_of_the_sample() -> Recording:
    return conversation("router")


@healthy(test_wire_errors_of_hosts_are_allowed)
def guest_of_the_sample() -> Recording:
    return conversation("guest")


def _advertisements(recording: Recording) -> list[ndp.NeighborAdvertisement]:
    return list(saying(recording, "router", ndp.neighbor_advertisements))


@edited(test_wire_router_solicitations_of_neighbors, because="no SLLAO")
def asks_without_saying_who(recording: Recording) -> Recording:
    return without_option(recording, list(saying(recording, "router", questions)), "ICMPv6NDOptSrcLLAddr")


@edited(test_wire_router_probes, because="went to ff02::1")
def probes_everybody(recording: Recording) -> Recording:
    return with_fields(recording, list(saying(recording, "router", probes)), "IPv6", dst="ff02::1")


@edited(test_wire_router_advertises_itself, because="hop limit 64")
def tells_from_afar(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "IPv6", hlim=64)


@edited(test_wire_router_says_that_it_is_one, because="has R=0")
def tells_as_a_host(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6ND_NA", R=0)


@edited(test_wire_router_reports_groups, because="hop limit 255")
def reports_to_the_world(recording: Recording) -> Recording:
    return with_fields(recording, list(saying(recording, "router", mld.reports)), "IPv6", hlim=255)


@edited(test_wire_redirects_are_valid, because="redirects the group")
def redirects_a_group(recording: Recording) -> Recording:
    return with_fields(recording, ndp.redirects(recording.frames), "ICMPv6ND_Redirect", dst="ff0e::1")


@edited(test_wire_redirects_are_valid, because="to 2001:db8::7")
def redirects_to_a_global_address(recording: Recording) -> Recording:
    return with_fields(recording, ndp.redirects(recording.frames), "ICMPv6ND_Redirect", tgt="2001:db8::7")


@edited(test_wire_errors_are_allowed, because="from ::")
def answers_nobody(recording: Recording) -> Recording:
    return _about(recording, src="::")


@edited(test_wire_errors_are_allowed, because="to ff0e::1")
def answers_what_went_to_a_group(recording: Recording) -> Recording:
    return _about(recording, dst="ff0e::1")


@edited(test_wire_errors_are_allowed, because="of type 3")
def answers_an_error(recording: Recording) -> Recording:
    inet6 = layer("inet6")
    return _about(recording, payload=inet6.ICMPv6TimeExceeded() / b"an older packet")


@edited(test_wire_errors_of_hosts_are_allowed, because="to ff0e::1")
def host_answers_what_went_to_a_group(recording: Recording) -> Recording:
    return _about(recording, "guest", dst="ff0e::1")


def _about(recording: Recording, role: str = "router", payload: Any = None, **fields: object) -> Recording:
    """Errors about another packet."""

    def change(packet: Any) -> Any:
        inet6 = layer("inet6")
        invoking = inet6.IPv6(**{"src": "2001:db8::5", "dst": "2001:db8:2::1", **fields})
        unreachable = packet[inet6.ICMPv6DestUnreach]
        unreachable.remove_payload()
        return packet / invoking / (payload or b"a packet of many bytes")

    return editing.rewritten(recording, saying(recording, role, transport.icmp_errors), change)
