"""Conflicts about addresses, as far as the wire alone tells."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from ipaddress import IPv6Address
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import is_receivable
from conformance.wire.neighbors import Times, probe_times
from conformance.wire.sample import CONTESTED, PEER_MAC, conversation
from conformance.wire.speech import probes, source
from conformance.wire.spoken import (
    doubt,
    examine,
    frames_received,
    frames_sent,
    is_capture,
    must,
    require_clock,
    saying,
)
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.timers import RETRANS_TIMER

Contest = NeighborSolicitation | NeighborAdvertisement


@check("SLAAC-04", role="guest", passive=True)
def test_wire_contested_addresses_are_not_used(recording: Recording, notebook: Notebook) -> None:
    """What another node has, or probes for at the same time, is not used after the probe (RFC 4862 section 5.4).

    Until it is probed for again. A capture shows that the other spoke, not that the guest heard it: there it is a
    warning.
    """
    probed = probe_times(recording, "guest")
    require_clock(recording)
    contests = _contests(recording, probed)
    examine(notebook, contests, "nobody contested an address that was probed for")
    addresses = {each.target for each in contests}
    uses: dict[bytes, list[Frame]] = {address.packed: [] for address in addresses}
    for frame in frames_sent(recording, "guest"):
        uses.get(source(frame.data), []).append(frame)
    for contest in contests:
        at = bisect_right(probed[contest.target], contest.time)
        later = [*probed[contest.target][at:], float("inf")][0]
        mine = uses[contest.target.packed]
        first = bisect_left(mine, contest.time + RETRANS_TIMER, key=lambda frame: frame.time)
        used = [frame for frame in mine[first:first + 1] if frame.time < later]
        words = f"{contest.target} was contested by {contest.mac_source}, and used all the same"
        if used and is_capture(recording):
            doubt(notebook, words, contest, *used)
            continue
        must(notebook, not used, words, contest, *used)
    notebook.finding = f"{', '.join(map(str, sorted(addresses)))} contested, and not used afterwards"


def _contests(recording: Recording, probed: Times) -> list[Contest]:
    """What others said that ends a probe: that they have the address, or that they probe for it, too."""
    own = {each.nonce for each in saying(recording, "guest", probes) if each.nonce}
    moments = sorted(time for times in probed.values() for time in times)
    near = [frame for frame in frames_received(recording, "guest") if _is_near(moments, frame.time)]
    told: list[Contest] = [*ndp.neighbor_advertisements(near)]
    told += [each for each in probes(near) if each.nonce not in own]
    found = []
    for each in filter(is_receivable, told):
        times = probed.get(each.target, [])
        at = bisect_right(times, each.time) - 1
        if at >= 0 and each.time - times[at] < RETRANS_TIMER:
            found.append(each)
    return sorted(found, key=lambda each: each.time)


def _is_near(moments: list[float], time: float) -> bool:
    """Whether it lies just after one of these."""
    at = bisect_right(moments, time) - 1
    return at >= 0 and time - moments[at] < RETRANS_TIMER


@healthy(test_wire_contested_addresses_are_not_used)
def guest_of_the_sample() -> Recording:
    return conversation("guest")


@edited(test_wire_contested_addresses_are_not_used, because=f"{CONTESTED} was contested by {PEER_MAC}, and used")
def uses_what_another_has(recording: Recording) -> Recording:
    """What it says next comes from there."""
    probe = next(each for each in saying(recording, "guest", probes)
                 if each.target == IPv6Address(CONTESTED))
    later = [frame for frame in frames_sent(recording, "guest") if frame.time > probe.time + 2]

    def change(packet: Any) -> None:
        packet.payload.src = CONTESTED

    return editing.rewritten(recording, later[:1], change)
