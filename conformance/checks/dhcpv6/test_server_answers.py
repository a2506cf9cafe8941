"""What a DHCPv6 server answers: to Solicit, Decline, Confirm and Renew."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.scripted_servers import EXEMPLARY, FORGETFUL, FORGIVING
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, Asked, questions, read_by_then, table
from fixtures.peers.dhcpv6.raw_bytes import WANTED
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import Status
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.asking import QuestionAsked
from fixtures.scenarios.dhcpv6.exhaustion import Dhcpv6Exhaustion
from fixtures.scenarios.dhcpv6.questions import ELSEWHERE, Dhcpv6Questions
from topologies.stage import addressing as plan

ASKED, EXHAUSTED = Dhcpv6Questions(), Dhcpv6Exhaustion()


def code(status: Status | None) -> int:
    """The status code; an absent one means success (RFC 8415 section 21.13)."""
    return StatusCode.SUCCESS if status is None else status.code


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


@check("DHCP6-17", ASKED, role="dhcpv6-server")
def test_confirm_is_answered_by_the_link(recording: Recording, notebook: Notebook) -> None:
    """A Confirm is answered with a Reply: Success where all addresses fit the link, NotOnLink where one does not.

    To a Confirm without addresses nothing is said (RFC 8415 section 18.3.3).
    """
    rows = table(recording, notebook, "confirm")
    expected = {"right": StatusCode.SUCCESS, "wrong": StatusCode.NOT_ON_LINK, "mixed": StatusCode.NOT_ON_LINK}
    for row, wanted in expected.items():
        reply = rows[row].answer(notebook, "Reply")
        told = reply.status.name if reply.status else "no status"
        notebook.expect(code(reply.status) == wanted,
                        f"the server answered a Confirm with {_addresses(rows[row])} with {told}",
                        rows[row].frame, reply)
    silent = rows["none"]
    notebook.expect(not silent.answers,
                    "the server answered a Confirm without addresses", silent.frame, *silent.answers)
    read_by_then(recording, notebook, "confirm")
    notebook.finding = "Success, NotOnLink twice, and silence"


def _addresses(asked: Asked) -> str:
    return " and ".join(map(str, asked.question.addresses))


def replies(recording: Recording, topic: str, row: str) -> list[Message]:
    """The Reply messages to one question."""
    return [answer for each in questions(recording, topic) if each.row == row for answer in each.answers]


@edited(test_confirm_is_answered_by_the_link, because="with Success")
def server_that_confirms_everything(recording: Recording) -> Recording:
    """It does not look at the prefix."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptStatusCode].statuscode = StatusCode.SUCCESS

    return editing.rewritten(recording, replies(recording, "confirm", "wrong"), change)


@edited(test_confirm_is_answered_by_the_link, because="did not answer the question")
def server_that_confirms_nothing(recording: Recording) -> Recording:
    """It leaves all Confirms alone."""
    return editing.without(recording, frames=replies(recording, "confirm", "right"))


@edited(test_confirm_is_answered_by_the_link, because="answered a Confirm without addresses")
def server_that_confirms_nothing_at_all(recording: Recording) -> Recording:
    """It answers a Confirm that names no address."""
    asked = next(each for each in questions(recording, "confirm") if each.row == "none")
    said = replies(recording, "confirm", "right")[0].frame.data
    answer = said[:63] + asked.question.transaction_id.to_bytes(3, "big") + said[66:]
    return editing.with_frame(recording, answer, time=asked.frame.time, node=ASKER, interface="eth0")


@check("DHCP6-19", ASKED, role="dhcpv6-server")
def test_renew_tells_what_is_wrong(recording: Recording, notebook: Notebook) -> None:
    """A Renew for a binding that the server does not have gets NoBinding, or a new binding; T1 is not later than T2.

    Its own lease the server extends: the IA_NA comes back with an address that has a lifetime. An address
    that does not fit the link comes back with lifetimes of zero (RFC 8415 section 18.3.4).
    """
    rows = table(recording, notebook, "renew")
    for each in rows.values():
        reply = each.answer(notebook, "Reply")
        iaid = each.question.ia_na[0].iaid
        mine = [ia for ia in reply.ia_na if ia.iaid == iaid]
        notebook.expect(mine, f"the server's Reply has no IA_NA {iaid}, which was asked about", each.frame, reply)
        ia = mine[0]
        notebook.expect(ia.t1 <= ia.t2 or not ia.t2, f"the server's Reply has T1 {ia.t1} s and T2 {ia.t2} s", reply)
        bound = any(leased.valid for leased in ia.addresses)
        if each.row == "known":
            told = ia.status.name if ia.status else ", ".join(map(str, ia.addresses)) or "no address"
            notebook.expect(bound, f"the server answered a Renew of its own lease with {told}", each.frame, reply)
        if each.row == "unknown":
            told = "an IA_NA without address and status" if ia.status is None else ia.status.name
            notebook.expect(bound or code(ia.status) == StatusCode.NO_BINDING,
                            f"the server answered a Renew of a lease that nobody has with {told}, not with NoBinding",
                            each.frame, reply)
        if each.row == "off-link":
            left = {leased.address: leased for leased in ia.addresses}
            told = f"status {ia.status.name}" if ia.status else f"{', '.join(map(str, left)) or 'nothing'} instead"
            notebook.expect(ELSEWHERE in left,
                            f"the server did not return {ELSEWHERE}, which does not fit the link, with lifetimes of "
                            f"0, but {told}", each.frame, reply)
            leased = left[ELSEWHERE]
            notebook.expect((leased.preferred, leased.valid) == (0, 0),
                            f"the server leased {ELSEWHERE}, which does not fit the link, for {leased.valid} s",
                            each.frame, reply)
    notebook.finding = "an unknown binding and an address of another link are both told"


@healthy(test_renew_tells_what_is_wrong)
def server_that_tells_all() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": EXEMPLARY})


@played(test_renew_tells_what_is_wrong, because="a Renew of its own lease with NoBinding")
def server_that_forgets_its_lease() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": FORGETFUL})


@edited(test_renew_tells_what_is_wrong, because="a Renew of its own lease with")
def server_that_ends_its_lease(recording: Recording) -> Recording:
    """All lifetimes are 0."""

    def change(packet: Any) -> None:
        for option in packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts:
            option.preflft, option.validlft = 0, 0

    return editing.rewritten(recording, replies(recording, "renew", "known"), change)


@edited(test_renew_tells_what_is_wrong, because="leased 2001:")
def server_that_extends_anything(recording: Recording) -> Recording:
    """Whatever address is asked for is extended."""

    def change(packet: Any) -> None:
        for option in packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts:
            if IPv6Address(option.addr) == ELSEWHERE:
                option.preflft, option.validlft = 600, 900

    return editing.rewritten(recording, replies(recording, "renew", "off-link"), change)


@edited(test_renew_tells_what_is_wrong, because="without address and status")
def server_that_says_nothing_of_it(recording: Recording) -> Recording:
    """An empty IA_NA for a lease that it does not know."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    return editing.rewritten(recording, replies(recording, "renew", "unknown"), change)


@edited(test_renew_tells_what_is_wrong, because="has T1 500 s")
def times_the_wrong_way_round(recording: Recording) -> Recording:
    """T1 is later than T2."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].T1, packet[layer("dhcp6").DHCP6OptIA_NA].T2 = 500, 400

    return editing.rewritten(recording, replies(recording, "renew", "known"), change)
