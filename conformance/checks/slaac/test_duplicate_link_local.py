"""A duplicate of the link-local address that comes from the MAC address: two machines have one MAC address."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import mld, ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.headers import headers
from fixtures.scenarios.slaac.duplicates import AskedAgain, Contested, DuplicateAddress
from fixtures.timers import RETRANS_TIMER
from topologies.stage import addressing as plan

CONFLICT = DuplicateAddress(which="link-local", how="na")


@check("SLAAC-06", CONFLICT, role="guest")
def test_goes_silent_after_a_duplicate_link_local(recording: Recording, notebook: Notebook) -> None:
    """If its link-local address, formed from the MAC address, is a duplicate, the guest should disable IPv6 there.

    It then sends nothing: no answer, no address from a router's prefix (RFC 4862 section 5.4.5). Probes and MLD reports
    that are on their way are let pass.
    """
    contested = notebook.stimulus(recording.marked(Contested), "no node contested an address of the guest")[0]
    target = IPv6Address(contested.what.target)
    ours = plan.link_local(recording.mac("guest", "eth0"))
    notebook.stimulus([target] if target == ours else [], f"{target} is not formed from the guest's MAC address")
    heard = list(recording.at("guest", "eth0", outgoing=False))
    sent = list(recording.at("guest", "eth0", outgoing=True))
    probes = [each for each in ndp.neighbor_solicitations(sent) if each.dad and each.target == target]
    probe = notebook.stimulus(probes, f"the guest did not probe for {target}")[0]
    contests = [each for each in ndp.neighbor_advertisements(heard)
                if each.target == target and 0 < each.time - probe.time < RETRANS_TIMER]
    contest = notebook.stimulus(contests, f"the probe for {target} was not contested in time")[0]
    told = [each for each in ndp.router_advertisements(heard) if each.time > contest.time]
    notebook.cite(probe, contest, *notebook.stimulus(told, "no RA reached the guest after the conflict")[:1])
    notebook.cite(*notebook.stimulus(recording.marked(AskedAgain), "no node sent to the guest again"))
    spoken = [frame for frame in sent if frame.ns > contest.frame.ns and _operates(frame)]
    notebook.expect(not spoken, f"the guest went on with IPv6, though its {target} is a duplicate", *spoken[:3])
    notebook.finding = f"the guest sent nothing more, since {target} is a duplicate"


def _operates(frame: Frame) -> bool:
    """IPv6 that is neither a DAD probe nor an MLD report."""
    probes = [each for each in ndp.neighbor_solicitations([frame]) if each.dad]
    found = headers(frame.data)
    return found is not None and isinstance(found.source, IPv6Address) and not probes and not mld.reports([frame])


@healthy(test_goes_silent_after_a_duplicate_link_local)
def guest_that_disables_ipv6() -> Broken:
    """accept_dad=2."""
    return Broken(CONFLICT, {"guest": KernelGuest("linux:accept_dad=2", {"accept_dad": 2})})


@played(test_goes_silent_after_a_duplicate_link_local, because="went on with IPv6")
def guest_that_goes_on() -> Broken:
    """accept_dad=1: it drops the address, and forms others."""
    return Broken(CONFLICT, {"guest": KernelGuest("linux:accept_dad=1", {"accept_dad": 1})})


@edited(test_goes_silent_after_a_duplicate_link_local, because="went on with IPv6")
def guest_that_solicits_on(recording: Recording) -> Recording:
    """It solicits routers, from no address."""
    inet6, ether = layer("inet6"), layer("l2").Ether
    packet = ether(dst="33:33:00:00:00:02") / inet6.IPv6(src="::", dst="ff02::2", hlim=255) / inet6.ICMPv6ND_RS()
    time = recording.marked(AskedAgain)[0].time
    return editing.with_frame(recording, packet, time=time, node="guest", interface="eth0", outgoing=True)
