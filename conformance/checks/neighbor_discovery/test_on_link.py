"""What a guest takes to be on its link: only what a router, a redirect or its administrator says."""

from __future__ import annotations

from conformance.broken.guests import OnLinkGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.lonely import LonelyGuest, Manual
from fixtures.scenarios.common.networks import Mode
from fixtures.stagecraft.marks import Attempted
from topologies.stage import addressing as plan


def _attempt(recording: Recording, notebook: Notebook) -> Mark:
    """The guest's attempt to reach an address that no prefix of its link covers."""
    tried = [mark for mark in recording.marked(Attempted) if mark.what.what == "ping-same-prefix"]
    mark = notebook.stimulus(tried, "the guest did not try to reach the other address")[0]
    notebook.cite(mark)
    return mark


def _not_solicited(recording: Recording, absent: str, notebook: Notebook) -> None:
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    wrong = [each for each in sent if str(each.target) == absent]
    notebook.expect(not wrong, f"the guest solicited {absent} on its link, which no prefix puts there", *wrong)


@check("NDP-12", GuestBoot(mode=Mode.CALICO), role="guest")
def test_sends_to_the_router_without_an_on_link_prefix(recording: Recording, notebook: Notebook) -> None:
    """Without an on-link prefix, a destination in the guest's own /64 goes to the router (RFC 5942 section 4).

    The packet carries the router's MAC address, and the guest solicits nobody for the destination.
    """
    absent = _attempt(recording, notebook).what.to
    _not_solicited(recording, absent, notebook)
    packets = [echo for echo in transport.echoes(recording.at("guest", "eth0", outgoing=True))
               if str(echo.destination) == absent]
    sent = notebook.stimulus(packets, f"the guest sent nothing to {absent}")
    router = recording.mac("router", "lan0")
    for each in sent:
        notebook.expect(each.mac_destination == router,
                        f"the guest sent the packet to {each.mac_destination}, not to the router", each)
    notebook.finding = f"packets to {absent} went to the router"


@check("NDP-12", LonelyGuest(), role="guest")
def test_reaches_nobody_without_a_router(recording: Recording, notebook: Notebook) -> None:
    """Without a router and a prefix, a destination is unreachable and not assumed on-link (RFC 5942 section 4).

    The guest neither solicits the destination nor sends it anything.
    """
    mark = _attempt(recording, notebook)
    absent = mark.what.to
    _not_solicited(recording, absent, notebook)
    for echo in transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False):
        notebook.expect(str(echo.destination) != absent, f"the guest sent to {absent}, though it had no router", echo)
    notebook.expect(mark.what.status != 0, f"the guest reached {absent}")
    notebook.cite(*recording.marked(Manual))
    notebook.finding = f"{absent} was unreachable, and nobody was solicited for it"


@played(test_sends_to_the_router_without_an_on_link_prefix, because="on its link")
def guest_that_invents_a_prefix() -> Broken:
    """An address with the historical default of /64."""
    return Broken(GuestBoot(mode=Mode.CALICO), {"guest": _inventive()})


@played(test_reaches_nobody_without_a_router, because="on its link")
def lonely_guest_that_invents_a_prefix() -> Broken:
    """An address with a prefix length that nobody told it."""
    return Broken(LonelyGuest(), {"guest": _inventive()})


def _inventive() -> OnLinkGuest:
    return OnLinkGuest("linux:invents-a-prefix", address=f"{plan.LAN_STATIC[6]}/64")


@edited(test_sends_to_the_router_without_an_on_link_prefix, because="sent the packet to")
def guest_that_sends_elsewhere(recording: Recording) -> Recording:
    """The packet goes to some other node."""

    def change(packet: object) -> None:
        packet[layer("l2").Ether].dst = "02:00:00:00:00:99"  # type: ignore[index]

    mine = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return editing.rewritten(recording, [each for each in mine if each.destination == plan.LAN_ABSENT], change)
