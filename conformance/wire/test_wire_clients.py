"""What a DHCPv6 client says, as far as the wire alone tells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import pairwise
from typing import Any

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.wire.sample import conversation
from conformance.wire.spoken import examined, flawed, from_client, heard, must, said
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import CLIENT_FQDN, SOL_MAX_RT
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.timers import RAND, SOL_TIMEOUT, TICK

#: RFC 8415 section 21.24: no server may set SOL_MAX_RT below a minute, so below that times still double.
LEAST_SOL_MAX_RT = 60.0
#: A retransmission time is at least 1.9 times the one before. Where up to two Solicits were lost to the capture, what
#: looks like one time is the sum of three, and the next is still longer than that.
GROWTH = 1.05
#: Seconds by which Elapsed Time may be off: clients read their clock late, and some count whole seconds.
ELAPSED = 1.5
#: Elapsed Time says no more than this (RFC 8415 section 21.9), in hundredths of a second.
LONGEST_ELAPSED = 0xFFFF
#: RFC 4704 section 5.
NAMING = ("SOLICIT", "REQUEST", "RENEW", "REBIND")


def well_formed(recording: Recording, notebook: Notebook, *names: str, server: bool | None, ia: bool) -> list[Message]:
    """The client's messages of these names, as RFC 8415 sections 16 and 18.2 want them.

    To all servers, with Client Identifier and Elapsed Time; with or without a Server Identifier, or either way
    (`server`); with an IA that names an address or a prefix (`ia`). Unicast is left alone: a server may allow it
    (section 18.4), and may have done so before the capture.
    """
    sent = from_client(said(recording, "guest"), *names)
    told = " or ".join(name.capitalize() for name in names)
    examined(notebook, sent, f"no {told} was seen")
    for each in sent:
        name = each.name.capitalize()
        must(notebook, not flawed(each), f"the {name} is malformed: {each.malformed}", each)
        must(notebook, each.destination == ALL_DHCP_AGENTS or not each.destination.is_multicast,
             f"the {name} goes to {each.destination}", each)
        must(notebook, each.client_duid, f"the {name} has no Client Identifier", each)
        must(notebook, each.elapsed_time is not None, f"the {name} has no Elapsed Time", each)
        if server is not None:
            has = "no" if server else "a"
            must(notebook, bool(each.server_duid) == server, f"the {name} has {has} Server Identifier", each)
        if ia:
            must(notebook, _leases(each), f"the {name} names no address and no prefix", each)
    notebook.finding = f"{len(sent)} of {told}, formed as they should be"
    return sent


def _leases(message: Message) -> list[object]:
    """The addresses and prefixes that a message names."""
    associations = (*message.ia_na, *message.ia_ta, *message.ia_pd)
    return [each for ia in associations for each in (*ia.addresses, *ia.prefixes)]


@check("DHCP6-01", role="guest", passive=True)
def test_wire_solicits(recording: Recording, notebook: Notebook) -> None:
    """A Solicit goes from a link-local address to ff02::1:2, names the client, no server, and the elapsed time.

    RFC 8415 sections 13.1, 16.2, 18.2.1. Whether one is sent on each interface is not judged.
    """
    for each in well_formed(recording, notebook, "SOLICIT", server=False, ia=False):
        must(notebook, each.destination == ALL_DHCP_AGENTS, f"the Solicit goes to {each.destination}", each)
        must(notebook, each.source.is_link_local, f"the Solicit comes from {each.source}", each)


@check("DHCP6-01", role="guest", passive=True)
def test_wire_solicits_ask_for_sol_max_rt(recording: Recording, notebook: Notebook) -> None:
    """Every Solicit has an Option Request option that asks for SOL_MAX_RT (RFC 8415 section 18.2.1, RFC 7083)."""
    sent = from_client(said(recording, "guest"), "SOLICIT")
    examined(notebook, sent, "no Solicit was seen")
    for each in sent:
        asked = ", ".join(map(str, each.option_request)) or "nothing"
        must(notebook, SOL_MAX_RT in each.option_request, f"the Solicit's ORO asks for {asked}, not for 82", each)
    notebook.finding = f"{len(sent)} Solicits ask for option 82"


@check("DHCP6-02", role="guest", passive=True)
def test_wire_solicits_back_off(recording: Recording, notebook: Notebook) -> None:
    """Retransmitted Solicits come at least a second apart, each later than the one before (RFC 8415 section 15).

    Up to a minute the times double; this is judged so that no Solicit lost to the capture makes a violation. Elapsed
    Time grows with them (section 21.9).
    """
    series: dict[tuple[int, bytes | None], list[Message]] = defaultdict(list)
    for each in from_client(said(recording, "guest"), "SOLICIT"):
        series[each.transaction_id, each.client_duid].append(each)
    again = [sent for sent in series.values() if len(sent) > 1]
    examined(notebook, [each for sent in again for each in sent], "no Solicit was seen twice")
    for sent in again:
        _backs_off(notebook, sent)
    notebook.finding = f"{sum(map(len, again))} Solicits in {len(again)} transactions back off"


def _backs_off(notebook: Notebook, sent: list[Message]) -> None:
    least = SOL_TIMEOUT * (1 - RAND) - TICK
    for one, two in pairwise(sent):
        gap = two.time - one.time
        must(notebook, gap >= least, f"two Solicits came {gap:.2f} s apart", one, two)
        elapsed = [each.elapsed_time for each in (one, two) if each.elapsed_time not in (None, LONGEST_ELAPSED)]
        if len(elapsed) == 2:
            grown = (two.elapsed_time or 0) / 100 - (one.elapsed_time or 0) / 100
            must(notebook, abs(grown - gap) <= ELAPSED,
                 f"Elapsed Time grew by {grown:.2f} s in {gap:.2f} s", one, two)
    for one, two, three in zip(sent, sent[1:], sent[2:], strict=False):
        before, gap = two.time - one.time, three.time - two.time
        if before < LEAST_SOL_MAX_RT * (1 - RAND) / 2:
            must(notebook, gap >= GROWTH * before,
                 f"a Solicit came {gap:.2f} s after the last, which had waited {before:.2f} s", one, two, three)


@check("DHCP6-04", role="guest", passive=True)
def test_wire_requests(recording: Recording, notebook: Notebook) -> None:
    """A Request names the server that it takes, and the client (RFC 8415 sections 16.4, 18.2.2)."""
    well_formed(recording, notebook, "REQUEST", server=True, ia=False)


@check("DHCP6-08", role="guest", passive=True)
def test_wire_identity_of_a_lease(recording: Recording, notebook: Notebook) -> None:
    """Who got a lease names it as the same client, in the same IA (RFC 8415 sections 11, 12, 18.2).

    A Renew, Rebind, Confirm, Release or Decline for an address whose Reply was seen has that Reply's DUID and IAID.
    """
    asked = from_client(said(recording, "guest"))
    owners: dict[IPv6Address, tuple[bytes | None, int]] = {}
    later = []
    for each in sorted([*asked, *_replies(recording, asked)], key=lambda message: message.frame.ns):
        for ia in each.ia_na:
            for leased in ia.addresses:
                if each.name == "REPLY" and leased.valid:
                    owners[leased.address] = each.client_duid, ia.iaid
                elif each.name in ("RENEW", "REBIND", "CONFIRM", "RELEASE", "DECLINE") and leased.address in owners:
                    later.append(each)
                    duid, iaid = owners[leased.address]
                    must(notebook, each.client_duid == duid, f"{leased.address} was leased to {_hex(duid)}, and the"
                         f" {each.name.capitalize()} comes from {_hex(each.client_duid)}", each)
                    must(notebook, ia.iaid == iaid, f"{leased.address} was leased to the IA {iaid:#x}, and the"
                         f" {each.name.capitalize()} names it in {ia.iaid:#x}", each)
    examined(notebook, later, "no lease was seen granted and then used by its client")
    notebook.finding = f"{len(later)} messages about a lease from the client and the IA that it was granted to"


def _replies(recording: Recording, asked: list[Message]) -> Iterator[Message]:
    """The Replies to this client's transactions."""
    mine = {(each.transaction_id, each.client_duid) for each in asked}
    for reply in dhcpv6.messages(heard(recording, "guest"), "REPLY"):
        if not reply.relays and (reply.transaction_id, reply.client_duid) in mine:
            yield reply


