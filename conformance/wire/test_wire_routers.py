"""What a router says, as far as the wire alone tells."""

from __future__ import annotations

from collections import defaultdict
from ipaddress import IPv6Address
from itertools import pairwise
from statistics import median
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire.sample import conversation
from conformance.wire.spoken import examined, flawed, has_link_layer_addresses, must, neighbour_discovery, said, valid
from fixtures.protocols.addresses import ALL_NODES, UNSPECIFIED
from fixtures.protocols.icmp import REDIRECT
from fixtures.protocols.ip import ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.recording.views.transport import IcmpError
from fixtures.timers import MIN_DELAY_BETWEEN_RAS, TICK

#: Seconds: MaxRtrAdvInterval is at least this (RFC 4861 section 6.2.1), and no lifetime but 0 may be shorter.
LEAST_INTERVAL = 4
#: So many intervals between RAs tell that their middle one is no chance.
ENOUGH = 5
#: An RA too soon after another may be that of a router that was started anew; more of them are its habit.
HABIT = 3


@check("RA-02", role="router", passive=True)
def test_wire_advertisements_are_valid(recording: Recording, notebook: Notebook) -> None:
    """Every RA comes from a link-local address, with hop limit 255, code 0, a right checksum and whole options.

    RFC 4861 sections 4.2, 6.1.2. An SLLAO may be left out on purpose, so it is not judged.
    """
    sent = ndp.router_advertisements(said(recording, "router"))
    examined(notebook, sent, "no Router Advertisement was seen")
    for each in sent:
        must(notebook, each.source.is_link_local, f"the RA comes from {each.source}", each)
        valid(notebook, each, "RA", sized=has_link_layer_addresses(recording, "router"))
    notebook.finding = f"{len(sent)} RAs that hosts accept"


@check("RA-01", role="router", passive=True)
def test_wire_advertisements_are_spaced(recording: Recording, notebook: Notebook) -> None:
    """Multicast RAs that say the same are at least 3 s apart (RFC 4861 section 6.2.6: MIN_DELAY_BETWEEN_RAS).

    One or two may come sooner, when the router was started anew or stops. Answers to solicitations are not judged.
    """
    sent = [each for each in ndp.router_advertisements(said(recording, "router"))
            if each.destination == ALL_NODES and each.lifetime]
    alike: dict[bytes, list[RouterAdvertisement]] = defaultdict(list)
    for each in sent:
        alike[each.headers.payload].append(each)
    pairs = [pair for same in alike.values() for pair in pairwise(same)]
    examined(notebook, [each for pair in pairs for each in pair], "no two equal multicast RAs were seen")
    hasty = [(one, two) for one, two in pairs if two.time - one.time < MIN_DELAY_BETWEEN_RAS - TICK]
    if len(hasty) >= HABIT:
        one, two = min(hasty, key=lambda pair: pair[1].time - pair[0].time)
        must(notebook, False, f"{len(hasty)} multicast RAs came too soon after another, the soonest"
                              f" {two.time - one.time:.3f} s, and 3 s are the least", one, two)
    notebook.finding = f"{len(pairs)} times a multicast RA was followed by another, at least 3 s later"


@check("RA-22", role="router", passive=True)
def test_wire_lifetimes_are_coherent(recording: Recording, notebook: Notebook) -> None:
    """No lifetime of an RA is shorter than the interval between two RAs; preferred is not above valid.

    RFC 4861 section 6.2.1 and RFC 8106 section 5.1. MaxRtrAdvInterval is at least 4 s, and at least the middle one of
    the intervals seen, where there are enough. A lifetime of 0 withdraws.
    """
    sent = ndp.router_advertisements(said(recording, "router"))
    examined(notebook, sent, "no Router Advertisement was seen")
    times = [each.time for each in sent if each.destination == ALL_NODES]
    gaps = [two - one for one, two in pairwise(times)]
    least = max(float(LEAST_INTERVAL), median(gaps) if len(gaps) >= ENOUGH else 0.0)
    for each in sent:
        lifetimes = {"router": [each.lifetime], "RDNSS": [option.lifetime for option in each.rdnss],
                     "DNSSL": [option.lifetime for option in each.dnssl]}
        for name, values in lifetimes.items():
            for life in values:
                # Lifetimes count whole seconds.
                must(notebook, life == 0 or life >= int(least),
                     f"the {name} lifetime of {life} s is shorter than an interval between RAs, {least:.1f} s", each)
        for prefix in each.prefixes:
            must(notebook, prefix.preferred <= prefix.valid, f"{prefix.network} is preferred for {prefix.preferred} s"
                 f" and valid for {prefix.valid} s", each)
    notebook.finding = f"the lifetimes of {len(sent)} RAs are coherent"


