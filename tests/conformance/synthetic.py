"""Recordings made by hand, and a scenario that nobody needs to play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from fixtures.recording.model import Count, Frame, Mark, Play, Program, Recording, Stall
from fixtures.situation import Prefix, Situation
from fixtures.stagecraft.base import Live, Scenario
from topologies.stage import addressing as plan

ROUTER_ADVERTISEMENT = bytes.fromhex(
    "333300000001020000000001" "86dd" "6000000000103aff"
    "fe800000000000000000000000000001" "ff020000000000000000000000000001"
    "86000000408000000000000000000000"
)


class Nowhere:
    """A topology that is never built."""


@dataclass(frozen=True)
class Unplayed(Scenario):
    """A router advertises; a guest listens."""

    topology: ClassVar[type[Any]] = Nowhere
    roles: ClassVar[Mapping[str, str]] = {"router": "router", "dhcpv6-server": "router", "guest": "guest"}

    mode: str = "stateful"

    def situation(self) -> Situation:
        return Situation(prefix=Prefix(plan.LAN), router=plan.LAN_ROUTER)

    def play(self, live: Live) -> None:
        raise AssertionError("nobody plays this")

    def nightly(self, cast: Mapping[str, str]) -> str | None:
        return "two-minute leases" if self.mode == "long" else None


def frame(number: int = 1, seconds: float = 1.0, data: bytes = ROUTER_ADVERTISEMENT) -> Frame:
    return Frame(number, int(seconds * 1e9), "guest", "eth0", False, data)


def recording(*frames: Frame, scenario: Scenario | None = None, programs: Mapping[str, Program] | None = None,
              error: str | None = None, stall: float = 0.0, dropped: int = 0, mutant: str | None = None) -> Recording:
    played = scenario or Unplayed()
    cast = dict(programs or {"router": Program("radvd", "2.19"), "guest": Program("dhclient", "4.4.3-P1")})
    play = Play("unplayed-1", played.name, played.options, "Nowhere", cast, dict(played.roles), {})
    return Recording(
        play=play, started_ns=0, duration_ns=5_000_000_000, frames=frames, marks=(Mark(500_000_000, "up"),),
        stalls=(Stall(1, stall),) if stall else (), counts=(Count("guest", "eth0", 1, 0, 1, 0, dropped),),
        error=error, mutant=mutant,
    )
