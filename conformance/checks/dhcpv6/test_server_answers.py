"""What a DHCPv6 server answers to Solicit and Decline."""

from __future__ import annotations

from typing import Any

from conformance.broken.scripted_servers import FORGIVING
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, code, questions, table
from fixtures.peers.dhcpv6.raw_bytes import WANTED
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.asking import QuestionAsked
from fixtures.scenarios.dhcpv6.exhaustion import Dhcpv6Exhaustion
from fixtures.scenarios.dhcpv6.questions import Dhcpv6Questions
from topologies.stage import addressing as plan

ASKED, EXHAUSTED = Dhcpv6Questions(), Dhcpv6Exhaustion()


@check("DHCP6-03.offer", ASKED, EXHAUSTED, role="dhcpv6-server")
def test_solicit_is_answered_with_an_offer(recording: Recording, notebook: Notebook) -> None:
    """A Solicit is answered with an Advertise to the client's own address and port, for its transaction and DUID.

    Each IA_NA is there, with an address of the link or with NoAddrsAvail, and where an address is offered the message
    has no other status: that a prefix cannot be had is said in its IA_PD (RFC 8415 section 18.3.9). What the client
    asked for in the Option Request option is there too.
    """
    everything = questions(recording, "lease", "with-prefix", "exhausted")
    asked = [each for each in everything if each.question.name == "Solicit"]
    offered = refused = 0
    for each in notebook.stimulus(asked, "no client sent a Solicit"):
        question, offer = each.question, each.answer(notebook, "Advertise")
        to = f"{offer.destination} port {offer.destination_port}"
        mine = (offer.destination, offer.destination_port) == (question.source, DHCPV6_CLIENT_PORT)
        notebook.expect(mine,
                        f"the server sent the Advertise to {to}, not to {question.source} port {DHCPV6_CLIENT_PORT}",
                        offer)
        notebook.expect(offer.client_duid == question.client_duid, "the server's Advertise names another client", offer)
        notebook.expect(offer.server_duid, "the server's Advertise has no Server Identifier", offer)
        iaids = [ia.iaid for ia in question.ia_na]
        notebook.expect([ia.iaid for ia in offer.ia_na] == iaids,
                        f"for the IA_NA {iaids[0]} the server's Advertise has {_associations(offer)}",
                        each.frame, offer)
        status = offer.status.name if offer.status else ""
        notebook.expect(code(offer.status) == StatusCode.SUCCESS or not offer.addresses,
                        f"the server offered an address with the status {status} of the whole message, for which "
                        "clients leave it alone",
                        each.frame, offer)
        for ia in offer.ia_na:
            if ia.addresses:
                offered += 1
                off_link = [str(one.address) for one in ia.addresses if one.address not in plan.LAN]
                notebook.expect(not off_link,
                                f"the server offered {', '.join(off_link)}, which is no address of the client's link",
                                offer)
            else:
                refused += 1
                notebook.expect(code(ia.status) == StatusCode.NO_ADDRESSES,
                                "the server's Advertise has an IA_NA with neither an address nor the status "
                                "NoAddrsAvail", offer)
        missing = [str(number) for number in WANTED if number not in offer.options]
        notebook.recommend(not missing,
                           f"the server did not send option {', '.join(missing)}, which the client asked for", offer)
    notebook.finding = f"{offered} offers of an address, {refused} refusals for want of one"


def _associations(message: Message) -> str:
    if message.ia_na:
        return ", ".join(str(ia.iaid) for ia in message.ia_na)
    return "none" + (f", and the status {message.status.name}" if message.status else "")


def offers(recording: Recording) -> list[Message]:
    """The Advertise messages that reached the asker itself."""
    heard = dhcpv6.messages(recording.at(ASKER, outgoing=False), "Advertise")
    return [each for each in heard if not each.relays]


