"""CloudStack: the rack router gives VMs their default route, and the virtual router their addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.broken.guests import OnLinkGuest
from conformance.clouds.cloudstack.vm import gateways, looked_at
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import receivable
from fixtures.clouds.asking import CloudRecord
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterAdvertisement, neighbor_advertisements, router_advertisements
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.cloudstack.vm import CloudstackVm, DefaultNetworkChosen
from fixtures.stagecraft.marks import Ready
from topologies.stage import addressing as plan

VM = CloudstackVm()


def ras_at_vm(recording: Recording, notebook: Notebook) -> list[RouterAdvertisement]:
    """The RAs that reached the VM, and at least one of them."""
    heard = router_advertisements(recording.at("guest", outgoing=False))
    return notebook.stimulus(heard, "no Router Advertisement reached the VM")


@check("RA-02", VM, role="router", cloud="cloudstack", parts=("source", "form", "sllao"))
def test_cloudstack_gateway_advertises_well(recording: Recording, notebook: Notebook, part: str) -> None:
    """RAs have the router's own link-local source, hop limit 255, code 0, a right checksum, and its link-layer address.

    RFC 4861 sections 4.2 and 6.1.2.
    """
    mac = recording.mac("rack", "lan0")
    own = plan.link_local(mac)
    for ra in ras_at_vm(recording, notebook):
        if part == "source":
            notebook.expect(ra.source == own, f"the RA comes from {ra.source}, not from the router's {own}", ra)
        elif part == "sllao":
            notebook.expect(ra.sllao == mac, f"the router's RA gives the link-layer address {ra.sllao}, not {mac}",
                            ra)
        else:
            notebook.expect(ra.malformed is None, f"the router's RA is malformed: {ra.malformed}", ra)
            notebook.expect(ra.hop_limit == 255, f"the router's RA has hop limit {ra.hop_limit}, not 255", ra)
            notebook.expect(ra.code == 0, f"the router's RA has code {ra.code}, not 0", ra)
            notebook.expect(ra.checksum_ok, "the router's RA has a wrong checksum", ra)
    notebook.finding = f"every RA from {own} is as required ({part})"


@check("RA-02.router-flag", VM, role="router", cloud="cloudstack")
def test_cloudstack_gateway_answers_as_a_router(recording: Recording, notebook: Notebook) -> None:
    """Asked for the source of its RAs, the router answers as a router (RFC 4861 section 7.2.4: R=1)."""
    own = plan.link_local(recording.mac("rack", "lan0"))
    found = receivable(neighbor_advertisements(recording.at("rack", "lan0", outgoing=True)))
    answers = [na for na in found if na.target == own and na.solicited]
    notebook.stimulus(answers, f"no node solicited {own} of the router")
    for na in answers:
        notebook.expect(na.router, "the router answers with R=0", na)
    notebook.finding = f"{own} answers with R=1"


@edited(test_cloudstack_gateway_advertises_well, because="hop limit 64", parts=["form"])
def advertisements_that_could_come_from_elsewhere(recording: Recording) -> Recording:
    """A program that forgot to set its socket's hop limit."""

    def lower(packet: Any) -> None:
        packet[layer("inet6").IPv6].hlim = 64

    return editing.rewritten(recording, router_advertisements(recording.frames), lower)


@edited(test_cloudstack_gateway_advertises_well, because="not from the router's", parts=["source"])
def advertisements_from_the_global_address(recording: Recording) -> Recording:
    def move(packet: Any) -> None:
        packet[layer("inet6").IPv6].src = str(plan.LAN_ROUTER)

    return editing.rewritten(recording, router_advertisements(recording.frames), move)


@edited(test_cloudstack_gateway_advertises_well, because="gives the link-layer address", parts=["sllao"])
def advertisements_that_lead_to_another_station(recording: Recording) -> Recording:
    def mislead(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptSrcLLAddr].lladdr = "02:00:00:00:00:99"

    return editing.rewritten(recording, router_advertisements(recording.frames), mislead)


@edited(test_cloudstack_gateway_answers_as_a_router, because="R=0")
def gateway_that_answers_as_a_host(recording: Recording) -> Recording:
    def clear(packet: Any) -> None:
        packet[layer("inet6").ICMPv6ND_NA].R = 0

    return editing.rewritten(recording, neighbor_advertisements(recording.at("rack", outgoing=True)), clear)


