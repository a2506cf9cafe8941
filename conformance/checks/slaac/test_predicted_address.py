"""The address that a platform predicts for a guest from its MAC address and the advertised prefix."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import believable
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.usage import first_uses
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from topologies.stage import addressing as plan


def _probes(recording: Recording) -> list[NeighborSolicitation]:
    """The guest's DAD probes for addresses of the LAN: the first time that the wire hears of them."""
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.dad and each.target in plan.LAN]


def _lan_addresses(recording: Recording) -> dict[IPv6Address, NeighborSolicitation | Frame]:
    """The guest's addresses in the LAN: those that it probed for; of a machine that probes for none, those it uses."""
    probed: dict[IPv6Address, NeighborSolicitation | Frame] = {
        probe.target: probe for probe in reversed(_probes(recording))}
    if probed or "guest" not in recording.opaque:
        return probed
    uses = first_uses(recording.at("guest", "eth0", outgoing=True))
    return {address: use for address, use in uses.items() if address in plan.LAN}


@check("SLAAC-13", GuestBoot(mode=Mode.SLAAC), role="guest")
def test_forms_the_predicted_address(recording: Recording, notebook: Notebook) -> None:
    """The guest forms the address that its platform predicts: the modified EUI-64 identifier of its MAC address.

    RFC 4291 appendix A; OpenStack's SLAAC subnets show that address to users, and its anti-spoofing rules let no other
    pass.
    """
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    told = [ra for ra in heard for prefix in ra.prefixes if prefix.autonomous and prefix.network == plan.LAN]
    believable(told, notebook, "no RA with an autonomous prefix reached the guest")
    predicted = plan.eui64(plan.LAN, recording.mac("guest", "eth0"))
    formed = _lan_addresses(recording)
    for address in notebook.stimulus(formed, "the guest formed no address"):
        notebook.expect(address == predicted,
                        f"the guest formed {address}, and {predicted} is predicted", formed[address])
    notebook.finding = f"the guest formed {predicted}, as predicted, and no other address"


@played(test_forms_the_predicted_address, because="is predicted")
def guest_with_stable_privacy() -> Broken:
    """Its identifiers are opaque (RFC 7217)."""
    return Broken(GuestBoot(mode=Mode.SLAAC), {"guest": KernelGuest("linux:addr_gen_mode=3", {"addr_gen_mode": 3})})


@played(test_forms_the_predicted_address, because="is predicted")
def guest_with_temporary_addresses() -> Broken:
    """It forms one that changes beside the one that stays (RFC 8981)."""
    return Broken(GuestBoot(mode=Mode.SLAAC), {"guest": KernelGuest("linux:use_tempaddr=2", {"use_tempaddr": 2})})


@edited(test_forms_the_predicted_address, because="is predicted")
def guest_that_forgets_the_universal_bit(recording: Recording) -> Recording:
    """Its identifier is the MAC address without the bit turned."""
    def change(packet: Any) -> None:
        wrong = bytearray(plan.eui64(plan.LAN, recording.mac("guest", "eth0")).packed)
        wrong[8] ^= 2
        packet.payload.payload.tgt = str(type(plan.LAN_ROUTER)(bytes(wrong)))

    return editing.rewritten(recording, _probes(recording), change)
