"""The three system calls of the stage that Python 3.11 does not have: unshare, setns and mount, and detached mounts.

All of them act on the calling thread only. Errors are OSError with the call's name and arguments.
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWPID = 0x20000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC = 1 << 5, 1 << 12, 1 << 13, 1 << 14
MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 18, 1 << 19, 1 << 20

# The same numbers on every architecture (asm-generic/unistd.h).
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT = 428, 429
_OPEN_TREE_CLONE, _AT_RECURSIVE, _AT_FDCWD, _MOVE_MOUNT_F_EMPTY_PATH = 1, 0x8000, -100, 4

_MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Give the calling thread new namespaces (unshare(2))."""
    _checked(_libc.unshare(flags), f"unshare({flags:#x})")


def setns(descriptor: int, kind: int) -> None:
    """Move the calling thread into the namespace behind a descriptor (setns(2))."""
    _checked(_libc.setns(descriptor, kind), f"setns({kind:#x})")


def mount(source: str | Path, target: str | Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount a filesystem in the calling thread's mount namespace (mount(2))."""
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode())
    _checked(_libc.mount(*arguments), f"mount {kind or source} on {target}")


def replace_mount(new: str | Path, target: str | Path) -> None:
    """Move the mount at `new` to `target` and take away what was mounted there: nobody finds it below.

    What an ordinary user inherited from the machine stays below all the same, as the kernel does not let it go.
    """
    while _libc.umount2(os.fsencode(target), _MNT_DETACH) == 0:
        pass
    mount(new, target, flags=MS_MOVE)


def open_tree(path: Path) -> int:
    """A detached copy of what is mounted at `path`, to be attached elsewhere; returns its descriptor."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    result = _libc.syscall(_SYS_OPEN_TREE, _AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags))
    return _checked(result, f"open_tree {path}")


def attach_tree(descriptor: int, target: Path) -> None:
    """Attach a detached mount at `target` in the calling thread's mount namespace, also from another namespace."""
    result = _libc.syscall(_SYS_MOVE_MOUNT, descriptor, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH)
    _checked(result, f"move_mount to {target}")
