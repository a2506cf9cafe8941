"""Duplicate Address Detection: every address is probed for before it is used."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import without_dad
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.headers import headers
from fixtures.recording.views.ndp import NeighbourSolicitation
from fixtures.scenarios.boot import GuestBoot
from fixtures.scenarios.lonely import LonelyGuest
from fixtures.scenarios.networks import Mode
from fixtures.timers import RETRANS_TIMER, TICK

UNSPECIFIED = IPv6Address("::")


def _first_uses(recording: Recording) -> dict[IPv6Address, Frame]:
    """The first frame that the guest sent from each of its IPv6 addresses."""
    uses: dict[IPv6Address, Frame] = {}
    for frame in recording.at("guest", "eth0", outgoing=True):
        found = headers(frame.data)
        if found is not None and isinstance(found.source, IPv6Address) and found.source != UNSPECIFIED:
            uses.setdefault(found.source, frame)
    return uses


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The solicited-node group of an address (RFC 4291 section 2.7.1)."""
    return IPv6Address(IPv6Address("ff02::1:ff00:0").packed[:13] + address.packed[13:])


def _format(probe: NeighbourSolicitation, notebook: Notebook) -> None:
    """RFC 4862 section 5.4.2 and RFC 4861 section 4.3; a nonce (RFC 7527) is allowed."""
    group = solicited_node(probe.target)
    notebook.expect(probe.destination == group, f"the probe for {probe.target} went to {probe.destination}", probe)
    notebook.expect(probe.hop_limit == 255, f"the probe has hop limit {probe.hop_limit}", probe)
    notebook.expect(probe.sllao is None, "the probe has a Source Link-Layer Address option", probe)
    notebook.expect(probe.checksum_ok, "the probe has a wrong checksum", probe)


@check("SLAAC-03", GuestBoot(mode=Mode.SLAAC), GuestBoot(mode=Mode.STATEFUL), LonelyGuest(), role="guest")
def test_probes_each_address_before_using_it(recording: Recording, notebook: Notebook) -> None:
    """Before the first packet from any unicast address there was a DAD probe, at least RetransTimer earlier.

    The probe is an NS from `::` to the solicited-node group, hop limit 255, without SLLAO (RFC 4862 section 5.4.2).
    One timer tick of the kernel is allowed.
    """
    uses = _first_uses(recording)
    notebook.stimulus(uses, "the guest sent nothing from any address")
    probes = [each for each in ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    for address, use in uses.items():
        before = [probe for probe in probes if probe.target == address and probe.frame.ns < use.ns]
        notebook.expect(before, f"{address} was used without a probe for it", use)
        _format(before[-1], notebook)
        waited = use.time - before[-1].time
        enough = waited >= RETRANS_TIMER - TICK
        notebook.expect(enough, f"{address} was used {waited:.3f} s after the probe for it", before[-1], use)
    notebook.finding = "each address was probed for, and used a second later at the earliest"


@played(test_probes_each_address_before_using_it, because="without a probe")
def guest_without_dad() -> Broken:
    """accept_dad=0."""
    return Broken(GuestBoot(mode=Mode.SLAAC), {"guest": without_dad()})


@edited(test_probes_each_address_before_using_it, because="after the probe for it")
def guest_that_does_not_wait(recording: Recording) -> Recording:
    """Probes that come 0.9 s later than they should."""
    probes = [each for each in ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    return editing.shifted(recording, 0.9, frames=probes)


@edited(test_probes_each_address_before_using_it, because="hop limit")
def guest_with_another_hop_limit(recording: Recording) -> Recording:
    """Hop limit 64 in its probes."""

    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].hlim = 64

    probes = [each for each in ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    return editing.rewritten(recording, probes, change)
