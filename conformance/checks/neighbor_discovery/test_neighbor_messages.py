"""Neighbor Solicitations: which a guest discards, and how it looks for others."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from itertools import pairwise
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.clocks import early
from conformance.reading.neighbors import answers, entries, with_entry_like
from fixtures.peers.neighbor_faults import FAULTS
from fixtures.protocols.addresses import ALL_NODES, solicited_node
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.scenarios.neighbor_discovery.neighbor_talk import (
    PRESENT,
    SOLICITOR,
    Faultless,
    Faulty,
    NeighborTalk,
)
from fixtures.stagecraft.marks import Attempted
from fixtures.timers import MAX_MULTICAST_SOLICIT, RETRANS_TIMER
from topologies.stage import addressing as plan

#: The kernel's timers run in steps of 1/8 of their length.
COARSE = 1 / 8
#: Seconds in which a packet is sent that waited for an answer.
RELEASED = 0.5
HOP_LIMIT = 255
#: Wrong solicitations by part of the requirement about them; fragments have one of their own.
FRAGMENTED = {"ns-fragments": "fragments", "ns-atomic-fragment": "atomic-fragment"}
INVALID = {f"ns-{fault}": fault for fault in FAULTS if fault not in FRAGMENTED.values()}


def _expect_discard(recording: Recording, notebook: Notebook, fault: str) -> None:
    """A wrong solicitation reached the guest, and left no trace; the right one was answered."""
    right = answers(recording, SOLICITOR)
    notebook.cite(*notebook.stimulus(right, "the guest did not answer the valid solicitation")[:1])
    told = [mark for mark in recording.marked(Faulty) if mark.what.fault == fault]
    mark = notebook.stimulus(told, "the invalid solicitation was not sent")[0]
    source = IPv6Address(mark.what.source)
    believed = answers(recording, source)
    if fault.startswith("unspecified"):
        believed += _to_all_nodes(recording, mark)
    notebook.expect(not believed, f"the guest answered an invalid solicitation ({fault})", mark, *believed)
    made = entries(recording, source)
    notebook.expect(not made, f"the guest made a neighbor entry from an invalid solicitation ({fault})", mark, *made)
    notebook.finding = f"the guest discarded an invalid solicitation ({fault}), and answered the valid one"


def _to_all_nodes(recording: Recording, begin: Mark) -> list[NeighborAdvertisement]:
    """What the guest told everybody of its link-local address until the right solicitation came.

    So a solicitation from the unspecified address is answered; two such wrong ones are told apart by the order.
    """
    later = [mark.ns for mark in recording.marked(Faulty) if not mark.what.fault.startswith("unspecified")]
    end = min(ns for ns in [*later, *(mark.ns for mark in recording.marked(Faultless))] if ns > begin.ns)
    sent = ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if begin.ns < each.frame.ns < end and each.destination.is_multicast
            and each.target.is_link_local]


@check("NDP-03", NeighborTalk(), role="guest", parts=INVALID)
def test_discards_invalid_solicitations(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Neighbor Solicitation that is not valid is silently discarded (RFC 4861 section 7.1.1).

    Hop limit 254, a wrong checksum, code 1, too short, an option of length 0, a multicast target, and from the
    unspecified address with a link-layer option or to another than the solicited-node address.
    """
    _expect_discard(recording, notebook, INVALID[part])


