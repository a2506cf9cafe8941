"""Duplicate Address Detection: every address is probed for before it is used."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import without_dad
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.clocks import early
from fixtures.protocols.addresses import solicited_node
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.headers import headers
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.recording.views.usage import first_uses
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.lonely import LonelyGuest
from fixtures.scenarios.common.networks import Mode
from fixtures.scenarios.slaac.duplicates import AskedAgain, Contested, DuplicateAddress
from fixtures.stagecraft.marks import WarmBoot
from fixtures.stagecraft.watching import usable
from fixtures.timers import RETRANS_TIMER


def _format(probe: NeighborSolicitation, notebook: Notebook) -> None:
    """RFC 4862 section 5.4.2 and RFC 4861 section 4.3; a nonce (RFC 7527) is allowed."""
    group = solicited_node(probe.target)
    notebook.expect(probe.destination == group,
                    f"the guest sent the DAD probe for {probe.target} to {probe.destination}", probe)
    notebook.expect(probe.hop_limit == 255, f"the guest's DAD probe has hop limit {probe.hop_limit}, not 255", probe)
    notebook.expect(probe.sllao is None, "the guest's DAD probe has a Source Link-Layer Address option", probe)
    notebook.expect(probe.checksum_ok, "the guest's DAD probe has a wrong checksum", probe)


@check("SLAAC-03", GuestBoot(mode=Mode.SLAAC), GuestBoot(mode=Mode.STATEFUL), LonelyGuest(), role="guest")
def test_probes_each_address_before_using_it(recording: Recording, notebook: Notebook) -> None:
    """Before the first packet from any unicast address there was a DAD probe, at least RetransTimer earlier.

    The probe is an NS from `::` to the solicited-node group, hop limit 255, without SLLAO (RFC 4862 section 5.4.2).
    One timer tick of the kernel is allowed, and that frames leave an emulated machine late.
    """
    uses = first_uses(recording.at("guest", "eth0", outgoing=True))
    notebook.stimulus(uses, "the guest sent nothing from any address")
    probes = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    for address, use in uses.items():
        before = [probe for probe in probes if probe.target == address and probe.frame.ns < use.ns]
        if not before and recording.marked(WarmBoot):
            notebook.stimulus((), f"{address} may have been probed for earlier: the guest was not switched on")
        notebook.expect(before, f"the guest used {address} without a probe for it", use)
        _format(before[-1], notebook)
        waited = use.time - before[-1].time
        enough = waited >= RETRANS_TIMER - early(recording)
        notebook.expect(enough,
                        f"the guest used {address} {waited:.3f} s after the probe for it; RetransTimer is 1 s",
                        before[-1], use)
    notebook.finding = "each address was probed for, and used a second later at the earliest"


@played(test_probes_each_address_before_using_it, because="without a probe")
def guest_without_dad() -> Broken:
    """accept_dad=0."""
    return Broken(GuestBoot(mode=Mode.SLAAC), {"guest": without_dad()})


@edited(test_probes_each_address_before_using_it, because="after the probe for it")
def guest_that_does_not_wait(recording: Recording) -> Recording:
    """Probes that come 0.9 s later than they should."""
    probes = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    return editing.shifted(recording, 0.9, frames=probes)


@edited(test_probes_each_address_before_using_it, because="hop limit")
def guest_with_another_hop_limit(recording: Recording) -> Recording:
    """Hop limit 64 in its probes."""

    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].hlim = 64

    probes = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True)) if each.dad]
    return editing.rewritten(recording, probes, change)


CONFLICTS = (
    DuplicateAddress(which="global", how="na"),
    DuplicateAddress(which="global", how="ns"),
    DuplicateAddress(which="link-local", how="na"),
)


def _conflict(recording: Recording, notebook: Notebook) -> NeighborSolicitation | NeighborAdvertisement:
    """The first contest that reached the guest. Every probe of the guest must have been contested while it waited.

    A probe so late that its wait was not recorded to the end (an RA came just before the play was over) says nothing.
    """
    contested = notebook.stimulus(recording.marked(Contested), "no node contested an address of the guest")[0]
    target = IPv6Address(contested.what.target)
    mine = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    heard = list(recording.at("guest", "eth0", outgoing=False))
    told: list[NeighborAdvertisement | NeighborSolicitation] = [*ndp.neighbor_advertisements(heard)]
    told += [each for each in ndp.neighbor_solicitations(heard) if each.dad]
    contests = [each for each in told if each.target == target]
    probes = [each for each in mine
              if each.dad and each.target == target and each.time + RETRANS_TIMER <= recording.duration]
    for probe in notebook.stimulus(probes, f"the guest did not probe for {target}"):
        answers = [each for each in contests if 0 < each.time - probe.time < RETRANS_TIMER]
        notebook.cite(probe, *notebook.stimulus(answers, f"a probe for {target} was not contested in time")[:1])
    return min(contests, key=lambda each: each.time)


@check("SLAAC-04", *CONFLICTS, role="guest")
def test_does_not_use_a_duplicate(recording: Recording, notebook: Notebook) -> None:
    """An address that another node claims while it is tentative is not assigned (RFC 4862 section 5.4.3, 5.4.4).

    For ten seconds the guest neither sends from it nor answers a solicitation for it.
    """
    contest = _conflict(recording, notebook)
    target = contest.target
    notebook.cite(*notebook.stimulus(recording.marked(AskedAgain), f"no node asked for {target} again"))
    after = [frame for frame in recording.at("guest", "eth0", outgoing=True) if frame.ns > contest.frame.ns]
    for frame in after:
        found = headers(frame.data)
        notebook.expect(found is None or found.source != target, f"the guest sent from the duplicate {target}", frame)
    for answer in ndp.neighbor_advertisements(after):
        notebook.expect(answer.target != target, f"the guest answered for the duplicate {target}", answer)
    for event in recording.happened("guest", "address", "new", local=str(target)):
        assigned = event.after_ns > contest.frame.ns and usable(event)
        notebook.expect(not assigned,
                        f"the guest assigned {target} after another node had claimed it",
                        *([event] if assigned else []))
    notebook.finding = f"{target} was contested, and neither used nor answered for"


@edited(test_does_not_use_a_duplicate, because="answered for the duplicate")
def guest_that_answers_for_it(recording: Recording) -> Recording:
    """It answers the solicitation that came after the silence."""
    asked = recording.marked(AskedAgain)[0]
    inet6, ether = layer("inet6"), layer("l2").Ether
    answer = ether(dst="33:33:00:00:00:01") / inet6.IPv6(src="fe80::1", dst="ff02::1", hlim=255)
    answer /= inet6.ICMPv6ND_NA(tgt=asked.what.target, R=0, S=0, O=1)
    return editing.with_frame(
        recording, answer, time=asked.time + 0.01, node="guest", interface="eth0", outgoing=True)


@edited(test_does_not_use_a_duplicate, because="sent from the duplicate")
def guest_that_goes_on_with_it(recording: Recording) -> Recording:
    """It solicits routers from the address that it does not have."""
    asked = recording.marked(AskedAgain)[0]
    inet6, ether = layer("inet6"), layer("l2").Ether
    packet = ether(dst="33:33:00:00:00:02") / inet6.IPv6(src=asked.what.target, dst="ff02::2", hlim=255)
    return editing.with_frame(
        recording, packet / inet6.ICMPv6ND_RS(), time=asked.time, node="guest", interface="eth0", outgoing=True)
