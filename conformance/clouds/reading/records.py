"""What a platform lists, what the guest has and what the wire shows: three witnesses that have to agree (MGMT-11)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network

from conformance.judging.verdict import Notebook
from fixtures.protocols.ip import IPV6_FRAME
from fixtures.recording.model import Frame, Mark, Recording, Snapshot

#: Where the source of an IPv6 packet stands in an Ethernet frame (RFC 2464 section 3, RFC 8200 section 3).
_SOURCE = slice(22, 38)


def expect_agreement(
    recording: Recording, notebook: Notebook, record: Mark, guest: Snapshot, owner: str, within: IPv6Network
) -> None:
    """Expect that the record of an owner's addresses in that prefix is what its node has, and what it speaks from."""
    listed = {address for address in _recorded_addresses(record, owner) if address in within}
    held = {address for address in _addresses_of(guest) if address in within}
    notebook.expect(
        listed == held, f"the platform lists {_listing(listed)} for {owner}, which has {_listing(held)}", record, guest
    )
    for address in sorted(listed):
        spoken = [frame for frame in recording.at(guest.node, outgoing=True) if _source(frame) == address]
        notebook.expect(spoken, f"{owner} never sent from {address}, which the platform lists", *spoken[:1])


def _recorded_addresses(record: Mark, owner: str) -> Iterable[IPv6Address]:
    return (IPv6Address(address) for address, who in record.what.addresses.items() if who == owner)


def _addresses_of(guest: Snapshot) -> Iterable[IPv6Address]:
    rows = [row for row in guest.tables["address"] if row["family"] == "inet6"]
    return (IPv6Address(row["local"]) for row in rows if not {"tentative", "dadfailed"} & set(row["flags"]))


def _source(frame: Frame) -> IPv6Address | None:
    if frame.data[12:14] != IPV6_FRAME or len(frame.data) < 54:
        return None
    return IPv6Address(frame.data[_SOURCE])


def _listing(addresses: set[IPv6Address]) -> str:
    return ", ".join(map(str, sorted(addresses))) or "nothing"
