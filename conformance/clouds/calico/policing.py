"""What became of calls under Calico's policies: answered or arrived, or stopped at the first side that denies them."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.clouds.reading.flows import Flow, Passage, expect_answer, flows, passages
from conformance.judging.verdict import Notebook
from fixtures.protocols.icmp import ECHO_REQUEST
from fixtures.recording.model import Frame, Recording
from fixtures.scenarios.clouds.calico.groups import CalicoGroups
from fixtures.scenarios.clouds.calico.policy import SILENCE

GROUPS = CalicoGroups()
#: What compilers and keepers of groups forget, in three plays for all mutants.
ONE, TWO, THREE = "icmp ipv6 state", "code leavers errors", "mix kind changes"

#: By VM: its host, and its tap there.
HOME = {"vm1": ("host1", "tap1"), "vm2": ("host1", "tap2"), "vm3": ("host2", "tap3")}


def expect_policy(recording: Recording, notebook: Notebook, requirement: str) -> int:
    """Expect that every call was answered or stopped, each as its policy wants it; returns how many there were."""
    told = notebook.stimulus(flows(recording, judges=requirement), "no node connected to another")
    for flow in told:
        if flow.mark.what.more["stops"]:
            expect_stopped(recording, notebook, flow, flow.mark.what.more["stops"])
        elif (flow.kind, flow.code) == (ECHO_REQUEST, 0):
            expect_answer(recording, notebook, flow)
        else:
            expect_arrival(recording, notebook, flow)
    return len(told)


def expect_arrival(recording: Recording, notebook: Notebook, flow: Flow) -> None:
    """Expect that what the caller said arrived; whether it has an answer is not the policy's business."""
    sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
    notebook.cite(*frames(notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")[:1]))
    there = passages(recording.at(flow.to, outgoing=False), flow, back=False)
    notebook.expect(there, f"{flow} did not arrive", *frames(there[:1]))


def expect_stopped(recording: Recording, notebook: Notebook, flow: Flow, side: str) -> None:
    """Expect that a call ended at the first side that denies it: at its own host, or where it leaves for its target."""
    sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
    if flow.source in HOME:
        notebook.cite(*frames(notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")[:1]))
    heard = recording.duration - flow.mark.time
    notebook.stimulus([heard] if heard >= SILENCE / 2 else [], f"the play ended {heard:.1f} s after {flow}")
    if side == "source":
        host = HOME[flow.source][0]
        left = passages(recording.at(host, outgoing=True), flow, back=False)
        notebook.expect(not left, f"{flow} was not stopped by {flow.source}'s host, and left {host}", *frames(left[:1]))
        answers = passages(recording.at(flow.source, outgoing=False), flow, back=True)
        notebook.expect(not answers, f"{flow} was answered", *frames(answers[:1]))
        return
    there = passages(recording.at(flow.to, outgoing=False), flow, back=False)
    notebook.expect(not there, f"{flow} arrived", *frames(there[:1]))
    notebook.cite(flow.mark)
    host, tap = HOME[flow.to]
    came = passages(recording.at(host, outgoing=False), flow, back=False)
    if flow.source != host:
        notebook.cite(*frames(notebook.stimulus(came, f"{flow} did not reach {host}")[:1]))
    left = passages(recording.at(host, tap, outgoing=True), flow, back=False)
    notebook.expect(not left, f"{flow} left {host} by {tap}", *frames(left[:1]))


def frames(found: Iterable[Passage]) -> list[Frame]:
    """The frames of passages."""
    return [each.frame for each in found]
