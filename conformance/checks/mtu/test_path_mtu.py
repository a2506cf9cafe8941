"""How large a host's packets are after a Packet Too Big, and after an RA with an MTU option."""

from __future__ import annotations

from conformance.broken.caching_hosts import RIGHT
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from fixtures.peers import wire
from fixtures.protocols.ip import FRAGMENT, ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import transport
from fixtures.scenarios.mtu.many_paths import (
    AFTER,
    BEFORE,
    ETHERNET,
    KEPT,
    MUCH_LATER,
    TOLD,
    Asked,
    ManyPaths,
    pieces,
)
from fixtures.scenarios.mtu.path_cases import CASES, LEAST, Case
from fixtures.scenarios.mtu.router_paths import RouterPaths

#: Octets that a fragment may lack for its multiple of 8.
ROUNDING = 7


def _parts(requirement: str) -> list[str]:
    return [key for key, case in CASES.items() if case.requirement == requirement]


def _owner(recording: Recording) -> str:
    """The node whose packets it is about."""
    return recording.play.nodes.get("guest") or recording.play.nodes["compute-host"]


@check("MTU-01", ManyPaths(), role="guest", parts=_parts("MTU-01"))
@check("MTU-03", ManyPaths(), role="guest", parts=_parts("MTU-03"))
@check("MTU-05", ManyPaths(), role="guest", parts=_parts("MTU-05"))
def test_heeds_the_path_mtu(recording: Recording, notebook: Notebook, part: str) -> None:
    """No packet is larger than the path's MTU as told, and none is cut smaller than the least MTU asks for.

    RFC 8201 section 4: a Packet Too Big lowers it, never below 1280 octets, and raises nothing. RFC 4861 section 6.3.4:
    an MTU option of 1280 octets up to the link's own is taken over, another is not.
    """
    _judge(recording, notebook, part)


@check("MTU-09", RouterPaths(), role="compute-host", parts=TOLD)
def test_router_heeds_the_path_mtu(recording: Recording, notebook: Notebook, part: str) -> None:
    """What a router sends itself keeps to the path's MTU as it was told (RFC 8201 section 4)."""
    _judge(recording, notebook, part)


def _judge(recording: Recording, notebook: Notebook, part: str) -> None:
    case, who = CASES[part], _owner(recording)
    marks = {mark.what.sequence: mark for mark in recording.marked(Asked) if mark.what.part == part}
    sent = pieces(recording.at(_owner(recording), outgoing=True), case)
    if case.advertised is None:
        notebook.stimulus([BEFORE] if BEFORE in marks else [], "nothing was asked")
        notebook.cite(*notebook.stimulus([frame for frame in sent if frame.ns < marks[AFTER].ns],
                                         "there was no answer before it was told")[:1])
        _expect_hints(recording, notebook, part)
    asked = notebook.stimulus([marks[AFTER]] if AFTER in marks else [], "nothing was asked again")[0]
    answer = [frame for frame in sent if frame.ns >= asked.ns]
    whole = [each for each in transport.echoes(answer, reply=True) if each.destination == case.host]
    notebook.expect(whole, f"the {who}'s answer to {case.host} did not come whole", asked, *answer)
    notebook.cite(*answer)
    sizes = [len(frame.data) - ETHERNET for frame in answer]
    notebook.expect(max(sizes) <= case.largest,
                    f"the {who} sent a packet of {max(sizes)} octets to {case.host}, whose path takes {case.largest}")
    cut = [frame for frame in answer if frame.data[20] == FRAGMENT]
    alone = [frame for frame in cut if not int.from_bytes(frame.data[56:58], "big") & ~6]
    notebook.expect(not alone, f"the {who} sent {case.host} an atomic fragment", *alone)
    small = [size for frame, size in zip(answer, sizes, strict=True) if frame in cut and frame.data[57] & 1
             and size < LEAST - ROUNDING]
    notebook.expect(not small, f"the {who} cut its packet to {case.host} into pieces of {min(small, default=0)} octets")
    if case.whole:
        notebook.expect(not cut, f"the {who} cut its packet to {case.host}, which takes it whole")
    notebook.finding = f"the {who}'s packets to {case.host} have up to {max(sizes)} octets"


