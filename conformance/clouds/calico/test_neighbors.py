"""Calico: what hosts say of themselves and others on taps and veths, so that all traffic passes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.clouds.calico.fabric import CONVERGENCE, LIVES, beginning, gap
from conformance.clouds.reading.flows import expect_answer, flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import receivable
from fixtures.clouds.calico.control import EndpointGone, EndpointMade
from fixtures.recording.editing import rewritten, with_frame, without
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import (
    NeighborAdvertisement,
    NeighborSolicitation,
    neighbor_advertisements,
    neighbor_solicitations,
    redirects,
)
from fixtures.scenarios.clouds.calico.cast import ALLOCATED, AT
from fixtures.scenarios.clouds.calico.datacentre import CalicoDatacentre
from fixtures.scenarios.clouds.calico.moves import Moving
from fixtures.timers import DELAY_FIRST_PROBE_TIME, MAX_UNICAST_SOLICIT, RETRANS_TIMER
from topologies.calico import ADDRESSES, tap_mac
from topologies.stage import addressing as plan

#: Seconds in which a solicitor finds out that a neighbor is gone (RFC 4861 section 7.3.3).
NUD = DELAY_FIRST_PROBE_TIME + MAX_UNICAST_SOLICIT * RETRANS_TIMER
#: Seconds in which a packet passes one host; no standard says it.
AT_ONCE = 1.0


@check("NDP-08", LIVES, role="compute-host", cloud="calico")
def test_calico_hosts_never_ask_for_their_endpoints(recording: Recording, notebook: Notebook) -> None:
    """The host has a permanent neighbor entry with the MAC address of each endpoint, on its tap or veth.

    So it never solicits for one, and what comes for it is delivered at once. The entry goes with the endpoint.
    """
    for made in notebook.stimulus(recording.marked(EndpointMade), "no endpoint was made"):
        host, interface, address = (made.what.node, made.what.interface, made.what.address)
        asked = [each for each in neighbor_solicitations(recording.at(host, interface, outgoing=True))
                 if str(each.target) == address and each.frame.ns >= made.ns]
        notebook.expect(not asked, f"{host} solicited for its own endpoint {address}", *asked[:1])
        there = [event for event in recording.happened(host, "neighbor", "new", dst=address, dev=interface)
                 if event.ns >= beginning(recording, made).ns]
        states = [f"{event.fields.get('lladdr')} {'/'.join(event.fields['state'])}" for event in there]
        right = there and there[0].fields.get("lladdr") == made.what.mac and there[0].fields["state"] == [
            "PERMANENT"]
        notebook.expect(right, f"{host} has for {address} on {interface}: {', '.join(states) or 'nothing'}", *there[:1])
    for gone in notebook.stimulus(recording.marked(EndpointGone), "no endpoint left"):
        host, interface, address = (gone.what.node, gone.what.interface, gone.what.address)
        left = [event for event in recording.happened(host, "neighbor", None, dst=address, dev=interface)
                if event.action == "del" or "FAILED" in event.fields["state"]]
        notebook.expect(left, f"{host} kept its neighbor entry for {address} on {interface}", *left[:1])
    for flow in flows(recording, stage="settled", source="outside"):
        came, _ = expect_answer(recording, notebook, flow)
        sent = passages(recording.at("outside", outgoing=True), flow, back=False)
        passed = came.frame.time - sent[0].frame.time
        notebook.in_time(passed, AT_ONCE, f"{flow} arrived late", came.frame)
    notebook.finding = "each endpoint has its permanent entry as long as it is there, and no host solicited for one"


@played(test_calico_hosts_never_ask_for_their_endpoints, because="solicited for its own endpoint")
def agent_that_forgets_the_neighbor_entry() -> Broken:
    """host1's agent makes the route alone, so the kernel has to ask."""
    return Broken(CalicoDatacentre(wrong="neighbors"))


