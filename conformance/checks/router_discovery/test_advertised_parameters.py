"""Hop limit, reachable time and retransmission timer, as a router advertises them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import echo_replies
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.advertised_parameters import ABSENT, TALK, TOLD, AdvertisedParameters, Part
from fixtures.timers import DELAY_FIRST_PROBE_TIME, TICK

#: Seconds from a confirmation to the next probe of a neighbor that is talked to (RFC 4861 section 7.3.3): the
#: reachable time is random between half and one and a half of what was advertised, then a packet has to be sent.
NEXT_PROBE = 1.5 * TOLD.reachable / 1000 + TALK + DELAY_FIRST_PROBE_TIME
#: Seconds that a timer of the kernel may be off, in the coarse wheel of long timers (1/8 of them).
COARSE = 1 / 8


#: What an RA says -> the part of the play that it begins, by part of the requirement.
SAID = {"": "told", "-zero": "nothing", "-without-lifetime": "no-router"}
HOP_LIMIT = {f"hop-limit{more}": begins for more, begins in SAID.items()}
RETRANS = {f"retrans{more}": begins for more, begins in SAID.items()}
REACHABLE = {f"reachable{more}": begins for more, begins in SAID.items() if begins != "no-router"}


@check("RA-14", AdvertisedParameters(), role="guest", parts=HOP_LIMIT)
def test_heeds_advertised_hop_limit(recording: Recording, notebook: Notebook, part: str) -> None:
    """The Cur Hop Limit of an RA is used unless it is zero, with a Router Lifetime of 0 too (RFC 4861 section 6.3.4).

    That shows in Echo Replies.
    """
    begin, end = _part(recording, notebook, HOP_LIMIT[part])
    told = begin.what.hop_limit
    for reply in notebook.stimulus(_settled_replies(recording, begin, end), "the guest answered no Echo Request"):
        kept = f"the guest's replies have hop limit {reply.hop_limit}, not {told}"
        if reply.hop_limit > told:
            kept += "; hosts that do not lower theirs do so on purpose, against forged RAs (CVE-2015-2922)"
        notebook.expect(reply.hop_limit == told, kept, reply)
    notebook.finding = f"replies have hop limit {told}"


@check("RA-14", AdvertisedParameters(), role="guest", parts=RETRANS)
def test_heeds_advertised_retransmission_timer(recording: Recording, notebook: Notebook, part: str) -> None:
    """The Retrans Timer of an RA is used unless it is zero, with a Router Lifetime of 0 too (RFC 4861 section 6.3.4).

    So far apart are two solicitations for an absent neighbor (section 7.2.2).
    """
    begin, _ = _part(recording, notebook, RETRANS[part])
    timer = begin.what.retrans / 1000
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    asked = [each for each in sent if str(each.target) == begin.what.absent][:2]
    notebook.cite(*notebook.stimulus(asked, "the guest tried to reach no absent neighbor"))
    notebook.expect(len(asked) == 2, "the guest solicited an absent neighbor only once")
    apart = asked[1].time - asked[0].time
    notebook.expect(apart >= timer - TICK, f"the guest's solicitations are {apart:.2f} s apart, not {timer:g} s")
    late = "the guest sent the second solicitation for an absent neighbor late"
    notebook.in_time(apart, timer * (1 + COARSE), late, *asked)
    notebook.finding = f"solicitations are {apart:.2f} s apart"


@check("RA-14", AdvertisedParameters(), role="guest", parts=REACHABLE)
def test_heeds_advertised_reachable_time(recording: Recording, notebook: Notebook, part: str) -> None:
    """The Reachable Time of an RA is used unless it is zero (RFC 4861 section 6.3.4).

    So each confirmation by a neighbor that is talked to is followed by the next probe in time (section 7.3.3).
    """
    begin, end = _part(recording, notebook, REACHABLE[part])
    limit = end.time if end else recording.duration
    confirmed = [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
                 if each.solicited]
    notebook.cite(notebook.stimulus(confirmed, "the guest never asked for its neighbor")[0])
    probes = [each for each in _unicast(recording) if confirmed[0].time < each.time < limit]
    times = [confirmed[0].time, *(each.time for each in probes), limit]
    longest = max(two - one for one, two in pairwise(times) if two > begin.time)
    asked = [each for each in probes if each.time > begin.time]
    notebook.expect(asked,
                    f"the guest does not use the reachable time of {TOLD.reachable} ms: it did not probe a neighbor "
                    f"for {limit - begin.time:.1f} s", begin, *asked)
    used = longest <= NEXT_PROBE * (1 + COARSE) + recording.stall()
    notebook.expect(used,
                    f"the guest does not use the reachable time of {TOLD.reachable} ms: it did not probe a neighbor "
                    f"for {longest:.1f} s")
    notebook.finding = f"a neighbor was probed after {longest:.1f} s at most"


def _part(recording: Recording, notebook: Notebook, name: str) -> tuple[Mark, Mark | None]:
    """Where a part of the play begins, and where the next one does."""
    parts = notebook.stimulus(recording.marked(Part), "no RA reached the guest")
    names = [part.what.part for part in parts]
    found = notebook.stimulus([number for number, each in enumerate(names) if each == name],
                              f"the play ended before its step {name!r}")[0]
    return parts[found], next(iter(parts[found + 1:]), None)


def _settled_replies(recording: Recording, part: Mark, end: Mark | None) -> list[Echo]:
    """The Echo Replies of a part but for the first two, which may cross the advertisement."""
    until = end.ns if end else recording.duration_ns
    replies = echo_replies(recording.at("guest", "eth0", outgoing=True))
    return [each for each in replies if part.ns < each.frame.ns < until][2:]


def _unicast(recording: Recording) -> list[NeighborSolicitation]:
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if not each.dad and not each.destination.is_multicast]


@played(test_heeds_advertised_hop_limit, because="hop limit 64, not 15", parts=["hop-limit", "hop-limit-zero"])
def guest_with_a_hop_limit_of_its_own() -> Broken:
    """It takes no hop limit below 64."""
    guest = KernelGuest("linux:min_hop_limit", {"accept_ra_min_hop_limit": 64})
    return Broken(AdvertisedParameters(), {"guest": guest})


@edited(test_heeds_advertised_hop_limit, because="replies have hop limit 0, not")
def guest_that_takes_zero_for_a_hop_limit(recording: Recording, part: str) -> Recording:
    """A host that obeys "unspecified"."""
    marks = recording.marked(Part)
    begin = next(number for number, mark in enumerate(marks) if mark.what.part == HOP_LIMIT[part])

    def zero(packet: Any) -> None:
        packet.payload.hlim = 0

    end = next(iter(marks[begin + 1:]), None)
    return editing.rewritten(recording, _settled_replies(recording, marks[begin], end), zero)


@edited(test_heeds_advertised_retransmission_timer, because="s apart, not")
def guest_that_retransmits_every_second(recording: Recording, part: str) -> Recording:
    """Its retransmission timer is always 1 s."""
    sent = ndp.neighbor_solicitations(recording.at("guest", outgoing=True))
    first, second = [each for each in sent if each.target == ABSENT[RETRANS[part]]][:2]
    return editing.shifted(recording, first.time + 1.0 - second.time, frames=second)


@edited(test_heeds_advertised_reachable_time, because="does not use the reachable time of 1000 ms")
def guest_that_trusts_for_half_a_minute(recording: Recording) -> Recording:
    """It does not probe in the whole play."""
    return editing.without(recording, frames=_unicast(recording))
