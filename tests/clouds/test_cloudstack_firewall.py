"""CloudStack's firewall model: what its API refuses, and what becomes of its rules in the virtual router's table."""

from __future__ import annotations

from ipaddress import IPv6Network
from typing import Any

import pytest

from conformance.clouds.cloudstack.firewall_reading import listed
from fixtures.clouds.cloudstack.firewall import Firewall, FirewallRule
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.source_routes import ingress_filter
from fixtures.scenarios.clouds.cloudstack.firewall_calls import RANGE, RULES

NETWORK = IPv6Network("2001:db8:1::/64")


def made(wrong: str = "", rules: tuple[FirewallRule, ...] = RULES) -> Firewall:
    firewall = Firewall(NETWORK, wrong)
    for rule in rules:
        firewall.create(rule)
    return firewall


@pytest.mark.parametrize(("given", "said"), [
    ({"protocol": "icmpv6"}, "'icmpv6' is no protocol: one of tcp, udp, icmp, all"),
    ({"protocol": "icmp", "ports": (80, 80)}, "ports 80 to 80 of icmp"),
    ({"protocol": "tcp", "ports": (81, 80)}, "ports 81 to 80 of tcp"),
    ({"protocol": "tcp", "ports": (80, 65536)}, "ports 80 to 65536 of tcp"),
    ({"protocol": "tcp", "kind": 128}, "type or code 128 of tcp"),
    ({"protocol": "icmp", "kind": 256}, "type or code 256 of icmp"),
    ({"protocol": "icmp", "code": 0}, "code 0 without a type"),
])
def test_impossible_rules_are_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        FirewallRule("Ingress", **given)


def test_a_rule_is_there_once_or_not_at_all() -> None:
    firewall = made()
    with pytest.raises(Refused, match="there is this rule already: ip6 saddr"):
        firewall.create(RANGE)
    firewall.delete(RANGE)
    with pytest.raises(Refused, match="there is no such rule: ip6 saddr"):
        firewall.delete(RANGE)


def test_rules_are_written_as_cloudstack_writes_them() -> None:
    assert RANGE.words() == ("ip6 saddr 2001:db8:f::/64 ip6 daddr 2001:db8:1::11/128 tcp dport { 8080-8082 } accept")
    assert FirewallRule("Egress", "udp").words() == "ip6 saddr ::/0 ip6 daddr ::/0 meta l4proto udp accept"
    assert FirewallRule("Egress", "icmp").words().endswith("meta l4proto ipv6-icmp accept")
    assert FirewallRule("Egress", "all").words() == "ip6 saddr ::/0 ip6 daddr ::/0 accept"


def test_deleted_rules_leave_nothing() -> None:
    empty, firewall = made(rules=()).ruleset(), made()
    assert firewall.ruleset() != empty
    firewall.delete(*RULES)
    assert firewall.ruleset() == empty


def test_each_fault_is_one() -> None:
    assert "hook forward" not in made("unhooked").ruleset()
    assert "dport" not in made("portless").ruleset()
    assert "code" not in made("codeless").ruleset()
    for wrong, gone, left in (("keeps", (RANGE,), RULES), ("leftover", RULES, RULES[-1:])):
        firewall = made(wrong)
        firewall.delete(*gone)
        assert tuple(firewall.rules) == left
    firewall = made("cuts")
    assert "ct state" in firewall.ruleset()
    firewall.delete(RANGE)
    assert "ct state" not in firewall.ruleset()


def test_a_listing_is_read_rule_by_rule() -> None:
    text = ("table ip6 other {\n\tchain fw_chain_ingress {\n\t\tip6 saddr ::/0 ip6 daddr ::/0 accept\n\t}\n}\n"
            "table ip6 ip6_firewall {\n\tchain fw_forward {\n\t\tct state established,related accept\n\t}\n"
            "\tchain fw_chain_ingress {\n"
            "\t\tip6 saddr 2001:db8:f::/64 ip6 daddr 2001:db8:1::11 tcp dport 8080-8082 accept\n"
            "\t\tip6 saddr ::/0 ip6 daddr ::/0 icmpv6 type echo-request icmpv6 code addr-unreachable accept\n"
            "\t\tip6 daddr ::/0 accept\n\t\tcounter drop\n\t}\n}")
    assert listed(text) == {RANGE: 1, FirewallRule("Ingress", "icmp", kind=128, code=3): 1, "ip6 daddr ::/0 accept": 1}


def test_foreign_sources_are_those_of_elsewhere() -> None:
    assert 'iifname "eth0" ip6 saddr != { ::, fe80::/10, 2001:db8:1::/64 } drop' in ingress_filter("eth0", NETWORK)
