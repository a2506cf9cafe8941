"""Quarters: what a node's programs have for themselves, so that none of them reaches what is not its own.

Its own process ids (`kill(-1, SIGKILL)` ends that node's programs and nobody else), its own host name, and a /proc of
its own in which only the sysctls of its network can be written. Mounts and unmounts of a program are its node's alone;
what is laid over the node's directories from outside is seen in the quarters too.
"""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linux.system import (
    CLONE_NEWNS,
    CLONE_NEWPID,
    CLONE_NEWUTS,
    MS_BIND,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    MS_SLAVE,
    mount,
    replace_mount,
    setns,
    unshare,
)

#: The first process of the quarters. With SIGCHLD ignored the kernel reaps what is left to it; it ends with the node.
_INIT = """
if mount -n -t proc -o nosuid,nodev,noexec proc "$1"; then echo own; fi
exec env --ignore-signal=CHLD sleep infinity >/dev/null 2>&1
"""
#: Where the new /proc is mounted first.
_LANDING = "/run/proc"
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


@dataclass(frozen=True)
class Home:
    """The namespaces that a stagehand comes back to after it was in some quarters."""

    pids: int
    hostname: int

    @classmethod
    def here(cls) -> Home:
        """Those of the calling thread."""
        return cls(_namespace("pid"), _namespace("uts"))

    def enter(self) -> None:
        """Start children here again."""
        setns(self.pids, CLONE_NEWPID)
        setns(self.hostname, CLONE_NEWUTS)

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self.pids)
        os.close(self.hostname)


class Quarters:
    """Made by a stagehand that stands in the node's network and mount namespace, which must be furnished.

    It has left that mount namespace afterwards. `hostname` is what programs find there. Raises OSError.
    """

    def __init__(self, hostname: str, home: Home) -> None:
        with _open_proc() as proc:
            unshare(CLONE_NEWNS)
            mount("none", "/", flags=MS_REC | MS_SLAVE)
            os.makedirs(_LANDING, exist_ok=True)
            self._mounts = _namespace("mnt")
            try:
                unshare(CLONE_NEWUTS)
                socket.sethostname(hostname)
                self._hostname = _namespace("uts")
                unshare(CLONE_NEWPID)
                self._init = subprocess.Popen(
                    ["/bin/sh", "-c", _INIT, "init", _LANDING], env=_PATH, start_new_session=True,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
                assert self._init.stdout is not None
                with self._init.stdout as said:
                    own = said.read() != b""
                #: None where the kernel refuses another /proc (a container that hides parts of it): programs that do
                #: not find themselves in /proc would break, so they keep the process ids of the sandbox then.
                self._pids = os.open(f"{self._init.pid}/ns/pid", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc.fd)
            finally:
                home.enter()
        self.own_pids = own
        if own:
            replace_mount(_LANDING, "/proc")
            _guard_sysctls()
        self._proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        os.rmdir(_LANDING)

    @property
    def pid(self) -> int:
        """The first process, as the suite sees it."""
        return self._init.pid

    def processes(self) -> list[int]:
        """Bytes of memory (resident set) of each process here; empty where they have no process ids of their own."""
        sizes = []
        for entry in os.listdir(self._proc) if self.own_pids else ():
            if entry.isdigit():
                with suppress(OSError), open(f"{entry}/statm", opener=self._open) as table:
                    sizes.append(int(table.read().split()[1]) * _PAGE)
        return sizes

    def _open(self, path: str, flags: int) -> int:
        return os.open(path, flags, dir_fd=self._proc)

    def enter(self) -> None:
        """Have the calling thread start its children here; it must stand in the node's network namespace."""
        setns(self._mounts, CLONE_NEWNS)
        setns(self._hostname, CLONE_NEWUTS)
        if self.own_pids:
            setns(self._pids, CLONE_NEWPID)

    def close(self) -> None:
        """End all that runs here, and give the namespaces back.

        The kernel lets the first process end when all others are reaped: whoever started some has waited for them.
        """
        self._init.kill()
        self._init.wait()
        for descriptor in (self._mounts, self._hostname, self._pids, self._proc):
            os.close(descriptor)


class _open_proc:
    """The /proc of before, which stays readable when another one is mounted over it."""

    def __enter__(self) -> _open_proc:
        self.fd = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _namespace(kind: str) -> int:
    return os.open(f"/proc/thread-self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def _guard_sysctls() -> None:
    """Sysctls are the machine's, but for those of the network namespace."""
    for path in ("/proc/sys", "/proc/sys/net"):
        mount(path, path, flags=MS_BIND)
    mount("none", "/proc/sys", flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
    with suppress(OSError):  # a kernel without it
        trigger = Path("/proc/sysrq-trigger")
        mount(trigger, trigger, flags=MS_BIND)
        mount("none", trigger, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
