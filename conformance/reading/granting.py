"""What checks about getting a DHCPv6 lease share: who was told to ask, what was granted, and one way to spoil it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from conformance.judging.verdict import Notebook
from conformance.reading.receivable import believable, server_answers
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import LeasedAddress
from fixtures.recording.views.dissection import layer


def invitations(recording: Recording, notebook: Notebook, interface: str) -> list[ndp.RouterAdvertisement]:
    """The RAs with M=1 that reached an interface of the guest, and at least one of them.

    One to `::`, which is how passt answers a solicitation from there, reaches nobody (RFC 4291 section 2.5.2).
    """
    seen = ndp.router_advertisements(recording.at("guest", interface, outgoing=False))
    told = [ra for ra in seen if ra.managed and not ra.destination.is_unspecified]
    return believable(told, notebook, f"no RA with M=1 reached {interface}")


def grants_of(recording: Recording) -> Iterator[tuple[Message, Message, LeasedAddress]]:
    """Each Request, or Solicit with Rapid Commit, and the Reply that grants it an address.

    The guest need not discard it; client, transaction and IAID are the same, and to a Solicit only a Reply with Rapid
    Commit is an answer.
    """
    requests = dhcpv6.messages(recording.at("guest", "eth0", outgoing=True), "Request", "Solicit")
    for reply in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply"):
        for request in requests:
            if (reply.transaction_id, reply.client_duid) != (request.transaction_id, request.client_duid):
                continue
            if request.name == "Solicit" and not (request.rapid_commit and reply.rapid_commit):
                continue
            asked = {ia.iaid for ia in request.ia_na}
            yield from ((request, reply, leased) for ia in reply.ia_na if ia.iaid in asked
                        for leased in ia.addresses if leased.valid)
            break


def last_exchange(recording: Recording, before: float) -> list[Message]:
    """The guest's last message before a moment, in seconds of the play, and what answered it until then."""
    seen = [each for each in dhcpv6.messages(recording.at("guest", "eth0")) if each.time < before]
    asked = [each for each in seen if each.frame.outgoing][-1:]
    return [*asked, *(each for each in seen if not each.frame.outgoing and asked
                      and each.transaction_id == asked[0].transaction_id)]


def less(name: str) -> Callable[[Any], None]:
    """An edit of a packet that takes the first option of that Scapy class out of a DHCPv6 message."""

    def drop(packet: Any) -> None:
        part = packet
        while part.payload.name != getattr(layer("dhcp6"), name)().name:
            part = part.payload
        rest = part.payload.payload
        part.remove_payload()
        part.add_payload(rest)

    return drop


def formed_addresses(recording: Recording, addresses: Iterable[IPv6Address]) -> set[IPv6Address]:
    """Those that are not leased, but of a prefix of which a router invites to form addresses, too (RFC 4862)."""
    networks, leased = inviting(recording), {lease.address for _, _, lease in grants_of(recording)}
    return {address for address in addresses if address not in leased and any(address in each for each in networks)}


def inviting(recording: Recording) -> list[IPv6Network]:
    """The prefixes of which the guest is invited to form addresses."""
    return [prefix.network for ra in ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
            for prefix in ra.prefixes if prefix.autonomous]
