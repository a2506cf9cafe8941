"""Calico: what the document tells the makers of images to change, and what it is worth."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.clouds.reading.records import expect_agreement
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudRecord
from fixtures.recording.editing import rewritten, shifted
from fixtures.recording.model import Mark, Recording, Snapshot
from fixtures.recording.views.ndp import neighbor_solicitations, router_advertisements, router_solicitations
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.clouds.calico.cast import ALLOCATED
from fixtures.scenarios.clouds.calico.recipes import CalicoRecipes
from fixtures.scenarios.clouds.calico.solicitation_delay import (
    DELAY,
    GUESTS,
    READINESS,
    SERVED,
    CalicoSolicitationDelay,
)
from fixtures.stagecraft.marks import PowerOn, Up
from fixtures.timers import MAX_RTR_SOLICITATION_DELAY, RETRANS_TIMER
from topologies.calico import NETWORK, tap_mac
from topologies.stage import addressing as plan

RECIPES, DELAYED = CalicoRecipes(), CalicoSolicitationDelay()
GATEWAY = str(plan.link_local(tap_mac("vm2")))


def state(recording: Recording, notebook: Notebook, stage: str, vm: str) -> Snapshot:
    """What a VM's kernel had at one stage."""
    shots = [shot for shot in recording.snapshots if (shot.name, shot.node) == (stage, vm)]
    return notebook.stimulus(shots, f"{vm}'s state was not recorded {stage}")[0]


def gateways(shot: Snapshot) -> list[str]:
    """The routers of a VM's default routes."""
    return [str(row.get("gateway")) for row in shot.tables["route"]
            if row["dst"] == "default" and row["family"] == "inet6" and row.get("gateway")]


def addresses(shot: Snapshot) -> list[str]:
    """A VM's addresses of the network, with their prefix lengths."""
    return [f"{row['local']}/{row['prefixlen']}" for row in shot.tables["address"]
            if row["family"] == "inet6" and IPv6Address(row["local"]) in NETWORK]


def launch(recording: Recording, notebook: Notebook) -> Mark:
    """When vm2 was launched from the changed image."""
    return notebook.stimulus(recording.marked(PowerOn), "vm2 was not launched from the changed image")[0]


@check("RA-08", RECIPES, role="guest", cloud="calico", sentences=("calico-12", "calico-14"))
def test_calico_recipe_accepts_advertisements(recording: Recording, notebook: Notebook) -> None:
    """An image that ignores RAs has no default route; with accept_ra 1 it has that to its tap, by the same RAs."""
    again = launch(recording, notebook)
    heard = router_advertisements(recording.at("vm2", outgoing=False))
    for stage, ras in (("before", [ra for ra in heard if ra.frame.ns < again.ns]),
                       ("after", [ra for ra in heard if ra.frame.ns > again.ns])):
        notebook.cite(*notebook.stimulus(ras, f"no RA reached vm2 {stage} the change")[:1])
        shot = state(recording, notebook, stage, "vm2")
        found = gateways(shot)
        if stage == "before":
            notebook.expect(not found, f"vm2 ignores RAs, and has a default route by {', '.join(found)}", shot)
        else:
            told = ", ".join(found) or "nobody"
            notebook.expect(found == [GATEWAY], f"with accept_ra 1, vm2's default route is by {told}", shot)
    notebook.finding = "no default route before, the tap's link-local address after"


@played(test_calico_recipe_accepts_advertisements, because="vm2's default route is by nobody")
def image_without_accept_ra() -> Broken:
    """A changed image that lacks accept_ra 1."""
    return Broken(CalicoRecipes(missing="accept_ra"))


@check("DHCP6-05", RECIPES, role="guest", cloud="calico", sentences=("calico-11", "calico-15"))
def test_calico_recipe_leases_are_not_on_link(recording: Recording, notebook: Notebook) -> None:
    """With the prefix length 128 for leases, a VM has no on-link route to its network, and others through its tap.

    ISC's client once made the lease a /64: then the VM solicits other VMs on its own link, in vain.
    """
    again = launch(recording, notebook)
    other = ALLOCATED["vm1"]
    early = [each for each in neighbor_solicitations(recording.at("vm2", outgoing=True))
             if each.target == other and each.frame.ns < again.ns]
    notebook.cite(*notebook.stimulus(early, "the historical prefix length did no harm before the change")[:1])
    shot = state(recording, notebook, "after", "vm2")
    held = ", ".join(addresses(shot))
    notebook.expect(held == f"{ALLOCATED['vm2']}/128", f"with the recipe, vm2 has {held or 'no address'}", shot)
    on_link = [row for row in shot.tables["route"] if row["dst"] == str(NETWORK) and not row.get("gateway")]
    notebook.expect(not on_link, f"vm2 has a route to {NETWORK} on its link", shot)
    late = [each for each in neighbor_solicitations(recording.at("vm2", outgoing=True))
            if each.target == other and each.frame.ns > again.ns]
    notebook.expect(not late, f"vm2 solicited {other} on its link", *late[:1])
    sent = [each for each in echoes(recording.at("vm2", outgoing=True), reply=False)
            if each.destination == other and each.frame.ns > again.ns]
    for echo in notebook.stimulus(sent, f"vm2 sent nothing to {other} after the change"):
        notebook.expect(echo.mac_destination == tap_mac("vm2"),
                        f"vm2 sent the packet to {echo.mac_destination}, not to the tap", echo)
    came = [each for each in echoes(recording.at("vm2", outgoing=False), reply=True)
            if each.source == other and each.frame.ns > again.ns]
    notebook.expect(came, f"{other} did not answer vm2", *came[:1])
    notebook.finding = "as a /64 the lease made vm2 look for vm1 on its own link; as a /128 it reaches vm1 by its tap"


