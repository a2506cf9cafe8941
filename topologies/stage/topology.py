"""What all topologies are made of: a Mininet Topo with one word for each kind of node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mininet.topo import Topo

from topologies.stage.links import MTU, Route
from topologies.stage.netlink import Interface
from topologies.stage.nodes import ComputeHost, Guest, Peer, Segment, VirtualRouter
from topologies.stage.stagenode import StageNode


class Topology(Topo):
    """A Topo to be built by `topologies.stage.stage.Stage`. Subclasses override `build`.

    Every option of `build` has a default, so that a topology can be opened by its name alone.
    """

    @classmethod
    def kebab(cls) -> str:
        """The topology's name: the class name in kebab case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def node(self, name: str, kind: type[StageNode], *, held: bool = False, routes: Sequence[Route] = (),
             **options: Any) -> str:
        """Add a node; returns its name."""
        self.addHost(name, cls=kind, held=held, routes=routes, **options)
        return name

    def guest(self, name: str, *, held: bool = True, routes: Sequence[Route] = (), **options: Any) -> str:
        """Add a guest; its links stay down until the scenario raises them, unless `held` is False."""
        return self.node(name, Guest, held=held, routes=routes, **options)

    def peer(self, name: str, *, routes: Sequence[Route] = (), **options: Any) -> str:
        """Add a host for scripted peers and observers."""
        return self.node(name, Peer, routes=routes, **options)

    def router(self, name: str, *, routes: Sequence[Route] = (), **options: Any) -> str:
        """Add a router."""
        return self.node(name, VirtualRouter, routes=routes, **options)

    def compute_host(self, name: str, *, routes: Sequence[Route] = (), **options: Any) -> str:
        """Add a compute host."""
        return self.node(name, ComputeHost, routes=routes, **options)

    def segment(self, name: str, *, snooping: bool = False) -> str:
        """Add a segment."""
        self.addSwitch(name, cls=Segment, snooping=snooping)
        return name

    def plug(self, node: str, interface: str, segment: str, *addresses: Interface, mtu: int = MTU,
             mac: str | None = None, held: bool = False) -> None:
        """Plug a node's new interface into a segment; a `held` one stays down until the scenario raises it."""
        params = {"addresses": addresses, "mac": mac, "held": held}
        self.addLink(node, segment, intfName1=interface, params1=params, mtu=mtu)

    def wire(self, one: str, name1: str, two: str, name2: str, *, addresses1: Sequence[Interface] = (),
             addresses2: Sequence[Interface] = (), mtu: int = MTU) -> None:
        """Join two nodes' new interfaces by a link of their own."""
        self.addLink(one, two, intfName1=name1, intfName2=name2, params1={"addresses": addresses1},
                     params2={"addresses": addresses2}, mtu=mtu)
