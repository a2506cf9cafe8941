"""CloudStack: the virtual router's DHCP service, in both families and for every form of DUID."""

from __future__ import annotations

from typing import Any

from conformance.broken.cloudstack import IPv6Only, KnowsLinkLayer
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.protocols.ports import DHCPV4_SERVER_PORT, DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Frame, KernelEvent, Mark, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.transport import UdpDatagram, udp_datagrams
from fixtures.scenarios.clouds.cloudstack.dual import DEAF, FORMS, RESERVED, CloudstackDual, Deaf, Form, Hears
from fixtures.scenarios.dual_stack.dual_stack import ipv4_ready
from fixtures.stagecraft.watching import address_ready
from topologies.stage import addressing as plan

DUAL = CloudstackDual()
#: RFC 2131 section 3 and RFC 2132 section 9.6: after the cookie, the first option of what a client or server says.
DISCOVER, ACK = 1, 5


def dhcpv4(recording: Recording, vm: str, kind: int, *, outgoing: bool) -> list[UdpDatagram]:
    """The DHCPv4 messages of one type at a VM."""
    wanted = bytes([53, 1, kind])
    return [each for each in udp_datagrams(recording.at(vm, outgoing=outgoing), 67, 68) if wanted in each.payload[240:]]


def address_replies(recording: Recording, vm: str) -> list[Message]:
    """The DHCPv6 Replies with an address that reached a VM."""
    return [each for each in dhcpv6.messages(recording.at(vm, outgoing=False), "Reply") if each.addresses]


def meanwhile(recording: Recording, vm: str, frame: Frame) -> bool:
    """Whether a frame was seen while that VM's turn was on, with the server deaf to its family."""
    deaf = recording.marked(Deaf)
    begin = next(mark for mark in deaf if mark.what.vm == vm)
    turns: list[Mark] = [*deaf, *recording.marked(Hears)]
    return begin.ns <= frame.ns < min(mark.ns for mark in turns if mark.ns > begin.ns)


def has(recording: Recording, vm: str, family: int) -> list[KernelEvent]:
    """When the VM's kernel had an address of the network, of one family."""
    watch = ipv4_ready(vm) if family == 4 else address_ready(vm, within=plan.LAN)
    return [event for event in recording.kernel(vm) if watch(event)]


@check("DHCP6-38", DUAL, role="dhcpv6-server", cloud="cloudstack")
def test_cloudstack_families_are_served_apart(recording: Recording, notebook: Notebook) -> None:
    """In a dual network a VM gets an address of each family from the DHCP server (CloudStack, IPv6 Support).

    Where the server does not hear the questions of one family, the VM gets the address of the other all the same.
    """
    reserved = {one["name"]: one["address"] for one in recording.play.situation["reservations"]}
    for vm, port in DEAF.items():
        asked6 = dhcpv6.messages(recording.at(vm, outgoing=True), "Solicit")
        asked4 = dhcpv4(recording, vm, DISCOVER, outgoing=True)
        notebook.cite(notebook.stimulus(asked6, f"{vm} did not ask for an IPv6 address")[0],
                      notebook.stimulus(asked4, f"{vm} did not ask for an IPv4 address")[0])
        told6 = [each for each in address_replies(recording, vm) if meanwhile(recording, vm, each.frame)]
        told4 = [each for each in dhcpv4(recording, vm, ACK, outgoing=False) if meanwhile(recording, vm, each.frame)]
        when = {None: "", DHCPV4_SERVER_PORT: " while DHCPv4 is cut off",
                DHCPV6_SERVER_PORT: " while DHCPv6 is cut off"}[port]
        if port == DHCPV6_SERVER_PORT:
            notebook.stimulus([] if told6 else [port], f"{vm} got an IPv6 address from a server that was stopped")
        else:
            notebook.expect(told6, f"{vm} got no IPv6 address{when}", *asked6[:1])
            given = {str(address) for each in told6 for address in each.addresses}
            notebook.expect(given == {reserved[vm]}, f"{vm} got {given}, not {reserved[vm]}", *told6)
            used = has(recording, vm, 6)[:1]
            notebook.expect(used, f"{vm} has no IPv6 address{when}", *told6, *used)
        if port == 67:
            notebook.stimulus([] if told4 else [port], f"{vm} got an IPv4 address from a server that was stopped")
        else:
            notebook.expect(told4, f"{vm} got no IPv4 address{when}", *asked4[:1])
            used = has(recording, vm, 4)[:1]
            notebook.expect(used, f"{vm} has no IPv4 address{when}", *told4, *used)
    notebook.finding = "both families together, and each while the other was cut off"


