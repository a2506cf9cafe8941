"""What a router's RAs say, and when, as far as the wire alone tells."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import quantiles
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire.dates import rule
from conformance.wire.edits import with_fields
from conformance.wire.frugal import reserved_are_zero
from conformance.wire.sample import conversation
from conformance.wire.spoken import (
    doubt,
    examine,
    group_by,
    has_link_layer_addresses,
    is_capture,
    must,
    neighbor_discovery,
    require_clock,
    saying,
    slack,
    valid,
)
from fixtures.protocols.addresses import ALL_NODES
from fixtures.protocols.ip import ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.nd_options import ADVERTISEMENT_INTERVAL
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.timers import MIN_DELAY_BETWEEN_RAS, TICK

#: Seconds: MaxRtrAdvInterval is at least this (RFC 4861 section 6.2.1), and no lifetime but 0 may be shorter.
LEAST_INTERVAL = 4
#: So many intervals between RAs tell how long they are at least.
ENOUGH = 5
#: An RA too soon after another may be that of a router that was started anew; so many in a row are its habit.
HABIT = 3
#: Seconds by which a capture's stamps may be off, on the mean of so many gaps.
SLACK = 0.5
#: So many gaps that all differ by less than this share are no chance: the least that RFC 4861 section 6.2.1 lets a
#: router spread them over is a quarter of MaxRtrAdvInterval.
MANY, ALIKE = 8, 0.02
#: Seconds by which a lifetime that counts down with the clock may be off.
COUNTED = 2.0


def ras(recording: Recording) -> list[RouterAdvertisement]:
    """The router's RAs."""
    return list(saying(recording, "router", ndp.router_advertisements))


@check("RA-02", role="router", passive=True, parts=("source", "form"))
def test_wire_advertisements_are_valid(recording: Recording, notebook: Notebook, part: str) -> None:
    """Every RA comes from a link-local address; it has hop limit 255, code 0, a right checksum and whole options.

    It goes to all nodes or to one, and reserved fields are zero (RFC 4861 sections 4.2, 4.6, 6.1.2). An SLLAO may be
    left out on purpose, so it is not judged.
    """
    sent = ras(recording)
    examine(notebook, sent, "no Router Advertisement was seen")
    for each in sent:
        if part == "source":
            must(notebook, each.source.is_link_local, f"the RA comes from {each.source}", each)
        else:
            valid(notebook, each, "RA", sized=has_link_layer_addresses(recording, "router"))
            reserved_are_zero(notebook, each, "RA")
            if each.destination != ALL_NODES and each.destination.is_multicast:
                must(notebook, False, f"the RA goes to {each.destination}", each)
    notebook.finding = f"{len(sent)} RAs that hosts accept"


@check("RA-01", role="router", passive=True)
def test_wire_advertisements_are_spaced(recording: Recording, notebook: Notebook) -> None:
    """Multicast RAs that say the same are at least 3 s apart (RFC 4861 section 6.2.6: MIN_DELAY_BETWEEN_RAS).

    One or two may come sooner, when the router was started anew or stops; a capture's clock may be off, so it is the
    mean of several gaps that counts. Lifetimes may count down meanwhile. Mobile routers, which say how often they
    advertise, may do so every 30 ms (RFC 6275 section 7.5). Answers to solicitations are not judged.
    """
    alike: dict[object, list[RouterAdvertisement]] = defaultdict(list)
    for each in ras(recording):
        if each.destination == ALL_NODES and each.lifetime and ADVERTISEMENT_INTERVAL not in each.options:
            alike[_content(each)].append(each)
    pairs = [pair for same in alike.values() for pair in pairwise(same)]
    examine(notebook, [each for pair in pairs for each in pair], "no two equal multicast RAs were seen")
    require_clock(recording)
    for same in alike.values():
        for at in range(len(same) - HABIT):
            several = same[at:at + HABIT + 1]
            gaps = [two.time - one.time for one, two in pairwise(several)]
            least = MIN_DELAY_BETWEEN_RAS - TICK - slack(recording, SLACK)
            if max(gaps) < MIN_DELAY_BETWEEN_RAS - TICK and sum(gaps) / HABIT < least:
                told = ", ".join(f"{gap:.3f}" for gap in gaps)
                must(notebook, False, f"multicast RAs came {told} s after another, and 3 s are the least", *several)
    notebook.finding = f"{len(pairs)} times a multicast RA was followed by another, at least 3 s later"


def _content(ra: RouterAdvertisement) -> object:
    """What an RA says on which link, but for lifetimes that may count down."""
    return (ra.frame.interface, ra.source, ra.cur_hop_limit, ra.managed, ra.other, ra.preference, ra.lifetime,
            ra.reachable_time, ra.retrans_timer, ra.options, ra.sllao, ra.mtu,
            tuple((each.prefix, each.length, each.on_link, each.autonomous) for each in ra.prefixes),
            tuple(each.servers for each in ra.rdnss), tuple(each.domains for each in ra.dnssl),
            tuple((each.network, each.preference) for each in ra.routes))


