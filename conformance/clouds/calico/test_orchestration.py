"""Calico: what the orchestrator lets be asked for, what it lists, and what its dnsmasq serves where."""

from __future__ import annotations

from typing import Any

from conformance.clouds.calico.fabric import LIVES
from conformance.clouds.reading.records import expect_agreement
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAccepted, CloudRecord, CloudRefused
from fixtures.recording.editing import rewritten, with_frame
from fixtures.recording.model import Mark, Recording, Snapshot
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import router_advertisements
from fixtures.scenarios.clouds.calico.cast import ALLOCATED, MACS
from fixtures.scenarios.clouds.calico.datacentre import CalicoDatacentre
from fixtures.scenarios.clouds.calico.recipes import CalicoRecipes
from fixtures.scenarios.clouds.calico.subnets import AskedInVain
from topologies.calico import ADDRESSES, NETWORK, WORKLOADS


@check("MGMT-14", LIVES, role="management", cloud="calico")
def test_calico_subnets_are_stateful_64s(recording: Recording, notebook: Notebook) -> None:
    """A subnet whose prefix is no /64 or overlaps another, whose modes do not fit, or without DHCP is refused.

    A refusal changes nothing on the hosts. The one that is accepted works: its VMs hear RAs with M=1 and its prefix,
    and get their addresses of it by DHCPv6.
    """
    over = notebook.stimulus(recording.marked(AskedInVain), "no impossible subnet was submitted")[0]
    refused = [mark for mark in recording.marked(CloudRefused) if mark.what.what == "create-subnet-in-vain"]
    believed = [mark for mark in recording.marked(CloudAccepted) if mark.what.what == "create-subnet-in-vain"]
    told = [mark.what.answer for mark in believed]
    notebook.expect(not believed, f"{len(believed)} impossible subnets were accepted: {', '.join(told[:3])}", *believed)
    notebook.expect(len(refused) == over.what.questions, f"only {len(refused)} were refused", over)
    notebook.cite(*refused)
    before, after = (_state(recording, notebook, f"{when}-refusals") for when in ("before", "after"))
    notebook.expect(before == after, "a refused subnet left something behind on host1")
    for vm, address in ALLOCATED.items():
        heard = router_advertisements(recording.at(vm, outgoing=False))
        for ra in notebook.stimulus(heard, f"no RA reached {vm}"):
            prefixes = [prefix.network for prefix in ra.prefixes]
            notebook.expect(ra.managed and prefixes == [NETWORK],
                            f"{vm} gets RAs with M={ra.managed:d}, {prefixes}", ra)
        got = [each for each in dhcpv6.messages(recording.at(vm, outgoing=False), "Reply") if each.addresses]
        notebook.expect(got and set(got[0].addresses) == {address}, f"{vm} did not get {address}", *got[:1])
    notebook.finding = f"{len(refused)} impossible subnets were refused; the right one serves its VMs"


def _state(recording: Recording, notebook: Notebook, moment: str) -> dict[str, Any]:
    """Links, addresses and routes of host1."""
    shots = [shot for shot in (recording.snapshot(moment, "host1"),) if shot is not None]
    shot = notebook.stimulus(shots, f"host1's state was not recorded {moment}")[0]
    notebook.cite(shot)
    links = [row["ifname"] for row in shot.tables["link"]]
    routes = [(row["dst"], row.get("dev")) for row in shot.tables["route"] if row["table"] == "main"]
    return {"link": sorted(links), "route": sorted(each for each in routes if each[0] not in ("fe80::/64", "ff00::/8"))}


@played(test_calico_subnets_are_stateful_64s, because="impossible subnets were accepted")
def orchestrator_that_accepts_all() -> Broken:
    """A control plane that accepts the /80, the overlap, and modes that contradict each other."""
    return Broken(CalicoDatacentre(wrong="subnets"))


@edited(test_calico_subnets_are_stateful_64s, because="with M=0")
def subnet_of_another_mode(recording: Recording) -> Recording:
    """The accepted subnet is served as if its mode were another."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_RA].M = 0

    return rewritten(recording, router_advertisements(recording.at("vm2", outgoing=False)), turn)


@check("MGMT-11", LIVES, role="management", cloud="calico")
def test_calico_lists_what_its_workloads_have(recording: Recording, notebook: Notebook) -> None:
    """The addresses that the orchestrator lists for VMs and containers are those that they have, and speak from."""
    marks: list[Mark] = notebook.stimulus(recording.marked(CloudRecord), "the orchestrator's list was not asked for")
    for mark, owners, within in ((marks[0], ALLOCATED, NETWORK), (marks[-1], ADDRESSES, WORKLOADS)):
        for owner in owners:
            shots: list[Snapshot] = [shot for shot in recording.snapshots
                                     if (shot.name, shot.node) == ("settled", owner)]
            shot = notebook.stimulus(shots, f"{owner}'s state was not recorded")[0]
            expect_agreement(recording, notebook, mark, shot, owner, within)
    notebook.finding = "list, workloads and wire agree for three VMs and three containers"


@played(test_calico_lists_what_its_workloads_have, because="the platform lists 2001:db8:1::99 for vm1")
def orchestrator_that_lists_another() -> Broken:
    """A list that was not kept up to date."""
    return Broken(CalicoDatacentre(wrong="record"))


@check("DHCP6-07", LIVES, CalicoRecipes(), role="dhcpv6-server", cloud="calico")
def test_calico_vms_get_what_was_allocated(recording: Recording, notebook: Notebook) -> None:
    """Whenever a VM asks, dnsmasq gives it the address that the orchestrator allocated to it, and no other.

    It knows vm2 by its DUID and the others by their MAC address, on either host, and after a launch with a new disk.
    """
    served = [vm for vm in ALLOCATED if dhcpv6.messages(recording.at(vm, outgoing=True), "Solicit")]
    for vm in notebook.stimulus(served, "no VM asked for an address"):
        asked = dhcpv6.messages(recording.at(vm, outgoing=True), "Solicit")
        if vm == "vm2":
            duid = bytes.fromhex("00030001" + MACS[vm].replace(":", ""))
            notebook.stimulus([each for each in asked if each.client_duid == duid], "vm2 asks with another DUID")
        told = dhcpv6.messages(recording.at(vm, outgoing=False), "Advertise", "Reply")
        for answer in told:
            given = ", ".join(map(str, answer.addresses)) or "nothing"
            notebook.expect(set(answer.addresses) == {ALLOCATED[vm]}, f"{vm} was given {given}", answer)
        notebook.expect(told, f"{vm} asked for an address and got no answer", *asked[:1])
    notebook.finding = f"{', '.join(served)} were given exactly what was allocated to them"


@edited(test_calico_vms_get_what_was_allocated, because="was given 2001:db8:1::99")
def vm_that_gets_from_a_pool(recording: Recording) -> Recording:
    """A server that gives vm2 another address than the allocated one."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIAAddress].addr = str(NETWORK[0x99])

    return rewritten(recording, dhcpv6.messages(recording.at("vm2", outgoing=False), "Reply"), change)


