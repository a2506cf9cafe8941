"""The virtual addresses of a VRRPv3 router: who has them, with which MAC address, and who advertises the router."""

from __future__ import annotations

from conformance.broken.virtual_routers import CarelessKeepalived
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.virtual_routers import MAC, OTHER, ROOM, Turn, active, advertisements_for, first, outage, turns
from fixtures.protocols.icmp import ECHO_REPLY
from fixtures.protocols.ip import ICMPV6, IPV6_FRAME
from fixtures.recording import editing
from fixtures.recording.model import Frame, KernelEvent, Mark, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborAdvertisement, RouterAdvertisement
from fixtures.scenarios.common.boot import ANSWER
from fixtures.scenarios.common.networks import Mode, network
from fixtures.scenarios.virtual_addresses.virtual_router import (
    PRIORITIES,
    VIRTUAL,
    VIRTUAL_LINK_LOCAL,
    Asked,
    VirtualRouter,
    down,
)
from fixtures.stagecraft.marks import Down, Stop
from fixtures.stagecraft.watching import default_route, no_default_route

ADDRESSES = (VIRTUAL_LINK_LOCAL, VIRTUAL)


@check("VIP-03", VirtualRouter(), role="virtual-router")
def test_takes_the_virtual_addresses(recording: Recording, notebook: Notebook) -> None:
    """Who becomes active says so: an unsolicited NA for each virtual address, with R=1, S=0, O=1 and the virtual MAC.

    RFC 9568 section 6.4.2. Solicited, it answers with the virtual MAC address too (section 8.2.2).
    """
    for turn in turns(recording, notebook):
        first(recording, notebook, turn)
        for target in ADDRESSES:
            text = f"when {turn.why}, {turn.node} sent no unsolicited NA for {target}"
            sent = [each for each in advertisements_for(recording, turn.node, target)
                    if turn.began.time < each.time < turn.probed and each.destination.is_multicast]
            notebook.expect(sent, text, turn.began)
            for each in sent:
                flags = (each.router, each.solicited, each.override)
                what = f"R={flags[0]:d}, S={flags[1]:d}, O={flags[2]:d}"
                notebook.expect(flags == (True, False, True), f"the unsolicited NA for {target} has {what}", each)
                notebook.expect(each.tllao == MAC,
                                f"the unsolicited NA for {target} has the target link-layer address {each.tllao}", each)
        for mark in turn.asked:
            for each in _answers(recording, turn, turn.node, mark):
                notebook.expect(each.tllao in (None, MAC),
                                f"{turn.node}'s answer has the link-layer address {each.tllao}", each)
    notebook.finding = f"at each change both addresses were announced with {MAC}"


@played(test_takes_the_virtual_addresses, because="target link-layer address")
def router_with_its_own_mac() -> Broken:
    """There is no virtual MAC address."""
    return _careless()


@edited(test_takes_the_virtual_addresses, because="O=0")
def announcement_that_overrides_nothing(recording: Recording) -> Recording:
    """The first unsolicited NA has O=0."""
    sent = advertisements_for(recording, "r1", VIRTUAL)[0]

    def clear_override(packet: object) -> None:
        packet["ICMPv6 Neighbor Discovery - Neighbor Advertisement"].O = 0  # type: ignore[index]

    return editing.rewritten(recording, sent, clear_override)


