"""Deadlines are extended by the time for which the host stalled, and by nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from fixtures.deadlines import SAYS, Deadline, StallClock
from fixtures.playing.governor import StallWatch
from fixtures.recording.feed import Feed
from fixtures.recording.model import Mark, Stall


class Time:
    """A clock that moves when it is told to."""

    now = 100.0


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Time]:
    time = Time()
    monkeypatch.setattr("fixtures.deadlines.time.monotonic", lambda: time.now)
    yield time


def test_what_the_machine_stood_still_for_is_given_on_top(moment: Time) -> None:
    clock = StallClock()
    deadline = Deadline(5.0, clock)
    moment.now += 4.0
    assert deadline.seconds_left() == pytest.approx(1.0)
    clock.note(3.0)
    assert deadline.seconds_left() == pytest.approx(4.0)
    moment.now += 4.0
    assert deadline.over()
    assert str(deadline) == "5 s, not counting the 3.0 s for which the host stalled"
    assert str(Deadline(0.5, clock)) == "0.5 s"


def test_who_are_late_at_the_same_time_count_once(moment: Time) -> None:
    clock = StallClock()
    for late, total in ((2.0, 2.0), (1.9, 2.0)):
        clock.note(late)
        assert clock.total == pytest.approx(total)
    moment.now += 1.0
    clock.note(2.5)
    assert clock.total == pytest.approx(3.0)
    moment.now += 1.0
    clock.note(0.05)
    assert clock.total == pytest.approx(3.0), "little ones do not add up"


def test_who_overslept_hears_first_for_how_long_the_machine_stood_still(moment: Time) -> None:
    clock = StallClock()
    deadline = Deadline(5.0, clock)
    moment.now += 8.0
    assert deadline.seconds_left() == pytest.approx(SAYS)
    clock.note(4.0)
    assert deadline.seconds_left() == pytest.approx(1.0)
    moment.now += 3.0
    assert deadline.over(), "it asks once"


def test_a_play_waits_on_when_the_machine_stood_still(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StallClock()
    monkeypatch.setattr("fixtures.recording.feed.Deadline", lambda within: Deadline(within, clock))
    monkeypatch.setattr("fixtures.playing.governor.stall_clock", clock)
    feed, found = Feed(time.time_ns()), list[Any]()
    waiting = threading.Thread(target=lambda: found.append(feed.wait(lambda item: isinstance(item, Mark), within=0.3)))
    waiting.start()
    time.sleep(0.1)
    StallWatch().add([Stall(0, 30.0)])
    waiting.join(0.6)
    assert waiting.is_alive()
    feed.add([Mark(1, "came", {})])
    waiting.join()
    assert [mark.name for mark in found] == ["came"]


def test_a_silence_lasts_as_long_as_the_machine_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StallClock()
    monkeypatch.setattr("fixtures.recording.feed.Deadline", lambda within: Deadline(within, clock))
    feed, over = Feed(time.time_ns()), threading.Event()
    listening = threading.Thread(target=lambda: (feed.listen(0.2), over.set()))
    listening.start()
    clock.note(0.5)
    assert not over.wait(0.5)
    assert over.wait(20.0)
    listening.join()
