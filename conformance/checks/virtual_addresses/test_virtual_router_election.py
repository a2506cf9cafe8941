"""VRRPv3: who is active, when, and who gives way."""

from __future__ import annotations

from conformance.broken.virtual_routers import MismatchedKeepalived
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.virtual_routers import (
    ROOM,
    Turn,
    acts,
    advertised_in_time,
    first,
    outage,
    received_by,
    rivals_heard,
    sent_by,
    turns,
)
from fixtures.protocols.icmp import ECHO_REPLY
from fixtures.protocols.ip import ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.vrrp import VrrpAdvertisement
from fixtures.scenarios.virtual_addresses.virtual_router import (
    PRIORITIES,
    R1Returns,
    VirtualRouter,
    down,
    skew,
)
from fixtures.scenarios.virtual_addresses.virtual_router_rivals import (
    PRIORITY,
    RIVALS,
    RivalLeaves,
    VirtualRouterRivals,
)
from fixtures.stagecraft.marks import Ready, Stop

#: Seconds of loss that an orderly hand-over may cost (catalogue, VIP-05).
HAND_OVER = 1.0
#: Seconds without an advertisement that an active router may show, and one that has heard priority 0: who gave way,
#: or took no notice of it, shows Active_Down_Interval at least.
ACTIVE = down(PRIORITY) - ROOM


@check("VIP-05", VirtualRouterRivals(), role="virtual-router")
def test_gives_way_to_the_stronger(recording: Recording, notebook: Notebook) -> None:
    """The active router gives way to a higher priority, and to an equal one with a higher address (section 6.4.3).

    When it hears nothing more, it waits for Active_Down_Interval; when the other has left with priority 0, only for
    Skew_Time (section 6.4.2).
    """
    for name in RIVALS:
        came = notebook.stimulus(rivals_heard(recording, name), f"the rival of {name} did not reach the router")[0]
        after = sent_by(recording, "r1", came.time)
        notebook.expect(after, f"the router never became active again after a rival of {name}", came)
        silent = after[0].time - came.time
        if "lower" in name:
            text = f"the router gave way to a rival of {name}"
            notebook.in_time(silent, ACTIVE, text, came, after[0])
            continue
        notebook.expect(silent >= down(PRIORITY), f"the router did not give way to a rival of {name}", came, after[0])
        text = f"the router took over late after a rival of {name}"
        notebook.in_time(silent, down(PRIORITY) + ROOM, text, came, after[0])
    leaves = notebook.stimulus(recording.marked(RivalLeaves), "the rival never stopped")[0]
    zero = [each for each in received_by(recording, "r1", leaves.time) if each.priority == 0]
    last = notebook.stimulus(zero, "no advertisement of priority 0 reached the router")[0]
    after = sent_by(recording, "r1", last.time)
    notebook.expect(after, "the router did not take over after an advertisement of priority 0", last)
    waited = after[0].time - last.time
    notebook.expect(waited >= skew(PRIORITY),
                    "the router did not wait for Skew_Time after an advertisement of priority 0", last, after[0])
    notebook.in_time(waited, ACTIVE, "the router took over late after an advertisement of priority 0", last, after[0])
    notebook.figure("take-over after priority 0", waited, "s")
    notebook.finding = "the router gave way to the stronger, not to the weaker, and came back in time"


@edited(test_gives_way_to_the_stronger, because="did not give way to a rival of higher priority")
def router_that_stays(recording: Recording) -> Recording:
    """Its next advertisement comes when it would have come anyway."""
    return _goes_on(recording, "higher priority")


@edited(test_gives_way_to_the_stronger, because="did not give way to a rival of equal priority, higher address")
def router_that_does_not_compare_addresses(recording: Recording) -> Recording:
    """The same where the priorities are equal."""
    return _goes_on(recording, "equal priority, higher address")


@edited(test_gives_way_to_the_stronger, because="late after an advertisement of priority 0")
def router_that_waits_as_for_a_dead_one(recording: Recording) -> Recording:
    """After priority 0 it lets Active_Down_Interval pass."""
    leaves = recording.marked(RivalLeaves)[0]
    return editing.shifted(recording, down(PRIORITY) - skew(PRIORITY), frames=sent_by(recording, "r1", leaves.time))


def _goes_on(recording: Recording, name: str) -> Recording:
    came = rivals_heard(recording, name)[0]
    own = next(each for each in sent_by(recording, "r1") if each.priority)
    return editing.with_frame(recording, own.frame.data, time=came.time + 0.4, node="r1", interface="lan0",
                              outgoing=True)


@check("VIP-05", VirtualRouter(), role="virtual-router")
def test_vrrp_election(recording: Recording, notebook: Notebook) -> None:
    """One router is active at any time, and the change takes as long as RFC 9568 section 6.4 says.

    The higher priority pre-empts after Active_Down_Interval; when it stops in order it says so with priority 0, and the
    backup waits for Skew_Time only; when it is silent, for Active_Down_Interval. Who hears a higher priority is silent.
    An orderly change costs less than a second of a ping to the virtual address.
    """
    _one_at_a_time(recording, notebook)
    for turn in turns(recording, notebook):
        taken = first(recording, notebook, turn)
        _in_time(recording, notebook, turn, taken)
        if turn.why in ("r1 stops", "r1 returns"):
            before, after = outage(recording, notebook, turn)
            text = f"when {turn.why} the virtual address was away for too long"
            notebook.in_time(after.time - before.time, HAND_OVER, text, before, after)
            notebook.figure(f"longest silence of the virtual address when {turn.why}", after.time - before.time, "s")
    notebook.finding = "each change took as long as its timer says, and one router at a time was active"


