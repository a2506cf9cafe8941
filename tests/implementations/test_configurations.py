"""What each program is told for a situation: pure text, no program runs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.implementations import bird, curl, dhcpcd, dnsmasq, kea, ndppd, networkd, radvd
from fixtures.implementations.networkd_resolv import resolv_conf
from fixtures.programs.base import ProgramError
from fixtures.programs.serving import check_advertising
from fixtures.situation import (
    BgpPeer,
    FabricTask,
    GuestSettings,
    HostName,
    Lease,
    Prefix,
    Proxied,
    ProxyTask,
    Reservation,
    Situation,
)

NETWORK = IPv6Network("2001:db8:1::/64")
ROUTER = NETWORK[1]
BOTH = frozenset({"router", "dhcpv6-server"})

STATEFUL = Situation(Prefix(NETWORK), ROUTER, pool=(NETWORK[0x1000], NETWORK[0x1FFF]), dns=(ROUTER,))
RESERVED = replace(STATEFUL, pool=None, reservations=(
    Reservation("vm1", NETWORK[0xA1], duid="00030001020000000001"),
    Reservation("vm2", NETWORK[0xA2], mac="02:00:00:00:00:02"),
))
CALICO = replace(STATEFUL, prefix=Prefix(NETWORK, on_link=False))
SLAAC = replace(STATEFUL, prefix=Prefix(NETWORK, autonomous=True), managed=False, other=False, dhcpv6=False, pool=None)
STATELESS = replace(SLAAC, other=True, dhcpv6=True)
DUAL = replace(STATEFUL, ipv4=IPv4Network("192.0.2.0/24"), ipv4_router=IPv4Address("192.0.2.1"))


def post(situation: Situation = STATEFUL, **settings: Any) -> Any:
    return SimpleNamespace(situation=situation, settings=GuestSettings(**settings), interfaces=("eth0", "eth1"))


def dnsmasq_lines(situation: Situation, roles: frozenset[str] = BOTH) -> list[str]:
    return dnsmasq.configuration(situation, roles, ("lan0",), "/leases").splitlines()


@pytest.mark.parametrize(("situation", "wanted"), [
    (STATEFUL, "dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,64,900"),
    (RESERVED, "dhcp-range=2001:db8:1::,static,64,900"),
    (CALICO, "dhcp-range=2001:db8:1::1000,2001:db8:1::1fff,off-link,64,900"),
    (replace(RESERVED, prefix=CALICO.prefix), "dhcp-range=2001:db8:1::,static,off-link,64,900"),
    (SLAAC, "dhcp-range=2001:db8:1::,ra-only,64,900"),
    (STATELESS, "dhcp-range=2001:db8:1::,ra-stateless,64,900"),
])
def test_dnsmasq_range_gives_the_mode(situation: Situation, wanted: str) -> None:
    assert wanted in dnsmasq_lines(situation)


def test_dnsmasq_reservations_by_duid_and_by_mac() -> None:
    lines = dnsmasq_lines(RESERVED)
    assert "dhcp-host=id:00:03:00:01:02:00:00:00:00:01,[2001:db8:1::a1],vm1,900" in lines
    assert "dhcp-host=02:00:00:00:00:02,[2001:db8:1::a2],vm2,900" in lines


def test_dnsmasq_router_interval_and_lifetime() -> None:
    assert "ra-param=lan0,20,0" in dnsmasq_lines(replace(STATEFUL, max_interval=20, router_lifetime=0))


def test_dnsmasq_serves_ipv4_where_the_situation_has_it() -> None:
    assert "dhcp-range=192.0.2.128,192.0.2.254,255.255.255.0,900" in dnsmasq_lines(DUAL)
    assert not any("192.0.2" in line for line in dnsmasq_lines(STATEFUL))


def test_dnsmasq_is_a_name_server_only_in_that_role() -> None:
    named = replace(STATEFUL, names=(HostName("www.example.com", (NETWORK[80], IPv4Address("192.0.2.80"))),))
    lines = dnsmasq_lines(named, frozenset({"name-server"}))
    assert "host-record=www.example.com,2001:db8:1::50,192.0.2.80" in lines
    assert "port=0" not in lines
    assert not any(line.startswith(("dhcp-range", "enable-ra")) for line in lines)
    assert "port=0" in dnsmasq_lines(named)


def test_dnsmasq_grants_no_lease_shorter_than_two_minutes() -> None:
    lines = dnsmasq_lines(replace(STATEFUL, lease=Lease(10, 16, 20, 30)))
    assert {line.rpartition(",")[2] for line in lines if line.startswith(("dhcp-range=", "dhcp-host="))} == {"120"}


def test_dnsmasq_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ProgramError, match="cannot advertise A=0 M=1 O=1 without being the DHCPv6 server"):
        dnsmasq_lines(STATEFUL, frozenset({"router"}))


@pytest.mark.parametrize(("situation", "flags"), [
    (STATEFUL, {"AdvManagedFlag on", "AdvOtherConfigFlag on", "AdvOnLink on", "AdvAutonomous off"}),
    (CALICO, {"AdvManagedFlag on", "AdvOtherConfigFlag on", "AdvOnLink off", "AdvAutonomous off"}),
    (SLAAC, {"AdvManagedFlag off", "AdvOtherConfigFlag off", "AdvOnLink on", "AdvAutonomous on"}),
    (STATELESS, {"AdvManagedFlag off", "AdvOtherConfigFlag on", "AdvOnLink on", "AdvAutonomous on"}),
])
def test_radvd_flags_give_the_mode(situation: Situation, flags: set[str]) -> None:
    text = radvd.configuration(situation, ("lan0",))
    assert all(f"{flag};" in text for flag in flags)


def test_radvd_numbers() -> None:
    text = radvd.configuration(replace(STATEFUL, hop_limit=15, router_lifetime=60), ("lan0", "lan1"))
    for words in ("AdvCurHopLimit 15;", "AdvDefaultLifetime 60;", "MinRtrAdvInterval 3;", "MaxRtrAdvInterval 10;",
                  "AdvValidLifetime 900; AdvPreferredLifetime 600;", "interface lan1 {"):
        assert words in text


@pytest.mark.parametrize(("wrong", "sentence"), [
    ({"max_interval": 3}, "radvd: max_interval is 3 s, RFC 4861 allows 4 to 1800 s"),
    ({"min_interval": 8}, "radvd: min_interval is 8 s, with max_interval 10 s RFC 4861 allows 3 to 7.5 s"),
    ({"router_lifetime": 5}, "radvd: router_lifetime is 5 s, RFC 4861 allows 0 or 10 to 9000 s"),
])
def test_intervals_outside_the_rfc_are_refused(wrong: dict[str, int], sentence: str) -> None:
    with pytest.raises(ProgramError) as raised:
        check_advertising("radvd", replace(STATEFUL, **wrong))  # type: ignore[arg-type]
    assert str(raised.value) == sentence


def test_kea_lease_pool_and_reservations() -> None:
    told = kea.dhcp6(replace(RESERVED, lease=Lease(10, 16, 20, 30)), ("lan0",), "/here")
    timers = ("renew-timer", "rebind-timer", "preferred-lifetime", "valid-lifetime")
    assert [told[timer] for timer in timers] == [10, 16, 20, 30]
    [subnet] = told["subnet6"]
    assert subnet["interface"] == "lan0"
    assert subnet["pools"] == []
    assert [each.get("duid") or each.get("hw-address") for each in subnet["reservations"]] == [
        "00:03:00:01:02:00:00:00:00:01", "02:00:00:00:00:02"]
    [subnet] = kea.dhcp6(STATEFUL, ("lan0",), "/here")["subnet6"]
    assert subnet["pools"] == [{"pool": "2001:db8:1::1000-2001:db8:1::1fff"}]
    assert kea.dhcp6(STATELESS, ("lan0",), "/here")["subnet6"][0]["pools"] == []
    assert kea.dhcp4(DUAL, ("lan0",), "/here")["subnet4"][0]["pools"] == [{"pool": "192.0.2.128-192.0.2.254"}]


def test_dhcpcd_keeps_the_distribution_and_replaces_the_identity() -> None:
    lines = dhcpcd.configuration(post(ignore_ra=("eth1",)), "# shipped\nduid\npersistent\n").splitlines()
    assert lines[:3] == ["# shipped", "persistent", "duid ll"]
    assert lines[-2:] == ["interface eth1", "noipv6rs"]
    assert "noipv4" in lines
    assert "noipv4" not in dhcpcd.configuration(post(DUAL), "")
    assert "duid" in dhcpcd.configuration(post(duid="default"), "duid\n").splitlines()
    assert "slaac hwaddr" in dhcpcd.configuration(post(), "slaac hwaddr\n")
    assert "slaac private" in dhcpcd.configuration(post(identifiers="opaque"), "slaac hwaddr\n")
    assert "slaac hwaddr" not in dhcpcd.configuration(post(identifiers="opaque"), "slaac hwaddr\n")
    assert "slaac private temporary" in dhcpcd.configuration(post(temporary=True), "slaac hwaddr\n")
    assert "temporary" not in dhcpcd.configuration(post(temporary=False), "slaac hwaddr\n")


def test_networkd_file() -> None:
    text = networkd.configuration(post(ignore_ra=("eth1",)), "eth0")
    assert "Name=eth0" in text and "DUIDType=link-layer" in text and "DHCP=no" in text
    assert "IPv6AcceptRA" not in text
    assert "IPv6AcceptRA=no" in networkd.configuration(post(ignore_ra=("eth1",)), "eth1")
    assert "DUIDType" not in networkd.configuration(post(duid="default"), "eth0")
    assert "DHCP=ipv4" in networkd.configuration(post(DUAL), "eth0")
    assert "[IPv6AcceptRA]\nToken=prefixstable\n" in networkd.configuration(post(identifiers="opaque"), "eth0")
    assert "Token" not in text
    assert "IPv6PrivacyExtensions=yes" in networkd.configuration(post(temporary=True), "eth0")
    assert "IPv6PrivacyExtensions=no" in networkd.configuration(post(temporary=False), "eth0")
    assert "IPv6PrivacyExtensions" not in text


@pytest.mark.parametrize(("settings", "accepts"), [
    (GuestSettings(), None),
    (GuestSettings(ignore_ra=("eth0",), accept_ra=2), False),
    (GuestSettings(accept_ra=0), False),
    (GuestSettings(accept_ra=1), True),
    (GuestSettings(accept_ra=1, forwarding=True), False),
    (GuestSettings(accept_ra=2, forwarding=True), True),
    (GuestSettings(forwarding=True), None),
])
def test_accepting_router_advertisements(settings: GuestSettings, accepts: bool | None) -> None:
    assert settings.accepts_ra("eth0") is accepts


def test_resolv_conf_of_networkd_has_each_server_once() -> None:
    links = ["NTP=\nDNS=2001:db8:1::1 2001:db8:1::1\nDOMAINS=\n", "DNS=fe80::1%eth1\nDOMAINS=example.com\n"]
    assert resolv_conf(links) == "search example.com\nnameserver 2001:db8:1::1\nnameserver fe80::1%eth1\n"


def test_ndppd_rules() -> None:
    entries = (Proxied("cali2", IPv6Network("2001:db8:c::11/128"), via="cali1"),
               Proxied("cali1", IPv6Network("2001:db8:c::12/128")))
    text = ndppd.configuration(ProxyTask(entries, "auto"))
    assert " ".join(text.split()) == ("proxy cali1 { rule 2001:db8:c::12/128 { auto } } "
                                      "proxy cali2 { rule 2001:db8:c::11/128 { auto } }")
    assert "iface cali1" in ndppd.configuration(ProxyTask(entries[:1], "interface"))
    with pytest.raises(ProgramError, match=r"interface rule for 2001:db8:c::12/128 on cali1 must say behind which"):
        ndppd.configuration(ProxyTask(entries, "interface"))


def test_bird_announces_only_the_workloads() -> None:
    text = bird.configuration(FabricTask(IPv4Address("192.0.2.1"), 64512, IPv6Address("fd00::1"),
                                         (BgpPeer(IPv6Address("fd00::2"), 64513),), (NETWORK,)))
    assert "router id 192.0.2.1;" in text
    assert "local fd00::1 as 64512;" in text and "neighbor fd00::2 as 64513;" in text
    assert "export where source = RTS_INHERIT && net ~ [2001:db8:1::/64+];" in text


@pytest.mark.parametrize(("host", "wanted"), [
    ("www.example.com", "http://www.example.com:80/"),
    ("2001:db8::1", "http://[2001:db8::1]:80/"),
    ("fe80::1%eth0", "http://[fe80::1%25eth0]:80/"),
    ("192.0.2.1", "http://192.0.2.1:80/"),
])
def test_url(host: str, wanted: str) -> None:
    assert curl.url(host, 80) == wanted
