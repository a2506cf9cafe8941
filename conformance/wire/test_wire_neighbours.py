"""What a host says in Neighbour Discovery, as far as the wire alone tells."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.wire.sample import conversation
from conformance.wire.spoken import examined, flawed, grouped, has_link_layer_addresses, heard, must, said, valid
from fixtures.protocols.addresses import ALL_NODES, UNSPECIFIED, solicited_node
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import mld, ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import NeighbourAdvertisement, NeighbourSolicitation
from fixtures.timers import RETRANS_TIMER, TICK

#: Seconds after a probe in which the address may still be optimistic (RFC 4429): twice the usual wait.
OPTIMISTIC = 2 * RETRANS_TIMER


@check("RA-12", role="guest", passive=True)
def test_wire_router_solicitations(recording: Recording, notebook: Notebook) -> None:
    """Every Router Solicitation is one that a router heeds (RFC 4861 sections 4.1, 6.1.1).

    Hop limit 255, code 0, a right checksum, whole options, and no SLLAO from `::`. When they were sent is not judged.
    """
    sent = ndp.router_solicitations(said(recording, "guest"))
    examined(notebook, sent, "no Router Solicitation was seen")
    for each in sent:
        valid(notebook, each, "solicitation", sized=has_link_layer_addresses(recording, "guest"))
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
    frames = said(recording, "guest")
    asked = ndp.neighbour_solicitations(frames)
    probes = [each for each in asked if each.dad]
    examined(notebook, probes, "no DAD probe was seen")
    for probe in probes:
        valid(notebook, probe, "probe", sized=has_link_layer_addresses(recording, "guest"))
        group = solicited_node(probe.target)
        must(notebook, probe.destination == group, f"the probe for {probe.target} went to {probe.destination}", probe)
        must(notebook, probe.sllao is None, "the probe has a Source Link-Layer Address option", probe)
    wait, of = _retrans_timer(recording), grouped(probes, lambda probe: probe.target)
    for claim in (*ndp.neighbour_advertisements(frames), *asked):
        bold = claim.override if isinstance(claim, NeighbourAdvertisement) else claim.sllao
        address = claim.target if isinstance(claim, NeighbourAdvertisement) else claim.source
        early = [probe for probe in of.get(address, ()) if 0 < claim.time - probe.time < wait - TICK]
        if bold and early:
            notebook.expect(False, f"{address} was claimed {claim.time - early[-1].time:.3f} s after the probe for it",
                            early[-1], claim)
    notebook.finding = f"{len(probes)} probes as they should be; whether each address was probed for was not judged"


def _retrans_timer(recording: Recording) -> float:
    """Seconds: the shortest that a router told, where one told any."""
    told = [ra.retrans_timer / 1000 for ra in ndp.router_advertisements(heard(recording, "guest")) if ra.retrans_timer]
    return min([RETRANS_TIMER, *told])


@check("NDP-01", role="guest", passive=True)
def test_wire_solicitations(recording: Recording, notebook: Notebook) -> None:
    """A host that resolves an address solicits its solicited-node group, with SLLAO (RFC 4861 sections 4.3, 7.2.2).

    Hop limit 255, code 0, a right checksum, and a target that is no group. An address that may be optimistic speaks
    without SLLAO (RFC 4429). How often it asks is not judged.
    """
    asked = ndp.neighbour_solicitations(said(recording, "guest"))
    sent = [each for each in asked if not each.dad]
    examined(notebook, sent, "no address was resolved")
    sized = has_link_layer_addresses(recording, "guest")
    probes = grouped((each for each in asked if each.dad), lambda probe: probe.target)
    for each in sent:
        valid(notebook, each, "solicitation", sized=sized)
        must(notebook, not each.target.is_multicast, f"the solicitation asks for the group {each.target}", each)
        must(notebook, not each.source.is_multicast, f"the solicitation came from {each.source}", each)
        if not each.destination.is_multicast:
            continue
        must(notebook, each.destination == solicited_node(each.target),
                        f"the solicitation for {each.target} went to {each.destination}", each)
        if sized and not _maybe_optimistic(each, probes.get(each.source, [])):
            must(notebook, each.sllao, f"the multicast solicitation for {each.target} has no SLLAO", each)
    notebook.finding = f"{len(sent)} solicitations as they should be; how often it asks was not judged"


def _maybe_optimistic(sent: NeighbourSolicitation, probes: list[NeighbourSolicitation]) -> bool:
    """Whether its source was probed for just before, as far as the capture shows."""
    return sent.time < OPTIMISTIC or any(0 <= sent.time - each.time < OPTIMISTIC for each in probes)


@check("NDP-02", role="guest", passive=True)
def test_wire_advertisements(recording: Recording, notebook: Notebook) -> None:
    """A host's Neighbour Advertisements have the flags and the TLLAO of RFC 4861 sections 4.4 and 7.2.4.

    S=1 goes to one node only; to a multicast solicitation the answer has a TLLAO. Whether and how soon it answers is
    not judged, since what was asked may not have reached it.
    """
    sent = ndp.neighbour_advertisements(said(recording, "guest"))
    sized = has_link_layer_addresses(recording, "guest")
    examined(notebook, sent, "no Neighbour Advertisement was seen")
    for each in sent:
        valid(notebook, each, "advertisement", sized=sized)
        must(notebook, not each.target.is_multicast, f"the group {each.target} was advertised", each)
        must(notebook, not (each.solicited and each.destination.is_multicast),
                        f"an advertisement to {each.destination} has S=1", each)
    answers = list(_answers(recording, sent)) if sized else []
    for asked, answer in answers:
        must(notebook, answer.tllao, f"the answer to a multicast solicitation for {answer.target} has no TLLAO",
                        asked, answer)
    notebook.finding = f"{len(sent)} advertisements, {len(answers)} of them answers to a multicast solicitation"


def _answers(recording: Recording, sent: list[NeighbourAdvertisement]) -> list[
        tuple[NeighbourSolicitation, NeighbourAdvertisement]]:
    """Answers and the multicast solicitations that they must be for: that node asked for the target in no other way."""
    asked = grouped(ndp.neighbour_solicitations(heard(recording, "guest")), lambda each: (each.target, each.source))
    found = []
    for answer in sent:
        if answer.solicited:
            before = [each for each in asked.get((answer.target, answer.destination), ())
                      if 0 <= answer.time - each.time < RETRANS_TIMER]
            if before and all(each.destination.is_multicast for each in before):
                found.append((before[-1], answer))
    return found


@check("LL-02", role="guest", passive=True)
def test_wire_group_reports(recording: Recording, notebook: Notebook) -> None:
    """Every MLD report has hop limit 1, the Router Alert option, and a link-local source or `::` (RFC 3810 section 5).

    Which groups were joined, and when, is not judged.
    """
    sent = mld.reports(said(recording, "guest"))
    examined(notebook, sent, "no MLD report was seen")
    for each in sent:
        must(notebook, each.hop_limit == 1, f"the report has hop limit {each.hop_limit}, not 1", each)
        must(notebook, each.router_alert, "the report has no Router Alert option", each)
        mine = each.source == UNSPECIFIED or each.source.is_link_local
        must(notebook, mine, f"the report came from {each.source}", each)
        must(notebook, not flawed(each), f"the report is malformed: {each.malformed}", each)
    notebook.finding = f"{len(sent)} reports as they should be; which groups were joined was not judged"


@check("LL-09", role="guest", passive=True)
def test_wire_echo_replies(recording: Recording, notebook: Notebook) -> None:
    """An Echo Reply from the address that was asked has the data of the Request, unchanged (RFC 4443 section 4.2)."""
    requests = grouped(transport.echoes(heard(recording, "guest"), reply=False),
                       lambda each: (each.source, each.destination, each.identifier, each.sequence))
    pairs = []
    for reply in transport.echoes(said(recording, "guest"), reply=True):
        ends = reply.destination, reply.source, reply.identifier, reply.sequence
        asked = [each for each in requests.get(ends, ()) if each.time <= reply.time]
        pairs += [(asked[-1], reply)] if asked else []
    examined(notebook, [reply for _, reply in pairs], "no Echo Request with its Reply was seen")
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


def _changed(recording: Recording, found: Any, kind: str, field: str, value: object) -> Recording:
    """These messages with another value in a field of one of Scapy's layers."""

    def change(packet: Any) -> None:
        setattr(packet[getattr(layer("inet6"), kind)], field, value)

    return editing.rewritten(recording, found, change)


