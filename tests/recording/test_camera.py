"""The camera: complete, on one clock, robust against floods, renames, power cycles and the recorder's death."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fixtures.recording.assembly import counts, numbered
from fixtures.recording.camera import Camera, CameraError
from fixtures.recording.eyes import BLOCKS, open_eyes
from fixtures.recording.feed import Feed, FeedBroken, Item
from fixtures.recording.model import Frame, KernelEvent, Recording, Stall
from fixtures.recording.snapshots import counters
from tests.recording.rooms import Room, link_local, pair

MakeRoom = Callable[[str], Room]
BURST = 20_000
FLOOD = bytes.fromhex("ffffffffffff020000000001 88b5") + b"sextant" * 7


def feed_of(camera: Camera, *rooms: Room, token: str = "play", blocks: int = BLOCKS) -> Feed:
    """A feed of a play that watches these rooms, with rings of so many blocks."""
    feed = Feed(time.time_ns())
    camera.begin(token, feed)
    for each in rooms:
        camera.watch(token, each.name, each.inside(partial(open_eyes, blocks)))
    return feed


def join_rooms(feed: Feed, *rooms: Room) -> None:
    """Join two watched rooms, and wait until both ends carry: until then the kernel drops what is sent, unseen."""
    pair(*rooms)
    for each in rooms:
        assert feed.wait(partial(carries, node=each.name), within=10), each.name


def carries(item: Item, node: str) -> bool:
    """Whether an item tells that the node's eth0 is in operation."""
    return (isinstance(item, KernelEvent) and (item.node, item.kind) == (node, "link")
            and (item.fields["ifname"], item.fields["operstate"]) == ("eth0", "UP"))


def tells_of(item: Item, name: str) -> bool:
    """Whether an item tells of the interface of that name."""
    return isinstance(item, KernelEvent) and item.fields.get("ifname") == name


def send(room: Room, frame: bytes, times: int = 1) -> None:
    """Send a frame from a room's eth0."""
    def send() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
            sock.bind(("eth0", 0))
            for _ in range(times):
                sock.send(frame)

    room.inside(send)


def test_what_the_interfaces_counted_is_what_was_recorded(boot: Recording) -> None:
    """A whole boot: every count of the kernel equals the frames recorded, at both ends."""
    assert {(count.node, count.interface) for count in boot.counts} == {("router", "eth0"), ("guest", "eth0")}
    for count in boot.counts:
        assert (count.received, count.sent, count.dropped) == (count.recorded_in, count.recorded_out, 0), count
        assert count.received > 0 and count.sent > 0


def test_frames_and_events_are_on_one_clock(boot: Recording) -> None:
    """A frame leaves before it arrives; the address is usable after its DAD probe; numbers and times ascend."""
    assert [frame.number for frame in boot.frames] == list(range(1, len(boot.frames) + 1))
    assert all(earlier.ns <= later.ns for earlier, later in zip(boot.frames, boot.frames[1:], strict=False))
    probe = next(frame for frame in boot.at("guest", outgoing=True) if frame.data[54:55] == b"\x87")
    arrived = next(frame for frame in boot.at("router", outgoing=False) if frame.data == probe.data)
    usable = next(event for event in boot.events if link_local(event, "guest"))
    assert probe.ns < arrived.ns < usable.ns and usable.after_ns < usable.ns
    assert boot.mac("guest", "eth0") == probe.data[6:12].hex(":")


def test_a_flood_is_recorded_whole_and_in_order(camera: Camera, room: MakeRoom) -> None:
    """20 000 frames as fast as one sender can, both ends recorded: 3 MiB in rings of 4, however busy the machine."""
    rooms = room("sender"), room("receiver")
    feed = feed_of(camera, *rooms, blocks=64)
    join_rooms(feed, *rooms)
    send(rooms[0], FLOOD, BURST)
    kernel = {each.name: each.inside(counters) for each in rooms}
    tallies = camera.close("play")
    assert all(tally.complete for tally in tallies), tallies
    frames = numbered(feed.of(Frame))
    flood = Counter((frame.node, frame.outgoing) for frame in frames if frame.data == FLOOD)
    assert flood[("sender", True)] == BURST
    received = next(count for count in counts(frames, tallies, kernel) if count.node == "receiver")
    assert flood[("receiver", False)] == BURST, received


def test_a_full_ring_is_counted(camera: Camera, room: MakeRoom) -> None:
    """With the recorder stopped, what finds no room in the ring is told as dropped, exactly."""
    rooms = room("sender"), room("receiver")
    feed = feed_of(camera, *rooms)
    join_rooms(feed, *rooms)
    os.kill(camera.pid, signal.SIGSTOP)
    try:
        send(rooms[0], FLOOD, BURST)
    finally:
        os.kill(camera.pid, signal.SIGCONT)
    for tally in camera.close("play"):
        recorded = len([frame for frame in feed.of(Frame) if frame.node == tally.node])
        assert not tally.complete and tally.dropped > 0
        assert recorded == tally.drained == tally.seen - tally.dropped
    assert feed.of(Stall), "a recorder that was stopped has stalled"


def test_a_vlan_tag_is_put_back(camera: Camera, room: MakeRoom) -> None:
    """The kernel strips the tag on receipt; the recording has the frame as it was on the wire."""
    rooms = room("sender"), room("receiver")
    feed = feed_of(camera, *rooms)
    join_rooms(feed, *rooms)
    tagged = FLOOD[:12] + b"\x81\x00\x20\x64" + FLOOD[12:]
    send(rooms[0], tagged)
    camera.close("play")
    assert {frame.node for frame in feed.of(Frame) if frame.data == tagged} == {"sender", "receiver"}


