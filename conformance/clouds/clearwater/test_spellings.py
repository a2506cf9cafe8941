"""Clearwater: which texts local_config takes for addresses, and how the node writes them."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from conformance.clouds.clearwater.sip import SipMessage, messages
from conformance.clouds.reading.spellings import canonical, meaning
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.clouds.asking import CloudAccepted, CloudAsked, CloudRefused
from fixtures.clouds.clearwater.control import Habits
from fixtures.recording.editing import with_bytes, without
from fixtures.recording.model import Mark, Recording
from fixtures.scenarios.clouds.clearwater.spellings import ClearwaterSpellings
from topologies.clearwater import BONO

#: A host in a URI, or in a Via.
_HOST = re.compile(r"(?:@|UDP )(\[[^]]*\]|[^:;>]*)")


def as_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address of either family that a text means, None where it means none: inet_pton(3)."""
    if ":" in text:
        return meaning(text)
    try:
        return IPv4Address(socket.inet_pton(socket.AF_INET, text))
    except (OSError, ValueError):
        return None


def node_answers(recording: Recording, notebook: Notebook) -> list[tuple[str, Mark]]:
    """Each local_ip that was configured, with what the node said to it."""
    found, asked = [], ""
    for mark in recording.marks:
        if mark.fields.get("what") != "local_config":
            continue
        if mark.is_a(CloudAsked):
            asked = mark.what.given["local_ip"]
        elif mark.is_a(CloudRefused, CloudAccepted):
            found.append((asked, mark))
    return notebook.stimulus(found, "no local_config was tried")


def announcements(recording: Recording) -> dict[IPv4Address | IPv6Address, SipMessage]:
    """By the address that it came from, what the node told its peer."""
    return {each.packet.source: each for each in messages(recording.at(BONO, outgoing=True), "OPTIONS")}


@check("LL-06", ClearwaterSpellings(), role="management", cloud="clearwater")
def test_clearwater_local_config_knows_an_address(recording: Recording, notebook: Notebook) -> None:
    """local_ip takes every legal text of an IPv6 or IPv4 address and no other, as inet_pton(3) does.

    RFC 4291 section 2.2: eight groups of hexadecimal digits, leading zeros allowed; RFC 1123 section 2.1: four decimal
    numbers. What was taken is what was meant: the node speaks from just this address.
    """
    told, meant = announcements(recording), set()
    texts = node_answers(recording, notebook)
    for text, mark in texts:
        address = as_address(text)
        refused = mark.is_a(CloudRefused)
        reason = mark.what.reason if refused else ""
        if address is None:
            notebook.expect(reason, f"the node accepted {text!r}, which is no address",
                            *[mark] * refused)
            continue
        meant.add(address)
        notebook.expect(not refused, f"the node refused the address {text!r}: {reason}")
        seen = [told[address].packet] if address in told else []
        notebook.expect(seen, f"the node accepted {text!r}, but never sent from {address}", *seen)
    for address, message in told.items():
        notebook.expect(address in meant, f"the node sent from {address}, which nothing configured", message.packet)
    notebook.finding = f"{len(meant)} legal texts taken, {len(texts) - len(meant)} illegal ones refused"


@played(test_clearwater_local_config_knows_an_address, because="1 ', which is no address")
def local_config_trims_blanks() -> Broken:
    return Broken(ClearwaterSpellings(habits=Habits(trims_blanks=True)))


@played(test_clearwater_local_config_knows_an_address, because="refused the address '2001:DB8:51:A::2'")
def local_config_in_lower_case() -> Broken:
    return Broken(ClearwaterSpellings(habits=Habits(lower_case_only=True)))


@edited(test_clearwater_local_config_knows_an_address, because="accepted '192.0.2.109', but never sent from")
def ipv4_is_lost(recording: Recording) -> Recording:
    return without(recording, frames=[announcements(recording)[IPv4Address("192.0.2.109")].packet])


@check("LL-05", ClearwaterSpellings(), role="management", cloud="clearwater")
def test_clearwater_writes_canonical_addresses(recording: Recording, notebook: Notebook) -> None:
    """In the URIs that a node tells its peers, addresses stand as RFC 5952 sections 4 and 5 want them written.

    However they were typed; compared byte by byte with this suite's own writing of the address that the packet came
    from. In URIs they stand in brackets (RFC 5952 section 6, RFC 3986 section 3.2.2).
    """
    found = [(address, each) for address, each in announcements(recording).items() if isinstance(address, IPv6Address)]
    for address, each in notebook.stimulus(found, "the node told its peer no IPv6 address"):
        wanted = f"[{canonical(address)}]"
        hosts = [host for name in ("via", "from", "contact") for host in _HOST.findall(each.fields.get(name, ""))]
        notebook.expect(len(hosts) == 3, f"{len(hosts)} of three URIs name a host", each.packet)
        for host in hosts:
            notebook.expect(host == wanted, f"{address} is written {host}, not {wanted}", each.packet)
    notebook.finding = f"{len(found)} addresses in Via, From and Contact, all canonical"


@played(test_clearwater_writes_canonical_addresses, because="is written [2001:0db8:0051:000a:0000:0000:0000:0001]")
def writes_addresses_in_full() -> Broken:
    return Broken(ClearwaterSpellings(habits=Habits(writes_in_full=True)))


@played(test_clearwater_writes_canonical_addresses, because="is written 2001, not [2001:db8:51:a::1]")
def writes_no_brackets() -> Broken:
    return Broken(ClearwaterSpellings(habits=Habits(bare_urls=True)))


@edited(test_clearwater_writes_canonical_addresses, because="is written [2001:DB8")
def writes_upper_case(recording: Recording) -> Recording:
    def shout(data: bytes) -> Any:
        return data.replace(b"[2001:db8", b"[2001:DB8")

    return with_bytes(recording, [each.packet for each in announcements(recording).values()], shout)