def _one_at_a_time(recording: Recording, notebook: Notebook) -> None:
    """No router says that it is active while it hears a higher priority."""
    for node, priority in PRIORITIES.items():
        came = received_by(recording, node)
        for own in sent_by(recording, node):
            stronger = [each for each in came if own.time - down(priority) < each.time < own.time - ROOM
                        and each.priority > priority]
            left = [mark.time for mark in recording.marked(Stop)] + [each.time for each in came if not each.priority]
            last = max((time for time in left if time < own.time), default=0.0)
            both = [each for each in stronger if each.time > last]
            notebook.expect(not both or own.priority == 0, f"two active routers: {node} went on though it heard a "
                            "higher priority", own, *both[:1])


def _in_time(recording: Recording, notebook: Notebook, turn: Turn, taken: VrrpAdvertisement) -> None:
    """The change is neither too early nor too late. Lower bounds count from what the router heard, or its start."""
    priority = PRIORITIES[turn.node]
    if turn.why == "r1 stops":
        zero = [each for each in received_by(recording, turn.node, turn.began.time) if each.priority == 0]
        notebook.expect(zero, "r1 left without an advertisement of priority 0", turn.began)
        waited = taken.time - zero[0].time
        notebook.expect(waited >= skew(priority), f"{turn.node} did not wait for Skew_Time", zero[0], taken)
        advertised_in_time(recording, notebook, turn, zero[0], taken, down(priority) - ROOM)
        notebook.figure("take-over after priority 0", waited, "s")
        return
    since, early = turn.began, turn.began.time
    if turn.why == "r1 loses its link":
        early = received_by(recording, turn.node)[-1].time if received_by(recording, turn.node) else early
    else:
        since = _ready(recording, notebook, turn)
    notebook.expect(taken.time - early >= down(priority), f"{turn.node} did not wait for Active_Down_Interval", taken)
    advertised_in_time(recording, notebook, turn, since, taken, down(priority) + ROOM)
    notebook.figure(f"take-over when {turn.why}", taken.time - since.time, "s")


def _ready(recording: Recording, notebook: Notebook, turn: Turn) -> Mark:
    ready = [mark for mark in recording.marked(Ready) if mark.ns > turn.began.ns and mark.what.node == turn.node]
    return notebook.stimulus(ready, f"{turn.node} did not start")[0]


@played(test_vrrp_election, because="two active routers")
def routers_of_two_groups() -> Broken:
    """One has another VRID."""
    return Broken(VirtualRouter(), {"virtual-router": MismatchedKeepalived()})


@edited(test_vrrp_election, because="without an advertisement of priority 0")
def router_that_leaves_without_a_word(recording: Recording) -> Recording:
    """No advertisement of priority 0."""
    gone = [each for node in PRIORITIES for each in (*sent_by(recording, node), *received_by(recording, node))]
    return editing.without(recording, frames=[each for each in gone if each.priority == 0])


@edited(test_vrrp_election, because="took over late")
def backup_that_waits_too_long(recording: Recording) -> Recording:
    """It says and does nothing for Active_Down_Interval after r1 has stopped."""
    recording, until = router_that_is_active_in_silence(recording), _until(recording)
    return editing.without(recording, frames=[each.frame for each in acts(recording, "r2", _stop_time(recording))
                                              if each.time < until])


@edited(test_vrrp_election, because="answered for the virtual addresses in time when r1 stops, and advertised late")
def router_that_is_active_in_silence(recording: Recording) -> Recording:
    """Its advertisements of Active_Down_Interval after r1 has stopped are not there; it answers for the addresses."""
    early = [each for each in sent_by(recording, "r2", _stop_time(recording)) if each.time < _until(recording)]
    return editing.without(recording, frames=early)


@edited(test_vrrp_election, because="two active routers: r2 goes on")
def routers_that_both_answer(recording: Recording) -> Recording:
    """r1, back, answers for the addresses in time, and advertises too late to silence r2."""
    returned = recording.marked(R1Returns)[0].time
    own = [each for each in sent_by(recording, "r1", returned) if each.priority]
    gone = [frame for each in own[:-1] for frame in editing.same_packet(recording, each)]
    rival = [each for each in sent_by(recording, "r2") if each.time < own[0].time and each.priority][-1]
    late = editing.shifted(recording, 2.0, frames=own[-1])
    return editing.with_frame(editing.without(late, frames=gone), rival.frame.data, time=own[-1].time - 0.01,
                              node="r2", interface="lan0", outgoing=True)


def _stop_time(recording: Recording) -> float:
    return recording.marked(Stop)[0].time


def _until(recording: Recording) -> float:
    return _stop_time(recording) + down(PRIORITIES["r2"])


@edited(test_vrrp_election, because="away for too long")
def address_that_is_away(recording: Recording) -> Recording:
    """Nobody answers the guest for more than a second when r1 stops."""
    stop = recording.marked(Stop)[0]

    def is_away(frame: Frame) -> bool:
        return (frame.node == "guest" and not frame.outgoing and frame.data[20] == ICMPV6
                and frame.data[54] == ECHO_REPLY and stop.time < frame.time < stop.time + HAND_OVER + 0.2)

    return editing.without(recording, frames=is_away)
