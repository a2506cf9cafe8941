from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv6Address
from typing import Any

import pytest

from fixtures.peers import wire
from fixtures.peers.advertisement import Advertisement
from fixtures.peers.base import Peer, PeerFailed
from fixtures.peers.endpoint import PeerError
from fixtures.peers.filters import Hears
from fixtures.peers.neighbor import ScriptedNeighbor
from fixtures.peers.reactor import Reactor
from fixtures.peers.router import ScriptedRouter
from fixtures.protocols.icmp import ECHO_REQUEST, NEIGHBOR_ADVERTISEMENT, NEIGHBOR_SOLICITATION, ROUTER_SOLICITATION
from tests.peers.wire_room import GUEST_LL, OTHER_MAC, Cable, cable, pause


class Listener(Peer):
    """Keeps what it hears."""

    def __init__(self, hears: Hears, act: Callable[[], Any] = lambda: None) -> None:
        super().__init__()
        self.hears, self.act = hears, act
        self.heard: list[tuple[wire.Packet, int]] = []
        self.woken = threading.Event()

    def handle(self, packet: wire.Packet, frame_time: int) -> None:
        self.heard.append((packet, frame_time))
        self.woken.set()
        self.act()


@pytest.fixture(name="quiet")
def _quiet(stage: Cable) -> Iterator[Cable]:
    stage.guest.sysctl("disable_ipv6", 1)
    stage.up()
    yield stage


def test_timers_come_in_order_never_early_and_can_be_cancelled() -> None:
    reactor, done = Reactor(), threading.Event()
    seen: list[tuple[float, float]] = []
    for delay in (0.06, 0.02, 0.04):
        due = time.monotonic() + delay  # a machine may be busy between two of these, so the last may be due last
        reactor.after(delay, lambda due=due: seen.append((due, time.monotonic())))  # type: ignore[misc]
    reactor.after(0.03, lambda: seen.append((0.0, 0.0))).cancel()
    reactor.after(0.2, done.set)
    assert done.wait(5)
    assert len(seen) == 3 and seen == sorted(seen)
    assert all(passed >= due for due, passed in seen)


@pytest.mark.parametrize("hears, expected", [
    (Hears(icmpv6=frozenset({NEIGHBOR_SOLICITATION, ROUTER_SOLICITATION})),
     [ROUTER_SOLICITATION, NEIGHBOR_SOLICITATION]),
    (Hears(icmpv6=frozenset({NEIGHBOR_ADVERTISEMENT}), udp=frozenset({547})), ["udp"]),
    (Hears(udp=frozenset({546, 548, 9999})), []),
    (Hears(everything=True), [ROUTER_SOLICITATION, NEIGHBOR_SOLICITATION, "udp", ECHO_REQUEST]),
])
def test_a_peer_wakes_for_what_it_hears_and_for_nothing_else(quiet: Cable, hears: Hears, expected: list[Any]) -> None:
    listener = quiet.put(Listener(hears))
    everything = quiet.put(Listener(Hears(everything=True)))
    talker = quiet.put(ScriptedNeighbor(), quiet.guest)
    before = time.time_ns()
    talker.solicit_router()
    talker.solicit(IPv6Address("2001:db8::1"))
    talker.udp(IPv6Address("ff02::1"), 547)
    talker.ping(IPv6Address("ff02::1"))
    while len(everything.heard) < 4:
        assert everything.woken.wait(5)
        everything.woken.clear()
    settled = threading.Event()
    listener.after(0.05, settled.set)       # the other socket is read in the same turn or in the next one
    assert settled.wait(5)
    assert [wire.icmpv6_type(packet) or "udp" for packet, _ in listener.heard] == expected
    assert all(before <= stamp <= time.time_ns() for _, stamp in everything.heard)
    assert wire.source_of(everything.heard[0][0]) == GUEST_LL


def test_a_failing_peer_says_so_and_takes_nobody_with_it(quiet: Cable) -> None:
    notes: list[object] = []
    listener = Listener(Hears(everything=True), act=lambda: 1 / 0)
    listener.attach(quiet.other, note=notes.append)
    other = quiet.put(Listener(Hears(everything=True)))
    quiet.put(ScriptedNeighbor(), quiet.guest).solicit_router()
    assert listener.woken.wait(5) and other.woken.wait(5)
    with pytest.raises(PeerError, match="the Listener failed: ZeroDivisionError"):
        listener.close()
    assert isinstance(notes[0], PeerFailed)
    with pytest.raises(PeerError, match="attach it first"):
        listener.send(b"")


def test_a_link_that_is_down_or_gone_is_a_cut_wire(stage: Cable) -> None:
    router = stage.put(ScriptedRouter(Advertisement()))
    stage.other.run("ip", "link", "set", "eth0", "down")
    assert not router.advertise()
    stage.other.run("ip", "link", "set", "eth0", "up")
    stage.up()
    assert router.advertise()
    stage.tap.until(lambda data: data[6:12] == bytes.fromhex(OTHER_MAC.replace(":", "")), 2)
    stage.guest.run("ip", "link", "del", "eth0")
    assert not router.advertise()
    with pytest.raises(PeerError, match="other already"):
        router.attach(stage.other)
    with pytest.raises(PeerError, match="other has no interface eth7; it has eth0"):
        ScriptedNeighbor().attach(stage.other, "eth7")


def test_a_hundred_idle_peers_cost_nothing() -> None:
    with ExitStack() as stack:
        stages = [stack.enter_context(cable()) for _ in range(5)]
        for stage in stages:
            stage.guest.sysctl("disable_ipv6", 1)
            stage.up()
            for number in range(20):
                address = IPv6Address(f"fe80::{number + 16:x}")
                stage.put(ScriptedNeighbor(link_local=address) if number % 2
                          else ScriptedRouter(Advertisement(), link_local=address))
        before = time.process_time()
        pause(2.0)
        assert time.process_time() - before < 0.02


def test_timer_in_a_lifetime_without_end_stops_nobody() -> None:
    """An infinite lease has its T1 in 136 years (RFC 8415 section 7.7), longer than epoll can be told to wait."""
    clock, rang = Reactor(), threading.Event()
    never = clock.after(0xFFFFFFFF, lambda: None)
    pause(0.05)
    clock.after(0.0, rang.set)
    assert rang.wait(2.0)
    never.cancel()
