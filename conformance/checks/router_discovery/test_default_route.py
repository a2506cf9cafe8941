"""The default route comes from Router Advertisements: who takes it, who must not, and where packets then go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import believable
from fixtures.protocols.icmp import ECHO_REPLY, ECHO_REQUEST
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.scenarios.router_discovery.advertised_parameters import AdvertisedParameters
from fixtures.scenarios.router_discovery.forwarding_guest import ForwardingGuest
from fixtures.scenarios.router_discovery.two_nics import TwoNics
from fixtures.stagecraft.marks import Attempt, Attempted
from fixtures.stagecraft.watching import default_route, next_hops
from topologies.stage import addressing as plan

STATEFUL, CALICO = GuestBoot(mode=Mode.STATEFUL), GuestBoot(mode=Mode.CALICO)
DEAF = KernelGuest("linux:accept_ra=0", {"accept_ra": 0})


def default_advertisements(recording: Recording, interface: str = "eth0") -> list[RouterAdvertisement]:
    """The RAs with a router lifetime that reached the guest's interface."""
    heard = ndp.router_advertisements(recording.at("guest", interface, outgoing=False))
    return [each for each in heard if each.lifetime > 0]


def default_routes(recording: Recording, interface: str = "eth0") -> list[KernelEvent]:
    """The IPv6 default routes that the guest got on its interface."""
    return [event for event in recording.kernel("guest") if default_route("guest", interface=interface)(event)]


def sent_off_link(recording: Recording, interface: str | None = None) -> list[Echo]:
    """The guest's Echo Requests to the outside host; of a machine that only answers, its replies."""
    sent = transport.echoes(recording.at("guest", interface, outgoing=True), reply=_only_answers(recording))
    return [each for each in sent if each.destination == plan.OUTSIDE]


def asked_from_outside(recording: Recording, *, reply: bool = False) -> list[Echo]:
    """The Echo Requests (or Replies) of the outside host that reached the guest."""
    heard = transport.echoes(recording.at("guest", outgoing=False), reply=reply)
    return [each for each in heard if each.source == plan.OUTSIDE]


def _only_answers(recording: Recording) -> bool:
    """Whether nothing could be run in the guest, so that it sent nothing off its link but replies."""
    return "guest" in recording.opaque


@check("RA-07", STATEFUL, CALICO, AdvertisedParameters(), role="guest")
def test_uses_the_advertising_router(recording: Recording, notebook: Notebook) -> None:
    """The source of an RA with a router lifetime above 0 becomes the guest's next hop (RFC 4861 section 6.3.4, 6.3.6).

    There is a default route through it on that interface, and a packet to an off-link destination goes to its MAC.
    It does not matter whether kernel or client installed the route, and whether the RA has a prefix. Where nobody sees
    the routes of a machine, its packets tell.
    """
    heard = believable(default_advertisements(recording), notebook, "no RA with a router lifetime reached the guest")
    macs = {each.source: each.mac_source for each in heard}
    if _only_answers(recording):
        sends_to_advertisers(recording, notebook, heard)
        return
    routes = default_routes(recording)
    notebook.expect(routes, "the guest has no default route after the RA", heard[0])
    via = next_hops(routes[0])[0][0]
    notebook.expect(via in macs, f"the guest's default route leads to {via}, which advertised nothing", routes[0])
    sent = sent_off_link(recording)
    notebook.expect(sent, "the guest sent nothing to an off-link destination", *recording.marked(Attempt))
    for each in sent:
        notebook.expect(each.mac_destination == macs[via],
                        f"the guest sent an off-link packet to {each.mac_destination}", each)
    notebook.finding = f"the default route leads to {via}, and an off-link packet went there"


def sends_to_advertisers(recording: Recording, notebook: Notebook, heard: list[RouterAdvertisement]) -> None:
    """Seen from the wire: the guest sends off the link, and to a router that advertised itself before."""
    asked = asked_from_outside(recording)
    notebook.stimulus(asked, "no Echo Request from outside came through to the guest, so it had nothing to answer")
    sent = sent_off_link(recording)
    notebook.expect(sent, "the guest sent nothing to an off-link destination", *recording.marked(Attempt))
    for each in sent:
        known = [ra for ra in heard if ra.time < each.time and ra.mac_source == each.mac_destination]
        notebook.expect(known, f"the guest sent an off-link packet to {each.mac_destination}", each)
        notebook.cite(known[-1])
    notebook.finding = f"an off-link packet went to the advertising router, {sent[0].mac_destination}"


@played(test_uses_the_advertising_router, because="no default route")
def guest_that_ignores_advertisements() -> Broken:
    return Broken(STATEFUL, {"guest": DEAF})


@edited(test_uses_the_advertising_router, because="sent an off-link packet to")
def guest_that_asks_somebody_else(recording: Recording) -> Recording:
    """Its off-link packets go to the neighbor."""
    other = recording.mac("peer", "eth0")

    def readdress(packet: Any) -> None:
        packet.dst = other

    return editing.rewritten(recording, sent_off_link(recording), readdress)


@edited(test_uses_the_advertising_router, because="sent an off-link packet to")
def machine_that_asks_somebody_else(recording: Recording) -> Recording:
    """A machine of which only the wire is seen, whose replies go to the neighbor."""
    other = recording.mac("peer", "eth0")

    def answer(packet: Any) -> None:
        packet.dst = other
        packet[layer("inet6").ICMPv6EchoRequest].type = ECHO_REPLY

    def ask(packet: Any) -> None:
        packet[layer("inet6").ICMPv6EchoReply].type = ECHO_REQUEST

    seen = editing.rewritten(recording, sent_off_link(recording), answer)
    return editing.unseen(editing.rewritten(seen, asked_from_outside(recording, reply=True), ask), "guest")


