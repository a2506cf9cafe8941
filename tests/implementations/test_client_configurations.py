"""What the guests' clients of the matrix are told for a situation: pure text, no program runs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fixtures.implementations import dhcp6c, dibbler_client, ifupdown, networkmanager
from fixtures.programs.base import ProgramError
from fixtures.situation import GuestSettings, Prefix, Situation

NETWORK = IPv6Network("2001:db8:1::/64")
STATEFUL = Situation(Prefix(NETWORK), NETWORK[1], pool=(NETWORK[0x1000], NETWORK[0x1FFF]))
SLAAC = replace(STATEFUL, prefix=Prefix(NETWORK, autonomous=True), managed=False, other=False, dhcpv6=False, pool=None)
STATELESS = replace(SLAAC, other=True, dhcpv6=True)
DUAL = replace(STATEFUL, ipv4=IPv4Network("192.0.2.0/24"), ipv4_router=IPv4Address("192.0.2.1"))


def post(situation: Situation = STATEFUL, **settings: Any) -> Any:
    return SimpleNamespace(situation=situation, settings=GuestSettings(**settings), interfaces=("eth0", "eth1"))


@pytest.mark.parametrize(("told", "four", "six"), [
    (post(), "disabled", "auto"),
    (post(DUAL), "auto", "auto"),
    (post(ipv4=True), "auto", "auto"),
    (post(DUAL, ipv6=False), "auto", "disabled"),
    (post(ignore_ra=("eth0",)), "disabled", "link-local"),
    (post(ignore_ra=("eth1",)), "disabled", "auto"),
    (post(forwarding=True, accept_ra=1), "disabled", "link-local"),
    (post(forwarding=True, accept_ra=2), "disabled", "auto"),
])
def test_networkmanager_methods(told: Any, four: str, six: str) -> None:
    text = networkmanager.profile(told, "eth0")
    assert f"[ipv4]\nmethod={four}\n" in text
    assert f"[ipv6]\nmethod={six}\n" in text


def test_networkmanager_identity_and_release() -> None:
    assert "dhcp-duid=ll" in networkmanager.profile(post(), "eth0")
    assert "dhcp-duid" not in networkmanager.profile(post(duid="default"), "eth0")
    assert "addr-gen-mode=stable-privacy" in networkmanager.profile(post(identifiers="opaque"), "eth0")
    assert "addr-gen-mode" not in networkmanager.profile(post(), "eth0")
    assert "ip6-privacy=2" in networkmanager.profile(post(temporary=True), "eth0")
    assert "ip6-privacy=0" in networkmanager.profile(post(temporary=False), "eth0")
    assert "ip6-privacy" not in networkmanager.profile(post(), "eth0")
    assert "dhcp-send-release=1" in networkmanager.profile(post(), "eth0", releases=True)
    assert "dhcp-send-release" not in networkmanager.profile(post(), "eth0", releases=False)


def test_networkmanager_profiles_are_different_and_stay_the_same() -> None:
    def identity(interface: str) -> str:
        return next(line for line in networkmanager.profile(post(), interface).splitlines() if line.startswith("uuid="))

    assert identity("eth0") == identity("eth0") != identity("eth1")


def test_dibbler_asks_for_what_the_network_has() -> None:
    assert dibbler_client.configuration(post()).count("\nia\n") == 2
    assert dibbler_client.configuration(post(STATELESS)).count("\nstateless\n") == 2
    assert "duid-type duid-ll" in dibbler_client.configuration(post())
    assert "duid-type" not in dibbler_client.configuration(post(duid="default"))


def test_dibbler_gives_one_of_two_prefix_lengths() -> None:
    assert "strict-rfc-no-routing 0" in dibbler_client.configuration(post(prefixlen=64))
    assert "strict-rfc-no-routing" not in dibbler_client.configuration(post(prefixlen=128))
    with pytest.raises(ProgramError, match="can be a /64 or a /128, not a /96"):
        dibbler_client.configuration(post(prefixlen=96))


def test_dhcp6c_has_an_association_for_each_interface() -> None:
    text = dhcp6c.configuration(post(), Path("/here/script"))
    for number, interface in enumerate(("eth0", "eth1")):
        assert f"interface {interface} {{\nsend ia-na {number};" in text
        assert f"id-assoc na {number} {{ }};" in text
    text = dhcp6c.configuration(post(STATELESS), Path("/here/script"))
    assert text.count("information-only;") == 2
    assert "ia-na" not in text


@pytest.mark.parametrize(("told", "stanza"), [
    (post(), ["iface eth0 inet6 dhcp"]),
    (post(SLAAC), ["iface eth0 inet6 auto"]),
    (post(STATELESS), ["iface eth0 inet6 auto", "    dhcp 1"]),
    (post(DUAL), ["iface eth0 inet6 dhcp", "iface eth0 inet dhcp"]),
    (post(DUAL, ipv6=False), ["iface eth0 inet dhcp"]),
    (post(SLAAC, temporary=False), ["iface eth0 inet6 auto", "    privext 0"]),
    (post(SLAAC, temporary=True), ["iface eth0 inet6 auto", "    privext 2"]),
    (post(temporary=True), ["iface eth0 inet6 dhcp"]),
    (post(accept_ra=2), ["iface eth0 inet6 dhcp", "    accept_ra 2"]),
    (post(accept_ra=1, ignore_ra=("eth0",)), ["iface eth0 inet6 dhcp", "    accept_ra 0"]),
])
def test_ifupdown_stanzas(told: Any, stanza: list[str]) -> None:
    lines = ifupdown.interfaces(told).splitlines()
    assert lines[: len(stanza)] == stanza
    assert lines[len(stanza)].startswith("iface eth1")
