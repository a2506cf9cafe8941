"""Calico: what the Router Advertisements on a tap say, and what they make of a VM."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import OnLinkGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten, with_frame
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import neighbour_solicitations, router_advertisements
from fixtures.scenarios.calico_boot import ALLOCATED, CalicoVmBoots
from topologies import addressing as plan


@check("RA-06", CalicoVmBoots(), role="router", cloud="calico")
def test_tap_advertises_only_a_default_route(recording: Recording, notebook: Notebook) -> None:
    """On a tap, RAs have M=1, a router lifetime, and no prefix that is on-link or autonomous (Calico, IPv6 Support).

    So the VM has a default route to the tap's link-local address, and no route to the prefix itself.
    """
    tap = plan.link_local(recording.mac("host1", "tap1"))
    found = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    for ra in notebook.stimulus(found, "no Router Advertisement reached vm1"):
        notebook.expect(ra.source == tap, f"the RA comes from {ra.source}, not from the tap's {tap}", ra)
        notebook.expect(ra.managed, "the RA has M=0", ra)
        notebook.expect(ra.lifetime > 0, "the RA has a router lifetime of 0", ra)
        for prefix in ra.prefixes:
            notebook.expect(not prefix.on_link, f"the prefix {prefix.network} has L=1", ra)
            notebook.expect(not prefix.autonomous, f"the prefix {prefix.network} has A=1", ra)
    shots = [shot for shot in (recording.snapshot("booted", "vm1"),) if shot is not None]
    routes = notebook.stimulus(shots, "vm1 was not looked at after its boot")[0].tables["route"]
    default = [row for row in routes if row["dst"] == "default" and row.get("gateway") == str(tap)]
    notebook.expect(default, f"vm1 has no default route to {tap}", shots[0])
    onlink = [row for row in routes if row["dst"] == str(plan.LAN) and not row.get("gateway")]
    notebook.expect(not onlink, f"vm1 has a route to {plan.LAN} on its link", shots[0])
    notebook.finding = "M=1, a router lifetime, neither L nor A; vm1 has the default route to its tap and none besides"


@played(test_tap_advertises_only_a_default_route, because="L=1")
def taps_served_as_a_lan() -> Broken:
    """A control plane that configures dnsmasq for the taps as for a LAN."""
    return Broken(CalicoVmBoots(on_link=True))


@edited(test_tap_advertises_only_a_default_route, because="A=1")
def autonomous_flag_set(recording: Recording) -> Recording:
    """A subnet that lets its VMs form addresses beside the allocated ones."""

    def turn(packet: Any) -> None:
        packet[layer("inet6").ICMPv6NDOptPrefixInfo].A = 1

    return rewritten(recording, router_advertisements(recording.frames), turn)


@check("SLAAC-02", CalicoVmBoots(), role="guest", cloud="calico")
def test_tap_makes_no_address_by_itself(recording: Recording, notebook: Notebook) -> None:
    """From the prefix of a tap's RAs, which is not autonomous, a VM forms no address (RFC 4862 section 5.5.3 a).

    It has none of that prefix but the allocated one, if it asked for that, and uses the rest of the RA: it has the
    default route.
    """
    heard = router_advertisements(recording.at("vm1", "eth0", outgoing=False))
    offered = [ra for ra in heard if any(prefix.network == plan.LAN for prefix in ra.prefixes)]
    for ra in notebook.stimulus(offered, f"no RA with {plan.LAN} reached vm1"):
        autonomous = any(prefix.autonomous for prefix in ra.prefixes)
        notebook.stimulus([] if autonomous else [ra], "the RA allows vm1 to form an address")
        notebook.cite(ra)
    probes = [each for each in neighbour_solicitations(recording.at("vm1", "eth0", outgoing=True))
              if each.dad and each.target in plan.LAN and each.target != ALLOCATED]
    notebook.expect(not probes, f"vm1 formed {probes[0].target if probes else ''}", *probes[:1])
    held = {event.fields["local"] for event in recording.happened("vm1", "address", "new", family="inet6")
            if IPv6Address(event.fields["local"]) in plan.LAN}
    notebook.expect(held <= {str(ALLOCATED)}, f"vm1 has {', '.join(sorted(held))}")
    routes = [event for event in recording.happened("vm1", "route", "new", dst="default")
              if event.fields.get("family") == "inet6"]
    notebook.expect(routes, "vm1 did not use the RA: it has no default route", *routes[:1])
    notebook.finding = "no address of its own making, and the default route from the same RAs"


@edited(test_tap_makes_no_address_by_itself, because="vm1 formed")
def vm_that_ignores_the_autonomous_flag(recording: Recording) -> Recording:
    """A VM that probes for an address of its own making."""
    target = plan.eui64(plan.LAN, recording.mac("vm1", "eth0"))
    inet6, ether = layer("inet6"), layer("l2").Ether
    probe = ether(src=recording.mac("vm1", "eth0"), dst="33:33:ff:00:00:01") / inet6.IPv6(
        src="::", dst="ff02::1:ff00:1", hlim=255) / inet6.ICMPv6ND_NS(tgt=str(target))
    return with_frame(recording, probe, time=recording.duration - 0.1, node="vm1", interface="eth0", outgoing=True)


@played(test_tap_makes_no_address_by_itself, because="vm1 has")
def vm_with_an_address_of_its_own() -> Broken:
    """An image that takes an address in every prefix that it hears of, and does not even probe for it."""
    taken = f"{plan.LAN_STATIC[6]}/128"
    return Broken(CalicoVmBoots(), {"guest": OnLinkGuest("linux:takes-an-address", address=taken)})
