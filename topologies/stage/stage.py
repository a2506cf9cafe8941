"""The stage: a Mininet network of our nodes, built from a topology without starting a process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from mininet.log import output
from mininet.net import Mininet

from topologies.stage.links import StageLink
from topologies.stage.nodes import Guest, Segment
from topologies.stage.rooms import Stagehands
from topologies.stage.settling import ready_address, settle
from topologies.stage.stagenode import StageNode

# Mininet would insist on the machine's root and raise its limits; the stage needs neither.
Mininet.inited = True


class Stage(Mininet):
    """Builds `topo` at once, with every link of its hosts down; `start` raises what is not held.

    `on_room` is called with each node but the segments, as soon as its namespace exists and before any link does, also
    when it is powered on again: the place to open a recorder's sockets. `keep` are paths below /tmp, /var/tmp or /run
    that the nodes' programs shall see, although these directories are private to each node.
    """

    def __init__(self, topo: Any = None, on_room: Callable[[StageNode], None] | None = None,
                 keep: Iterable[Path] = (), **options: Any) -> None:
        self._on_room = on_room
        self._keep = tuple(keep)
        self._taken: set[str] = set()
        self._hands = Stagehands()
        defaults = {"host": Guest, "switch": Segment, "link": StageLink, "intf": None, "controller": None}
        try:
            super().__init__(topo, **{**defaults, **options})
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- building ---------------------------------------------------------------------------------------------------

    def build(self) -> None:
        """Make all nodes and links, in one stagehand: every change of threads would cost more than a namespace."""
        self._hands.run(super().build)

    def addHost(self, name: str, cls: type[StageNode] | None = None, **params: Any) -> StageNode:
        """Add a node, of class Guest if not said otherwise."""
        node = (cls or self.host)(name, hands=self._hands, keep=self._keep, **params)
        self.hosts.append(node)
        self.nameToNode[name] = node
        self._announce(node)
        return node

    def addSwitch(self, name: str, cls: type[Segment] | None = None, **params: Any) -> Segment:
        """Add a segment."""
        params.pop("isSwitch", None)
        segment: Segment = (cls or self.switch)(name, hands=self._hands, **params)
        self.switches.append(segment)
        self.nameToNode[name] = segment
        return segment

    def addLink(self, node1: Any, node2: Any, port1: int | None = None, port2: int | None = None,
                cls: type[StageLink] | None = None, **params: Any) -> StageLink:
        """Link two nodes (or names). Params are those of StageLink; MAC addresses follow from the names."""
        ends = [self[node] if isinstance(node, str) else node for node in (node1, node2)]
        link = (cls or self.link)(*ends, port1=port1, port2=port2, taken=self._taken, **params)
        self.links.append(link)
        return link

    def configHosts(self) -> None:
        """Mininet's hook after building: nothing to do."""

    def _announce(self, node: StageNode) -> None:
        if self._on_room is not None:
            self._on_room(node)

    # -- running ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Raise the links of all nodes that are not held, give them their addresses, then their routes."""
        if not self.built:
            self.build()
        self._hands.run(self._raise)

    def _raise(self) -> None:
        for node in self.hosts:
            if not node.held:
                node.up()

    def power_off(self, name: str, before_cut: Callable[[], object] = lambda: None) -> None:
        """Cut a node's links and destroy its namespace with all that runs in it; the rest of the stage goes on.

        `before_cut` is called when all that runs in it is frozen, and its links are still there.
        """
        self[name].power_off(before_cut)

    def power_on(self, name: str) -> None:
        """Make a node that was powered off again: same names, same MAC addresses, its links down on its own side."""
        node = self[name]
        if node.powered:
            raise RuntimeError(f"{name} is powered on already")
        self._hands.run(lambda: self._again(node))

    def _again(self, node: StageNode) -> None:
        node.open()
        self._announce(node)
        for link in self.links:
            if node in (link.intf1.node, link.intf2.node) and link.other(node).node.powered:
                link.make()
                if link.other(node).raised:
                    link.other(node).up()

    def stop(self) -> None:
        """Close everything; the kernel takes the namespaces down. What was started in a node is ended.

        May be called twice.
        """
        for node in (*self.hosts, *self.switches):
            node.terminate()
        self._hands.close()

    def vacate(self) -> list[int]:
        """As `stop`, but the network namespaces stay as they are: returns a descriptor of each, to be closed."""
        kept = [os.dup(node.room.net) for node in (*self.hosts, *self.switches) if node.powered]
        self.stop()
        return kept

    # -- asking -----------------------------------------------------------------------------------------------------

    def settle(self, within: float = 8.0) -> bool:
        """Wait until no address of a running node is tentative any more; False after `within` seconds."""
        return settle([node for node in self.hosts if node.powered], within)

    def ping6(self, hosts: Sequence[StageNode] | None = None, timeout: int = 1) -> float:
        """Ping every host from every other one once over IPv6; returns the loss in percent, and prints who failed.

        Two hosts that have global addresses both use these, others their link-local ones.
        """
        nodes = list(hosts or (node for node in self.hosts if node.powered))
        self.settle()
        pings = [(one, two, _ping(one, two, timeout)) for one in nodes for two in nodes if one is not two]
        lost = [(one.name, two.name) for one, two, ping in pings if ping is None or ping.wait() != 0]
        for one, two in lost:
            output(f"*** {one} cannot ping {two}\n")
        return 100.0 * len(lost) / len(pings) if pings else 0.0

    def pingAll(self, timeout: str | None = None) -> float:
        """Mininet's `pingall`, over IPv6."""
        loss = self.ping6(timeout=int(timeout or 1))
        output(f"*** Results: {loss:.0f}% lost\n")
        return loss


def _ping(one: StageNode, two: StageNode, timeout: int) -> subprocess.Popen[Any] | None:
    """Ping a global address if both have one, else the link-local address."""
    everywhere = all(ready_address(node, everywhere=True) for node in (one, two))
    address = ready_address(two, everywhere=everywhere)
    if address is None:
        return None
    target = str(address) if everywhere else f"{address}%{one.interfaces()[0][0]}"
    return one.spawn(["ping", "-6", "-n", "-c", "1", "-W", str(timeout), target],
                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
