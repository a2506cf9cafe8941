"""Neighbor Discovery: how a guest answers for its own addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import receivable, receiver_objection
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording.editing import rewritten, with_bytes, without
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import (
    NeighborAdvertisement,
    NeighborSolicitation,
    neighbor_advertisements,
    neighbor_solicitations,
)
from fixtures.scenarios.common.boot import Asked, GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.timers import RETRANS_TIMER

#: How a guest is solicited: the parts of the requirement.
FORMS = ("multicast", "unicast", "unicast-without-sllao", "unspecified")


@check("NDP-02", GuestBoot(mode=Mode.STATEFUL), role="guest", parts=FORMS)
def test_answers_solicitations_for_its_addresses(recording: Recording, notebook: Notebook, part: str) -> None:
    """A solicited guest answers within a second, with the flags and the TLLAO that RFC 4861 section 7.2.4 asks for.

    Target: the address. To a solicitor: unicast with S=1; to `::`: to all nodes with S=0. TLLAO where the solicitation
    was multicast, O=1 with a TLLAO, and R=0, for a guest is no router. What its receiver must discard is no answer.
    """
    questions, form = recording.marked(Asked), part
    mine = [pair for pair in zip(questions, [*questions[1:], None], strict=True) if pair[0].what.form == form]
    for asked, following in notebook.stimulus(mine, "no Neighbor Solicitation was sent to the guest"):
        solicitation = _solicitation(recording, asked)
        if not solicitation:
            notebook.stimulus([], f"the {form} solicitation did not reach the guest")
        answer = _answer(recording, solicitation[0], following.ns if following else recording.duration_ns + 1)
        notebook.expect(answer,
                        f"the guest did not answer a {form} solicitation for {asked.what.target}", solicitation[0])
        wrong = receiver_objection(answer[0])
        notebook.expect(not wrong, f"the guest's answer to a {form} solicitation has {wrong}: its receiver discards it",
                        solicitation[0], answer[0])
        _judge(solicitation[0], answer[0], form, notebook)
    notebook.finding = f"every {form} solicitation was answered as RFC 4861 asks"


def _solicitation(recording: Recording, asked: Mark) -> list[NeighborSolicitation]:
    found = neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
    return [each for each in found if each.frame.ns >= asked.ns and str(each.target) == asked.what.target][:1]


def _answer(recording: Recording, solicitation: NeighborSolicitation, until_ns: int) -> list[NeighborAdvertisement]:
    """The answer that came before the next question was asked.

    What tells all nodes of an address without being asked (RFC 4861 section 7.2.6, as dhcpcd does) may come in between,
    and looks like the answer to a probe; to a solicitor it is one only where there is no other.
    """
    said = [each for each in neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
            if solicitation.frame.ns <= each.frame.ns < until_ns and each.target == solicitation.target]
    told = [each for each in said if solicitation.dad or each.solicited or each.destination != ALL_NODES]
    return (receivable(told) or receivable(said) or told or said)[:1]


def _judge(asked: NeighborSolicitation, answer: NeighborAdvertisement, form: str, notebook: Notebook) -> None:
    late = f"the guest answered a {form} solicitation late"
    notebook.in_time(answer.time - asked.time, RETRANS_TIMER, late, asked, answer)
    to = ALL_NODES if asked.dad else asked.source
    notebook.expect(answer.destination == to,
                    f"the guest sent the answer to a {form} solicitation to {answer.destination}")
    notebook.expect(answer.solicited != asked.dad,
                    f"the guest's answer to a {form} solicitation has S={answer.solicited:d}")
    notebook.expect(not answer.router, "the guest's answer has R=1, though it is a host")
    if asked.destination.is_multicast:
        notebook.expect(answer.tllao, f"the guest's answer to a {form} solicitation has no TLLAO")
    if answer.tllao:
        notebook.recommend(answer.override, f"the guest's answer to a {form} solicitation has a TLLAO and O=0")


def _with_flag(recording: Recording, field: str, value: int, *, dad: bool = False) -> Recording:
    """The guest's advertisements (those to all nodes, with `dad`) with another flag."""

    def change(packet: Any) -> None:
        setattr(packet[layer("inet6").ICMPv6ND_NA], field, value)

    mine = neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
    return rewritten(recording, [each for each in mine if (each.destination == ALL_NODES) == dad], change)


@edited(test_answers_solicitations_for_its_addresses, because="S=1, and goes to a group", parts=FORMS[:3])
def answers_everybody(recording: Recording) -> Recording:
    """To all nodes, whoever asked."""

    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].dst = str(ALL_NODES)

    return rewritten(recording, neighbor_advertisements(recording.at("guest", "eth0", outgoing=True)), change)


@edited(test_answers_solicitations_for_its_addresses, because="O=0", parts=["multicast"])
def answers_without_override(recording: Recording) -> Recording:
    """O=0 beside a TLLAO."""
    return _with_flag(recording, "O", 0)


@edited(test_answers_solicitations_for_its_addresses, because="S=1, and goes to a group", parts=["unspecified"])
def answers_probes_as_solicited(recording: Recording) -> Recording:
    """S=1 to nobody in particular."""
    return _with_flag(recording, "S", 1, dad=True)


def _with_change(recording: Recording, change: Callable[[bytes], bytes]) -> Recording:
    return with_bytes(recording, neighbor_advertisements(recording.at("guest", "eth0", outgoing=True)), change)


@edited(test_answers_solicitations_for_its_addresses, because="has the hop limit 64: its receiver discards it")
def answers_as_if_from_afar(recording: Recording) -> Recording:
    """With the hop limit of any packet."""
    return _with_change(recording, lambda data: data[:21] + b"\x40" + data[22:])


@edited(test_answers_solicitations_for_its_addresses, because="has a wrong checksum: its receiver discards it")
def answers_without_a_checksum(recording: Recording) -> Recording:
    return _with_change(recording, lambda data: data[:56] + b"\x12\x34" + data[58:])


@edited(test_answers_solicitations_for_its_addresses, because="R=1", parts=FORMS[:3])
def answers_as_a_router(recording: Recording) -> Recording:
    """A host that says it is a router."""
    return _with_flag(recording, "R", 1)


@edited(test_answers_solicitations_for_its_addresses, because="did not answer")
def stays_silent(recording: Recording) -> Recording:
    """A guest that answers nothing."""
    return without(recording, frames=neighbor_advertisements(recording.at("guest", "eth0", outgoing=True)))