@edited(test_calico_hosts_never_ask_for_their_endpoints, because="kept its neighbor entry")
def agent_that_leaves_the_entry(recording: Recording) -> Recording:
    """An entry that stays when the VM has moved."""
    moving = recording.marked(Moving)[0]
    return without(recording, events=[
        event for event in recording.happened("host1", "neighbor", None, dst=str(ALLOCATED["vm1"]))
        if event.ns >= moving.ns])


def answers_about_the_gateway(recording: Recording, notebook: Notebook) -> Iterator[
        tuple[str, NeighborSolicitation, NeighborAdvertisement]]:
    """vm1's questions for its tap's link-local address that were answered, first on host1, then on host2."""
    gateway = plan.link_local(tap_mac("vm1"))
    moving = notebook.stimulus(recording.marked(Moving), "vm1 did not move")[0]
    for host in ("host1", "host2"):
        asked = [each for each in neighbor_solicitations(recording.at("vm1", outgoing=True))
                 if each.target == gateway and not each.dad and (each.frame.ns < moving.ns) == (host == "host1")]
        question = notebook.stimulus(asked, f"vm1 sent no solicitation for its gateway {gateway} on {host}")[-1]
        told = [each for each in receivable(neighbor_advertisements(recording.at("vm1", outgoing=False)))
                if each.target == gateway and each.frame.ns >= question.frame.ns]
        notebook.expect(told, f"{host} did not answer for the gateway {gateway}", question)
        yield host, question, told[0]


@check("NDP-16", LIVES, role="compute-host", cloud="calico")
def test_calico_gateway_is_the_same_on_every_host(recording: Recording, notebook: Notebook) -> None:
    """A tap answers its VM's solicitation for the gateway's link-local address with R=1 and its MAC address.

    Address and MAC address are the same on the host to which the VM moves, so that its packets go on.
    """
    for host, question, answer in answers_about_the_gateway(recording, notebook):
        notebook.cite(question)
        notebook.expect(answer.router, f"on {host}, the gateway's answer has R=0", answer)
        for mac in (answer.mac_source, answer.tllao or answer.mac_source):
            notebook.expect(mac == tap_mac("vm1"), f"on {host}, the gateway has the MAC address {mac}", answer)
    for flow in flows(recording, stage="moved", source="vm1"):
        expect_answer(recording, notebook, flow)
    notebook.finding = "the tap answers as a router with the same link-local and MAC address on both hosts"


@edited(test_calico_gateway_is_the_same_on_every_host, because="has R=0")
def tap_that_is_no_router(recording: Recording) -> Recording:
    """A host that does not forward on its tap."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_NA].R = 0

    return rewritten(recording, neighbor_advertisements(recording.at("vm1", outgoing=False)), turn)


@edited(test_calico_gateway_is_the_same_on_every_host, because="on host2, the gateway has the MAC address")
def tap_with_a_mac_of_its_own(recording: Recording) -> Recording:
    """Taps whose MAC address differs from host to host."""

    def give(packet: Any) -> None:
        packet.src = packet[layer("inet6").ICMPv6NDOptDstLLAddr].lladdr = recording.mac("host2", "tap3")

    moving = recording.marked(Moving)[0]
    mine = [each for each in neighbor_advertisements(recording.at("vm1", outgoing=False))
            if each.frame.ns >= moving.ns and layer("inet6").ICMPv6NDOptDstLLAddr in layer("l2").Ether(each.frame.data)]
    return rewritten(recording, mine, give)


def asked_by(recording: Recording, container: str) -> list[NeighborSolicitation]:
    """A container's multicast questions for other workloads or hosts."""
    return [each for each in neighbor_solicitations(recording.at(container, outgoing=True))
            if not each.dad and each.destination.is_multicast and each.target in AT.values()]


