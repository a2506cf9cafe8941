"""Broken hosts and routers for mutants: scripted peers that play a role as programs do."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from fixtures.peers.advertisement import Advertisement
from fixtures.peers.habits import Habits
from fixtures.peers.host import ScriptedHost
from fixtures.peers.router import ScriptedRouter
from fixtures.programs.base import GuestClient, Implementation, Post
from fixtures.programs.party import Party

VERSION = "scripted"


@dataclass(frozen=True)
class ScriptedGuest(GuestClient):
    """A guest that is a scripted host at its first interface; the node's kernel is silent there."""

    name: str  # type: ignore[misc]
    party = Party.PEER
    habits: Habits = field(default_factory=Habits)

    def version(self) -> str:
        return VERSION

    def start(self, post: Post) -> None:
        post.peer(ScriptedHost(self.habits))


@dataclass(frozen=True)
class ScriptedAdvertiser(Implementation):
    """A router that advertises the situation: `delay` seconds after a solicitation, or at random within so many.

    Without `spacing` it keeps no minimum time between multicast answers. `period` is the time between unsolicited
    advertisements.
    """

    name: str  # type: ignore[misc]
    party = Party.PEER
    answer: Literal["multicast", "unicast", "silent"] = "multicast"
    delay: float = 0.0
    at_random: bool = False
    spacing: float = 0.0
    period: float | None = None
    roles = frozenset({"router"})

    def version(self) -> str:
        return VERSION

    def start(self, post: Post) -> None:
        advertised = Advertisement.of(post.situation)
        chance = random.Random(post.situation.seed)
        delay = partial(chance.uniform, 0.0, self.delay) if self.at_random else self.delay
        post.peer(ScriptedRouter(advertised, answer=self.answer, delay=delay, spacing=self.spacing, period=self.period))
