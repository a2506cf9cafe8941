"""What every node of the stage is: a Mininet node that is a network namespace, without a process of its own.

`cmd`, `popen`, `sendCmd` and Mininet's CLI work on them as on any Mininet node; the shell that they need starts with
the first command. Everything about IPv6 that is not said here is the kernel's default: DAD, timers, accept_ra.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from topologies.stage.links import Route, StageIntf
from topologies.stage.processes import end, freeze, signal_to
from topologies.stage.rooms import Room, RoomClosed, Stagehands
from topologies.stage.shell import LazyShell

T = TypeVar("T")


class StageNode(LazyShell):
    """A network namespace with links. Options, all given where a topology adds the node:

    `held`: its links stay down until somebody raises them. `routes`: static routes, added when their interface is up.
    `sysctls`: name with slashes -> value, written before any link exists (`net/ipv6/conf/default/accept_ra`).
    """

    #: Sysctls of every node of the class, as the option `sysctls`.
    SYSCTLS: ClassVar[Mapping[str, int | str]] = {}
    #: ifindex of the bridge that this node's links are ports of.
    bridge: int | None = None

    def __init__(self, name: str, *, hands: Stagehands | None = None, keep: Sequence[Path] = (), held: bool = False,
                 routes: Sequence[Route] = (), sysctls: Mapping[str, int | str] | None = None, **params: Any) -> None:
        self.held, self.routes = held, tuple(routes)
        self.sysctls = {**self.SYSCTLS, **(sysctls or {})}
        self._hands, self._keep = hands or Stagehands(), list(keep)
        self._room: Room | None = None
        self._spawned: list[subprocess.Popen[Any]] = []
        self._hidden: dict[Path, Path | None] = {}
        try:
            super().__init__(name, **{**params, "inNamespace": True})
        except BaseException:
            self.terminate()
            raise

    # -- the namespace ----------------------------------------------------------------------------------------------

    def startShell(self, mnopts: str | None = None) -> None:
        """Mininet's hook that starts a node: makes the namespace; the shell waits until a command needs it."""
        self.open()

    def open(self) -> None:
        """Make the node's namespace, without links."""
        self._room = Room(self._hands, self._keep, name=self.name)
        self._room.inside(self._write_sysctls)
        for path, disk in self._hidden.items():
            self._room.lay(path, disk)

    def _write_sysctls(self) -> None:
        for name, value in self.sysctls.items():
            try:
                Path("/proc/sys", name).write_text(f"{value}\n")
            except FileNotFoundError:
                if not name.startswith("net/bridge/"):  # that one is there only where br_netfilter is
                    raise

    @property
    def room(self) -> Room:
        """The node's namespaces. Raises RoomClosed while it is powered off."""
        if self._room is None:
            raise RoomClosed(f"{self.name} is powered off")
        return self._room

    @property
    def powered(self) -> bool:
        """Whether the node has its namespace: not powered off, and its stage has not ended."""
        return self._room is not None

    @property
    def netns_inode(self) -> int:
        """The inode of its network namespace, as `stat /proc/PID/ns/net` of its programs says it."""
        return self.room.inode

    def inside(self, job: Callable[[], T], *, files: bool = False) -> T:
        """Run a job in the node's namespaces, in a thread of ours; returns its result or raises its exception.

        The job sees the node's private /run, /tmp, /etc and /sys where it has them already; `files` makes them.
        """
        return self.room.inside(job, files=files)

    def hide(self, path: str | Path, disk: Path | None = None) -> None:
        """Lay `disk` (a directory of ours), or an empty directory, over an absolute path for this node's programs.

        A disk keeps its contents over power_off and power_on; an empty directory comes back empty.
        """
        target = Path(path)
        if target in self._hidden and self._hidden[target] == disk:
            return
        self.room.lay(target, disk)
        self._hidden[target] = disk

    # -- programs ---------------------------------------------------------------------------------------------------

    def spawn(self, argv: Sequence[str | Path], *, env: Mapping[str, str] | None = None,
              cwd: str | Path | None = None, new_session: bool = True, **streams: Any) -> subprocess.Popen[Any]:
        """Start a program in the node, by default in a session of its own; `streams` are Popen's own (stdin, ...).

        The directory `cwd` (default /) is the one of ours, also when it lies in what the node has for itself (/tmp).
        Raises FileNotFoundError where there is no such program.
        """
        directory = Path(cwd or "/")
        self.room.show(directory)

        def start() -> subprocess.Popen[Any]:
            return subprocess.Popen([os.fspath(word) for word in argv], env=env, cwd=directory,
                                    start_new_session=new_session, **streams)

        popen = self.room.start(start)
        self._spawned = [other for other in self._spawned if other.returncode is None] + [popen]
        return popen

    # -- links ------------------------------------------------------------------------------------------------------

    def interface_name(self, port: int, other: StageNode) -> str:
        """The name of the interface at this port where the topology gives none."""
        return f"eth{port}"

    def interfaces(self) -> list[tuple[str, str]]:
        """Name and MAC address of each of its links' ends, in the order of the ports."""
        return [(intf.name, intf.mac) for intf in self.stage_interfaces()]

    def stage_interfaces(self) -> list[StageIntf]:
        """Its links' ends, in the order of the ports."""
        return [self.intfs[port] for port in sorted(self.intfs)]

    def set_link(self, name: str, *, up: bool) -> None:
        """Raise an interface, with its static addresses and routes, or take it down. Raises KeyError, NetlinkError."""
        intf: StageIntf = self.nameToIntf[name]
        intf.up() if up else intf.down()

    def up(self) -> None:
        """Raise all its links but those that are held."""
        for intf in self.stage_interfaces():
            if not intf.held:
                intf.up()

    def down(self) -> None:
        """Take all its links down."""
        for intf in self.stage_interfaces():
            intf.down()

    def add_routes(self, intf: StageIntf) -> None:
        """Add the static routes that leave by this interface: named by `dev`, or because `via` is on its prefix."""
        for route in self.routes:
            if route.dev == intf.name or (route.dev is None and intf.reaches(route.via)):
                self.room.netlink.add_route(route.destination, via=route.via, index=intf.index, metric=route.metric)

    def config(self, **_params: Any) -> dict[str, Any]:
        """Mininet's hook after the links: nothing to do, no shell to start."""
        return {}

    # -- the end ----------------------------------------------------------------------------------------------------

    def power_off(self, before_cut: Callable[[], object] = lambda: None) -> None:
        """Cut its links, then end all that runs in it and give its namespaces back. Its programs notice nothing.

        Everything is frozen first, so that nobody in it reacts to the cut or says goodbye, as when power fails; then
        `before_cut` is called.
        """
        processes = freeze(self.netns_inode)
        before_cut()
        for intf in self.stage_interfaces():
            self.room.netlink.delete_link(intf.index)
            intf.raised = False
        for pid in processes - {self.room.init}:  # the first process ends last: it waits until the others are reaped
            end(pid)
        self.terminate()

    def terminate(self) -> None:
        """End its shell and what it started, and close its descriptors. May be called twice."""
        for popen in (*self._spawned, *([self._shell] if self._shell else [])):
            if popen.poll() is None:
                signal_to(-popen.pid, signal.SIGKILL)
                popen.kill()
                popen.wait()
        self._spawned = []
        self.cleanup()
        if self._room is not None:
            self._room.close()
            self._room = None

    def __repr__(self) -> str:
        ends = ", ".join(f"{intf.name} {intf.mac}" for intf in self.stage_interfaces())
        return f"<{type(self).__name__} {self.name}: {ends}{'' if self.powered else ' (off)'}>"