@check("VIP-03", VirtualRouter(), role="virtual-router")
def test_hosts_keep_the_virtual_router(recording: Recording, notebook: Notebook) -> None:
    """A host has one default router, the virtual one, before and after each change, and always with the same MAC.

    When the active router is gone without a word, the host's packets are served again within Active_Down_Interval.
    """
    routes = notebook.stimulus(filter(default_route("guest"), recording.kernel("guest")),
                               "the guest got no default router")
    for route in routes:
        gateway = route.fields.get("gateway")
        text = f"the guest's default router is {gateway}, not the virtual one"
        notebook.expect(gateway == str(VIRTUAL_LINK_LOCAL), text, route)
    gone = [event for event in recording.kernel("guest") if no_default_route("guest")(event)]
    notebook.expect(not gone, "the guest lost its default router", *gone[:1])
    for address in ADDRESSES:
        known = recording.happened("guest", "neighbor", "new", dst=str(address))
        wrong = [event for event in known if event.fields.get("lladdr") not in (None, MAC)]
        notebook.expect(not wrong, f"the guest's neighbor entry for {address} is not the virtual MAC", *wrong[:1])
    turn = turns(recording, notebook)[-1]
    before, after = outage(recording, notebook, turn)
    limit = down(PRIORITIES[turn.node]) + ROOM
    notebook.in_time(after.time - turn.began.time, limit,
                     "the guest got its answers late after the failure", before, after)
    notebook.figure("silence of the virtual address when the link is lost", after.time - before.time, "s")
    notebook.finding = "the guest's default router stayed the same in all changes"


@played(test_hosts_keep_the_virtual_router, because="not the virtual one")
def routers_that_are_two() -> Broken:
    """Each advertises itself."""
    return _careless()


@edited(test_hosts_keep_the_virtual_router, because="lost its default router")
def host_that_is_told_goodbye(recording: Recording) -> Recording:
    """The route is deleted when r1 stops."""
    route = next(event for event in recording.kernel("guest") if default_route("guest")(event))
    when = recording.marked(Stop)[0].ns + 1_000_000
    return editing.with_event(recording, KernelEvent(when, when - 1, "guest", "route", "del", route.fields))


@edited(test_hosts_keep_the_virtual_router, because="got its answers late")
def host_that_waits(recording: Recording) -> Recording:
    """Nobody answers the guest for another two seconds."""
    failed = recording.marked(Down)[0].time
    echoes = [frame for frame in recording.frames if frame.node == "guest" and _is_reply(frame)]
    late = [frame for frame in echoes if frame.time > failed]
    return editing.shifted(recording, 1.0, frames=late)


def _is_reply(frame: Frame) -> bool:
    return (not frame.outgoing and frame.data[12:14] == IPV6_FRAME and frame.data[20] == ICMPV6
            and frame.data[54] == ECHO_REPLY)


@check("VIP-06", VirtualRouter(), role="virtual-router")
def test_only_the_active_router_answers(recording: Recording, notebook: Notebook) -> None:
    """Asked or probed for (DAD), a virtual address has one answerer: the active router (RFC 9568 section 6.4.2).

    Both have started at nearly the same time, and neither found the address to be a duplicate (RFC 4862 section 5.4).
    """
    failed = [event for node in PRIORITIES for event in recording.kernel(node)
              if event.kind == "address" and "dadfailed" in event.fields.get("flags", ())]
    notebook.expect(not failed, "a router found a virtual address to be a duplicate: dadfailed", *failed[:1])
    for turn in turns(recording, notebook):
        asked = notebook.stimulus(turn.asked, f"no node asked for the virtual address after {turn.why}")
        for mark in asked:
            what = f"the {mark.what.form} that asked for {mark.what.target}"
            answers = _answers(recording, turn, turn.node, mark)
            notebook.expect(answers, f"{turn.node}, which was active, did not answer {what}", mark)
            others = _answers(recording, turn, OTHER[turn.node], mark)
            notebook.expect(not others, f"{OTHER[turn.node]}, the backup, answered {what}", mark, *others[:1])
            notebook.cite(*answers[:1])
    notebook.finding = "each question was answered by the active router alone"


def _answers(recording: Recording, turn: Turn, node: str, mark: Mark) -> list[NeighborAdvertisement]:
    """A router's answers to one solicitation of a turn: to the asker, or for a probe to all nodes."""
    end = min(mark.time + ANSWER, turn.ended)
    solicited = mark.what.form == "neighbor"
    return [each for target in ADDRESSES if str(target) == mark.what.target
            for each in advertisements_for(recording, node, target)
            if mark.time < each.time < end and each.solicited == solicited
            and each.destination.is_multicast != solicited]


