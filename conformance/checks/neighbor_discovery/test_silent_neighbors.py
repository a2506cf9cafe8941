"""How a host probes a neighbor that fell silent, resolves one that never answers, and keeps packets meanwhile."""

from __future__ import annotations

import itertools

from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.neighbor_discovery.silent_neighbors import (
    LAST,
    LATE,
    PROBED,
    QUEUED,
    UNKNOWN,
    Silent,
    SilentNeighbors,
)
from fixtures.timers import (
    DELAY_FIRST_PROBE_TIME,
    MAX_MULTICAST_SOLICIT,
    MAX_UNICAST_SOLICIT,
    RETRANS_TIMER,
    TICK,
)

#: The sequence number of the Echo Request after which a neighbor is silent.
SILENT = 2
#: Seconds by which a kernel's coarse timers may be late.
SLACK = 0.5


@check("NDP-05", SilentNeighbors(), role="guest", parts=PROBED)
def test_probes_a_silent_neighbor(recording: Recording, notebook: Notebook, part: str) -> None:
    """A doubted neighbor is probed three times by unicast, RetransTimer apart, and then its entry is gone.

    RFC 4861 section 7.3.3: the first probe comes DELAY_FIRST_PROBE_TIME after the packet that was sent to a STALE
    entry; without an answer the entry is deleted, so that the next packet begins with a multicast solicitation.
    """
    who = PROBED[part]
    answered = [each for each in _replies(recording, who) if each.sequence == SILENT]
    notebook.stimulus([each for each in answered if each.frame.data[:6].hex(":") == who.mac()],
                      f"the guest did not answer {who.address} at its last address")
    notebook.cite(answered[0])
    sought = [each for each in _solicitations_for(recording, who) if each.frame.ns >= answered[0].frame.ns]
    probes = [each for each in sought if not each.destination.is_multicast]
    notebook.cite(*probes)
    notebook.expect(len(probes) == MAX_UNICAST_SOLICIT,
                    f"the guest probed {who.address} {len(probes)} times, not {MAX_UNICAST_SOLICIT} times")
    notebook.expect(all(each.hop_limit == 255 for each in probes), "a probe's hop limit is not 255", *probes)
    notebook.expect(all(each.destination == who.address and each.mac_destination == who.mac() for each in probes),
                    f"a probe did not go to {who.address} at {who.mac()}", *probes)
    notebook.recommend(all(each.sllao for each in probes), "a probe has no SLLAO", *probes)
    _expect_spacing(notebook, answered[0], probes[0], DELAY_FIRST_PROBE_TIME)
    for first, second in itertools.pairwise(probes):
        _expect_spacing(notebook, first, second, RETRANS_TIMER)
    asked = [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
             if each.source == who.address and each.sequence == LAST]
    notebook.stimulus(asked, f"{who.address} did not ask again")
    again = [each for each in sought if each.destination.is_multicast and each.frame.ns >= asked[0].frame.ns]
    notebook.expect(again, f"the guest still knows {who.address} after its last probe", asked[0])
    notebook.cite(again[0])
    notebook.finding = f"the guest probed {who.address} three times and gave it up"


def _expect_spacing(notebook: Notebook, first: Echo | NeighborSolicitation, second: NeighborSolicitation,
                    right: float) -> None:
    apart = second.time - first.time
    notebook.not_before(apart, right - TICK, f"a solicitation came after {apart:.2f} s, not {right:g} s", first, second)
    notebook.in_time(apart, right + SLACK, f"a solicitation came after {apart:.2f} s, not {right:g} s", first, second)


