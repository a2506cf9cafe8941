"""What keepalived is told for a task: pure text, no program runs."""

from __future__ import annotations

from ipaddress import IPv6Address

from fixtures.implementations.keepalived import configuration
from fixtures.situation import VrrpTask


def test_the_first_virtual_address_is_link_local() -> None:
    """RFC 9568 section 5.2.9."""
    text = configuration(VrrpTask(51, 200, "eth1", IPv6Address("fe80::1"), IPv6Address("2001:db8::f0"), "eth0"))
    advertised, excluded = text.index("fe80::1/64"), text.index("2001:db8::f0/128 dev eth0")
    assert text.index("virtual_ipaddress {") < advertised < text.index("virtual_ipaddress_excluded {") < excluded
    for line in ("vrrp_version 3", "virtual_router_id 51", "priority 200", "interface eth1"):
        assert f"    {line}\n" in text
