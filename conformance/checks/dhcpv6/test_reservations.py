"""Addresses that the orchestrator reserved: who gets them, who does not, and what is left of them without a client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.lease_guests import DISKLESS
from conformance.broken.servers import FORGETFUL, GENEROUS
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.boots import Life, lives
from conformance.reading.receivable import server_answers
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording, Snapshot
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.reserved_guests import STRANGER, ReservedGuests
from fixtures.stagecraft.marks import PowerOff
from fixtures.stagecraft.watching import address_ready
from topologies.stage import addressing as plan

RESERVED = ReservedGuests()


def reservations(recording: Recording) -> dict[str, tuple[IPv6Address, bytes | None]]:
    """By guest: the reserved address, and the DUID for which it is, where it is not for the MAC address."""
    return {one["name"]: (IPv6Address(one["address"]), _octets(one["duid"]))
            for one in recording.play.situation["reservations"]}


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text.replace(":", ""))


def questions(recording: Recording, life: Life) -> list[Message]:
    """What the client asked for an address in one life. A Confirm asks for none."""
    return dhcpv6.messages(life.frames(recording, outgoing=True), "Solicit", "Request", "Renew", "Rebind")


def answers(recording: Recording, life: Life) -> list[Message]:
    """Advertise and Reply messages that reached the guest in one life, and that it need not discard."""
    return server_answers(life.frames(recording, outgoing=False), "Advertise", "Reply")


@check("DHCP6-07", RESERVED, role="dhcpv6-server", needs=("dhcpv6", "duid-ll", "mac-reservations"))
def test_reserved_address_and_no_other(recording: Recording, notebook: Notebook) -> None:
    """Whenever a guest asks, the server gives it the address that is reserved for its DUID or MAC, and no other.

    A guest that is not known gets none, since the server has no pool (CloudStack and Calico, IPv6 support).
    """
    for guest, (address, duid) in reservations(recording).items():
        for life in notebook.stimulus(lives(recording, guest), f"{guest} was never started"):
            asked = questions(recording, life)
            if asked and duid is not None:
                notebook.stimulus([each for each in asked if each.client_duid == duid],
                                  f"{guest} asks with another DUID than the reserved one")
            given_exactly(recording, notebook, life, asked, address)
    asked = [each for life in lives(recording, STRANGER) for each in questions(recording, life)]
    refused = [each for life in lives(recording, STRANGER) for each in answers(recording, life)]
    notebook.cite(*notebook.stimulus(asked, f"{STRANGER}, for which no address is reserved, did not ask"))
    for answer in refused:
        notebook.expect(not answer.addresses,
                        f"the server offered {STRANGER}, for which no address is reserved, {_list(answer)}", answer)
    notebook.finding = f"each of {len(reservations(recording))} guests got its own; the unknown one " + (
        "was refused" if refused else "was not answered")


def given_exactly(recording: Recording, notebook: Notebook, life: Life, asked: list[Message],
                  address: IPv6Address) -> None:
    """In one life a guest that asked got its address, and nothing else."""
    told = answers(recording, life)
    for answer in told:
        notebook.expect(set(answer.addresses) <= {address},
                        f"the server gave {life.node} {_list(answer)} instead of the reserved {address}", answer)
    got = [answer for answer in told if answer.name == "Reply" and address in answer.addresses]
    if asked:
        notebook.expect(got,
                        f"after the {life} the server did not give {life.node}, which asked, the reserved {address}",
                        *asked[:1])
        notebook.cite(*asked, *got)


def _list(answer: Message) -> str:
    return ", ".join(map(str, answer.addresses))


@played(test_reserved_address_and_no_other, because="instead of the reserved")
def server_that_forgot_the_reservations() -> Broken:
    """Everybody gets an address from a pool."""
    return Broken(RESERVED, {"router": FORGETFUL, "dhcpv6-server": FORGETFUL})


@played(test_reserved_address_and_no_other, because="for which no address is reserved, 2001:")
def server_with_a_pool_for_strangers() -> Broken:
    """Reservations are honoured, and the rest gets addresses all the same."""
    return Broken(RESERVED, {"router": GENEROUS, "dhcpv6-server": GENEROUS})


@edited(test_reserved_address_and_no_other, because="instead of the reserved")
def another_address_after_the_reboot(recording: Recording) -> Recording:
    """The last Reply that a guest gets gives it somebody else's address."""

    def swap(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIAAddress].addr = str(plan.LAN_RESERVED[0])

    last = [answer for answer in dhcpv6.messages(recording.at("guest2", outgoing=False), "Reply") if answer.addresses]
    return editing.rewritten(recording, last[-1:], swap)


