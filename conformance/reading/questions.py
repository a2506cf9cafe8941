"""What a scripted client and relay asked a DHCPv6 server, row by row, and what it answered."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judging.verdict import Notebook
from conformance.reading.receivable import client_objection
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.base import udp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import Status
from fixtures.scenarios.dhcpv6.asking import QuestionAsked

#: Where the asker is.
ASKER = "peer"


@dataclass(frozen=True)
class Asked:
    """One question: `frame` is what was sent, `answers` what came back for its transaction.

    The row of a control is that of the question before it.
    """

    row: str
    mark: Mark
    frame: Frame
    answers: tuple[Message, ...]

    @property
    def question(self) -> Message:
        """What was sent, as far as it can be read."""
        return dhcpv6.messages([self.frame])[0]

    @property
    def is_control(self) -> bool:
        """Whether it only shows that what came before it was read."""
        return bool(self.mark.what.control)

    def answer(self, notebook: Notebook, name: str) -> Message:
        """The answer of that name; without one that a client may believe the requirement is violated."""
        told = [each for each in self.answers if each.name == name]
        notebook.expect(told,
                        f"the server did not answer the question `{self.row}` with {name}", self.frame, *self.answers)
        good = [each for each in told if not client_objection(self.question, each)]
        wrong = client_objection(self.question, told[0])
        notebook.expect(good,
                        f"the server's {name} to `{self.row}` has {wrong}: its client discards it", self.frame, told[0])
        return good[0]


def code(status: Status | None) -> int:
    """The status code; an absent one means success (RFC 8415 section 21.13)."""
    return StatusCode.SUCCESS if status is None else status.code


def questions(recording: Recording, *topics: str) -> list[Asked]:
    """The questions of these topics, in order, controls too. What was never sent is left out, and what is malformed."""
    frames = list(recording.at(ASKER))
    sent = [frame for frame, _, _, _, _, _ in udp(frames) if frame.outgoing]
    heard = dhcpv6.messages(each for each in frames if not each.outgoing)
    found = []
    for mark in recording.marked(QuestionAsked):
        if mark.what.topic in topics:
            transaction = mark.what.transaction
            inside = transaction.to_bytes(3, "big")
            mine = [frame for frame in sent if frame.ns >= mark.ns and inside in frame.data[62:]]
            answers = tuple(each for each in heard if each.transaction_id == transaction)
            found += [Asked(mark.what.row, mark, frame, answers) for frame in mine[:1]]
    return found


def asked_of(recording: Recording, notebook: Notebook, topic: str, row: str) -> Asked:
    """The question of a topic and row; unjudgeable where it was never sent."""
    found = [each for each in questions(recording, topic) if each.row == row and not each.is_control]
    begun = any(mark.what.topic == topic for mark in recording.marked(QuestionAsked))
    missing = f"the question `{row}` could not be sent" if begun else "the server gave nobody an address to ask about"
    return notebook.stimulus(found, missing)[0]


def controls(recording: Recording, notebook: Notebook, topic: str) -> dict[str, Asked]:
    """The controls of a topic, by the row of the question that each comes after; unjudgeable where none was sent."""
    found = [each for each in questions(recording, topic) if each.is_control]
    return {each.row: each for each in notebook.stimulus(found, "no control was sent")}


def table(recording: Recording, notebook: Notebook, topic: str) -> dict[str, Asked]:
    """The questions of a topic by row, without controls; unjudgeable when there is none, or one was never sent."""
    found = {each.row: each for each in questions(recording, topic) if not each.is_control}
    for mark in recording.marked(QuestionAsked):
        if mark.what.topic == topic and not mark.what.control:
            row = mark.what.row
            notebook.stimulus([row] if row in found else [], f"the question `{row}` could not be sent")
    notebook.stimulus(found, "the server gave no client an address to ask about")
    return found


def read_by_then(recording: Recording, notebook: Notebook, topic: str) -> None:
    """Every control of the topic was answered, so everything before it had been read: silence means silence."""
    controls = [each for each in questions(recording, topic) if each.is_control]
    for each in notebook.stimulus(controls, "no control was sent"):
        notebook.stimulus(each.answers, f"the server does not answer after `{each.row}`")
    notebook.cite(*(each.answers[0] for each in controls))


def wrappers(message: Message) -> list[tuple[int, str, str, str | None]]:
    """Hop count, link-address, peer-address and Interface-ID of each relay, the outermost first."""
    return [(relay.hop_count, str(relay.link_address), str(relay.peer_address),
             None if relay.interface_id is None else relay.interface_id.hex()) for relay in message.relays]


def went_on(recording: Recording, notebook: Notebook, topic: str, row: str) -> None:
    """The control behind a question was answered, so the question had been read: silence means silence."""
    control = controls(recording, notebook, topic).get(row)
    told = control.answers if control else ()
    notebook.cite(notebook.stimulus(told, f"the server does not answer after `{row}`")[0])


def answers_to(recording: Recording, topic: str, row: str) -> list[Message]:
    """The answers to the questions of a topic and row."""
    return [answer for each in questions(recording, topic) if each.row == row for answer in each.answers]
