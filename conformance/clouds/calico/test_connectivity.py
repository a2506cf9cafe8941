"""Calico: who reaches whom over IPv6, and how the packets get there."""

from __future__ import annotations

from typing import Any

from conformance.clouds.calico.fabric import LIVES
from conformance.clouds.reading.flows import Flow, expect_answer, flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten, without
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.clouds.calico.cast import ALLOCATED, AT
from fixtures.scenarios.clouds.calico.datacentre import CalicoDatacentre
from topologies.calico import tap_mac

HOSTS = ("host1", "host2")


def flows_of(recording: Recording, notebook: Notebook, *pairs: tuple[str, str], stage: str = "settled") -> list[Flow]:
    """The flows between these pairs of nodes at one stage of the play, and all of them."""
    found = [flow for flow in flows(recording, stage=stage) if (flow.source, flow.to) in pairs]
    missing = set(pairs) - {(flow.source, flow.to) for flow in found}
    notebook.stimulus([] if missing else found, f"no flow was tried: {', '.join(sorted(map(' to '.join, missing)))}")
    return found


def arrivals(recording: Recording, flow: Flow) -> list[Frame]:
    """What arrived of a flow at both of its ends."""
    return [each.frame for node in (flow.source, flow.to)
            for each in passages(recording.at(node, outgoing=False), flow)]


@check("ROUTE-03", LIVES, role="compute-host", cloud="calico")
def test_calico_hosts_reach_hosts_and_vms(recording: Recording, notebook: Notebook) -> None:
    """Compute hosts reach each other, their own VMs and each other's VMs, and are reached by these (TCP, UDP, ping).

    What a host sends to a VM comes from an address of its own that the VM can answer (Calico, IPv6 Support).
    """
    pairs = [("host1", "host2"), ("host1", "vm1"), ("vm1", "host1"), ("host1", "vm3"), ("vm3", "host1")]
    told = flows_of(recording, notebook, *pairs)
    for flow in told:
        there, _ = expect_answer(recording, notebook, flow)
        source = there.headers.source
        notebook.expect(not source.is_link_local, f"{flow} comes from {source}", there.frame)
    notebook.finding = f"all {len(told)} flows between hosts, their own VMs and remote VMs were answered"


@edited(test_calico_hosts_reach_hosts_and_vms, because="was not answered")
def host_without_an_answerable_address(recording: Recording) -> Recording:
    """What VMs answer to a host gets lost."""
    lost = [frame for flow in flows(recording, stage="settled", source="host1", to="vm3")
            for frame in arrivals(recording, flow) if frame.node == "host1"]
    return without(recording, frames=lost)


@check("ROUTE-07", LIVES, role="compute-host", cloud="calico")
def test_calico_vms_reach_each_other_through_their_hosts(recording: Recording, notebook: Notebook) -> None:
    """VMs reach each other on one host and on two, although no prefix is on-link: the first hop is the host's tap.

    Every packet leaves for the tap's MAC address, and its hop limit decreases with each host on the way.
    """
    for flow in flows_of(recording, notebook, ("vm1", "vm2"), ("vm1", "vm3"), ("vm3", "vm2")):
        there, _ = expect_answer(recording, notebook, flow)
        sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)[0]
        to = sent.headers.mac_destination
        notebook.expect(to == tap_mac(flow.source), f"{flow} was sent to {to}, not to the tap", sent.frame)
        hops, hosts = sent.headers.hop_limit - there.headers.hop_limit, 1 if "vm3" not in (flow.source, flow.to) else 2
        notebook.expect(hops == hosts, f"{flow} took {hops} hops and not {hosts}", there.frame)
    notebook.finding = "TCP, UDP and ping between VMs pass the tap's host, and with a remote VM the other host as well"


@edited(test_calico_vms_reach_each_other_through_their_hosts, because="not to the tap")
def vm_that_sends_to_its_neighbor(recording: Recording) -> Recording:
    """A VM that takes another one to be on its link."""

    def divert(packet: Any) -> None:
        packet.dst = recording.mac("vm2", "eth0")

    mine = [each.frame for flow in flows(recording, source="vm1", to="vm2")
            for each in passages(recording.at("vm1", outgoing=True), flow)]
    return rewritten(recording, mine, divert)


