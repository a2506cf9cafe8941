"""Calico: what BIRD tells the hosts of each other's endpoints, and what that is worth when they move or go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.clouds.calico.fabric import CONVERGENCE, LIVES, beginning, gap
from conformance.clouds.reading.flows import expect_answer, flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.calico.control import EndpointMade
from fixtures.recording.editing import rewritten_events, shifted, with_bytes, without
from fixtures.recording.model import KernelEvent, Mark, Recording
from fixtures.recording.views import bgp
from fixtures.recording.views.transport import Echo, echoes, icmp_errors
from fixtures.scenarios.clouds.calico.cast import ALLOCATED, AT
from fixtures.scenarios.clouds.calico.datacentre import CalicoDatacentre
from fixtures.scenarios.clouds.calico.moves import Leaving, Moving
from topologies.calico import ADDRESSES, ROUTERS
from topologies.stage import addressing as plan


def learnt_routes(recording: Recording, made: Mark) -> Iterator[tuple[str, list[KernelEvent]]]:
    """By other router: its routes to an endpoint that BIRD made since."""
    for node in ROUTERS:
        if node != made.what.node:
            found = recording.happened(node, "route", "new", dst=made.what.address, protocol="bird")
            yield node, [event for event in found if event.ns >= beginning(recording, made).ns]


def own(recording: Recording, node: str) -> set[str]:
    """The addresses by which others may name a router of the fabric as their next hop."""
    return {str(ROUTERS[node]), str(plan.link_local(recording.mac(node, "fabric0")))}


@check("ROUTE-04", LIVES, role="fabric", cloud="calico")
def test_calico_endpoints_become_known_everywhere(recording: Recording, notebook: Notebook) -> None:
    """BIRD makes each endpoint's /128 known to all other hosts, with the owning host as next hop.

    Once the hosts know each other that takes at most 2 s from the endpoint's route on its own host.
    """
    made = notebook.stimulus(recording.marked(EndpointMade), "no endpoint was made")
    for mark in made:
        host, address = mark.what.node, mark.what.address
        told = [each for each in bgp.updates(recording.at(host, "fabric0", outgoing=True))
                if any(str(net.network_address) == address for net in each.announced)
                and each.segment.frame.ns >= beginning(recording, mark).ns]
        notebook.expect(told, f"{host} announced {address} to no other host", *(each.segment for each in told))
        for node, routes in learnt_routes(recording, mark):
            notebook.expect(routes, f"{node} has no route to {address} of {host}", mark)
            event = routes[0]
            gateway, device = event.fields.get("gateway"), event.fields.get("dev")
            right = gateway in own(recording, host) and device == "fabric0"
            notebook.expect(right, f"{node} routes {address} by {gateway} on {device}, not by {host}", event)
            if address not in map(str, ALLOCATED.values()) or mark.ns > _meeting(recording):
                late = event.after_ns / 1e9 - mark.time
                notebook.in_time(late, CONVERGENCE, f"{node} had a route to {address} late", event)
    notebook.finding = f"each of {len(made)} endpoints became known to the two others, by the owning host"


def _meeting(recording: Recording) -> int:
    """When every router had told its endpoints to every other for the first time."""
    first = [event.ns for node in ROUTERS for event in list(
        recording.happened(node, "route", "new", protocol="bird"))[:1]]
    return max(first, default=0)


@edited(test_calico_endpoints_become_known_everywhere, because="not by host1")
def route_reflected_through_the_border(recording: Recording) -> Recording:
    """A fabric that sends the hosts' traffic through the border."""
    routes = list(recording.happened("host2", "route", "new", dst=str(ADDRESSES["c1"]), protocol="bird"))
    return rewritten_events(recording, routes, gateway=str(ROUTERS["border"]))


@edited(test_calico_endpoints_become_known_everywhere, because="late")
def endpoint_known_late(recording: Recording) -> Recording:
    """A daemon that looks at the kernel's routes now and then."""
    routes = list(recording.happened("border", "route", "new", dst=str(ADDRESSES["c3"]), protocol="bird"))
    return shifted(recording, 3 * CONVERGENCE, events=routes)


@played(test_calico_endpoints_become_known_everywhere, because="to no other host")
def fabric_that_announces_nothing() -> Broken:
    """Daemons that are peers, but announce another network than the one in use."""
    return Broken(CalicoDatacentre(wrong="announce"))


@check("ROUTE-05", LIVES, role="fabric", cloud="calico")
def test_calico_moves_and_withdrawals_converge(recording: Recording, notebook: Notebook) -> None:
    """When a VM moves, traffic to it resumes within 2 s, and none of it reaches anybody else.

    When an endpoint is deleted, the others lose its route, and who asks for it gets an ICMPv6 unreachable, not a loop.
    """
    moving = notebook.stimulus(recording.marked(Moving), "no endpoint moved")[0]
    gap(recording, notebook, moving, "outside", "vm1", CONVERGENCE)
    strays = [each for each in _requests(recording, "vm1") if each.frame.node not in ("vm1", *ROUTERS)]
    notebook.expect(not strays, "another node than vm1 got what was sent to vm1", *strays[:1])
    leaving = notebook.stimulus(recording.marked(Leaving), "no endpoint was deleted")[0]
    for node in ("border", "host1"):
        gone = [event for event in recording.happened(node, "route", "del", dst=str(AT["vm3"]), protocol="bird")
                if event.ns >= leaving.ns]
        notebook.expect(gone, f"{node} kept its route to the deleted vm3", leaving)
        late = gone[0].after_ns / 1e9 - leaving.time
        notebook.in_time(late, CONVERGENCE, f"{node} lost its route to the deleted vm3 late", gone[0])
    for flow in notebook.stimulus(flows(recording, stage="gone"), "no node sent to the deleted vm3"):
        errors = [each for each in icmp_errors(recording.at(flow.source, outgoing=False), "destination-unreachable")
                  if each.about == flow.address and each.frame.ns >= flow.mark.ns]
        notebook.expect(errors, f"{flow.source} got no ICMPv6 error when it sent to the deleted vm3", *errors[:1])
        for node in ROUTERS:
            passed = passages(recording.at(node, outgoing=False), flow, back=False)
            notebook.expect(len(passed) < 2, f"what {flow.source} sent to vm3 came to {node} {len(passed)} times")
    notebook.finding = "vm1's traffic resumed at its new host; the deleted vm3 is unreachable from everywhere"


