"""Captures that were misjudged once: the smallest of each kind, and the right verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.judging.verdict import Outcome
from fixtures.captures.parties import judgeable
from fixtures.recording.views.dissection import layer
from tests.captures import cases
from tests.captures.cases import BEGIN, IN_2010, Timed, capture
from tests.captures.disguises import as_pcap
from tests.captures.judged import judgements

FAIL, WARN, PASS, UNDECIDED = Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.INCONCLUSIVE


def advertise_in_fragments() -> Timed:
    dhcp6 = layer("dhcp6")
    offer = layer("inet").UDP(sport=547, dport=546) / dhcp6.DHCP6_Advertise(trid=1)
    for option in (dhcp6.DHCP6OptClientId(duid=dhcp6.DUID_LL(lladdr=cases.GUEST_MAC)),
                   dhcp6.DHCP6OptUnknown(optcode=17, data=b"\0\0\0\x09\0\1\5\x78" + b"x" * 1400),
                   dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr=cases.ROUTER_MAC)), dhcp6.DHCP6OptIA_NA(
                       iaid=1, ianaopts=[dhcp6.DHCP6OptIAAddress(addr="2001:db8::10", preflft=1, validlft=2)])):
        offer /= option
    frame = cases.ip(cases.ROUTER_MAC, cases.GUEST_MAC, cases.ROUTER, cases.GUEST, 64)
    return [(number / 1000, each) for number, each in enumerate(cases.pieces(frame, offer, 1280))]


def reply_without_server_identifier() -> Timed:
    return [(0.0, cases.from_server() / layer("dhcp6").DHCP6_Reply(trid=3))]


def advertisements_with(*options: str, **fields: object) -> Timed:
    inet6 = layer("inet6")
    return [(0.0, cases.advertisement(180, *(getattr(inet6, option)(**fields) for option in options)))]


def every_second(*options: object) -> Timed:
    return cases.advertised_every(1.0, 8, *options)


def counting_down() -> Timed:
    """A name server's lifetime that ends with its lease, and an RA every 8 s."""
    inet6 = layer("inet6")
    return [(8.0 * at + at % 3, cases.advertisement(180, inet6.ICMPv6NDOptRDNSS(
        dns=["2001:db8::53"], lifetime=60 - 8 * at - at % 3))) for at in range(8)]


def seen_late(seconds: float) -> Timed:
    """RAs 7 s apart, of which each is seen again."""
    once = [(7.0 * at + at % 4 * 0.5, cases.advertisement()) for at in range(10)]
    return sorted([*once, *((time + seconds, packet) for time, packet in once)], key=lambda entry: entry[0])


def advertisement_interval() -> Timed:
    return every_second(layer("inet6").ICMPv6NDOptAdvInterval(advint=1000))


