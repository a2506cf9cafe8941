"""Hop limit, reachable time and retransmission timer, as a router advertises them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import NeighbourSolicitation
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.advertised_parameters import ABSENT, TALK, TOLD, AdvertisedParameters, Part
from fixtures.timers import DELAY_FIRST_PROBE_TIME, TICK

#: Seconds from a confirmation to the next probe of a neighbour that is talked to (RFC 4861 section 7.3.3): the
#: reachable time is random between half and one and a half of what was advertised, then a packet has to be sent.
NEXT_PROBE = 1.5 * TOLD.reachable / 1000 + TALK + DELAY_FIRST_PROBE_TIME
#: Seconds that a timer of the kernel may be off, in the coarse wheel of long timers (1/8 of them).
COARSE = 1 / 8


@check("RA-14", AdvertisedParameters(), role="guest")
def test_heeds_advertised_parameters(recording: Recording, notebook: Notebook) -> None:
    """Cur Hop Limit, Reachable Time and Retrans Timer of an RA are used unless zero.

    Zeros leave them alone, and a Router Lifetime of 0 does not matter (RFC 4861 section 6.3.4). That shows in the hop
    limit of Echo Replies, in the time between two solicitations for an absent neighbour, and in the time until a known
    neighbour is probed again.
    """
    parts = notebook.stimulus(recording.marked(Part), "no RA reached the guest")
    notebook.stimulus(parts[len(ABSENT) - 1:], "the play ended before its last part")
    faults: list[str] = []
    for part, end in pairwise([*parts, None]):
        assert part is not None
        name = f"in the part {part.what.part!r}"
        replies = _settled_replies(recording, part, end)
        notebook.cite(*notebook.stimulus(replies, f"{name} the guest answered no Echo Request"))
        wrong = {each.hop_limit for each in replies} - {part.what.hop_limit}
        faults += [f"{name} replies have hop limit {hops}, not {part.what.hop_limit}" for hops in sorted(wrong)]
        faults += _retransmissions(recording, notebook, part)
    faults += _probes(recording, notebook)
    notebook.expect(not faults, "; ".join(faults))
    notebook.finding = "hop limit, reachable time and retransmission timer are those that the RA gave"


def _settled_replies(recording: Recording, part: Mark, end: Mark | None) -> list[Echo]:
    """The Echo Replies of a part but for the first two, which may cross the advertisement."""
    until = end.ns if end else recording.duration_ns
    replies = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    return [each for each in replies if part.ns < each.frame.ns < until][2:]


def _retransmissions(recording: Recording, notebook: Notebook, part: Mark) -> Iterator[str]:
    """The first two solicitations for the part's absent neighbour are RetransTimer apart (section 7.2.2)."""
    timer = part.what.retrans / 1000
    sent = ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True))
    asked = [each for each in sent if str(each.target) == part.what.absent][:2]
    notebook.cite(*notebook.stimulus(asked, f"nobody was looked for in the part {part.what.part!r}"))
    where = f"in the part {part.what.part!r}"
    if len(asked) < 2:
        yield f"{where} an absent neighbour was solicited only once"
        return
    apart = asked[1].time - asked[0].time
    if apart < timer - TICK:
        yield f"{where} solicitations are {apart:.2f} s apart, not {timer:g} s"
    else:
        late = f"{where} the second solicitation for an absent neighbour was late"
        notebook.in_time(apart, timer * (1 + COARSE), late, *asked)


def _probes(recording: Recording, notebook: Notebook) -> Iterator[str]:
    """Each confirmation by the neighbour but the last is followed by the next probe in time."""
    probes = _unicast(recording)
    confirmed = [each for each in ndp.neighbour_advertisements(recording.at("guest", "eth0", outgoing=False))
                 if each.solicited]
    notebook.stimulus(confirmed, "the guest never asked for its neighbour")
    begin, last = confirmed[0], recording.marked(Part)[-1]
    times = [begin.time, *(each.time for each in probes if begin.time < each.time < last.time), last.time]
    longest = max(two - one for one, two in pairwise(times))
    notebook.cite(begin, *probes)
    if longest > NEXT_PROBE * (1 + COARSE) + recording.stall():
        yield f"the reachable time of {TOLD.reachable} ms is not used: a neighbour was not probed for {longest:.1f} s"


def _unicast(recording: Recording) -> list[NeighbourSolicitation]:
    sent = ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if not each.dad and not each.destination.is_multicast]


@played(test_heeds_advertised_parameters, because="hop limit 64, not 15")
def guest_with_a_hop_limit_of_its_own() -> Broken:
    """It takes no hop limit below 64."""
    guest = KernelGuest("linux:min_hop_limit", {"accept_ra_min_hop_limit": 64})
    return Broken(AdvertisedParameters(), {"guest": guest})


@edited(test_heeds_advertised_parameters, because="replies have hop limit 0, not 15")
def guest_that_takes_zero_for_a_hop_limit(recording: Recording) -> Recording:
    """A host that obeys "unspecified"."""
    nothing, end = recording.marked(Part)[1:3]

    def zero(packet: Any) -> None:
        packet.payload.hlim = 0

    return editing.rewritten(recording, _settled_replies(recording, nothing, end), zero)


@edited(test_heeds_advertised_parameters, because="apart, not 5 s")
def guest_that_retransmits_every_second(recording: Recording) -> Recording:
    """Its retransmission timer is always 1 s."""
    sent = ndp.neighbour_solicitations(recording.at("guest", outgoing=True))
    second = [each for each in sent if each.target == ABSENT["nothing"]][1]
    return editing.shifted(recording, -4.0, frames=second)


@edited(test_heeds_advertised_parameters, because="reachable time of 1000 ms is not used")
def guest_that_trusts_for_half_a_minute(recording: Recording) -> Recording:
    """It does not probe in the whole play."""
    return editing.without(recording, frames=_unicast(recording))
