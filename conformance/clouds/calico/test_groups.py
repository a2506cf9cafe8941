"""Calico: rules that name ICMPv6 types and codes, and rules that name groups."""

from __future__ import annotations

from conformance.clouds.calico.policing import GROUPS, ONE, THREE, TWO, expect_policy, expect_stopped, frames
from conformance.clouds.reading.flows import Flow, expect_answer, flows, passages
from conformance.clouds.reading.refusals import expect_refused
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.protocols.icmp import EXPERIMENT
from fixtures.recording.editing import shifted, without
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.calico.group_calls import BAD_RULES, CHANGES, Change
from fixtures.scenarios.clouds.calico.groups import EFFECTIVE, CalicoGroups, Regrouping


@check("ACL-05", GROUPS, role="compute-host", cloud="calico")
def test_calico_icmpv6_rules_are_exact(recording: Recording, notebook: Notebook) -> None:
    """A rule for an ICMPv6 type admits that type alone, and one for a type and code no other code of it.

    Both ways: what an endpoint may send as well as what it may receive. A rule for ICMP of IPv4 opens nothing, and one
    that mixes the two is refused, as are types and codes that cannot be.
    """
    expect_refused(recording, notebook, *BAD_RULES)
    calls = expect_policy(recording, notebook, "ACL-05")
    notebook.finding = f"{len(BAD_RULES)} impossible rules refused; {calls} messages, each as its type and code say"


@played(test_calico_icmpv6_rules_are_exact, because="icmpv6 from outside to vm3 arrived")
def icmp_taken_for_icmpv6() -> Broken:
    """A compiler that takes a rule for ICMP of IPv4 for one that covers ICMPv6."""
    return Broken(CalicoGroups(forgets=ONE))


@played(test_calico_icmpv6_rules_are_exact, because="icmpv6 type 128 code 1 from outside to vm2 arrived")
def code_is_forgotten() -> Broken:
    """A compiler that writes the type alone."""
    return Broken(CalicoGroups(forgets=TWO))


@played(test_calico_icmpv6_rules_are_exact, because="did not refuse to admit icmp over IPv6")
def mix_is_believed() -> Broken:
    """A compiler that takes any ICMP in any rule."""
    return Broken(CalicoGroups(forgets=THREE))


@edited(test_calico_icmpv6_rules_are_exact, because="icmpv6 type 200 code 1 from vm3 to vm2 did not arrive")
def admitted_type_is_stopped(recording: Recording) -> Recording:
    """A filter that knows the types of echoes only."""
    flow = flows(recording, judges="ACL-05", to="vm2", kind=EXPERIMENT, code=1)[0]
    return without(recording, frames=frames(passages(recording.at("vm2", outgoing=False), flow)))


@check("ACL-06", GROUPS, role="compute-host", cloud="calico")
def test_calico_groups_are_followed(recording: Recording, notebook: Notebook) -> None:
    """A rule whose source is a label admits the IPv6 addresses of who carries it, and of nobody else.

    Who joins is admitted within 2 s, who leaves is stopped within 2 s, and so are the new address and the old one of
    a member whose address changes; new flows are what counts.
    """
    changed = notebook.stimulus(recording.marked(Regrouping), "no group changed")[0]
    for flow in notebook.stimulus(flows(recording, stage="before"), "no node connected before groups changed"):
        _expect_as_told(recording, notebook, flow)
    for change in CHANGES:
        _expect_followed(recording, notebook, change, changed)
    for flow in notebook.stimulus(flows(recording, stage="settled"), "no node connected after groups changed"):
        _expect_as_told(recording, notebook, flow)
    notebook.finding = "who joined and who has a new address is admitted, who left and the old address are not"


def _expect_as_told(recording: Recording, notebook: Notebook, flow: Flow) -> None:
    if flow.mark.what.more["stops"]:
        expect_stopped(recording, notebook, flow, flow.mark.what.more["stops"])
    else:
        expect_answer(recording, notebook, flow)


def _expect_followed(recording: Recording, notebook: Notebook, change: Change, changed: Mark) -> None:
    """Expect that calls were treated as the changed group wants it in time, and ever after."""
    calls = flows(recording, change=change.name)
    late = [flow for flow in calls if flow.mark.time - changed.time > EFFECTIVE]
    for flow in notebook.stimulus(late, f"no node connected {EFFECTIVE:g} s after groups changed ({change.name})"):
        if change.after:
            expect_answer(recording, notebook, flow)
        else:
            expect_stopped(recording, notebook, flow, "destination")
    came = [each.frame for flow in calls for each in passages(recording.at("vm1", outgoing=False), flow, back=False)]
    if change.after and not change.before:
        seconds = came[0].time - changed.time
        notebook.figure(f"first admitted after: {change.name}", seconds, "s")
        notebook.in_time(seconds, EFFECTIVE,
                         f"the change of a group took effect late ({change.name})", changed, came[0])
    elif came and not change.after:
        seconds = came[-1].time - changed.time
        notebook.in_time(seconds, EFFECTIVE,
                         f"the change of a group took effect late ({change.name})", changed, came[-1])


@played(test_calico_groups_are_followed, because="udp from vm2 to vm1 port 5102 did not arrive")
def group_of_ipv4_addresses() -> Broken:
    """A group that stands for the IPv4 addresses of its members."""
    return Broken(CalicoGroups(forgets=ONE))


@played(test_calico_groups_are_followed, because="udp from vm2 to vm1 port 5102 arrived")
def leavers_are_kept() -> Broken:
    """A group that is only ever added to."""
    return Broken(CalicoGroups(forgets=TWO))


@played(test_calico_groups_are_followed, because="udp from vm3 to vm1 port 5103 arrived")
def change_of_address_is_missed() -> Broken:
    """A group that keeps the addresses which its members had when they joined."""
    return Broken(CalicoGroups(forgets=THREE))


@edited(test_calico_groups_are_followed, because="took effect late (join)")
def group_followed_at_leisure(recording: Recording) -> Recording:
    """An agent that looks at groups every few seconds."""
    mine = [each.frame for flow in flows(recording, change="join")
            for each in passages(recording.at("vm1", outgoing=False), flow, back=False)]
    return shifted(recording, 2 * EFFECTIVE, frames=mine)
