"""Echo Requests, and packets with options and headers that a guest does not know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.protocols.ip import DESTINATION_OPTIONS, HOP_BY_HOP
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo, IcmpError
from fixtures.scenarios.neighbor_discovery.neighbor_talk import (
    QUESTIONS,
    EchoSent,
    NeighborTalk,
    Question,
    QuestionAsked,
)

#: Where the option is: behind the IPv6 header and the first two bytes of the extension header (RFC 4443 section 3.4).
OPTION = 40 + 2
#: Where the extension header names what follows it.
NEXT_HEADER = 40
UNKNOWN_HEADER, UNKNOWN_OPTION = 1, 2
#: Octets of a packet that fit into an error: the least MTU without the headers of IPv6 and ICMPv6.
QUOTED = 1280 - 40 - 8


def _replies(recording: Recording) -> list[Echo]:
    return transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)


#: By part of LL-09: the identifiers of the Echo Requests to that address.
ADDRESSES = {"link-local": 100, "global": 101, "all-nodes": 102}


@check("LL-09", NeighborTalk(), role="guest", parts=ADDRESSES)
def test_echo_replies(recording: Recording, notebook: Notebook, part: str) -> None:
    """An Echo Request is answered from the address that it went to, and one to ff02::1 from one of the interface.

    RFC 4443 section 4.2.
    """
    for request, reply in _exchanges(recording, notebook, ADDRESSES[part]):
        to = request.destination
        right = not reply.source.is_multicast if to.is_multicast else reply.source == to
        notebook.expect(right, f"the guest answered an Echo Request to {to} from {reply.source}", request, reply)
    notebook.finding = "requests of three sizes were answered from the right address"


@check("LL-09.unchanged", NeighborTalk(), role="guest")
def test_echo_replies_have_the_same_data(recording: Recording, notebook: Notebook) -> None:
    """Identifier, sequence number and data come back unchanged, with a valid checksum (RFC 4443 section 4.2)."""
    for request, reply in _exchanges(recording, notebook, *ADDRESSES.values()):
        sound = reply.malformed is None and reply.checksum_ok
        notebook.expect(sound, f"the guest's Echo Reply is malformed: {reply.malformed or 'its checksum'}",
                        request, reply)
        same = reply.payload == request.payload
        notebook.expect(same, f"the guest's Echo Reply has other data ({len(reply.payload)} bytes)", request, reply)
    notebook.finding = "requests of three sizes to three addresses came back unchanged"


def _exchanges(recording: Recording, notebook: Notebook, *identifiers: int) -> Iterator[tuple[Echo, Echo]]:
    """The requests with these identifiers, and their replies."""
    asked = [mark for mark in recording.marked(EchoSent) if mark.what.identifier in identifiers]
    requests = {(each.identifier, each.sequence): each
                for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)}
    replies = {(each.identifier, each.sequence): each for each in _replies(recording)}
    for mark in notebook.stimulus(asked, "no Echo Request was sent to the guest"):
        to, size = mark.what.to, mark.what.size
        key = (mark.what.identifier, size)
        request = notebook.stimulus([requests[key]] if key in requests else [], f"no Echo Request reached {to}")[0]
        reply = replies.get(key)
        notebook.expect(reply, f"the guest did not answer an Echo Request of {size} bytes to {to}", request)
        assert reply is not None
        yield request, reply


def _errors(recording: Recording, question: Mark) -> list[IcmpError]:
    sent = transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if str(each.destination) == question.what.source]


def _answers(recording: Recording, question: Mark) -> list[Echo]:
    return [each for each in _replies(recording) if str(each.destination) == question.what.source]


@check("LL-07", NeighborTalk(), role="guest", parts=QUESTIONS)
def test_unknown_options_and_headers(recording: Recording, notebook: Notebook, part: str) -> None:
    """What a guest does not know is treated as its type says (RFC 8200 section 4.2).

    An option is skipped, or its packet discarded, in silence or with Parameter Problem code 2 that points at it, or so
    unless the packet was multicast. An unknown Next Header gets Parameter Problem code 1 (section 4).
    """
    asked = QUESTIONS[part]
    question = _question(recording, notebook, asked)
    errors, answers = _errors(recording, question), _answers(recording, question)
    said = "answered" if answers else "not answered"
    notebook.expect(bool(answers) == (asked.action == "skip"),
                    f"{part}: the guest has {said} the Echo Request", question, *answers)
    came = f"{part}: the guest sent {'an' if errors else 'no'} ICMPv6 error"
    notebook.expect(bool(errors) == _is_told(asked), came, question, *errors)
    right = ("parameter-problem", UNKNOWN_OPTION, OPTION) if asked.action else (
        "parameter-problem", UNKNOWN_HEADER, NEXT_HEADER)
    for error in errors:
        notebook.expect((error.kind, error.code, error.parameter) == right,
                        f"{part}: the guest's ICMPv6 error has type {error.kind} code {error.code} at "
                        f"{error.parameter}", error)
    notebook.finding = f"{part}: it was treated as it asks to be"


@check("LL-07.error-quotes-the-packet", NeighborTalk(), role="guest")
def test_errors_quote_the_packet(recording: Recording, notebook: Notebook) -> None:
    """An ICMPv6 error quotes as much of the packet as fits into 1280 octets (RFC 4443 section 2.4 (c)).

    All packets but the one with the unknown header fit whole.
    """
    count = 0
    for asked in QUESTIONS.values():
        for error in _errors(recording, _question(recording, notebook, asked)):
            sent = [frame for frame in recording.at("guest", "eth0", outgoing=False)
                    if frame.data[22:38] == asked.source.packed
                    and frame.data[20] in (HOP_BY_HOP, DESTINATION_OPTIONS)]
            notebook.stimulus(sent, "the packet did not reach the guest")
            packet = sent[0].data[14:]
            right = packet[:QUOTED]
            notebook.expect(error.invoking == right, f"{asked.name}: the guest's error quotes {len(error.invoking)}"
                            f" octets of {len(packet)}, not the first {len(right)}", sent[0], error)
            count += 1
    notebook.stimulus(range(count), "the guest sent no error")
    notebook.finding = f"{count} errors quote all that fits"


def _is_told(asked: Question) -> bool:
    """Whether the sender is told that the guest does not know what it sent."""
    return asked.action in ("", "problem") or (asked.action == "problem-unless-multicast" and not asked.multicast)


def _question(recording: Recording, notebook: Notebook, asked: Question) -> Mark:
    marks = [mark for mark in recording.marked(QuestionAsked) if mark.what.source == str(asked.source)]
    return notebook.stimulus(marks, "no Echo Request was sent to the guest")[0]


@edited(test_echo_replies, because="the guest answered an Echo Request to", parts=["link-local", "global"])
def guest_that_answers_from_another_address(recording: Recording, part: str) -> Recording:
    """Its replies come from the address that suits it."""
    other = next(each.source for each in _replies(recording) if each.identifier != ADDRESSES[part])
    return _answered_from(recording, part, str(other))


@edited(test_echo_replies, because="to ff02::1 from ff02::1", parts=["all-nodes"])
def guest_that_answers_from_the_group(recording: Recording, part: str) -> Recording:
    return _answered_from(recording, part, "ff02::1")


def _answered_from(recording: Recording, part: str, source: str) -> Recording:
    def change(packet: Any) -> None:
        packet.payload.src = source

    mine = [each for each in _replies(recording) if each.identifier == ADDRESSES[part]]
    return editing.rewritten(recording, mine, change)


@edited(test_echo_replies_have_the_same_data, because="Reply has other data")
def guest_that_cuts_data(recording: Recording) -> Recording:
    """A kilobyte is enough for it."""
    def change(packet: Any) -> None:
        packet.payload.payload.data = packet.payload.payload.data[:1024]

    return editing.rewritten(recording, [each for each in _replies(recording) if each.sequence == 1452], change)


@edited(test_echo_replies, because="did not answer")
def guest_that_hides(recording: Recording, part: str) -> Recording:
    """It does not answer to that address."""
    mine = [each for each in _replies(recording) if each.identifier == ADDRESSES[part]]
    return editing.without(recording, frames=mine)


@edited(test_unknown_options_and_headers, because="the guest has answered",
        parts=[part for part, asked in QUESTIONS.items() if asked.action != "skip"])
def guest_that_answers_everything(recording: Recording, part: str) -> Recording:
    """It does not look at options."""
    skipped = [each for each in _replies(recording) if each.destination == QUESTIONS["destination-skip"].source]

    def change(packet: Any) -> None:
        packet.payload.dst = str(QUESTIONS[part].source)

    return _with_copy(recording, skipped[0], change)


@edited(test_unknown_options_and_headers, because="the guest has not answered",
        parts=[part for part, asked in QUESTIONS.items() if asked.action == "skip"])
def guest_that_discards_what_it_does_not_know(recording: Recording, part: str) -> Recording:
    mine = [each for each in _replies(recording) if each.destination == QUESTIONS[part].source]
    return editing.without(recording, frames=mine)


TOLD = [part for part, asked in QUESTIONS.items() if _is_told(asked)]


@edited(test_unknown_options_and_headers, because="sent no ICMPv6 error", parts=TOLD)
def guest_that_discards_in_silence(recording: Recording) -> Recording:
    """It sends no error."""
    return editing.without(recording, frames=transport.icmp_errors(recording.at("guest", "eth0", outgoing=True)))


@edited(test_unknown_options_and_headers, because="error has type parameter-problem",
        parts=set(TOLD) - {"next-header"})
def guest_that_points_elsewhere(recording: Recording) -> Recording:
    """Its errors point at the header."""
    def change(packet: Any) -> None:
        packet.payload.payload.ptr = 40

    errors = transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
    return editing.rewritten(recording, [each for each in errors if each.parameter == OPTION], change)


@edited(test_errors_quote_the_packet, because="error quotes 64 octets")
def guest_that_quotes_less(recording: Recording) -> Recording:
    """Like an ICMPv4 error of old."""

    def change(packet: Any) -> Any:
        error = packet.payload.payload
        quoted = bytes(error.payload)
        error.remove_payload()
        return packet / quoted[:64]

    errors = transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
    return editing.rewritten(recording, [each for each in errors if len(each.invoking) > QUOTED / 2], change)


def _with_copy(recording: Recording, seen: Echo, change: Any) -> Recording:
    """The recording with one more frame: a changed copy of one that the guest sent."""
    changed = editing.rewritten(recording, seen, change)
    frame = next(frame for frame in changed.frames if frame.number == seen.frame.number)
    return editing.with_frame(recording, frame.data, time=frame.time, node="guest", interface="eth0", outgoing=True)
