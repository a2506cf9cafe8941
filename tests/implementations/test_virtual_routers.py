"""What the virtual routers of a pair are told: pure text, no program runs."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

from fixtures.implementations import frr, frr_vrrp, keepalived, radvd
from fixtures.situation import Prefix, Situation, VrrpTask

LINK_LOCAL, ADDRESS = IPv6Address("fe80::1"), IPv6Address("2001:db8::f0")
TASK = VrrpTask(51, 200, "lan0", LINK_LOCAL, ADDRESS, "lan0", interval=0.5, virtual_mac=True, advertises=True)
LAN = Situation(Prefix(IPv6Network("2001:db8::/64"), autonomous=True), IPv6Address("2001:db8::1"), dns=(ADDRESS,))


def test_the_virtual_mac_has_the_vrid() -> None:
    """RFC 9568 section 7.3."""
    assert TASK.mac == "00:00:5e:00:02:33"


def test_keepalived_gets_an_interface_for_the_virtual_mac() -> None:
    text = keepalived.configuration(TASK, Path("/d/advertise.sh"))
    assert text.index("fe80::1/64") < text.index("2001:db8::f0/64") and "excluded" not in text
    for line in ("use_vmac vrrp.51", "advert_int 0.5", 'notify_master "/d/advertise.sh start"',
                 'notify_stop "/d/advertise.sh stop"'):
        assert f"    {line}\n" in text


def test_without_a_virtual_mac_there_is_no_such_interface() -> None:
    text = keepalived.configuration(VrrpTask(51, 200, "eth1", LINK_LOCAL, ADDRESS, "eth0"))
    assert "use_vmac" not in text and "notify" not in text


def test_vrrpd_counts_in_milliseconds_and_has_the_link_local_address_first() -> None:
    lines = frr_vrrp.configuration(TASK).splitlines()
    assert lines[:1] == ["interface lan0"] and " vrrp 51 advertisement-interval 500" in lines
    assert lines.index(" vrrp 51 ipv6 fe80::1") < lines.index(" vrrp 51 ipv6 2001:db8::f0")


def test_zebra_advertises_when_vrrpd_asks() -> None:
    """Of itself it would do so in every state."""
    assert "suppress-ra" in frr.configuration(LAN, ("vrrp6-51",))
    assert "suppress-ra" not in frr.configuration(LAN, ("vrrp6-51",), on_request=True)


def test_radvd_is_told_which_address_to_send_from() -> None:
    assert "    AdvRASrcAddress { fe80::1; };\n" in radvd.configuration(LAN, ("vrrp.51",), LINK_LOCAL)
    assert "AdvRASrcAddress" not in radvd.configuration(LAN, ("lan0",))