@check("PNDP-01", LIVES, role="compute-host", cloud="calico")
def test_calico_containers_reach_all_by_their_host(recording: Recording, notebook: Notebook) -> None:
    """The host answers a container's solicitation for any other address with its own MAC address, S=1 and O=0.

    So a container with an address and a route without gateway reaches containers, VMs and hosts outside, and is
    reached, through its host, which counts the hop.
    """
    for name, mac in (("c1", recording.mac("host1", "cali1")), ("c3", recording.mac("host2", "cali3"))):
        for question in notebook.stimulus(asked_by(recording, name), f"{name} sent no solicitation"):
            told = [each for each in receivable(neighbor_advertisements(recording.at(name, outgoing=False)))
                    if each.target == question.target and each.frame.ns >= question.frame.ns]
            notebook.expect(told, f"{name} got no answer to its solicitation for {question.target}", question)
            notebook.expect(told[0].mac_source == mac, f"{told[0].mac_source} answered {name}, not its host", told[0])
            notebook.expect(told[0].tllao == mac, f"the answer to {name} has the TLLAO {told[0].tllao}", told[0])
            notebook.expect(told[0].solicited, f"the answer to {name} for {question.target} has S=0", told[0])
            notebook.expect(not told[0].override, f"the answer to {name} for {question.target} has O=1", told[0])
    pairs = (("c1", "c2", 1), ("c1", "c3", 2), ("c3", "c1", 2), ("c1", "vm3", 2), ("vm1", "c3", 2),
             ("c3", "outside", 2), ("outside", "c1", 2))
    for source, to, hosts in pairs:
        tried = flows(recording, stage="settled", source=source, to=to)
        for flow in notebook.stimulus(tried, f"{source} did not connect to {to}"):
            there, _ = expect_answer(recording, notebook, flow)
            sent = passages(recording.at(source, outgoing=True), flow, back=False)[0]
            hops = sent.headers.hop_limit - there.headers.hop_limit
            notebook.expect(hops == hosts, f"{flow} took {hops} hops and not {hosts}", there.frame)
    notebook.finding = "each answer is the host's own; containers reach containers, VMs and outside, and are reached"


@played(test_calico_containers_reach_all_by_their_host, because="c1 got no answer")
def host_that_answers_for_nobody() -> Broken:
    """host1's agent makes no proxy entries."""
    return Broken(CalicoDatacentre(wrong="proxies"))


@edited(test_calico_containers_reach_all_by_their_host, because="has the TLLAO")
def host_that_gives_the_owner_away(recording: Recording) -> Recording:
    """An answer with the MAC address of the real owner."""

    def give(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptDstLLAddr].lladdr = recording.mac("c2", "eth0")

    mine = [each for each in neighbor_advertisements(recording.at("c1", outgoing=False)) if each.target in AT.values()]
    return rewritten(recording, mine, give)


@check("PNDP-07", LIVES, role="compute-host", cloud="calico")
def test_calico_moved_container_is_found_again(recording: Recording, notebook: Notebook) -> None:
    """After a container's move its old host sends nothing more by its old veth, and the new one answers on its new one.

    Who talked to it hears of it again within the time of Neighbor Unreachability Detection and of the routing.
    """
    moving = notebook.stimulus(recording.marked(Moving), "no endpoint moved")[0]
    gap(recording, notebook, moving, "c1", "c2", NUD + CONVERGENCE)
    late = [frame for frame in recording.at("host1", "cali2", outgoing=True) if frame.time > moving.time + AT_ONCE]
    notebook.expect(not late, f"host1 still sends by cali2, {len(late)} packets", *late[:1])
    mac = recording.mac("host2", "cali2")
    asked = [each for each in asked_by(recording, "c2") if each.frame.ns >= moving.ns]
    told = [each for each in neighbor_advertisements(recording.at("c2", "eth1", outgoing=False))
            if each.target in {question.target for question in asked}]
    notebook.stimulus(asked, "c2 sent no solicitation at its new place")
    notebook.expect(told, "the new host answers none of c2's solicitations", asked[0])
    for each in told:
        notebook.expect(each.mac_source == mac, f"{each.mac_source} answered c2 at its new place, not host2", each)
    for source in ("c1", "c3"):
        for flow in flows(recording, stage="moved", source=source, to="c2"):
            expect_answer(recording, notebook, flow)
    notebook.finding = "the old host is silent, the new one answers, and containers on both hosts found c2 again"