@check("RA-10", VM, role="guest", cloud="cloudstack")
def test_cloudstack_default_route_is_the_rack_routers(recording: Recording, notebook: Notebook) -> None:
    """The VM's default route is the rack router's RA's, and nobody else's (CloudStack, Guidelines; RFC 4861 6.3.4).

    It stays when the platform's default network is chosen and the DHCPv6 server begins to say other things, packets go
    there, and it goes when the router's last RA has lifetime 0.
    """
    own = str(plan.link_local(recording.mac("rack", "lan0")))
    heard = ras_at_vm(recording, notebook)
    for name in ("booted", "default-chosen"):
        shot = looked_at(recording, notebook, name)
        found = gateways(shot)
        notebook.expect(found == {own},
                        f"the VM's default route leads to {', '.join(sorted(found)) or 'no router'}, and the rack "
                        f"router is {own} ({name})", shot)
    chosen = notebook.stimulus(recording.marked(DefaultNetworkChosen), "no default network was chosen")[0]
    again = [mark for mark in recording.marked(Ready)
             if mark.what.role == "dhcpv6-server" and mark.ns > chosen.ns]
    notebook.stimulus(again, "the DHCPv6 server did not begin anew")
    sent = [each for each in echoes(recording.at("guest", outgoing=True), reply=False)
            if each.destination == plan.OUTSIDE and each.frame.ns > again[0].ns]
    for each in notebook.stimulus(sent, "the VM sent nothing to the outside afterwards"):
        notebook.expect(each.mac_destination == recording.mac("rack", "lan0"),
                        f"the VM sent a packet to the outside to {each.mac_destination}", each)
    last = notebook.stimulus([ra for ra in heard if ra.lifetime == 0], "the router never sent an RA with lifetime 0")
    gone = looked_at(recording, notebook, "without-router")
    left = ", ".join(gateways(gone))
    notebook.expect(not left, f"the VM still has a default route to {left}", last[-1], gone)
    notebook.finding = f"through {own} until its RA with lifetime 0, whatever the platform chose"


@played(test_cloudstack_default_route_is_the_rack_routers, because="default route leads to")
def virtual_router_that_advertises_itself() -> Broken:
    """Choosing the default network makes the virtual router a default router."""
    return Broken(CloudstackVm(default_moves=True))


@edited(test_cloudstack_default_route_is_the_rack_routers, because="still has a default route")
def route_that_outlives_the_router(recording: Recording) -> Recording:
    """A client that keeps what it learned."""
    kept = looked_at(recording, Notebook(recording), "booted").tables
    return replace(recording, snapshots=tuple(
        replace(shot, tables=kept) if shot.name == "without-router" else shot for shot in recording.snapshots))


@check("SLAAC-02", VM, role="guest", cloud="cloudstack", sentences=("cloudstack-15",))
def test_cloudstack_no_address_from_the_router(recording: Recording, notebook: Notebook) -> None:
    """Where the RA's prefix has A=0, the VM forms no address of it, and takes the default route (RFC 4862 5.5.3 a).

    All its addresses in that prefix are those that DHCPv6 gave it.
    """
    for ra in ras_at_vm(recording, notebook):
        notebook.stimulus([each for each in ra.prefixes if not each.autonomous], "the RA's prefix has A=1")
        notebook.cite(ra)
    given = {record for mark in recording.marked(CloudRecord) for record in mark.what.addresses}
    formed = [event for event in recording.happened("guest", "address", "new")
              if ":" in event.fields["local"] and event.fields["local"] not in given]
    for event in formed:
        local = event.fields["local"]
        notebook.expect(not local.startswith("2001:"), f"the VM has {local}, which no server gave it", event)
    shot = looked_at(recording, notebook, "booted")
    notebook.expect(gateways(shot), "the VM has no default route", shot)
    notebook.finding = f"{len(given)} given, none formed but link-local ones, and the default route is there"


@played(test_cloudstack_no_address_from_the_router, because="which no server gave it")
def image_that_forms_an_address_all_the_same() -> Broken:
    """An image with an address of its own in the prefix."""
    own = plan.eui64(plan.LAN, plan.mac_of("guest", "eth0"))
    return Broken(VM, {"guest": OnLinkGuest("linux:forms-an-address", address=f"{own}/64")})