def test_interfaces_may_come_late_and_change_their_names(camera: Camera, room: MakeRoom) -> None:
    """Frames carry the name that the interface had when they passed."""
    rooms = room("one"), room("two")
    feed = feed_of(camera, *rooms)
    join_rooms(feed, *rooms)
    assert feed.wait(lambda item: link_local(item, "one"), within=10)
    rooms[1].ip("link", "set", "eth0", "down")
    rooms[1].ip("link", "set", "eth0", "name", "lan7")
    rooms[1].ip("link", "set", "lan7", "up")
    assert feed.wait(lambda item: isinstance(item, Frame) and item.interface == "lan7", within=10)
    camera.close("play")
    renamed = next(event for event in feed.of(KernelEvent) if event.fields.get("ifname") == "lan7")
    seen = [frame for frame in feed.of(Frame) if frame.node == "two"]
    assert {frame.interface for frame in seen if frame.ns < renamed.after_ns} == {"eth0"}
    assert {frame.interface for frame in seen if frame.ns > renamed.ns} == {"lan7"}


def test_the_loopback_device_is_not_recorded(camera: Camera, room: MakeRoom) -> None:
    """Neither its frames nor its name; its events are."""
    here = room("here")
    feed = feed_of(camera, here)
    here.call("ping", "-c", "1", "::1")
    (tally,) = camera.close("play")
    assert tally.complete and tally.seen > 0
    assert tally.interfaces == () and not feed.of(Frame)


def test_a_node_can_be_left_and_watched_again(camera: Camera, room: MakeRoom) -> None:
    """A power cycle: the namespace is let go, the new one is the same node, and the tallies add up."""
    before = room("guest")
    feed = feed_of(camera, before)
    before.ip("link", "add", "first", "type", "bridge")
    left = camera.leave("play", "guest")
    before.close()
    after = Room("guest")
    try:
        camera.watch("play", "guest", after.inside(open_eyes))
        after.ip("link", "add", "second", "type", "bridge")
        (tally,) = camera.close("play")
    finally:
        after.close()
    assert [end.name for end in left.interfaces] == ["first"]
    assert [end.name for end in tally.interfaces] == ["first", "second"]
    assert {event.fields["ifname"] for event in feed.of(KernelEvent) if event.kind == "link"} >= {"first", "second"}


def test_many_plays_at_once_keep_apart(camera: Camera, room: MakeRoom) -> None:
    """Two plays with a node of the same name: each sees its own, on its own clock."""
    rooms = room("guest"), room("guest")
    feeds = [feed_of(camera, each, token=f"play {number}") for number, each in enumerate(rooms)]
    for number, each in enumerate(rooms):
        each.ip("link", "add", f"only{number}", "type", "bridge")
    for number, feed in enumerate(feeds):
        assert feed.wait(partial(tells_of, name=f"only{number}"), within=5)
        camera.close(f"play {number}")
        names = {event.fields.get("ifname") for event in feed.of(KernelEvent) if event.kind == "link"}
        assert f"only{1 - number}" not in names


def test_waiting_ends_when_the_recorder_dies(room: MakeRoom) -> None:
    """Who waits learns it at once, and closing says it, too: nothing looks like silence."""
    camera = Camera()
    feed = feed_of(camera, room("here"))
    os.kill(camera.pid, signal.SIGKILL)
    with pytest.raises(FeedBroken):
        feed.wait(lambda item: False, within=30)
    with pytest.raises(CameraError):
        camera.close("play")
    camera.stop()


def test_a_recorder_that_closes_late_is_a_stall(room: MakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lives, and only did not get to it: whoever repeats disturbed plays must see why."""
    recorder = Camera()
    feed = feed_of(recorder, room("here"))
    os.kill(recorder.pid, signal.SIGSTOP)
    try:
        with monkeypatch.context() as short, pytest.raises(CameraError, match="did not close here within"):
            short.setattr("fixtures.recording.camera.PATIENCE", 0.5)
            recorder.close("play")
    finally:
        os.kill(recorder.pid, signal.SIGCONT)
        recorder.stop()
    assert next(item.late for item in feed.items if isinstance(item, Stall)) >= 0.5


def test_the_recorder_dies_with_its_player() -> None:
    """However the player ends: the recorder sees the end of its command socket."""
    program = "import os, time\nfrom fixtures.recording.camera import Camera\nprint(Camera().pid, flush=True)\n" \
              "os.kill(os.getpid(), 9)"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True)
    pid = int(done.stdout)
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the recorder lives on"
        time.sleep(0.01)


def test_eyes_that_cannot_be_opened_say_why() -> None:
    """Without CAP_NET_RAW the kernel's own error comes through, and nothing stays open."""
    look = "from fixtures.recording.eyes import BLOCKS, open_eyes; open_eyes()"
    program = ("import ctypes, os, sys\nlibc = ctypes.CDLL(None)\n"
               "[libc.prctl(24, number, 0, 0, 0) for number in range(64)]  # PR_CAPBSET_DROP: gone at the next exec\n"
               "os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])")
    done = subprocess.run([sys.executable, "-c", program, look], cwd=Path(__file__).parents[2], capture_output=True,
                          text=True)
    assert done.stderr.strip().splitlines()[-1].startswith("PermissionError"), done.stderr
