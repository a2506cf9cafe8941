"""Calico: what the Router Advertisements on a tap say, and what they make of a VM."""

from __future__ import annotations

from typing import Any

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import rewritten
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import router_advertisements
from fixtures.scenarios.calico_boot import CalicoVmBoots
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