def _hex(duid: bytes | None) -> str:
    return duid.hex(":") if duid else "nobody"


@check("DHCP6-10", role="guest", passive=True)
def test_wire_renews(recording: Recording, notebook: Notebook) -> None:
    """A Renew names the server that granted the lease, and what was leased (RFC 8415 sections 16.6, 18.2.4).

    When it comes is not judged: the lease may have been granted before the capture.
    """
    well_formed(recording, notebook, "RENEW", server=True, ia=True)


@check("DHCP6-11", role="guest", passive=True)
def test_wire_rebinds(recording: Recording, notebook: Notebook) -> None:
    """A Rebind is for any server, so it names none, and names what was leased (RFC 8415 sections 16.7, 18.2.5)."""
    well_formed(recording, notebook, "REBIND", server=False, ia=True)


@check("DHCP6-13", role="guest", passive=True)
def test_wire_releases(recording: Recording, notebook: Notebook) -> None:
    """A Release names server and lease, and does not come from the address that it gives back (RFC 8415 18.2.7)."""
    for each in well_formed(recording, notebook, "RELEASE", server=True, ia=True):
        must(notebook, each.source not in each.addresses, f"the Release of {each.source} comes from there", each)


@check("DHCP6-14", role="guest", passive=True)
def test_wire_declines(recording: Recording, notebook: Notebook) -> None:
    """A Decline names server and address, and does not come from that address (RFC 8415 sections 16.9, 18.2.8)."""
    for each in well_formed(recording, notebook, "DECLINE", server=True, ia=True):
        must(notebook, each.source not in each.addresses, f"the Decline of {each.source} comes from there", each)


