"""What a DHCPv6 server answers to each kind of message that comes through a relay, and to relays that go wrong."""

from __future__ import annotations

from typing import Any

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, answers_to, asked_of, code, questions, went_on, wrappers
from fixtures.peers.dhcpv6.raw_bytes import duid
from fixtures.protocols.dhcpv6 import Kind, StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.exchanges import KINDS, OF_A_RELAY, Dhcpv6Exchanges, row_of
from fixtures.scenarios.dhcpv6.questions import POOLS
from topologies.stage import addressing as plan

ASKED = Dhcpv6Exchanges()
#: By part: the kind of message that is relayed, and the option that the relay must not send.
KIND = {f"relayed-{row_of(kind)}": kind for kind in KINDS}
OPTION = {f"relay-with-{row}": row for row in OF_A_RELAY}
#: Those after which the client has an address, those that are well when they get Success, and who needs no link.
LEASING, WELL = (Kind.SOLICIT, Kind.REQUEST, Kind.RENEW, Kind.REBIND), (Kind.CONFIRM, Kind.RELEASE)
ANYWHERE = ("relayed-information-request", "relayed-release", "relayed-decline")


def of_the_second_link(message: Message) -> bool:
    """Whether it has an address of the link that the relay names, and none of another."""
    first, last = POOLS[plan.LAN2]
    valid = [one.address for ia in message.ia_na for one in ia.addresses if one.valid]
    return bool(valid) and all(first <= address <= last for address in valid)


