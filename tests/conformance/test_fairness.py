"""Nobody is blamed for what another one did, for what no rule says, or for what the play did not show."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from conformance.checks.dhcpv6.test_dhcpv6_answers import test_discards_an_uncommitted_reply as discards_uncommitted
from conformance.checks.dhcpv6.test_dhcpv6_answers import test_tells_how_long_it_has_asked as counts_elapsed
from conformance.checks.dhcpv6.test_dhcpv6_servers import test_finds_its_way_around_refusals as finds_its_way
from conformance.checks.dhcpv6.test_dhcpv6_servers import test_has_a_lease_in_the_end as has_a_lease
from conformance.checks.dhcpv6.test_lease_life import test_rebinds_when_its_server_is_silent as rebinds
from conformance.checks.dhcpv6.test_lease_life import test_renews_the_lease_at_t1 as renews
from conformance.checks.dhcpv6.test_reservations import in_use
from conformance.checks.dhcpv6.test_solicit import test_asks_for_sol_max_rt as asks_for_sol_max_rt
from conformance.checks.dhcpv6.test_solicit import test_solicits_are_as_they_should_be as solicits_rightly
from conformance.judging.check import declared_by
from conformance.judging.judge import judge
from conformance.judging.verdict import Judgement, Outcome
from conformance.reading.boots import lives
from fixtures.peers import wire
from fixtures.peers.dhcpv6 import messages as dhcpv6
from fixtures.peers.dhcpv6 import options
from fixtures.peers.dhcpv6.messages import Association, Leased
from fixtures.peers.dhcpv6.misleading_server import UNCOMMITTED
from fixtures.peers.endpoint import link_local_of
from fixtures.peers.wire import Packet
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import Kind, StatusCode
from fixtures.recording.model import Action, Frame, Interface, KernelEvent, Mark, Recording
from fixtures.recording.views.dissection import layer
from tests.conformance.synthetic import recording
from topologies.stage import addressing as plan

GUEST, SERVER = plan.mac_of("guest", "eth0"), plan.mac_of("peer2", "eth0")
NAMED, FROM = options.client_id(options.duid_ll(GUEST)), options.server_id(options.duid_ll(SERVER))
ADDRESS = IPv6Address("2001:db8:1::1000")
LEASE = Association(1, 5, 10, (Leased(ADDRESS, 14, 20),)).option()


def message_at(seconds: float, kind: Kind, *parts: Packet, transaction: int = 1) -> Frame:
    """A message of the guest's, or to it, at a moment."""
    outgoing = kind not in (Kind.ADVERTISE, Kind.REPLY)
    ports = {"sport": 546, "dport": 547} if outgoing else {"sport": 547, "dport": 546}
    mac, to = (GUEST, ALL_DHCP_AGENTS) if outgoing else (SERVER, link_local_of(GUEST))
    message = layer("inet6").UDP(**ports) / dhcpv6.build(kind, transaction, parts)
    packet = wire.frame(message, source_mac=mac, source=link_local_of(mac), to=to,
                        to_mac=None if outgoing else GUEST, hop_limit=64)
    return Frame(0, round(seconds * 1e9), "guest", "eth0", outgoing, bytes(packet))


def recording_of(*frames: Frame, seconds: float = 60.0, marks: tuple[Mark, ...] = ()) -> Recording:
    """A recording of these frames."""
    numbered = [replace(frame, number=number) for number, frame in enumerate(frames, 1)]
    return replace(recording(*numbered), duration_ns=round(seconds * 1e9), marks=marks, counts=(),
                   interfaces=(Interface("guest", "eth0", GUEST),))


def judgement_of(function: object, seen: Recording, part: str | None = None) -> Judgement:
    """What a check says."""
    return judge(next(each for each in declared_by(function) if part in (None, each.part)), seen)


def cut_short(frame: Frame) -> Frame:
    """Its last option says that it is longer than it is."""
    return replace(frame, data=frame.data[:-1] + b"\xff")


def solicit(seconds: float, elapsed: float) -> Frame:
    return message_at(seconds, Kind.SOLICIT, options.elapsed_time(elapsed), NAMED, Association(1).option())


@pytest.mark.parametrize(("function", "part"), [
    (asks_for_sol_max_rt, None), (solicits_rightly, "client-id"), (solicits_rightly, "ia-na")])
def test_what_a_malformed_message_does_not_say_is_not_judged(function: object, part: str | None) -> None:
    broken = message_at(1.0, Kind.SOLICIT, options.client_id(b"")).data
    malformed = replace(solicit(1.0, 0.0), data=broken[:-2] + b"\x00\x63")
    verdict = judgement_of(function, recording_of(malformed), part)
    assert verdict.outcome is Outcome.INCONCLUSIVE and "the Solicit is malformed" in verdict.reason
    assert judgement_of(solicits_rightly, recording_of(malformed), "form").outcome is Outcome.FAIL


@pytest.mark.parametrize(("told", "instead"), [
    (Association(1, status=StatusCode.NO_BINDING), "NoBinding"),
    (Association(1, 5, 10, (Leased(ADDRESS, 0, 0),)), "only addresses without a lifetime")])
