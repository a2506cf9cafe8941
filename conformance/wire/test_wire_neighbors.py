"""What a host says in Neighbor Discovery, as far as the wire alone tells."""

from __future__ import annotations

from bisect import bisect_left
from ipaddress import IPv6Address
from itertools import chain
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire import neighbors
from conformance.wire.edits import as_play, with_fields, without_option
from conformance.wire.frugal import own_link_layer, reserved_are_zero
from conformance.wire.neighbors import probe_times
from conformance.wire.sample import conversation
from conformance.wire.speech import questions
from conformance.wire.spoken import (
    examine,
    group_by,
    has_link_layer_addresses,
    hearing,
    last_before,
    must,
    require_clock,
    saying,
    slack,
    valid,
)
from fixtures.protocols.addresses import ALL_NODES, UNSPECIFIED
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import mld, ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.timers import RETRANS_TIMER, TICK

#: Seconds by which a capture's stamps may be off.
SLACK = 0.2
#: So many Requests that look alike may be on their way.
RECENT = 8
#: Seconds by which a machine's clock, which falls behind under load, may catch up within a second: 20 ms were seen.
CATCH_UP = 0.1


@check("RA-12.form", role="guest", passive=True)
def test_wire_router_solicitations(recording: Recording, notebook: Notebook) -> None:
    """Every Router Solicitation is one that a router heeds (RFC 4861 sections 4.1, 6.1.1).

    Hop limit 255, code 0, a right checksum, whole options, and no SLLAO from `::` nor of another; reserved fields are
    zero. When they were sent is not judged.
    """
    sent = saying(recording, "guest", ndp.router_solicitations)
    examine(notebook, sent, "no Router Solicitation was seen")
    for each in sent:
        valid(notebook, each, "solicitation", sized=has_link_layer_addresses(recording, "guest"))
        reserved_are_zero(notebook, each, "solicitation")
        own_link_layer(recording, notebook, "guest", each, each.sllao, "SLLAO")
        must(notebook, not each.source.is_multicast, f"the solicitation came from {each.source}", each)
        if each.source == UNSPECIFIED:
            must(notebook, each.sllao is None, "a solicitation from :: has an SLLAO", each)
    notebook.finding = f"{len(sent)} solicitations that a router heeds; when they are sent was not judged"


@check("SLAAC-03", role="guest", passive=True)
def test_wire_probes(recording: Recording, notebook: Notebook) -> None:
    """Every DAD probe goes to the target's solicited-node group, hop limit 255, without SLLAO (RFC 4862 5.4.2).

    Until RetransTimer has passed, the target is at most optimistic (RFC 4429): it is not advertised with O=1, and no
    solicitation from it has an SLLAO. Whether each address was probed for is not judged.
    """
    probing = neighbors.probing(recording, notebook, "guest")
    require_clock(recording)
    _expect_no_claim(recording, notebook, probing)
    notebook.finding = f"{len(probing)} probes as they should be; whether each address was probed for was not judged"


def _expect_no_claim(recording: Recording, notebook: Notebook, probing: list[NeighborSolicitation]) -> None:
    """Expect that nothing is claimed while it is probed for."""
    times, of = probe_times(recording, "guest"), group_by(probing, lambda probe: probe.target)
    early = TICK + slack(recording, SLACK) + (CATCH_UP if "guest" in recording.opaque else 0.0)
    least = _retrans_timer(recording) - early
    claims = (saying(recording, "guest", ndp.neighbor_advertisements), saying(recording, "guest", questions))
    for claim in chain.from_iterable(claims):
        bold = claim.override if isinstance(claim, NeighborAdvertisement) else claim.sllao
        address = claim.target if isinstance(claim, NeighborAdvertisement) else claim.source
        if not bold or not isinstance(address, IPv6Address) or address not in times:
            continue
        at = bisect_left(times[address], claim.time) - 1
        if at >= 0 and claim.time - times[address][at] < least:
            notebook.expect(False, f"{address} was claimed {claim.time - times[address][at]:.3f} s after the probe for"
                            " it", of[address][at], claim)


def _retrans_timer(recording: Recording) -> float:
    """Seconds: the shortest that a router told, where one told any."""
    told = [ra.retrans_timer / 1000 for ra in hearing(recording, "guest", ndp.router_advertisements)
            if ra.retrans_timer]
    return min([RETRANS_TIMER, *told])


