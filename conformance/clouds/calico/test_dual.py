"""Calico: networks with an IPv4 and an IPv6 subnet, and images that know one family or both."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.pings import replies
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.calico.dual import DUAL, IPV4_ONLY, CalicoDual
from fixtures.scenarios.dual_stack.dual_stack import PingDone
from topologies.stage import addressing as plan

BOTH, BROKEN = CalicoDual(), CalicoDual(broken=True)


def ipv4_of(recording: Recording, notebook: Notebook, vm: str) -> IPv4Address:
    """A VM's IPv4 address. Raises Violated when it has none."""
    held = [event for event in recording.happened(vm, "address", "new", family="inet")
            if IPv4Address(event.fields["local"]) in plan.LAN4]
    notebook.expect(held, f"{vm} got no IPv4 address", *held[:1])
    return IPv4Address(held[0].fields["local"])


def expect_ping(recording: Recording, notebook: Notebook, source: str, to: IPv4Address | IPv6Address,
                cut: str = "") -> None:
    """Expect that a ping was answered."""
    tried = [mark for mark in recording.marked(PingDone)
             if (mark.what.source, mark.what.to, mark.what.cut) == (source, str(to), cut)]
    notebook.stimulus(tried, f"{source} did not ping {to}")
    got = replies(recording, source, to, cut)
    when = f" with {cut} cut" if cut else ""
    notebook.expect(got, f"{source} got no answer from {to}{when}", *got)


@check("DUAL-01", BOTH, role="guest", cloud="calico", needs=("dhcpv4", "dhcpv6"))
def test_calico_vm_uses_each_family_by_itself(recording: Recording, notebook: Notebook) -> None:
    """On a network with both subnets a VM gets and uses both families, and keeps one when the other's route is gone."""
    ipv4_of(recording, notebook, DUAL)
    for cut, works in (("nothing", plan.OUTSIDE), ("nothing", plan.OUTSIDE4), ("IPv4", plan.OUTSIDE),
                       ("IPv6", plan.OUTSIDE4)):
        expect_ping(recording, notebook, DUAL, works, cut)
    for cut, gone in (("IPv4", plan.OUTSIDE4), ("IPv6", plan.OUTSIDE)):
        if replies(recording, DUAL, gone, cut):
            notebook.stimulus([], f"{cut} was to be cut, and still works")
    notebook.finding = "both families reach outside, each also while the other's route on the host is gone"


@played(test_calico_vm_uses_each_family_by_itself, because="with IPv4 cut")
def families_that_go_together() -> Broken:
    """A host that loses its fabric with the one route, and so both families."""
    return Broken(CalicoDual(apart=False))


@edited(test_calico_vm_uses_each_family_by_itself, because="with IPv6 cut")
def ipv4_ends_with_ipv6(recording: Recording) -> Recording:
    """A VM that uses IPv4 only as long as IPv6 works."""
    return without(recording, frames=replies(recording, DUAL, plan.OUTSIDE4, "IPv6"))


@check("DUAL-06", BOTH, BROKEN, role="guest", cloud="calico", needs=("dhcpv4",))
def test_calico_vms_meet_over_ipv4(recording: Recording, notebook: Notebook) -> None:
    """A VM whose image knows IPv4 alone reaches a dual-stack one and is reached, as is one whose IPv6 is broken.

    Over IPv6 only a VM that is configured for it goes out.
    """
    at = {vm: ipv4_of(recording, notebook, vm) for vm in (DUAL, IPV4_ONLY)}
    expect_ping(recording, notebook, DUAL, at[IPV4_ONLY])
    expect_ping(recording, notebook, IPV4_ONLY, at[DUAL])
    expect_ping(recording, notebook, DUAL, plan.OUTSIDE4, "nothing")
    broken = bool(recording.play.options["broken"])
    if not broken:
        expect_ping(recording, notebook, DUAL, plan.OUTSIDE, "nothing")
    for vm, cut in ((IPV4_ONLY, ""), *(((DUAL, "nothing"),) if broken else ())):
        got = replies(recording, vm, plan.OUTSIDE, cut)
        notebook.expect(not got, f"{vm}, which is not configured for IPv6, reached {plan.OUTSIDE}", *got)
    told = "whose IPv6 is broken" if broken else "with both families"
    notebook.finding = f"over IPv4 the VM {told} and the one with IPv4 alone reach each other"


@edited(test_calico_vms_meet_over_ipv4, because="got no answer from")
def vm_that_is_not_reached(recording: Recording) -> Recording:
    """The VM does not answer over IPv4."""
    return without(recording, frames=replies(recording, IPV4_ONLY, ipv4_of(recording, Notebook(recording), DUAL)))