@check("RA-24", role="router", passive=True)
def test_wire_neighbour_discovery_is_whole(recording: Recording, notebook: Notebook) -> None:
    """No Neighbour Discovery message has a Fragment header (RFC 6980 section 5)."""
    sent = neighbour_discovery(said(recording, "router"))
    examined(notebook, sent, "no Neighbour Discovery message was seen")
    for each in sent:
        must(notebook, each.headers.fragment is None, "a Neighbour Discovery message is fragmented", each)
    notebook.finding = f"none of {len(sent)} messages is fragmented"


@check("RA-21", role="router", passive=True)
def test_wire_redirects_are_valid(recording: Recording, notebook: Notebook) -> None:
    """Every Redirect comes from a link-local address, for one node, to a router's link-local address or to itself.

    Hop limit 255, code 0, a right checksum (RFC 4861 sections 4.5, 8.1, 8.2).
    """
    sent = ndp.redirects(said(recording, "router"))
    examined(notebook, sent, "no Redirect was seen")
    for each in sent:
        valid(notebook, each, "Redirect", sized=has_link_layer_addresses(recording, "router"))
        must(notebook, each.source.is_link_local, f"the Redirect comes from {each.source}", each)
        must(notebook, not each.for_destination.is_multicast, f"it redirects the group {each.for_destination}", each)
        better = each.target == each.for_destination or each.target.is_link_local
        must(notebook, better, f"it redirects {each.for_destination} to {each.target}", each)
    notebook.finding = f"{len(sent)} Redirects that hosts accept"


@check("ROUTE-11", role="router", passive=True)
def test_wire_errors_are_allowed(recording: Recording, notebook: Notebook) -> None:
    """No ICMPv6 error is about another error or a Redirect, about what was sent to many, or from nobody.

    RFC 4443 section 2.4 (e). Packet Too Big and unknown options may be told of multicast, too. Only errors from an
    address that the router itself uses on this link are judged; others it has forwarded.
    """
    frames = said(recording, "router")
    own = {each.source for each in neighbour_discovery(frames)} - {UNSPECIFIED}
    own |= {each.target for each in ndp.neighbour_advertisements(frames)}
    sent = [each for each in transport.icmp_errors(frames) if each.source in own and len(each.invoking) >= 40]
    examined(notebook, sent, "no ICMPv6 error of the router was seen")
    for each in sent:
        must(notebook, not flawed(each), f"the error is malformed: {each.malformed}", each)
        _about_what_may_be_answered(notebook, each)
    notebook.finding = f"{len(sent)} ICMPv6 errors about packets that may be answered"


def _about_what_may_be_answered(notebook: Notebook, error: IcmpError) -> None:
    packet = error.invoking
    source, to = IPv6Address(packet[8:24]), IPv6Address(packet[24:40])
    if packet[6] == ICMPV6 and len(packet) > 40:
        of_error = packet[40] < 128 or packet[40] == REDIRECT
        must(notebook, not of_error, f"an error is about an ICMPv6 message of type {packet[40]}", error)
    nobody = source == UNSPECIFIED or source.is_multicast
    must(notebook, not nobody, f"an error is about a packet from {source}", error)
    to_many = error.kind == "packet-too-big" or (error.kind == "parameter-problem" and error.code == 2)
    must(notebook, to_many or not to.is_multicast, f"an error is about a packet to {to}", error)