@played(test_calico_recipe_leases_are_not_on_link, because=f"vm2 has {ALLOCATED['vm2']}/64")
def image_without_the_workaround() -> Broken:
    """A changed image whose client still makes leases a /64."""
    return Broken(CalicoRecipes(missing="prefixlen"))


@edited(test_calico_recipe_leases_are_not_on_link, because="not to the tap")
def packet_past_the_tap(recording: Recording) -> Recording:
    """A VM that sends to the other one directly."""

    def divert(packet: Any) -> None:
        packet.dst = recording.mac("vm1", "eth0")

    again = recording.marked(PowerOn)[0]
    return rewritten(recording, [each for each in echoes(recording.at("vm2", outgoing=True), reply=False)
                                 if each.frame.ns > again.ns], divert)


@check("DHCP6-39", RECIPES, role="guest", cloud="calico")
def test_calico_client_by_hand_gets_the_listed_address(recording: Recording, notebook: Notebook) -> None:
    """An image that starts no DHCPv6 client has no global address although RAs tell it to; run by hand it has.

    The address is the one that the orchestrator lists, as it is for the image that runs its client at boot.
    """
    heard = [ra for ra in router_advertisements(recording.at("vm1", outgoing=False)) if ra.managed]
    notebook.cite(*notebook.stimulus(heard, "no RA with M=1 reached vm1")[:1])
    before = state(recording, notebook, "before", "vm1")
    found = addresses(before)
    notebook.expect(not found, f"vm1 runs no client, and has {', '.join(found)}", before)
    listed = notebook.stimulus(recording.marked(CloudRecord), "the orchestrator's list was not asked for")[0]
    for vm in ("vm1", "vm2"):
        expect_agreement(recording, notebook, listed, state(recording, notebook, "after", vm), vm, NETWORK)
    notebook.finding = "none without the client; with it, by hand and at boot, the address that is listed"


@played(test_calico_client_by_hand_gets_the_listed_address, because="for vm1, which has nothing")
def image_without_dhcp() -> Broken:
    """A VM whose user forgets to run the client."""
    return Broken(CalicoRecipes(missing="dhcp"))


@check("RA-13", DELAYED, role="guest", cloud="calico")
def test_calico_recipe_delays_solicitations(recording: Recording, notebook: Notebook) -> None:
    """With router_solicitation_delay 10, the first solicitations come at random within 10 s and the time of DAD.

    Not all of them come as soon as without it. The VM's default route is there within 1 s of an RA. That the delay is
    10 s and not up to 10 s, as the document has it, is not what Linux does.
    """
    waited = []
    for guest in GUESTS:
        up = [mark for mark in recording.marked(Up) if mark.what.node == guest]
        sent = router_solicitations(recording.at(guest, "eth0", outgoing=True))
        begun = notebook.stimulus(up, f"{guest} did not boot")[0]
        patience = DELAY + RETRANS_TIMER + READINESS
        notebook.expect(sent,
                        f"{guest} sent no Router Solicitation within {recording.duration - begun.time:.1f} s",
                        *sent[:1])
        waited.append(sent[0].time - begun.time)
        notebook.in_time(waited[-1], patience, f"{guest} solicited late", sent[0])
    # Six guests all within the first 2 of 10 s happen once in 15,000 plays.
    soon = MAX_RTR_SOLICITATION_DELAY + RETRANS_TIMER + READINESS + recording.stall()
    told = ", ".join(f"{each:.1f}" for each in sorted(waited))
    notebook.expect(max(waited) > soon, f"all guests solicited as if the delay of 10 s were not set: after {told} s")
    for guest in SERVED:
        heard = notebook.stimulus(router_advertisements(recording.at(guest, outgoing=False)), f"no RA reached {guest}")
        routes = list(recording.happened(guest, "route", "new", dst="default", protocol="ra"))
        notebook.expect(routes, f"{guest} has no default route", heard[0], *routes[:1])
        late = routes[0].after_ns / 1e9 - heard[0].time
        notebook.in_time(late, READINESS, f"{guest} had its default route late", routes[0])
    notebook.figure("longest delay of a first Router Solicitation", max(waited), "s")
    notebook.finding = f"first solicitations after {told} s: at random, and not after a fixed 10 s as the document says"


@played(test_calico_recipe_delays_solicitations, because="were not set")
def images_without_the_delay() -> Broken:
    """Images that do not have the recipe's file."""
    return Broken(CalicoSolicitationDelay(told=False))


@edited(test_calico_recipe_delays_solicitations, because="solicited late")
def image_that_waits_for_longer(recording: Recording) -> Recording:
    """A solicitation 20 s after the link is up."""
    sent = router_solicitations(recording.at("vm1", outgoing=True))
    return shifted(recording, 2.0 * DELAY, frames=sent)
