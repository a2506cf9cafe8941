"""What a scenario can do while it is played, and what of it stands in the recording."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from fixtures.deadlines import stall_clock
from fixtures.programs.base import GuestClient, Post
from fixtures.recording.model import Frame, KernelEvent, Mark
from fixtures.situation import GuestSettings
from tests.playing.tiny import play_once, play_start

Before, Two = NamedTuple("Before", []), NamedTuple("Two", [])
One = NamedTuple("One", [("figure", int)])


def names(recording: Any) -> list[str]:
    return [mark.name for mark in recording.marks]


def link_up(seen: Any) -> bool:
    return isinstance(seen, KernelEvent) and seen.kind == "link" and "LOWER_UP" in seen.fields["flags"]


def test_a_guest_is_down_until_its_scenario_raises_it(tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        live.listen(0.05)
        live.mark(Before())
        live.at("guest").up("eth0")
        assert isinstance(live.until(link_up, within=10), KernelEvent)

    recording = play_once(happens, tmp_path)
    assert recording.error is None
    (before,) = recording.marked(Before)
    assert not [frame for frame in recording.frames if frame.node == "guest" and frame.ns < before.ns]
    assert {event.fields["ifname"] for event in recording.happened("guest", "link")
            if "UP" in event.fields["flags"]} == {"eth0"}


def test_until_hears_what_was_before_it_and_can_be_told_not_to(tmp_path: Path) -> None:
    found: list[object] = []

    def happens(live: Any) -> None:
        live.at("guest").up()
        found.append(live.until(link_up, within=10))
        found.append(live.until(link_up, within=10))
        found.append(live.until(lambda seen: True, within=0.01, since=Mark(1 << 60, "later")))

    assert play_once(happens, tmp_path).error is None
    assert found[0] is not None and found[0] == found[1]
    assert found[2] is None


def test_settled_are_those_whose_link_local_addresses_have_passed_dad_too(tmp_path: Path) -> None:
    """A node with a tentative address for ever is given up in time, and the other is not waited for anew."""
    left: list[float] = []

    def happens(live: Any) -> None:
        live.at("guest").sysctl("net/ipv6/conf/eth1/accept_dad", 0)
        live.at("guest").up()
        begin = time.monotonic()
        live.settle("guest", "peer", within=10)
        left.append(time.monotonic() - begin)
        live.snapshot("settled")
        live.at("peer").sysctl("net/ipv6/conf/eth1/dad_transmits", 30)
        live.at("peer").ip("-6", "address", "add", "2001:db8:1::77/64", "dev", "eth1")
        live.settle("peer", within=0.05)
        live.snapshot("given up", "peer")

    recording = play_once(happens, tmp_path)
    assert recording.error is None
    assert left[0] < 10
    for shot in recording.snapshots:
        flags = ["tentative" in row["flags"] for row in shot.tables["address"] if row["family"] == "inet6"]
        assert any(flags) == (shot.name == "given up"), shot
        assert len(flags) > 1


def test_marks_are_on_the_clock_of_the_play(tmp_path: Path) -> None:
    recording = play_once(lambda live: [live.mark(One(figure=1)), live.mark(Two())], tmp_path)
    one, two = recording.marks
    assert 0 < one.ns < two.ns <= recording.duration_ns
    assert (one.name, one.fields) == ("one", {"figure": 1})


class Client(GuestClient):
    """Notes what it is asked to do, in its configuration."""

    name = "client"

    def __init__(self) -> None:
        self.done: list[str] = []

    def version(self) -> str:
        return "1"

    def prepare(self, post: Post) -> None:
        self.done.append(f"prepare forwarding={post.settings.forwarding}")

    def start(self, post: Post) -> None:
        self.done.append("start")
        post.write("client.conf", "settings\n")
        post.run(["sh", "-c", "echo ready; exec sleep 1000"], name="client").says("ready", 10)

    def release(self, post: Post) -> None:
        self.done.append("release")


def test_a_boot_is_settings_links_client(tmp_path: Path) -> None:
    client = Client()

    def happens(live: Any) -> None:
        live.boot("guest", settings=GuestSettings(forwarding=True))
        live.start("guest")
        live.client("guest").release()
        live.stop("guest")
        live.start("guest")
        live.kill("guest")

    recording = play_once(happens, tmp_path, client)
    assert recording.error is None
    assert client.done == ["prepare forwarding=True", "start", "release", "start"]
    assert names(recording) == ["up", "start", "ready", "call", "call-done", "stop", "stopped", "start", "ready",
                                "kill"]
    assert recording.configurations == {"guest/client.conf": "settings\n"}
    assert [(each.program, each.text) for each in recording.outputs] == [("client", "ready")] * 2


def test_power_off_is_silent_and_the_disk_stays(tmp_path: Path) -> None:
    found: list[object] = []

    def happens(live: Any) -> None:
        live.at("guest").up()
        live.start("guest")
        macs = live.stage.get("guest").interfaces()
        disk = live._posts["guest", "client"].hide("/var/lib/dhcp")
        (disk / "lease").write_text("kept")
        live.at("guest").power_off()
        live.snapshot("dark")
        live.at("guest").power_on()
        found.append(live.stage.get("guest").interfaces() == macs)
        found.append(live.at("guest").run(["sh", "-c", "test ! -e /tmp/x && cat /var/lib/dhcp/lease"], name="cat"))
        live.start("guest")

    client = Client()
    recording = play_once(happens, tmp_path, client)
    assert (recording.error, found) == (None, [True, 0])
    assert client.done == ["start", "start"], "its program ended with the power"
    assert [shot.node for shot in recording.snapshots] == ["peer"]
    assert "kept" in [each.text for each in recording.outputs]


def test_a_play_may_end_in_the_dark(tmp_path: Path) -> None:
    recording = play_once(lambda live: [live.at("guest").up(), live.at("guest").power_off()], tmp_path)
    assert recording.error is None
    assert {count.node for count in recording.counts} == {"guest", "peer"}


def test_sysctl_resolver_and_ip_are_the_node_s_own(tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        live.at("guest").sysctl("net.ipv6.conf.eth0.accept_ra", 0)
        live.at("guest").resolver(live.situation.router)
        live.at("guest").ip("link", "set", "eth0", "mtu", "1400")
        live.at("guest").run(["cat", "/etc/resolv.conf"], name="cat")
        live.snapshot("now", "guest")

    recording = play_once(happens, tmp_path)
    assert recording.error is None
    shot = recording.snapshot("now", "guest")
    assert shot is not None and shot.tables["sysctl"]["net.ipv6.conf.eth0.accept_ra"] == 0
    assert [row["mtu"] for row in shot.tables["link"] if row["ifname"] == "eth0"] == [1400]
    assert [each.text for each in recording.outputs] == ["nameserver 2001:db8:1::1"]


def test_ip_that_fails_says_where(tmp_path: Path) -> None:
    error = play_once(lambda live: live.at("guest").ip("link", "set", "eth7", "up"), tmp_path).error
    assert error == ("at guest: ip link set eth7 up ended with exit status 1; its output ends: "
                     'Cannot find device "eth7"')


def test_helpers_end_with_the_play_and_their_last_words_are_not_waited_for(tmp_path: Path) -> None:
    begun: list[Any] = []

    def happens(live: Any) -> None:
        begun.append(live.at("peer").begin(["sleep", "1000"], name="helper"))
        assert begun[0].returncode is None

    assert play_once(happens, tmp_path).error is None
    assert begun[0].returncode == -9


def test_frames_are_seen_within_the_play(tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        live.at("guest").up()
        assert isinstance(live.until(lambda seen: isinstance(seen, Frame) and seen.node == "peer", within=10), Frame)

    recording = play_once(happens, tmp_path)
    assert recording.error is None
    assert all(0 <= frame.ns <= recording.duration_ns + 10**9 for frame in recording.frames)


def test_output_belongs_to_its_node_and_program(tmp_path: Path) -> None:
    recording = play_start("echo ready; echo more", tmp_path, then=lambda live: live.listen(0.2))
    assert {(each.node, each.program) for each in recording.outputs} == {("guest", "script")}


class LinkLocal(GuestClient):
    """Wants a link-local address before its link is up."""

    name = "link-local"

    def version(self) -> str:
        return "1"

    def start(self, post: Post) -> None:
        post.ready_link_local("eth0", within=0.1)


def test_a_link_local_address_that_does_not_come(tmp_path: Path) -> None:
    recording = play_once(lambda live: live.start("guest"), tmp_path, LinkLocal())
    assert str(recording.error).startswith("eth0 of guest had no usable link-local address within 0.1 s")


def test_a_machine_that_stood_still_gets_as_much_longer(tmp_path: Path) -> None:
    def happens(live: Any) -> None:
        threading.Timer(0.05, stall_clock.note, [1.0]).start()
        live.start("guest")

    recording = play_once(happens, tmp_path, LinkLocal())
    assert str(recording.error).startswith("eth0 of guest had no usable link-local address within 0.1 s, not counting")