@check("DHCP6-16", role="guest", passive=True)
def test_wire_confirms(recording: Recording, notebook: Notebook) -> None:
    """A Confirm names no server, and the addresses that are to be confirmed (RFC 8415 sections 16.5, 18.2.3)."""
    well_formed(recording, notebook, "CONFIRM", server=False, ia=True)


@check("DHCP6-25", role="guest", passive=True)
def test_wire_information_requests(recording: Recording, notebook: Notebook) -> None:
    """An Information-request has no IA option, for it asks for no address (RFC 8415 sections 16.12, 18.2.6)."""
    sent = from_client(said(recording, "guest"), "INFORMATION-REQUEST")
    examined(notebook, sent, "no Information-request was seen")
    for each in sent:
        must(notebook, not flawed(each), f"the Information-request is malformed: {each.malformed}", each)
        must(notebook, not (each.ia_na or each.ia_ta or each.ia_pd), "the Information-request has an IA", each)
    notebook.finding = f"{len(sent)} Information-requests without an IA"


@check("DHCP6-28", role="guest", passive=True)
def test_wire_clients_leave_times_to_the_server(recording: Recording, notebook: Notebook) -> None:
    """T1, T2 and the lifetimes in a client's messages are 0 (RFC 8415 sections 21.4, 21.6)."""
    sent = [each for each in from_client(said(recording, "guest")) if each.ia_na]
    examined(notebook, sent, "no message with an IA_NA was seen")
    for each in sent:
        for ia in each.ia_na:
            name = each.name.capitalize()
            must(notebook, (ia.t1, ia.t2) == (0, 0), f"the {name} has T1 {ia.t1} s, T2 {ia.t2} s", each)
            for leased in ia.addresses:
                must(notebook, (leased.preferred, leased.valid) == (0, 0),
                     f"the {name} has lifetimes {leased.preferred} s and {leased.valid} s", each)
    notebook.finding = f"{len(sent)} messages leave the times to the server"


@check("DHCP6-29", role="guest", passive=True)
def test_wire_client_fqdn(recording: Recording, notebook: Notebook) -> None:
    """The Client FQDN option is in Solicit, Request, Renew and Rebind only (RFC 4704 section 5)."""
    sent = [each for each in from_client(said(recording, "guest")) if CLIENT_FQDN in each.options]
    examined(notebook, sent, "no message with a Client FQDN option was seen")
    for each in sent:
        must(notebook, each.name in NAMING, f"the {each.name.capitalize()} has a Client FQDN option", each)
    notebook.finding = f"{len(sent)} messages with a Client FQDN, all where it belongs"


@healthy(test_wire_solicits)
@healthy(test_wire_solicits_ask_for_sol_max_rt)
@healthy(test_wire_solicits_back_off)
@healthy(test_wire_requests)
@healthy(test_wire_identity_of_a_lease)
@healthy(test_wire_renews)
@healthy(test_wire_rebinds)
@healthy(test_wire_releases)
@healthy(test_wire_declines)
@healthy(test_wire_confirms)
@healthy(test_wire_information_requests)
@healthy(test_wire_clients_leave_times_to_the_server)
@healthy(test_wire_client_fqdn)
def client_of_the_sample() -> Recording:
    return conversation("guest")


def _mine(recording: Recording, *names: str) -> list[Message]:
    return from_client(said(recording, "guest"), *names)


def _set(recording: Recording, found: list[Message], kind: str, **fields: object) -> Recording:
    """These messages with other values in one of Scapy's layers."""

    def change(packet: Any) -> None:
        module = layer("inet6" if kind == "IPv6" else "dhcp6")
        for name, value in fields.items():
            setattr(packet[getattr(module, kind)], name, value)

    return editing.rewritten(recording, found, change)


