"""The end of a DHCPv6 lease by the client's own word: released, or declined since somebody else has the address."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken import clients
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.leases import (
    Grant,
    address_events,
    client_messages,
    first_grant,
    frames_from,
    grants,
    names_lease,
    names_server,
)
from conformance.reading.receivable import server_answers
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.lease_decline import ANOTHER, Contested, LeaseDecline
from fixtures.scenarios.dhcpv6.lease_release import AnotherAsks, Asked, LeaseRelease, ToldToRelease
from fixtures.stagecraft.watching import usable


def releases_of_lease(recording: Recording, notebook: Notebook) -> tuple[Grant, list[Message]]:
    """The lease that the client was told to release, and its Releases; a violation where it sent none."""
    grant = first_grant(recording, notebook)
    told = notebook.stimulus(recording.marked(ToldToRelease), "the guest's client was not made to release its lease")[0]
    releases = client_messages(recording, "Release", after=told.time)
    notebook.expect(releases, "the guest sent no Release", told)
    notebook.cite(*releases)
    return grant, releases


@check("DHCP6-13.sent", LeaseRelease(), role="guest", needs=("dhcpv6", "release"))
def test_releases_the_lease_when_told_to(recording: Recording, notebook: Notebook) -> None:
    """A client that is told to give its lease back sends a Release (RFC 9915 section 18.2.7, as RFC 8415)."""
    _, releases = releases_of_lease(recording, notebook)
    told = recording.marked(ToldToRelease)[0]
    notebook.figure("Release after the order", releases[0].time - told.time, "s")


@check("DHCP6-13.source", LeaseRelease(), role="guest", needs=("dhcpv6", "release"))
def test_releases_from_another_address(recording: Recording, notebook: Notebook) -> None:
    """The Release does not come from the released address (RFC 9915 section 18.2.7, as RFC 8415)."""
    grant, releases = releases_of_lease(recording, notebook)
    for release in releases:
        notebook.expect(release.source != grant.address,
                        "the guest sent the Release from the released address", release)


@check("DHCP6-13.form", LeaseRelease(), role="guest", needs=("dhcpv6", "release"))
def test_releases_to_its_server_what_it_has(recording: Recording, notebook: Notebook) -> None:
    """The Release goes to ff02::1:2, with the Server Identifier, and the address in its IA (RFC 9915 18.2.7)."""
    grant, releases = releases_of_lease(recording, notebook)
    for release in releases:
        names_lease(release, grant, notebook)
        names_server(release, grant, notebook)


@check("DHCP6-13.not-used", LeaseRelease(), role="guest", needs=("dhcpv6", "release"))
def test_uses_no_released_address(recording: Recording, notebook: Notebook) -> None:
    """From the Release on nothing is sent from the address, and it is removed (RFC 9915 section 18.2.7)."""
    grant, releases = releases_of_lease(recording, notebook)
    notebook.cite(notebook.stimulus(recording.marked(Asked), "no node solicited the address afterwards")[0])
    uses = _claims(recording, grant.address, releases[0].time)
    later = f"{uses[0].time - releases[0].time:.3f} s after the Release" if uses else ""
    notebook.expect(not uses, f"the guest used {grant.address} {later}, which it had released", *uses[:1])
    told = recording.marked(ToldToRelease)[0]
    gone = [each for each in address_events(recording, grant.address, told.time) if each.action == "del"]
    notebook.expect(gone, f"the guest still has {grant.address}, which it had released", *gone[:1])


@check("DHCP6-13.freed", LeaseRelease(), role="guest", needs=("dhcpv6", "release"))
def test_another_client_has_what_was_released(recording: Recording, notebook: Notebook) -> None:
    """Another client gets the lease at once (RFC 9915 section 18.3.7, as RFC 8415)."""
    grant, _ = releases_of_lease(recording, notebook)
    _another_has_it(recording, notebook, grant)


def _claims(recording: Recording, address: IPv6Address, after: float) -> list[Frame]:
    """The frames after a moment in which the guest sends from an address or says that it has it."""
    said = [each.frame for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
            if each.target == address and each.time > after]
    return sorted({*frames_from(recording, address, after), *said}, key=lambda frame: frame.ns)


def _another_has_it(recording: Recording, notebook: Notebook, grant: Grant) -> None:
    """Expect that the client at the peer, who asked last, got the released address."""
    begin = notebook.stimulus(recording.marked(AnotherAsks), "no other client asked for a lease")[0]
    told = [each for each in server_answers(recording.at("peer", outgoing=False), "Advertise", "Reply")
            if each.time > begin.time]
    notebook.stimulus(told, "the server sent the other client nothing")
    leased = [each for each in told if each.name == "Reply" and grant.address in each.addresses]
    notebook.expect(leased,
                    f"the server did not give {grant.address} to another client that asked after the Release",
                    told[-1], *leased[:1])


@played(test_releases_from_another_address, because="from the released address")
def client_that_releases_from_the_address() -> Broken:
    return Broken(LeaseRelease(), {"guest": clients.RELEASES_FROM_ADDRESS})


@played(test_uses_no_released_address, because="the guest used")
def client_that_keeps_what_it_released() -> Broken:
    return Broken(LeaseRelease(), {"guest": clients.KEEPS_RELEASED})


@edited(test_releases_the_lease_when_told_to, because="no Release")
def client_that_forgets_its_lease(recording: Recording) -> Recording:
    return editing.without(recording, frames=client_messages(recording, "Release"))


@edited(test_releases_to_its_server_what_it_has, because="names the server")
def client_that_releases_to_another_server(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptServerId].duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")

    return editing.rewritten(recording, client_messages(recording, "Release"), change)


@edited(test_another_client_has_what_was_released, because="did not give")
def lease_that_stays_taken(recording: Recording) -> Recording:
    """What the server would do with a Release that it cannot use."""
    replies = dhcpv6.messages(recording.at("peer", outgoing=False), "Reply")
    return editing.without(recording, frames=replies)


@edited(test_uses_no_released_address, because="still has")
def client_that_leaves_the_address_behind(recording: Recording) -> Recording:
    gone = list(recording.happened("guest", "address", "del"))
    return editing.without(recording, events=gone)


@check("DHCP6-14", LeaseDecline(), role="guest", needs=("dhcpv6",))
def test_declines_a_lease_that_somebody_else_has(recording: Recording, notebook: Notebook) -> None:
    """The client probes for its leased address; when somebody has it, it declines the lease and never uses the address.

    The Decline (RFC 8415 section 18.2.8) goes to ff02::1:2, with the Server Identifier and the address in its IA;
    15 s after the neighbor's NA it is overdue. That another address comes of it is a recommendation.
    """
    mine = notebook.stimulus(recording.marked(Contested), "the guest neither probed for nor used a leased address")[0]
    address = IPv6Address(mine.what.target)
    leases = [each for each in grants(recording) if each.address == address]
    grant = notebook.stimulus(leases, f"{address}, which the neighbor has, was not leased to the guest")[0]
    notebook.cite(grant.reply)
    probes = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
              if each.dad and each.target == address]
    uses = _claims(recording, address, 0.0)
    notebook.expect(probes, f"the guest used {address} without a DAD probe for it", *uses[:1])
    defence = [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
               if each.target == address and each.time > probes[0].time]
    contest = notebook.stimulus(defence, "no NA of the neighbor reached the guest")[0]
    notebook.cite(probes[0], contest)
    notebook.expect(not uses, f"the guest used {address}, which its neighbor has", *uses[:1])
    declines = client_messages(recording, "Decline", after=contest.time)
    patience = recording.duration - contest.time
    notebook.stimulus([1] if declines or patience > ANOTHER else [], "the play ended before the Decline was due")
    notebook.expect(declines, f"the guest sent no Decline in the {patience:.0f} s after the neighbor's NA", contest)
    waited = declines[0].time - contest.time
    notebook.in_time(waited, ANOTHER, "the guest sent the Decline late", contest, declines[0])
    notebook.figure("Decline after the NA", waited, "s")
    names_lease(declines[0], grant, notebook)
    names_server(declines[0], grant, notebook)
    _has_another(recording, notebook, address, contest.time)
    notebook.finding = f"declined {waited:.1f} s after the NA, never used, and replaced by another address"


def _has_another(recording: Recording, notebook: Notebook, address: IPv6Address, since: float) -> None:
    """Recommend that the client asks again and gets an address that it can use."""
    others = [each for each in grants(recording) if each.time > since and each.address != address]
    notebook.recommend(others, "the guest got no other lease afterwards", *[each.reply for each in others[:1]])
    if others:
        ready = [each for each in address_events(recording, others[0].address, others[0].time) if usable(each)]
        notebook.recommend(ready, f"the guest never used {others[0].address}, its next lease", *ready[:1])
        notebook.figure("another lease after the NA", others[0].time - since, "s")


@healthy(test_declines_a_lease_that_somebody_else_has)
def client_that_declines() -> Broken:
    """No installed client sends Decline: the kernel removes a duplicate with a lifetime, and they do not ask why."""
    return Broken(LeaseDecline(), {"guest": clients.EXEMPLARY})


@played(test_declines_a_lease_that_somebody_else_has, because="without a DAD probe")
def client_that_keeps_a_duplicate() -> Broken:
    return Broken(LeaseDecline(), {"guest": clients.KEEPS_DUPLICATE})


@played(test_declines_a_lease_that_somebody_else_has, because="no Decline")
def client_that_abandons_a_duplicate() -> Broken:
    return Broken(LeaseDecline(), {"guest": clients.ABANDONS_DUPLICATE})


@edited(test_declines_a_lease_that_somebody_else_has, because="which its neighbor has")
def client_that_declines_and_uses(recording: Recording) -> Recording:
    """After its Decline it answers for the address."""
    inet6, ether, decline = layer("inet6"), layer("l2").Ether, client_messages(recording, "Decline")[0]
    address = str(decline.addresses[0])
    claim = ether(src=decline.mac_source) / inet6.IPv6(src=address, dst="ff02::1", hlim=255)
    claim /= inet6.ICMPv6ND_NA(tgt=address, R=0, S=0, O=1)
    return editing.with_frame(recording, claim, time=decline.time + 0.5, node="guest", interface="eth0", outgoing=True)


@edited(test_declines_a_lease_that_somebody_else_has, because="does not name")
def client_that_declines_another_address(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIAAddress].addr = "2001:db8:1::1fff"

    return editing.rewritten(recording, client_messages(recording, "Decline"), change)


@edited(test_declines_a_lease_that_somebody_else_has, because="sent the Decline late")
def client_that_declines_late(recording: Recording) -> Recording:
    return editing.shifted(recording, ANOTHER + 1.0, frames=client_messages(recording, "Decline"))


@edited(test_declines_a_lease_that_somebody_else_has, because="no other lease")
def client_that_is_content_without(recording: Recording) -> Recording:
    """It declines, and asks for nothing more."""
    declined = client_messages(recording, "Decline")[0].time
    later = [each for each in dhcpv6.messages(recording.at("guest")) if each.time > declined]
    return editing.without(recording, frames=later)