@check("MTU-04.kept", ManyPaths(wait=KEPT), role="guest")
def test_keeps_the_path_mtu(recording: Recording, notebook: Notebook) -> None:
    """A path MTU is not raised within five minutes of the Packet Too Big that lowered it (RFC 8201 section 4)."""
    case = CASES["1400"]
    _expect_hints(recording, notebook, "1400")
    asked = [mark for mark in recording.marked(Asked)
             if mark.what.part == "1400" and mark.what.sequence == MUCH_LATER]
    later = notebook.stimulus(asked, "the guest was not asked again")[0]
    answer = [frame for frame in pieces(recording.at("guest", "eth0", outgoing=True), case) if frame.ns >= later.ns]
    notebook.expect(answer, f"the guest did not answer {case.host}", later)
    notebook.cite(*answer)
    largest = max(len(frame.data) - ETHERNET for frame in answer)
    passed = answer[0].time - _first_hint(recording, case)
    notebook.expect(largest <= case.largest, f"the guest sent {largest} octets to {case.host} {passed:.0f} s after it"
                    f" heard of {case.largest}", *answer[:1])
    notebook.finding = f"the guest's packets to {case.host} still have up to {largest} octets"


@healthy(test_keeps_the_path_mtu)
def kernel_that_is_asked_soon() -> Broken:
    """The same without most of the wait."""
    return Broken(ManyPaths(wait=2.0))


@played(test_keeps_the_path_mtu, because="heard of 1400")
def host_that_remembers_nothing() -> Broken:
    return Broken(ManyPaths(wait=2.0), {"guest": RIGHT})


def _first_hint(recording: Recording, case: Case) -> float:
    """When the guest was told."""
    return next(each.time for each in transport.icmp_errors(recording.at("guest", "eth0", outgoing=False),
                                                            "packet-too-big") if each.about == case.host)


def _expect_hints(recording: Recording, notebook: Notebook, part: str) -> None:
    """As many Packets Too Big as the case has came to the guest."""
    case = CASES[part]
    told = [each for each in transport.icmp_errors(recording.at(_owner(recording), outgoing=False), "packet-too-big")
            if each.about == case.host]
    notebook.stimulus(range(len(told) - len(case.hints) + 1), "a Packet Too Big did not come")
    notebook.cite(*told)


def _last(recording: Recording, part: str) -> list[Frame]:
    """The pieces of the guest's last answer."""
    asked = [mark for mark in recording.marked(Asked) if mark.what.part == part and mark.what.sequence == AFTER][-1]
    return [frame for frame in pieces(recording.at(_owner(recording), outgoing=True), CASES[part])
            if frame.ns >= asked.ns]


@played(test_heeds_the_path_mtu, because="whose path takes",
        parts=[key for key, case in CASES.items() if case.largest < 1500])
def host_that_knows_no_path_mtu() -> Broken:
    return Broken(ManyPaths(), {"guest": RIGHT})


@edited(test_router_heeds_the_path_mtu, because="whose path takes",
        parts=[key for key in TOLD if CASES[key].largest < 1500])
@edited(test_heeds_the_path_mtu, because="whose path takes", parts=["advertised-9000"])
def host_that_sends_what_the_link_does_not_take(recording: Recording, part: str) -> Recording:
    """Its last answer is in one piece."""
    cut = _last(recording, part)
    message = b"".join(frame.data[62:] for frame in cut)
    head = cut[0].data[:18] + len(message).to_bytes(2, "big") + bytes((ICMPV6,)) + cut[0].data[21:54]
    without = editing.without(recording, frames=cut)
    return editing.with_frame(without, head + message, time=cut[0].time, node=cut[0].node, interface=cut[0].interface,
                              outgoing=True)


@edited(test_router_heeds_the_path_mtu, because="into pieces of",
        parts=["far-too-small", "too-small", "other-destination"])
@edited(test_heeds_the_path_mtu, because="into pieces of",
        parts=["far-too-small", "too-small", "other-destination", "advertised-600"])
def host_that_cuts_small(recording: Recording, part: str) -> Recording:
    """Its last answer is in many fragments."""
    frame = _last(recording, part)[-1]
    without = editing.without(recording, frames=[frame])
    for number, piece in enumerate(wire.in_fragments(wire.parse(frame.data), pieces=4)):
        without = editing.with_frame(without, piece, time=frame.time + number / 1e6, node=frame.node,
                                     interface=frame.interface, outgoing=True)
    return without
