"""What a router does with each packet: forward it, answer it, say why it cannot, or let it go in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.protocols.icmp import REDIRECT, ROUTER_SOLICITATION
from fixtures.protocols.ip import ICMPV6
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import transport
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.headers import headers
from fixtures.recording.views.transport import CODES, Echo, IcmpError
from fixtures.recording.views.transport import ERRORS as KINDS
from fixtures.scenarios.routing.router_questions import ERRORS, THROUGH, TO_ITSELF, Question, Told
from fixtures.scenarios.routing.router_talk import LAST, SOURCES, RouterTalk
from topologies.stage import addressing as plan

QUESTIONS = {**THROUGH, **TO_ITSELF, **ERRORS}
#: First bytes of Neighbor Discovery.
DISCOVERY = [bytes([kind]) for kind in range(ROUTER_SOLICITATION, REDIRECT + 1)]
#: ROUTE-11 without what MTU-02 is about.
OF_ROUTE_11 = [name for name in ERRORS if name != "too-big"]


@check("ROUTE-17", RouterTalk(), role="compute-host", parts=THROUGH)
def test_forwards_what_it_must(recording: Recording, notebook: Notebook, part: str) -> None:
    """Unicast of global and of site-local scope is forwarded, and nothing of less scope or from nobody.

    RFC 4291 sections 2.5 and 2.7, RFC 3879 section 4. A Hop-by-Hop header may be looked at where a router is told to
    (RFC 8200 section 4.3): then the option's type says what becomes of the packet.
    """
    _judge(recording, notebook, part)


@check("ROUTE-18", RouterTalk(), role="compute-host", parts=TO_ITSELF)
def test_takes_what_is_for_itself(recording: Recording, notebook: Notebook, part: str) -> None:
    """A packet to the router itself is treated as by any node: headers, options, fragments and echoes.

    RFC 8200 section 4, RFC 5095 section 3, RFC 4443 sections 2.4, 3.1, 3.4 and 4.2.
    """
    _judge(recording, notebook, part)


@check("ROUTE-11", RouterTalk(), role="compute-host", parts=OF_ROUTE_11)
def test_tells_what_cannot_be_forwarded(recording: Recording, notebook: Notebook, part: str) -> None:
    """Who sent what cannot be forwarded is told why, but never about an error, a group or nobody (RFC 4443)."""
    _judge(recording, notebook, part)


@check("MTU-02", RouterTalk(), role="compute-host")
def test_does_not_fragment_in_transit(recording: Recording, notebook: Notebook) -> None:
    """What the next link does not carry is dropped, and its sender told that link's MTU (RFC 4443 section 3.2)."""
    _judge(recording, notebook, "too-big")


def _judge(recording: Recording, notebook: Notebook, name: str) -> None:
    question = QUESTIONS[name]
    sent = notebook.stimulus(_carrying(recording.at("router", "lan0", outgoing=False), question),
                             "the question did not reach the router")
    notebook.cite(*sent)
    alive = [each for each in transport.echoes(recording.at("router", "lan0", outgoing=True), reply=True)
             if each.identifier == LAST]
    notebook.cite(*notebook.stimulus(alive, "the router was not there any more when all was asked"))
    passed = _carrying(recording.at("router", "up0", outgoing=True), question)
    errors = _errors(recording, question)
    replies = _replies(recording, question)
    notebook.cite(*passed[:1], *errors[:1], *replies[:1])
    came = [word for word, found in (("forwarded", passed), ("answered", replies)) if found]
    came += [_words(each) for each in errors[:1]]
    right = [outcome if isinstance(outcome, str) else _of(outcome) for outcome in question.outcomes]
    told = " or ".join(right)
    said = " and ".join(came) or "silence"
    matches = any(_is(outcome, came, errors) for outcome in question.outcomes)
    notebook.expect(matches, f"what came of it: {said}; what should: {told}", *sent, *passed[:1], *errors[:1],
                    *replies[:1])
    for reply in replies if question.answers_from else ():
        notebook.expect(reply.source in question.answers_from, f"the router answered from {reply.source}", reply)
    if passed:
        gone = sent[0].data[21] - passed[0].data[21]
        notebook.expect(gone == 1, f"the router decreased the hop limit by {gone}, not by 1", sent[0], passed[0])
        same = sent[0].data[22:] == passed[0].data[22:]
        notebook.expect(same, "the router changed the packet behind its hop limit", sent[0], passed[0])
    notebook.finding = f"what came of it: {said}"


def _is(outcome: object, came: list[str], errors: list[IcmpError]) -> bool:
    if not isinstance(outcome, Told):
        return came == ([] if outcome == "silence" else [outcome])
    return len(came) == 1 and any(
        (each.kind, each.code) == (KINDS[outcome.kind[0]], outcome.kind[1])
        and outcome.parameter in (None, each.parameter) for each in errors[:1])


