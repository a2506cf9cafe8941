"""What its receiver must discard is no answer: Neighbor Discovery, DHCPv6 and Echo messages that nobody may believe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from conformance.judging.verdict import Notebook
from fixtures.protocols.addresses import solicited_node
from fixtures.protocols.icmp import NAMES
from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.base import Undissected
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.ndp import (
    NdMessage,
    NeighborAdvertisement,
    NeighborSolicitation,
    Redirect,
    RouterAdvertisement,
    RouterSolicitation,
)
from fixtures.recording.views.transport import Echo, echoes

Nd = TypeVar("Nd", bound=NdMessage)


def receivable(messages: Iterable[Nd]) -> list[Nd]:
    """Those that a receiver need not discard."""
    return [each for each in messages if is_receivable(each)]


def is_receivable(message: NdMessage) -> bool:
    """Whether its receiver need not discard it."""
    return not receiver_objection(message)


def believable(told: Iterable[Nd], notebook: Notebook, otherwise: str) -> list[Nd]:
    """The messages of a router that its guest may heed, as the stimulus of a check of the guest.

    Where there is none, raise Unjudgeable with `otherwise`; where there are only such as every guest must discard,
    with what is wrong with them: that is not the guest's fault.
    """
    told = list(told)
    heeded = receivable(told)
    if told and not heeded:
        notebook.cite(told[0])
        otherwise = f"the router is at fault: {why_unheeded(told[0])}"
    return notebook.stimulus(heeded, otherwise)


def why_unheeded(message: NdMessage) -> str:
    """A sentence about a message that its receiver must discard."""
    wrong = receiver_objection(message)
    return f"the {NAMES[message.kind]} of {message.source} has {wrong}, so every receiver must discard it"


def receiver_objection(message: NdMessage) -> str:
    """What is wrong with a message that its receiver must discard, empty else (RFC 4861 sections 6.1, 7.1 and 8.1).

    A checksum that a capture shows before the network card has filled it in is none.
    """
    if message.hop_limit != 255:
        return f"the hop limit {message.hop_limit}"
    if message.code:
        return f"the code {message.code}"
    if message.malformed:
        return f"a flaw: {message.malformed}"
    if not message.summed:
        return "a wrong checksum"
    if isinstance(message, RouterAdvertisement | Redirect) and not message.source.is_link_local:
        return f"the source {message.source}, which is not link-local"
    if isinstance(message, NeighborAdvertisement | NeighborSolicitation) and message.target.is_multicast:
        return f"the multicast target {message.target}"
    if isinstance(message, NeighborSolicitation | RouterSolicitation) and message.source.is_unspecified:
        if message.sllao:
            return "SLLAO, and no source"
        if isinstance(message, NeighborSolicitation) and message.destination != solicited_node(message.target):
            return f"no source, and goes to {message.destination}, not to the target's solicited-node address"
    if isinstance(message, NeighborAdvertisement):
        if message.solicited and message.destination.is_multicast:
            return "S=1, and goes to a group"
    return ""


def echo_replies(frames: Iterable[Frame]) -> list[Echo]:
    """The Echo Replies among the frames that who asked gets: with another checksum or cut short none is an answer."""
    return [each for each in echoes(frames, reply=True) if each.summed and not each.malformed]


def server_answers(frames: Iterable[Frame], *names: str) -> list[Message]:
    """A server's messages of these names that a client need not discard, whatever it asked (RFC 8415 section 16).

    With a Server Identifier, and with a Client Identifier where an address or a prefix is offered.
    """
    return [each for each in dhcpv6.messages(frames, *names) if not answer_objection(each)]


def answer_objection(answer: Message) -> str:
    """What is wrong with a server's message that every client must discard it for, empty else."""
    if not answer.summed:
        return "a wrong checksum"
    if answer.malformed and not isinstance(answer.malformed, Undissected):
        return f"a flaw: {answer.malformed}"
    if answer.server_duid is None:
        return "no Server Identifier"
    if answer.client_duid is None and (answer.ia_na or answer.ia_ta or answer.ia_pd):
        return "no Client Identifier"
    return ""


def client_objection(question: Message, answer: Message) -> str:
    """What is wrong with a server's answer that its client must discard, empty else (RFC 8415 sections 16.3, 16.10)."""
    if answer.malformed:
        return f"a flaw: {answer.malformed}"
    if wrong := answer_objection(answer):
        return wrong
    if answer.client_duid != question.client_duid:
        return "no Client Identifier" if answer.client_duid is None else "another's Client Identifier"
    return ""