def _without_option(recording: Recording, found: Any, kind: str) -> Recording:
    """These messages without their last option, which is of that Scapy class."""

    def drop(packet: Any) -> None:
        packet[getattr(layer("inet6"), kind)].underlayer.remove_payload()

    return editing.rewritten(recording, found, drop)


def _with_option(recording: Recording, found: Any) -> Recording:
    """These messages with an SLLAO at their end."""

    def add(packet: Any) -> Any:
        return packet / layer("inet6").ICMPv6NDOptSrcLLAddr(lladdr=packet.src)

    return editing.rewritten(recording, found, add)


def _solicitations(recording: Recording, *, dad: bool) -> list[NeighbourSolicitation]:
    return [each for each in ndp.neighbour_solicitations(said(recording, "guest")) if each.dad == dad]


@edited(test_wire_router_solicitations, because="hop limit 64")
def solicits_from_afar(recording: Recording) -> Recording:
    return _changed(recording, ndp.router_solicitations(recording.frames), "IPv6", "hlim", 64)


@edited(test_wire_router_solicitations, because="has an SLLAO")
def solicits_from_nowhere(recording: Recording) -> Recording:
    return _changed(recording, ndp.router_solicitations(recording.frames), "IPv6", "src", "::")


@edited(test_wire_router_solicitations, because="wrong checksum")
def solicits_with_a_wrong_sum(recording: Recording) -> Recording:
    return _changed(recording, ndp.router_solicitations(recording.frames), "ICMPv6ND_RS", "cksum", 0x1234)