@edited(test_calico_vms_reach_each_other_through_their_hosts, because="did not arrive")
def vms_that_do_not_meet(recording: Recording) -> Recording:
    """A host that does not route between its taps."""
    return without(recording, frames=[frame for flow in flows(recording, source="vm1", to="vm2")
                                      for frame in arrivals(recording, flow)])


BORDER_CROSSING = (("vm1", "outside"), ("outside", "vm1"), ("vm3", "outside"), ("outside", "vm3"))


@check("ROUTE-08", LIVES, role="compute-host", cloud="calico")
def test_calico_vms_and_outside_reach_each_other(recording: Recording, notebook: Notebook) -> None:
    """A VM opens connections to a host outside, and accepts them from there, under its own address end to end."""
    for flow in flows_of(recording, notebook, *BORDER_CROSSING):
        there, here = expect_answer(recording, notebook, flow)
        vm = flow.source if flow.source in ALLOCATED else flow.to
        seen = there.headers.source if flow.source == vm else here.headers.source
        at = (there if flow.source == vm else here).frame
        notebook.expect(seen == AT[vm], f"outside, {vm} appears as {seen} and not as {AT[vm]}", at)
    notebook.finding = "TCP, UDP and ping cross the border both ways, and outside each VM appears under its own address"


@edited(test_calico_vms_and_outside_reach_each_other, because="was not answered")
def border_that_lets_nothing_in(recording: Recording) -> Recording:
    """A border that forwards only from the inside."""
    return without(recording, frames=[frame for flow in flows(recording, source="vm3", to="outside")
                                      for frame in arrivals(recording, flow) if frame.node == "vm3"])


@played(test_calico_vms_and_outside_reach_each_other, because="outside, vm1 appears as")
def border_that_hides_the_vms() -> Broken:
    """A border that translates the VMs' addresses to its own."""
    return Broken(CalicoDatacentre(wrong="nat"))


@check("NAT-01", LIVES, role="router", cloud="calico")
def test_calico_translates_no_address(recording: Recording, notebook: Notebook) -> None:
    """Flows cross border and hosts with both addresses and both ports unchanged, and so do the addresses they carry."""
    for flow in flows_of(recording, notebook, *BORDER_CROSSING):
        for there, node in zip(expect_answer(recording, notebook, flow), (flow.source, flow.to), strict=True):
            sent = notebook.stimulus(passages(recording.at(node, outgoing=True), flow, back=there.back),
                                     f"{flow}: {node} was not seen sending it")[0]
            for before, after in ((sent.headers.source, there.headers.source),
                                  (sent.headers.destination, there.headers.destination)):
                notebook.expect(before == after, f"{flow}: {before} became {after} on the way", there.frame)
            ports = sent.headers.payload[:4], there.headers.payload[:4]
            same = flow.protocol == "icmpv6" or ports[0] == ports[1]
            notebook.expect(same, f"{flow}: the ports changed on the way", there.frame)
            notebook.expect(flow.words in there.says, f"{flow}: the payload changed on the way", there.frame)
    notebook.finding = "addresses, ports and the addresses in the payload are the same at both ends"


@played(test_calico_translates_no_address, because="became")
def border_that_translates() -> Broken:
    """The same border."""
    return Broken(CalicoDatacentre(wrong="nat"))


@edited(test_calico_translates_no_address, because="the ports changed")
def border_that_takes_another_port(recording: Recording) -> Recording:
    """A translator of ports that keeps the addresses: outside, the VM's UDP flow has port 1 more at the other end."""

    def change(packet: Any) -> None:
        packet[layer("inet").UDP].dport += 1

    mine = [frame for flow in flows(recording, source="vm1", to="outside", protocol="udp")
            for frame in arrivals(recording, flow) if frame.node == "outside"]
    return rewritten(recording, mine, change)
