"""CloudStack's firewall model: what its API refuses, and what becomes of its rules in the virtual router's table."""

from __future__ import annotations

import json
from ipaddress import IPv6Network
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from conformance.clouds.cloudstack.firewall_reading import admitting_rules
from fixtures.clouds.cloudstack.firewall import Firewall, FirewallRule
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.rulesets import Lister
from fixtures.clouds.source_routes import ingress_filter
from fixtures.scenarios.clouds.cloudstack.firewall_calls import RANGE, RULES

NETWORK = IPv6Network("2001:db8:1::/64")


def make_firewall(wrong: str = "", rules: tuple[FirewallRule, ...] = RULES) -> Firewall:
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
    firewall = make_firewall()
    with pytest.raises(Refused, match="there is this rule already: ip6 saddr"):
        firewall.create(RANGE)
    firewall.delete(RANGE)
    with pytest.raises(Refused, match="there is no such rule: ip6 saddr"):
        firewall.delete(RANGE)


def test_rules_are_written_as_cloudstack_writes_them() -> None:
    assert RANGE.words() == ("ip6 saddr 2001:db8:f::/64 ip6 daddr 2001:db8:1::11/128 tcp dport { 8080-8082 } accept")
    assert FirewallRule("Egress", "udp").words() == "ip6 saddr ::/0 ip6 daddr ::/0 meta l4proto udp accept"
    assert FirewallRule("Egress", "icmp").words().endswith("meta l4proto icmpv6 accept")
    assert FirewallRule("Egress", "all").words() == "ip6 saddr ::/0 ip6 daddr ::/0 accept"


def test_deleted_rules_leave_nothing() -> None:
    empty, firewall = make_firewall(rules=()).ruleset(), make_firewall()
    assert firewall.ruleset() != empty
    firewall.delete(*RULES)
    assert firewall.ruleset() == empty


def test_each_fault_is_one() -> None:
    assert "hook forward" not in make_firewall("unhooked").ruleset()
    assert "dport" not in make_firewall("portless").ruleset()
    assert "code" not in make_firewall("codeless").ruleset()
    for wrong, gone, left in (("keeps", (RANGE,), RULES), ("leftover", RULES, RULES[-1:])):
        firewall = make_firewall(wrong)
        firewall.delete(*gone)
        assert tuple(firewall.rules) == left
    firewall = make_firewall("cuts")
    assert "ct state" in firewall.ruleset()
    firewall.delete(RANGE)
    assert "ct state" not in firewall.ruleset()


def equal(what: str, right: Any) -> dict[str, Any]:
    protocol, _, field = what.partition(" ")
    left = {"payload": {"protocol": protocol, "field": field}} if field else {"meta": {"key": what}}
    return {"match": {"op": "==", "left": left, "right": right}}


def rule(*expressions: dict[str, Any], table: str = "ip6_firewall", chain: str = "fw_chain_ingress",
         verdict: str = "accept") -> dict[str, Any]:
    return {"family": "ip6", "table": table, "chain": chain, "expr": [*expressions, {verdict: None}]}


def test_a_listing_is_read_rule_by_rule() -> None:
    anybody = {"prefix": {"addr": "::", "len": 0}}
    both = (equal("ip6 saddr", anybody), equal("ip6 daddr", anybody))
    source, odd = equal("ip6 saddr", {"prefix": {"addr": "2001:db8:f::", "len": 64}}), equal("ip6 daddr", anybody)
    state = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": [2, 4]}}
    found = admitting_rules([
        rule(*both, table="other"), rule(state, chain="fw_forward"), rule({"counter": None}, verdict="drop"),
        rule(source, equal("ip6 daddr", "2001:db8:1::11"), equal("tcp dport", {"range": [8080, 8082]})),
        rule(*both, equal("icmpv6 type", 128), equal("icmpv6 code", 3)), rule(*both, equal("tcp dport", 80)),
        rule(*both, equal("l4proto", 17)), rule(*both), rule(odd), rule(*both, state)])
    ours = [RANGE, FirewallRule("Ingress", "icmp", kind=128, code=3), FirewallRule("Ingress", "tcp", ports=(80, 80)),
            FirewallRule("Ingress", "udp"), FirewallRule("Ingress", "all")]
    assert found == dict.fromkeys([*ours, json.dumps(rule(odd)["expr"]), json.dumps(rule(*both, state)["expr"])], 1)


#: nft 1.1 lists codes of ICMPv6 as numbers, older ones as names (`addr-unreachable`), unless they are told not to.
NFT = """#!/bin/sh
case "$*" in *--json*--numeric*) echo '{"nftables": [{"metainfo": {}}, {"rule": %s}]}';; *) echo "code 3";; esac
"""


def test_rules_are_read_as_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {**rule(equal("icmpv6 code", 3)), "handle": 7}
    (tmp_path / "nft").write_text(NFT % json.dumps(told))
    (tmp_path / "nft").chmod(0o755)
    monkeypatch.setattr("fixtures.clouds.rulesets.SEARCH_PATH", str(tmp_path))
    lister = Lister()
    lister.attach(cast(Any, SimpleNamespace(name="vr", inside=lambda job: job())))
    assert (lister.text, lister.rules) == ("code 3\n", [rule(equal("icmpv6 code", 3))])


def test_foreign_sources_are_those_of_elsewhere() -> None:
    assert 'iifname "eth0" ip6 saddr != { ::, fe80::/10, 2001:db8:1::/64 } drop' in ingress_filter("eth0", NETWORK)