#: The packets, when they were captured, the check, and what it must say (None: it must not fail nor warn).
RIGHT: dict[str, tuple[Callable[[], Timed], float, str, Outcome | None, str]] = {
    "echo-in-fragments": (cases.echo_in_fragments, BEGIN, "echo_replies", PASS, ""),
    "advertise-in-fragments": (advertise_in_fragments, BEGIN, "advertises", PASS, ""),
    "solicit-in-fragments": (cases.solicit_in_fragments, BEGIN, "solicits", PASS, ""),
    "oro-behind-the-cut": (cases.solicit_in_fragments, BEGIN, "solicits_ask_for_sol_max_rt", PASS, ""),
    "relay-in-fragments": (cases.relay_in_fragments, BEGIN, "relay_forwards", PASS, ""),
    "inside-the-relay": (cases.relay_in_fragments, BEGIN, "solicits_ask_for_sol_max_rt", PASS, ""),
    "held-until-beacon": (cases.held_until_beacon, BEGIN, "advertisements_are_spaced", PASS, ""),
    "every-second": (every_second, BEGIN, "advertisements_are_spaced", FAIL, "3 s are the least"),
    "mobile-router": (advertisement_interval, BEGIN, "advertisements_are_spaced", None, ""),
    "seen-again-150-ms-later": (lambda: seen_late(0.15), BEGIN, "advertisements_are_spaced", PASS, ""),
    "flood": (lambda: cases.advertised_every(0.05, 60), BEGIN, "advertisements_are_spaced", FAIL, "3 s are"),
    "counting-down": (counting_down, BEGIN, "lifetimes_are_coherent", PASS, ""),
    "claimed-a-little-early": (lambda: cases.claim_after(0.989), BEGIN, "probes", PASS, ""),
    "claimed-at-once": (lambda: cases.claim_after(0.4), BEGIN, "probes", FAIL, "was claimed 0.400 s"),
    "stepped-clock": (lambda: [(0.0, cases.solicit(31)), (9.95, cases.solicit(63))], BEGIN, "solicits_back_off",
                      UNDECIDED, "9.95 s apart, and Elapsed Time grew by 32.00 s"),
    "stamped-in-a-batch": (lambda: [(0.0, cases.solicit(0)), (0.3, cases.solicit(1.05))], BEGIN, "solicits_back_off",
                           UNDECIDED, "0.30 s apart, and Elapsed Time grew by 1.05 s"),
    "elapsed-stands-still": (lambda: [(0.0, cases.solicit(0)), (9.0, cases.solicit(0))], BEGIN, "solicits_back_off",
                             FAIL, "grew by 0.00 s"),
    "from-2010": (lambda: [(0.0, cases.solicit(0, (23,)))], IN_2010, "solicits_ask_for_sol_max_rt", UNDECIDED,
                  "RFC 7083, which forbids it, is of November 2013, and the capture of 29 June 2010"),
    "from-2025": (lambda: [(0.0, cases.solicit(0, (23,)))], BEGIN, "solicits_ask_for_sol_max_rt", FAIL, "asks for 23"),
    "from-nobody-knows-when": (lambda: [(5.0, cases.solicit(0, (23,)))], 0.0, "solicits_ask_for_sol_max_rt",
                               UNDECIDED, "the capture has no date"),
    "redirect-only": (cases.redirect, BEGIN, "redirects_are_valid", FAIL, "hop limit 64"),
    "router-by-its-advertisements": (cases.router_s_own_advertisement, BEGIN, "router_advertises_itself", FAIL,
                                     "hop limit 64"),
    "listener-only": (cases.listener, BEGIN, "group_reports", FAIL, "no Router Alert"),
    "complainer-only": (cases.complainer, BEGIN, "errors_are_allowed", FAIL, "about a packet to ff02::1:3"),
    "offer-upside-down": (lambda: [(0.0, cases.answer("Advertise", 1, 400, 200, 0, 0))], BEGIN, "leases_are_coherent",
                          FAIL, "the Advertise has 2001:db8::10 preferred for 400 s and valid for 200 s"),
    "reply-upside-down": (lambda: [(0.0, cases.answer("Reply", 2, 100, 200, 300, 200))], BEGIN, "leases_are_coherent",
                          FAIL, "the Reply has T1 300 s above T2 200 s"),
    "unidentified-reply": (reply_without_server_identifier, BEGIN, "replies", FAIL, "no Server Identifier"),
    "link-local-prefix": (lambda: advertisements_with("ICMPv6NDOptPrefixInfo", prefix="fe80::", prefixlen=64), BEGIN,
                          "links_are_as_advertised", WARN, "the link-local one"),
    "host-bits": (lambda: advertisements_with("ICMPv6NDOptPrefixInfo", prefix="2001:db8::5", prefixlen=64), BEGIN,
                  "links_are_as_advertised", FAIL, "has bits after its length"),
    "router-address": (lambda: advertisements_with("ICMPv6NDOptPrefixInfo", prefix="2001:db8::5", prefixlen=64, R=1),
                       BEGIN,
                       "links_are_as_advertised", PASS, ""),
    "tiny-mtu": (lambda: advertisements_with("ICMPv6NDOptMTU", mtu=1000), BEGIN, "links_are_as_advertised", FAIL,
                 "MTU of 1000"),
    "jumbo-mtu": (lambda: advertisements_with("ICMPv6NDOptMTU", mtu=9000), BEGIN, "links_are_as_advertised", PASS, ""),
}


@pytest.mark.parametrize("name", RIGHT)
def test_is_judged_rightly(name: str, tmp_path: Path) -> None:
    packets, begin, check, outcome, because = RIGHT[name]
    path = tmp_path / "office.pcap"
    path.write_bytes(capture(packets(), begin))
    found = {key[2].removeprefix("test_wire_"): each for key, each in judgements(path).items()}
    judgement = found[check]
    if outcome is None:
        assert judgement.outcome not in (FAIL, WARN, Outcome.ERROR), judgement.reason
    else:
        assert judgement.outcome is outcome, judgement.reason
    assert because in judgement.reason
    broken = {key: each.reason for key, each in found.items() if each.outcome is Outcome.ERROR}
    assert not broken


def test_a_lost_fragment_is_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "office.pcap"
    path.write_bytes(capture(cases.solicit_in_fragments()[:1]))
    found = judgeable(path)
    assert found.notes == ["1 packet is in fragments that cannot be put together, and left out"]
    assert not found.parties


@pytest.mark.parametrize(("stamps", "trouble"), [
    ([0, 0, 0, 0, 0, 0], "no packet has a time stamp"),
    ([10, 11, 0, 13, 14, 15], "1 of 6 packets have no time stamp"),
    ([10, 14, 18, 12, 22, 26], "the stamps run backwards, by 6.0 s at frame 4"),
    ([10, 11, 12, 13, 13.95, 14.95], None),
])
def test_a_clock_that_cannot_be_trusted_decides_nothing(stamps: list[float], trouble: str | None,
                                                        tmp_path: Path) -> None:
    """One RA every second, so far as one can tell."""
    path = tmp_path / "office.pcap"
    path.write_bytes(as_pcap([(round((BEGIN + second) * 1e9) if second else 0, bytes(cases.advertisement()))
                              for second in stamps], nanoseconds=True))
    judgement = next(each for key, each in judgements(path).items() if key[2] == "test_wire_advertisements_are_spaced")
    assert judgement.outcome is (UNDECIDED if trouble else FAIL), judgement.reason
    assert (trouble or "3 s are the least") in judgement.reason


def test_the_date_of_a_capture_is_that_of_its_first_packet(tmp_path: Path) -> None:
    path = tmp_path / "from 2010.pcap"
    path.write_bytes(capture([(0.0, cases.solicit())], IN_2010))
    assert judgeable(path).started_ns == IN_2010 * 1e9
