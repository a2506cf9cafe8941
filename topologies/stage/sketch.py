"""A topology as plain values, for pictures: nodes with their kind, links with their ends; nothing is built."""

from __future__ import annotations

from typing import Any, TypedDict

from topologies.stage.nodes import ComputeHost, Guest, Peer, Segment, VirtualRouter
from topologies.stage.topology import Topology

KINDS = (Guest, Peer, ComputeHost, VirtualRouter, Segment)


class SketchedNode(TypedDict):
    """A node; `kind` is the name of its class, or of the kind of nodes that it is derived from."""

    name: str
    kind: str


class SketchedEnd(TypedDict):
    """One end of a link; `interface` is empty for the port of a segment."""

    node: str
    interface: str
    addresses: list[str]


class Sketch(TypedDict):
    """A whole topology; each link has two ends."""

    name: str
    nodes: list[SketchedNode]
    links: list[list[SketchedEnd]]


def sketch(topology: type[Topology]) -> Sketch:
    """The topology with its default options."""
    topo = topology()
    nodes: list[SketchedNode] = [{"name": name, "kind": _kind(topo.nodeInfo(name)["cls"])} for name in topo.g.nodes()]
    links = [
        [
            _end(info["node1"], info.get("intfName1"), info.get("params1")),
            _end(info["node2"], info.get("intfName2"), info.get("params2")),
        ]
        for _, _, info in topo.iterLinks(withInfo=True)
    ]
    return {"name": topology.kebab(), "nodes": nodes, "links": links}


def _kind(cls: type) -> str:
    return next((kind.__name__ for kind in KINDS if issubclass(cls, kind)), cls.__name__)


def _end(node: str, interface: str | None, params: dict[str, Any] | None) -> SketchedEnd:
    addresses = (params or {}).get("addresses") or ()
    return {"node": node, "interface": interface or "", "addresses": [str(each) for each in addresses]}