@healthy(test_wire_advertisements_are_valid)
@healthy(test_wire_advertisements_are_spaced)
@healthy(test_wire_lifetimes_are_coherent)
@healthy(test_wire_neighbour_discovery_is_whole)
@healthy(test_wire_redirects_are_valid)
@healthy(test_wire_errors_are_allowed)
def router_of_the_sample() -> Recording:
    return conversation("router")


def _changed(recording: Recording, found: Any, kind: str, **fields: object) -> Recording:
    """These messages with other values in one of Scapy's layers."""

    def change(packet: Any) -> None:
        for name, value in fields.items():
            setattr(packet[getattr(layer("inet6"), kind)], name, value)

    return editing.rewritten(recording, found, change)


def _advertised(recording: Recording) -> list[RouterAdvertisement]:
    return ndp.router_advertisements(said(recording, "router"))


@edited(test_wire_advertisements_are_valid, because="comes from 2001:db8::1")
def advertises_from_a_global_address(recording: Recording) -> Recording:
    return _changed(recording, _advertised(recording), "IPv6", src="2001:db8::1")


@edited(test_wire_advertisements_are_valid, because="hop limit 254")
def advertises_through_a_router(recording: Recording) -> Recording:
    return _changed(recording, _advertised(recording), "IPv6", hlim=254)


@edited(test_wire_advertisements_are_spaced, because="3 s are the least")
def advertises_every_second(recording: Recording) -> Recording:
    first, *rest = [each for each in _advertised(recording) if each.destination == ALL_NODES]
    for number, each in enumerate(rest, 1):
        recording = editing.shifted(recording, first.time + number - each.time, frames=lambda frame, each=each: (
            frame.ns == each.frame.ns))  # type: ignore[misc]
    return recording


@edited(test_wire_lifetimes_are_coherent, because="router lifetime of 3 s")
def lifetime_of_three_seconds(recording: Recording) -> Recording:
    return _changed(recording, _advertised(recording), "ICMPv6ND_RA", routerlifetime=3)


@edited(test_wire_lifetimes_are_coherent, because="RDNSS lifetime of 9 s is shorter")
def name_server_that_ends_between_two(recording: Recording) -> Recording:
    return _changed(recording, _advertised(recording), "ICMPv6NDOptRDNSS", lifetime=9)


@edited(test_wire_lifetimes_are_coherent, because="preferred for 900 s")
def preferred_longer_than_valid(recording: Recording) -> Recording:
    prefix = {"preferredlifetime": 900, "validlifetime": 600}
    return _changed(recording, _advertised(recording), "ICMPv6NDOptPrefixInfo", **prefix)


@edited(test_wire_neighbour_discovery_is_whole, because="is fragmented")
def advertises_in_an_atomic_fragment(recording: Recording) -> Recording:

    def wrap(packet: Any) -> Any:
        inet6, head = layer("inet6"), packet.copy()
        head[inet6.IPv6].remove_payload()
        head[inet6.IPv6].nh = 44
        return head / inet6.IPv6ExtHdrFragment(nh=ICMPV6) / packet[inet6.IPv6].payload

    return editing.rewritten(recording, _advertised(recording), wrap)


@edited(test_wire_redirects_are_valid, because="redirects the group")
def redirects_a_group(recording: Recording) -> Recording:
    return _changed(recording, ndp.redirects(recording.frames), "ICMPv6ND_Redirect", dst="ff0e::1")


@edited(test_wire_redirects_are_valid, because="to 2001:db8::7")
def redirects_to_a_global_address(recording: Recording) -> Recording:
    return _changed(recording, ndp.redirects(recording.frames), "ICMPv6ND_Redirect", tgt="2001:db8::7")


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


def _about(recording: Recording, payload: Any = None, **fields: object) -> Recording:
    """Errors about another packet."""

    def change(packet: Any) -> Any:
        inet6 = layer("inet6")
        invoking = inet6.IPv6(**{"src": "2001:db8::5", "dst": "2001:db8:2::1", **fields})
        unreachable = packet[inet6.ICMPv6DestUnreach]
        unreachable.remove_payload()
        return packet / invoking / (payload or b"a packet of many bytes")

    return editing.rewritten(recording, transport.icmp_errors(said(recording, "router")), change)
