"""Calico's control plane, without a network: which subnets it refuses, and what its policy compiles to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network

import pytest

from fixtures.clouds.calico.groups import Groups
from fixtures.clouds.calico.policy import Policies, Rule, default_group
from fixtures.clouds.calico.subnets import Mode, Subnets
from fixtures.clouds.control_plane import Refused
from fixtures.recording.views import bgp
from fixtures.scenarios.clouds.calico.group_calls import BAD_RULES
from fixtures.scenarios.clouds.calico.subnets import REFUSED
from topologies.calico import NETWORK

RULES = (Rule("egress"), Rule("ingress", NETWORK, "tcp", 80), Rule("ingress", protocol="udp", deny=True))


def make_subnets() -> Subnets:
    subnets = Subnets()
    assert subnets.create("vms", NETWORK) == NETWORK
    return subnets


@pytest.mark.parametrize("prefix,mode", REFUSED, ids=str)
def test_impossible_subnets_are_refused(prefix: IPv6Network, mode: Mode) -> None:
    subnets = make_subnets()
    with pytest.raises(Refused):
        subnets.create("other", prefix, mode)
    assert list(subnets.known) == ["vms"]


def test_the_reason_says_what_would_be_right() -> None:
    with pytest.raises(Refused, match="2001:db8:cb::/80 is a /80: the prefix of a subnet has to be a /64"):
        make_subnets().create("other", IPv6Network("2001:db8:cb::/80"))
    with pytest.raises(Refused, match="overlaps 2001:db8:1::/64, the subnet of vms"):
        make_subnets().create("other", NETWORK)


def test_a_deleted_subnet_may_be_made_again() -> None:
    subnets = make_subnets()
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


@pytest.mark.parametrize("rule", [Rule("ingress", protocol="sctp"), Rule("ingress", protocol="icmpv6", port=80),
                                  *BAD_RULES.values()])
def test_bad_rules_are_refused(rule: Rule) -> None:
    with pytest.raises(Refused):
        Policies().compile([rule], "tap1")


def test_icmpv6_rules_name_type_and_code() -> None:
    rule = Rule("ingress", protocol="icmpv6", kind=128, code=0)
    assert "icmpv6 type 128 icmpv6 code 0 counter return" in Policies().compile([rule], "tap1")
    assert "icmpv6 code" not in Policies("code").compile([rule], "tap1")
    assert "type 128" not in Policies("kind").compile([rule], "tap1")


def test_a_rule_of_ipv4_opens_nothing() -> None:
    rule = Rule("ingress", version=4, protocol="icmp", kind=8)
    assert Policies().compile([rule], "tap1") == Policies().compile([], "tap1")
    assert Policies("icmp").compile([rule], "tap1") != Policies().compile([], "tap1")


def test_a_group_is_a_set_of_its_members() -> None:
    groups = Groups(["web", "mail"])
    groups.workload("vm1", NETWORK[0x10], IPv4Address("192.0.2.16"))
    groups.join("vm1", "web")
    text = Policies().ruleset({"tap1": [Rule("ingress", group="web")]}, groups.addresses_by_label())
    assert "set web { type ipv6_addr; }" in text and "ip6 saddr @web counter return" in text
    assert Policies.members(groups.addresses_by_label()).splitlines() == [
        "flush set ip6 calico web", "flush set ip6 calico mail", "add element ip6 calico web { 2001:db8:1::10 }"]


@pytest.mark.parametrize(("forgets", "members"), [
    ("", [NETWORK[0x30]]), ("ipv6", []), ("changes", [NETWORK[0x11]]), ("leavers", [NETWORK[0x10], NETWORK[0x30]])])
def test_groups_follow_their_members(forgets: str, members: list[object]) -> None:
    groups = Groups(["web"], forgets)
    for number, name in enumerate(("vm1", "vm2"), 0x10):
        groups.workload(name, NETWORK[number], IPv4Address(f"192.0.2.{number}"))
        groups.join(name, "web")
    groups.leave("vm1", "web")
    groups.workload("vm2", NETWORK[0x30])
    assert groups.addresses_by_label() == {"web": members}


def test_the_default_group_admits_its_members() -> None:
    rules = default_group([NETWORK[0x10]])
    assert rules == (Rule("egress"), Rule("ingress", IPv6Network("2001:db8:1::10/128")))


def test_frames_without_bgp_have_no_updates() -> None:
    assert bgp.updates([]) == []
