"""Whatever is killed, and whenever: the kernel takes the rest, and the machine looks as before."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sandbox.trial import LIMIT, PROJECT, Trial

_WORKERS = 2
_BUSY = """
    import os, subprocess, pathlib, pytest, shutil, signal

    @pytest.mark.parametrize("number", range(2))
    def test_it(number):
        subprocess.run(["ip", "link", "add", "left0", "type", "veth", "peer", "right0"], check=True)
        subprocess.run(["ip", "netns", "add", "left"], check=True)
        pathlib.Path("/run/left.pid").write_text("1")
        pathlib.Path("/tmp/left").mkdir()
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
        subprocess.Popen(["sh", "-c", "(sleep 1000; true) & (sleep 1000; true) & wait"], start_new_session=True)
        if shutil.which("dnsmasq"):
            subprocess.run(["dnsmasq", "--port=0", "--conf-file=/dev/null"], check=True)
        with open("up", "w") as up:
            up.write("up")
        signal.pause()
"""
_VICTIMS = ("outer", "enter", "init", "inner", "worker-enter", "worker-init", "worker")


@pytest.mark.parametrize("victim", _VICTIMS)
def test_kill_when_all_is_up(trial: Trial, victim: str) -> None:
    with _unchanged_machine(trial):
        outer, up = _start(trial)
        _wait_until_up(up)
        _kill(_find(trial, outer, victim))
        _end(trial, outer, victim)


@pytest.mark.slow
@pytest.mark.parametrize("victim", _VICTIMS)
def test_twenty_kills_at_random_moments(trial: Trial, victim: str) -> None:
    for attempt in range(20):
        directory = trial.directory / str(attempt)
        directory.mkdir()
        again = Trial(directory, trial.user)
        with _unchanged_machine(again):
            outer, up = _start(again)
            time.sleep(random.uniform(0.02, 2.0))  # the moment, not a wait for a result
            os.close(up)
            struck, pid = victim, _find(again, outer, victim)
            if pid is None:  # not there yet: then the moment strikes the outermost
                struck, pid = "outer", outer.pid
            _kill(pid)
            _end(again, outer, struck)


def _start(trial: Trial) -> tuple[subprocess.Popen[str], int]:
    trial.write("test_it.py", _BUSY)
    os.mkfifo(trial.directory / "up")
    up = os.open(trial.directory / "up", os.O_RDWR)
    return trial.start(trial.pytest("-n", str(_WORKERS))), up


def _wait_until_up(up: int) -> None:
    said = b""
    while len(said) < 2 * _WORKERS:
        readable, _, _ = select.select([up], [], [], LIMIT)
        assert readable, "the trial did not come up"
        said += os.read(up, 64)
    os.close(up)


def _find(trial: Trial, outer: subprocess.Popen[str], victim: str) -> int | None:
    """The victim's pid: outer > enter > init > inner > worker-enter > worker-init > worker."""
    pid: int | None = outer.pid
    for _ in range(_VICTIMS.index(victim)):
        children = [child for child in trial.processes() if _parent(child) == pid]
        pid = min(children, default=None)
    return pid


def _parent(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(stat.rpartition(")")[2].split()[1])


def _kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def _end(trial: Trial, outer: subprocess.Popen[str], victim: str) -> None:
    """After a worker's death the run goes on with another one, so it is ended; otherwise it has to end by itself."""
    if victim.startswith("worker"):
        outer.terminate()
    status = outer.wait(LIMIT)
    assert status != 0
    trial.wait_until_gone()


@contextmanager
def _unchanged_machine(trial: Trial) -> Iterator[None]:
    before = _machine(trial)
    yield
    assert _machine(trial) == before


def _machine(trial: Trial) -> dict[str, object]:
    """What a careless run leaves behind."""
    links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout
    # Where pytest keeps the directories of all tests, also of other workers; and the project, should it be in /tmp.
    own = (str(trial.directory.parents[1]), str(PROJECT))
    files = {
        os.path.join(folder, name)
        for top in ("/run", "/tmp", "/var/tmp", "/dev/shm")
        for folder, children, names in os.walk(top)
        for name in (*children, *names)
        if not folder.startswith(own)
    }
    return {"mounts": Path("/proc/self/mounts").read_text(), "links": links, "files": files}
