"""The player as a whole: what breaks is one play's error; what ends the run ends it at once and leaves nothing."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.peers.base import Peer, PeerFailed
from fixtures.playing.concurrent_plays import ConcurrentPlays
from fixtures.playing.demolition import await_demolitions
from fixtures.playing.player import Progress, batches, play_all
from fixtures.playing.request import PlayRequest
from fixtures.playing.window import Window
from fixtures.recording.model import Recording
from fixtures.recording.storage import SavedError, load
from linux import system
from tests.playing.tiny import Tiny, play_once, tiny
from topologies.stage.topology import Topology


def wait_for_ever(live: Any) -> None:
    live.until(lambda seen: False, within=1000.0)


def three(happens: Any) -> list[PlayRequest]:
    """A play in which something happens, and two that wait for what never comes, one of them deaf."""
    return [PlayRequest(tiny(happens, "it"), {"guest": "linux"}),
            PlayRequest(tiny(wait_for_ever, "waits"), {"guest": "linux"}),
            PlayRequest(tiny(lambda live: live.listen(1000.0), "listens"), {"guest": "linux"})]


@pytest.fixture
def plays(monkeypatch: pytest.MonkeyPatch) -> list[ConcurrentPlays]:
    """The companies that the test makes."""
    made: list[ConcurrentPlays] = []
    original = ConcurrentPlays.__init__

    def remember(self: ConcurrentPlays, *arguments: Any) -> None:
        made.append(self)
        original(self, *arguments)

    monkeypatch.setattr(ConcurrentPlays, "__init__", remember)
    return made


@pytest.mark.parametrize(("files", "rounds"), [(65536, [3]), (128 + 2 * 9, [1, 2]), (10, [1, 1, 1])])
def test_as_many_stages_stand_as_files_may_be_open(
    monkeypatch: pytest.MonkeyPatch, files: int, rounds: list[int]
) -> None:
    """Each of these stages has three nodes, and each node costs three files."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert [len(some) for some in batches(three(wait_for_ever))] == rounds


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    before = {thread.name for thread in threading.enumerate()}, set(Path("/tmp").glob("sextant-*"))
    yield
    await_demolitions()
    assert {thread.name for thread in threading.enumerate()} - {"peers"} <= before[0]
    assert set(Path("/tmp").glob("sextant-*")) <= before[1]
    own = os.stat("/proc/self/ns/net").st_ino
    namespaces = {os.stat(f"/proc/{pid}/ns/net").st_ino for pid in processes_in_sandbox()}
    assert namespaces <= {own}, "something runs in a play's namespace"
    assert not list(tmp_path.rglob(".*")), "something half-written is left"


def processes_in_sandbox() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and os.path.exists(f"/proc/{entry}/ns/net")]


def errors(saved: dict[str, Path]) -> dict[str, str | None]:
    loaded = [load(path) for path in saved.values()]
    return {str(each.play.options["title"]): each.error for each in loaded}


def test_every_request_is_played_once(tmp_path: Path) -> None:
    told: list[Progress] = []
    requests = [PlayRequest(Tiny(title), {"guest": "linux"}) for title in ("one", "two", "one")]
    saved = play_all(requests, tmp_path / "out", progress=told.append)
    assert sorted(saved) == sorted({request.id for request in requests})
    assert errors(saved) == {"one": None, "two": None}
    assert (told[-1].done, told[-1].total, told[-1].running) == (2, 2, ())
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(saved)


def test_a_limit_keeps_plays_apart(tmp_path: Path) -> None:
    told: list[Progress] = []
    play_all([PlayRequest(Tiny(str(number)), {"guest": "linux"}) for number in range(4)], tmp_path,
             progress=told.append, window=Window(1))
    assert max(len(each.running) for each in told) == 1


def test_what_has_not_begun_in_time_is_left_out(tmp_path: Path) -> None:
    saved = play_all([PlayRequest(Tiny("late"), {"guest": "linux"})], tmp_path, until=time.monotonic())
    (recording,) = map(load, saved.values())
    assert recording.left_out and not recording.frames and recording.error is None


def test_a_bug_in_a_scenario_is_an_error_of_its_play_alone(tmp_path: Path) -> None:
    def buggy(live: Any) -> None:
        raise ZeroDivisionError("no reason")

    saved = play_all([PlayRequest(tiny(buggy, "buggy"), {"guest": "linux"}),
                      PlayRequest(Tiny("sound"), {"guest": "linux"})], tmp_path)
    found = errors(saved)
    assert found["sound"] is None
    assert str(found["buggy"]).startswith("ZeroDivisionError: no reason (tests/playing/test_player.py:")
    (broken,) = (each for each in map(load, saved.values()) if each.error)
    assert broken.trace[-1].text == 'raise ZeroDivisionError("no reason")'
    assert broken.trace[-1].file == "tests/playing/test_player.py"
    assert not [line for line in broken.trace if "performing.py" in line.file]


