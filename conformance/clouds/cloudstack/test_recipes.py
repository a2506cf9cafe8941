"""CloudStack: what its document tells users to do in their VMs, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.lease_guests import LINK_LAYER_TIME
from conformance.clouds.cloudstack.vm import gateways, looked_at
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudRecord
from fixtures.clouds.cloudstack.control import Habits
from fixtures.recording import editing
from fixtures.recording.model import Recording, Snapshot
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import router_advertisements
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.cloudstack.managed_later import UNBIDDEN, CloudstackManagedLater, OutsiderTries
from fixtures.scenarios.clouds.cloudstack.recipe import CloudstackRecipe
from fixtures.scenarios.clouds.cloudstack.vm import ADDRESS, CloudstackVm
from topologies.stage import addressing as plan

VM, RECIPE, LATER = CloudstackVm(), CloudstackRecipe(), CloudstackManagedLater()


def in_network(shot: Snapshot) -> set[IPv6Address]:
    """The addresses of the network that a kernel has, tentative ones too."""
    rows = (row["local"] for row in shot.tables["address"] if row["family"] == "inet6")
    return {address for address in map(IPv6Address, rows) if address in plan.LAN}


@check("DHCP6-39", VM, role="guest", cloud="cloudstack", needs=("dhcpv6",))
def test_cloudstack_address_comes_with_the_client(recording: Recording, notebook: Notebook) -> None:
    """A VM whose client does not run has no address of the network; when it is run, the VM has the platform's.

    So the document's Guest VM Configuration; it is so after the first boot and after a stop and start.
    """
    without = [shot for shot in recording.snapshots if shot.name == "without-client"]
    lists = recording.marked(CloudRecord)
    for shot in notebook.stimulus(without, "the VM's state was not recorded without its client"):
        early = ", ".join(map(str, in_network(shot)))
        notebook.expect(not early, f"the VM has {early} although its client does not run", shot)
    for name, listed in zip(("booted", "restarted"), notebook.stimulus(lists,
                                                                       "the platform listed nothing"), strict=False):
        shot = looked_at(recording, notebook, name)
        shown = {IPv6Address(address) for address, owner in listed.what.addresses.items() if owner == "guest"}
        notebook.expect(in_network(shot) == shown, f"the VM has {in_network(shot)}, the platform shows {shown}", shot)
    replies = [each for each in dhcpv6.messages(recording.at("guest", outgoing=False), "Reply") if each.addresses]
    notebook.cite(*notebook.stimulus(replies, "no Reply gave the VM an address"))
    notebook.finding = f"none, then {ADDRESS}, after both starts"


@edited(test_cloudstack_address_comes_with_the_client, because="although its client does not run")
def image_with_an_address_in_it(recording: Recording) -> Recording:
    """The image was made of a VM that had an address."""
    row = {"family": "inet6", "ifname": "eth0", "local": str(ADDRESS), "prefixlen": 128, "flags": []}
    return replace(recording, snapshots=tuple(
        replace(shot, tables={**shot.tables, "address": [*shot.tables["address"], row]})
        if shot.name == "without-client" else shot for shot in recording.snapshots))


@played(test_cloudstack_address_comes_with_the_client, because="the platform shows")
def platform_that_shows_another_address() -> Broken:
    return Broken(CloudstackVm(habits=Habits(misinforms=True)))


@check("DHCP6-06", RECIPE, role="guest", cloud="cloudstack", sentences=("cloudstack-28",), needs=("dhcpv6", "duid-ll"))
def test_cloudstack_identifier_from_the_configuration(recording: Recording, notebook: Notebook) -> None:
    """With `concat(00:03:00, hardware)` in dhclient.conf, every message has the DUID-LL of the NIC (Guest VM).

    That is 00:03, the hardware type 00:01 and the MAC address (RFC 8415 section 11.4). The VM then has its address.
    """
    expected = bytes.fromhex("00030001" + recording.mac("guest", "eth0").replace(":", ""))
    sent = dhcpv6.messages(recording.at("guest", outgoing=True))
    for each in notebook.stimulus(sent, "the VM sent no DHCPv6 message"):
        duid = each.client_duid or b""
        notebook.expect(duid == expected,
                        f"the VM identifies itself by {duid.hex(':')}, not by {expected.hex(':')}", each)
    shot = looked_at(recording, notebook, "booted")
    notebook.expect(ADDRESS in in_network(shot), f"the VM does not have {ADDRESS}", shot)
    notebook.finding = f"{expected.hex(':')} in {len(sent)} messages, and the reserved address"


@played(test_cloudstack_identifier_from_the_configuration, because="identifies itself by 00:01")
def image_without_the_recipe() -> Broken:
    """ISC's default, a DUID-LLT."""
    return Broken(RECIPE, {"guest": LINK_LAYER_TIME})


