"""A guest is judged only by what it may heed: where every host must discard what a router says, that is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from conformance.judging.verdict import Notebook, Unjudgeable
from conformance.reading.granting import less
from conformance.reading.receivable import (
    answer_objection,
    believable,
    echo_replies,
    is_receivable,
    receiver_objection,
    server_answers,
)
from conformance.wire.edits import with_fields
from conformance.wire.sample import conversation
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import neighbor_advertisements, neighbor_solicitations, router_advertisements
from tests.conformance.synthetic import frame, recording

#: What is wrong with an RA, and how it becomes so.
FLAWS: dict[str, Callable[[Any], None]] = {
    "the hop limit 64": lambda packet: setattr(packet[layer("inet6").IPv6], "hlim", 64),
    "the code 1": lambda packet: setattr(packet[layer("inet6").ICMPv6ND_RA], "code", 1),
    "the source 2001:db8::1, which is not link-local":
        lambda packet: setattr(packet[layer("inet6").IPv6], "src", "2001:db8::1"),
    "a flaw: ": lambda packet: packet.lastlayer().add_payload(layer("inet6").Raw(b"\x01\x00" + bytes(6))),
}


def flawed_recording(change: Callable[[Any], None]) -> Recording:
    healthy = recording(frame())
    return editing.rewritten(healthy, router_advertisements(healthy.frames), change)


def test_a_valid_advertisement_is_a_stimulus() -> None:
    whole = flawed_recording(lambda packet: None)
    told = router_advertisements(whole.frames)
    assert believable(told, Notebook(whole), "no RA") == told


def test_no_advertisement_is_no_fault_of_a_router() -> None:
    with pytest.raises(Unjudgeable, match="no RA"):
        believable([], Notebook(recording()), "no RA")


@pytest.mark.parametrize("wrong", FLAWS)
def test_the_router_is_named(wrong: str) -> None:
    whole = flawed_recording(FLAWS[wrong])
    told = router_advertisements(whole.frames)
    with pytest.raises(Unjudgeable) as found:
        believable(told, Notebook(whole), "no RA")
    assert str(found.value).startswith("the router is at fault: the Router Advertisement of ")
    assert f"has {wrong}" in str(found.value)


def test_an_echo_reply_that_nobody_gets_is_no_answer() -> None:
    sample = conversation("guest")
    replies = echo_replies(sample.frames)
    assert len(replies) == 1
    assert echo_replies(with_fields(sample, replies, "ICMPv6EchoReply", cksum=0x1234).frames) == []


@pytest.mark.parametrize(("wrong", "change"), [
    ("no Server Identifier", less("DHCP6OptServerId")),
    ("no Client Identifier", less("DHCP6OptClientId")),
    ("a wrong checksum", lambda packet: setattr(packet[layer("inet").UDP], "chksum", 0x1234)),
])
def test_a_reply_that_its_client_discards_is_no_answer(wrong: str, change: Callable[[Any], None]) -> None:
    sample = conversation("guest")
    leased = [each for each in server_answers(sample.frames, "Reply") if each.addresses]
    changed = editing.rewritten(sample, leased, change)
    assert not [each for each in server_answers(changed.frames, "Reply") if each.addresses]
    assert {answer_objection(each) for each in dhcpv6.messages(changed.frames, "Reply") if each.addresses} == {wrong}


def test_a_reply_without_addresses_needs_no_client_identifier() -> None:
    """An Information-request may have none (RFC 8415 section 18.2.6)."""
    sample = conversation("guest")
    plain = [each for each in server_answers(sample.frames, "Reply") if not each.ia_na]
    changed = editing.rewritten(sample, plain, less("DHCP6OptClientId"))
    assert len([each for each in server_answers(changed.frames, "Reply") if not each.ia_na]) == len(plain) > 0


def test_a_solicited_advertisement_to_all_is_discarded() -> None:
    sample = conversation("guest")
    told = neighbor_advertisements(sample.frames)
    solicited = [each for each in told if each.solicited]
    changed = with_fields(sample, solicited, "IPv6", dst="ff02::1")
    assert all(map(is_receivable, solicited))
    assert not any(map(is_receivable, (each for each in neighbor_advertisements(changed.frames) if each.solicited)))


@pytest.mark.parametrize(("destination", "option", "wrong"), [
    ("ff02::1:ff00:9", None, ""),
    ("ff02::1", None, "no source, and goes to ff02::1, not to the target's solicited-node address"),
    ("ff02::1:ff00:9", "ICMPv6NDOptSrcLLAddr", "SLLAO, and no source"),
])
def test_a_probe_that_everybody_discards_contests_nothing(destination: str, option: str | None, wrong: str) -> None:
    """RFC 4861 section 7.1.1: from the unspecified address, to a solicited-node address, without SLLAO."""
    inet6 = layer("inet6")
    packet = layer("l2").Ether() / inet6.IPv6(src="::", dst=destination,
                                              hlim=255) / inet6.ICMPv6ND_NS(tgt="2001:db8::9")
    packet = packet / getattr(inet6, option)(lladdr="02:00:00:00:00:09") if option else packet
    (probe,) = neighbor_solicitations([replace(frame(), data=bytes(packet))])
    assert receiver_objection(probe) == wrong
