"""What a DHCPv6 client's Solicits say, and when, as far as the wire alone tells."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook, Unjudgeable
from conformance.wire.clients import mine, well_formed
from conformance.wire.dates import rule
from conformance.wire.edits import server_identifier, with_fields, with_option
from conformance.wire.sample import conversation
from conformance.wire.spoken import examine, is_capture, is_malformed, is_relayed, must, require_clock, slack
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import SOL_MAX_RT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.timers import RAND, SOL_TIMEOUT, TICK

#: RFC 8415 section 21.24: no server may set SOL_MAX_RT below a minute, so below that times still double.
LEAST_SOL_MAX_RT = 60.0
#: A retransmission time is at least 1.9 times the one before. Where up to two Solicits were lost to the capture, what
#: looks like one time is the sum of three, and the next is still longer than that.
GROWTH = 1.05
#: Seconds by which Elapsed Time may be off: clients read their clock late, and some count whole seconds.
ELAPSED = 1.5
#: Elapsed Time says no more than this (RFC 8415 section 21.9), in hundredths of a second.
LONGEST_ELAPSED = 0xFFFF
#: Seconds by which a capture's stamps may be off.
SLACK = 0.2


@check("DHCP6-01.form", role="guest", passive=True)
def test_wire_solicits(recording: Recording, notebook: Notebook) -> None:
    """A Solicit goes from a link-local address to ff02::1:2, names the client, no server, and the elapsed time.

    RFC 8415 sections 13.1, 16.2, 18.2.1. Whether one is sent on each interface is not judged.
    """
    for each in well_formed(recording, notebook, "Solicit", server=False, ia=False):
        if not is_relayed(recording):
            must(notebook, each.destination == ALL_DHCP_AGENTS, f"the Solicit goes to {each.destination}", each)
            must(notebook, each.source.is_link_local, f"the Solicit comes from {each.source}", each)


@check("DHCP6-01.oro", role="guest", passive=True)
def test_wire_solicits_ask_for_sol_max_rt(recording: Recording, notebook: Notebook) -> None:
    """Every Solicit has an Option Request option that asks for SOL_MAX_RT (RFC 8415 section 18.2.1).

    Since RFC 7083. What a malformed Solicit asks for nobody knows.
    """
    sent = [each for each in mine(recording, "Solicit") if not is_malformed(each)]
    examine(notebook, sent, "no Solicit was seen that is well formed")
    with rule(notebook, "RFC 7083"):
        for each in sent:
            asked = ", ".join(map(str, each.option_request)) or "nothing"
            must(notebook, SOL_MAX_RT in each.option_request, f"the Solicit's ORO asks for {asked}, not for 82", each)
    notebook.finding = f"{len(sent)} Solicits ask for option 82"


@check("DHCP6-02", role="guest", passive=True, parts=("back-off", "elapsed-time"))
def test_wire_solicits_back_off(recording: Recording, notebook: Notebook, part: str) -> None:
    """Retransmitted Solicits come at least a second apart, each later than the one before (RFC 8415 section 15).

    Up to a minute the times double; this is judged so that no Solicit lost to the capture makes a violation. Elapsed
    Time grows with them (section 21.9). Where a capture's stamps and Elapsed Time contradict each other, one of two
    clocks is wrong, and nobody knows which.
    """
    series: dict[object, list[Message]] = defaultdict(list)
    for each in mine(recording, "Solicit"):
        series[each.frame.interface, each.transaction_id, each.client_duid].append(each)
    again = [sent for sent in series.values() if len(sent) > 1]
    examine(notebook, [each for sent in again for each in sent], "no Solicit was seen twice")
    require_clock(recording)
    judge = _counts if part == "elapsed-time" else _backs_off
    contradictions = [text for sent in again for text in judge(notebook, sent)]
    if contradictions:
        raise Unjudgeable(contradictions[0])
    notebook.finding = f"so {sum(map(len, again))} Solicits in {len(again)} transactions"


def _counts(notebook: Notebook, sent: list[Message]) -> list[str]:
    """Expect of one series that Elapsed Time grows with it; the answer is where two clocks contradict each other."""
    found, foreign = [], is_capture(notebook.recording)
    for one, two in pairwise(sent):
        gap, grown = two.time - one.time, _growth(one, two)
        if grown is not None and abs(grown - gap) > ELAPSED:
            must(notebook, foreign and grown > 0, f"Elapsed Time grew by {grown:.2f} s in {gap:.2f} s", one, two)
            found.append(_contradiction(gap, grown))
    return found


def _contradiction(gap: float, grown: float) -> str:
    return f"the stamps of two Solicits are {gap:.2f} s apart, and Elapsed Time grew by {grown:.2f} s"


def _backs_off(notebook: Notebook, sent: list[Message]) -> list[str]:
    """Expect it of one series; the answer is where the capture's clock and the client's contradict each other."""
    found, foreign = [], is_capture(notebook.recording)
    least = SOL_TIMEOUT * (1 - RAND) - TICK - slack(notebook.recording, SLACK)
    for one, two in pairwise(sent):
        gap, grown = two.time - one.time, _growth(one, two)
        if foreign and grown is not None and (abs(grown - gap) > ELAPSED or gap < least <= grown):
            found.append(_contradiction(gap, grown))
        else:
            must(notebook, gap >= least, f"two Solicits came {gap:.2f} s apart", one, two)
    for one, two, three in zip(sent, sent[1:], sent[2:], strict=False):
        before, gap = two.time - one.time, three.time - two.time
        if before < LEAST_SOL_MAX_RT * (1 - RAND) / 2 and gap < GROWTH * before:
            earlier, later = _growth(one, two), _growth(two, three)
            if foreign and earlier and later and later >= GROWTH * earlier:
                found.append(f"by the stamps a Solicit waited {gap:.2f} s after {before:.2f} s, by Elapsed Time"
                             f" {later:.2f} s after {earlier:.2f} s")
            elif not found:
                must(notebook, False, f"a Solicit came {gap:.2f} s after the last, which had waited {before:.2f} s",
                     one, two, three)
    return found


def _growth(one: Message, two: Message) -> float | None:
    """Seconds by which Elapsed Time grew, or None where it does not tell."""
    if one.elapsed_time is None or two.elapsed_time in (None, LONGEST_ELAPSED):
        return None
    return ((two.elapsed_time or 0) - one.elapsed_time) / 100


@healthy(test_wire_solicits)
@healthy(test_wire_solicits_ask_for_sol_max_rt)
@healthy(test_wire_solicits_back_off)
def client_of_the_sample() -> Recording:
    return conversation("guest")


@edited(test_wire_solicits, because="has a Server Identifier")
def solicits_one_server(recording: Recording) -> Recording:
    return with_option(recording, mine(recording, "Solicit"), server_identifier())


@edited(test_wire_solicits, because="comes from 2001:db8::5")
def solicits_from_a_global_address(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Solicit"), "IPv6", src="2001:db8::5")


@edited(test_wire_solicits_ask_for_sol_max_rt, because="not for 82")
def asks_for_less(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Solicit"), "DHCP6OptOptReq", reqopts=[23, 24])


@edited(test_wire_solicits, because="has the option 8 twice")
def solicits_with_two_times(recording: Recording) -> Recording:
    return with_option(recording, mine(recording, "Solicit"), layer("dhcp6").DHCP6OptElapsedTime(elapsedtime=0))


@edited(test_wire_solicits_back_off, because={"back-off": "0.50 s apart"})
def solicits_without_patience(recording: Recording, part: str) -> Recording:
    one, two = mine(recording, "Solicit")[:2]
    recording = editing.shifted(recording, one.time + 0.5 - two.time, frames=two)
    return with_fields(recording, mine(recording, "Solicit")[1:2], "DHCP6OptElapsedTime", elapsedtime=50)


@edited(test_wire_solicits_back_off, because={"back-off": "which had waited"})
def solicits_every_second(recording: Recording, part: str) -> Recording:
    first, *rest = mine(recording, "Solicit")[:4]
    for number, each in enumerate(rest, 1):
        recording = editing.shifted(recording, first.time + number - each.time, frames=lambda frame, each=each: (
            frame.data == each.frame.data))  # type: ignore[misc]
    return with_fields(recording, mine(recording, "Solicit"), "DHCP6OptElapsedTime", elapsedtime=LONGEST_ELAPSED)


@edited(test_wire_solicits_back_off, because={"elapsed-time": "Elapsed Time grew by 0.00 s"})
def solicits_as_if_for_the_first_time(recording: Recording, part: str) -> Recording:
    return with_fields(recording, mine(recording, "Solicit"), "DHCP6OptElapsedTime", elapsedtime=0)