@check("DHCP6-47", ASKED, role="dhcpv6-server", parts=ANYWHERE)
@check("DHCP6-47", ASKED, role="dhcpv6-server", needs=("relayed-links",), parts=[k for k in KIND if k not in ANYWHERE])
def test_answers_through_the_relay(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message that came through a relay is answered through it, as if its client were on the link.

    In a Relay-reply with the same hop count, addresses and Interface-ID (RFC 9915 sections 18.3.10, 19.3).
    """
    kind = KIND[part]
    asked = asked_of(recording, notebook, "through-a-relay", row_of(kind))
    answer = asked.answer(notebook, "Advertise" if kind is Kind.SOLICIT else "Reply")
    sent, back = wrappers(asked.question), wrappers(answer)
    notebook.expect(sent == back, f"the server sent back through {back} what came through {sent}", asked.frame, answer)
    told = ", ".join(map(str, answer.addresses)) or "no address"
    if kind in LEASING:
        notebook.expect(of_the_second_link(answer), f"the server's answer to a relayed {row_of(kind)} has {told}, not "
                        "an address of the link that the relay names", asked.frame, answer)
    if kind in WELL:
        right = code(answer.status) == StatusCode.SUCCESS
        notebook.expect(right, f"the server's answer to a relayed {row_of(kind)} has another status than Success",
                        asked.frame, answer)


@edited(test_answers_through_the_relay, because="the server sent back through")
def server_that_forgets_the_port(recording: Recording, part: str) -> Recording:
    """The Interface-ID comes back changed."""
    told = answers_to(recording, "through-a-relay", row_of(KIND[part]))
    return editing.with_bytes(recording, told, lambda data: with_checksum(data.replace(b"eth7/3", b"eth7/4")))


@edited(test_answers_through_the_relay, because="did not answer the question")
def server_that_does_not_answer_relays(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=answers_to(recording, "through-a-relay", row_of(KIND[part])))


@check("DHCP6-47", ASKED, role="dhcpv6-server", needs=("relayed-links",), parts=OPTION)
def test_takes_no_option_of_a_relay_for_the_clients(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Relay-forward with an option that it may not have is answered as one without it, or discarded.

    Never is it taken for an option of the client (RFC 9915 section 16, as RFC 8415).
    """
    asked = asked_of(recording, notebook, "relay-option", OPTION[part])
    notebook.cite(asked.frame)
    went_on(recording, notebook, "relay-option", OPTION[part])
    for _ in asked.answers[:1]:
        offer = asked.answer(notebook, "Advertise")
        told = ", ".join(map(str, offer.addresses)) or "no address"
        notebook.expect(of_the_second_link(offer), f"the server offered {told} to the client behind a {part}",
                        asked.frame, offer)
    notebook.finding = "it was ignored" if asked.answers else "the message was discarded"


@edited(test_takes_no_option_of_a_relay_for_the_clients, because="has another's Client Identifier")
def server_that_mixes_up_the_layers(recording: Recording, part: str) -> Recording:
    """It answers somebody else than the client."""
    asked = asked_of(recording, Notebook(recording), "relay-option", OPTION[part])
    like = next(each for each in questions(recording, "through-a-relay") if each.row == "solicit")
    before, now = (each.question.transaction_id.to_bytes(3, "big") for each in (like, asked))
    told = with_checksum(like.answers[0].frame.data.replace(before, now).replace(duid(0x60), duid(0x77)))
    silent = editing.without(recording, frames=asked.answers)
    return editing.with_frame(silent, told, time=asked.frame.time, node=ASKER, interface="eth0")


@check("DHCP6-47.eight-relays", ASKED, role="dhcpv6-server", needs=("relayed-links",))
def test_answers_through_eight_relays(recording: Recording, notebook: Notebook) -> None:
    """A Solicit that came through eight relays, which is the limit, is answered through all of them (RFC 9915 7.6)."""
    asked = asked_of(recording, notebook, "relayed-far", "eight-relays")
    offer = asked.answer(notebook, "Advertise")
    sent, back = wrappers(asked.question), wrappers(offer)
    notebook.expect(sent == back, f"the server sent back through {back} what came through {sent}", asked.frame, offer)
    told = ", ".join(map(str, offer.addresses)) or "no address"
    notebook.expect(of_the_second_link(offer), f"the server offered {told}, not an address of the link that the "
                    "innermost relay names", asked.frame, offer)


@edited(test_answers_through_eight_relays, because="did not answer the question")
def server_that_counts_to_seven(recording: Recording) -> Recording:
    return editing.without(recording, frames=answers_to(recording, "relayed-far", "eight-relays"))


@edited(test_answers_through_eight_relays, because="the server sent back through")
def server_that_forgets_the_innermost(recording: Recording) -> Recording:
    told = answers_to(recording, "relayed-far", "eight-relays")
    return editing.with_bytes(recording, told, lambda data: with_checksum(data.replace(b"inner", b"other")))


UNKNOWN = ("unknown-link", "confirm-of-an-unknown-link")


@check("DHCP6-47", ASKED, role="dhcpv6-server", needs=("relayed-links",), parts=UNKNOWN)
def test_leases_nothing_to_a_link_that_it_does_not_know(recording: Recording, notebook: Notebook, part: str) -> None:
    """A client of a link of which the server knows nothing is offered no address, and a Confirm there is not answered.

    RFC 9915 sections 13.1 and 18.3.3.
    """
    asked = asked_of(recording, notebook, "relayed-far", part)
    notebook.cite(asked.frame)
    went_on(recording, notebook, "relayed-far", UNKNOWN[-1])
    for answer in asked.answers:
        told = ", ".join(map(str, answer.addresses))
        right = part == "unknown-link" and not told
        notebook.expect(right, f"the server answered with {answer.name} {told or _status(answer)} to a client of a "
                        "link that it does not know", asked.frame, answer)
    notebook.finding = "no address" if asked.answers else "it is silent"


def _status(message: Message) -> str:
    return f"and the status {message.status.name}" if message.status else ""


@edited(test_leases_nothing_to_a_link_that_it_does_not_know, because="of a link that it does not know")
def server_with_one_link_for_all(recording: Recording, part: str) -> Recording:
    """It answers as it does on another link."""
    asked = asked_of(recording, Notebook(recording), "relayed-far", part)
    like = next(each for each in questions(recording, "through-a-relay") if each.row == "request")
    before, now = (each.question.transaction_id.to_bytes(3, "big") for each in (like, asked))
    told = with_checksum(like.answers[0].frame.data.replace(before, now))
    return editing.with_frame(recording, told, time=asked.frame.time, node=ASKER, interface="eth0")


@check("DHCP6-47.another-relay", ASKED, role="dhcpv6-server")
def test_answers_the_relay_that_asked(recording: Recording, notebook: Notebook) -> None:
    """A client's Solicit that comes by another relay, too, is answered to that relay (RFC 9915 section 18.3.10)."""
    asked = asked_of(recording, notebook, "relayed-far", "another-relay")
    offer = asked.answer(notebook, "Advertise")
    notebook.expect(offer.destination == asked.question.source, f"the server answered to {offer.destination}, and "
                    f"{asked.question.source} had asked", asked.frame, offer)


@edited(test_answers_the_relay_that_asked, because="the server answered to")
def server_that_answers_the_first_relay(recording: Recording) -> Recording:
    to = str(asked_of(recording, Notebook(recording), "relayed-far", "eight-relays").question.source)

    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].dst = to

    return editing.rewritten(recording, answers_to(recording, "relayed-far", "another-relay"), change)
