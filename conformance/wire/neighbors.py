"""What hosts and routers alike owe each other in Neighbor Discovery and MLD, as far as the wire alone tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from ipaddress import IPv6Address

from conformance.judging.verdict import Notebook
from conformance.reading.receivable import is_receivable
from conformance.wire.frugal import own_link_layer, reserved_are_zero
from conformance.wire.speech import probes, questions
from conformance.wire.spoken import (
    examine,
    has_link_layer_addresses,
    hearing,
    is_capture,
    is_malformed,
    last_before,
    must,
    require_clock,
    saying,
    valid,
)
from fixtures.protocols.addresses import UNSPECIFIED, solicited_node
from fixtures.recording.model import Recording
from fixtures.recording.views import mld, ndp
from fixtures.recording.views.ndp import NeighborAdvertisement, NeighborSolicitation
from fixtures.timers import RETRANS_TIMER

#: Seconds after a probe in which the address may still be optimistic (RFC 4429): twice the usual wait.
OPTIMISTIC = 2 * RETRANS_TIMER

#: Seconds after a solicitation in which what goes to who asked is the answer to it.
ANSWERED = 0.5

Times = dict[IPv6Address, list[float]]


def probe_times(recording: Recording, role: str) -> Times:
    """When the party probed for each address, ascending."""
    found: Times = defaultdict(list)
    for each in saying(recording, role, probes):
        found[each.target].append(each.time)
    return found


def probing(recording: Recording, notebook: Notebook, role: str) -> list[NeighborSolicitation]:
    """The DAD probes, which are expected to be as RFC 4862 section 5.4.2 wants them."""
    sent = list(saying(recording, role, probes))
    examine(notebook, sent, "no DAD probe was seen")
    for probe in sent:
        valid(notebook, probe, "probe", sized=has_link_layer_addresses(recording, role))
        reserved_are_zero(notebook, probe, "probe")
        if probe.destination != solicited_node(probe.target):
            must(notebook, False, f"the probe for {probe.target} went to {probe.destination}", probe)
        must(notebook, probe.sllao is None, "the probe has a Source Link-Layer Address option", probe)
    notebook.finding = f"{len(sent)} probes as they should be"
    return sent


def solicitations(recording: Recording, notebook: Notebook, role: str) -> None:
    """Expect Neighbor Solicitations as RFC 4861 sections 4.3 and 7.2.2 want them."""
    sent, count = saying(recording, role, questions), 0
    examine(notebook, sent, "no address was resolved")
    sized, probed = has_link_layer_addresses(recording, role), probe_times(recording, role)
    for each in sent:
        count += 1
        valid(notebook, each, "solicitation", sized=sized)
        reserved_are_zero(notebook, each, "solicitation")
        own_link_layer(recording, notebook, role, each, each.sllao, "SLLAO")
        if each.target.is_multicast:
            must(notebook, False, f"the solicitation asks for the group {each.target}", each)
        if each.source.is_multicast:
            must(notebook, False, f"the solicitation came from {each.source}", each)
        if not each.destination.is_multicast:
            continue
        if each.destination != solicited_node(each.target):
            must(notebook, False, f"the solicitation for {each.target} went to {each.destination}", each)
        if sized and not each.sllao and not _maybe_optimistic(each, probed):
            require_clock(recording)
            must(notebook, False, f"the multicast solicitation for {each.target} has no SLLAO", each)
    notebook.finding = f"{count} solicitations as they should be; how often it asks was not judged"


def _maybe_optimistic(sent: NeighborSolicitation, probed: Times) -> bool:
    """Whether its source was probed for just before, as far as the capture shows."""
    times = probed.get(sent.source, []) if isinstance(sent.source, IPv6Address) else []
    at = last_before(times, sent.time)
    return sent.time < OPTIMISTIC or (at >= 0 and sent.time - times[at] < OPTIMISTIC)


def advertisements(recording: Recording, notebook: Notebook, role: str) -> None:
    """Expect Neighbor Advertisements as RFC 4861 sections 4.4 and 7.2.4 want them."""
    sent = saying(recording, role, ndp.neighbor_advertisements)
    sized = has_link_layer_addresses(recording, role)
    examine(notebook, sent, "no Neighbor Advertisement was seen")
    for each in sent:
        valid(notebook, each, "advertisement", sized=sized)
        reserved_are_zero(notebook, each, "advertisement")
        own_link_layer(recording, notebook, role, each, each.tllao, "TLLAO")
        if each.target.is_multicast:
            must(notebook, False, f"the group {each.target} was advertised", each)
        if each.solicited and each.destination.is_multicast:
            must(notebook, False, f"an advertisement to {each.destination} has S=1", each)
    if not is_capture(recording):
        _expect_questions(recording, notebook, sent, role)
    answers = _answers(recording, sent, role) if sized else []
    for asked, answer in answers:
        if not answer.tllao:
            must(notebook, False, f"the answer to a multicast solicitation for {answer.target} has no TLLAO",
                 asked, answer)
    notebook.finding = f"{len(sent)} advertisements, {len(answers)} of them answers to a multicast solicitation"


def _expect_questions(recording: Recording, notebook: Notebook, sent: Iterable[NeighborAdvertisement],
                      role: str) -> None:
    """Expect S=1 of what answers who asked, and of nothing else (RFC 4861 section 7.2.4)."""
    asked: dict[object, list[float]] = defaultdict(list)
    for question in hearing(recording, role, questions):
        asked[question.target, question.source].append(question.time)
    for each in sent:
        times = asked.get((each.target, each.destination), [])
        at = last_before(times, each.time)
        if each.solicited and at < 0:
            must(notebook, False, f"an advertisement with S=1 tells {each.destination} of {each.target}, for which"
                 " nothing there asked", each)
        elif not each.solicited and not each.destination.is_multicast and at >= 0 and each.time - times[at] < ANSWERED:
            must(notebook, False, f"the answer to {each.destination} about {each.target} has S=0", each)


def _answers(recording: Recording, sent: Iterable[NeighborAdvertisement], role: str) -> list[
        tuple[NeighborSolicitation, NeighborAdvertisement]]:
    """Answers and the multicast solicitations that they must be for: that node asked for the target in no other way."""
    asked: dict[object, list[NeighborSolicitation]] = defaultdict(list)
    for each in hearing(recording, role, questions):
        if is_receivable(each):
            asked[each.target, each.source].append(each)
    times = {key: [each.time for each in group] for key, group in asked.items()}
    found = []
    for answer in sent:
        key = answer.target, answer.destination
        if not answer.solicited or key not in asked:
            continue
        at = last_before(times[key], answer.time)
        before = [each for each in asked[key][max(0, at - 7):at + 1] if answer.time - each.time < RETRANS_TIMER]
        if before and all(each.destination.is_multicast for each in before):
            found.append((before[-1], answer))
    return found


def group_reports(recording: Recording, notebook: Notebook, role: str) -> None:
    """Expect MLD reports as RFC 3810 section 5 wants them."""
    sent = saying(recording, role, mld.reports)
    examine(notebook, sent, "no MLD report was seen")
    for each in sent:
        must(notebook, each.hop_limit == 1, f"the report has hop limit {each.hop_limit}, not 1", each)
        must(notebook, each.router_alert, "the report has no Router Alert option", each)
        mine = each.source == UNSPECIFIED or each.source.is_link_local
        must(notebook, mine, f"the report came from {each.source}", each)
        must(notebook, not is_malformed(each), f"the report is malformed: {each.malformed}", each)
    notebook.finding = f"{len(sent)} reports as they should be; which groups were joined was not judged"
