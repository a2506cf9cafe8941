"""python -m platforms.enter [--uid UID] [--bind DIRECTORY]... ROOT -- COMMAND...: run a command in a root, as root.

The command has mount, pid, ipc and uts namespaces of its own and the root as its only file system (pivot_root(2), so
that it can make namespaces in turn, which a chroot forbids). Its network is the machine's: the set-up fetches packages.
When this process ends, whatever ends it, everything in the root ends with it, and every mount is gone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from fixtures.sandbox import shepherd
from linux import system

_NAMESPACES = system.CLONE_NEWNS | system.CLONE_NEWPID | system.CLONE_NEWIPC | system.CLONE_NEWUTS
_PASSED_ON = ("null", "zero", "full", "random", "urandom", "tty", "net/tun")
_LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2",
          "ptmx": "pts/ptmx"}


def command_line(root: Path, command: list[str], *, uid: int = 0, binds: list[Path] = []) -> list[str]:  # noqa: B006
    """What starts a command in a root, from the project's directory."""
    bound = [word for path in binds for word in ("--bind", str(path))]
    return [sys.executable, "-m", "platforms.enter", "--uid", str(uid), *bound, str(root), "--", *command]


def enter(root: Path, command: list[str], *, uid: int, binds: list[Path]) -> int:
    """Run the command in the root and return its exit status. The caller must have one thread. Raises OSError."""
    system.unshare(_NAMESPACES)
    system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)
    mask = shepherd.hold()
    child = os.fork()
    if child == 0:
        os._exit(_be_init(root, command, uid, binds, mask))
    return shepherd.tend(child, shepherd.reap_only(child))


def _be_init(root: Path, command: list[str], uid: int, binds: list[Path], mask: set[int]) -> int:
    system.prctl(system.PR_SET_PDEATHSIG, signal.SIGKILL)
    try:
        furnish(root, binds)
        _pivot(root)
        system.sethostname("platform")
    except OSError as error:
        print(f"sextant: cannot enter {root}: {error.filename}: {error.strerror}", file=sys.stderr, flush=True)
        return 4
    payload = os.fork()
    if payload == 0:
        _execute(command, uid, mask)
    return shepherd.tend(payload, shepherd.reap_all(payload))


def furnish(root: Path, binds: list[Path]) -> None:
    """Mount what a system has besides its files."""
    system.mount("none", "/", flags=system.MS_REC | system.MS_PRIVATE)
    system.mount(str(root), str(root), flags=system.MS_BIND)
    system.mount("proc", str(root / "proc"), "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    system.mount("/sys", str(root / "sys"), flags=system.MS_BIND | system.MS_REC)
    for folder, mode in {"dev": "755", "run": "755", "tmp": "1777"}.items():
        system.mount("platform", str(root / folder), "tmpfs", 0, f"mode={mode}")
    _devices(root / "dev")
    for path in binds:
        there = root / path.relative_to("/")
        there.mkdir(parents=True, exist_ok=True)
        system.mount(str(path), str(there), flags=system.MS_BIND)


def _devices(folder: Path) -> None:
    for name in _PASSED_ON:
        if os.path.exists(f"/dev/{name}"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
            system.mount(f"/dev/{name}", str(folder / name), flags=system.MS_BIND)
    for name in ("shm", "pts"):
        (folder / name).mkdir()
    system.mount("platform", str(folder / "shm"), "tmpfs", 0, "mode=1777")
    system.mount("devpts", str(folder / "pts"), "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
    for name, target in _LINKS.items():
        (folder / name).symlink_to(target)


def _pivot(root: Path) -> None:
    os.chdir(root)
    program = shutil.which("pivot_root", path="/usr/sbin:/sbin") or "pivot_root"
    done = subprocess.run([program, ".", "."], capture_output=True, text=True)
    if done.returncode:
        raise OSError(0, done.stderr.strip(), "pivot_root")
    system.unmount(".")
    os.chdir("/")


def _execute(command: list[str], uid: int, mask: set[int]) -> None:
    try:
        if uid != os.geteuid():
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvp(command[0], command)
    except OSError as error:
        print(f"sextant: {command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        os._exit(127)


def main(arguments: list[str]) -> int:
    """Read the command line and enter."""
    parser = argparse.ArgumentParser(prog="python -m platforms.enter", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--uid", type=int, default=0)
    parser.add_argument("--bind", type=Path, action="append", default=[])
    parser.add_argument("root", type=Path)
    parser.add_argument("command", nargs="+")
    told = parser.parse_args(arguments)
    try:
        return enter(told.root.resolve(), told.command, uid=told.uid, binds=told.bind)
    except OSError as error:
        print(f"sextant: cannot enter {told.root}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
