"""A router advertises unasked: at first soon, then at random intervals, and for as long as it is a router."""

from __future__ import annotations

from itertools import pairwise

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.scenarios.router_discovery.unsolicited_router import LEAST, MOST, Begun, Over, UnsolicitedRouter
from fixtures.timers import TICK

#: RFC 4861 section 10: MAX_INITIAL_RTR_ADVERTISEMENTS, and MAX_INITIAL_RTR_ADVERT_INTERVAL in seconds.
INITIAL, INITIAL_INTERVAL = 3, 16
#: Seconds by which a program that counts whole seconds, or sleeps until its timer, may be late.
COARSE = 1.5
#: Seconds after which a router is silent for good: no interval of RFC 4861 or of a known router is as long here.
SILENCE = 6.0 * MOST


def _multicast_advertisements(recording: Recording, notebook: Notebook) -> list[RouterAdvertisement]:
    """The router's multicast RAs until the play was over; nobody had asked for them."""
    over = notebook.stimulus(recording.marked(Over), "the play ended early")[0]
    found = [each for each in ndp.router_advertisements(recording.at("router", "lan0", outgoing=True))
             if each.destination == ALL_NODES and each.frame.ns < over.ns]
    asked = ndp.router_solicitations(recording.at("router", "lan0", outgoing=False))
    notebook.stimulus([] if asked else [over], "somebody solicited the router")
    return found


@check("RA-03.initial", UnsolicitedRouter(), role="router", needs=("prompt-advertisements",))
def test_first_advertisements_come_soon(recording: Recording, notebook: Notebook) -> None:
    """The first three unsolicited RAs are at most 16 s apart, whatever the intervals are (RFC 4861 section 6.2.4)."""
    first = notebook.stimulus(_multicast_advertisements(recording, notebook), "the router sent no RA unasked")[:INITIAL]
    over = recording.marked(Over)[0]
    alone = over.time - first[0].time
    notebook.expect(first[1:] or alone < INITIAL_INTERVAL + COARSE,
                    f"the router sent no second RA within {alone:.0f} s", first[0], over)
    for one, two in pairwise(first):
        notebook.in_time(two.time - one.time, INITIAL_INTERVAL + COARSE,
                         "one of the first RAs came late after the one before", one, two)
    notebook.finding = f"the first RAs came {', '.join(_gaps(first))} s after one another"


@check("RA-03.bounds", UnsolicitedRouter(), role="router", needs=("advertised-interval",))
def test_intervals_are_within_bounds(recording: Recording, notebook: Notebook) -> None:
    """From one RA to the next it takes MinRtrAdvInterval at least and MaxRtrAdvInterval at most (RFC 4861 6.2.4)."""
    sent = _multicast_advertisements(recording, notebook)
    pairs = notebook.stimulus(pairwise(sent), "the router sent fewer than two RAs unasked")
    by_length = sorted(((two.time - one.time, one, two) for one, two in pairs), key=lambda each: each[0])
    notebook.cite(*sent)
    gap, one, two = by_length[-1]
    notebook.in_time(gap, MOST + COARSE, f"an RA came late; MaxRtrAdvInterval is {MOST} s", one, two)
    gap, one, two = by_length[0]
    notebook.not_before(gap, LEAST - TICK, f"an RA came {gap:.3f} s after the one before; MinRtrAdvInterval is"
                        f" {LEAST} s", one, two)
    notebook.finding = f"{len(pairs)} intervals from {LEAST} s to {MOST} s"


@check("RA-03.goes-on", UnsolicitedRouter(), role="router", needs=("prompt-advertisements",))
def test_goes_on_advertising(recording: Recording, notebook: Notebook) -> None:
    """A router advertises unasked for as long as it is one: it does not fall silent (RFC 4861 section 6.2.4)."""
    begun = notebook.stimulus(recording.marked(Begun), "the play ended early")[0]
    sent = _multicast_advertisements(recording, notebook)
    over = recording.marked(Over)[0]
    notebook.expect(sent, f"the router sent no RA unasked in {over.time - begun.time:.0f} s", begun, over)
    last = sent[-1]
    silent = over.time - last.time
    words = "the RA" if len(sent) == 1 else f"{len(sent)} RAs"
    notebook.expect(silent < SILENCE, f"after {words} the router fell silent: none came in the last {silent:.0f} s, and"
                    f" MaxRtrAdvInterval is {MOST} s", last, over)
    notebook.stimulus(sent[INITIAL:], "the router's first RAs took too long to tell whether more follow")
    notebook.cite(*sent)
    notebook.finding = f"{len(sent)} RAs in {over.time - begun.time:.0f} s, the last one {silent:.1f} s before the end"


def _gaps(sent: list[RouterAdvertisement]) -> list[str]:
    return [f"{two.time - one.time:.1f}" for one, two in pairwise(sent)]


def _advertisements(recording: Recording) -> list[RouterAdvertisement]:
    return ndp.router_advertisements(recording.at("router", "lan0", outgoing=True))


@edited(test_first_advertisements_come_soon, because="one of the first RAs came late")
def router_that_takes_its_time(recording: Recording) -> Recording:
    """Its second RA comes after 20 s."""
    first, *others = _advertisements(recording)
    early = [each for each in others if each.time < first.time + INITIAL_INTERVAL + 2 * COARSE]
    return editing.without(recording, frames=early)


@edited(test_intervals_are_within_bounds, because="an RA came late; MaxRtrAdvInterval is 4 s")
def router_that_leaves_one_out(recording: Recording) -> Recording:
    return editing.without(recording, frames=_advertisements(recording)[3])


@edited(test_intervals_are_within_bounds, because="MinRtrAdvInterval is 3 s")
def router_that_hurries(recording: Recording) -> Recording:
    return editing.shifted(recording, -1.5, frames=_advertisements(recording)[3])


@edited(test_goes_on_advertising, because="the router fell silent")
def router_of_few_words(recording: Recording) -> Recording:
    """It sends its first RAs and no more."""
    first, *others = _advertisements(recording)
    late = [each for each in others if each.time > first.time + INITIAL * MOST]
    return editing.without(recording, frames=late)


@edited(test_goes_on_advertising, because="sent no RA unasked")
def router_that_waits_to_be_asked(recording: Recording) -> Recording:
    return editing.without(recording, frames=_advertisements(recording))
