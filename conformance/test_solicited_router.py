"""A router answers those who ask for it: soon, but not at once, and not too often."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address
from itertools import pairwise

from conformance.broken.hosts import ScriptedAdvertiser
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement, RouterSolicitation
from fixtures.scenarios.solicited_router import BURST, SolicitedRouter
from fixtures.timers import MAX_RA_DELAY_TIME, MIN_DELAY_BETWEEN_RAS, TICK

ALL_NODES = IPv6Address("ff02::1")

#: Seconds. A delay that is random between 0 and 0.5 s is as short as this once in 25 times.
AT_ONCE = 0.02
#: So many delays tell chance from intention: that most of them are short by chance happens once in 4000 plays when
#: there are four, and never when there are ten. Not all have to be: an answer may wait for the neighbour's address.
ENOUGH = 3

Answers = dict[RouterSolicitation, RouterAdvertisement]


@check("RA-01", SolicitedRouter(), role="router")
def test_answers_solicitations(recording: Recording, notebook: Notebook) -> None:
    """Each RS is answered after a random delay of at most 0.5 s; multicast RAs are at least 3 s apart.

    The answer is a multicast RA, or a unicast one to the solicitor (RFC 4861 section 6.2.6), and to `::` a multicast
    one. Where a multicast RA went out less than 3 s before, the delay begins when those 3 s are over.
    """
    asked = ndp.router_solicitations(recording.at("peer", "eth0", outgoing=True))
    notebook.stimulus(asked[BURST:], f"only {len(asked)} solicitations were sent")
    told = ndp.router_advertisements(recording.at("peer", "eth0", outgoing=False))
    answers: Answers = {}
    for solicitation in asked:
        answer = _answer(solicitation, told)
        notebook.expect(answer, f"the solicitation from {solicitation.source} got no answer", solicitation)
        answers[solicitation] = answer[0]
        notebook.cite(answer[0])
    multicast = [each for each in told if each.destination == ALL_NODES]
    waits = {each: _limited(each, multicast) for each in asked}
    latest = max(asked, key=lambda each: answers[each].time - each.time - waits[each])
    late = answers[latest].time - latest.time - waits[latest]
    notebook.in_time(late, MAX_RA_DELAY_TIME, "a solicitation was answered late", latest, answers[latest])
    free = _own_delays(answers, waits)
    faults = [*_without_chance(free), *_too_close(multicast, recording.stall())]
    notebook.expect(not faults, "; ".join(faults))
    notebook.stimulus(free[ENOUGH - 1:], f"only {len(free)} answers tell about the delay")
    notebook.figure("RA delay after RS, shortest", min(free), "s")
    notebook.figure("RA delay after RS, longest", max(free), "s")
    notebook.finding = f"each of {len(asked)} solicitations was answered in time, after a random delay"


def _answer(solicitation: RouterSolicitation, told: Iterable[RouterAdvertisement]) -> list[RouterAdvertisement]:
    """The first RA to all nodes or to the solicitor after it."""
    return [each for each in told if each.frame.ns > solicitation.frame.ns
            and each.destination in (ALL_NODES, solicitation.source)][:1]


def _limited(solicitation: RouterSolicitation, multicast: Iterable[RouterAdvertisement]) -> float:
    """Seconds after the solicitation in which a multicast answer has to wait."""
    last = max((each.time for each in multicast if each.frame.ns <= solicitation.frame.ns), default=float("-inf"))
    return max(0.0, last + MIN_DELAY_BETWEEN_RAS - solicitation.time)


def _own_delays(answers: Answers, waits: dict[RouterSolicitation, float]) -> list[float]:
    """The delays that the router chose: of unicast answers, and of multicast ones that had not to wait.

    An answer to several solicitations counts once, from the first of them.
    """
    first: dict[RouterAdvertisement, RouterSolicitation] = {}
    for solicitation, answer in answers.items():
        first.setdefault(answer, solicitation)
    return [answer.time - solicitation.time for answer, solicitation in first.items()
            if answer.destination != ALL_NODES or waits[solicitation] == 0]


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


@healthy(test_answers_solicitations)
def exemplary_router() -> Broken:
    """Neither dnsmasq nor radvd delays its answers."""
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser(
        "router:exemplary", "unicast", delay=MAX_RA_DELAY_TIME, at_random=True, spacing=MIN_DELAY_BETWEEN_RAS)})


@played(test_answers_solicitations, because="got no answer")
def router_that_advertises_only_periodically() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:periodic", "silent", period=40.0)})


@played(test_answers_solicitations, because="without a random delay")
def router_that_answers_at_once() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:at-once", "unicast")})


@played(test_answers_solicitations, because="multicast RAs are only")
def router_without_rate_limit() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:unlimited", delay=0.5, at_random=True)})


@played(test_answers_solicitations, because="answered late")
def slow_router() -> Broken:
    return Broken(SolicitedRouter(), {"router": ScriptedAdvertiser("router:slow", "unicast", delay=0.9)})


@edited(test_answers_solicitations, because="from :: got no answer")
def answers_the_unspecified_address_by_unicast(recording: Recording) -> Recording:
    """Nobody hears an answer that is sent to the address of somebody else."""
    unspecified = [each for each in ndp.router_solicitations(recording.at("peer", outgoing=True))
                   if each.source == IPv6Address("::")]
    told = ndp.router_advertisements(recording.at("peer", outgoing=False))
    return editing.without(recording, frames=[each for each in told if each.time > unspecified[0].time])
