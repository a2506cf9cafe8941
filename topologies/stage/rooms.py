"""Rooms: a node's network namespace, held by a descriptor instead of a process, and the stagehands who enter it.

A stagehand is a thread that may change namespaces. It has its own filesystem context (CLONE_FS), without which the
kernel refuses it another mount namespace, and it comes home after every job, because a thread that stays keeps a
destroyed namespace alive. Paths that it opens should be absolute: its working directory is `/`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from linux.system import CLONE_FS, CLONE_NEWNET, CLONE_NEWNS, open_tree, setns, unshare
from topologies.stage.netlink import Netlink
from topologies.stage.privacy import emptied_directory, furnish, lay, own_proc
from topologies.stage.quarters import Home, Quarters

T = TypeVar("T")

#: More jobs than this at the same time wait for each other; a stage rarely has more than two.
MOST_HANDS = 32


class RoomClosed(RuntimeError):
    """The node is powered off, or its stage has ended."""


class _Here(threading.local):
    """Where the calling thread stands: is it a stagehand of ours, and in which room."""

    hand = False
    room: Room | None = None
    home: Stagehands | None = None


_here = _Here()


class Stagehands:
    """The stagehands of one stage: threads on demand, none until the first job. `close` ends them.

    Their home has a /proc of its own. The kernel keeps what it has found in /proc/sys/net in one table for each /proc,
    under names that are the same in every network namespace: in one that a thousand share, each look goes through all.
    """

    def __init__(self) -> None:
        self.net = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self.home = Home.here()
        self._pool = ThreadPoolExecutor(MOST_HANDS, thread_name_prefix="stagehand", initializer=self._arrive)
        self._closed = False
        self._housed, self._housing = False, threading.Lock()

    def _arrive(self) -> None:
        unshare(CLONE_FS)
        _here.hand, _here.room, _here.home = True, None, self
        with self._housing:
            if not self._housed:
                self._house()
                self._housed = True
        self.go_home()

    def _house(self) -> None:
        """Make the stagehands' home."""
        setns(self.mounts, CLONE_NEWNS)
        unshare(CLONE_NEWNS)
        own_proc()
        home = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        os.dup2(home, self.mounts, inheritable=False)
        os.close(home)

    def go_home(self) -> None:
        """Bring the calling stagehand back home, to the network of the process."""
        setns(self.net, CLONE_NEWNET)
        setns(self.mounts, CLONE_NEWNS)

    def run(self, job: Callable[[], T]) -> T:
        """Run a job in a stagehand and return its result or raise its exception; a stagehand does it itself."""
        if _here.hand and _here.home is self:
            return job()
        if self._closed:
            raise RoomClosed("the stage has ended")
        return self._pool.submit(job).result()

    def close(self) -> None:
        """End the threads; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._pool.shutdown(wait=not _here.hand)
            os.close(self.net)
            os.close(self.mounts)
            self.home.close()


class Room:
    """A network namespace, and a mount namespace of its own as soon as somebody needs private files.

    Two descriptors: the namespace and a netlink socket in it; a third for the mounts.
    """

    def __init__(self, hands: Stagehands, keep: Sequence[Path] = (), *, name: str = "node") -> None:
        self._hands = hands
        self._name = name
        self._quarters: Quarters | None = None
        self._keep = list(keep)
        self._mounts: int | None = None
        self._furnishing, self._showing = threading.Lock(), threading.Lock()
        self.net, self.netlink = hands.run(self._open)
        self.inode = os.fstat(self.net).st_ino
        self.closed = False

    def _open(self) -> tuple[int, Netlink]:
        try:
            unshare(CLONE_NEWNET)
            net = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                netlink = Netlink()
                netlink.loopback_up()
            except OSError:
                os.close(net)
                raise
            return net, netlink
        finally:
            _return_to(_here.room, self._hands)

    def inside(self, job: Callable[[], T], *, files: bool = False) -> T:
        """Run a job in this room, in a thread of ours, and return its result or raise its exception.

        It sees the room's private files where the room has some already; `files` makes them.
        Raises RoomClosed after `close`.
        """
        return self._hands.run(lambda: self._visit(job, files=files))

    def _visit(self, job: Callable[[], T], *, files: bool) -> T:
        if self.closed:
            raise RoomClosed("this namespace has been closed")
        before = _here.room
        if files:
            self._furnish()
        try:
            _enter(self)
            return job()
        finally:
            _return_to(before, self._hands)

    def _furnish(self) -> None:
        with self._furnishing:
            if self._mounts is not None:
                return
            before = _here.room
            try:
                _enter(self)
                unshare(CLONE_NEWNS)
                furnish(self._keep)
                self._mounts = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
            finally:
                _return_to(before, self._hands)

    def start(self, job: Callable[[], T]) -> T:
        """Run a job whose children are programs of this node: they get its quarters, made with the first of them."""
        return self._hands.run(lambda: self._visit(lambda: self._run_in_quarters(job), files=True))

    def _run_in_quarters(self, job: Callable[[], T]) -> T:
        with self._furnishing:
            if self._quarters is None:
                self._quarters = Quarters(self._name, self._hands.home)
        self._quarters.enter()
        try:
            return job()
        finally:
            self._hands.home.enter()

    @property
    def init(self) -> int | None:
        """The first process of its quarters, None as long as no program was started."""
        return None if self._quarters is None else self._quarters.pid

    def processes(self) -> list[int]:
        """Bytes of memory of each process of its quarters. Raises OSError when the room has been closed meanwhile."""
        return [] if self._quarters is None else self._quarters.processes()

    def lay(self, target: Path, disk: Path | None) -> None:
        """Lay a directory of the process's own filesystem over an absolute path of this room; None: an empty one."""
        self._hands.run(lambda: self._lay(target, disk))

    def _lay(self, target: Path, disk: Path | None) -> None:
        _return_to(None, self._hands)
        tree = None if disk is None else open_tree(disk)
        self._visit(lambda: lay(target, tree), files=True)

    def show(self, path: Path) -> None:
        """Keep a directory of ours visible that lies in what the room has for itself (/tmp, /var/tmp, /run)."""
        top = emptied_directory(path)
        if top is None:
            return
        shown = top / path.relative_to(top).parts[0]
        with self._showing:
            if shown not in self._keep:
                self._keep.append(shown)
                if self._mounts is not None:
                    self.lay(shown, shown)

    @property
    def mounts(self) -> int | None:
        """The mount namespace's descriptor, None until somebody needed private files."""
        return self._mounts

    def close(self) -> None:
        """Give the namespaces back: the kernel takes them down when nothing else uses them. May be called twice."""
        if not self.closed:
            self.closed = True
            if self._quarters is not None:
                self._quarters.close()
            self.netlink.close()
            os.close(self.net)
            if self._mounts is not None:
                os.close(self._mounts)


def _enter(room: Room) -> None:
    setns(room.net, CLONE_NEWNET)
    if room.mounts is not None:
        setns(room.mounts, CLONE_NEWNS)
    _here.room = room


def _return_to(room: Room | None, hands: Stagehands) -> None:
    hands.go_home()
    _here.room = None
    if room is not None and not room.closed:
        _enter(room)