@check("RA-03.random", role="router", passive=True)
def test_wire_intervals_are_random(recording: Recording, notebook: Notebook) -> None:
    """Unsolicited RAs do not come like clockwork: their intervals are drawn at random (RFC 4861 section 6.2.4).

    Many intervals in a row that are all alike are no chance. How long they are is not judged, as some may be lost.
    """
    links = group_by((each for each in ras(recording) if each.destination == ALL_NODES
                     and ADVERTISEMENT_INTERVAL not in each.options), lambda each: each.frame.interface)
    links = {link: sent for link, sent in links.items() if len(sent) > MANY}
    examine(notebook, [each for sent in links.values() for each in sent],
             f"fewer than {MANY + 1} multicast RAs were seen")
    require_clock(recording)
    for sent in links.values():
        gaps = [two.time - one.time for one, two in pairwise(sent)]
        for at in range(len(gaps) - MANY + 1):
            several = gaps[at:at + MANY]
            spread = max(several) - min(several)
            must(notebook, spread > ALIKE * max(several), f"{MANY} intervals in a row are from {min(several):.3f} s to"
                 f" {max(several):.3f} s long, so they are not random", *sent[at:at + MANY + 1])
        notebook.finding = f"{len(gaps)} intervals, from {min(gaps):.1f} s to {max(gaps):.1f} s long"


@check("RA-22", role="router", passive=True, parts=("router", "names", "prefixes"))
def test_wire_lifetimes_are_coherent(recording: Recording, notebook: Notebook, part: str) -> None:
    """No lifetime of an RA is shorter than the interval between two RAs; preferred is not above valid.

    RFC 4861 section 6.2.1; of name servers and domains RFC 8106 section 5.1 says SHOULD. In a play the situation says
    what MaxRtrAdvInterval is. In a capture it is at least 4 s, and at least as long as most of the intervals seen,
    where there are enough. A lifetime of 0 withdraws, and one that counts down ends.
    """
    sent = ras(recording)
    examine(notebook, sent, "no Router Advertisement was seen")
    _COHERENT[part](recording, notebook, sent)
    notebook.finding = f"the lifetimes of {len(sent)} RAs are coherent"


def _router_lifetime(recording: Recording, notebook: Notebook, sent: list[RouterAdvertisement]) -> None:
    least = _least_interval(recording, sent)
    for each in sent:
        must(notebook, not each.lifetime or each.lifetime >= int(least),  # lifetimes count whole seconds
             f"the router lifetime of {each.lifetime} s {_shorter(recording, least)}", each)


def _lifetimes_of_names(recording: Recording, notebook: Notebook, sent: list[RouterAdvertisement]) -> None:
    least, before = _least_interval(recording, sent), dict[object, tuple[float, int]]()
    for each in sent:
        for name, what, life in _of_names(each):
            time, earlier = before.get((name, what), (0.0, -1))
            counts_down = abs(earlier - life - (each.time - time)) <= COUNTED and life < earlier
            before[name, what] = each.time, life
            if life and life < int(least) and not counts_down:
                doubt(notebook, f"the {name} lifetime of {life} s {_shorter(recording, least)}", each)


def _preferred_and_valid(_: Recording, notebook: Notebook, sent: list[RouterAdvertisement]) -> None:
    for each in sent:
        for prefix in each.prefixes:
            must(notebook, prefix.preferred <= prefix.valid, f"{prefix.network} is preferred for {prefix.preferred} s"
                 f" and valid for {prefix.valid} s", each)


_COHERENT = {"router": _router_lifetime, "names": _lifetimes_of_names, "prefixes": _preferred_and_valid}


def _shorter(recording: Recording, least: float) -> str:
    if is_capture(recording):
        return f"is shorter than an interval between RAs, {least:.1f} s"
    return f"is shorter than the longest interval between RAs, {least:g} s"


def _least_interval(recording: Recording, sent: list[RouterAdvertisement]) -> float:
    """Seconds that MaxRtrAdvInterval has at least."""
    told = None if is_capture(recording) else recording.play.situation.get("max_interval")
    if told is not None:
        return float(told)
    links = group_by((each for each in sent if each.destination == ALL_NODES), lambda each: each.frame.interface)
    gaps = [two.time - one.time for same in links.values() for one, two in pairwise(same)]
    if len(gaps) < ENOUGH or recording.play.options.get("clock"):
        return LEAST_INTERVAL
    return max(float(LEAST_INTERVAL), quantiles(gaps, n=4)[0])


