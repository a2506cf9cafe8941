"""The processes of a node: found by their network namespace, whoever started them and whatever group they are in."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress


def processes_in(namespaces: set[int]) -> list[int]:
    """The processes whose network namespace (inode) is one of these, whoever started them."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                if os.stat(f"/proc/{entry}/ns/net").st_ino in namespaces:
                    found.append(int(entry))
            except OSError:  # it has ended, or is not ours to look at
                continue
    return found


def freeze(namespace: int) -> set[int]:
    """Stop every process of a network namespace, also those that are forked meanwhile; returns them."""
    frozen: set[int] = set()
    while new := set(processes_in({namespace})) - frozen:
        for pid in new:
            signal_to(pid, signal.SIGSTOP)
        frozen |= new
    return frozen


def signal_to(pid: int, number: int) -> None:
    """Send a signal to a process, or to a group (negative); nothing happens when it has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def end(pid: int) -> None:
    """Kill a process and wait until it has ended; reaping is its parent's."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal_to(pid, signal.SIGKILL)
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll()
    finally:
        os.close(descriptor)
