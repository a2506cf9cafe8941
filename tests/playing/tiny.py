"""A stage of two nodes and plays of a second or less, for the player's own tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Network
from pathlib import Path
from typing import Any, ClassVar

from fixtures.playing.player import play_all
from fixtures.playing.request import PlayRequest
from fixtures.programs.base import Implementation, Post
from fixtures.recording.model import Recording
from fixtures.recording.storage import load
from fixtures.situation import Prefix, Situation
from fixtures.stagecraft.base import Live, Scenario
from topologies.stage import addressing as plan
from topologies.stage.topology import Topology


class Pair(Topology):
    """guest eth0 --- lan --- eth0 peer, and guest eth1 --- eth1 peer"""

    def build(self) -> None:
        self.segment("lan")
        self.guest("guest")
        self.peer("peer")
        self.plug("guest", "eth0", "lan")
        self.plug("peer", "eth0", "lan")
        self.wire("guest", "eth1", "peer", "eth1")


@dataclass(frozen=True)
class Tiny(Scenario):
    """Whatever `happens`, on two nodes; `title` tells several of them apart."""

    topology: ClassVar[type[Any]] = Pair
    roles: ClassVar[Mapping[str, str]] = {"guest": "guest"}
    length: ClassVar[float] = 1.0

    title: str = ""

    def situation(self) -> Situation:
        return Situation(Prefix(IPv6Network(plan.LAN)), plan.LAN_ROUTER)

    def play(self, live: Live) -> None:
        """Nothing: subclasses and `tiny` say what happens."""


def tiny(happens: Callable[[Any], object], title: str = "") -> Tiny:
    """A scenario in which this happens."""

    class Happening(Tiny):
        def play(self, live: Live) -> None:
            happens(live)

    return Happening(title)


class Script(Implementation):
    """A guest's program that is a shell script; ready when it says so, within `patience` seconds."""

    name = "script"
    roles = frozenset({"guest"})
    packages = ("dash",)
    programs = ("sh",)

    def __init__(self, text: str, patience: float = 5.0) -> None:
        self.text, self.patience = text, patience

    def version(self) -> str:
        return "1"

    def start(self, post: Post) -> None:
        post.run(["sh", "-c", self.text], name="script").says("ready", self.patience)


def play_once(happens: Callable[[Any], object], into: Path, who: str | Implementation = "linux") -> Recording:
    """Play one happening and load its recording."""
    saved = play_all([PlayRequest(tiny(happens), {"guest": who})], into)
    (path,) = saved.values()
    return load(path)


def play_start(script: str, into: Path, patience: float = 5.0,
               then: Callable[[Any], object] = lambda live: None) -> Recording:
    """Play the start of a script at the guest, then something."""

    def happens(live: Any) -> None:
        live.start("guest")
        then(live)

    return play_once(happens, into, Script(script, patience))