@edited(test_solicit_is_answered_with_an_offer, because="did not answer the question")
def server_that_answers_another_transaction(recording: Recording) -> Recording:
    """Its transaction id is not the client's."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6_Advertise].trid ^= 0x800000

    return editing.rewritten(recording, offers(recording)[:1], change)


@edited(test_solicit_is_answered_with_an_offer, because="neither an address nor")
def server_that_offers_nothing(recording: Recording) -> Recording:
    """Its IA_NA is empty."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    return editing.rewritten(recording, offers(recording)[:1], change)


@edited(test_solicit_is_answered_with_an_offer, because="no address of the client's link")
def server_that_offers_of_another_link(recording: Recording) -> Recording:
    """It takes the address from another pool."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts[0].addr = str(plan.LAN2[0x1000])

    return editing.rewritten(recording, offers(recording)[:1], change)


@edited(test_solicit_is_answered_with_an_offer, because="for which clients leave it alone")
def server_that_refuses_as_a_whole(recording: Recording) -> Recording:
    """It has no prefix, and says so of the whole message."""
    status = layer("dhcp6").DHCP6OptStatusCode(statuscode=6)

    def change(packet: Any) -> Any:
        return packet / status

    return editing.rewritten(recording, offers(recording)[:1], change)


@check("DHCP6-15", EXHAUSTED, role="dhcpv6-server")
def test_declined_address_is_offered_to_nobody(recording: Recording, notebook: Notebook) -> None:
    """A Decline is answered with Success, and the address, which somebody uses, is offered to nobody afterwards.

    The pool has only one address more, so a server that forgets is found out (RFC 8415 section 18.3.8).
    """
    declined = table(recording, notebook, "decline")["decline"]
    address = declined.question.addresses[0]
    reply = declined.answer(notebook, "Reply")
    told = ", ".join(each.name for each in (reply.status, *(ia.status for ia in reply.ia_na)) if each)
    well = code(reply.status) == StatusCode.SUCCESS and all(code(ia.status) == StatusCode.SUCCESS for ia in reply.ia_na)
    notebook.expect(well,
                    f"the server answered the Decline of a leased address with {told}, not with Success",
                    declined.frame, reply)
    later = [each for each in questions(recording, "lease", "exhausted", "again") if each.mark.ns > declined.mark.ns]
    told_later = [answer for each in later for answer in each.answers]
    for answer in notebook.stimulus(told_later, "no client asked for an address after the Decline"):
        again = f"the server gave {_who(answer)} {address}, which was declined, in {answer.name}"
        notebook.expect(address not in answer.addresses, again, declined.frame, answer)
    notebook.finding = f"{address} was declined, and not offered in {len(told_later)} answers"


def _who(answer: Message) -> str:
    return f"the client {(answer.client_duid or b'').hex(':')}"


@edited(test_declined_address_is_offered_to_nobody, because="which was declined, in Advertise")
def server_that_offers_it_to_the_next(recording: Recording) -> Recording:
    """Whoever asks next gets the address that was declined."""
    declined = next(each for each in questions(recording, "decline")).question.addresses[0]
    third = recording.marked(QuestionAsked)[2].time
    late = [each for each in offers(recording) if each.time > third and each.addresses]

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts[0].addr = str(declined)

    return editing.rewritten(recording, late[:1], change)


@played(test_declined_address_is_offered_to_nobody, because="which was declined, in Advertise")
def server_that_frees_what_is_declined() -> Broken:
    return Broken(EXHAUSTED, {"dhcpv6-server": FORGIVING})


@edited(test_declined_address_is_offered_to_nobody, because="which was declined, in Advertise")
def server_that_gives_it_to_the_decliner(recording: Recording) -> Recording:
    """Who declined it asks again, and nobody else is given it."""
    again = questions(recording, "again")[0]
    offer = next(each for each in questions(recording, "lease") if each.row == "solicit-1").answers[0].frame.data
    answer = offer[:63] + again.question.transaction_id.to_bytes(3, "big") + offer[66:]
    return editing.with_frame(recording, answer, time=again.frame.time, node=ASKER, interface="eth0")


@healthy(test_declined_address_is_offered_to_nobody)
def kea_that_answers_declines() -> Broken:
    """dnsmasq offers a declined address again."""
    return Broken(EXHAUSTED, {"dhcpv6-server": "kea"})