@check("NDP-01.form", role="guest", passive=True)
def test_wire_solicitations(recording: Recording, notebook: Notebook) -> None:
    """A host that resolves an address solicits its solicited-node group, with SLLAO (RFC 4861 sections 4.3, 7.2.2).

    Hop limit 255, code 0, a right checksum, and a target that is no group. An address that may be optimistic speaks
    without SLLAO (RFC 4429). How often it asks is not judged.
    """
    neighbors.solicitations(recording, notebook, "guest")


@check("NDP-02.form", role="guest", passive=True)
def test_wire_advertisements(recording: Recording, notebook: Notebook) -> None:
    """A host's Neighbor Advertisements have the flags and the TLLAO of RFC 4861 sections 4.4 and 7.2.4.

    S=1 goes to one node only; to a multicast solicitation the answer has a TLLAO. Whether and how soon it answers is
    not judged, since what was asked may not have reached it.
    """
    neighbors.advertisements(recording, notebook, "guest")


@check("LL-02", role="guest", passive=True)
def test_wire_group_reports(recording: Recording, notebook: Notebook) -> None:
    """Every MLD report has hop limit 1, the Router Alert option, and a link-local source or `::` (RFC 3810 section 5).

    Which groups were joined, and when, is not judged.
    """
    neighbors.group_reports(recording, notebook, "guest")


@check("LL-09.unchanged", role="guest", passive=True)
def test_wire_echo_replies(recording: Recording, notebook: Notebook) -> None:
    """An Echo Reply from the address that was asked has the data of the Request, unchanged (RFC 4443 section 4.2).

    Where several Requests have the same identifier and sequence number it may answer any of the last of them.
    """
    requests = group_by((each for each in hearing(recording, "guest", transport.echoes)
                        if not each.reply and each.summed and not each.malformed),
                       lambda each: (each.source, each.destination, each.identifier, each.sequence))
    times = {key: [each.time for each in asked] for key, asked in requests.items()}
    pairs = []
    for reply in filter(lambda each: each.reply, saying(recording, "guest", transport.echoes)):
        ends = reply.destination, reply.source, reply.identifier, reply.sequence
        at = last_before(times.get(ends, []), reply.time)
        if at >= 0:
            latest = requests[ends][max(0, at - RECENT + 1):at + 1]
            same = [each for each in latest if each.payload == reply.payload]
            pairs.append(((same or latest)[-1], reply))
    examine(notebook, [reply for _, reply in pairs], "no Echo Request with its Reply was seen")
    for request, reply in pairs:
        must(notebook, request.payload == reply.payload, "the Echo Reply has other data than the Request",
             request, reply)
    notebook.finding = f"{len(pairs)} Echo Replies with the data of their Requests"


@healthy(test_wire_router_solicitations)
@healthy(test_wire_probes)
@healthy(test_wire_solicitations)
@healthy(test_wire_advertisements)
@healthy(test_wire_group_reports)
@healthy(test_wire_echo_replies)
def guest_of_the_sample() -> Recording:
    return conversation("guest")


def _with_option(recording: Recording, found: Any) -> Recording:
    """These messages with an SLLAO at their end."""

    def add(packet: Any) -> Any:
        return packet / layer("inet6").ICMPv6NDOptSrcLLAddr(lladdr=packet.src)

    return editing.rewritten(recording, found, add)


def _advertisements(recording: Recording) -> list[NeighborAdvertisement]:
    return list(saying(recording, "guest", ndp.neighbor_advertisements))


def _solicitations(recording: Recording, *, dad: bool) -> list[NeighborSolicitation]:
    return [each for each in saying(recording, "guest", ndp.neighbor_solicitations) if each.dad == dad]


@edited(test_wire_router_solicitations, because="hop limit 64")
def solicits_from_afar(recording: Recording) -> Recording:
    return with_fields(recording, ndp.router_solicitations(recording.frames), "IPv6", hlim=64)


@edited(test_wire_router_solicitations, because="has an SLLAO")
def solicits_from_nowhere(recording: Recording) -> Recording:
    return with_fields(recording, ndp.router_solicitations(recording.frames), "IPv6", src="::")


@edited(test_wire_router_solicitations, because="wrong checksum")
def solicits_with_a_wrong_sum(recording: Recording) -> Recording:
    return with_fields(recording, ndp.router_solicitations(recording.frames), "ICMPv6ND_RS", cksum=0x1234)


@edited(test_wire_router_solicitations, because="reserved bits set: 0x00000001 at octet 4")
def solicits_with_a_reserved_bit(recording: Recording) -> Recording:
    return with_fields(recording, ndp.router_solicitations(recording.frames), "ICMPv6ND_RS", res=1)


