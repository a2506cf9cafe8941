"""The governor: as many plays as there are places, none on a machine that stands still, and none for ever."""

from __future__ import annotations

import threading
import time

import pytest

from fixtures.playing import governor
from fixtures.playing.governor import CALM, LONGEST_STEP, Governor, Plug, Sockets, StallWatch
from fixtures.playing.window import STEP, Window
from fixtures.recording.model import Mark, Stall


def test_places(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = Governor(lambda seconds: 0.0, Window(2))
    begun.admit()
    begun.admit()
    third = threading.Thread(target=begun.admit, daemon=True)
    third.start()
    third.join(0.2)
    assert third.is_alive()
    begun.leave()
    third.join(10)
    assert not third.is_alive()


def test_a_crowded_neighbor_table_is_waited_for() -> None:
    looks = iter([True, True, False])
    begun = Governor(lambda seconds: 0.0, Window(9), crowded=lambda: next(looks))
    begun.admit()
    begun.admit()
    assert list(looks) == []


def test_who_is_alone_may_begin() -> None:
    Governor(lambda seconds: 0.0, Window(9), crowded=lambda: True).admit()


def test_a_stalled_machine_is_waited_for() -> None:
    stalls = iter([CALM * 2, CALM * 2, 0.0])
    begun = Governor(lambda seconds: next(stalls) if seconds < 1 else 0.0, Window(1))
    begun.admit()
    assert list(stalls) == []


@pytest.mark.parametrize(("stall", "step"), [(0.0, STEP), (0.5, 1.0), (60.0, LONGEST_STEP)])
def test_the_worse_it_stalls_the_slower_plays_begin(stall: float, step: float, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    waited: list[float] = []
    monkeypatch.setattr(threading.Event, "wait", lambda self, seconds: waited.append(seconds))
    begun = Governor(lambda seconds: stall if seconds >= 1 else 0.0, Window(2))
    begun.admit()
    begun.admit()
    assert waited == [0.0, pytest.approx(step)]


def test_a_machine_that_never_calms_down_gets_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(governor, "PATIENCE", 0.1)
    Governor(lambda seconds: 10.0, Window(1)).admit()


def test_the_window_grows_while_plays_wait_and_the_machine_is_calm() -> None:
    window = Window(9)
    begun = Governor(lambda seconds: 0.0, window)
    for _ in range(6):
        begun.admit()
    assert window.limit == 6


def test_a_stall_makes_fewer_plays_begin() -> None:
    window = Window(4)
    begun = Governor(lambda seconds: 0.0, window)
    for _ in range(4):
        begun.admit()
    begun.note_stall(0.5)
    assert window.limit == 2


def test_nothing_begins_when_the_time_is_over() -> None:
    begun = Governor(lambda seconds: 0.0, Window(1), until=time.monotonic() + 0.2)
    assert begun.admit()
    assert not begun.admit(), "there is no room, and then no time"


def test_the_worst_stall_of_the_last_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watch = StallWatch()
    assert watch.recent(1.0) == 0.0
    watch.add([Stall(0, 0.5), Mark(0, "other")])
    clock[0] = 101.0
    watch.add([Stall(0, 0.2)])
    assert (watch.recent(0.5), watch.recent(2.0)) == (0.2, 0.5)


def test_machines_take_turns() -> None:
    sockets = Sockets(1.5)
    assert sockets.admit([1.0, 1.0]) == 0
    assert sockets.admit([1.0, 0.5]) == 1, "what fits overtakes what does not"
    turns: list[int] = []
    last = threading.Thread(target=lambda: turns.append(sockets.admit([1.0])), daemon=True)
    last.start()
    last.join(0.2)
    assert last.is_alive()
    sockets.leave(1.0)
    last.join(10)
    assert turns == [0]


def test_a_machine_that_has_booted_makes_room() -> None:
    sockets = Sockets(1.0)
    plug = Plug(sockets, 1.0) if sockets.admit([1.0]) == 0 else None
    assert plug is not None
    plug.ready("machine", 0.75)
    plug.ready("machine", 0.75)
    assert sockets.admit([1.0, 0.75]) == 1
    plug.pull()
    sockets.leave(0.75)
    assert sockets.admit([1.0]) == 0, "all is free again"


def test_one_machine_always_runs() -> None:
    assert Sockets(0.5).admit([1.0]) == 0