@edited(test_calico_moved_container_is_found_again, because="still sends by cali2")
def host_that_does_not_let_go(recording: Recording) -> Recording:
    """The old host's route stays, and what is for the container goes to its old veth."""
    moving = recording.marked(Moving)[0]
    packet = next(frame for frame in recording.at("host1", "cali2", outgoing=True))
    return with_frame(recording, packet.data, time=moving.time + 2 * AT_ONCE, node="host1", interface="cali2",
                      outgoing=True)


@played(test_calico_moved_container_is_found_again, because="after it moved")
def new_host_does_nothing() -> Broken:
    """The new host's agent does nothing for who moves there."""
    return Broken(CalicoDatacentre(wrong="welcome"))


@check("ROUTE-14", LIVES, role="compute-host", cloud="calico")
def test_calico_workloads_meet_only_through_their_host(recording: Recording, notebook: Notebook) -> None:
    """No host sends Redirects to workloads, and no frame of one workload arrives at another: all come from hosts."""
    found = redirects(recording.frames)
    notebook.expect(not found, f"{len(found)} Redirects were sent", *found[:1])
    pairs = (("c1", "c2"), ("vm1", "vm2"), ("c1", "vm3"), ("vm1", "c3"))
    macs = {recording.mac(name, "eth0") for name in (*ALLOCATED, *ADDRESSES)}
    for source, to in pairs:
        tried = flows(recording, stage="settled", source=source, to=to)
        for flow in notebook.stimulus(tried, f"{source} did not connect to {to}"):
            for each in expect_answer(recording, notebook, flow):
                mac = each.headers.mac_source
                notebook.expect(mac not in macs, f"{flow} came straight from another workload ({mac})", each.frame)
    for name in (*ALLOCATED, *ADDRESSES):
        mine = {end.mac for end in recording.interfaces if end.node == name}
        for frame in recording.at(name, outgoing=False):
            sender = frame.data[6:12].hex(":")
            notebook.expect(sender not in macs - mine, f"a frame of {sender} arrived at {name}",
                            *([frame] if sender in macs - mine else []))
    notebook.finding = "no Redirect, and what arrives at a workload comes from its host's MAC address"


@edited(test_calico_workloads_meet_only_through_their_host, because="Redirects were sent")
def host_that_redirects(recording: Recording) -> Recording:
    """A host that tells c1 to talk to c2 itself."""
    inet6, ether = layer("inet6"), layer("l2").Ether
    packet = ether(src=recording.mac("host1", "cali1"), dst=recording.mac("c1", "eth0")) / inet6.IPv6(
        src=str(plan.link_local(recording.mac("host1", "cali1"))), dst=str(ADDRESSES["c1"]), hlim=255
    ) / inet6.ICMPv6ND_Redirect(tgt=str(ADDRESSES["c2"]), dst=str(ADDRESSES["c2"]))
    return with_frame(recording, packet, time=recording.duration / 2, node="host1", interface="cali1", outgoing=True)


@edited(test_calico_workloads_meet_only_through_their_host, because="straight from another workload")
def taps_that_are_bridged(recording: Recording) -> Recording:
    """Taps in one bridge: frames pass with the sender's own MAC address."""

    def keep(packet: Any) -> None:
        packet.src = recording.mac("vm1", "eth0")

    mine = [each.frame for flow in flows(recording, source="vm1", to="vm2")
            for each in passages(recording.at("vm2", outgoing=False), flow)]
    return rewritten(recording, mine, keep)
