"""Calico: whatever is reachable is reachable only as far as the security policy allows, and stopped where it says."""

from __future__ import annotations

from conformance.clouds.calico.policing import expect_policy
from conformance.clouds.reading.flows import flows, passages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import with_frame, without
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.ndp import router_advertisements
from fixtures.scenarios.clouds.calico.cast import ALLOCATED
from fixtures.scenarios.clouds.calico.policy import CalicoPolicy, Policy

POLICY = CalicoPolicy()


@check("ACL-08", POLICY, role="compute-host", cloud="calico")
def test_calico_policy_holds_at_both_ends(recording: Recording, notebook: Notebook) -> None:
    """Policy is enforced at the source's egress and at the destination's ingress, wherever the two are.

    What only the source's policy denies does not leave its host; what only the destination's denies comes to the
    destination's host and goes no further. That is so on one host and across hosts, for hosts and from outside.
    """
    calls = expect_policy(recording, notebook, "ACL-08")
    notebook.finding = f"{calls} calls, each answered or stopped at the first side that denies it"


@played(test_calico_policy_holds_at_both_ends, because="was not stopped by")
def host_without_egress_policy() -> Broken:
    """A compiler that forgets what leaves an endpoint."""
    return Broken(CalicoPolicy(forgets="egress"))


@played(test_calico_policy_holds_at_both_ends, because="arrived")
def host_without_ingress_policy() -> Broken:
    """A compiler that forgets what reaches an endpoint."""
    return Broken(CalicoPolicy(forgets="ingress"))


@check("ACL-01", POLICY, role="compute-host", cloud="calico")
def test_calico_ingress_rules_admit_exactly_their_source(recording: Recording, notebook: Notebook) -> None:
    """An ingress rule for an address or a prefix admits exactly that source, protocol and port: /128, /64 and ::/0.

    Admitted flows pass both ways; others do not reach the VM.
    """
    calls = expect_policy(recording, notebook, "ACL-01")
    notebook.finding = f"{calls} calls from inside and outside the rules' sources, each as its rule says"


@played(test_calico_ingress_rules_admit_exactly_their_source, because="arrived")
def rules_without_their_source() -> Broken:
    """A compiler that does not write the networks of rules."""
    return Broken(CalicoPolicy(forgets="network"))


@edited(test_calico_ingress_rules_admit_exactly_their_source, because="was not answered")
def answers_of_admitted_flows_are_stopped(recording: Recording) -> Recording:
    """Rules that forget what belongs to a flow that they admitted."""
    mine = [each.frame for flow in flows(recording, judges="ACL-01") if flow.source == "outside"
            for each in passages(recording.at("outside", outgoing=False), flow, back=True)]
    return without(recording, frames=mine)


@check("ACL-04", POLICY, role="compute-host", cloud="calico")
def test_calico_default_group_denies_strangers(recording: Recording, notebook: Notebook) -> None:
    """A fresh VM is reached by its own group only, and may call everybody.

    What it needs to have IPv6 is never stopped: it hears RAs and gets its address by DHCPv6 under the same policy.
    """
    loaded = notebook.stimulus(recording.marked(Policy), "no endpoint was under the default policy")[0]
    for vm in ("vm1", "vm2"):
        heard = [each for each in router_advertisements(recording.at(vm, outgoing=False)) if each.frame.ns > loaded.ns]
        notebook.expect(heard, f"under the default policy no RA reached {vm}", loaded, *heard[:1])
        given = [each for each in dhcpv6.messages(recording.at(vm, outgoing=False), "Reply") if each.addresses]
        notebook.expect(given, f"under the default policy {vm} got no address", *given[:1])
        held = list(recording.happened(vm, "address", "new", local=str(ALLOCATED[vm])))
        notebook.expect(held, f"{vm} did not take {ALLOCATED[vm]}", *held[:1])
    calls = expect_policy(recording, notebook, "ACL-04")
    notebook.finding = f"RAs and DHCPv6 pass; of {calls} calls those within the group and out of it, and no other"


@played(test_calico_default_group_denies_strangers, because="under the default policy")
def policy_that_stops_discovery() -> Broken:
    """A compiler that admits nothing but what rules name."""
    return Broken(CalicoPolicy(forgets="needed"))


@played(test_calico_default_group_denies_strangers, because="arrived")
def default_that_admits_all() -> Broken:
    """Endpoints that everybody may reach."""
    return Broken(CalicoPolicy(forgets="ingress"))


@edited(test_calico_default_group_denies_strangers, because="arrived")
def stranger_that_comes_in(recording: Recording) -> Recording:
    """A VM of another group reaches the fresh VM."""
    flow = next(flow for flow in flows(recording, judges="ACL-04") if (flow.source, flow.to) == ("vm3", "vm1"))
    frame = passages(recording.at("vm3", outgoing=True), flow)[0].frame
    return with_frame(recording, frame.data, time=frame.time + 0.01, node="vm1", interface="eth0")
