"""Entering a root: a root of one program (busybox) tells what it sees."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from platforms.enter import command_line
from platforms.runs import PROJECT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    busybox = shutil.which("busybox")
    assert busybox is not None, "busybox is missing: script/test installs it"
    for folder in ("bin", "proc", "sys", "dev", "run", "tmp"):
        (tmp_path / "root" / folder).mkdir(parents=True)
    shutil.copy(busybox, tmp_path / "root/bin/busybox")
    (tmp_path / "root/bin/sh").symlink_to("busybox")
    return tmp_path / "root"


def shell(root: Path, script: str, binds: list[Path] | None = None) -> list[str]:
    return command_line(root, ["/bin/busybox", "sh", "-c", f"alias b=/bin/busybox; {script}"], binds=binds or [])


def run_in(root: Path, script: str, binds: list[Path] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(shell(root, script, binds), cwd=PROJECT, capture_output=True, text=True)


def test_the_root_is_all_there_is(root: Path) -> None:
    done = run_in(root, "/bin/busybox ls /; /bin/busybox ls /tmp; echo text >/dev/null; /bin/busybox hostname")
    assert done.stderr == ""
    assert done.stdout.split() == ["bin", "dev", "proc", "run", "sys", "tmp", "platform"]


def test_a_command_in_it_can_make_namespaces_which_a_chroot_forbids(root: Path) -> None:
    assert run_in(root, "/bin/busybox unshare -U /bin/busybox true && echo made").stdout == "made\n"


def test_its_status_is_ours(root: Path) -> None:
    assert run_in(root, "exit 5").returncode == 5


def test_a_named_directory_is_bound_where_it_is(root: Path, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels/one.whl").touch()
    assert run_in(root, f"/bin/busybox ls {tmp_path}/wheels", [tmp_path / "wheels"]).stdout == "one.whl\n"


def test_nothing_stays_mounted(root: Path) -> None:
    run_in(root, "true")
    assert str(root) not in Path("/proc/self/mounts").read_text()


def test_who_is_killed_takes_everything_in_the_root_along(root: Path) -> None:
    """The end of a pipe that only the command in the root has tells when that has ended."""
    reading, writing = os.pipe()
    entering = subprocess.Popen(shell(root, "echo there; exec /bin/busybox sleep 1000"), cwd=PROJECT,
                                stdout=writing, pass_fds=(writing,))
    os.close(writing)
    assert os.read(reading, 6) == b"there\n"
    entering.send_signal(signal.SIGKILL)
    entering.wait()
    assert os.read(reading, 1) == b"", "the command must be gone, and with it the last writer"
    os.close(reading)


def test_a_root_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    done = run_in(tmp_path, "true")
    assert done.returncode == 4
    assert done.stderr.startswith("sextant: cannot enter ") and done.stderr.count("\n") == 1
