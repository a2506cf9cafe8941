"""How a dual-stack client copes with an IPv6 that is there but does not work: RFC 8305, Happy Eyeballs.

All three requirements are SHOULDs that hold for every dual-stack client. A client that tries addresses in turn, each
with TCP's full time-out of two minutes, declares no lack here: its users wait, and that is what `warn` says.
"""

from __future__ import annotations

from operator import itemgetter

from conformance.broken.applications import (
    DEAF,
    EXEMPLARY,
    HESITANT,
    OLD_FASHIONED,
    PATIENT,
    STUBBORN,
    THOROUGH,
)
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.attempts import Trial, Type, first_acceptance, first_refusal, page, trials
from fixtures.recording.editing import shifted, without
from fixtures.recording.model import Recording
from fixtures.recording.views.base import View
from fixtures.scenarios.dual_stack.fallback import TRIAL, Fallback
from fixtures.timers import MAX_CONNECTION_ATTEMPT_DELAY, MIN_CONNECTION_ATTEMPT_DELAY, RESOLUTION_DELAY

#: Seconds from one packet to the next, and both.
Gap = tuple[float, View, View]

#: Seconds in which a client has its page once it tries IPv4: no timer of its own may hold it up, and none is shorter.
#: A busy host may be slow to let the client run.
CONNECTED = 1.0
#: Seconds in which a client reacts to what it has just learned: processing on a busy host, no timer. Who waits for
#: the other answer waits for a second.
AT_ONCE = 0.05
#: Seconds that it may wait for a late answer before it uses the one that it has.
RESOLVED = RESOLUTION_DELAY + AT_ONCE


@check("DUAL-09", Fallback(), role="application")
def test_falls_back_from_a_black_hole(recording: Recording, notebook: Notebook) -> None:
    """IPv4 is tried 10 ms to 2 s after a first IPv6 attempt that nobody answers, and connects (RFC 8305 section 5).

    An IPv6 path that is slow, but faster than this delay, still wins. The measured delay is a figure; the bounds of
    section 5 alone are judged.
    """
    for trial in trials(recording, notebook, "black-hole"):
        _expect_race(trial, notebook)
    for trial in trials(recording, notebook, "slow"):
        _ipv6_wins_in_time(trial, notebook)


def _expect_race(trial: Trial, notebook: Notebook) -> None:
    first, second, fetched = trial.first_ipv6, trial.first_ipv4, page(trial.ipv4)
    if first is None or first_acceptance(trial.ipv6):
        notebook.expect(first or second is None, "the client tried IPv4 only, and never IPv6", *filter(None, [second]))
        notebook.stimulus([], "the client's IPv6 attempt met no black hole")
        return
    notebook.expect(second,
                    f"the client made no IPv4 attempt within {TRIAL:g} s of the first IPv6 attempt: not connected",
                    first)
    assert second is not None
    delay = second.time - first.time
    notebook.figure("connection attempt delay", delay, "s")
    notebook.expect(delay >= MIN_CONNECTION_ATTEMPT_DELAY,
                    f"the client tried IPv4 {delay * 1000:.1f} ms after IPv6, without giving it a chance",
                    first, second)
    notebook.in_time(delay, MAX_CONNECTION_ATTEMPT_DELAY, "the client tried IPv4 late after IPv6", first, second)
    notebook.expect(fetched, "the client never got the page over IPv4")
    assert fetched is not None
    notebook.in_time(fetched.time - second.time, CONNECTED, "the client got the page late over IPv4", fetched)
    notebook.finding = f"IPv4 followed {delay * 1000:.0f} ms after a black-holed IPv6 and brought the page"


def _ipv6_wins_in_time(trial: Trial, notebook: Notebook) -> None:
    """Where IPv6 connected before IPv4 was tried, the page must have come over IPv6."""
    reached, second = first_acceptance(trial.ipv6), trial.first_ipv4
    if reached is None or (second is not None and second.time <= reached.time):
        return
    slow = f"over an IPv6 path slower by {trial.delay * 1000:.0f} ms the client connected"
    notebook.expect(page(trial.ipv6), f"{slow}, but did not fetch its page there", reached)


@played(test_falls_back_from_a_black_hole, because="no IPv4 attempt within 5 s")
def waits_five_seconds() -> Broken:
    return Broken(Fallback(), {"application": PATIENT})


@played(test_falls_back_from_a_black_hole, because="no IPv4 attempt within 5 s")
def never_falls_back() -> Broken:
    return Broken(Fallback(), {"application": STUBBORN})


