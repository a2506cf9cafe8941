"""Who waits for a calm machine waits as long as it is not, and no longer than said."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.playing.host.calm import BEAT, CALM, LATE, PATIENCE, await_calm


class Machine:
    """A clock, and a machine that oversleeps by `late(time)` seconds."""

    def __init__(self, late: Callable[[float], float]) -> None:
        self.time, self._late = 100.0, late

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds + self._late(self.time - 100.0)


@pytest.mark.parametrize(("late", "calm", "least"), [
    (lambda time: 0.0, True, CALM),
    (lambda time: LATE * 0.9, True, CALM),
    (lambda time: 2.1 if time < 3 else 0.0, True, 2 * 2.1 + CALM),
    (lambda time: LATE * 1.2, False, PATIENCE),
    (lambda time: 2 * PATIENCE, False, 2 * PATIENCE),
], ids=["calm", "a little late", "stalls twice", "always late", "stands still"])
def test_waits(late: Callable[[float], float], calm: bool, least: float) -> None:
    machine = Machine(late)
    assert await_calm(machine.now, machine.sleep) is calm
    assert least <= machine.time - 100.0 <= least + 3 * BEAT + LATE * 2