def _of(told: Told) -> str:
    """What an error says, in words."""
    name = KINDS[told.kind[0]]
    meaning = CODES.get((name, told.kind[1]), "")
    at = f" {told.parameter}" if told.parameter is not None else ""
    return f"{name}{f' ({meaning})' if meaning else ''}{at}"


def _words(error: IcmpError) -> str:
    pointed = error.parameter if error.kind in ("packet-too-big", "parameter-problem") else None
    number = next(number for number, kind in KINDS.items() if kind == error.kind)
    return _of(Told((number, error.code), pointed))


def _carrying(frames: Iterable[Frame], question: Question) -> list[Frame]:
    """The packets of a question, whole or in pieces, as they came or were forwarded."""
    return [frame for frame in frames if _is_of(frame, question)]


def _is_of(frame: Frame, question: Question) -> bool:
    found = headers(frame.data)
    if question.source is not None or found is None:
        return question.tag in frame.data and (found is None or found.destination == question.to)
    discovery = found.protocol == ICMPV6 and found.payload[:1] in DISCOVERY
    return found.source == SOURCES[question.name] and found.destination == question.to and not discovery


def _errors(recording: Recording, question: Question) -> list[IcmpError]:
    """The router's errors about the question."""
    sent = transport.icmp_errors(recording.at("router", "lan0", outgoing=True))
    return [each for each in sent if each.source != plan.OUTSIDE and (
        question.tag in each.invoking or (question.source is None and each.destination == SOURCES[question.name]))]


def _replies(recording: Recording, question: Question) -> list[Echo]:
    """The router's Echo Replies to the question."""
    sent = transport.echoes(recording.at("router", "lan0", outgoing=True), reply=True)
    return [each for each in sent if question.tag in each.payload]


#: Questions of which nothing may come.
KEPT = [name for name, question in QUESTIONS.items() if question.outcomes[0] == "silence"]


def _without_outcome(recording: Recording, part: str) -> Recording:
    """Nothing comes of the question."""
    question = QUESTIONS[part]
    passed = _carrying(recording.at("router", "up0", outgoing=True), question)
    came = [each.frame for each in (*_errors(recording, question), *_replies(recording, question))]
    return editing.without(recording, frames=[*passed, *came])


def _with_forwarding(recording: Recording, part: str) -> Recording:
    """The router forwards it all the same."""
    came = _carrying(recording.at("router", "lan0", outgoing=False), QUESTIONS[part])[0]
    return editing.with_frame(recording, came.data, time=came.time + 1e-4, node="router", interface="up0",
                              outgoing=True)


def _because(parts: Iterable[str]) -> dict[str, str]:
    return {part: "what came of it: silence" if part not in KEPT else "what came of it: forwarded" for part in parts}


@edited(test_forwards_what_it_must, because=_because(part for part in THROUGH if part != "passing-discard"))
def router_that_forwards_the_wrong_packets(recording: Recording, part: str) -> Recording:
    return _with_forwarding(recording, part) if part in KEPT else _without_outcome(recording, part)


@edited(test_forwards_what_it_must, because="parameter-problem (unrecognized IPv6 option)", parts=["passing-discard"])
def router_that_complains(recording: Recording, part: str) -> Recording:
    """It tells of what it is to drop in silence."""
    came = _carrying(recording.at("router", "lan0", outgoing=False), QUESTIONS[part])[0]
    inet6, ether = layer("inet6"), layer("l2").Ether(came.data)
    about = bytes(ether.payload)
    error = layer("l2").Ether(src=ether.dst, dst=ether.src) / inet6.IPv6(
        src=str(plan.LAN_ROUTER), dst=ether.payload.src) / inet6.ICMPv6ParamProblem(code=2, ptr=42) / about
    return editing.with_frame(recording, error, time=came.time + 1e-4, node="router", interface="lan0", outgoing=True)


@edited(test_takes_what_is_for_itself, because=_because(TO_ITSELF))
def router_that_does_not_know_itself(recording: Recording, part: str) -> Recording:
    return _with_forwarding(recording, part) if part in KEPT else _without_outcome(recording, part)


@edited(test_tells_what_cannot_be_forwarded, because=_because(OF_ROUTE_11))
def router_that_says_nothing_or_forwards(recording: Recording, part: str) -> Recording:
    return _with_forwarding(recording, part) if part in KEPT else _without_outcome(recording, part)


@edited(test_does_not_fragment_in_transit, because="what came of it: silence")
def router_that_is_a_black_hole(recording: Recording) -> Recording:
    return _without_outcome(recording, "too-big")


@edited(test_does_not_fragment_in_transit, because="forwarded and packet-too-big")
def router_that_sends_it_on(recording: Recording) -> Recording:
    return _with_forwarding(recording, "too-big")


@edited(test_does_not_fragment_in_transit, because="packet-too-big 1500")
def router_that_tells_its_own_mtu(recording: Recording) -> Recording:
    """It names the link that the packet came from."""

    def change(packet: Any) -> None:
        packet[layer("inet6").ICMPv6PacketTooBig].mtu = 1500

    return editing.rewritten(recording, _errors(recording, QUESTIONS["too-big"]), change)
