"""What a DHCPv6 server answers to relays."""

from __future__ import annotations

from typing import Any

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.questions import Asked, table, wrappers
from fixtures.protocols.ports import DHCPV6_CLIENT_PORT, DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.scenarios.dhcpv6.questions import POOLS, RELAYED, Dhcpv6Questions

ASKED = Dhcpv6Questions()


@check("DHCP6-34", ASKED, role="dhcpv6-server", needs=("relayed-links",))
def test_relayed_client_gets_an_address_of_its_link(recording: Recording, notebook: Notebook) -> None:
    """A relayed client is offered an address of the link that the innermost relay with a link-address names.

    The answer goes back the same way: a Relay-reply for each Relay-forward, with its hop count, addresses and
    Interface-ID, to the relay's port 547 (RFC 8415 sections 13.1, 18.3.10, 19.3).
    """
    for row, each in table(recording, notebook, "relayed").items():
        question, offer = each.question, each.answer(notebook, "Advertise")
        to = f"{offer.destination} port {offer.destination_port}"
        home = (offer.destination, offer.destination_port) == (question.source, DHCPV6_SERVER_PORT)
        notebook.expect(home,
                        f"the server sent the answer to `{row}` to {to}, not to {question.source} port "
                        f"{DHCPV6_SERVER_PORT}", offer)
        sent, back = wrappers(question), wrappers(offer)
        notebook.expect(sent == back,
                        f"the server sent back through {back} what came through {sent} (`{row}`)", each.frame, offer)
        named = next(link for link, _ in reversed(RELAYED[row]) if link is not None)
        first, last = next(pool for link, pool in POOLS.items() if named in link)
        notebook.expect(offer.addresses and all(first <= one <= last for one in offer.addresses),
                        f"the server offered {_offered_text(offer)} to `{row}`, which names the link of {named}",
                        each.frame, offer)
    notebook.finding = f"{len(RELAYED)} ways through relays, each with an address of the right link"


def _offered_text(offer: Message) -> str:
    return ", ".join(map(str, offer.addresses)) or "nothing"


@healthy(test_relayed_client_gets_an_address_of_its_link)
def kea_that_knows_relays() -> Broken:
    """dnsmasq does not know relays that name no link."""
    return Broken(ASKED, {"dhcpv6-server": "kea"})


def offer(recording: Recording, row: str) -> Asked:
    """The question of that row."""
    return next(each for each in _questions(recording) if each.row == row)


def _questions(recording: Recording) -> list[Asked]:
    return list(table(recording, Notebook(recording), "relayed").values())


@edited(test_relayed_client_gets_an_address_of_its_link, because="offered 2001:db8:2::")
def server_that_looks_at_the_interface(recording: Recording) -> Recording:
    """All links get addresses of the same pool."""
    other = offer(recording, "second-link").answers[0].addresses[0].packed
    mine = offer(recording, "third-link").answers[0]

    def change(data: bytes) -> bytes:
        return with_checksum(data.replace(mine.addresses[0].packed, other))

    return editing.with_bytes(recording, [mine], change)


@edited(test_relayed_client_gets_an_address_of_its_link, because="sent back through")
def server_that_forgets_the_interface(recording: Recording) -> Recording:
    """The relay's Interface-ID comes back changed."""

    def change(data: bytes) -> bytes:
        return with_checksum(data.replace(b"eth7/3", b"eth7/4"))

    return editing.with_bytes(recording, [offer(recording, "second-link").answers[0]], change)


@edited(test_relayed_client_gets_an_address_of_its_link, because="port 546, not to")
def server_that_answers_relays_as_clients(recording: Recording) -> Recording:
    """It answers at the client's port."""

    def change(packet: Any) -> None:
        packet["UDP"].dport = DHCPV6_CLIENT_PORT

    return editing.rewritten(recording, [offer(recording, "second-link").answers[0]], change)


@check("DHCP6-35", ASKED, role="dhcpv6-server")
def test_all_servers_address_is_heard(recording: Recording, notebook: Notebook) -> None:
    """What a relay sends to All_DHCP_Servers (ff05::1:3) is answered (RFC 8415 section 7.1)."""
    asked = table(recording, notebook, "relayed-to-all-servers")["second-link"]
    asked.answer(notebook, "Advertise")
    notebook.finding = "answered"


@edited(test_all_servers_address_is_heard, because="did not answer the question")
def server_that_did_not_join(recording: Recording) -> Recording:
    """It listens to the clients' group only."""
    asked = table(recording, Notebook(recording), "relayed-to-all-servers")["second-link"]
    return editing.without(recording, frames=asked.answers)