def test_a_scenario_that_asks_for_what_is_not_there(tmp_path: Path) -> None:
    assert play_once(lambda live: live.start("router"), tmp_path).error == (
        "the scenario asks for the role router, which its `roles` do not name")


def test_a_stage_that_cannot_be_built(tmp_path: Path) -> None:
    class Unbuildable(Topology):
        def build(self) -> None:
            self.plug("nobody", "eth0", "nowhere")

    class Nowhere(Tiny):
        topology = Unbuildable

    saved = play_all([PlayRequest(Nowhere("bad"), {"guest": "linux"}), PlayRequest(Tiny("good"), {"guest": "linux"})],
                     tmp_path)
    found = errors(saved)
    assert found["good"] is None
    assert str(found["bad"]).startswith("no stage: ")


def test_a_peer_that_fails(tmp_path: Path) -> None:
    class Clumsy(Peer):
        def on_start(self) -> None:
            self.after(0.0, self.stumble)

        def stumble(self) -> None:
            raise ValueError("stumbled")

    def happens(live: Any) -> None:
        live.peer("peer", Clumsy())
        live.listen(0.2)

    recording = play_once(happens, tmp_path)
    assert recording.error == "the Clumsy failed: ValueError: stumbled"
    assert recording.trace[-1].text == 'raise ValueError("stumbled")'
    assert recording.marked(PeerFailed)


def test_the_recorder_dies(tmp_path: Path, plays: list[ConcurrentPlays]) -> None:
    def kill(live: Any) -> None:
        live.at("guest").up()
        os.kill(plays[0]._camera.pid, signal.SIGKILL)
        wait_for_ever(live)

    saved = play_all(three(kill), tmp_path)
    assert errors(saved) == dict.fromkeys(("it", "waits", "listens"), "the recording broke off: the recorder ended")


def test_an_interrupt_ends_all_plays(tmp_path: Path) -> None:
    def interrupt(live: Any) -> None:
        live.at("guest").begin(["sleep", "1000"], name="sleeper")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        live.at("guest").run(["sleep", "1000"], name="another", within=1000.0)

    with pytest.raises(KeyboardInterrupt):
        play_all(three(interrupt), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == [], "a play that was given up leaves no recording"


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    system.mount("tmpfs", str(disk), "tmpfs", 0, "size=64k")

    def talk(live: Any) -> None:
        live.at("guest").run(["sh", "-c", "yes | head -c 200000"], name="talker")

    with pytest.raises(SavedError) as error:
        play_all(three(talk), disk / "out")
    assert str(error.value).endswith(": the disk is full")
    assert list((disk / "out").iterdir()) == []


def assert_complete(recording: Recording) -> None:
    assert {(count.node, count.interface) for count in recording.counts} == {
        (node, interface) for node in ("guest", "peer") for interface in ("eth0", "eth1")}
    for count in recording.counts:
        assert (count.received, count.sent, count.dropped) == (count.recorded_in, count.recorded_out, 0)
        assert count.received and count.sent
        seen = list(recording.at(count.node, count.interface))
        assert len(seen) == count.recorded_in + count.recorded_out


class Chatter(Peer):
    """Sends a frame that nobody understands every few milliseconds, until its end."""

    frames = 0

    def on_start(self) -> None:
        self.send(b"\xff" * 6 + bytes.fromhex(self.mac.replace(":", "")) + b"\x88\xb5" + bytes(50))
        self.frames += 1
        self.after(0.005, self.on_start)


def test_every_frame_of_a_busy_link_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traffic goes on until the end of the play and beyond, and a node loses its power in the middle of it."""
    monkeypatch.setattr("fixtures.playing.cameras.MOST", 1_000_000)
    chatter = Chatter()

    def happens(live: Any) -> None:
        live.at("guest").up()
        live.peer("peer", chatter)
        live.listen(0.4)
        live.at("guest").power_off()
        live.at("guest").power_on()
        live.at("guest").up()
        live.listen(0.4)

    recording = play_once(happens, tmp_path)
    assert recording.error is None
    assert_complete(recording)
    assert chatter.frames > 100
    assert not list(recording.happened("guest", "link", "del")), "a node without power sees nothing"
