"""What a DHCPv6 client says, as far as the wire alone tells."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address

from conformance.judging.check import check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.wire.clients import hexadecimal, mine, well_formed
from conformance.wire.dates import rule
from conformance.wire.edits import as_play, server_identifier, with_fields, with_option
from conformance.wire.sample import conversation
from conformance.wire.spoken import examine, hearing, is_capture, is_malformed, must, require_clock
from fixtures.protocols.dhcpv6 import CLIENT_FQDN
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer

#: RFC 4704 section 5.
NAMING = ("Solicit", "Request", "Renew", "Rebind")


@check("DHCP6-04", role="guest", passive=True)
def test_wire_requests(recording: Recording, notebook: Notebook) -> None:
    """A Request names the server that it takes, and the client (RFC 8415 sections 16.4, 18.2.2).

    It is for IAs that the client has solicited, where the Solicit was seen (section 12: an IAID stays that of its IA).
    """
    sent = well_formed(recording, notebook, "Request", server=True, ia=False)
    solicited = {ia.iaid for each in mine(recording, "Solicit") for ia in (*each.ia_na, *each.ia_pd)}
    for each in sent if solicited and not is_capture(recording) else []:
        for ia in (*each.ia_na, *each.ia_pd):
            must(notebook, ia.iaid in solicited, f"the Request is for the IA {ia.iaid:#x}, which was not solicited",
                 each)


@check("DHCP6-08", role="guest", passive=True)
def test_wire_identity_of_a_lease(recording: Recording, notebook: Notebook) -> None:
    """Who got a lease names it as the same client, in the same IA (RFC 8415 sections 11, 12, 18.2).

    A Renew, Rebind, Confirm, Release or Decline for an address whose Reply was seen has that Reply's DUID and IAID.
    """
    require_clock(recording)
    asked = mine(recording)
    owners: dict[IPv6Address, tuple[bytes | None, int]] = {}
    later = []
    for each in sorted([*asked, *_replies(recording, asked)], key=lambda message: message.frame.ns):
        for ia in each.ia_na:
            for leased in ia.addresses:
                if each.name == "Reply" and leased.valid:
                    owners[leased.address] = each.client_duid, ia.iaid
                elif each.name in ("Renew", "Rebind", "Confirm", "Release", "Decline") and leased.address in owners:
                    later.append(each)
                    duid, iaid = owners[leased.address]
                    must(notebook, each.client_duid == duid, f"{leased.address} was leased to {hexadecimal(duid)}, and"
                         f" the {each.name} comes from {hexadecimal(each.client_duid)}", each)
                    must(notebook, ia.iaid == iaid, f"{leased.address} was leased to the IA {iaid:#x}, and the"
                         f" {each.name} names it in {ia.iaid:#x}", each)
    examine(notebook, later, "no lease was seen granted and then used by its client")
    notebook.finding = f"{len(later)} messages about a lease from the client and the IA that it was granted to"


def _replies(recording: Recording, asked: list[Message]) -> Iterator[Message]:
    """The Replies to this client's transactions that it may heed (RFC 8415 section 16.10)."""
    mine = {(each.transaction_id, each.client_duid) for each in asked}
    for reply in hearing(recording, "guest", dhcpv6.messages, "Reply"):
        if not reply.relays and (reply.transaction_id, reply.client_duid) in mine:
            if reply.server_duid and not reply.malformed and reply.summed:
                yield reply


@check("DHCP6-10", role="guest", passive=True)
def test_wire_renews(recording: Recording, notebook: Notebook) -> None:
    """A Renew names the server that granted the lease, and what was leased (RFC 8415 sections 16.6, 18.2.4).

    When it comes is not judged: the lease may have been granted before the capture.
    """
    well_formed(recording, notebook, "Renew", server=True, ia=True)


@check("DHCP6-11", role="guest", passive=True)
def test_wire_rebinds(recording: Recording, notebook: Notebook) -> None:
    """A Rebind is for any server, so it names none, and names what was leased (RFC 8415 sections 16.7, 18.2.5)."""
    well_formed(recording, notebook, "Rebind", server=False, ia=True)