def _of_names(ra: RouterAdvertisement) -> list[tuple[str, object, int]]:
    """The lifetimes of name servers and domains: of what, of which, and seconds."""
    return [*(("RDNSS", each.servers, each.lifetime) for each in ra.rdnss),
            *(("DNSSL", each.domains, each.lifetime) for each in ra.dnssl)]


@check("RA-24", role="router", passive=True)
def test_wire_neighbor_discovery_is_whole(recording: Recording, notebook: Notebook) -> None:
    """No Neighbor Discovery message has a Fragment header (RFC 6980 section 5)."""
    count = 0
    examine(notebook, neighbor_discovery(recording, "router"), "no Neighbor Discovery message was seen")
    with rule(notebook, "RFC 6980"):
        for each in neighbor_discovery(recording, "router"):
            count += 1
            must(notebook, each.headers.fragment is None, "a Neighbor Discovery message is fragmented", each)
    notebook.finding = f"none of {count} messages is fragmented"


@healthy(test_wire_advertisements_are_valid)
@healthy(test_wire_advertisements_are_spaced)
@healthy(test_wire_intervals_are_random)
@healthy(test_wire_lifetimes_are_coherent)
@healthy(test_wire_neighbor_discovery_is_whole)
def router_of_the_sample() -> Recording:
    return conversation("router")


@edited(test_wire_advertisements_are_valid, because="comes from 2001:db8::1", parts=["source"])
def advertises_from_a_global_address(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "IPv6", src="2001:db8::1")


@edited(test_wire_advertisements_are_valid, because="hop limit 254", parts=["form"])
def advertises_through_a_router(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "IPv6", hlim=254)


@edited(test_wire_advertisements_are_valid, because="option 1 has length 0", parts=["form"])
def advertises_an_option_of_no_length(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "ICMPv6NDOptSrcLLAddr", len=0)


@edited(test_wire_advertisements_are_valid, because="reserved bits set: 0x01 at octet 5", parts=["form"])
def advertises_a_flag_that_nobody_knows(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "ICMPv6ND_RA", res=1)


@edited(test_wire_advertisements_are_valid, because="0x00000007 at octet 12 of option 3", parts=["form"])
def advertises_a_prefix_with_something_reserved(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "ICMPv6NDOptPrefixInfo", res2=7)


@edited(test_wire_advertisements_are_valid, because="the RA goes to ff02::2", parts=["form"])
def advertises_to_routers(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "IPv6", dst="ff02::2")


@edited(test_wire_advertisements_are_spaced, because="3 s are the least")
def advertises_every_second(recording: Recording) -> Recording:
    return _every(recording, 1.0)


@edited(test_wire_advertisements_are_spaced, because="3 s are the least")
def advertises_every_second_and_counts_down(recording: Recording) -> Recording:
    for number, each in enumerate(ras(recording)):
        recording = with_fields(recording, [each], "ICMPv6NDOptPrefixInfo", validlifetime=3600 - number)
    return _every(recording, 1.0)


@edited(test_wire_intervals_are_random, because="not random")
def advertises_like_clockwork(recording: Recording) -> Recording:
    return _every(recording, 7.0)


def _every(recording: Recording, seconds: float) -> Recording:
    """Multicast RAs that come so many seconds apart."""
    first, *rest = [each for each in ras(recording) if each.destination == ALL_NODES]
    for number, each in enumerate(rest, 1):
        recording = editing.shifted(recording, first.time + seconds * number - each.time,
                                    frames=lambda frame, each=each: frame.ns == each.frame.ns)  # type: ignore[misc]
    return recording


@edited(test_wire_lifetimes_are_coherent, because="router lifetime of 3 s", parts=["router"])
def lifetime_of_three_seconds(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "ICMPv6ND_RA", routerlifetime=3)


@edited(test_wire_lifetimes_are_coherent, because="RDNSS lifetime of 5 s is shorter", parts=["names"])
def name_server_that_ends_between_two(recording: Recording) -> Recording:
    return with_fields(recording, ras(recording), "ICMPv6NDOptRDNSS", lifetime=5)


@edited(test_wire_lifetimes_are_coherent, because="preferred for 900 s", parts=["prefixes"])
def preferred_longer_than_valid(recording: Recording) -> Recording:
    prefix = {"preferredlifetime": 900, "validlifetime": 600}
    return with_fields(recording, ras(recording), "ICMPv6NDOptPrefixInfo", **prefix)


@edited(test_wire_neighbor_discovery_is_whole, because="is fragmented")
def advertises_in_an_atomic_fragment(recording: Recording) -> Recording:

    def wrap(packet: Any) -> Any:
        inet6, head = layer("inet6"), packet.copy()
        head[inet6.IPv6].remove_payload()
        head[inet6.IPv6].nh = 44
        return head / inet6.IPv6ExtHdrFragment(nh=ICMPV6) / packet[inet6.IPv6].payload

    return editing.rewritten(recording, ras(recording), wrap)
