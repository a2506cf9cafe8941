"""Link-local addresses: formed alone, and announced by MLD before they are probed for."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import echo_replies, receivable
from fixtures.protocols.addresses import solicited_node
from fixtures.recording import editing
from fixtures.recording.model import Frame, KernelEvent, Recording
from fixtures.recording.views import dhcpv6, mld, ndp, transport
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.usage import first_uses
from fixtures.scenarios.common.boot import Asked, GuestBoot
from fixtures.scenarios.common.lonely import LonelyGuest, Pinged
from fixtures.scenarios.common.networks import Mode
from fixtures.stagecraft.marks import Up
from fixtures.stagecraft.watching import link_local_ready

BOOTS = (GuestBoot(mode=Mode.SLAAC), GuestBoot(mode=Mode.STATEFUL))
#: Seconds. RFC 3590 section 4: reports for a tentative address are sent from `::`, or when it is assigned.
AT_MOST_AFTER = 1.0


def _ready(recording: Recording) -> list[KernelEvent]:
    """The guest's link-local addresses as the kernel assigned them."""
    return [event for event in recording.kernel("guest") if link_local_ready("guest")(event)]


@check("LL-01", LonelyGuest(), role="guest")
def test_link_local_address_without_anybody(recording: Recording, notebook: Notebook) -> None:
    """Alone on its link, the guest assigns itself a link-local address and answers for it (RFC 4862 section 5.3).

    Before that nobody sent a Router Advertisement, and no DHCPv6 server spoke.
    """
    notebook.stimulus(recording.happened("guest", "link", "new", operstate="UP"), "the guest's link never came up")
    assigned = _ready(recording)
    notebook.expect(assigned, "the guest assigned no link-local address", *recording.marked(Up))
    address = IPv6Address(assigned[0].fields["local"])
    replies = [echo for echo in echo_replies(recording.at("guest", outgoing=True))
               if echo.source == address]
    notebook.expect(replies,
                    f"the guest did not answer an Echo Request to {address}", assigned[0], *recording.marked(Pinged))
    heard = [frame for frame in recording.at("guest", outgoing=False) if frame.ns < assigned[0].after_ns]
    for helped in (*ndp.router_advertisements(heard), *dhcpv6.messages(heard, "Advertise", "Reply")):
        notebook.stimulus([], f"another party may have helped: {helped} came before the address")
    notebook.cite(*replies)
    notebook.finding = f"the guest assigned {address} without an RA or DHCPv6, and answers from it"


@played(test_link_local_address_without_anybody, because="assigned no link-local address")
def guest_with_ipv6_switched_off() -> Broken:
    """disable_ipv6=1."""
    return Broken(LonelyGuest(), {"guest": KernelGuest("linux:disable_ipv6=1", {"disable_ipv6": 1})})


@played(test_link_local_address_without_anybody, because="assigned no link-local address")
def guest_that_forms_no_addresses() -> Broken:
    """addr_gen_mode=1, none."""
    return Broken(LonelyGuest(), {"guest": KernelGuest("linux:addr_gen_mode=1", {"addr_gen_mode": 1})})


@edited(test_link_local_address_without_anybody, because="did not answer")
def guest_that_does_not_answer(recording: Recording) -> Recording:
    """Its address is assigned, and it answers nothing."""
    return editing.without(recording, frames=transport.echoes(recording.at("guest", outgoing=True), reply=True))


@check("LL-02", *BOOTS, role="guest")
def test_joins_the_group_before_the_probe(recording: Recording, notebook: Notebook) -> None:
    """For each address that it probes for, the guest reports the solicited-node group by MLD (RFC 4862 section 5.4.2).

    The report comes before the probe or at most a second after it (RFC 3590), with hop limit 1 and the Router Alert
    option (RFC 3810 section 5); and the address answers a solicitation to that group. For an address that is used
    without a probe the report is due all the same, with its first use (RFC 4291 section 2.8).
    """
    sent = list(recording.at("guest", "eth0", outgoing=True))
    signs: dict[IPv6Address, NeighborSolicitation | Frame] = {}
    for each in ndp.neighbor_solicitations(sent):
        if each.dad:
            signs.setdefault(each.target, each)
    signs = {**first_uses(sent), **signs}
    reports = mld.reports(sent)
    for target in notebook.stimulus(signs, "the guest neither probed for an address nor used one"):
        probe, group = signs[target], solicited_node(target)
        told = [report for report in reports if group in report.groups]
        notebook.expect(told, f"the guest sent no MLD report for {group}, the group of {target}", probe)
        notebook.in_time(told[0].time - probe.time, AT_MOST_AFTER, f"the guest reported {group} late", probe, told[0])
        notebook.expect(told[0].hop_limit == 1,
                        f"the guest's MLD report has hop limit {told[0].hop_limit}, not 1", told[0])
        notebook.expect(told[0].router_alert, "the guest's MLD report has no Router Alert option", told[0])
    answered = [each for each in receivable(ndp.neighbor_advertisements(sent)) if each.solicited]
    notebook.expect(answered, "the guest answered no solicitation to a solicited-node group", *recording.marked(Asked))
    notebook.cite(*answered)
    notebook.finding = "each probed address's group was reported, and answers"


@edited(test_joins_the_group_before_the_probe, because="no MLD report")
def guest_without_mld(recording: Recording) -> Recording:
    """Its reports are dropped at its own output."""
    return editing.without(recording, frames=mld.reports(recording.at("guest", "eth0", outgoing=True)))


@edited(test_joins_the_group_before_the_probe, because="late")
def guest_that_reports_late(recording: Recording) -> Recording:
    """Its reports come three seconds later."""
    return editing.shifted(recording, 3.0, frames=mld.reports(recording.at("guest", "eth0", outgoing=True)))
