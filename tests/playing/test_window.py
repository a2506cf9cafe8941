"""The window: how many plays are in flight follows a host on an artificial clock."""

from __future__ import annotations

import os

import pytest

from fixtures.playing.window import FIRST, PER_CORE, PRESSED, REGROWTH, SAME, STEP, TOO_LATE, Window


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


class Host:
    """Plays as many as the window allows; late from `bears` plays in flight on, each lasting `length` seconds."""

    def __init__(self, bears: int, ceiling: int = 64, length: float = 10.0) -> None:
        self.clock = Clock()
        self.window = Window(ceiling, self.clock)
        self.bears, self.length = bears, length
        self.ends: list[float] = []
        self.late = 0
        self.seen: list[int] = []

    def run(self, seconds: float, late: float = 0.5) -> None:
        until = self.clock.time + seconds
        while self.clock.time < until:
            self.clock.time += STEP
            self.ends = [end for end in self.ends if end > self.clock.time]
            if len(self.ends) > self.bears:
                self.window.note_stall(late, len(self.ends))
                self.late += 1
            else:
                self.window.calm(len(self.ends))
            if len(self.ends) < self.window.limit:
                self.ends.append(self.clock.time + self.length)
            self.seen.append(len(self.ends))


def grown(window: Window, clock: Clock, seconds: float, pressed: bool = False) -> int:
    for _ in range(round(seconds / STEP)):
        clock.time += STEP
        window.calm(window.limit, pressed)
    return window.limit


def test_a_calm_host_gets_as_many_as_it_may_at_once() -> None:
    host = Host(bears=1000)
    host.run(64 * STEP + 1)
    assert max(host.seen) == host.window.limit == 64, "never more than the ceiling"


def test_it_begins_with_few() -> None:
    assert Window(64).limit == FIRST and Window(2).limit == 2


def test_the_ceiling_follows_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2})
    assert Window().ceiling == 3 * PER_CORE


def test_it_halves_on_a_stall_once_and_keeps_one() -> None:
    window, limits = Window(64, clock := Clock()), []
    window.limit = 40
    for late in (0.5, 0.5, 0.5):
        window.note_stall(late, window.limit)
        limits.append(window.limit)
    assert limits == [20, 20, 20], "all three tell of the same stall"
    for _ in range(9):
        clock.time += SAME
        window.note_stall(0.5, window.limit)
    assert window.limit == 1


def test_what_is_in_flight_is_halved_not_what_would_be_allowed() -> None:
    window = Window(64, Clock())
    window.limit = 40
    window.note_stall(0.5, 6)
    assert window.limit == 3


def test_a_halving_has_to_have_its_effect_first() -> None:
    window, clock = Window(64, clock := Clock()), clock
    window.limit = 40
    window.note_stall(0.5, 40)
    clock.time += 5
    window.note_stall(0.5, 30)
    assert window.limit == 20, "ten more are still in flight than are allowed"
    window.note_stall(0.5, 20)
    assert window.limit == 10


def test_a_short_stall_is_none() -> None:
    window = Window(64, Clock())
    window.note_stall(TOO_LATE / 2, FIRST)
    assert window.limit == FIRST


def test_it_does_not_grow_where_fewer_are_in_flight_than_allowed() -> None:
    window = Window(64, clock := Clock())
    clock.time += 10
    window.calm(FIRST - 1)
    assert window.limit == FIRST


def test_after_a_stall_it_grows_slowly() -> None:
    window = Window(64, clock := Clock())
    window.limit = 64
    window.note_stall(0.5, 64)
    assert grown(window, clock, REGROWTH / 2) == pytest.approx(48, abs=2)
    assert grown(window, clock, REGROWTH) == 64


def test_short_processors_slow_it_before_anybody_is_late() -> None:
    window = Window(64, clock := Clock())
    assert grown(window, clock, 2.0, pressed=True) <= FIRST + 2.0 / PRESSED + 1
    assert grown(window, clock, 60 * STEP) == 64


def test_it_finds_what_a_host_bears() -> None:
    """The longer it plays the rarer are stalls, and most of what the host bears is in flight."""
    host = Host(bears=20)
    host.run(120)
    settled = host.seen[len(host.seen) // 2:]
    assert sum(settled) / len(settled) > 0.6 * 20
    assert max(settled) <= 22


def test_a_host_that_bears_none_gets_on_with_one() -> None:
    host = Host(bears=0)
    host.run(100)
    assert host.window.limit == 1 and host.seen[-1] == 1
