"""CloudStack: a VM with two NICs has the default route of the default one, if its image ignores the other's RAs."""

from __future__ import annotations

from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import believable
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views.ndp import router_advertisements
from fixtures.recording.views.transport import Echo, echoes
from fixtures.scenarios.clouds.cloudstack.two_nics import BothLinksReady, CloudstackTwoNics
from fixtures.stagecraft.watching import default_route
from topologies.stage import addressing as plan

IGNORED, HEEDED = CloudstackTwoNics(), CloudstackTwoNics(ignored=False)
HEEDLESS = KernelGuest("linux:accept_ra=1", {"accept_ra": 1})


def routes(recording: Recording, interface: str) -> list[KernelEvent]:
    """The default routes that the VM got on an interface."""
    return [event for event in recording.kernel("twin") if default_route("twin", interface=interface)(event)]


def echo_requests(recording: Recording) -> list[Echo]:
    """The VM's Echo Requests to the host outside."""
    found = echoes(recording.at("twin", outgoing=True), reply=False)
    return [each for each in found if each.destination == plan.OUTSIDE]


@check("RA-09", IGNORED, HEEDED, role="guest", cloud="cloudstack")
def test_cloudstack_default_nic_alone(recording: Recording, notebook: Notebook) -> None:
    """With accept_ra 0 on the other NIC, the only default route is the default NIC's; without it there are two.

    CloudStack, Prerequisites and Guidelines. Packets to the outside leave by the default NIC, from its address, where
    the other is ignored. Clients that handle RAs themselves have the recipe in their own words.
    """
    for interface in ("eth0", "eth1"):
        heard = [ra for ra in router_advertisements(recording.at("twin", interface, outgoing=False)) if ra.lifetime]
        notebook.cite(believable(heard, notebook, f"no RA with a router lifetime reached {interface}")[0])
    first, second = routes(recording, "eth0"), routes(recording, "eth1")
    notebook.expect(first, "the VM has no default route on eth0", *recording.marked(BothLinksReady))
    notebook.cite(first[0])
    if not recording.play.options["ignored"]:
        notebook.expect(second, "the VM has no default route on eth1, which accepts RAs", first[0])
        notebook.cite(second[0])
        notebook.finding = "a default route on each NIC, which is why the document has its recipe"
        return
    notebook.expect(not second, "the VM has a default route on eth1, which ignores RAs", *second[:1])
    packets = notebook.stimulus(echo_requests(recording), "the VM sent nothing to the outside")
    for each in packets:
        notebook.expect(each.frame.interface == "eth0", f"the VM sent a packet by {each.frame.interface}", each)
        notebook.expect(each.source in plan.LAN, f"the VM sent a packet from {each.source}", each)
        to = each.mac_destination
        notebook.expect(to == recording.mac("rack", "lan0"),
                        f"the VM sent a packet to {to}, not to the rack router", each)
    notebook.finding = "the default route of eth0 alone, and packets go there"


@played(test_cloudstack_default_nic_alone, because="default route on eth1, which ignores RAs")
def image_without_the_setting() -> Broken:
    """Its kernel accepts RAs on both NICs."""
    return Broken(IGNORED, {"guest": HEEDLESS})


@edited(test_cloudstack_default_nic_alone, because="a packet from")
def packets_from_the_other_nics_address(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet.payload.src = str(plan.LAN2[0x99])

    return editing.rewritten(recording, echo_requests(recording), change)
