"""VPC's models decide and say no: subnets, addresses, the border, rules, virtual addresses and routes."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network

import pytest

from fixtures.clouds.control_plane import Refused
from fixtures.clouds.filters import FilterRule, NetworkAcl, SecurityGroup
from fixtures.clouds.vpc.control import MODE, MODES, Border, Nics, Subnets
from fixtures.clouds.vpc.groups import GroupRule, Groups
from fixtures.clouds.vpc.routing import CustomRoutes, VirtualAddresses
from fixtures.scenarios.clouds.vpc.groups import MIXES
from fixtures.scenarios.clouds.vpc.rules import BAD_RULES
from topologies.vpc import BLOCK, BLOCK4, EIPS, SUBNETS4

VIP = IPv6Address("2001:db8:ec:1::f0")


@pytest.fixture
def subnets() -> Subnets:
    made = Subnets(BLOCK, BLOCK4)
    made.create("a", None, ipv4=SUBNETS4["a"])
    return made


@pytest.fixture
def nics(subnets: Subnets) -> Nics:
    made = Nics(subnets)
    made.attach("web", "a", "tap1")
    made.attach("old", "a", "tap3", flavour_ipv6=False)
    return made


def test_each_subnet_gets_a_block_of_its_own(subnets: Subnets) -> None:
    second = subnets.create("b", None, ipv4=SUBNETS4["b"])
    assert (subnets.six["a"], second) == (IPv6Network("2001:db8:ec:1::/64"), IPv6Network("2001:db8:ec:2::/64"))


def test_subnets_refuse_with_the_reason(subnets: Subnets) -> None:
    with pytest.raises(Refused, match=r"cannot be chosen; besides, 2001:db8:ec::/80 is no /64"):
        subnets.create("c", IPv6Network("2001:db8:ec::/80"))
    with pytest.raises(Refused, match=r"overlaps 192\.0\.2\.0/25 of the subnet a"):
        subnets.create_ipv4("c", IPv4Network("192.0.2.64/26"))
    with pytest.raises(Refused, match="is not in the VPC's block"):
        subnets.create_ipv4("c", IPv4Network("198.51.100.0/26"))
    with pytest.raises(Refused, match="cannot be disabled"):
        subnets.disable_ipv6("a")
    for pair in ((ra, address) for ra in MODES for address in MODES if (ra, address) != MODE):
        with pytest.raises(Refused, match="a subnet with IPv6 has dhcpv6-stateful for both"):
            subnets.create("c", None, modes=pair)
    assert list(subnets.six) == ["a"]


def test_the_list_follows_the_nics(nics: Nics) -> None:
    assert {str(address): owner for address, owner in nics.record().items()} == {"2001:db8:ec:1::10": "web"}
    assert list(nics.record4().values()) == ["web", "old"]
    nics.release("web")
    assert not nics.record()
    with pytest.raises(Refused, match="there is no NIC web"):
        nics.release("web")


def test_the_border_opens_one_family_at_a_time(nics: Nics) -> None:
    border = Border(rate=1000, burst=500)
    assert "dnat" not in border.ruleset()
    border.bind(nics.nics["web"], EIPS[10])
    assert "dnat ip to 192.0.2.16" in border.ruleset()
    assert "2001:db8" not in border.ruleset()
    border.share(nics.nics["web"])
    assert "limit rate over 1000 bytes/second burst 500 bytes drop" in border.ruleset()
    with pytest.raises(Refused, match="is bound already"):
        border.bind(nics.nics["old"], EIPS[10])
    with pytest.raises(Refused, match="old has no IPv6 address"):
        border.share(nics.nics["old"])


@pytest.mark.parametrize("bad", BAD_RULES)
def test_malformed_rules_are_refused(bad: tuple[str, str, str, int | None, int | None]) -> None:
    family, remote, protocol, port, kind = bad
    with pytest.raises(Refused):
        FilterRule.read(family, "ingress", remote, protocol, port=port, kind=kind)


@pytest.mark.parametrize("mix", MIXES)
def test_mixed_families_and_impossible_codes_are_refused(mix: tuple[str, str, str, int | None, int | None]) -> None:
    family, remote, protocol, kind, code = mix
    with pytest.raises(Refused):
        FilterRule.read(family, "ingress", remote, protocol, kind=kind, code=code)


def test_an_icmp_rule_may_have_a_code() -> None:
    rule = FilterRule.read("IPv6", "ingress", "::/0", "icmpv6", kind=139, code=1)
    assert rule.matches().endswith("icmpv6 type 139 icmpv6 code 1")
    assert "code" not in SecurityGroup(codeless=True).compile([rule], "tap1")


def test_a_group_as_source_is_its_members_of_now(nics: Nics) -> None:
    nics.attach("db", "a", "tap2")
    groups = Groups(nics)
    groups.create("ops")
    rules = [GroupRule("IPv6", "ingress", "ops"), GroupRule("IPv4", "ingress", "ops")]
    assert groups.rules(rules) == []
    groups.join("ops", "db")
    groups.join("ops", "old")
    assert [str(rule.remote) for rule in groups.rules(rules)] == [
        "2001:db8:ec:1::11/128", "192.0.2.18/32", "192.0.2.17/32"]
    nics.readdress("db")
    groups.leave("ops", "old")
    assert [str(rule.remote) for rule in groups.rules(rules)] == ["2001:db8:ec:1::12/128", "192.0.2.18/32"]
    for wrong in (lambda: groups.create("ops"), lambda: groups.join("ops", "nobody"), lambda: groups.join("x", "db"),
                  lambda: groups.leave("ops", "old")):
        with pytest.raises(Refused):
            wrong()


def test_what_a_nic_had_before_is_free_again(nics: Nics) -> None:
    before = nics.nics["web"].address
    after = nics.readdress("web").address
    assert before != after
    assert nics.record() == {after: "web"}
    assert nics.nics["web"].address == after
    with pytest.raises(Refused, match="old is no NIC with IPv6"):
        nics.readdress("old")


def test_a_rule_in_another_spelling_is_the_same_rule() -> None:
    one, other = (FilterRule.read("IPv6", "ingress", text) for text in ("2001:db8::/64", "2001:DB8:0:0::/64"))
    with pytest.raises(Refused, match="there is a rule for 2001:db8::/64 already"):
        SecurityGroup().compile([one, other], "tap1")


def test_a_rule_names_its_family_in_the_filter() -> None:
    rules = [FilterRule.read("IPv6", "ingress", "::/0", "tcp", port=80), FilterRule.read("IPv4", "egress", "0.0.0.0/0")]
    text = SecurityGroup().compile(rules, "tap1")
    assert 'oifname "tap1" meta nfproto ipv6 ip6 saddr ::/0 tcp dport 80 accept' in text
    assert 'iifname "tap1" meta nfproto ipv4 ip daddr 0.0.0.0/0 accept' in text
    assert "ct state" in text
    assert "ct state" not in NetworkAcl().compile(rules, "tap1")


def test_an_acl_keeps_the_order_of_its_priorities() -> None:
    deny = FilterRule.read("IPv6", "ingress", "2001:db8::/64", allow=False, priority=2)
    allow = FilterRule.read("IPv6", "ingress", "::/0", priority=1)
    text = NetworkAcl(("tap2",)).compile([deny, allow], "tap1")
    assert text.index("saddr ::/0 accept") < text.index("saddr 2001:db8::/64 drop")


def test_a_virtual_address_has_one_nic(nics: Nics) -> None:
    virtual = VirtualAddresses(nics)
    virtual.assign(VIP)
    nics.attach("db", "a", "tap2")
    with pytest.raises(Refused, match="old is no dual-stack NIC"):
        virtual.bind(VIP, nics.nics["old"])
    virtual.bind(VIP, nics.nics["web"])
    with pytest.raises(Refused, match="is bound to web, and to one NIC it can be"):
        virtual.bind(VIP, nics.nics["db"])
    virtual.unbind(VIP)
    virtual.bind(VIP, nics.nics["db"])
    with pytest.raises(Refused, match="is in use by web"):
        virtual.assign(IPv6Address("2001:db8:ec:1::10"))


@pytest.mark.parametrize(("kind", "hop", "why"), [
    ("peering", "web", "peering cannot be the next hop"), ("ecs", "elsewhere", "elsewhere is no ecs of this VPC"),
    ("ecs", "old", "old has no IPv6 address"), ("virtual-ip", str(VIP), "no virtual address of this VPC that is bound"),
])
def test_next_hops_are_refused_with_the_reason(nics: Nics, kind: str, hop: str, why: str) -> None:
    routes = CustomRoutes(nics, VirtualAddresses(nics))
    with pytest.raises(Refused, match=why):
        routes.add("2001:db8:ed::/48", kind, hop)
    assert not routes.table()


def test_a_route_follows_its_virtual_address(nics: Nics) -> None:
    virtual = VirtualAddresses(nics)
    routes = CustomRoutes(nics, virtual)
    virtual.assign(VIP)
    virtual.bind(VIP, nics.nics["web"])
    routes.add("2001:db8:ed::/48", "virtual-ip", str(VIP))
    assert [route.nic.name for route in routes.table()] == ["web"]
    virtual.unbind(VIP)
    assert not routes.table()
    virtual.bind(VIP, nics.attach("db", "a", "tap2"))
    assert [(route.nic.name, route.hop) for route in routes.table()] == [("db", VIP)]