@check("DHCP6-36", LIVES, role="dhcpv6-server", cloud="calico", sentences=("calico-20",))
def test_calico_dnsmasq_answers_where_it_was_asked(recording: Recording, notebook: Notebook) -> None:
    """One dnsmasq serves RAs and DHCPv6 on every tap of its host; each answer leaves by the tap of its question.

    Each VM is told the subnet's own prefix length, and given its own reservation.
    """
    for host, taps in (("host1", ("tap1", "tap2")), ("host2", ("tap3",))):
        for tap in taps:
            vm = f"vm{tap[3:]}"
            asked = dhcpv6.messages(recording.at(host, tap, outgoing=False), "Solicit", "Request")
            for question in notebook.stimulus(asked, f"{vm} sent no DHCPv6 message on {tap}"):
                told = [each for each in dhcpv6.messages(recording.at(host, outgoing=True), "Advertise", "Reply")
                        if each.transaction_id == question.transaction_id and each.client_duid == question.client_duid]
                notebook.expect(told, f"{vm}'s {question.name} on {tap} was not answered", question)
                for answer in told:
                    by = answer.frame.interface
                    notebook.expect(by == tap, f"the answer to {vm} on {tap} left by {by}", answer)
                    given = ", ".join(map(str, answer.addresses))
                    notebook.expect(set(answer.addresses) == {ALLOCATED[vm]}, f"{vm} was given {given}", answer)
            heard = router_advertisements(recording.at(host, tap, outgoing=True))
            for ra in notebook.stimulus(heard, f"no RA left by {tap}"):
                lengths = {prefix.network.prefixlen for prefix in ra.prefixes}
                notebook.expect(lengths == {NETWORK.prefixlen}, f"the RA on {tap} says prefix length {lengths}", ra)
    notebook.finding = "RAs on every tap, and every DHCPv6 answer on the tap of its question"


@edited(test_calico_dnsmasq_answers_where_it_was_asked, because="left by tap2")
def dnsmasq_that_answers_on_another_tap(recording: Recording) -> Recording:
    """An answer that leaves by the first interface that serves the subnet."""
    reply = dhcpv6.messages(recording.at("host1", "tap1", outgoing=True), "Reply")[0].frame
    return with_frame(recording, reply.data, time=reply.time, node="host1", interface="tap2", outgoing=True)


@edited(test_calico_dnsmasq_answers_where_it_was_asked, because="says prefix length {48}")
def prefix_length_of_another_subnet(recording: Recording) -> Recording:
    """RAs whose prefix length is not the subnet's."""

    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].prefixlen = 48

    return rewritten(recording, router_advertisements(recording.at("host2", "tap3", outgoing=True)), change)


@check("DHCP6-36", LIVES, role="dhcpv6-server", cloud="calico", sentences=("calico-07", "calico-21"))
def test_calico_containers_hear_no_router_and_no_server(recording: Recording, notebook: Notebook) -> None:
    """On containers' links there are neither RAs nor DHCPv6; their address and route work all the same.

    Their kernels solicit routers in vain.
    """
    for name in ADDRESSES:
        heard = router_advertisements(recording.at(name, outgoing=False))
        notebook.expect(not heard, f"a Router Advertisement reached {name}", *heard[:1])
        served = dhcpv6.messages(recording.at(name))
        notebook.expect(not served, f"DHCPv6 was spoken with {name}", *served[:1])
        shots = [shot for shot in (recording.snapshot("settled", name),) if shot is not None]
        shot = notebook.stimulus(shots, f"{name}'s state was not recorded")[0]
        held = [row["local"] for row in shot.tables["address"] if row["local"] == str(ADDRESSES[name])]
        notebook.expect(held, f"{name} has not the address {ADDRESSES[name]}", shot)
        spoken = [frame for frame in recording.at(name, outgoing=True)
                  if frame.data[22:38] == ADDRESSES[name].packed]
        notebook.expect(spoken, f"{name} never spoke from {ADDRESSES[name]}", *spoken[:1])
    notebook.finding = "silence of routers and servers on all containers' links, and working addresses there"


@played(test_calico_containers_hear_no_router_and_no_server, because="a Router Advertisement reached c1")
def host_that_advertises_to_containers() -> Broken:
    """Routers on containers' veths as on taps."""
    return Broken(CalicoDatacentre(wrong="advertises"))
