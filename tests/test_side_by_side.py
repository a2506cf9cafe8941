"""The locks by which tests share the machine."""

from __future__ import annotations

import fcntl
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.patience import becomes
from tests.side_by_side import Machine


def is_taken(path: Path) -> bool:
    """Whether somebody else keeps a newcomer from the lock."""
    probe = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(probe)
    return False


def test_many_share_and_who_wants_to_be_alone_is_next(tmp_path: Path) -> None:
    machines = [Machine(tmp_path) for _ in range(4)]
    log: list[str] = []

    def alone() -> None:
        with machines[2].share(), machines[2].alone():
            log.append("alone")
            assert is_taken(tmp_path / "machine")

    def late() -> None:
        with machines[3].share():
            log.append("late")

    with ThreadPoolExecutor() as pool:
        with machines[0].share(), machines[1].share():
            waiting = pool.submit(alone)
            assert becomes(lambda: is_taken(tmp_path / "door"), 5)
            latecomer = pool.submit(late)
            log.append("shared")
        waiting.result()
        latecomer.result()
    assert log == ["shared", "alone", "late"]
    assert not is_taken(tmp_path / "door") and not is_taken(tmp_path / "machine")
    for machine in machines:
        machine.close()


def test_after_being_alone_one_shares_again(tmp_path: Path) -> None:
    one, other = Machine(tmp_path), Machine(tmp_path)
    with one.share():
        with one.alone():
            pass
        with other.share():
            assert not is_taken(tmp_path / "machine")
    one.close()
    other.close()