@check("NDP-09", NeighborTalk(), role="guest", parts=FRAGMENTED)
def test_discards_fragmented_solicitations(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Neighbor Solicitation in fragments, or in one atomic fragment, is silently ignored (RFC 6980 section 5)."""
    _expect_discard(recording, notebook, FRAGMENTED[part])


#: By part of NDP-01: what each solicitation for an absent neighbor has to be, and what is said where it is not.
FORM: dict[str, tuple[Callable[[NeighborSolicitation], bool], Callable[[NeighborSolicitation], str]]] = {
    "group": (lambda each: each.destination == solicited_node(each.target), lambda each: f"went to {each.destination}"),
    "sllao": (lambda each: each.sllao == each.mac_source, lambda each: f"has the link-layer address {each.sllao}"),
    "hop-limit": (lambda each: each.hop_limit == HOP_LIMIT, lambda each: f"has hop limit {each.hop_limit}"),
}


@check("NDP-01", NeighborTalk(), role="guest", parts=FORM)
def test_solicitations_are_as_they_should_be(recording: Recording, notebook: Notebook, part: str) -> None:
    """A solicitation goes to the solicited-node group, with SLLAO and hop limit 255 (RFC 4861 sections 4.3, 7.2.2)."""
    holds, otherwise = FORM[part]
    for each in notebook.stimulus(_solicitations(recording), f"the guest did not try to reach {plan.LAN_ABSENT}"):
        notebook.expect(holds(each), f"the guest's solicitation {otherwise(each)}", each)


@check("NDP-01.source", NeighborTalk(), role="guest")
def test_solicits_from_an_address_of_the_interface(recording: Recording, notebook: Notebook) -> None:
    """A solicitation for a neighbor comes from one of the addresses of the interface (RFC 4861 section 7.2.2)."""
    mine = {IPv6Address(event.fields["local"]) for event in recording.happened("guest", "address", "new")
            if event.fields.get("family") == "inet6"}
    notebook.stimulus(mine, "the kernel reported no address")
    for each in notebook.stimulus(_solicitations(recording), f"the guest did not try to reach {plan.LAN_ABSENT}"):
        notebook.expect(each.source in mine,
                        f"the guest sent the solicitation from {each.source}, which it does not have", each)


@check("NDP-01.three-times", NeighborTalk(), role="guest")
def test_solicits_three_times(recording: Recording, notebook: Notebook) -> None:
    """Whoever is looked for is solicited three times, and no more (RFC 4861 section 7.2.2)."""
    asked = notebook.stimulus(_solicitations(recording), f"the guest did not try to reach {plan.LAN_ABSENT}")
    count = len(asked)
    notebook.expect(count == MAX_MULTICAST_SOLICIT,
                    f"the guest solicited {plan.LAN_ABSENT} {count} times, not three times",
                    *asked)


@check("NDP-01.spacing", NeighborTalk(), role="guest")
def test_solicits_at_intervals(recording: Recording, notebook: Notebook) -> None:
    """Solicitations for one neighbor are RetransTimer apart (RFC 4861 section 7.2.2)."""
    asked = _solicitations(recording)
    notebook.stimulus(asked[1:], f"the guest did not solicit {plan.LAN_ABSENT} twice")
    for one, two in pairwise(asked):
        apart = two.time - one.time
        notebook.expect(apart >= RETRANS_TIMER - early(recording),
                        f"the guest sent two solicitations {apart:.3f} s apart; RetransTimer is 1 s", one, two)
        notebook.in_time(apart, RETRANS_TIMER * (1 + COARSE), "the guest sent the next solicitation late", one, two)


@check("NDP-01.unreachable", NeighborTalk(), role="guest")
def test_absent_neighbor_is_unreachable(recording: Recording, notebook: Notebook) -> None:
    """After the last solicitation the packet that waits is answered with Address Unreachable (RFC 4861 7.2.2)."""
    asked = notebook.stimulus(_solicitations(recording), f"the guest did not try to reach {plan.LAN_ABSENT}")
    tried = [mark for mark in recording.marked(Attempted) if mark.what.what == "ping-absent"]
    notebook.stimulus(tried, "the play ended before address resolution failed")
    took = tried[0].time - tried[0].what.begin
    said = [line for line in recording.outputs if line.program == "ping-absent" and "nreachable" in line.text]
    notebook.expect(said,
                    f"the guest ended address resolution after {took:.1f} s without Address Unreachable",
                    tried[0], asked[-1])
    notebook.finding = f"unreachable after {said[0].time - tried[0].what.begin:.1f} s"


@check("NDP-01.released", NeighborTalk(), role="guest")
def test_waiting_packet_is_sent_on_the_answer(recording: Recording, notebook: Notebook) -> None:
    """The packet that waits for address resolution is sent when the answer comes (RFC 4861 sections 7.2.2, 7.2.5)."""
    heard = [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
             if each.target == PRESENT and each.solicited]
    answer = notebook.stimulus(heard, f"no node answered for {PRESENT}")[0]
    sent = [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
            if each.destination == PRESENT]
    asked = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
             if each.target == PRESENT and each.time < answer.time]
    notebook.stimulus(asked, f"the guest did not try to reach {PRESENT}")
    notebook.cite(answer)
    notebook.expect(sent, "the guest did not send the packet that waited for address resolution", asked[0], answer)
    right = sent[0].mac_destination == answer.tllao
    notebook.expect(right, f"the guest sent the packet that waited to {sent[0].mac_destination}", answer, sent[0])
    notebook.in_time(sent[0].time - answer.time, RELEASED,
                     "the guest sent the packet that waited late", answer, sent[0])
    notebook.finding = f"the packet was sent {(sent[0].time - answer.time) * 1000:.1f} ms after the answer"


def _solicitations(recording: Recording) -> list[NeighborSolicitation]:
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.target == plan.LAN_ABSENT]


def _with_answer(recording: Recording, fault: str) -> Recording:
    """The guest also answers a wrong solicitation, right after it."""
    right = answers(recording, SOLICITOR)[0]
    mark = next(mark for mark in recording.marked(Faulty) if mark.what.fault == fault)

    def change(packet: Any) -> None:
        packet.payload.dst = str(ALL_NODES if fault.startswith("unspecified") else FAULTS[fault])

    again = editing.rewritten(recording, right, change)
    frame = next(frame for frame in again.frames if frame.number == right.frame.number)
    return editing.with_frame(recording, frame.data, time=mark.time + 1e-6, node="guest", interface="eth0",
                              outgoing=True)


@edited(test_discards_invalid_solicitations, because={
    part: f"answered an invalid solicitation ({fault})" for part, fault in INVALID.items()})
def guest_that_answers_it(recording: Recording, part: str) -> Recording:
    """To all nodes, where nobody says who asks."""
    return _with_answer(recording, INVALID[part])


@edited(test_discards_invalid_solicitations, because={
    part: f"made a neighbor entry from an invalid solicitation ({fault})" for part, fault in INVALID.items()})
def guest_that_learns_from_it(recording: Recording, part: str) -> Recording:
    return with_entry_like(recording, FAULTS[INVALID[part]], SOLICITOR)


@edited(test_discards_fragmented_solicitations, because={
    part: f"answered an invalid solicitation ({fault})" for part, fault in FRAGMENTED.items()})
def guest_that_reassembles(recording: Recording, part: str) -> Recording:
    """It puts the fragments together, and answers."""
    return _with_answer(recording, FRAGMENTED[part])


@played(test_discards_fragmented_solicitations, because="answered an invalid solicitation")
def guest_that_takes_fragments() -> Broken:
    """Its kernel does not suppress them."""
    return Broken(NeighborTalk(), {"guest": KernelGuest(
        "linux:suppress_frag_ndisc=0", {"suppress_frag_ndisc": 0})})


@played(test_solicits_three_times, because="1 times, not three times")
def guest_that_gives_up_early() -> Broken:
    """One solicitation is enough for it."""
    return Broken(NeighborTalk(), {"guest": KernelGuest("linux:mcast_solicit=1", neighbors={"mcast_solicit": 1})})


#: By part: what spoils a solicitation, and what is said then.
SPOILT: dict[str, tuple[Callable[[Any], None], str]] = {
    "group": (lambda packet: setattr(packet.payload, "dst", "ff02::1"), "went to ff02::1"),
    "sllao": (lambda packet: setattr(packet.payload.payload.payload, "lladdr", "02:00:00:00:00:0f"),
              "has the link-layer address 02:00:00:00:00:0f"),
    "hop-limit": (lambda packet: setattr(packet.payload, "hlim", 64), "has hop limit 64"),
}


@edited(test_solicitations_are_as_they_should_be, because={part: why for part, (_, why) in SPOILT.items()})
def guest_that_solicits_in_a_wrong_way(recording: Recording, part: str) -> Recording:
    return editing.rewritten(recording, _solicitations(recording), SPOILT[part][0])


@edited(test_solicits_from_an_address_of_the_interface, because="from 2001:db8:ffff::1")
def guest_that_solicits_for_another(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet.payload.src = "2001:db8:ffff::1"

    return editing.rewritten(recording, _solicitations(recording), change)


@edited(test_waiting_packet_is_sent_on_the_answer, because="did not send")
def guest_that_forgets_what_waits(recording: Recording) -> Recording:
    """It drops the packet, and would send the next one."""
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return editing.without(recording, frames=[each for each in sent if each.destination == PRESENT])


@edited(test_absent_neighbor_is_unreachable, because="without Address Unreachable")
def guest_that_never_tells(recording: Recording) -> Recording:
    """The application waits for ever."""
    return editing.without(recording, others=[line for line in recording.outputs if line.program == "ping-absent"])


@edited(test_solicits_at_intervals, because="s apart")
def guest_that_hurries(recording: Recording) -> Recording:
    """It asks again at once."""
    return editing.shifted(recording, -0.8, frames=_solicitations(recording)[1])
