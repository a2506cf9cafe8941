"""Broken hosts for mutants: each learns of its neighbors what it should not, or does not learn what it should."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fixtures.peers.caching_host import CachingHost, Entry, Follows, News, by_the_rules
from fixtures.peers.habits import Habits
from fixtures.programs.base import GuestClient, Post
from fixtures.programs.party import Party
from fixtures.protocols.icmp import NEIGHBOR_ADVERTISEMENT

#: How the table's third link-layer address of each neighbor begins.
_THIRD = "02:5e:00:02"


@dataclass(frozen=True)
class CachingGuest(GuestClient):
    """A guest that is a scripted host with a neighbor cache."""

    name: str  # type: ignore[misc]
    learn: Callable[[Entry | None, News], Entry | None] = by_the_rules
    follows: Follows = "rightly"
    assumes_on_link: bool = False
    party = Party.PEER

    def version(self) -> str:
        return "scripted"

    def start(self, post: Post) -> None:
        habits = Habits(solicits=(0.0,), assumes_on_link=self.assumes_on_link)
        post.peer(CachingHost(habits, self.learn, follows=self.follows))


def deaf(entry: Entry | None, news: News) -> Entry | None:
    """Nobody moves a second time, and no doubt is ever dispelled."""
    doubted = entry is not None and entry.state in ("stale", "delay", "probe") and news.solicited
    if doubted or (news.mac or "").startswith(_THIRD):
        return entry
    return by_the_rules(entry, news)


def gullible(entry: Entry | None, news: News) -> Entry | None:
    """Whoever is heard is there, whatever is said and however: REACHABLE at any address that shows."""
    if entry is not None and entry.state == "reachable":
        return by_the_rules(entry, news)
    entry = entry or Entry()
    entry.state, entry.mac = "reachable", news.mac or entry.mac or news.sender
    return entry


def suspicious(entry: Entry | None, news: News) -> Entry | None:
    """Whatever is heard of a neighbor casts doubt on it."""
    if entry is None or entry.state != "reachable":
        return by_the_rules(entry, news)
    known = entry.mac
    after = by_the_rules(entry, news)
    if after is not None and (news.kind != NEIGHBOR_ADVERTISEMENT or after.mac == known):
        after.state = "stale"
    return after


RIGHT = CachingGuest("neighbor-cache")
DEAF = CachingGuest("neighbor-cache:deaf", deaf)
GULLIBLE = CachingGuest("neighbor-cache:gullible", gullible)
SUSPICIOUS = CachingGuest("neighbor-cache:suspicious", suspicious)
STUBBORN = CachingGuest("neighbor-cache:stubborn", follows="never")
CREDULOUS = CachingGuest("neighbor-cache:credulous", follows="always")
ASSUMING = CachingGuest("neighbor-cache:assuming", assumes_on_link=True)
