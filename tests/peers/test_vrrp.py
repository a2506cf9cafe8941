"""What the VRRP speaker sends, byte by byte; RFC 9568 section 5.2 is the judge."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

import pytest

from fixtures.peers import wire
from fixtures.peers.vrrp import Announcement, invalid
from fixtures.protocols.addresses import VRRP_GROUP
from fixtures.protocols.ip import VRRP

SOURCE = IPv6Address("fe80::1")
GOOD = Announcement(51, 200, (IPv6Address("fe80::5e"), IPv6Address("2001:db8::f0")), interval=0.5)


def payload(announcement: Announcement) -> bytes:
    return wire.as_bytes(announcement.payload(SOURCE))


def checksum_ok(data: bytes) -> bool:
    blank = data[:6] + b"\0\0" + data[8:]
    return wire.checksum_of(blank, VRRP, source=SOURCE, to=VRRP_GROUP) == int.from_bytes(data[6:8], "big")


def test_the_fields_are_where_the_rfc_has_them() -> None:
    """Version and type, VRID, priority, how many addresses, and hundredths of a second."""
    data = payload(GOOD)
    assert data[:6] == bytes.fromhex("31 33 c8 02 0032")
    assert data[8:] == b"".join(address.packed for address in GOOD.addresses)
    assert checksum_ok(data)


@pytest.mark.parametrize("defect", invalid(GOOD))
def test_an_invalid_one_is_wrong_in_one_thing(defect: str) -> None:
    """Its checksum is right for what is sent, unless that is what is wrong."""
    bad = invalid(GOOD)[defect]
    assert bad != GOOD
    assert checksum_ok(payload(bad)) == (defect != "wrong checksum")
    assert len(payload(bad)) == (24 if "cut" in defect else 40)


def test_the_last_word_has_priority_zero() -> None:
    assert payload(replace(GOOD, priority=0))[2] == 0
