"""VRRP advertisements that are not as they should be: the view says so, and does not raise."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest

from fixtures.peers import wire
from fixtures.peers.vrrp import Announcement, invalid
from fixtures.protocols.addresses import VRRP_GROUP
from fixtures.protocols.ip import VRRP
from fixtures.recording.model import Frame
from fixtures.recording.views import vrrp
from tests.recording.crafted import MAC

SOURCE = IPv6Address("fe80::1")
GOOD = Announcement(51, 200, (SOURCE, IPv6Address("2001:db8::f0")), interval=0.5)


def view_of(payload: bytes) -> vrrp.VrrpAdvertisement:
    """The view of a VRRP packet with that payload."""
    packet = wire.frame(wire.Raw(payload), source_mac=MAC, source=SOURCE, to=VRRP_GROUP)
    packet["IPv6"].nh = VRRP
    return vrrp.advertisements([Frame(1, 0, "r1", "lan0", True, bytes(packet))])[0]


def test_all_fields_are_read() -> None:
    view = view_of(bytes(GOOD.payload(SOURCE)))
    assert (view.version, view.kind, view.router, view.priority, view.interval) == (3, 1, 51, 200, 0.5)
    assert (view.addresses, view.malformed, view.checksum_ok) == (GOOD.addresses, None, True)


@pytest.mark.parametrize(("defect", "wrong"), [("an address cut off", "2 addresses"), ("wrong checksum", None)])
def test_what_is_wrong_is_said(defect: str, wrong: str | None) -> None:
    view = view_of(bytes(invalid(GOOD)[defect].payload(SOURCE)))
    assert (view.malformed is None) == (wrong is None) and (wrong or "") in (view.malformed or "")
    assert view.checksum_ok == (defect != "wrong checksum")


@pytest.mark.parametrize("length", range(8))
def test_a_stump_is_malformed(length: int) -> None:
    assert "fixed part" in str(view_of(bytes(GOOD.payload(SOURCE))[:length]).malformed)
