"""Who of the two routers is active when, as their own advertisements tell, and what a play's turns were."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import pairwise

from conformance.judging.verdict import Notebook
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport, vrrp
from fixtures.recording.views.ndp import NeighbourAdvertisement
from fixtures.recording.views.transport import Echo
from fixtures.recording.views.vrrp import VrrpAdvertisement
from fixtures.scenarios.virtual_addresses.virtual_router import (
    INTERVAL,
    PRIORITIES,
    VIRTUAL,
    Asked,
    BothStart,
    R1Returns,
    task,
)
from fixtures.stagecraft.marks import Down, Stop

MAC = task(0).mac
#: Seconds that a router may take to process and to send what its timers tell it to. Less than the interval of the
#: advertisements: who is an interval late has missed one.
ROOM = 0.8 * INTERVAL
OTHER = {"r1": "r2", "r2": "r1"}


@dataclass(frozen=True)
class Turn:
    """One change of the play: why, since when, and who takes over; `asked` are the solicitations that followed.

    `ended` is when the next change began, in seconds.
    """

    why: str
    began: Mark
    ended: float
    node: str
    asked: tuple[Mark, ...]

    @property
    def probed(self) -> float:
        """When neighbours began to ask, in seconds; the play's end when they never did."""
        return min((mark.time for mark in self.asked), default=float("inf"))


def turns(recording: Recording, notebook: Notebook) -> list[Turn]:
    """The four changes of the play. Unjudgeable where one did not take place."""
    began = [
        (why, notebook.stimulus(recording.marked(mark), f"the play did not come to where {why}")[0], node)
        for why, mark, node in (("both start", BothStart, "r1"), ("r1 stops", Stop, "r2"),
                                ("r1 returns", R1Returns, "r1"), ("r1 loses its link", Down, "r2"))]
    ends = [mark.ns for _, mark, _ in began[1:]] + [recording.duration_ns]
    asked = recording.marked(Asked)
    return [Turn(why, mark, end / 1e9, node, tuple(each for each in asked if mark.ns < each.ns < end))
            for (why, mark, node), end in zip(began, ends, strict=True)]


def said(recording: Recording, node: str, since: float = 0.0) -> list[VrrpAdvertisement]:
    """The advertisements that a router sent, those of priority 0 too."""
    return [each for each in vrrp.advertisements(recording.at(node, "lan0", outgoing=True)) if each.time > since]


def heard(recording: Recording, node: str, since: float = 0.0) -> list[VrrpAdvertisement]:
    """The advertisements that came in at a router."""
    return [each for each in vrrp.advertisements(recording.at(node, "lan0", outgoing=False)) if each.time > since]


def first(recording: Recording, notebook: Notebook, turn: Turn) -> VrrpAdvertisement:
    """The first advertisement by which a router says in its turn that it is active; Violated without one."""
    found = [each for each in said(recording, turn.node, turn.began.time) if each.priority]
    notebook.expect(found, f"{turn.node} did not take over when {turn.why}", turn.began)
    return found[0]


def active(recording: Recording, time: float) -> tuple[str, float] | None:
    """Who is active at a time by what both have said, and since when; None when nobody is."""
    holder: tuple[str, float] | None = None
    down = [mark.time for mark in recording.marked(Down)]
    both = sorted((each for node in PRIORITIES for each in said(recording, node)), key=lambda each: each.frame.ns)
    for each in both:
        if each.time > time:
            break
        node = each.frame.node
        if holder and holder[0] == "r1" and any(when < each.time for when in down):
            holder = None
        if each.priority == 0:
            holder = None if holder and holder[0] == node else holder
        elif holder is None or PRIORITIES[node] > PRIORITIES[holder[0]]:
            holder = (node, each.time)
    return holder


def advertisements_for(recording: Recording, node: str, target: IPv6Address) -> list[NeighbourAdvertisement]:
    """The neighbour advertisements that a router sent for an address."""
    sent = ndp.neighbour_advertisements(recording.at(node, "lan0", outgoing=True))
    return [each for each in sent if each.target == target]


def replies(recording: Recording) -> list[Echo]:
    """What the virtual address answered to the guest's pings."""
    came = transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=True)
    return [each for each in came if each.source == VIRTUAL]


def outage(recording: Recording, notebook: Notebook, turn: Turn) -> tuple[Echo, Echo]:
    """The two consecutive replies of a turn that are furthest apart, of which the first may be older than the turn."""
    before = [each for each in replies(recording) if each.time <= turn.began.time][-1:]
    after = [each for each in replies(recording) if turn.began.time < each.time < turn.ended]
    notebook.stimulus(before, f"the guest's ping was not answered before {turn.why}")
    notebook.expect(after, f"the virtual address did not answer any more when {turn.why}", turn.began, *before)
    return max(pairwise([*before, *after]), key=lambda pair: pair[1].time - pair[0].time)
