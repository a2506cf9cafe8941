"""The private files of a node: its own /run, /tmp, /var/tmp, /etc and /sys, in a mount namespace of its own.

Everything here runs in a stagehand that already stands in the node's namespaces. All of a node's files live on one
tmpfs, which is gone with the namespace. Nothing on the host's own filesystems is changed.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from linux.system import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_PRIVATE,
    MS_RDONLY,
    MS_REC,
    MS_SHARED,
    attach_tree,
    mount,
    open_tree,
    replace_mount,
)

#: What a node has for itself, empty at first. /run must be last: it covers the tmpfs that holds the others.
EMPTY = (Path("/tmp"), Path("/var/tmp"), Path("/run"))

#: Where systemd's programs look who manages the container that they run in (systemd, src/basic/virt.c).
CONTAINER = Path("/run/systemd/container")

#: Bytes that a node may keep in these; the memory of a run is shared by all its nodes.
DISK = 256 << 20

_HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"


class CannotHide(RuntimeError):
    """A private directory was asked for where none can be laid."""


def furnish(keep: Iterable[Path]) -> None:
    """Give the calling thread's new mount namespace its private files.

    What is mounted below the emptied directories stays visible, and so do the `keep` paths, the Python in use and
    the working directory. To systemd's programs the node is the container that it is (systemd.io/CONTAINER_INTERFACE):
    /sys shows this network namespace and is read-only, and CONTAINER says it, so that systemd-networkd does not wait
    for a udev that there is not. Ubuntu's looks at the second alone.
    """
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    kept = [(path, open_tree(path)) for path in _still_visible(keep)]
    mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=755,size={DISK}")
    _private_etc()
    for number, directory in enumerate(EMPTY):
        own = Path(f"/run/empty{number}")
        own.mkdir(mode=0o755)
        if directory != Path("/run"):
            own.chmod(0o1777)
        if directory.is_dir():
            mount(own, directory, flags=MS_BIND)
    CONTAINER.parent.mkdir()
    CONTAINER.write_text("container-other\n")
    for path, tree in kept:
        _attach(tree, path)
    landing = Path("/run/sys")
    landing.mkdir()
    mount("sysfs", landing, "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)
    replace_mount(landing, "/sys")
    landing.rmdir()
    mount("none", "/", flags=MS_REC | MS_SHARED)  # what is laid later is seen in the programs' quarters too


def own_proc() -> None:
    """Give the calling thread's new mount namespace a /proc of its own, of the same processes."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    with suppress(OSError):  # a container may have hidden parts of /proc, and then wants no other
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _private_etc() -> None:
    """An /etc of which every file may be written, or replaced by renaming: resolv.conf is empty, hosts is minimal."""
    upper, work = Path("/run/etc"), Path("/run/work")
    upper.mkdir()
    work.mkdir()
    (upper / "resolv.conf").write_text("")
    (upper / "hosts").write_text(_HOSTS)
    try:
        mount("overlay", "/etc", "overlay", data=f"lowerdir=/etc,upperdir={upper},workdir={work}")
    except OSError:  # overlays stack only two deep: a container's root may have used that up
        for name in ("resolv.conf", "hosts"):
            mount(upper / name, f"/etc/{name}", flags=MS_BIND)


def _still_visible(keep: Iterable[Path]) -> list[Path]:
    wanted = {*keep, Path(sys.prefix), Path(sys.base_prefix), *_mounted_below()}
    with suppress(OSError):
        wanted.add(Path(os.readlink("/proc/self/cwd")))
    wanted.add(Path(__file__).resolve().parents[2])
    hidden = sorted(path for path in wanted if emptied_directory(path) and path.exists())
    return [path for path in hidden if not any(other in path.parents for other in hidden)]


def emptied_directory(path: Path) -> Path | None:
    """The emptied directory that the path lies below, None when it lies elsewhere."""
    return next((directory for directory in EMPTY if directory in path.parents), None)


def _mounted_below() -> list[Path]:
    with open("/proc/thread-self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        targets = [line.split()[4] for line in table]
    return [Path(target.encode("latin-1", "surrogateescape").decode("unicode_escape")) for target in targets]


def lay(target: Path, tree: int | None) -> None:
    """Lay a detached mount (see `open_tree`), or an empty tmpfs for None, over an absolute path; made when missing.

    Raises CannotHide when it is missing and the host's own root filesystem would have to be changed for it.
    """
    if tree is not None:
        _attach(tree, target)
        return
    _make(target, directory=True)
    mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")


def _attach(tree: int, target: Path) -> None:
    try:
        _make(target, directory=stat.S_ISDIR(os.fstat(tree).st_mode))
        attach_tree(tree, target)
    finally:
        os.close(tree)


def _make(target: Path, *, directory: bool) -> None:
    if target.exists():
        return
    parent = next(parent for parent in target.parents if parent.exists())
    if parent.stat().st_dev == Path("/").stat().st_dev:
        raise CannotHide(f"cannot lay a private directory over {target}: it does not exist, and making it would change "
                         f"this host's filesystem; make it first, or work in a sandbox that overlays {parent}")
    if directory:
        target.mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
