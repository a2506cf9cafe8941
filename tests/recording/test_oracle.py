"""tshark and the views must agree on every field that the views offer, on what real programs sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.storage import PACKETS, save
from fixtures.recording.views import dhcpv6, dns, mld, ndp, transport, vrrp
from fixtures.recording.views.mld import Report
from tests.recording import crafted
from tests.recording.fields import (
    DHCPV6,
    DNS,
    ECHO,
    MLD2,
    NA,
    ND,
    NS,
    RA,
    REDIRECT,
    TCP,
    UDP,
    VRRP,
    Reader,
    same,
    tshark_fields,
)

CASES: list[Any] = [
    pytest.param(ndp.router_solicitations, "icmpv6.type == 133", ND, id="router-solicitations"),
    pytest.param(ndp.router_advertisements, "icmpv6.type == 134", RA, id="router-advertisements"),
    pytest.param(ndp.neighbor_solicitations, "icmpv6.type == 135", NS, id="neighbor-solicitations"),
    pytest.param(ndp.neighbor_advertisements, "icmpv6.type == 136", NA, id="neighbor-advertisements"),
    pytest.param(mld.reports, "icmpv6.type == 143", MLD2, id="mld-reports"),
    pytest.param(transport.echoes, "icmpv6.type in {128, 129}", ECHO, id="echoes"),
    pytest.param(transport.tcp_segments, "tcp && ipv6", TCP, id="tcp-segments"),
    pytest.param(transport.udp_datagrams, "udp && ipv6 && !icmpv6", UDP, id="udp-datagrams"),
    pytest.param(dns.messages, "dns && ipv6 && !icmpv6", DNS, id="dns-messages"),
    pytest.param(dhcpv6.messages, "dhcpv6 && !icmpv6", DHCPV6, id="dhcpv6-messages"),
]


@pytest.mark.parametrize(("decode", "display_filter", "fields"), CASES)
def test_tshark_and_the_views_agree(boot: Recording, tmp_path: Path, decode: Callable[[Iterable[Frame]], list[Any]],
                                    display_filter: str, fields: dict[str, Reader]) -> None:
    """Message by message, field by field, on a real boot, at the guest's end of the link.

    tshark takes the other end's copy of a TCP segment for a retransmission, and leaves it undissected.
    """
    boot = editing.without(boot, frames=lambda frame: frame.node != "guest")
    agree(boot, tmp_path, decode, display_filter, fields)


def agree(recording: Recording, directory: Path, decode: Callable[[Iterable[Frame]], list[Any]], display_filter: str,
          fields: dict[str, Reader]) -> None:
    """Raise AssertionError for the first field on which tshark and a view differ."""
    capture = save(recording, directory / "recording") / PACKETS
    theirs = tshark_fields(capture, display_filter, fields)
    ours = [view for view in decode(recording.frames) if not isinstance(view, Report) or view.version == 2]
    assert theirs and len(theirs) == len(ours), (len(theirs), len(ours))
    for row, view in zip(theirs, ours, strict=True):
        assert view.malformed is None, view
        for name, read in fields.items():
            assert same(name, row[name], [str(value) for value in read(view)]), (name, view.frame.number, view)


CRAFTED: list[Any] = [
    pytest.param(crafted.router_advertisements, ndp.router_advertisements, "icmpv6.type == 134", RA, id="ra"),
    pytest.param(crafted.redirects, ndp.redirects, "icmpv6.type == 137", REDIRECT, id="redirect"),
    pytest.param(crafted.neighbor_advertisements, ndp.neighbor_advertisements, "icmpv6.type == 136", NA, id="na"),
    pytest.param(crafted.reports, mld.reports, "icmpv6.type == 143", MLD2, id="mld"),
    pytest.param(crafted.vrrp_advertisements, vrrp.advertisements, "vrrp", VRRP, id="vrrp"),
    pytest.param(crafted.dhcpv6_messages, dhcpv6.messages, "dhcpv6", DHCPV6, id="dhcpv6"),
]


@pytest.mark.parametrize(("packets", "decode", "display_filter", "fields"), CRAFTED)
def test_they_agree_on_rare_messages(packets: Callable[[], list[Any]], tmp_path: Path,
                                     decode: Callable[[Iterable[Frame]], list[Any]], display_filter: str,
                                     fields: dict[str, Reader]) -> None:
    """The same for flags and options that the sample boot does not have."""
    agree(crafted.recording(packets()), tmp_path, decode, display_filter, fields)