@edited(test_wire_probes, because="Source Link-Layer")
def probes_with_sllao(recording: Recording) -> Recording:
    return _with_option(recording, _solicitations(recording, dad=True))


@edited(test_wire_probes, because="went to ff02::1")
def probes_everybody(recording: Recording) -> Recording:
    return _changed(recording, _solicitations(recording, dad=True), "IPv6", "dst", "ff02::1")


@edited(test_wire_probes, because="was claimed 0.1")
def claims_what_it_probes(recording: Recording) -> Recording:
    """It defends an address 0.1 s after its probe."""
    answer = ndp.neighbour_advertisements(said(recording, "guest"))[0]
    probe = next(each for each in _solicitations(recording, dad=True) if each.target == answer.target)
    return editing.shifted(recording, probe.time + 0.1 - answer.time, frames=answer)


@edited(test_wire_solicitations, because="went to ff02::1")
def asks_everybody(recording: Recording) -> Recording:
    return _changed(recording, _solicitations(recording, dad=False), "IPv6", "dst", "ff02::1")


@edited(test_wire_solicitations, because="no SLLAO")
def asks_without_saying_who(recording: Recording) -> Recording:
    return _without_option(recording, _solicitations(recording, dad=False), "ICMPv6NDOptSrcLLAddr")


@edited(test_wire_advertisements, because="has S=1")
def tells_everybody_as_if_asked(recording: Recording) -> Recording:
    return _changed(recording, ndp.neighbour_advertisements(said(recording, "guest")), "IPv6", "dst", str(ALL_NODES))


@edited(test_wire_advertisements, because="no TLLAO")
def answers_without_saying_where(recording: Recording) -> Recording:
    mine = ndp.neighbour_advertisements(said(recording, "guest"))
    return _without_option(recording, mine, "ICMPv6NDOptDstLLAddr")


@edited(test_wire_group_reports, because="hop limit 255")
def reports_to_the_world(recording: Recording) -> Recording:
    return _changed(recording, mld.reports(recording.frames), "IPv6", "hlim", 255)


@edited(test_wire_group_reports, because="came from 2001:db8::5")
def reports_from_a_global_address(recording: Recording) -> Recording:
    return _changed(recording, mld.reports(recording.frames), "IPv6", "src", str(IPv6Address("2001:db8::5")))


@edited(test_wire_echo_replies, because="other data")
def answers_something_else(recording: Recording) -> Recording:
    mine = transport.echoes(said(recording, "guest"), reply=True)
    return _changed(recording, mine, "ICMPv6EchoReply", "data", b"something else")