@edited(test_falls_back_from_a_black_hole, because="without giving it a chance")
def tries_both_at_once(recording: Recording) -> Recording:
    """A millisecond lies between its attempts. A played one may be held up by the machine, and look patient."""
    trial = trials(recording, Notebook(recording), "black-hole")[0]
    assert trial.first_ipv6 is not None and trial.first_ipv4 is not None
    return shifted(recording, trial.first_ipv6.time + 0.001 - trial.first_ipv4.time, frames=trial.first_ipv4)


@played(test_falls_back_from_a_black_hole, because="IPv4 only")
def tries_ipv4_first() -> Broken:
    return Broken(Fallback(), {"application": OLD_FASHIONED})


@edited(test_falls_back_from_a_black_hole, because="tried IPv4 late")
def waits_three_seconds(recording: Recording) -> Recording:
    """All of the IPv4 connection comes 3 s later."""
    trial = trials(recording, Notebook(recording), "black-hole")[0]
    return shifted(recording, 3.0, frames=trial.ipv4)


@edited(test_falls_back_from_a_black_hole, because="did not fetch its page there")
def abandons_a_slow_path(recording: Recording) -> Recording:
    """An IPv6 connection that is made in time and then left alone."""
    slow = trials(recording, Notebook(recording), "slow")
    return without(recording, frames=[each for trial in slow for each in trial.ipv6 if each.payload])


@check("DUAL-12", Fallback(), role="application")
def test_goes_on_at_once_when_refused(recording: Recording, notebook: Notebook) -> None:
    """A refused attempt (RST), or an address without a route, leaves nothing to wait for (RFC 8305 section 5).

    IPv4 is tried within 50 ms of the refusal; with no route to the IPv6 address, within 50 ms of the last answer of
    the name server. The fastest trial of each kind counts: who waits, waits in all. ICMPv6 errors are soft errors to
    TCP and are not judged.
    """
    refusals = [(first_refusal(trial.ipv6), trial.first_ipv4) for trial in trials(recording, notebook, "refused")]
    heard = notebook.stimulus([each for each in refusals if each[0]], "no IPv6 attempt was refused")
    gaps: list[Gap] = [
        (then.time - reset.time, reset, then) for reset, then in heard if reset and then]
    notebook.expect(gaps, "the client gave up when IPv6 was refused, and never tried IPv4", *filter(None, heard[0]))
    gap = _fastest(gaps, AT_ONCE, "the client tried IPv4 late after IPv6 was refused", notebook)
    notebook.figure("IPv4 attempt after a refused IPv6 attempt", gap, "s")
    _unroutable(recording, notebook)
    notebook.finding = f"IPv4 followed {gap * 1000:.1f} ms after the refusal, and at once where IPv6 has no route"


def _unroutable(recording: Recording, notebook: Notebook) -> None:
    gaps: list[Gap] = []
    for trial in trials(recording, notebook, "unroutable"):
        answers = [each for each in (trial.answer("AAAA"), trial.answer("A")) if each is not None]
        if len(answers) == 2 and trial.first_ipv4 is not None:
            last = max(answers, key=lambda each: each.time)
            gaps.append((trial.first_ipv4.time - last.time, last, trial.first_ipv4))
    notebook.expect(gaps, "the client never tried IPv4 where it has no route to the IPv6 address")
    _fastest(gaps, AT_ONCE, "the client tried IPv4 late where IPv6 has no route", notebook)


def _fastest(gaps: list[Gap], limit: float, late: str, notebook: Notebook) -> float:
    """The shortest of these times from one packet to the next, which must be in time."""
    notebook.cite(*(seen for _, *both in gaps for seen in both))
    shortest, before, after = min(gaps, key=itemgetter(0))
    notebook.in_time(shortest, limit, late, before, after)
    return shortest


@played(test_goes_on_at_once_when_refused, because="tried IPv4 late")
def ignores_refusals() -> Broken:
    """It waits as long where there is no route."""
    return Broken(Fallback(), {"application": DEAF})


@edited(test_goes_on_at_once_when_refused, because="late after IPv6 was refused")
def waits_after_a_refusal(recording: Recording) -> Recording:
    """The refusal is no news to it."""
    mine = trials(recording, Notebook(recording), "refused")
    return shifted(recording, 2.0, frames=[each for trial in mine for each in trial.ipv4])