def test_a_reply_that_leases_nothing_is_an_answer(told: Association, instead: str) -> None:
    seen = recording_of(message_at(1, Kind.REPLY, NAMED, FROM, LEASE),
                        message_at(6, Kind.RENEW, NAMED, FROM, LEASE, transaction=2),
                  message_at(6.1, Kind.REPLY, NAMED, FROM, told.option(), transaction=2))
    verdict = judgement_of(renews, seen)
    assert (verdict.outcome, verdict.reason) == (
        Outcome.INCONCLUSIVE, f"the Reply to the Renew leases nothing: {instead}")


@pytest.mark.parametrize("seconds", [6.0, 10.5])
def test_nobody_is_late_before_t2(seconds: float) -> None:
    verdict = judgement_of(renews, recording_of(message_at(1, Kind.REPLY, NAMED, FROM, LEASE), seconds=seconds))
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "the play ended before T2, which is 10 s")


def test_a_rebound_lease_is_not_renewed_before_its_own_time() -> None:
    other = options.server_id(options.duid_ll(plan.mac_of("peer", "eth0")))
    slow = Association(1, 40, 60, (Leased(ADDRESS, 80, 90),)).option()
    ready = KernelEvent(round(3e9), round(3e9), "guest", "address", "new",
                        {"local": str(ADDRESS), "ifname": "eth0", "prefixlen": 128, "flags": [], "scope": "global"})
    seen = recording_of(message_at(1, Kind.REPLY, NAMED, FROM, LEASE),
                        message_at(11.1, Kind.REBIND, NAMED, LEASE, transaction=2),
                  message_at(11.2, Kind.REPLY, NAMED, other, slow, transaction=2), seconds=30,
                  marks=(Mark(2 * 10**9, "kill"),))
    verdict = judgement_of(rebinds, replace(seen, events=(ready,)))
    assert (verdict.outcome, verdict.reason) == (
        Outcome.INCONCLUSIVE, "the play ended before T2 of the other server, which is 60 s")


def test_elapsed_time_may_count_whole_seconds() -> None:
    seen = recording_of(solicit(1.0, 0), solicit(2.05, 1), solicit(4.1, 3), solicit(8.2, 7))
    assert judgement_of(counts_elapsed, seen).outcome is Outcome.PASS
    for stopped in (0, 4):
        wrong = recording_of(solicit(1.0, 0), solicit(2.05, stopped), solicit(4.1, stopped), solicit(8.2, stopped))
        assert judgement_of(counts_elapsed, wrong).outcome is Outcome.FAIL


def test_unspecfail_may_be_the_end() -> None:
    refused = [message_at(1 + number, Kind.REPLY, NAMED, FROM, Association(1, status=code).option(), transaction=number)
               for number, code in enumerate((StatusCode.NO_ADDRESSES, StatusCode.NOT_ON_LINK))]
    asked = [message_at(1.5 + number, Kind.REQUEST, NAMED, FROM, Association(1).option(), transaction=number + 1)
             for number in range(2)]
    end = message_at(4, Kind.REPLY, NAMED, FROM, options.status(StatusCode.UNSPECIFIED_FAILURE), transaction=2)
    seen = recording_of(*sorted([*refused, *asked, end], key=lambda frame: frame.ns))
    verdict = judgement_of(finds_its_way, seen, "unspec-fail")
    assert (verdict.outcome, verdict.reason) == (
        Outcome.WARN, "the guest sent nothing more after UnspecFail [RFC 8415 §18.2.10]")
    assert judgement_of(has_a_lease, seen).outcome is Outcome.WARN


def test_a_restarted_client_may_keep_its_address() -> None:
    def address(seconds: float, action: Action) -> KernelEvent:
        return KernelEvent(round(seconds * 1e9), round(seconds * 1e9), "guest", "address", action,
                           {"local": str(ADDRESS), "ifname": "eth0", "prefixlen": 128, "flags": [], "scope": "global"})

    def mark(seconds: float, name: str) -> Mark:
        return Mark(round(seconds * 1e9), name, {"node": "guest", "role": "guest", "call": "restart"})

    marks = (mark(1, "start"), mark(5, "call"), mark(9, "power-off"), mark(12, "start"))
    seen = replace(recording_of(marks=marks), events=(address(2, "new"),))
    before, again, after = (in_use(seen, life) for life in lives(seen))
    assert before == again == [address(2, "new")] and after == []
    dropped = replace(seen, events=(address(2, "new"), address(6, "del")))
    assert in_use(dropped, lives(dropped)[1]) == []


def test_a_request_out_of_nothing_breaks_no_check() -> None:
    """Found by fuzzing: the Reply and what follows it are there, the Solicit before them is not."""
    lease = Association(1, 5, 10, (Leased(UNCOMMITTED.address, 14, 20),)).option()
    verdict = judgement_of(discards_uncommitted, recording_of(
        message_at(1.0, Kind.REPLY, NAMED, FROM, lease), message_at(2.0, Kind.REQUEST, NAMED, FROM, lease)))
    assert verdict.outcome is Outcome.INCONCLUSIVE and "no Solicit" in verdict.reason
