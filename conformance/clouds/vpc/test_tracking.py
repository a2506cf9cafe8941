"""VPC: what belongs to a flow passes a stateful group, for as long as it lasts; rules that come and go."""

from __future__ import annotations

from conformance.clouds.reading.messages import Message, expect_answered, expect_arrived, expect_stopped, messages
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.rulesets import Ruleset
from fixtures.protocols.icmp import DESTINATION_UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED
from fixtures.protocols.ip import ICMPV6, TCP, UDP
from fixtures.recording.editing import without
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.base import packets
from fixtures.recording.views.headers import Headers
from fixtures.scenarios.clouds.vpc.tracking import IDLE, PROTOCOLS, Over, Rule, VpcTracking
from fixtures.timers import TICK

#: Errors of RFC 4443 section 3, as (type, code): port unreachable, packet too big, hop limit exceeded.
PORT_UNREACHABLE, TOO_BIG, TOO_FAR = (DESTINATION_UNREACHABLE, 4), (PACKET_TOO_BIG, 0), (TIME_EXCEEDED, 0)
#: By moment and protocol: the error that the message meets.
ERRORS = {("too long", "tcp"): TOO_BIG, ("too long", "udp"): TOO_BIG,
          ("closed port", "udp"): PORT_UNREACHABLE, ("two hops", "icmpv6"): TOO_FAR}
#: Faults of filters and agents, in three plays for all mutants.
ONE, TWO, THREE = "stateless leaves-rules", "unrelated cuts", "never-idle still-acts"


@check("ACL-07", VpcTracking(), role="compute-host", cloud="vpc")
def test_vpc_group_tracks_flows(recording: Recording, notebook: Notebook) -> None:
    """Where an instance may only ask, what belongs to its flows comes in, of TCP, UDP and ICMPv6, as long as they last.

    Replies, and what the other end says within the idle time-out, come in. So do the errors that its packets meet: a
    Packet Too Big of a router with a narrow link, after which what was too long arrives; a closed port's, and that of
    a hop limit. What comes from outside after the idle time-out (set to 4 seconds at the host) is new, and dropped.
    """
    for protocol in PROTOCOLS:
        expect_answered(notebook, *messages(recording, notebook, "replies", protocol=protocol))
        for each in messages(recording, notebook, "in time", protocol=protocol):
            _expect_idle(recording, notebook, each, beyond=False)
            expect_arrived(notebook, each)
    for (moment, protocol), error in ERRORS.items():
        _expect_error(notebook, messages(recording, notebook, moment, protocol=protocol)[0], *error)
    expect_arrived(notebook, messages(recording, notebook, "too long", protocol="tcp")[0])
    expect_answered(notebook, *messages(recording, notebook, "too long again"))
    over = notebook.stimulus(recording.marked(Over), "the play ended before its time")[0]
    for each in messages(recording, notebook, "after idle time"):
        _expect_idle(recording, notebook, each, beyond=True)
        expect_stopped(notebook, "host1", "tap1", each, until=over)
    expect_answered(notebook, *messages(recording, notebook, "anew"))
    notebook.finding = f"replies and errors came in; after {IDLE} s of silence the other end did not"


def _expect_error(notebook: Notebook, message: Message, kind: int, code: int) -> None:
    """Expect that the error that a message meets on its way, as its host gets it, comes to the instance."""
    sent = notebook.stimulus(message.at_source(), f"{message.label} was never sent")
    met = [frame for frame, *words in message.errors("host1", "fabric0") if words == [kind, code]]
    notebook.stimulus(met, f"{message.label} met no ICMPv6 error {kind}/{code}")
    came = [frame for frame, *words in message.errors("web") if words == [kind, code]]
    notebook.expect(came, f"the ICMPv6 error {kind}/{code} that {message.label} met was not delivered", sent[0], met[0],
                    *came[:1])


def _expect_idle(recording: Recording, notebook: Notebook, message: Message, *, beyond: bool) -> None:
    """Make sure that its flow was idle at the instance's host for longer (or less long) than the time-out."""
    came = notebook.stimulus(message.at("host1", "fabric0"), f"{message.label} did not reach host1")[0]
    before = [frame for frame, headers in packets(recording.at("host1"), TCP, UDP, ICMPV6)
              if frame.ns < came.ns and _of(headers, message) and frame.ns < message.mark.ns]
    notebook.stimulus(before, f"no packet was sent before: {message.label}")
    idle = came.time - before[-1].time
    ready = idle > IDLE + TICK if beyond else idle < IDLE - TICK
    notebook.stimulus([idle] if ready else [], f"the flow had been idle for {idle:.3f} s at {message.label}")


