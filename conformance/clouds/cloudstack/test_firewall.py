"""CloudStack: the IPv6 firewall of an isolated network acts as its rules say, while they come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance.clouds.cloudstack.firewall_reading import (
    expect_calls,
    expect_listed,
    first_passage,
    ruleset,
)
from conformance.clouds.reading.messages import expect_answered, messages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.rulesets import Ruleset
from fixtures.recording.model import Recording
from fixtures.scenarios.clouds.cloudstack.firewall import CloudstackFirewall
from fixtures.scenarios.clouds.cloudstack.firewall_calls import ALL, DELETED, MOMENTS, NO_RULE, ONE_LESS, RULES

NETWORK = CloudstackFirewall()
#: Seconds after which TCP sends a SYN again (RFC 6298 section 2): until then it is the first one that arrived.
FIRST_SYN = 1.0
#: Faults that share a play: one of what the rules say or of the image, and one of how they go.
PORTS_AND_DELETIONS, CODES_AND_LEFTOVERS, CUTS_AND_ONE_TABLE = "portless keeps", "codeless leftover", "cuts unrouted"


@check("ACL-12", NETWORK, role="compute-host", cloud="cloudstack")
def test_cloudstack_firewall_rules_act_as_listed(recording: Recording, notebook: Notebook) -> None:
    """Each rule of the API is one rule of the virtual router's table `ip6_firewall`, in the chain of its way, and acts.

    CloudStack 4.17 and later; the names are those of its own test (test_network_ipv6.py, checkIpv6FirewallRule). Rules
    differ from the calls around them in one thing each: source, destination, protocol, port, ICMPv6 type or code. What
    none admits does not arrive, in either way; a rule that is deleted is no longer listed.
    """
    calls = [each for moment in (NO_RULE, ALL) for each in expect_calls(recording, notebook, moment)]
    for moment in MOMENTS:
        expect_listed(recording, notebook, moment)
    notebook.finding = f"{len(RULES)} rules, each listed once while it is there; {len(calls)} calls as they say"


@played(test_cloudstack_firewall_rules_act_as_listed, because="arrived (no rule: no rule)")
def table_that_no_packet_passes() -> Broken:
    """The rules are listed, and their table is not hooked."""
    return Broken(CloudstackFirewall(wrong="unhooked"))


@played(test_cloudstack_firewall_rules_act_as_listed, because="arrived (rules: another port)")
def rules_without_their_ports() -> Broken:
    return Broken(CloudstackFirewall(wrong=PORTS_AND_DELETIONS))


@played(test_cloudstack_firewall_rules_act_as_listed, because="arrived (rules: another code)")
def rules_without_their_code() -> Broken:
    return Broken(CloudstackFirewall(wrong=CODES_AND_LEFTOVERS))


@edited(test_cloudstack_firewall_rules_act_as_listed, because="is listed 2 times")
def rule_that_is_there_twice(recording: Recording) -> Recording:
    """The agent adds what is there already."""
    rules = ruleset(recording, Notebook(recording), ALL).what.rules
    return _listing(recording, ALL, [*rules, next(each for each in rules if "dport" in str(each))])


@edited(test_cloudstack_firewall_rules_act_as_listed, because="unexpected rule listed (one rule deleted)")
def deleted_rule_that_is_still_listed(recording: Recording) -> Recording:
    return _listing(recording, ONE_LESS, ruleset(recording, Notebook(recording), ALL).what.rules)


def _listing(recording: Recording, moment: str, rules: Sequence[Any]) -> Recording:
    """These rules are listed at a moment."""
    return replace(recording, marks=tuple(
        replace(mark, fields={**mark.fields, "rules": rules})
        if mark.is_a(Ruleset) and mark.what.moment == moment else mark for mark in recording.marks))


@check("ACL-09", NETWORK, role="compute-host", cloud="cloudstack")
def test_cloudstack_firewall_rules_come_and_go(recording: Recording, notebook: Notebook) -> None:
    """A rule acts on new flows as soon as it is there, and no longer when it is deleted; established flows go on.

    The document says nothing of established flows: CloudStack's table admits first what belongs to a known flow
    (`ct state established,related`), so they outlive the rule that admitted them. When all rules are deleted, the
    ruleset is the same as before the first one, byte by byte.
    """
    for moment in (ALL, ONE_LESS, DELETED):
        expect_answered(notebook, *messages(recording, notebook, moment))
    admitted = expect_calls(recording, notebook, ALL, admitted=True)
    for flow in admitted:
        left, there = (each.frame for each in first_passage(recording, notebook, flow))
        notebook.in_time(there.time - left.time, FIRST_SYN, f"{flow} was admitted late", left, there)
    others = [each for moment in (NO_RULE, ONE_LESS, DELETED) for each in expect_calls(recording, notebook, moment)]
    before, after = (ruleset(recording, notebook, moment) for moment in (NO_RULE, DELETED))
    notebook.expect(after.what.text == before.what.text,
                    "the firewall left a rule over: the ruleset is not what it was before the first one", before, after)
    notebook.finding = (f"{len(admitted)} new flows as soon as there are rules, {len(others)} others as the rules of "
                        "their moment say, one that outlived its rule, and the ruleset that there was before")


@played(test_cloudstack_firewall_rules_come_and_go, because="arrived (one rule deleted: the rule is deleted)")
def deleted_rule_that_stays() -> Broken:
    return Broken(CloudstackFirewall(wrong=PORTS_AND_DELETIONS))


@played(test_cloudstack_firewall_rules_come_and_go, because="left a rule over")
def rule_that_is_left_over() -> Broken:
    return Broken(CloudstackFirewall(wrong=CODES_AND_LEFTOVERS))


@played(test_cloudstack_firewall_rules_come_and_go, because="TCP from outside to vm (one rule deleted) did not arrive")
def deletion_that_cuts_flows() -> Broken:
    """Flows are forgotten with the rule that admitted them, unlike in CloudStack."""
    return Broken(CloudstackFirewall(wrong=CUTS_AND_ONE_TABLE))
