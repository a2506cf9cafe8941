"""Which of two scripted routers a guest's packets went to, step by step of a play."""

from __future__ import annotations

from typing import Any

from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo
from fixtures.stagecraft.marks import Attempted
from topologies.stage.addressing import mac_of

MACS = {mac_of(node, "eth0"): node for node in ("peer", "peer2")}


def requests_of_step(recording: Recording, step: str) -> list[Echo]:
    """The Echo Requests of a step: those to the destination of the guest's attempt, while it lasted."""
    tried = [mark for mark in recording.marked(Attempted) if mark.what.what == step]
    requests = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return [each for mark in tried for each in requests
            if str(each.destination) == mark.what.to and mark.what.begin <= each.time <= mark.time]


def hop(recording: Recording, notebook: Notebook, step: str) -> tuple[str, Echo]:
    """The node that the guest's packet of a step went to, and the packet, cited; unjudgeable without one."""
    packet = notebook.stimulus(requests_of_step(recording, step), f"the guest sent nothing in the step {step!r}")[0]
    notebook.cite(packet)
    return MACS.get(packet.mac_destination, packet.mac_destination), packet


def expect_hop(recording: Recording, notebook: Notebook, step: str, node: str, why: str) -> None:
    """The packet of a step went to the router at a node, because of what the sentence `why` says."""
    found, packet = hop(recording, notebook, step)
    notebook.expect(found == node,
                    f"{why}, and the guest sent the packet of the step {step!r} to the router at {found}", packet)


def with_packets_to(recording: Recording, step: str, node: str) -> Recording:
    """For mutants: a copy in which the packets of a step go to the router at that node."""

    def change(packet: Any) -> None:
        packet.dst = mac_of(node, "eth0")

    return editing.rewritten(recording, requests_of_step(recording, step), change)