@edited(test_wire_router_solicitations, because="the SLLAO 02:00:00:00:00:99 is not the sender's")
def solicits_as_somebody_else(recording: Recording) -> Recording:
    return with_fields(as_play(recording), ndp.router_solicitations(recording.frames), "ICMPv6NDOptSrcLLAddr",
                       lladdr="02:00:00:00:00:99")


@edited(test_wire_probes, because="reserved bits set")
def probes_with_a_reserved_bit(recording: Recording) -> Recording:
    return with_fields(recording, _solicitations(recording, dad=True), "ICMPv6ND_NS", res=1)


@edited(test_wire_probes, because="Source Link-Layer")
def probes_with_sllao(recording: Recording) -> Recording:
    return _with_option(recording, _solicitations(recording, dad=True))


@edited(test_wire_probes, because="went to ff02::1")
def probes_everybody(recording: Recording) -> Recording:
    return with_fields(recording, _solicitations(recording, dad=True), "IPv6", dst="ff02::1")


@edited(test_wire_probes, because="was claimed 0.1")
def claims_what_it_probes(recording: Recording) -> Recording:
    """It defends an address 0.1 s after its probe."""
    answer = _advertisements(recording)[0]
    probe = next(each for each in _solicitations(recording, dad=True) if each.target == answer.target)
    return editing.shifted(recording, probe.time + 0.1 - answer.time, frames=answer)


@edited(test_wire_solicitations, because="went to ff02::1")
def asks_everybody(recording: Recording) -> Recording:
    return with_fields(recording, _solicitations(recording, dad=False), "IPv6", dst="ff02::1")


@edited(test_wire_solicitations, because="no SLLAO")
def asks_without_saying_who(recording: Recording) -> Recording:
    return without_option(recording, _solicitations(recording, dad=False), "ICMPv6NDOptSrcLLAddr")


@edited(test_wire_solicitations, because="the SLLAO 02:00:00:00:00:99 is not the sender's")
def asks_for_somebody_else(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _solicitations(recording, dad=False), "ICMPv6NDOptSrcLLAddr",
                       lladdr="02:00:00:00:00:99")


@edited(test_wire_solicitations, because="reserved bits set")
def asks_with_a_reserved_bit(recording: Recording) -> Recording:
    return with_fields(recording, _solicitations(recording, dad=False), "ICMPv6ND_NS", res=1)


@edited(test_wire_advertisements, because="the TLLAO 02:00:00:00:00:99 is not the sender's")
def answers_with_another_s_address(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _advertisements(recording), "ICMPv6NDOptDstLLAddr",
                       lladdr="02:00:00:00:00:99")


@edited(test_wire_advertisements, because="reserved bits set: 0x00000001")
def answers_with_a_reserved_bit(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "ICMPv6ND_NA", res=1)


@edited(test_wire_advertisements, because="of 2001:db8:1::77, for which nothing there asked")
def answers_about_another_address(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _advertisements(recording), "ICMPv6ND_NA", tgt="2001:db8:1::77")


@edited(test_wire_advertisements, because="about fe80::5 has S=0")
def answers_as_if_not_asked(recording: Recording) -> Recording:
    return with_fields(as_play(recording), _advertisements(recording), "ICMPv6ND_NA", S=0)


@edited(test_wire_advertisements, because="has S=1")
def tells_everybody_as_if_asked(recording: Recording) -> Recording:
    return with_fields(recording, _advertisements(recording), "IPv6", dst=str(ALL_NODES))


@edited(test_wire_advertisements, because="no TLLAO")
def answers_without_saying_where(recording: Recording) -> Recording:
    return without_option(recording, _advertisements(recording), "ICMPv6NDOptDstLLAddr")


@edited(test_wire_group_reports, because="hop limit 255")
def reports_to_the_world(recording: Recording) -> Recording:
    return with_fields(recording, mld.reports(recording.frames), "IPv6", hlim=255)


@edited(test_wire_group_reports, because="came from 2001:db8::5")
def reports_from_a_global_address(recording: Recording) -> Recording:
    return with_fields(recording, mld.reports(recording.frames), "IPv6", src=str(IPv6Address("2001:db8::5")))


@edited(test_wire_echo_replies, because="other data")
def answers_something_else(recording: Recording) -> Recording:
    mine = [each for each in saying(recording, "guest", transport.echoes) if each.reply]
    return with_fields(recording, mine, "ICMPv6EchoReply", data=b"something else")
