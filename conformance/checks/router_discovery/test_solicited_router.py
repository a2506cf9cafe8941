"""A router answers those who ask for it: soon, but not at once, and not too often."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import pairwise

from conformance.broken.hosts import ScriptedAdvertiser
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import Frame, KernelEvent, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement, RouterSolicitation
from fixtures.scenarios.router_discovery.solicited_router import BURST, SolicitedRouter
from fixtures.timers import MAX_RA_DELAY_TIME, MIN_DELAY_BETWEEN_RAS, TICK

#: Seconds. A delay that is random between 0 and 0.5 s is as short as this once in 25 times.
AT_ONCE = 0.02
#: So many delays tell chance from intention: that most of them are short by chance happens once in 4000 plays when
#: there are four, and never when there are ten.
ENOUGH = 3


@dataclass(frozen=True)
class Answer:
    """An answered solicitation. `waited` is for how long, in seconds, the rate limit held a multicast answer back.

    `acted` is when the router answered: it may have had to ask for the solicitor's link-layer address first.
    """

    solicitation: RouterSolicitation
    advertisement: RouterAdvertisement
    acted: float
    waited: float

    @property
    def multicast(self) -> bool:
        """Whether the answer went to all nodes."""
        return self.advertisement.destination == ALL_NODES

    @property
    def delay(self) -> float:
        """Seconds from the solicitation to what the router did."""
        return self.acted - self.solicitation.time


@check("RA-01", SolicitedRouter(), role="router")
def test_answers_router_solicitations(recording: Recording, notebook: Notebook) -> None:
    """Each RS is answered after a random delay of at most 0.5 s; multicast RAs are at least 3 s apart.

    The answer is a multicast RA, or a unicast one to the solicitor (RFC 4861 section 6.2.6), and to `::` a multicast
    one. Where a multicast RA went out less than 3 s before, the delay begins when those 3 s are over.
    """
    asked = ndp.router_solicitations(recording.at("peer", "eth0", outgoing=True))
    notebook.stimulus(asked[BURST:], f"only {len(asked)} solicitations were sent")
    heard = list(recording.at("peer", "eth0", outgoing=False))
    told = ndp.router_advertisements(heard)
    multicast = [each for each in told if each.destination == ALL_NODES]
    answers = []
    for solicitation in asked:
        found = _answers(solicitation, told)
        notebook.expect(found, f"the router did not answer the solicitation from {solicitation.source}", solicitation)
        notebook.cite(found[0])
        acted = _time_of_answer(solicitation, found[0], heard)
        answers.append(Answer(solicitation, found[0], acted, _shortest_wait(solicitation, multicast)))
    own = _own_delays(answers)
    faults = [*_without_chance(own), *_too_close(multicast, recording.stall())]
    notebook.expect(not faults, "; ".join(faults))
    notebook.stimulus(own[ENOUGH - 1:], f"only {len(own)} answers show the router's delay")
    late = max(answers, key=lambda each: each.delay - each.waited)
    notebook.in_time(late.delay - late.waited, MAX_RA_DELAY_TIME, "the router answered a solicitation late",
                     late.solicitation, late.advertisement)
    notebook.figure("RA delay after RS, shortest", min(own), "s")
    notebook.figure("RA delay after RS, longest", max(own), "s")
    notebook.finding = f"each of {len(asked)} solicitations was answered in time, after a random delay"


def _answers(solicitation: RouterSolicitation, told: Iterable[RouterAdvertisement]) -> list[RouterAdvertisement]:
    """The RAs to all nodes or to the solicitor after it."""
    return [each for each in told if each.frame.ns > solicitation.frame.ns
            and each.destination in (ALL_NODES, solicitation.source)]


def _time_of_answer(solicitation: RouterSolicitation, answer: RouterAdvertisement, heard: Iterable[Frame]) -> float:
    """When the router sent the answer, or asked for the solicitor's link-layer address to send it."""
    asked = [each.time for each in ndp.neighbor_solicitations(heard) if each.target == solicitation.source
             and solicitation.frame.ns < each.frame.ns < answer.frame.ns]
    return min([answer.time, *(asked if answer.destination != ALL_NODES else [])])


def _shortest_wait(solicitation: RouterSolicitation, multicast: Iterable[RouterAdvertisement]) -> float:
    """Seconds after the solicitation in which a multicast answer has to wait."""
    last = max((each.time for each in multicast if each.frame.ns <= solicitation.frame.ns), default=float("-inf"))
    return max(0.0, last + MIN_DELAY_BETWEEN_RAS - solicitation.time)


def _own_delays(answers: Iterable[Answer]) -> list[float]:
    """The delays that the router chose: of unicast answers, and of multicast ones that had not to wait.

    An answer to several solicitations counts once, from the first of them.
    """
    first: dict[RouterAdvertisement, Answer] = {}
    for answer in answers:
        first.setdefault(answer.advertisement, answer)
    return [answer.delay for answer in first.values() if not answer.multicast or answer.waited == 0]