@played(test_goes_on_at_once_when_refused, because="never tried IPv4")
def gives_up() -> Broken:
    return Broken(Fallback(), {"application": STUBBORN})


@edited(test_goes_on_at_once_when_refused, because="late where IPv6 has no route")
def waits_without_a_route(recording: Recording) -> Recording:
    """The delay of a race that never began."""
    mine = trials(recording, Notebook(recording), "unroutable")
    return shifted(recording, 2.0, frames=[each for trial in mine for each in trial.ipv4])


@check("DUAL-10", Fallback(), role="application")
def test_does_not_wait_for_the_other_answer(recording: Recording, notebook: Notebook) -> None:
    """AAAA and A are asked together; who has one answer connects, and waits 50 ms at most (RFC 8305 section 3).

    The name server answers one of them a second late, or never. The 50 ms are the Resolution Delay that section 3
    recommends to wait for a late AAAA; 50 ms more are left for processing. The fastest trial of each kind counts: who
    waits for an answer, waits in all.
    """
    late, never, late6 = (trials(recording, notebook, kind) for kind in ("a-late", "a-never", "aaaa-late"))
    for trial in late:
        _asks_on(trial, "AAAA", notebook)
    for trial in late6:
        _asks_on(trial, "A", notebook)
    _connects(late, "IPv6", "with a late A", notebook)
    _connects(never, "IPv6", "with no answer for A", notebook)
    _connects(late6, "IPv4", "with a late AAAA", notebook)
    notebook.finding = "each answer was used at once, without waiting for the other"


def _asks_on(trial: Trial, kind: Type, notebook: Notebook) -> None:
    """A type is asked for before the other's answer comes, which is a second late; who is done by then sees none."""
    other: Type = "A" if kind == "AAAA" else "AAAA"
    asked, late = trial.question(kind), trial.answer(other)
    if asked is None or trial.question(other) is None:
        notebook.stimulus([], "the client did not ask for both AAAA and A")
    elif late is not None:
        notebook.expect(asked.time < late.time,
                        f"the client asked for {kind} only when the other answer had come", asked, late)


def _connects(mine: list[Trial], family: str, where: str, notebook: Notebook) -> None:
    """The family whose answer is there is tried in time."""
    answers = [(trial.answer("AAAA" if family == "IPv6" else "A"), trial) for trial in mine]
    heard = notebook.stimulus([(answer, trial) for answer, trial in answers if answer is not None],
                              f"{where}, the answer for {family} did not reach the client")
    gaps: list[Gap] = []
    for answer, trial in heard:
        tried = trial.first_ipv6 if family == "IPv6" else trial.first_ipv4
        gaps += [(tried.time - answer.time, answer, tried)] if tried else []
    notebook.expect(gaps,
                    f"{where}, the client made no {family} attempt within {TRIAL:g} s",
                    *(answer for answer, _ in heard))
    _fastest(gaps, RESOLVED, f"{where}, the client tried {family} late", notebook)


@healthy(test_does_not_wait_for_the_other_answer)
def exemplary() -> Broken:
    return Broken(Fallback(), {"application": EXEMPLARY})


@played(test_does_not_wait_for_the_other_answer, because="with a late A, the client tried IPv6 late")
def waits_for_both_answers() -> Broken:
    return Broken(Fallback(), {"application": THOROUGH})


@played(test_does_not_wait_for_the_other_answer, because="with a late A, the client tried IPv6 late")
def leaves_resolving_to_getaddrinfo() -> Broken:
    """A real one: Python's asyncio races its attempts, but waits for getaddrinfo first."""
    return Broken(Fallback(), {"application": "asyncio-happy-eyeballs"})


@played(test_does_not_wait_for_the_other_answer, because="with a late AAAA, the client tried IPv4 late")
def waits_long_for_aaaa() -> Broken:
    return Broken(Fallback(), {"application": HESITANT})


@edited(test_does_not_wait_for_the_other_answer, because="asked for AAAA only when")
def asks_one_after_the_other(recording: Recording) -> Recording:
    """AAAA is asked when A has been answered."""
    late = trials(recording, Notebook(recording), "a-late")
    answers = [(trial.question("AAAA"), trial.answer("A")) for trial in late]
    waited = max(answer.time - asked.time for asked, answer in answers if asked and answer)
    return shifted(recording, waited + 0.1, frames=[
        each for trial in late for each in (*(asked for asked in trial.messages if asked.asks("AAAA")), *trial.ipv6)])
