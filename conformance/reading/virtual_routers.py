"""Who of the two routers is active when, as their own advertisements tell, and what a play's turns were."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import pairwise

from conformance.judging.evidence import Seen
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import echo_replies, receivable
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, vrrp
from fixtures.recording.views.ndp import NeighborAdvertisement
from fixtures.recording.views.transport import Echo
from fixtures.recording.views.vrrp import VrrpAdvertisement
from fixtures.scenarios.virtual_addresses.virtual_router import (
    INTERVAL,
    PRIORITIES,
    VIRTUAL,
    VIRTUAL_LINK_LOCAL,
    Asked,
    BothStart,
    R1Returns,
    task,
)
from fixtures.scenarios.virtual_addresses.virtual_router_rivals import Rival
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
        """When neighbors began to ask, in seconds; the play's end when they never did."""
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


def sent_by(recording: Recording, node: str, since: float = 0.0) -> list[VrrpAdvertisement]:
    """The advertisements that a router sent, those of priority 0 too."""
    return [each for each in vrrp.advertisements(recording.at(node, "lan0", outgoing=True)) if each.time > since]


def received_by(recording: Recording, node: str, since: float = 0.0) -> list[VrrpAdvertisement]:
    """The advertisements that came in at a router."""
    return [each for each in vrrp.advertisements(recording.at(node, "lan0", outgoing=False)) if each.time > since]


def heard_after(recording: Recording, mark: Mark) -> list[VrrpAdvertisement]:
    """What came in at r1 between a mark and the next one."""
    until = min((other.time for other in recording.marks if other.ns > mark.ns), default=float("inf"))
    return [each for each in received_by(recording, "r1", mark.time) if each.time < until]


def rivals_heard(recording: Recording, name: str) -> list[VrrpAdvertisement]:
    """What came in at r1 of a rival, from its mark on."""
    return [each for mark in recording.marked(Rival) if mark.what.what == name
            for each in heard_after(recording, mark)]


def silence(recording: Recording, since: VrrpAdvertisement) -> float:
    """How long (s) r1 said nothing after it had heard that."""
    return next((each.time - since.time for each in sent_by(recording, "r1", since.time)), float("inf"))


def acts(recording: Recording, node: str, since: float) -> list[NeighborAdvertisement | Echo]:
    """By what a router shows that it is active, whatever it advertises: it answers for the virtual addresses."""
    advertised = [each for target in (VIRTUAL_LINK_LOCAL, VIRTUAL)
                  for each in advertisements_for(recording, node, target)]
    replied = echo_replies(recording.at(node, "lan0", outgoing=True))
    found: list[NeighborAdvertisement | Echo] = [*advertised]
    found += (each for each in replied if each.source == VIRTUAL)
    return sorted((each for each in found if each.time > since), key=lambda each: each.frame.ns)


def first(recording: Recording, notebook: Notebook, turn: Turn) -> VrrpAdvertisement:
    """The first advertisement by which a router says in its turn that it is active; Violated without one."""
    found = [each for each in sent_by(recording, turn.node, turn.began.time) if each.priority]
    acted = [each for each in acts(recording, turn.node, turn.began.time) if each.time < turn.ended]
    if acted and not found:
        silent = f"{turn.node} answers for the virtual addresses when {turn.why}, and never advertises"
        notebook.expect(found, f"{silent}{_beside(recording, turn, acted[0].time, turn.ended)}", acted[0])
    notebook.expect(found, f"{turn.node} did not take over when {turn.why}", turn.began)
    return found[0]


def advertised_in_time(recording: Recording, notebook: Notebook, turn: Turn, since: Mark | VrrpAdvertisement,
                       taken: VrrpAdvertisement, limit: float) -> None:
    """Expect the first advertisement in time. Who acts in time and only says so late has taken over all the same."""
    acted = [each for each in acts(recording, turn.node, since.time) if each.time - since.time <= limit]
    seen: list[Seen] = [since, taken]
    text = f"{turn.node} took over late when {turn.why}"
    if acted and acted[0].time < taken.time:
        text = (f"{turn.node} answered for the virtual addresses in time when {turn.why}, and advertised late"
                f"{_beside(recording, turn, acted[0].time, taken.time)}")
        seen[1:1] = acted[:1]
    notebook.in_time(taken.time - since.time, limit, text, *seen)


def _beside(recording: Recording, turn: Turn, since: float, until: float) -> str:
    """Whether the other router says that it is active, too."""
    other = OTHER[turn.node]
    rival = [each for each in sent_by(recording, other, since + ROOM) if each.time < until and each.priority]
    return f"; two active routers: {other} goes on, as it hears nothing" if rival else ""


def active(recording: Recording, time: float) -> tuple[str, float] | None:
    """Who is active at a time by what both have said, and since when; None when nobody is."""
    holder: tuple[str, float] | None = None
    down = [mark.time for mark in recording.marked(Down)]
    both = sorted((each for node in PRIORITIES for each in sent_by(recording, node)), key=lambda each: each.frame.ns)
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


def advertisements_for(recording: Recording, node: str, target: IPv6Address) -> list[NeighborAdvertisement]:
    """The Neighbor Advertisements that a router sent for an address."""
    sent = ndp.neighbor_advertisements(recording.at(node, "lan0", outgoing=True))
    return [each for each in receivable(sent) if each.target == target]


def replies(recording: Recording) -> list[Echo]:
    """What the virtual address answered to the guest's pings."""
    came = echo_replies(recording.at("guest", "eth0", outgoing=False))
    return [each for each in came if each.source == VIRTUAL]


def outage(recording: Recording, notebook: Notebook, turn: Turn) -> tuple[Echo, Echo]:
    """The two consecutive replies of a turn that are furthest apart, of which the first may be older than the turn."""
    before = [each for each in replies(recording) if each.time <= turn.began.time][-1:]
    after = [each for each in replies(recording) if turn.began.time < each.time < turn.ended]
    notebook.stimulus(before, f"the guest's ping was not answered before {turn.why}")
    notebook.expect(after, f"no router answered for the virtual address any more when {turn.why}", turn.began, *before)
    return max(pairwise([*before, *after]), key=lambda pair: pair[1].time - pair[0].time)