@edited(test_uses_the_advertising_router, because="sent nothing")
def guest_whose_route_is_of_no_use(recording: Recording) -> Recording:
    """It has the route and sends nothing there."""
    return editing.without(recording, frames=sent_off_link(recording))


@check("RA-08", STATEFUL, ForwardingGuest(accept_ra=2), ForwardingGuest(accept_ra=1), role="guest")
def test_accepts_advertisements_in_its_role(recording: Recording, notebook: Notebook) -> None:
    """A host takes its default route from RAs; a forwarding image does with accept_ra=2, and does not with accept_ra=1.

    The platform documents promise the first two, Linux's ip-sysctl defines the third. A client that handles RAs itself
    gets the recipe in its own setting.
    """
    heard = believable(default_advertisements(recording), notebook, "no RA with a router lifetime reached the guest")
    notebook.cite(heard[0])
    tried = notebook.stimulus(recording.marked(Attempted), "the guest did not try to reach an outside host")
    if _only_answers(recording):
        sends_to_advertisers(recording, notebook, heard)
        return
    routes, sent = default_routes(recording), sent_off_link(recording)
    if recording.play.options.get("accept_ra") == 1:
        notebook.expect(not routes, "the guest, which forwards and has accept_ra=1, has a default route", *routes)
        notebook.expect(not sent, "the guest, which forwards and has accept_ra=1, sent packets off the link", *sent)
        notebook.cite(*tried)
        notebook.finding = "the forwarding image ignored the RA, and reached nobody off the link"
        return
    notebook.expect(routes, "the guest has no default route after the RA", *heard[:1])
    notebook.expect(sent, "the guest sent nothing to an off-link destination", *tried)
    notebook.cite(*routes, *sent)
    notebook.finding = "the image took its default route from the RA"


@played(test_accepts_advertisements_in_its_role, because="no default route")
def image_that_ignores_advertisements() -> Broken:
    return Broken(STATEFUL, {"guest": DEAF})


@played(test_accepts_advertisements_in_its_role, because="no default route")
def forwarding_image_without_the_recipe() -> Broken:
    """Forwarding, and accept_ra left at 1."""
    return Broken(ForwardingGuest(accept_ra=2), {"guest": KernelGuest("linux:accept_ra=1", {"accept_ra": 1})})


@played(test_accepts_advertisements_in_its_role, because="accept_ra=1, has a default route")
def forwarding_image_that_accepts() -> Broken:
    return Broken(ForwardingGuest(accept_ra=1), {"guest": KernelGuest("linux:accept_ra=2", {"accept_ra": 2})})


@check("RA-09", TwoNics(ignored=True), TwoNics(ignored=False), role="guest")
def test_default_route_of_the_default_nic(recording: Recording, notebook: Notebook) -> None:
    """With RAs ignored on the second NIC the only default route is the first one's; otherwise there are two.

    CloudStack's documentation asks for that setting (accept_ra=0, or what the guest's client has for it). Packets then
    leave the first NIC with an address of its network.
    """
    for interface in ("eth0", "eth1"):
        heard = believable(default_advertisements(recording, interface), notebook,
                           f"no RA with a router lifetime reached {interface}")
        notebook.cite(heard[0])
    found = {interface: default_routes(recording, interface) for interface in ("eth0", "eth1")}
    notebook.expect(found["eth0"], "the guest has no default route on the default NIC", *recording.marked(Attempted))
    notebook.cite(found["eth0"][0])
    if not recording.play.options["ignored"]:
        notebook.expect(found["eth1"], "the guest has no default route on the second NIC, although nothing forbids it")
        notebook.cite(found["eth1"][0])
        notebook.finding = "without the setting there are two default routes"
        return
    notebook.expect(not found["eth1"], "the guest has a default route on the second NIC, too", *found["eth1"])
    sent = list(_off_link_by_nic(recording))
    notebook.expect(sent, "the guest sent nothing to an off-link destination", *recording.marked(Attempted))
    for each in sent:
        notebook.expect(each.frame.interface == "eth0",
                        f"the guest sent an off-link packet by {each.frame.interface}", each)
        notebook.expect(each.source in plan.LAN,
                        f"the guest sent an off-link packet with the source {each.source}", each)
    notebook.finding = "one default route, and packets leave by the default NIC with its address"


def _off_link_by_nic(recording: Recording) -> Iterator[Echo]:
    for interface in ("eth0", "eth1"):
        yield from sent_off_link(recording, interface)


@played(test_default_route_of_the_default_nic, because="a default route on the second NIC, too")
def guest_that_does_not_heed_the_setting() -> Broken:
    guest = KernelGuest("linux:accept_ra=1", {"accept_ra": 1})
    return Broken(TwoNics(ignored=True), {"guest": guest})


@played(test_default_route_of_the_default_nic, because="no default route on the default NIC")
def guest_that_ignores_both() -> Broken:
    return Broken(TwoNics(ignored=True), {"guest": DEAF})


@edited(test_default_route_of_the_default_nic, because="with the source")
def guest_with_a_foreign_source(recording: Recording) -> Recording:
    """Its packets leave by the first NIC with the second network's address."""

    def foreign(packet: Any) -> None:
        packet.payload.src = str(plan.LAN2[0x99])

    return editing.rewritten(recording, sent_off_link(recording), foreign)
