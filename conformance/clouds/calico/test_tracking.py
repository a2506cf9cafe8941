"""Calico: connection tracking, for an endpoint that may call and is not to be called."""

from __future__ import annotations

from conformance.clouds.calico.policing import GROUPS, ONE, TWO, expect_policy
from conformance.clouds.reading.flows import Flow, expect_answer, flows
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.protocols.icmp import ECHO_REQUEST
from fixtures.recording.editing import without
from fixtures.recording.model import Recording
from fixtures.recording.views.transport import IcmpError, icmp_errors
from fixtures.scenarios.clouds.calico.group_calls import CLOSED, FEW_HOPS, LONG_BREATH, NARROW
from fixtures.scenarios.clouds.calico.groups import CalicoGroups


@check("ACL-07", GROUPS, role="compute-host", cloud="calico")
def test_calico_flows_are_tracked(recording: Recording, notebook: Notebook) -> None:
    """An endpoint that may only call gets the answers to its TCP, UDP and ICMPv6 calls, and the errors about them.

    Packet Too Big of a router on the way, so that the flow goes on; Time Exceeded of a router; Destination Unreachable
    of the other end. What belongs to no flow of its own does not reach it, not even an Echo Reply.
    """
    calls = expect_policy(recording, notebook, "ACL-07")
    for flow in notebook.stimulus(flows(recording, size=LONG_BREATH.size), "no node sent a packet larger than the MTU"):
        error = _expect_told(recording, notebook, flow, "packet-too-big", "border")
        notebook.expect(error.parameter == NARROW, f"the error about {flow} says {error.parameter} bytes", error)
        expect_answer(recording, notebook, flow)
    for flow in notebook.stimulus(flows(recording, hops=FEW_HOPS.hops),
                                  "no node sent a packet with too small a hop limit"):
        _expect_told(recording, notebook, flow, "time-exceeded", "border")
    for flow in notebook.stimulus(flows(recording, port=CLOSED), "no node connected to a closed port"):
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
    assert flow.kind == ECHO_REQUEST
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