@check("DHCP6-13.form", role="guest", passive=True)
def test_wire_releases(recording: Recording, notebook: Notebook) -> None:
    """A Release names server and lease (RFC 8415 sections 16.9, 18.2.7)."""
    well_formed(recording, notebook, "Release", server=True, ia=True)


@check("DHCP6-13.source", role="guest", passive=True)
def test_wire_releases_from_elsewhere(recording: Recording, notebook: Notebook) -> None:
    """A Release does not come from the address that it gives back (RFC 8415 section 18.2.7)."""
    sent = [each for each in mine(recording, "Release") if not is_malformed(each)]
    examine(notebook, sent, "no Release was seen")
    for each in sent:
        must(notebook, each.source not in each.addresses, f"the Release of {each.source} comes from there", each)
    notebook.finding = f"{len(sent)} of Release, from another address"


@check("DHCP6-14", role="guest", passive=True)
def test_wire_declines(recording: Recording, notebook: Notebook) -> None:
    """A Decline names server and address, and does not come from that address (RFC 8415 sections 16.9, 18.2.8)."""
    for each in well_formed(recording, notebook, "Decline", server=True, ia=True):
        must(notebook, each.source not in each.addresses, f"the Decline of {each.source} comes from there", each)


@check("DHCP6-16", role="guest", passive=True)
def test_wire_confirms(recording: Recording, notebook: Notebook) -> None:
    """A Confirm names no server, and the addresses that are to be confirmed (RFC 8415 sections 16.5, 18.2.3)."""
    well_formed(recording, notebook, "Confirm", server=False, ia=True)


@check("DHCP6-25", role="guest", passive=True)
def test_wire_information_requests(recording: Recording, notebook: Notebook) -> None:
    """An Information-request has no IA option, for it asks for no address (RFC 8415 sections 16.12, 18.2.6)."""
    sent = mine(recording, "Information-request")
    examine(notebook, sent, "no Information-request was seen")
    for each in sent:
        must(notebook, not is_malformed(each), f"the Information-request is malformed: {each.malformed}", each)
        must(notebook, not (each.ia_na or each.ia_ta or each.ia_pd), "the Information-request has an IA", each)
    notebook.finding = f"{len(sent)} Information-requests without an IA"


@check("DHCP6-28", role="guest", passive=True)
def test_wire_clients_leave_times_to_the_server(recording: Recording, notebook: Notebook) -> None:
    """T1, T2 and the lifetimes in a client's messages are 0 (RFC 8415 sections 21.4, 21.6; not yet in RFC 3315)."""
    sent = [each for each in mine(recording) if each.ia_na and not is_malformed(each)]
    examine(notebook, sent, "no message with an IA_NA was seen")
    with rule(notebook, "RFC 8415"):
        for each in sent:
            _without_times(notebook, each)
    notebook.finding = f"{len(sent)} messages leave the times to the server"


def _without_times(notebook: Notebook, message: Message) -> None:
    name = message.name
    for ia in message.ia_na:
        must(notebook, (ia.t1, ia.t2) == (0, 0), f"the {name} has T1 {ia.t1} s, T2 {ia.t2} s", message)
        for leased in ia.addresses:
            must(notebook, (leased.preferred, leased.valid) == (0, 0),
                 f"the {name} has lifetimes {leased.preferred} s and {leased.valid} s", message)


@check("DHCP6-29", role="guest", passive=True)
def test_wire_client_fqdn(recording: Recording, notebook: Notebook) -> None:
    """The Client FQDN option is in Solicit, Request, Renew and Rebind only (RFC 4704 section 5)."""
    sent = [each for each in mine(recording) if CLIENT_FQDN in each.options]
    examine(notebook, sent, "no message with a Client FQDN option was seen")
    for each in sent:
        must(notebook, each.name in NAMING, f"the {each.name} has a Client FQDN option", each)
    notebook.finding = f"{len(sent)} messages with a Client FQDN, all where it belongs"


