"""How late programs get a processor, read from a made-up /proc."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.playing.host.run_delay import RunDelays
from fixtures.recording.model import Stall


class Proc:
    """Processes with the figures that a test gives them."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def set(self, pid: int, delay: float, times: int) -> int:
        """Seconds of waiting and number of runs so far; returns the namespace's inode."""
        (self.path / str(pid) / "ns").mkdir(parents=True, exist_ok=True)
        (self.path / str(pid) / "ns" / "net").touch()
        (self.path / str(pid) / "schedstat").write_text(f"123456 {round(delay * 1e9)} {times}\n")
        return (self.path / str(pid) / "ns" / "net").stat().st_ino


@pytest.fixture
def reports() -> list[tuple[int, float]]:
    return []


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


@pytest.fixture
def delays(proc: Proc, reports: list[tuple[int, float]], monkeypatch: pytest.MonkeyPatch) -> Iterator[RunDelays]:
    def tell(namespace: int, stall: Stall) -> None:
        reports.append((namespace, round(stall.late, 3)))

    monkeypatch.setattr("fixtures.playing.host.run_delay.PACE", 1000.0)
    watch = RunDelays(tell, proc.path)
    yield watch
    watch.close()


def test_who_waited_once_is_late_by_that(proc: Proc, delays: RunDelays, reports: list[tuple[int, float]]) -> None:
    namespace = proc.set(7, 1.0, 10)
    delays.look()
    assert reports == [], "what it waited before is over"
    proc.set(7, 1.4, 11)
    delays.look()
    assert reports == [(namespace, 0.4)]


def test_a_busy_program_that_waits_often_is_not_late(proc: Proc, delays: RunDelays,
                                                     reports: list[tuple[int, float]]) -> None:
    for delay, times in ((0.0, 1), (0.4, 41)):
        proc.set(7, delay, times)
        delays.look()
    assert reports == []


def test_a_number_that_another_process_has_now(proc: Proc, delays: RunDelays, reports: list[tuple[int, float]]) -> None:
    for delay, times in ((0.0, 50), (3.0, 9)):
        proc.set(7, delay, times)
        delays.look()
    assert reports == []


def test_a_kernel_that_does_not_tell(proc: Proc, delays: RunDelays, reports: list[tuple[int, float]]) -> None:
    proc.set(7, 0.0, 1)
    (proc.path / "7" / "schedstat").unlink()
    (proc.path / "self").mkdir()
    delays.look()
    assert reports == []


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel has no /proc/PID/schedstat")
def test_the_kernel_counts_as_is_read_here() -> None:
    """A process of this machine is found, with a namespace and figures that only grow."""
    seen = RunDelays(lambda namespace, stall: None)
    sleeper = subprocess.Popen(["sleep", "100"])
    try:
        seen.look()
        assert seen._known[sleeper.pid].namespace == os.stat("/proc/self/ns/net").st_ino
        assert seen._known[sleeper.pid].last.times >= 0
    finally:
        sleeper.send_signal(signal.SIGKILL)
        sleeper.wait()
        seen.close()
    assert not any(thread.name == "run-delays" for thread in threading.enumerate())