def _requests(recording: Recording, to: str) -> list[Echo]:
    return [each for each in echoes((frame for frame in recording.frames if not frame.outgoing), reply=False)
            if each.destination == AT[to]]


@edited(test_calico_moves_and_withdrawals_converge, because="late after it moved")
def vm_that_is_away_for_long(recording: Recording) -> Recording:
    """A route that follows the VM after 20 s."""
    moving = recording.marked(Moving)[0]
    mine = [each for each in echoes(recording.at("outside", outgoing=False), reply=True)
            if each.source == AT["vm1"] and each.frame.ns >= moving.ns]
    return shifted(recording, 10 * CONVERGENCE, frames=mine)


@played(test_calico_moves_and_withdrawals_converge, because="after it moved")
def host_that_does_not_welcome() -> Broken:
    """The new host's agent does nothing for who moves there."""
    return Broken(CalicoDatacentre(wrong="welcome"))


@edited(test_calico_moves_and_withdrawals_converge, because="got no ICMPv6 error")
def gone_without_a_word(recording: Recording) -> Recording:
    """Packets for the deleted endpoint vanish."""
    return without(recording, frames=icmp_errors(recording.at("vm2"), "destination-unreachable"))


@edited(test_calico_moves_and_withdrawals_converge, because="times")
def packets_for_the_gone_go_round(recording: Recording) -> Recording:
    """Two routers that send what is for the deleted endpoint to each other."""
    flow = next(flow for flow in flows(recording, stage="gone") if flow.source == "vm2")
    frame = passages(recording.at("border", outgoing=False), flow, back=False)[0].frame
    return replace(recording, frames=(*recording.frames, replace(frame, number=len(recording.frames) + 1)))


@check("ROUTE-06", LIVES, role="fabric", cloud="calico")
def test_calico_next_hops_are_well_formed(recording: Recording, notebook: Notebook) -> None:
    """The next hop of an announced IPv6 route has 16 or 32 bytes: a global address, and perhaps a link-local one.

    RFC 2545 section 3. The route is installed with the interface that leads there, and carries traffic both ways.
    """
    for host in ("host1", "host2"):
        told = [each for each in bgp.updates(recording.at(host, "fabric0", outgoing=True)) if each.announced]
        for update in notebook.stimulus(told, f"{host} announced nothing"):
            hops = update.next_hops
            length = len(update.next_hop)
            notebook.expect(hops, f"the next hop that {host} announces has {length} bytes", update.segment)
            notebook.expect(not hops[0].is_link_local, f"{host} announces {hops[0]} as its global next hop",
                            update.segment)
            notebook.expect({str(hop) for hop in hops} <= own(recording, host) and hops[0] == ROUTERS[host],
                            f"{host} announces {', '.join(map(str, hops))} as next hop", update.segment)
            notebook.expect(all(hop.is_link_local for hop in hops[1:]), f"the second next hop is {hops[-1]}")
    for node in ROUTERS:
        installed = recording.happened(node, "route", "new", protocol="bird")
        for event in notebook.stimulus(installed, f"{node} installed no route of BIRD"):
            device = event.fields.get("dev")
            notebook.expect(device == "fabric0", f"{node} goes to {event.fields['dst']} by {device}", event)
    for flow in flows(recording, stage="settled", source="vm1", to="vm3") + flows(
            recording, stage="settled", source="c3", to="c1"):
        expect_answer(recording, notebook, flow)
    notebook.finding = "global and link-local next hop of the owner; the routes leave by the fabric and carry traffic"


@edited(test_calico_next_hops_are_well_formed, because="24 bytes")
def next_hop_of_an_odd_length(recording: Recording) -> Recording:
    """A speaker whose next hop is neither one address nor two."""
    return with_bytes(recording, _announcing(recording), lambda data: _with_length(recording, data, 24))


@edited(test_calico_next_hops_are_well_formed, because="as its global next hop")
def link_local_next_hop_first(recording: Recording) -> Recording:
    """A speaker that gives its link-local address alone."""
    local, host = plan.link_local(recording.mac("host1", "fabric0")).packed, ROUTERS["host1"].packed

    def swap(data: bytes) -> bytes:
        at = data.index(host, 54)
        return data[:at] + local + data[at + 16:]

    return with_bytes(recording, _announcing(recording), swap)


def _announcing(recording: Recording) -> list[Any]:
    told = [each for each in bgp.updates(recording.at("host1", "fabric0", outgoing=True)) if each.announced]
    return [each.segment.frame for each in told]


def _with_length(recording: Recording, data: bytes, length: int) -> bytes:
    """The frame with another length in front of its next hop."""
    at = data.index(ROUTERS["host1"].packed, 54) - 1
    return data[:at] + bytes([length]) + data[at + 1:]