@played(test_only_the_active_router_answers, because="dadfailed")
def address_on_both() -> Broken:
    """Both routers have the virtual address from the start."""
    return _careless()


@edited(test_only_the_active_router_answers, because="the backup, answered")
def backup_that_answers(recording: Recording) -> Recording:
    """The answer of the active router comes from the other one as well."""
    mark = recording.marked(Asked)[0]
    answer = next(each for each in advertisements_for(recording, "r1", VIRTUAL_LINK_LOCAL) if each.time > mark.time)
    return editing.with_frame(recording, answer.frame.data, time=answer.time + 0.002, node="r2", interface="lan0",
                              outgoing=True)


@check("VIP-07", VirtualRouter(), role="virtual-router")
def test_only_the_active_router_advertises(recording: Recording, notebook: Notebook) -> None:
    """Router Advertisements come from the active router alone, from the virtual link-local address, as configured.

    RFC 9568 sections 6.4.2, 6.4.3 and 8.2.3; Router Lifetime 0 would say that the virtual router is gone.
    """
    sent = {node: ndp.router_advertisements(recording.at(node, "lan0", outgoing=True)) for node in PRIORITIES}
    for node, all_of_it in sent.items():
        for each in all_of_it:
            who = active(recording, each.time)
            wrong = who is not None and who[0] != node and who[1] < each.time - ROOM
            notebook.expect(not wrong, f"{node} sent an RA and was not the active router", each)
    for turn in turns(recording, notebook):
        first(recording, notebook, turn)
        notebook.expect(sent[turn.node], f"{turn.node} was active and sent no RA", turn.began)
    for each in [each for node in PRIORITIES for each in sent[node]]:
        text = f"an RA came from {each.source}, not from the virtual link-local address"
        notebook.expect(each.source == VIRTUAL_LINK_LOCAL, text, each)
        _as_configured(notebook, each)
        notebook.expect(each.sllao in (None, MAC), f"the RA's source link-layer address is {each.sllao}", each)
    notebook.finding = "all RAs came from the active router and the virtual link-local address, with all options"


def _as_configured(notebook: Notebook, each: RouterAdvertisement) -> None:
    wanted = network(Mode.SLAAC)
    notebook.expect(each.lifetime == wanted.router_lifetime, f"the RA's Router Lifetime is {each.lifetime} s", each)
    prefixes = [(str(one.prefix), one.length, one.valid, one.preferred, one.autonomous) for one in each.prefixes]
    prefix = wanted.prefix
    right = (str(prefix.network.network_address), prefix.network.prefixlen, prefix.valid, prefix.preferred, True)
    notebook.expect(prefixes == [right], f"the RA's prefixes are {prefixes}", each)
    servers = {server for option in each.rdnss for server in option.servers}
    notebook.expect(servers == set(wanted.dns), "the RA's RDNSS option is not the configured one", each)
    domains = {domain.rstrip(".") for option in each.dnssl for domain in option.domains}
    notebook.expect(domains == {wanted.domain}, "the RA's DNSSL option is not the configured one", each)


@played(test_only_the_active_router_advertises, because="was not the active router")
def backup_that_advertises() -> Broken:
    """Both advertise themselves all the time."""
    return _careless()


@edited(test_only_the_active_router_advertises, because="DNSSL")
def advertisement_without_search_list(recording: Recording) -> Recording:
    """The `ipv6 nd` settings are lost: the type of the DNSSL option is one that nobody knows."""
    sent = ndp.router_advertisements(recording.at("r1", "lan0", outgoing=True))[0]
    at = sent.frame.data.index(b"\x07example\x03com") - 8
    return editing.with_bytes(recording, sent, lambda data: data[:at] + b"\xfd" + data[at + 1:])


def _careless() -> Broken:
    """One play for several faults."""
    return Broken(VirtualRouter(), {"virtual-router": CarelessKeepalived()})
