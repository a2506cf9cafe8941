"""What an instance with several NICs sends from each of its addresses, where it leaves, and who answers."""

from __future__ import annotations

from conformance.clouds.reading.flows import Flow, Passage, expect_answer, flows, passages
from conformance.judging.verdict import Notebook
from fixtures.recording.model import Recording
from fixtures.scenarios.routing.source_routing import SILENCE


def expect_routes_by_source(recording: Recording, notebook: Notebook, node: str) -> int:
    """Expect that each flow leaves by the NIC that its source address belongs to, is answered, and comes back there.

    The stimulus is a network that drops foreign sources: what the second address sent before there were these routes
    must have been lost. Returns how many flows there were.
    """
    _drops_foreign_sources(recording, notebook, node)
    told = notebook.stimulus(flows(recording, by_source=True), "no node connected by routes by source")
    for flow in told:
        for each in _passages(recording, node, flow):
            name, own = each.frame.interface, flow.mark.what.more["interface"]
            sent = "left" if each.frame.outgoing else "came in"
            notebook.expect(name == own, f"{_label(flow)} {sent} by {name}, and {own} has the address", each.frame)
        there, here = expect_answer(recording, notebook, flow)
        notebook.cite(there.frame, here.frame)
    return len(told)


def _drops_foreign_sources(recording: Recording, notebook: Notebook, node: str) -> None:
    for flow in notebook.stimulus(flows(recording, by_source=False), "no node connected without routes by source"):
        sent = passages(recording.at(node, outgoing=True), flow, back=False)
        wrong = [each for each in sent if each.frame.interface != flow.mark.what.more["interface"]]
        first = notebook.stimulus(wrong, f"without routes by source, {flow} did not leave by another NIC")[0]
        notebook.cite(first.frame)
        there = passages(recording.at(flow.to, outgoing=False), flow, back=False)
        notebook.stimulus([] if there else [flow], "a foreign source was not dropped")
        heard = recording.duration - flow.mark.time
        notebook.stimulus([flow] if heard >= SILENCE / 2 else [], f"the play ended {heard:.1f} s after {flow}")


def _passages(recording: Recording, node: str, flow: Flow) -> list[Passage]:
    """All packets of a flow at the instance, both ways."""
    return passages(recording.at(node), flow)


def _label(flow: Flow) -> str:
    own = flow.mark.what.own
    return f"{flow}, {f'from {own}' if own != '::' else f'at {flow.address}'},"
