"""The metronome: a process that does not get on is known to be late."""

from __future__ import annotations

import threading
import time

from fixtures.peers.reactor import reactor
from fixtures.playing.host.metronome import LATE, Metronome
from fixtures.recording.model import Stall

#: Seconds for which a peer keeps its thread.
SLOW = 0.5


def test_who_holds_the_interpreter_makes_it_late() -> None:
    late: list[Stall] = []
    told = threading.Event()

    def tell(stall: Stall) -> None:
        late.append(stall)
        told.set()

    metronome = Metronome(tell)
    try:
        end = time.monotonic() + 20
        while not told.is_set() and time.monotonic() < end:
            sum(range(20_000_000))  # one bytecode that lets nobody else in
        assert told.is_set() and all(stall.late > LATE for stall in late)
    finally:
        metronome.close()


def test_a_slow_peer_makes_the_others_late() -> None:
    late: list[Stall] = []
    told = threading.Event()

    def tell(stall: Stall) -> None:
        late.append(stall)
        if stall.late > SLOW / 2:
            told.set()

    metronome = Metronome(tell)
    try:
        reactor().after(0.0, lambda: time.sleep(SLOW))  # in the peers' thread, and without the interpreter
        assert told.wait(20)
    finally:
        metronome.close()