def stops(recording: Recording) -> Iterator[tuple[str, Life, Snapshot, Life]]:
    """Each stop and start of a reserved guest: its life before, its kernel without the client, its life after."""
    for guest in reservations(recording):
        alive = lives(recording, guest)
        for off in recording.marked(PowerOff):
            before = [life for life in alive if life.begin.ns < off.ns]
            after = [life for life in alive if life.begin.ns > off.ns]
            shots = [shot for shot in recording.shots(guest) if shot.ns > off.ns]
            if off.what.node == guest and before and after and shots:
                yield guest, before[-1], shots[0], after[0]


def in_use(recording: Recording, life: Life) -> list[KernelEvent]:
    """Of each address of the LAN that the guest's kernel had in use in one life, since when.

    A client that was restarted may keep what it had. An event may be told of a little late.
    """
    ready = address_ready(life.node, within=plan.LAN)
    off = [mark.ns for mark in recording.marked(PowerOff) if mark.what.node == life.node]
    booted = max((ns for ns in off if ns < life.begin.ns), default=0)
    kept: dict[str, KernelEvent] = {}
    found = []
    for event in recording.kernel(life.node):
        if event.ns <= booted or event.after_ns >= life.until_ns:
            continue
        if (event.kind, event.action) == ("address", "del"):
            kept.pop(event.fields["local"], None)
        elif ready(event) and event.ns > life.begin.ns:
            found.append(event)
        elif ready(event):
            kept[event.fields["local"]] = event
    return [*kept.values(), *found]


@check("DHCP6-37", RESERVED, role="guest", needs=("dhcpv6", "duid-ll", "mac-reservations"))
def test_same_address_after_stop_and_start(recording: Recording, notebook: Notebook) -> None:
    """After stop and start a guest has no DHCPv6 address until its client runs; then it has the reserved one again.

    It solicits DAD for it, with its disk kept or empty (CloudStack, IPv6 support, "Guest VM Configuration").
    """
    for guest, before, idle, after in notebook.stimulus(stops(recording), "no guest was stopped and started"):
        reserved, _ = reservations(recording)[guest]
        heard = [ra for ra in ndp.router_advertisements(recording.at(guest, outgoing=False))
                 if before.until_ns <= ra.frame.ns < idle.ns and ra.managed]
        notebook.cite(notebook.stimulus(heard, f"{guest} heard no RA with M=1 while its client did not run")[0])
        early = [row["local"] for row in idle.tables["address"] if row["family"] == "inet6"
                 and IPv6Address(row["local"]) in plan.LAN]
        notebook.expect(not early, f"{guest} has {', '.join(early)} although its DHCPv6 client does not run", idle)
        last, again = in_use(recording, before), in_use(recording, after)
        notebook.stimulus(last, f"{guest} had no address before it was stopped")
        notebook.expect(again, f"{guest} has no DHCPv6 address after the {after}", after.begin)
        addresses = [{IPv6Address(event.fields["local"]) for event in events} for events in (last, again)]
        notebook.expect(addresses[0] == addresses[1],
                        f"{guest} has {_addresses(addresses[1])} after the {after}; it had "
                        f"{_addresses(addresses[0])}", last[-1], again[0])
        notebook.expect(addresses[1] == {reserved}, f"{guest} has {_addresses(addresses[1])}, not the reserved "
                        f"{reserved}", again[0])
        probes = [each for each in ndp.neighbor_solicitations(after.frames(recording, outgoing=True))
                  if each.dad and each.target == reserved]
        notebook.expect(probes, f"{guest} does not probe for {reserved} after the {after}", again[0])
        notebook.cite(*probes)
    notebook.finding = "none without the client, and the reserved one with it, after each start"


def _addresses(several: set[IPv6Address]) -> str:
    return ", ".join(map(str, sorted(several)))


@played(test_same_address_after_stop_and_start, because="it had")
def client_with_a_changing_identity() -> Broken:
    """A new DUID-LLT at each start, and a pool: the guest is somebody else each time."""
    return Broken(ReservedGuests(pool=True), {"guest": DISKLESS})


@edited(test_same_address_after_stop_and_start, because="not the reserved")
def address_that_the_orchestrator_does_not_know(recording: Recording) -> Recording:
    """The guest has the same address each time, and it is none that was reserved for it."""
    situation = recording.play.situation
    moved = [{**one, "address": str(plan.LAN_ABSENT)} for one in situation["reservations"]]
    return replace(recording, play=replace(recording.play, situation={**situation, "reservations": moved}))


@edited(test_same_address_after_stop_and_start, because="although its DHCPv6 client does not run")
def address_that_outlives_the_client(recording: Recording) -> Recording:
    """The image has the address of its last life in its configuration."""
    guest, _, idle, _ = next(stops(recording))
    row = {"family": "inet6", "ifname": "eth0", "local": str(reservations(recording)[guest][0]), "flags": []}
    stale = replace(idle, tables={**idle.tables, "address": [*idle.tables["address"], row]})
    return replace(recording, snapshots=tuple(stale if shot is idle else shot for shot in recording.snapshots))