def _of(headers: Headers, message: Message) -> bool:
    """Whether a packet is of the message's conversation."""
    line, data = message.what.line.to_bytes(2, "big"), headers.payload
    if headers.protocol != {"tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}[message.what.protocol]:
        return False
    return line == data[4:6] if headers.protocol == ICMPV6 else line in (data[0:2], data[2:4])


@played(test_vpc_group_tracks_flows, because="TCP from web to outside (replies) got no answer")
def group_without_state() -> Broken:
    return Broken(VpcTracking(wrong=ONE))


@played(test_vpc_group_tracks_flows, because="error 2/0 that TCP from web to outside (too long) met was not delivered")
def group_drops_errors() -> Broken:
    return Broken(VpcTracking(wrong=TWO))


@played(test_vpc_group_tracks_flows, because="(after idle time) reached web")
def host_never_forgets_flows() -> Broken:
    return Broken(VpcTracking(wrong=THREE))


@edited(test_vpc_group_tracks_flows, because="UDP from outside to web (in time) did not arrive")
def host_forgets_flows_at_once(recording: Recording) -> Recording:
    early = messages(recording, Notebook(recording), "in time", protocol="udp")[0]
    return without(recording, frames=[*early.at("host1", "tap1", outgoing=True), *early.at("web")])


@check("ACL-09", VpcTracking(), role="compute-host", cloud="vpc")
def test_vpc_rules_come_and_go(recording: Recording, notebook: Notebook) -> None:
    """A new rule acts on new flows at once, and so does its deletion; a flow that it had admitted goes on, both ways.

    After the instance is deleted its host's ruleset is, byte for byte, what it was before the instance was there.
    """
    added, deleted = (_rule(recording, notebook, moment) for moment in ("added", "deleted"))
    expect_stopped(notebook, "host2", "tap5", *messages(recording, notebook, "no rule"), until=added)
    expect_answered(notebook, *messages(recording, notebook, "rule added"))
    notebook.cite(added, deleted)
    expect_stopped(notebook, "host2", "tap5", *messages(recording, notebook, "rule deleted"))
    forth = messages(recording, notebook, "flow kept", source="fw1")
    expect_answered(notebook, *forth)
    expect_arrived(notebook, *messages(recording, notebook, "flow kept", source="fw2"))
    before, during, after = (_ruleset(recording, notebook, f"{when} fw2") for when in ("before", "with", "without"))
    notebook.stimulus([True] if before.what.text != during.what.text else [], "the host had no rule for fw2")
    left = sorted(set(after.what.text.splitlines()) - set(before.what.text.splitlines()))
    same = after.what.text == before.what.text
    notebook.expect(same, f"the ruleset of host2 differs without fw2: {'; '.join(map(str.strip, left))}", before, after)
    notebook.finding = "new flows follow the rule at once, old ones go on, and nothing of the instance is left"


def _rule(recording: Recording, notebook: Notebook, moment: str) -> Mark:
    found = [mark for mark in recording.marked(Rule) if mark.what.moment == moment]
    return notebook.stimulus(found, f"the play ended before the rule was {moment}")[0]


def _ruleset(recording: Recording, notebook: Notebook, moment: str) -> Mark:
    found = [mark for mark in recording.marked(Ruleset) if mark.what.moment == moment]
    return notebook.stimulus(found, f"the ruleset was not listed {moment}")[0]


@played(test_vpc_rules_come_and_go, because="the ruleset of host2 differs without fw2")
def agent_leaves_rules() -> Broken:
    return Broken(VpcTracking(wrong=ONE))


@played(test_vpc_rules_come_and_go, because="(flow kept) did not arrive")
def agent_cuts_flows() -> Broken:
    return Broken(VpcTracking(wrong=TWO))


@played(test_vpc_rules_come_and_go, because="(rule deleted) reached fw2")
def deleted_rule_still_acts() -> Broken:
    return Broken(VpcTracking(wrong=THREE))
