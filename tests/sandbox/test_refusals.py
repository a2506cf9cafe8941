"""Where no sandbox can be made: one sentence that says what to change, status 4, and nothing has happened."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from fixtures.sandbox.refusal import explain_refusal
from tests.sandbox.trial import ORDINARY_USER, Trial

_RESTRICTED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("restricted.py")))


@pytest.mark.parametrize(
    ("how", "change"),
    [
        ("no-more", "`sudo sysctl -w user.max_user_namespaces=10000`"),
        ("seccomp", "leave the seccomp filter"),
        ("masked-proc", "uncover /proc and /sys"),
    ],
)
def test_kernel_refuses(tmp_path: Path, how: str, change: str) -> None:
    trial = Trial(tmp_path, user=(*_RESTRICTED, how))
    trial.write("test_it.py", "import pathlib\ndef test_it(): pathlib.Path('happened').touch()")
    done = trial.run(trial.pytest())
    assert done.returncode == 4, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("sextant: no permission to make a sandbox (")
    assert done.stderr.count("\n") == 1
    assert change in done.stderr
    assert not (tmp_path / "happened").exists()


def test_too_few_open_files(tmp_path: Path) -> None:
    trial = Trial(tmp_path, user=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh"))
    trial.write("test_it.py", "import pathlib\ndef test_it(): pathlib.Path('happened').touch()")
    done = trial.run(trial.pytest())
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("sextant: only 64 files may be open at once (`ulimit -Hn`)")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "happened").exists()


def test_sudo_line_is_the_command(tmp_path: Path) -> None:
    trial = Trial(tmp_path, user=(*_RESTRICTED, "no-more"))
    assert "-m pytest -k 'a or b'`." in trial.run(trial.pytest("-k", "a or b")).stderr


@pytest.mark.parametrize(
    ("name", "value", "change"),
    [
        ("unprivileged_userns_clone", "0", "`sudo sysctl -w kernel.unprivileged_userns_clone=1`"),
        (
            "apparmor_restrict_unprivileged_userns",
            "1",
            "`sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`",
        ),
    ],
)
def test_sysctls_of_other_kernels(tmp_path: Path, name: str, value: str, change: str) -> None:
    folder = tmp_path / "proc/sys/kernel"
    folder.mkdir(parents=True)
    (folder / name).write_text(f"{value}\n")
    sentence = str(explain_refusal(_denial(), ["pytest"], root=False, machine=str(tmp_path)))
    assert change in sentence
    assert "`sudo pytest`" in sentence


def test_nothing_known_forbids_it(tmp_path: Path) -> None:
    sentence = str(explain_refusal(_denial(), ["pytest"], root=True, machine=str(tmp_path)))
    assert "--security-opt seccomp=unconfined" in sentence
    assert "sudo" not in sentence


def test_kernel_without_namespaces(tmp_path: Path) -> None:
    error = OSError(errno.EINVAL, os.strerror(errno.EINVAL), "unshare")
    assert "CONFIG_USER_NS" in str(explain_refusal(error, ["pytest"], root=False, machine=str(tmp_path)))


@pytest.mark.skipif(os.geteuid() != 0, reason="about root in a container")
def test_root_without_the_right_to_administer_is_an_ordinary_user(tmp_path: Path) -> None:
    trial = Trial(tmp_path, user=("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"))
    trial.write("test_it.py", "def test_it(): pass")
    assert trial.run(trial.pytest()).returncode == 0


def test_ordinary_user_is_one(tmp_path: Path) -> None:
    """The tests' stand-in for an ordinary user may not do what is root's."""
    trial = Trial(tmp_path, user=ORDINARY_USER)
    script = "id -u; grep CapEff /proc/self/status; unshare --net true 2>/dev/null || echo refused"
    done = trial.run([*ORDINARY_USER, "sh", "-c", script])
    assert done.stdout.split() == ["1000", "CapEff:", "0000000000000000", "refused"]


def _denial() -> OSError:
    return OSError(errno.EPERM, os.strerror(errno.EPERM), "unshare")
