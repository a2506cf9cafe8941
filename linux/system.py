"""The system calls that Python 3.11 does not offer, by ctypes: namespaces, mounts, prctl, sethostname.

They act on the calling thread. Every function raises OSError with the call's name as its file name, so that a refusal
can say which step failed.
"""

from __future__ import annotations

import ctypes
import os

# sched.h
CLONE_FS = 0x00000200
CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# sys/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 1 << 12
MS_MOVE = 1 << 13
MS_REC = 1 << 14
MS_PRIVATE = 1 << 18
MS_SLAVE = 1 << 19
MS_SHARED = 1 << 20
_MNT_DETACH = 2

# sys/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2

CAP_SYS_ADMIN = 21

# The same numbers on every architecture (asm-generic/unistd.h).
_SYS_OPEN_TREE, _SYS_MOVE_MOUNT = 428, 429
_OPEN_TREE_CLONE, _AT_RECURSIVE, _AT_FDCWD, _MOVE_MOUNT_F_EMPTY_PATH = 1, 0x8000, -100, 4

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong)


def _check(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), call)
    return result


def unshare(flags: int) -> None:
    """Leave the named namespaces for fresh ones (unshare(2)); with CLONE_NEWUSER the caller must have one thread."""
    _check(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    """Move into the namespace behind a descriptor (setns(2))."""
    _check(_libc.setns(descriptor, kind), "setns")


def mount(source: str | os.PathLike[str], target: str | os.PathLike[str], kind: str | None = None, flags: int = 0,
          data: str | None = None) -> None:
    """Mount a filesystem in the mount namespace of the thread (mount(2))."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check(_libc.mount(encoded[0], encoded[1], encoded[2], flags, encoded[3]), f"mount {target}")


def replace_mount(new: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Move the mount at `new` to `target` and take away what was mounted there: nobody finds it below.

    What an ordinary user inherited from the machine stays below all the same, as the kernel does not let it go.
    """
    while _libc.umount2(os.fsencode(target), _MNT_DETACH) == 0:
        pass
    mount(new, target, flags=MS_MOVE)


def unmount(target: str | os.PathLike[str]) -> None:
    """Take a mount and all below it away from the thread's mount namespace, though it is in use (umount2(2))."""
    _check(_libc.umount2(os.fsencode(target), _MNT_DETACH), f"umount {target}")


def open_tree(path: os.PathLike[str]) -> int:
    """A detached copy of what is mounted at `path`, to be attached elsewhere; returns its descriptor."""
    flags = _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC
    result = _libc.syscall(_SYS_OPEN_TREE, _AT_FDCWD, os.fsencode(path), ctypes.c_uint(flags))
    return _check(result, f"open_tree {path}")


def attach_tree(descriptor: int, target: os.PathLike[str]) -> None:
    """Attach a detached mount at `target`, also from another mount namespace."""
    result = _libc.syscall(_SYS_MOVE_MOUNT, descriptor, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH)
    _check(result, f"move_mount {target}")


def prctl(option: int, value: int, pointer: ctypes.c_void_p | None = None) -> None:
    """prctl(2) with at most two arguments."""
    _check(_libc.prctl(option, value, pointer, 0, 0), "prctl")


def sethostname(name: str) -> None:
    """Name the machine, in its own uts namespace only."""
    encoded = name.encode()
    _check(_libc.sethostname(encoded, len(encoded)), "sethostname")


def may_administer() -> bool:
    """Whether the caller may make namespaces and mounts without a user namespace of its own."""
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("CapEff:"):
                return os.geteuid() == 0 and bool(int(line.split()[1], 16) >> CAP_SYS_ADMIN & 1)
    return False