def _without_chance(delays: list[float]) -> list[str]:
    short = [delay for delay in delays if delay < AT_ONCE]
    if len(short) < max(ENOUGH, len(delays) / 2 + 1):
        return []
    told = f"{len(short)} of {len(delays)} within {AT_ONCE * 1000:g} ms"
    return [f"answers come at once, without a random delay ({told})"]


def _too_close(multicast: list[RouterAdvertisement], stall: float) -> list[str]:
    closest = min((two.time - one.time for one, two in pairwise(multicast)), default=MIN_DELAY_BETWEEN_RAS)
    if closest >= MIN_DELAY_BETWEEN_RAS - TICK - stall:
        return []
    return [f"multicast RAs are only {closest:.3f} s apart, which have to be {MIN_DELAY_BETWEEN_RAS:g} s apart"]


@check("NDP-06.router-learns-from-rs", SolicitedRouter(), role="router", needs=("kernel-forwarding",))
def test_router_learns_from_router_solicitations(recording: Recording, notebook: Notebook) -> None:
    """A router takes the link-layer address of a valid RS for its sender's, STALE (RFC 4861 section 6.2.6)."""
    sought = [each for each in ndp.router_solicitations(recording.at("router", outgoing=False)) if each.sllao]
    first = notebook.stimulus(sought, "no Router Solicitation with SLLAO reached the router")[0]
    notebook.cite(first)
    known = [event for event in _entries(recording, first.source) if event.ns < first.frame.ns]
    notebook.stimulus([first] if not known else [], "the router knew the solicitor before it solicited")
    entries = _entries(recording, first.source)
    notebook.expect(entries, f"the router made no neighbor entry for {first.source}", first)
    made = entries[0]
    notebook.expect(made.fields["lladdr"] == first.sllao,
                    f"the router's neighbor entry has {made.fields['lladdr']}, not {first.sllao}", first, made)
    state = made.fields.get("state", ())
    notebook.expect("STALE" in state, f"the router's new neighbor entry is {state}, not STALE", first, made)


def _entries(recording: Recording, neighbor: object) -> list[KernelEvent]:
    """What the router's kernel said of a neighbor whose link-layer address it knew."""
    told = recording.happened("router", "neighbor", dst=str(neighbor))
    return [event for event in told if event.fields.get("lladdr")]


@healthy(test_answers_router_solicitations)
def exemplary_router() -> Broken:
    """Neither dnsmasq nor radvd delays its answers. It keeps away from both limits: its own thread may be late."""
    exemplary = ScriptedAdvertiser("router:exemplary", "unicast", delay=MAX_RA_DELAY_TIME / 2, at_random=True,
                                   spacing=MIN_DELAY_BETWEEN_RAS + 0.15)
    return Broken(SolicitedRouter(), {"router": exemplary})


@played(test_answers_router_solicitations, because="did not answer")
def router_that_advertises_only_periodically() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:periodic", "silent", period=40.0)})


@played(test_answers_router_solicitations, because="without a random delay")
def router_that_answers_at_once() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:at-once", "unicast")})


@played(test_answers_router_solicitations, because="multicast RAs are only")
def router_without_rate_limit() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:unlimited", delay=0.5, at_random=True)})


@played(test_answers_router_solicitations, because="answered a solicitation late")
def slow_router() -> Broken:
    slow = ScriptedAdvertiser("router:slow", "unicast", delay=1.5, spacing=MIN_DELAY_BETWEEN_RAS + 0.15)
    return Broken(SolicitedRouter(), {"router": slow})


@edited(test_answers_router_solicitations, because="did not answer the solicitation from ::")
def answers_the_unspecified_address_by_unicast(recording: Recording) -> Recording:
    """Nobody hears an answer that is sent to the address of somebody else."""
    unspecified = [each for each in ndp.router_solicitations(recording.at("peer", outgoing=True))
                   if each.source == IPv6Address("::")]
    told = ndp.router_advertisements(recording.at("peer", outgoing=False))
    return editing.without(recording, frames=[each for each in told if each.time > unspecified[0].time])


@edited(test_router_learns_from_router_solicitations, because="made no neighbor entry")
def router_that_asks_back(recording: Recording) -> Recording:
    return editing.without(recording, events=lambda event: event.kind == "neighbor")


@edited(test_router_learns_from_router_solicitations, because="not STALE")
def router_that_trusts_at_once(recording: Recording) -> Recording:
    return editing.rewritten_events(recording, lambda event: event.kind == "neighbor", state=["REACHABLE"])


@edited(test_router_learns_from_router_solicitations, because="has 02:00:00:00:00:99, not")
def router_that_learns_another_address(recording: Recording) -> Recording:
    return editing.rewritten_events(recording, lambda event: event.kind == "neighbor", lladdr="02:00:00:00:00:99")
