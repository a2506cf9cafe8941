"""Calico: rules that name ICMPv6 types or groups, and flows that an endpoint began itself."""

from __future__ import annotations

from conformance.clouds.flows import REQUEST, Flow, expect_answer, flows, passages
from conformance.clouds.policing import expect_policy, expect_stopped, frames
from conformance.clouds.vpc_reading import expect_refused
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording.editing import shifted, without
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.transport import IcmpError, icmp_errors
from fixtures.scenarios.calico_group_calls import BAD_RULES, CHANGES, CLOSED, FEW_HOPS, LONG_BREATH, NARROW, Change
from fixtures.scenarios.calico_groups import EFFECTIVE, CalicoGroups

GROUPS = CalicoGroups()
#: What compilers and keepers of groups forget, in three plays for all mutants.
ONE, TWO, THREE = "icmp ipv6 state", "code leavers errors", "mix kind changes"


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
    flow = next(flow for flow in flows(recording, judges="ACL-05", to="vm2") if (flow.kind, flow.code) == (200, 1))
    return without(recording, frames=frames(passages(recording.at("vm2", outgoing=False), flow)))


@check("ACL-06", GROUPS, role="compute-host", cloud="calico")
def test_calico_groups_are_followed(recording: Recording, notebook: Notebook) -> None:
    """A rule whose source is a label admits the IPv6 addresses of who carries it, and of nobody else.

    Who joins is admitted within 2 s, who leaves is stopped within 2 s, and so are the new address and the old one of
    a member whose address changes; new flows are what counts.
    """
    changed = notebook.stimulus(recording.marked("regrouping"), "no group changed")[0]
    for flow in notebook.stimulus(flows(recording, stage="before"), "nobody called before groups changed"):
        _expect_as_told(recording, notebook, flow)
    for change in CHANGES:
        _expect_followed(recording, notebook, change, changed)
    for flow in notebook.stimulus(flows(recording, stage="settled"), "nobody called after groups changed"):
        _expect_as_told(recording, notebook, flow)
    notebook.finding = "who joined and who has a new address is admitted, who left and the old address are not"


def _expect_as_told(recording: Recording, notebook: Notebook, flow: Flow) -> None:
    if flow.mark.fields["stops"]:
        expect_stopped(recording, notebook, flow, flow.mark.fields["stops"])
    else:
        expect_answer(recording, notebook, flow)


def _expect_followed(recording: Recording, notebook: Notebook, change: Change, changed: Mark) -> None:
    """Expect that calls were treated as the changed group wants it in time, and ever after."""
    calls = flows(recording, change=change.name)
    late = [flow for flow in calls if flow.mark.time - changed.time > EFFECTIVE]
    for flow in notebook.stimulus(late, f"no call came {EFFECTIVE:g} s after groups changed ({change.name})"):
        if change.after:
            expect_answer(recording, notebook, flow)
        else:
            expect_stopped(recording, notebook, flow, "destination")
    came = [each.frame for flow in calls for each in passages(recording.at("vm1", outgoing=False), flow, back=False)]
    if change.after and not change.before:
        seconds = came[0].time - changed.time
        notebook.figure(f"first admitted after: {change.name}", seconds, "s")
        notebook.in_time(seconds, EFFECTIVE, f"a group was followed late ({change.name})", changed, came[0])
    elif came and not change.after:
        seconds = came[-1].time - changed.time
        notebook.in_time(seconds, EFFECTIVE, f"a group was followed late ({change.name})", changed, came[-1])


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


@edited(test_calico_groups_are_followed, because="a group was followed late (join)")
def group_followed_at_leisure(recording: Recording) -> Recording:
    """An agent that looks at groups every few seconds."""
    mine = [each.frame for flow in flows(recording, change="join")
            for each in passages(recording.at("vm1", outgoing=False), flow, back=False)]
    return shifted(recording, 2 * EFFECTIVE, frames=mine)


@check("ACL-07", GROUPS, role="compute-host", cloud="calico")
def test_calico_flows_are_tracked(recording: Recording, notebook: Notebook) -> None:
    """An endpoint that may only call gets the answers to its TCP, UDP and ICMPv6 calls, and the errors about them.

    Packet Too Big of a router on the way, so that the flow goes on; Time Exceeded of a router; Destination Unreachable
    of the other end. What belongs to no flow of its own does not reach it, not even an Echo Reply.
    """
    calls = expect_policy(recording, notebook, "ACL-07")
    for flow in notebook.stimulus(flows(recording, size=LONG_BREATH.size), "nobody sent more than the link takes"):
        error = _expect_told(recording, notebook, flow, "packet-too-big", "border")
        notebook.expect(error.parameter == NARROW, f"the error about {flow} says {error.parameter} bytes", error)
        expect_answer(recording, notebook, flow)
    for flow in notebook.stimulus(flows(recording, hops=FEW_HOPS.hops), "nobody sent with too few hops"):
        _expect_told(recording, notebook, flow, "time-exceeded", "border")
    for flow in notebook.stimulus(flows(recording, port=CLOSED), "nobody called a closed port"):
        _expect_told(recording, notebook, flow, "destination-unreachable", "outside")
    notebook.finding = f"{calls} calls: the VM's own are answered, others stopped; it hears of errors on the way"


def _expect_told(recording: Recording, notebook: Notebook, flow: Flow, kind: str, by: str) -> IcmpError:
    """Expect that the error about a flow which a node sent reached the caller; returns it as it left the node."""
    sent = _about(recording, flow, kind, by, outgoing=True)
    notebook.cite(*notebook.stimulus(sent, f"{by} sent no {kind} about {flow}")[:1])
    heard = _about(recording, flow, kind, flow.source, outgoing=False)
    notebook.expect(heard, f"the {kind} of {by} about {flow} did not reach {flow.source}", *heard[:1])
    return sent[0]


def _about(recording: Recording, flow: Flow, kind: str, node: str, *, outgoing: bool) -> list[IcmpError]:
    """The errors at a node about a flow: its number is the source port, or the identifier, of what they carry."""
    at = 44 if flow.protocol == "icmpv6" else 40
    assert flow.kind == REQUEST
    return [each for each in icmp_errors(recording.at(node, outgoing=outgoing), kind)
            if each.about == flow.address and int.from_bytes(each.invoking[at:at + 2], "big") == flow.number]


@played(test_calico_flows_are_tracked, because="udp from vm3 to outside port 5104 was not answered")
def policy_without_state() -> Broken:
    """A compiler that admits nothing but what rules name."""
    return Broken(CalicoGroups(forgets=ONE))


@played(test_calico_flows_are_tracked, because="the packet-too-big of border")
def policy_that_drops_errors() -> Broken:
    """A compiler that knows established flows, and nothing of errors about them."""
    return Broken(CalicoGroups(forgets=TWO))


@edited(test_calico_flows_are_tracked, because="the packet-too-big of border")
def packet_too_big_is_dropped(recording: Recording) -> Recording:
    """A flow that somebody else has made smaller: the VM itself is not told."""
    return without(recording, frames=icmp_errors(recording.at("vm3", outgoing=False), "packet-too-big"))


@edited(test_calico_flows_are_tracked, because="the destination-unreachable of outside")
def unreachable_is_dropped(recording: Recording) -> Recording:
    """A filter that lets only Packet Too Big in."""
    return without(recording, frames=icmp_errors(recording.at("vm3", outgoing=False), "destination-unreachable"))
