"""What a guest, or a router, answers to its neighbors, and what its kernel knows of them."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.judging.verdict import Notebook
from fixtures.peers.neighbor_faults import FAULTS
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Mark, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborAdvertisement
from fixtures.scenarios.common.wrong_solicitations import SOLICITOR, Faultless, Faulty

#: Where each of them is asked.
INTERFACES = {"guest": "eth0", "router": "lan0"}


def answers(recording: Recording, to: IPv6Address, node: str = "guest") -> list[NeighborAdvertisement]:
    """The node's Neighbor Advertisements to somebody."""
    return [each for each in _answers(recording, node) if each.destination == to]


def _answers(recording: Recording, node: str) -> list[NeighborAdvertisement]:
    return ndp.neighbor_advertisements(recording.at(node, INTERFACES[node], outgoing=True))


def entries(recording: Recording, neighbor: IPv6Address, node: str = "guest") -> list[KernelEvent]:
    """What the node's kernel said of its entry for somebody."""
    return list(recording.happened(node, "neighbor", dst=str(neighbor)))


def expect_discard(recording: Recording, notebook: Notebook, fault: str, node: str = "guest") -> None:
    """A wrong solicitation reached the node, and left no trace; the right one was answered."""
    right = answers(recording, SOLICITOR, node)
    notebook.cite(*notebook.stimulus(right, f"the {node} did not answer the valid solicitation")[:1])
    told = [mark for mark in recording.marked(Faulty) if mark.what.fault == fault]
    mark = notebook.stimulus(told, "the invalid solicitation was not sent")[0]
    source = IPv6Address(mark.what.source)
    believed = answers(recording, source, node)
    if fault.startswith("unspecified"):
        believed += _to_all_nodes(recording, mark, node)
    notebook.expect(not believed, f"the {node} answered an invalid solicitation ({fault})", mark, *believed)
    made = entries(recording, source, node)
    notebook.expect(not made, f"the {node} made a neighbor entry from an invalid solicitation ({fault})", mark, *made)
    notebook.finding = f"the {node} discarded an invalid solicitation ({fault}), and answered the valid one"


def _to_all_nodes(recording: Recording, begin: Mark[Faulty], node: str) -> list[NeighborAdvertisement]:
    """What the node told everybody of its link-local address until the right solicitation came.

    So a solicitation from the unspecified address is answered; two such wrong ones are told apart by the order.
    """
    later = [mark.ns for mark in recording.marked(Faulty) if not mark.what.fault.startswith("unspecified")]
    end = min(ns for ns in [*later, *(mark.ns for mark in recording.marked(Faultless))] if ns > begin.ns)
    return [each for each in _answers(recording, node) if begin.ns < each.frame.ns < end
            and each.destination.is_multicast and each.target.is_link_local]


def with_answer(recording: Recording, fault: str, node: str = "guest") -> Recording:
    """For mutants: a copy in which the node also answers a wrong solicitation, right after it."""
    right = answers(recording, SOLICITOR, node)[0]
    mark = next(mark for mark in recording.marked(Faulty) if mark.what.fault == fault)

    def change(packet: Any) -> None:
        packet.payload.dst = str(ALL_NODES if fault.startswith("unspecified") else FAULTS[fault])

    again = editing.rewritten(recording, right, change)
    frame = next(frame for frame in again.frames if frame.number == right.frame.number)
    return editing.with_frame(recording, frame.data, time=mark.time + 1e-6, node=node, interface=INTERFACES[node],
                              outgoing=True)


def with_entry_like(recording: Recording, neighbor: IPv6Address, like: IPv6Address, node: str = "guest",
                    **changed: object) -> Recording:
    """For mutants: a copy in which the node also has an entry for somebody, like another's but for `changed`."""
    event = entries(recording, like, node)[0]
    return editing.with_event(recording, KernelEvent(
        event.ns, event.after_ns, node, "neighbor", "new", {**event.fields, "dst": str(neighbor), **changed}))
