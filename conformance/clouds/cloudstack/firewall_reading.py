"""What a play says of CloudStack's IPv6 firewall: the virtual router's rules, and what became of calls under them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Network
from typing import Any

from conformance.clouds.reading.flows import Flow, Passage, expect_answer, flows, passages
from conformance.judging.verdict import Notebook
from fixtures.clouds.cloudstack.firewall import CHAINS, TABLE, FirewallRule
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.rulesets import Ruleset
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.cloudstack.firewall import MomentOver
from fixtures.scenarios.clouds.cloudstack.firewall_calls import MOMENTS
from fixtures.scenarios.routing.source_routing import SILENCE

#: The protocols that a rule of the API names, by their number (IANA).
PROTOCOLS = {6: "tcp", 17: "udp", 58: "icmp"}


def ruleset(recording: Recording, notebook: Notebook, moment: str) -> Mark:
    """The virtual router's ruleset at a moment."""
    kept = [mark for mark in recording.marked(Ruleset) if mark.what.moment == moment]
    return notebook.stimulus(kept, f"the ruleset was not recorded ({moment})")[0]


def admitting_rules(rules: Iterable[Mapping[str, Any]]) -> Counter[FirewallRule | str]:
    """The rules that admit something in the two chains of the API; what is no rule of the API is told as JSON."""
    ours = [each for each in rules if (each["family"], each["table"]) == ("ip6", TABLE)
            and each["chain"] in CHAINS.values() and {"accept": None} in each["expr"]]
    return Counter(_rule(each["chain"], each["expr"]) for each in ours)


def _rule(chain: str, expressions: Sequence[Mapping[str, Any]]) -> FirewallRule | str:
    """A rule of nft(8) as one of the API."""
    try:
        told = dict(_match(each["match"]) for each in expressions if each != {"accept": None})
        protocol = PROTOCOLS[told.pop("l4proto")] if "l4proto" in told else "all"
        named = {field.partition(" ")[0].removesuffix("v6") for field in told} - {"ip6"}
        ports = next((_range(told.pop(field)) for field in ("tcp dport", "udp dport") if field in told), None)
        kind, code = told.pop("icmpv6 type", None), told.pop("icmpv6 code", None)
        source, destination = (_network(told.pop(f"ip6 {end}")) for end in ("saddr", "daddr"))
        if told or len(named) > 1:
            raise KeyError
        return FirewallRule("Ingress" if chain == CHAINS["Ingress"] else "Egress", (named or {protocol}).pop(), source,
                            destination, ports, kind, code)
    except (KeyError, TypeError, ValueError, Refused):
        return json.dumps(expressions)


def _match(match: Mapping[str, Any]) -> tuple[str, Any]:
    """What is compared, in the words of nft(8), and with what. Raises KeyError where it is no equality."""
    left = match["left"]
    if match["op"] != "==":
        raise KeyError(match["op"])
    return (f"{left['payload']['protocol']} {left['payload']['field']}" if "payload" in left else left["meta"]["key"],
            match["right"])


def _network(told: Any) -> IPv6Network:
    return IPv6Network(f"{told['prefix']['addr']}/{told['prefix']['len']}" if isinstance(told, dict) else told)


def _range(told: Any) -> tuple[int, int]:
    first, last = told["range"] if isinstance(told, dict) else (told, told)
    return int(first), int(last)


def expect_listed(recording: Recording, notebook: Notebook, moment: str) -> None:
    """Expect one rule of the virtual router for each rule of the API at that moment, and no other."""
    mark = ruleset(recording, notebook, moment)
    there = admitting_rules(mark.what.rules)
    for rule in MOMENTS[moment]:
        notebook.expect(there[rule] == 1, f"{rule.words()!r} is listed {there[rule]} times ({moment})", mark)
    others = [each for each in there if each not in MOMENTS[moment]]
    told = [each if isinstance(each, str) else each.words() for each in others]
    notebook.expect(not others, f"unexpected rule listed ({moment}): {'; '.join(told)}", mark)


def expect_calls(recording: Recording, notebook: Notebook, moment: str, **fields: object) -> list[Flow]:
    """Expect that the calls of a moment were answered or stopped, as the rules that there were want it; returns them.

    `fields` are those of their marks, where not all calls are meant.
    """
    over = [mark for mark in recording.marked(MomentOver) if mark.what.moment == moment]
    end = notebook.stimulus(over, f"the play ended before this was over: {moment}")[0]
    told = notebook.stimulus(flows(recording, moment=moment, **fields), f"no node connected to another ({moment})")
    for flow in told:
        if flow.mark.what.more["admitted"]:
            for each in expect_answer(recording, notebook, flow):
                notebook.cite(each.frame)
            continue
        sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
        notebook.cite(notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")[0].frame)
        heard = end.time - flow.mark.time
        notebook.stimulus([flow] if heard >= SILENCE / 2 else [], f"{flow} was watched for {heard:.1f} s only")
        there = [each.frame for each in passages(recording.at(flow.to, outgoing=False), flow, back=False)
                 if each.frame.ns <= end.ns]
        notebook.expect(not there, f"{flow} arrived ({moment}: {flow.mark.what.more['why']})", *there[:1])
    return told


def first_passage(recording: Recording, notebook: Notebook, flow: Flow) -> tuple[Passage, Passage]:
    """The first packet of a flow where it left its source, and the first that arrived."""
    sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
    there = passages(recording.at(flow.to, outgoing=False), flow, back=False)
    notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")
    notebook.expect(there, f"{flow} did not arrive", sent[0].frame)
    return sent[0], there[0]