@check("NDP-01", SilentNeighbors(), role="guest", parts=UNKNOWN)
def test_resolves_a_neighbor_that_never_answers(recording: Recording, notebook: Notebook, part: str) -> None:
    """A neighbor that does not answer is solicited three times by its group, RetransTimer apart (section 7.2.2)."""
    who = UNKNOWN[part]
    sought = _solicitations_for(recording, who)
    notebook.cite(*notebook.stimulus(sought, f"the guest did not look for {who.address}"))
    notebook.expect(len(sought) == MAX_MULTICAST_SOLICIT,
                    f"the guest solicited {who.address} {len(sought)} times, not {MAX_MULTICAST_SOLICIT} times")
    wrong = [each for each in sought if not each.destination.is_multicast or each.hop_limit != 255 or not each.sllao]
    notebook.expect(not wrong, "a solicitation is not to the group, has no SLLAO or not hop limit 255", *wrong)
    for first, second in itertools.pairwise(sought):
        _expect_spacing(notebook, first, second, RETRANS_TIMER)
    notebook.finding = f"the guest solicited {who.address} three times"


@check("NDP-01.queues-apart", SilentNeighbors(), role="guest")
def test_keeps_packets_for_each_neighbor(recording: Recording, notebook: Notebook) -> None:
    """What waits for one neighbor is sent when that one answers, the latest packet at least, and in order.

    RFC 4861 section 7.2.2: the queue of each neighbor has room for one packet or more, and the latest takes the oldest
    one's place.
    """
    for name, who in LATE.items():
        told = [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
                if each.target == who.address]
        notebook.cite(*notebook.stimulus(told, f"{who.address} did not answer")[:1])
        sent = _replies(recording, who)
        notebook.cite(*sent)
        early = [each for each in sent if each.frame.ns < told[0].frame.ns]
        notebook.expect(not early, f"the guest sent to {who.address} before that had answered", *early)
        numbers = [each.sequence for each in sent]
        notebook.expect(QUEUED in numbers, f"the guest did not send the latest packet to the {name} neighbor", told[0])
        notebook.expect(numbers == sorted(numbers), f"the guest sent what had waited in the order {numbers}", *sent)
    notebook.finding = "what waited for each neighbor was sent when that one answered"


def _replies(recording: Recording, who: Silent) -> list[Echo]:
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    return [each for each in sent if each.destination == who.address]


def _solicitations_for(recording: Recording, who: Silent) -> list[NeighborSolicitation]:
    return [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
            if each.target == who.address]


def _unicast(recording: Recording, part: str) -> list[NeighborSolicitation]:
    return [each for each in _solicitations_for(recording, PROBED[part]) if not each.destination.is_multicast]


@played(test_probes_a_silent_neighbor, because="0 times, not 3 times")
def host_that_doubts_nobody() -> Broken:
    return Broken(SilentNeighbors(), {"guest": ScriptedGuest("host:trusts")})


@edited(test_probes_a_silent_neighbor, because="2 times, not 3 times")
def host_that_is_impatient(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_unicast(recording, part)[-1:])


@edited(test_probes_a_silent_neighbor, because="a solicitation came after 0.50 s, not 1 s")
def host_that_hurries(recording: Recording, part: str) -> Recording:
    first, *rest = _unicast(recording, part)
    return editing.shifted(recording, first.time + 0.5 - rest[0].time, frames=rest[:1])


@edited(test_probes_a_silent_neighbor, because="still knows")
def host_that_never_forgets(recording: Recording, part: str) -> Recording:
    multicast = [each for each in _solicitations_for(recording, PROBED[part]) if each.destination.is_multicast]
    return editing.without(recording, frames=multicast)


@edited(test_resolves_a_neighbor_that_never_answers, because="2 times, not 3 times")
def host_that_gives_up_early(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_solicitations_for(recording, UNKNOWN[part])[-1:])


@edited(test_keeps_packets_for_each_neighbor, because="did not send the latest packet to the first neighbor")
def host_that_keeps_the_oldest(recording: Recording) -> Recording:
    return editing.without(recording, frames=[each for each in _replies(recording, LATE["first"])
                                              if each.sequence == QUEUED])


@edited(test_keeps_packets_for_each_neighbor, because="before that had answered")
def host_with_one_queue(recording: Recording) -> Recording:
    """The first neighbor's answer releases what waits for the second."""
    first, second = (_replies(recording, LATE[name]) for name in ("first", "second"))
    return editing.shifted(recording, first[0].time - second[0].time, frames=second)
