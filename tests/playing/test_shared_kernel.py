"""What the plays' namespaces share with everybody on the machine: the neighbor tables and the kernel's lock."""

from __future__ import annotations

import os
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.playing import concurrent_plays
from fixtures.playing.host.neighbor_table import NeighborWatch, Table, tables
from fixtures.recording import recorder
from fixtures.recording.disturbances import NeighborTableFull, crowding_words, refusal_words
from fixtures.recording.model import Mark
from tests.playing.tiny import play_once
from topologies.stage import addressing as plan

NDISC = Table("ndisc_cache", entries=100, soft=512, hard=1024, forced=7, fulls=1)


def test_the_tables_can_be_read_in_any_namespace(tmp_path: Path) -> None:
    def look(live: Any) -> None:
        live.at("guest").up()
        node = live.stage.get("guest")
        before = {table.name: table for table in node.inside(tables)}
        live.at("guest").ip("-6", "neigh", "add", str(plan.LAN_ROUTER), "lladdr", "02:00:00:00:00:01", "dev", "eth0")
        found.extend([before, {table.name: table for table in node.inside(tables)}])

    found: list[dict[str, Table]] = []
    assert play_once(look, tmp_path).error is None
    assert set(found[0]) >= {"ndisc_cache", "arp_cache"}
    for table in found[1].values():
        assert table.entries >= 0 and 0 < table.soft <= table.hard and table.forced >= 0 and table.fulls >= 0
    assert found[1]["ndisc_cache"].entries > 0


def test_only_what_happened_since_the_last_look_is_told() -> None:
    looks = iter([[NDISC], [replace(NDISC, entries=600)], [replace(NDISC, entries=600, forced=9)],
                  [replace(NDISC, entries=1024, forced=9, fulls=2)]])
    last = [NDISC]

    def look() -> list[Table]:
        last[:] = next(looks, last)
        return list(last)

    told: list[Mark] = []
    watch = NeighborWatch(told.append, look)
    watch.close()
    for _ in range(3):
        watch.compare()
    assert [mark.fields for mark in told] == [
        {"table": "ndisc_cache", "entries": 600, "early": 2, "refused": 0},
        {"table": "ndisc_cache", "entries": 1024, "early": 0, "refused": 1}]
    assert watch.peak == {"ndisc_cache": 1024}


@pytest.mark.parametrize(("early", "fulls", "said"), [
    (1, 0, "this host's ndisc_cache was too full (600 entries) and threw idle ones away"),
    (0, 2, "this host's ndisc_cache was too full (600 entries) and refused 2 of them"),
])
def test_a_play_knows_that_the_table_was_too_full(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, early: int, fulls: int, said: str) -> None:
    state = [replace(NDISC, entries=600)]
    told = threading.Event()

    def watch(overflowed: Any) -> NeighborWatch:
        def overflow(mark: Mark) -> None:
            overflowed(mark)
            told.set()

        return NeighborWatch(overflow, lambda: list(state))

    monkeypatch.setattr(concurrent_plays, "NeighborWatch", watch)

    def fill(live: Any) -> None:
        state[0] = replace(state[0], forced=state[0].forced + early, fulls=state[0].fulls + fulls)
        assert told.wait(10)

    recording = play_once(fill, tmp_path)
    (mark,) = recording.marked(NeighborTableFull)
    assert 0 < mark.ns <= recording.duration_ns
    assert said in (refusal_words(recording) if fulls else crowding_words(recording))
    assert bool(refusal_words(recording)) == bool(fulls)


class Deaf:
    """A netlink socket whose kernel answers when it is let."""

    def __init__(self) -> None:
        self.asked, self.answered = threading.Event(), threading.Event()
        self.kind = 0

    def setsockopt(self, *_: int) -> None:
        """Any option will do."""

    def send(self, message: bytes) -> int:
        (self.kind,) = struct.unpack_from("=H", message, 4)
        self.asked.set()
        return len(message)

    def recv(self, size: int) -> bytes:
        self.answered.wait()
        return struct.pack("=IHHIIi", 20, 2, 0, 1, 0, 0) + struct.pack("=IHHII", 16, self.kind, 0, 0, 0)


def test_a_canary_tells_how_long_the_kernel_let_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "CANARY_PACE", 0.0)
    told = threading.Event()
    stalls: list[tuple[int, int]] = []

    def tell(began: int, ended: int) -> None:
        stalls.append((began, ended))
        told.set()
        netlink.answered.clear()

    netlink = Deaf()
    canary = recorder.Canary(netlink, tell)  # type: ignore[arg-type]
    threading.Thread(target=canary.run, daemon=True).start()
    assert netlink.asked.wait(10)
    threading.Event().wait(0.05)
    assert canary.asked is not None
    netlink.answered.set()
    assert told.wait(10)
    began, ended = stalls[0]
    assert ended - began > recorder.STALL_NS


def test_a_canary_s_requests_are_granted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a threshold of nothing, each answer is told; here an address comes and goes in a namespace of its own."""
    monkeypatch.setattr(recorder, "CANARY_PACE", 0.0)
    monkeypatch.setattr(recorder, "STALL_NS", -1)
    heard = threading.Event()

    told: list[tuple[int, int]] = []

    def tell(began: int, ended: int) -> None:
        told.append((began, ended))
        if len(told) == 4:
            heard.set()
            raise SystemExit

    def happens(live: Any) -> None:
        own = live.stage.get("peer").room.netlink.fileno()
        canary = recorder.Canary(socket.socket(fileno=os.dup(own)), tell)

        def run() -> None:
            with suppress(SystemExit):
                canary.run()

        threading.Thread(target=run, daemon=True).start()
        assert heard.wait(10)

    recording = play_once(happens, tmp_path)
    assert (recording.error, len(told)) == (None, 4)
    assert [event.action for event in recording.happened("peer", "address", local="fd00::ca")] == ["new", "del"] * 2
