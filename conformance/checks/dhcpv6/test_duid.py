"""Who a DHCPv6 client says it is: its DUID and the IAIDs of its interfaces."""

from __future__ import annotations

from typing import Any

from conformance.broken.lease_guests import CLONED, DISKLESS, LINK_LAYER_TIME
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.boots import Life, lives
from fixtures.protocols.ports import DHCPV6_SERVER_PORT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.many_nics import ManyNics
from fixtures.scenarios.common.networks import Mode
from fixtures.scenarios.dhcpv6.reserved_guests import KNOWN, STRANGER, ReservedGuests

STATEFUL = GuestBoot(mode=Mode.STATEFUL)


def messages_in(recording: Recording, life: Life, interface: str | None = None) -> list[Message]:
    """What the client said in one life; the servers' port tells it from what they say."""
    return [message for message in dhcpv6.messages(life.frames(recording, interface, outgoing=True))
            if message.destination_port == DHCPV6_SERVER_PORT]


def guests(recording: Recording) -> list[str]:
    """The guests of a play, by the names of their nodes."""
    return list(dict.fromkeys(end.node for end in recording.interfaces if end.node.startswith("guest")))


@check("DHCP6-06", STATEFUL, ReservedGuests(), role="guest", needs=("dhcpv6", "duid-ll"))
def test_link_layer_duid(recording: Recording, notebook: Notebook) -> None:
    """Told to use a DUID-LL, the client says 00:03:00:01 and its MAC address in every message (RFC 8415 section 11.4).

    So it does after a restart, and after a reboot with its disk kept or empty.
    """
    number = 0
    for guest in guests(recording):
        expected = bytes.fromhex("00030001" + recording.mac(guest, "eth0").replace(":", ""))
        for life in notebook.stimulus(lives(recording, guest), f"the client of {guest} was never started"):
            for message in notebook.stimulus(messages_in(recording, life), f"no DHCPv6 message after the {life}"):
                duid = message.client_duid or b""
                notebook.expect(duid == expected,
                                f"{guest} identifies itself by {duid.hex(':') or 'no DUID'}, not by the DUID-LL "
                                f"{expected.hex(':')}", message)
                number += 1
    notebook.finding = f"the DUID-LL of the NIC in all of {number} messages"


@played(test_link_layer_duid, because="identifies itself by 00:01:")
def client_with_its_own_default() -> Broken:
    """A DUID-LLT, ISC's default."""
    return Broken(STATEFUL, {"guest": LINK_LAYER_TIME})


@edited(test_link_layer_duid, because="identifies itself by")
def another_identity_at_the_end(recording: Recording) -> Recording:
    """The last message of the play names another client."""
    last = dhcpv6.messages(recording.at("guest", outgoing=True))[-1:]
    return editing.rewritten(recording, last, _other_link_layer_address)


def _other_link_layer_address(packet: Any) -> None:
    packet[layer("dhcp6").DUID_LL].lladdr = "02:00:00:00:00:99"


@check("DHCP6-08", ManyNics(), role="guest", needs=("dhcpv6",))
def test_identity_lasts(recording: Recording, notebook: Notebook) -> None:
    """The guest's DUID is one for all its interfaces, and stays the same (RFC 8415 sections 4.2 and 11).

    Each interface has an IAID of its own, which stays the same too (section 12). The client is restarted, and the guest
    rebooted with its disk.
    """
    known: dict[str, int] = {}
    duid: bytes | None = None
    alive = lives(recording)
    notebook.stimulus(alive[2:], "the client was not restarted and the guest not rebooted")
    for life in alive:
        for interface in sorted(end.name for end in recording.interfaces if end.node == "guest"):
            for message in notebook.stimulus(messages_in(recording, life, interface),
                                             f"no DHCPv6 message on {interface} after the {life}"):
                mine = message.client_duid or b""
                duid = mine if duid is None else duid
                notebook.expect(mine == duid,
                                f"after the {life} the guest's DUID is {mine.hex(':')}; it was {duid.hex(':')}",
                                message)
                for ia in message.ia_na:
                    was = known.setdefault(interface, ia.iaid)
                    notebook.expect(ia.iaid == was,
                                    f"after the {life} the guest's IAID of {interface} is {ia.iaid:08x}; it was "
                                    f"{was:08x}", message)
    notebook.expect(len(set(known.values())) == len(known), f"the guest's interfaces share an IAID: {known}")
    notebook.finding = f"one DUID, and {len(known)} IAIDs, over {len(alive)} lives of the client"


@played(test_identity_lasts, because="DUID is")
def client_without_a_disk() -> Broken:
    """It makes a new DUID-LLT at each start."""
    return Broken(ManyNics(), {"guest": DISKLESS})


@edited(test_identity_lasts, because="it was")
def another_association_after_the_reboot(recording: Recording) -> Recording:
    """The IAIDs of its last life are others."""

    def other(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].iaid ^= 1

    life = lives(recording)[-1]
    return editing.rewritten(recording, [message for message in messages_in(recording, life) if message.ia_na], other)


@edited(test_identity_lasts, because="interfaces share an IAID")
def one_association_for_all(recording: Recording) -> Recording:
    """Every interface has the same IAID."""

    def same(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].iaid = 1

    mine = [message for life in lives(recording) for message in messages_in(recording, life) if message.ia_na]
    return editing.rewritten(recording, mine, same)


@check("DHCP6-08", ReservedGuests(), role="guest", needs=("dhcpv6",))
def test_no_two_guests_share_a_duid(recording: Recording, notebook: Notebook) -> None:
    """A DUID names one client among all of the network (RFC 8415 section 11)."""
    owners: dict[bytes, str] = {}
    for guest in (*KNOWN, STRANGER):
        for life in lives(recording, guest):
            for message in notebook.stimulus(messages_in(recording, life), f"no DHCPv6 message after the {life}"):
                duid = message.client_duid or b""
                owner = owners.setdefault(duid, guest)
                notebook.expect(owner == guest, f"{guest} and {owner} have the same DUID, {duid.hex(':')}", message)
    notebook.stimulus(owners, "no guest sent a DHCPv6 message")
    notebook.finding = f"{len(owners)} guests, {len(owners)} DUIDs"


@played(test_no_two_guests_share_a_duid, because="have the same DUID")
def images_cloned_with_their_identity() -> Broken:
    """All guests start from an image whose client had run before."""
    return Broken(ReservedGuests(pool=True), {"guest": CLONED})