@edited(test_cloudstack_identifier_from_the_configuration, because="identifies itself by 00:03:00:01:02:00:00:00:00:99")
def identifier_of_another_nic(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DUID_LL].lladdr = "02:00:00:00:00:99"

    return editing.rewritten(recording, dhcpv6.messages(recording.at("guest", outgoing=True), "Request"), change)


@check("SLAAC-02", RECIPE, role="guest", cloud="cloudstack", sentences=("cloudstack-30", "cloudstack-31"))
def test_cloudstack_recipe_without_autoconfiguration(recording: Recording, notebook: Notebook) -> None:
    """With `autoconf 0` and `accept_ra 1`, an RA with A=1 gives the VM its default route, and no address.

    Autoconfiguration can be switched off for an interface (RFC 4862 section 5.5). The VM's only address of the network
    is the one that DHCPv6 gave it, and it speaks from that through the router.
    """
    heard = router_advertisements(recording.at("guest", outgoing=False))
    inviting = [ra for ra in heard if any(prefix.autonomous for prefix in ra.prefixes)]
    notebook.cite(*notebook.stimulus(inviting, "no RA with A=1 reached the VM"))
    shot = looked_at(recording, notebook, "booted")
    formed = ", ".join(map(str, in_network(shot) - {ADDRESS}))
    notebook.expect(not formed, f"the VM formed {formed}", shot)
    notebook.expect(ADDRESS in in_network(shot), f"the VM does not have {ADDRESS}", shot)
    notebook.expect(gateways(shot) == {str(inviting[0].source)},
                    f"the VM's default routes lead to {gateways(shot)}", shot)
    sent = [each for each in echoes(recording.at("guest", outgoing=True), reply=False)
            if (each.source, each.mac_destination) == (ADDRESS, recording.mac("rack", "lan0"))]
    notebook.expect(sent, f"the VM sent nothing from {ADDRESS} to the router", *sent)
    notebook.finding = f"the default route, {ADDRESS}, and no other address"


@played(test_cloudstack_recipe_without_autoconfiguration, because="the VM formed")
def image_with_half_of_the_recipe() -> Broken:
    """`autoconf 0` was forgotten."""
    return Broken(CloudstackRecipe(autoconf=True))


@check("DHCP6-27", LATER, role="guest", cloud="cloudstack", needs=("dhcpv6",))
def test_cloudstack_asks_when_managed(recording: Recording, notebook: Notebook) -> None:
    """While M and O are 0 the client asks no DHCPv6 server; when M becomes 1 it does, beside its SLAAC address.

    CloudStack, Guidelines (the M flag's note); RFC 4861 section 4.2. Both addresses are then of use.
    """
    heard = router_advertisements(recording.at("guest", outgoing=False))
    before = notebook.stimulus([ra for ra in heard if not ra.managed and not ra.other], "no RA with M=0 reached the VM")
    managed = notebook.stimulus([ra for ra in heard if ra.managed], "no RA with M=1 reached the VM")[0]
    waited = managed.time - before[0].time
    notebook.stimulus([waited] if waited >= UNBIDDEN else [], f"M was 0 for {waited:.1f} s only")
    notebook.cite(before[0], managed)
    sent = dhcpv6.messages(recording.at("guest", outgoing=True))
    early = [each for each in sent if each.time < managed.time]
    notebook.expect(not early, "the VM's client asked for an address though M and O are 0", *early[:1])
    notebook.expect(sent, "the VM's client did not ask for an address though M is 1", managed)
    replies = [each for each in dhcpv6.messages(recording.at("guest", outgoing=False), "Reply") if each.addresses]
    notebook.expect(replies, "no Reply gave the VM an address", sent[0])
    notebook.cite(sent[0], replies[0])
    shot = looked_at(recording, notebook, "managed")
    formed = in_network(shot) - {ADDRESS}
    notebook.expect(ADDRESS in in_network(shot) and formed, f"the VM has only {in_network(shot)}", shot)
    for address in (ADDRESS, *sorted(formed)):
        told = [each for each in echoes(recording.at("guest", outgoing=True), reply=True) if each.source == address]
        notebook.expect(told, f"the VM does not answer at {address}", *recording.marked(OutsiderTries))
        notebook.cite(told[0])
    notebook.finding = f"nothing for {waited:.1f} s; with M=1 {ADDRESS} beside {', '.join(map(str, formed))}"


@played(test_cloudstack_asks_when_managed, because="though M and O are 0")
def client_that_asks_whatever_the_router_says() -> Broken:
    """dhclient, which is run by hand."""
    return Broken(LATER, {"guest": "dhclient"})


@played(test_cloudstack_asks_when_managed, because="did not ask for an address though M is 1")
def guest_that_does_not_heed_the_flag() -> Broken:
    return Broken(LATER, {"guest": "linux"})
