"""Calico's control plane, without a network: which subnets it refuses, and what its policy compiles to."""

from __future__ import annotations

from ipaddress import IPv6Network

import pytest

from fixtures.clouds.calico_policy import Policies, Rule, default_group
from fixtures.clouds.calico_subnets import Mode, Subnets
from fixtures.clouds.control_plane import Refused
from fixtures.recording.views import bgp
from fixtures.scenarios.calico_subnets import REFUSED
from topologies.calico import NETWORK

RULES = (Rule("egress"), Rule("ingress", NETWORK, "tcp", 80), Rule("ingress", protocol="udp", deny=True))


def made() -> Subnets:
    subnets = Subnets()
    assert subnets.create("vms", NETWORK) == NETWORK
    return subnets


@pytest.mark.parametrize("prefix,mode", REFUSED, ids=str)
def test_impossible_subnets_are_refused(prefix: IPv6Network, mode: Mode) -> None:
    subnets = made()
    with pytest.raises(Refused):
        subnets.create("other", prefix, mode)
    assert list(subnets.known) == ["vms"]


def test_the_reason_says_what_would_be_right() -> None:
    with pytest.raises(Refused, match="2001:db8:cb::/80 is a /80: the prefix of a subnet has to be a /64"):
        made().create("other", IPv6Network("2001:db8:cb::/80"))
    with pytest.raises(Refused, match="overlaps 2001:db8:1::/64, the subnet of vms"):
        made().create("other", NETWORK)


def test_a_deleted_subnet_may_be_made_again() -> None:
    subnets = made()
    subnets.delete("vms")
    assert subnets.create("again", NETWORK) == NETWORK
    with pytest.raises(Refused, match="there is no subnet vms"):
        subnets.delete("vms")


def test_rules_become_a_chain_for_each_way() -> None:
    text = Policies().compile(RULES, "tap1")
    assert "chain tap1-egress" in text and "chain tap1-ingress" in text
    assert "ip6 saddr 2001:db8:1::/64 tcp dport 80 counter return" in text
    assert "ip6 saddr ::/0 meta l4proto udp counter drop" in text


def test_a_forgetful_compiler_forgets_one_thing() -> None:
    assert "saddr" not in Policies("network").compile(RULES, "tap1")
    assert "tcp dport 80" not in Policies("ingress").compile(RULES, "tap1")
    assert "nd-neighbor-solicit" not in Policies("needed").compile(RULES, "tap1")


@pytest.mark.parametrize("rule", [Rule("ingress", protocol="sctp"), Rule("ingress", protocol="icmpv6", port=80)])
def test_bad_rules_are_refused(rule: Rule) -> None:
    with pytest.raises(Refused):
        Policies().compile([rule], "tap1")


def test_the_default_group_admits_its_members() -> None:
    rules = default_group([NETWORK[0x10]])
    assert rules == (Rule("egress"), Rule("ingress", IPv6Network("2001:db8:1::10/128")))


def test_frames_without_bgp_have_no_updates() -> None:
    assert bgp.updates([]) == []