@played(test_cloudstack_families_are_served_apart, because="got no IPv4 address")
def virtual_router_without_ipv4() -> Broken:
    """A network that was made for IPv6 only."""
    return Broken(DUAL, {"dhcpv6-server": IPv6Only()})


@edited(test_cloudstack_families_are_served_apart, because="while DHCPv4 is cut off")
def families_that_fall_together(recording: Recording) -> Recording:
    """A server that does not give the one where it cannot give the other."""
    return editing.without(recording, frames=address_replies(recording, "guest2"))


@edited(test_cloudstack_families_are_served_apart, because="while DHCPv6 is cut off")
def ipv4_that_waits_for_ipv6(recording: Recording) -> Recording:
    """And the other way about."""
    return editing.without(recording, frames=dhcpv4(recording, "guest3", ACK, outgoing=False))


@check("DHCP6-09", DUAL, role="dhcpv6-server", cloud="cloudstack")
def test_cloudstack_knows_a_vm_by_any_duid(recording: Recording, notebook: Notebook) -> None:
    """A server takes a DUID as opaque: clients of all types and lengths get what is reserved for them (RFC 8415 §11).

    Its messages name the client as it named itself.
    """
    said = list(recording.at("client", "eth0"))
    for form, text in FORMS.items():
        duid = bytes.fromhex(text)
        asked = [each for each in dhcpv6.messages(said, "Solicit") if each.frame.outgoing and each.client_duid == duid]
        notebook.cite(notebook.stimulus(asked, f"no client with the {form} DUID asked")[0])
        numbers = {each.transaction_id for each in dhcpv6.messages(said) if each.client_duid == duid}
        window = recording.marked(Form)
        begin = next(mark.ns for mark in window if mark.what.form == form)
        until = min((mark.ns for mark in window if mark.ns > begin), default=recording.duration_ns + 1)
        told = [each for each in dhcpv6.messages(said, "Advertise", "Reply")
                if not each.frame.outgoing and begin <= each.frame.ns < until and each.transaction_id in numbers]
        notebook.expect(told, f"the server did not answer the client with the {form} DUID", *asked[:1])
        for each in told:
            named = (each.client_duid or b"").hex()
            notebook.expect(named == text, f"the server calls the client with the {form} DUID {named}", each)
        given = {address for each in told if each.name == "Reply" for address in each.addresses}
        notebook.expect(given == {RESERVED[form]},
                        f"the server gave the client with the {form} DUID {given or 'no address'}, not "
                        f"{RESERVED[form]}", *told)
    notebook.finding = f"served with their own addresses: {', '.join(FORMS)}"


@played(test_cloudstack_knows_a_vm_by_any_duid, because="not 2001:db8:1::d1")
def virtual_router_that_knows_only_link_layer_duids() -> Broken:
    return Broken(DUAL, {"dhcpv6-server": KnowsLinkLayer()})


@edited(test_cloudstack_knows_a_vm_by_any_duid, because="calls the client")
def identifier_that_is_written_anew(recording: Recording) -> Recording:
    """The server understands the DUID-LL, and puts in the MAC address that it saw."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DUID_LL].lladdr = "02:00:00:00:00:99"

    duid = bytes.fromhex(FORMS["link-layer"])
    mine = [each for each in dhcpv6.messages(recording.at("client", outgoing=False), "Reply")
            if each.client_duid == duid]
    return editing.rewritten(recording, mine, change)
