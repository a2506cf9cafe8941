"""What a DHCPv6 server leases: each address to one client, as long as there are any, with lifetimes that make sense."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.scripted_servers import ENDLESS, EXEMPLARY, ONE_FOR_ALL, UPSIDE_DOWN
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.reading.questions import Asked, questions
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.exhaustion import Dhcpv6Exhaustion
from fixtures.scenarios.dhcpv6.questions import Dhcpv6Questions

ASKED, EXHAUSTED = Dhcpv6Questions(), Dhcpv6Exhaustion()
#: The addresses of the pool in the play that exhausts it.
POOL = 2


def requests(recording: Recording) -> list[Asked]:
    """The Requests of clients in good order."""
    return [each for each in questions(recording, "lease", "exhausted") if each.question.name == "Request"]


@check("DHCP6-03.reply", ASKED, EXHAUSTED, role="dhcpv6-server")
def test_request_is_answered_with_a_reply(recording: Recording, notebook: Notebook) -> None:
    """A Request is answered with a Reply to the client's own address and port (RFC 8415 section 18.3.2).

    It has the identifiers of the client and of the server that was asked, without which clients discard it (section
    16.10), and the IA_NA.
    """
    asked = notebook.stimulus(requests(recording), "no client sent a Request")
    for each in asked:
        question, reply = each.question, each.answer(notebook, "Reply")
        to = f"{reply.destination} port {reply.destination_port}"
        mine = (reply.destination, reply.destination_port) == (question.source, DHCPV6_CLIENT_PORT)
        notebook.expect(mine,
                        f"the server sent the Reply to {to}, not to {question.source} port {DHCPV6_CLIENT_PORT}", reply)
        notebook.expect(reply.client_duid == question.client_duid,
                        f"the server's Reply has {_identifier(reply.client_duid)} as Client Identifier, not the "
                        "client's", each.frame, reply)
        notebook.expect(reply.server_duid == question.server_duid,
                        f"the server's Reply has {_identifier(reply.server_duid)} as Server Identifier, not its own",
                        each.frame, reply)
        iaids = [ia.iaid for ia in question.ia_na]
        notebook.expect([ia.iaid for ia in reply.ia_na] == iaids,
                        f"the server's Reply does not have the IA_NA {iaids[0]}",
                        each.frame, reply)
    notebook.finding = f"{len(asked)} Requests, each answered by its server for its client"


def _identifier(duid: bytes | None) -> str:
    return duid.hex(":") if duid is not None else "nothing"


def replies(recording: Recording) -> list[Message]:
    """The answers to those Requests."""
    return [answer for each in requests(recording) for answer in each.answers if answer.name == "Reply"]


@edited(test_request_is_answered_with_a_reply, because="as Server Identifier")
def server_under_a_foreign_name(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptServerId].duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")

    return editing.rewritten(recording, replies(recording), change)


@edited(test_request_is_answered_with_a_reply, because="has no Client Identifier: its client discards it")
def server_that_names_no_client(recording: Recording) -> Recording:
    return editing.rewritten(recording, replies(recording), less("DHCP6OptClientId"))


@edited(test_request_is_answered_with_a_reply, because="did not answer the question")
def server_that_only_offers(recording: Recording) -> Recording:
    return editing.without(recording, frames=replies(recording))


@check("DHCP6-03.lifetimes", ASKED, EXHAUSTED, role="dhcpv6-server")
def test_lifetimes_are_coherent(recording: Recording, notebook: Notebook) -> None:
    """No address is preferred for longer than it is valid, and T1 is not later than T2 (RFC 8415 21.4, 21.6).

    What is not so clients discard.
    """
    asked = questions(recording, "lease", "exhausted")
    told = [(answer, ia) for each in asked for answer in each.answers for ia in answer.ia_na if ia.addresses]
    for answer, ia in notebook.stimulus(told, "no client was offered an address"):
        notebook.expect(ia.t1 <= ia.t2 or not ia.t2,
                        f"the server's {answer.name} has T1 {ia.t1} s and T2 {ia.t2} s", answer)
        for leased in ia.addresses:
            notebook.expect(leased.preferred <= leased.valid,
                            f"in the server's {answer.name} {leased.address} is preferred for {leased.preferred} s "
                            f"and valid for {leased.valid} s", answer)
    notebook.finding = f"so in {len(told)} answers"


@played(test_lifetimes_are_coherent, because="is preferred for 1200 s and valid for 900 s")
def server_that_prefers_for_ever() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": UPSIDE_DOWN})


@check("DHCP6-03.own-address", ASKED, EXHAUSTED, role="dhcpv6-server")
def test_no_address_has_two_clients(recording: Recording, notebook: Notebook) -> None:
    """What a Reply leased to one client is neither offered nor leased to another one meanwhile (RFC 8415 18.3.2)."""
    holders: dict[IPv6Address, bytes | None] = {}
    told = list(_lease_answers(recording))
    for asked, answer in notebook.stimulus(told, "no client was offered an address"):
        if asked.question.name == "Decline":
            holders = {address: who for address, who in holders.items() if address not in asked.question.addresses}
            continue
        for leased in [leased for ia in answer.ia_na for leased in ia.addresses if leased.valid]:
            holder = holders.get(leased.address, asked.question.client_duid)
            notebook.expect(holder == asked.question.client_duid,
                            f"the server gave {leased.address}, which {_identifier(holder)} holds, to "
                            f"{_identifier(asked.question.client_duid)} in {answer.name}", answer)
            if answer.name == "Reply":
                holders[leased.address] = asked.question.client_duid
    held = notebook.stimulus(holders, "no client was leased an address")
    notebook.finding = f"{len(held)} addresses, each of one client"


def _lease_answers(recording: Recording) -> Iterator[tuple[Asked, Message]]:
    """The questions about leases and their answers, in order."""
    for each in questions(recording, "lease", "decline", "exhausted", "again"):
        yield from ((each, answer) for answer in each.answers)


@healthy(test_no_address_has_two_clients)
@healthy(test_request_is_answered_with_a_reply)
@healthy(test_lifetimes_are_coherent)
def server_that_does_all_right() -> Broken:
    return Broken(EXHAUSTED, {"dhcpv6-server": EXEMPLARY})


@played(test_no_address_has_two_clients, because="in Advertise")
def server_with_one_address_for_all() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": ONE_FOR_ALL})


@check("DHCP6-03.exhausted", EXHAUSTED, role="dhcpv6-server")
def test_empty_pool_is_told(recording: Recording, notebook: Notebook) -> None:
    """When all addresses of the pool are leased, the next client is told NoAddrsAvail in its IA_NA (RFC 8415 18.3.9).

    The pool has two addresses and four clients ask, so it is empty also where a declined address is leased again.
    """
    asked = questions(recording, "lease", "exhausted")
    holders = {each.question.client_duid: leased.address for each in requests(recording) for answer in each.answers
               if each.row != "request-1" for ia in answer.ia_na for leased in ia.addresses if leased.valid}
    addresses = sorted(set(holders.values()))
    notebook.cite(*(answer for each in requests(recording) for answer in each.answers))
    notebook.stimulus(holders, "no client was leased an address")
    notebook.expect(len(addresses) <= POOL,
                    f"of a pool of {POOL} addresses the server leased {', '.join(map(str, addresses))}")
    last = notebook.stimulus([each for each in asked if each.question.name == "Solicit"][-1:],
                             "no client sent a Solicit")[0]
    offer = last.answer(notebook, "Advertise")
    notebook.expect(not offer.addresses,
                    f"the server offered the last client {', '.join(map(str, offer.addresses))}, though "
                    f"{len(holders)} clients hold the {POOL} addresses of the pool", last.frame, offer)
    told = [ia.status.name for ia in offer.ia_na if ia.status]
    empty = all(ia.status and ia.status.code == StatusCode.NO_ADDRESSES for ia in offer.ia_na) and offer.ia_na
    notebook.expect(empty,
                    f"the IA_NA of the server's Advertise has {', '.join(told) or 'no status'} and no address, not "
                    "NoAddrsAvail", last.frame, offer)
    notebook.finding = f"{len(addresses)} addresses leased, and then NoAddrsAvail"


@healthy(test_empty_pool_is_told)
def server_whose_pool_ends() -> Broken:
    return Broken(EXHAUSTED, {"dhcpv6-server": EXEMPLARY})


@played(test_empty_pool_is_told, because="of a pool of 2 addresses the server leased")
def server_without_an_end() -> Broken:
    return Broken(EXHAUSTED, {"dhcpv6-server": ENDLESS})


@played(test_empty_pool_is_told, because="offered the last client")
def server_that_shares_one_address() -> Broken:
    return Broken(EXHAUSTED, {"dhcpv6-server": ONE_FOR_ALL})


@edited(test_empty_pool_is_told, because="the IA_NA of the server's Advertise has no status and no address")
def server_that_does_not_say_why(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    last = [each for each in questions(recording, "exhausted") if each.question.name == "Solicit"][-1]
    return editing.rewritten(recording, last.answers, change)