@edited(test_wire_solicits, because="has a Server Identifier")
def solicits_one_server(recording: Recording) -> Recording:
    dhcp6 = layer("dhcp6")

    def add(packet: Any) -> Any:
        return packet / dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr="02:00:00:00:00:01"))

    return editing.rewritten(recording, _mine(recording, "SOLICIT"), add)


@edited(test_wire_solicits, because="comes from 2001:db8::5")
def solicits_from_a_global_address(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "SOLICIT"), "IPv6", src="2001:db8::5")


@edited(test_wire_solicits_ask_for_sol_max_rt, because="not for 82")
def asks_for_less(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "SOLICIT"), "DHCP6OptOptReq", reqopts=[23, 24])


@edited(test_wire_solicits_back_off, because="0.50 s apart")
def solicits_without_patience(recording: Recording) -> Recording:
    one, two = _mine(recording, "SOLICIT")[:2]
    return editing.shifted(recording, one.time + 0.5 - two.time, frames=two)


@edited(test_wire_solicits_back_off, because="which had waited")
def solicits_every_second(recording: Recording) -> Recording:
    first, *rest = _mine(recording, "SOLICIT")[:4]
    for number, each in enumerate(rest, 1):
        recording = editing.shifted(recording, first.time + number - each.time, frames=lambda frame, each=each: (
            frame.data == each.frame.data))  # type: ignore[misc]
    return _set(recording, _mine(recording, "SOLICIT"), "DHCP6OptElapsedTime", elapsedtime=LONGEST_ELAPSED)


@edited(test_wire_solicits_back_off, because="Elapsed Time grew by 0.00 s")
def solicits_as_if_for_the_first_time(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "SOLICIT"), "DHCP6OptElapsedTime", elapsedtime=0)


@edited(test_wire_requests, because="no Server Identifier")
def requests_of_anybody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _mine(recording, "REQUEST"), less("DHCP6OptServerId"))


@edited(test_wire_requests, because="no Client Identifier")
def requests_as_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _mine(recording, "REQUEST"), less("DHCP6OptClientId"))


@edited(test_wire_identity_of_a_lease, because="comes from 00:03")
def renews_as_somebody_else(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return _set(recording, _mine(recording, "RENEW"), "DHCP6OptClientId", duid=duid)


@edited(test_wire_identity_of_a_lease, because="names it in 0x9")
def renews_for_another_association(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "RENEW"), "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_renews, because="no Server Identifier")
def renews_with_anybody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _mine(recording, "RENEW"), less("DHCP6OptServerId"))


@edited(test_wire_rebinds, because="has a Server Identifier")
def rebinds_with_its_server(recording: Recording) -> Recording:
    dhcp6 = layer("dhcp6")

    def add(packet: Any) -> Any:
        return packet / dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr="02:00:00:00:00:01"))

    return editing.rewritten(recording, _mine(recording, "REBIND"), add)


@edited(test_wire_rebinds, because="names no address")
def rebinds_nothing(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "REBIND"), "DHCP6OptIA_NA", ianaopts=[])


@edited(test_wire_releases, because="comes from there")
def releases_from_what_it_releases(recording: Recording) -> Recording:
    release = _mine(recording, "RELEASE")
    return _set(recording, release, "IPv6", src=str(release[0].addresses[0]))


@edited(test_wire_declines, because="no Server Identifier")
def declines_to_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, _mine(recording, "DECLINE"), less("DHCP6OptServerId"))


@edited(test_wire_confirms, because="goes to ff05::1:3")
def confirms_elsewhere(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "CONFIRM"), "IPv6", dst="ff05::1:3")


@edited(test_wire_information_requests, because="has an IA")
def informs_itself_with_an_association(recording: Recording) -> Recording:

    def add(packet: Any) -> Any:
        return packet / layer("dhcp6").DHCP6OptIA_NA(iaid=1)

    return editing.rewritten(recording, _mine(recording, "INFORMATION-REQUEST"), add)


@edited(test_wire_clients_leave_times_to_the_server, because="T1 3600 s")
def wishes_for_times(recording: Recording) -> Recording:
    return _set(recording, _mine(recording, "SOLICIT"), "DHCP6OptIA_NA", T1=3600, T2=5400)


@edited(test_wire_client_fqdn, because="the Release has a Client FQDN")
def releases_by_name(recording: Recording) -> Recording:

    def add(packet: Any) -> Any:
        return packet / layer("dhcp6").DHCP6OptClientFQDN(fqdn="guest.example.com")

    return editing.rewritten(recording, _mine(recording, "RELEASE"), add)
