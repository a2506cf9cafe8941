"""The router that a guest uses dies, or its lifetime ends: the guest uses another one."""

from __future__ import annotations

from dataclasses import replace

from conformance.broken.guests import GuestWithFixedNeighbors
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.router_failure import (
    SHORT_LIFETIME,
    UNREACHABLE,
    LifetimeEnds,
    RouterComesBack,
    RouterDies,
    RouterFailure,
)
from topologies.stage import addressing as plan

#: Seconds between two packets of the guest, and that processing may take.
NEXT_PACKET = 0.5
PROCESSING = 0.5


@check("RA-18.lifetime", RouterFailure(), role="guest")
def test_leaves_a_router_whose_lifetime_ended(recording: Recording, notebook: Notebook) -> None:
    """A router whose lifetime has ended is not used any more (RFC 4861 section 6.3.5)."""
    sent = _after_death(recording, notebook)[1]
    ends = notebook.stimulus(recording.marked(LifetimeEnds), "no router's lifetime ended")[0]
    told = [each for each in ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
            if each.lifetime == SHORT_LIFETIME]
    heard = notebook.stimulus(told, "the RA with the short lifetime did not reach the guest")[0]
    after = [each for each in sent if each.frame.ns > ends.ns]
    switched = [each for each in after if each.mac_destination == ends.what.other]
    notebook.expect(switched, "the guest went on to use the router whose lifetime had ended", heard, *after[-1:])
    last = [each for each in sent if each.mac_destination == ends.what.mac][-1]
    limit = SHORT_LIFETIME + NEXT_PACKET + PROCESSING
    text = "the guest used a router after the end of its lifetime"
    notebook.in_time(last.time - heard.time, limit, text, heard, last, switched[0])
    notebook.finding = "another router was used when the lifetime of the one in use had ended"


@check("RA-18.dead", RouterFailure(), role="guest")
def test_switches_from_a_dead_router(recording: Recording, notebook: Notebook) -> None:
    """Unreachability detection finds the router in use dead; then the guest should prefer the other (section 6.3.6).

    The guest had no confirmation yet, so that takes DELAY_FIRST_PROBE_TIME and three probes (section 7.3.3).
    """
    dies, sent = _after_death(recording, notebook)
    dead, until = _dead(recording, notebook, sent)
    switched = [each for each in dead if each.mac_destination == dies.what.other]
    seconds = until / 1e9 - dies.time
    notebook.expect(switched, f"the guest used no other router for {seconds:.0f} s after its own was unreachable", dies,
                    dead[0], dead[-1])
    seconds = switched[0].time - dead[0].time
    notebook.figure("switch from a dead router", seconds, "s")
    notebook.cite(switched[0])
    if not any(dies.ns < when < switched[0].frame.ns for when in _forgot(recording, dies)):
        limit = UNREACHABLE + NEXT_PACKET + PROCESSING + recording.stall()
        notebook.expect(seconds <= limit, f"the guest left the unreachable router after {seconds:.1f} s only")
    notebook.finding = f"another router was used after {seconds:.1f} s"


@check("RA-18.stays-away", RouterFailure(), role="guest")
def test_stays_away_from_a_dead_router(recording: Recording, notebook: Notebook) -> None:
    """The guest should not come back to a dead router as long as it is known to be dead (section 6.3.6)."""
    dies, sent = _after_death(recording, notebook)
    dead, until = _dead(recording, notebook, sent)
    found = [each for each in dead if each.mac_destination == dies.what.other]
    notebook.expect(found, "the guest never left the unreachable router", dies, dead[-1])
    switched = found[0]
    until = min([until, *(when for when in _forgot(recording, dies) if when > switched.frame.ns)])
    again = [each for each in dead if each.mac_destination == dies.what.mac
             and switched.frame.ns < each.frame.ns < until]
    notebook.expect(not again, "the guest returned to the unreachable router", dies, switched, *again)


def _after_death(recording: Recording, notebook: Notebook) -> tuple[Mark, list[Echo]]:
    """When the router in use died, and what the guest sent from then on."""
    dies = notebook.stimulus(recording.marked(RouterDies), "the guest used no router")[0]
    return dies, notebook.stimulus(_sent_on(recording), "the guest sent nothing after its router was unreachable")


def _dead(recording: Recording, notebook: Notebook, sent: list[Echo]) -> tuple[list[Echo], int]:
    """What the guest sent until the dead router came back, and when that was (ns)."""
    back = recording.marked(RouterComesBack)
    until = back[0].ns if back else recording.duration_ns
    return notebook.stimulus([each for each in sent if each.frame.ns < until],
                             "the guest sent nothing while its router was unreachable"), until


def _sent_on(recording: Recording) -> list[Echo]:
    """The guest's Echo Requests to the outside host since its router died."""
    dies = recording.marked(RouterDies)[0]
    requests = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return [each for each in requests if each.destination == plan.OUTSIDE and each.frame.ns > dies.ns]


def _forgot(recording: Recording, dies: Mark) -> list[int]:
    """When (ns) the kernel dropped the dead router's neighbor entry, and with it what it knew of its state.

    That happens when the table that all namespaces of a machine share is full; it says nothing about the guest.
    """
    gone = recording.happened("guest", "neighbor", "del", dst=dies.what.router)
    return [event.ns for event in gone]


@played(test_switches_from_a_dead_router, because="used no other router")
def guest_whose_neighbors_are_fixed() -> Broken:
    """Permanent neighbor entries: unreachability is never detected."""
    return Broken(RouterFailure(), {"guest": GuestWithFixedNeighbors("linux:permanent-neighbors")})


@edited(test_stays_away_from_a_dead_router, because="returned to the unreachable router")
def guest_that_returns(recording: Recording) -> Recording:
    """Right after the switch one more packet goes to the dead router."""
    dies = recording.marked(RouterDies)[0]
    switched = next(each for each in _sent_on(recording) if each.mac_destination == dies.what.other)
    stray = _by_way_of(dies.what.mac, switched)
    return _sending(recording, stray, switched.time + 0.001)


@edited(test_switches_from_a_dead_router, because="left the unreachable router after")
def guest_that_is_slow(recording: Recording) -> Recording:
    """Its router had died two seconds earlier, and its kernel forgot nothing meanwhile."""
    dies, first = recording.marked(RouterDies)[0], _sent_on(recording)[0]
    earlier = replace(dies, ns=dies.ns - 2 * 10**9)
    moved = replace(recording, marks=tuple(earlier if mark is dies else mark for mark in recording.marks))
    kept = editing.without(moved, events=recording.happened("guest", "neighbor", "del"))
    return _sending(kept, first.frame.data, first.time - 2)


@edited(test_leaves_a_router_whose_lifetime_ended, because="after the end of its lifetime")
def guest_that_forgets_lifetimes(recording: Recording) -> Recording:
    """One more packet, the last of the play, goes to the router that is none any more."""
    ends, last = recording.marked(LifetimeEnds)[0], _sent_on(recording)[-1]
    stray = _by_way_of(ends.what.mac, last)
    return _sending(recording, stray, last.time + 0.5)


def _by_way_of(mac: str, sent: Echo) -> bytes:
    return bytes.fromhex(mac.replace(":", "")) + sent.frame.data[6:]


def _sending(recording: Recording, data: bytes, time: float) -> Recording:
    return editing.with_frame(recording, data, time=time, node="guest", interface="eth0", outgoing=True)
