"""Who asks whom: a router that is asked for its own address answers, and a client's exchanges are told apart."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections import defaultdict
from collections.abc import Iterator

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import is_receivable
from conformance.wire.clients import mine
from conformance.wire.edits import with_fields
from conformance.wire.sample import conversation
from conformance.wire.speech import questions
from conformance.wire.spoken import doubt, examine, hearing, is_capture, must, require_clock, saying
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.timers import MAX_MULTICAST_SOLICIT, RETRANS_TIMER


@check("NDP-02.router-answers", role="router", passive=True)
def test_wire_router_answers_for_itself(recording: Recording, notebook: Notebook) -> None:
    """A router answers who solicits the address that its RAs come from (RFC 4861 section 7.2.4).

    Judged between two RAs with a Router Lifetime, when it is there. One lost solicitation is none of its faults, three
    in a row without an answer are; in a capture, which may show one direction only, they are a warning.
    """
    require_clock(recording)
    lives: dict[object, list[float]] = defaultdict(list)
    for ra in saying(recording, "router", ndp.router_advertisements):
        if ra.lifetime:
            lives[ra.source].append(ra.time)
    asked = [each for each in hearing(recording, "router", questions)
             if is_receivable(each) and _is_there(lives.get(each.target, []), each.time)]
    examine(notebook, asked, "nobody solicited the address of its RAs between two of them")
    told: dict[object, list[float]] = defaultdict(list)
    for na in saying(recording, "router", ndp.neighbor_advertisements):
        if is_receivable(na):
            told[na.target].append(na.time)
    for several in _rows(asked):
        answers = told[several[0].target]
        at = bisect_left(answers, several[0].time)
        if at == len(answers) or answers[at] > several[-1].time + RETRANS_TIMER:
            words = f"{several[0].source} asked {len(several)} times for {several[0].target}, and the router was silent"
            if is_capture(recording):
                doubt(notebook, words, *several)
            else:
                must(notebook, False, words, *several)
    notebook.finding = f"{len(asked)} solicitations of its address, and never {MAX_MULTICAST_SOLICIT} in vain"


def _is_there(lives: list[float], time: float) -> bool:
    """Whether it lies between two RAs, the second not before an answer would have come."""
    at = bisect(lives, time)
    return at > 0 and bool(lives) and lives[-1] > time + RETRANS_TIMER


def _rows(asked: list[NeighborSolicitation]) -> Iterator[list[NeighborSolicitation]]:
    """Each three solicitations in a row of the same target by the same node."""
    same: dict[object, list[NeighborSolicitation]] = defaultdict(list)
    for each in asked:
        row = same[each.source, each.target]
        row.append(each)
        if len(row) >= MAX_MULTICAST_SOLICIT:
            yield row[-MAX_MULTICAST_SOLICIT:]


@check("DHCP6-01.new-transaction", role="guest", passive=True)
def test_wire_exchanges_have_transactions_of_their_own(recording: Recording, notebook: Notebook) -> None:
    """A message of another kind should have another transaction id (RFC 8415 section 16.1).

    One of the same kind may be sent again, also after a Reply that the client does not take.
    """
    sent = mine(recording)
    examine(notebook, sent, "no message of a DHCPv6 client was seen")
    before: dict[object, Message] = {}
    for each in sent:
        earlier = before.setdefault((each.client_duid, each.transaction_id), each)
        if earlier.name != each.name:
            doubt(notebook, f"the {each.name} has the transaction id {each.transaction_id:#08x} of an earlier"
                  f" {earlier.name}", earlier, each)
    notebook.finding = f"{len(sent)} messages in {len(before)} transactions"


@healthy(test_wire_router_answers_for_itself)
def router_of_the_sample() -> Recording:
    return conversation("router")


@healthy(test_wire_exchanges_have_transactions_of_their_own)
def guest_of_the_sample() -> Recording:
    return conversation("guest")


@edited(test_wire_router_answers_for_itself, because="asked 3 times for fe80::1, and the router was silent")
def answers_nobody(recording: Recording) -> Recording:
    """It is asked three times, and its answer is lost."""
    asked = next(each for each in hearing(recording, "router", questions) if str(each.target) == "fe80::1")
    for later in (1, 2):
        recording = editing.with_frame(recording, asked.frame.data, time=asked.time + later, node=asked.frame.node,
                                       interface=asked.frame.interface)
    return editing.without(recording, frames=list(saying(recording, "router", ndp.neighbor_advertisements)))


@edited(test_wire_router_answers_for_itself, because="and the router was silent")
def answers_what_is_discarded(recording: Recording) -> Recording:
    """Its answers have the hop limit of any packet."""
    recording = answers_nobody(recording)
    told = list(saying(conversation("router"), "router", ndp.neighbor_advertisements))
    for each in told:
        recording = editing.with_frame(recording, each.frame.data, time=each.time, node=each.frame.node,
                                       interface=each.frame.interface, outgoing=True)
    return with_fields(recording, list(saying(recording, "router", ndp.neighbor_advertisements)), "IPv6", hlim=64)


@edited(test_wire_exchanges_have_transactions_of_their_own, because="transaction id 0x000010 of an earlier Solicit")
def requests_in_the_transaction_of_its_solicit(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Request"), "DHCP6_Request", trid=0x10)