@healthy(test_wire_requests)
@healthy(test_wire_identity_of_a_lease)
@healthy(test_wire_renews)
@healthy(test_wire_rebinds)
@healthy(test_wire_releases)
@healthy(test_wire_releases_from_elsewhere)
@healthy(test_wire_declines)
@healthy(test_wire_confirms)
@healthy(test_wire_information_requests)
@healthy(test_wire_clients_leave_times_to_the_server)
@healthy(test_wire_client_fqdn)
def client_of_the_sample() -> Recording:
    return conversation("guest")


@edited(test_wire_requests, because="no Server Identifier")
def requests_of_anybody(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Request"), less("DHCP6OptServerId"))


@edited(test_wire_requests, because="no Client Identifier")
def requests_as_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Request"), less("DHCP6OptClientId"))


@edited(test_wire_requests, because="names the server 00:03:00:01:02:00:00:00:00:77, which never answered")
def requests_of_a_stranger(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:77")
    return with_fields(as_play(recording), mine(recording, "Request"), "DHCP6OptServerId", duid=duid)


@edited(test_wire_requests, because="for the IA 0x9, which was not solicited")
def requests_for_another_association(recording: Recording) -> Recording:
    return with_fields(as_play(recording), mine(recording, "Request"), "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_identity_of_a_lease, because="comes from 00:03")
def renews_as_somebody_else(recording: Recording) -> Recording:
    duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")
    return with_fields(recording, mine(recording, "Renew"), "DHCP6OptClientId", duid=duid)


@edited(test_wire_identity_of_a_lease, because="names it in 0x9")
def renews_for_another_association(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Renew"), "DHCP6OptIA_NA", iaid=9)


@edited(test_wire_renews, because="no Server Identifier")
def renews_with_anybody(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Renew"), less("DHCP6OptServerId"))


@edited(test_wire_renews, because="the Renew asks for no option")
def renews_without_a_wish(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Renew"), less("DHCP6OptOptReq"))


@edited(test_wire_renews, because="the first Renew of its exchange says that 3.00 s have elapsed")
def renews_as_if_again(recording: Recording) -> Recording:
    return with_fields(as_play(recording), mine(recording, "Renew"), "DHCP6OptElapsedTime", elapsedtime=300)


@edited(test_wire_rebinds, because="has a Server Identifier")
def rebinds_with_its_server(recording: Recording) -> Recording:
    return with_option(recording, mine(recording, "Rebind"), server_identifier())


@edited(test_wire_rebinds, because="names no address")
def rebinds_nothing(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Rebind"), "DHCP6OptIA_NA", ianaopts=[])


@edited(test_wire_releases, because="no Server Identifier")
def releases_to_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Release"), less("DHCP6OptServerId"))


@edited(test_wire_releases_from_elsewhere, because="comes from there")
def releases_from_what_it_releases(recording: Recording) -> Recording:
    release = mine(recording, "Release")
    return with_fields(recording, release, "IPv6", src=str(release[0].addresses[0]))


@edited(test_wire_declines, because="no Server Identifier")
def declines_to_nobody(recording: Recording) -> Recording:
    return editing.rewritten(recording, mine(recording, "Decline"), less("DHCP6OptServerId"))


@edited(test_wire_confirms, because="goes to ff05::1:3")
def confirms_elsewhere(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Confirm"), "IPv6", dst="ff05::1:3")


@edited(test_wire_information_requests, because="has an IA")
def informs_itself_with_an_association(recording: Recording) -> Recording:
    return with_option(recording, mine(recording, "Information-request"), layer("dhcp6").DHCP6OptIA_NA(iaid=1))


@edited(test_wire_clients_leave_times_to_the_server, because="T1 3600 s")
def wishes_for_times(recording: Recording) -> Recording:
    return with_fields(recording, mine(recording, "Solicit"), "DHCP6OptIA_NA", T1=3600, T2=5400)


@edited(test_wire_client_fqdn, because="the Release has a Client FQDN")
def releases_by_name(recording: Recording) -> Recording:
    named = layer("dhcp6").DHCP6OptClientFQDN(fqdn="guest.example.com")
    return with_option(recording, mine(recording, "Release"), named)
