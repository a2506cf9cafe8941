"""What a play says of CloudStack's IPv6 firewall: the virtual router's rules, and what became of calls under them."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv6Network
from itertools import pairwise

from conformance.clouds.reading.flows import Flow, Passage, expect_answer, flows, passages
from conformance.judging.verdict import Notebook
from fixtures.clouds.cloudstack.firewall import CHAINS, TABLE, FirewallRule
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.rulesets import RULESET
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.cloudstack.firewall import OVER
from fixtures.scenarios.clouds.cloudstack.firewall_calls import MOMENTS
from fixtures.scenarios.routing.source_routing import SILENCE

#: Types and codes of ICMPv6 that the rules have, as nft(8) calls them.
ICMPV6 = {"echo-request": 128, "addr-unreachable": 3, "no-route": 0}


def ruleset(recording: Recording, notebook: Notebook, moment: str) -> Mark:
    """The virtual router's ruleset at a moment."""
    kept = [mark for mark in recording.marked(RULESET) if mark.fields["moment"] == moment]
    return notebook.stimulus(kept, f"the ruleset was not looked at ({moment})")[0]


def listed(text: str) -> Counter[FirewallRule | str]:
    """The rules that admit something in the two chains of the API; what is no rule of the API stays text."""
    found: Counter[FirewallRule | str] = Counter()
    table = chain = ""
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("table "):
            table = line.removesuffix(" {")
        elif line.startswith("chain "):
            chain = line.split()[1]
        elif table == f"table ip6 {TABLE}" and line.endswith(" accept") and chain in CHAINS.values():
            found[_rule(chain, line)] += 1
    return found


def _rule(chain: str, line: str) -> FirewallRule | str:
    told = dict(pairwise(line.replace("{", "").replace("}", "").split()))
    protocol = next((name for name in ("tcp", "udp", "icmpv6") if name in told), "all")
    try:
        kind, code = (ICMPV6[told[word]] if word in told else None for word in ("type", "code"))
        ports = [int(port) for port in told["dport"].split("-")] if "dport" in told else []
        source, destination = (IPv6Network(told[word]) for word in ("saddr", "daddr"))
        return FirewallRule("Ingress" if chain == CHAINS["Ingress"] else "Egress", protocol.removesuffix("v6"),
                            source, destination, (ports[0], ports[-1]) if ports else None, kind, code)
    except (KeyError, ValueError, Refused):
        return line


def expect_listed(recording: Recording, notebook: Notebook, moment: str) -> None:
    """Expect one rule of the virtual router for each rule of the API at that moment, and no other."""
    mark = ruleset(recording, notebook, moment)
    there = listed(mark.fields["text"])
    for rule in MOMENTS[moment]:
        notebook.expect(there[rule] == 1, f"{rule.words()!r} is listed {there[rule]} times ({moment})", mark)
    others = [each for each in there if each not in MOMENTS[moment]]
    told = [each if isinstance(each, str) else each.words() for each in others]
    notebook.expect(not others, f"a rule is listed that is none ({moment}): {'; '.join(told)}", mark)


def expect_calls(recording: Recording, notebook: Notebook, moment: str, **fields: object) -> list[Flow]:
    """Expect that the calls of a moment were answered or stopped, as the rules that there were want it; returns them.

    `fields` are those of their marks, where not all calls are meant.
    """
    over = [mark for mark in recording.marked(OVER) if mark.fields["moment"] == moment]
    end = notebook.stimulus(over, f"the play ended before this was over: {moment}")[0]
    told = notebook.stimulus(flows(recording, moment=moment, **fields), f"nobody called anybody ({moment})")
    for flow in told:
        if flow.mark.fields["admitted"]:
            for each in expect_answer(recording, notebook, flow):
                notebook.cite(each.frame)
            continue
        sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
        notebook.cite(notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")[0].frame)
        heard = end.time - flow.mark.time
        notebook.stimulus([flow] if heard >= SILENCE / 2 else [], f"{flow} was watched for {heard:.1f} s only")
        there = [each.frame for each in passages(recording.at(flow.to, outgoing=False), flow, back=False)
                 if each.frame.ns <= end.ns]
        notebook.expect(not there, f"{flow} arrived ({moment}: {flow.mark.fields['why']})", *there[:1])
    return told


def first_passage(recording: Recording, notebook: Notebook, flow: Flow) -> tuple[Passage, Passage]:
    """The first packet of a flow where it left its source, and the first that arrived."""
    sent = passages(recording.at(flow.source, outgoing=True), flow, back=False)
    there = passages(recording.at(flow.to, outgoing=False), flow, back=False)
    notebook.stimulus(sent, f"{flow.source} sent nothing: {flow}")
    notebook.expect(there, f"{flow} did not arrive", sent[0].frame)
    return sent[0], there[0]
