"""Is the lease still good here? What a DHCPv6 client asks when its link was away, and when it boots elsewhere."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from conformance.broken import clients
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.reading.leases import address_events, client_messages, first_grant, frames_from, grants, names_lease
from fixtures.recording import editing
from fixtures.recording.model import Mark, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.moved_guest import LinkBack, MovedGuest
from fixtures.stagecraft.marks import PowerOff
from fixtures.stagecraft.watching import usable
from fixtures.timers import CNF_MAX_RD, RAND
from topologies.stage import addressing as plan

#: Seconds by which the last Confirm may be late.
SLACK = 0.5


def stay(recording: Recording, notebook: Notebook) -> tuple[Mark, Mark]:
    """From when the link came back until the guest was moved."""
    back = notebook.stimulus(recording.marked(LinkBack), "the guest's link never went and came back")[0]
    return back, notebook.stimulus(recording.marked(PowerOff), "the guest was not moved")[0]


@check("DHCP6-16", MovedGuest(), role="guest", needs=("dhcpv6",))
def test_confirms_its_lease_when_the_link_returns(recording: Recording, notebook: Notebook) -> None:
    """When its link was away the client should ask with Confirm whether its addresses fit (RFC 8415 section 18.2.12).

    The Confirm goes to ff02::1:2, names the addresses and no server, and is not repeated for longer than CNF_MAX_RD.
    When nobody answers, the client should keep the lease and its addresses (section 18.2.3).
    """
    grant = first_grant(recording, notebook)
    back, moved = stay(recording, notebook)
    notebook.cite(back)
    asked = [each for each in client_messages(recording, after=back.time) if each.time < moved.time]
    confirms = [each for each in asked if each.name == "Confirm"]
    first = asked[0].name if asked else "nothing"
    notebook.recommend(first == "Confirm", f"the guest sent {first} when its link was back, not Confirm", *asked[:1])
    for message in confirms:
        names_lease(message, grant, notebook)
        notebook.expect(message.server_duid is None, "the guest's Confirm names a server", message)
        notebook.expect(message.transaction_id == confirms[0].transaction_id,
                        "the guest retransmitted the Confirm with a new transaction id", message)
    if confirms:
        notebook.in_time(confirms[-1].time - confirms[0].time, CNF_MAX_RD * (1 + RAND) + SLACK,
                         f"the guest retransmitted Confirm for longer than CNF_MAX_RD, {CNF_MAX_RD:g} s",
                         confirms[0], confirms[-1])
    gone = [each for each in address_events(recording, grant.address, back.time)
            if each.time < moved.time and each.action == "del"]
    notebook.recommend(not gone,
                       f"the guest removed {grant.address}, though nobody had said that it does not fit the link",
                       *gone[:1])
    anew = [each for each in asked if each.name == "Solicit"]
    notebook.recommend(not anew,
                       "the guest gave its lease up and sent Solicit, though nobody had answered NotOnLink", *anew[:1])
    notebook.finding = f"{len(confirms)} Confirms without an answer, and {grant.address} stayed"


@healthy(test_confirms_its_lease_when_the_link_returns)
def client_that_confirms() -> Broken:
    return Broken(MovedGuest(), {"guest": clients.CONFIRMS})


@played(test_confirms_its_lease_when_the_link_returns, because="the guest sent nothing when its link was back")
def client_that_sees_no_link() -> Broken:
    return Broken(MovedGuest(), {"guest": clients.EXEMPLARY})


@edited(test_confirms_its_lease_when_the_link_returns, because="does not name")
def client_that_names_another_address(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIAAddress].addr = "2001:db8:1::1fff"

    return editing.rewritten(recording, client_messages(recording, "Confirm"), change)


@edited(test_confirms_its_lease_when_the_link_returns, because="for longer than CNF_MAX_RD")
def client_that_never_stops_asking(recording: Recording) -> Recording:
    moved = recording.marked(PowerOff)[0]
    last = [each for each in client_messages(recording, "Confirm") if each.time < moved.time][-1]
    return editing.shifted(recording, moved.time - 0.01 - last.time, frames=last)


@edited(test_confirms_its_lease_when_the_link_returns, because="nobody had said that it does not fit")
def client_that_drops_it(recording: Recording) -> Recording:
    grant, back = grants(recording)[0], recording.marked(LinkBack)[0]
    event = address_events(recording, grant.address)[-1]
    return editing.with_event(recording, replace(event, ns=back.ns + 10**8, after_ns=back.ns + 10**8, action="del"))


def refusals(recording: Recording) -> list[Message]:
    """The Replies with NotOnLink that reached the guest."""
    return [each for each in dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Reply")
            if each.status is not None and each.status.name == "NotOnLink"]


@check("DHCP6-16", MovedGuest(), role="guest", needs=("dhcpv6", "confirm"))
def test_starts_anew_where_its_lease_does_not_fit(recording: Recording, notebook: Notebook) -> None:
    """To NotOnLink, which answers its Confirm, the client looks for a server anew (RFC 8415 section 18.2.10.3).

    From then on it does not use the old address; it gets one of the network where it is now.
    """
    old = first_grant(recording, notebook)
    reply = notebook.stimulus(refusals(recording), "no NotOnLink reached the guest")[0]
    asked = [each for each in client_messages(recording, "Confirm") if each.transaction_id == reply.transaction_id]
    notebook.stimulus(asked, "NotOnLink answered another message than a Confirm")
    notebook.expect(asked[-1].server_duid is None, "the guest's Confirm names a server", asked[-1])
    names_lease(asked[-1], old, notebook)
    later = client_messages(recording, after=reply.time)
    instead = f"; the guest sent {later[0].name}" if later else ""
    notebook.expect(later and later[0].name == "Solicit",
                    f"the guest sent no Solicit after NotOnLink{instead}", reply, *later[:1])
    still = frames_from(recording, old.address, reply.time)
    notebook.expect(not still, f"the guest went on using {old.address} after NotOnLink", reply, *still[:1])
    _has_left(recording, notebook, old.address)
    new = [each for each in grants(recording) if each.time > reply.time and each.address in plan.LAN2]
    notebook.expect(new, f"the guest got no address of {plan.LAN2}", reply)
    ready = [each for each in address_events(recording, new[0].address, new[0].time) if usable(each)]
    notebook.expect(ready, f"the guest's new address {new[0].address} never became usable", new[0].reply, *ready[:1])
    notebook.figure("new address after NotOnLink", ready[0].time - reply.time, "s")
    notebook.finding = f"{old.address} was given up for {new[0].address}"


def _has_left(recording: Recording, notebook: Notebook, address: IPv6Address) -> None:
    shots = [shot for shot in recording.shots("guest") if shot.name == "after"]
    shot = notebook.stimulus(shots, "the guest's state was not recorded in the end")[-1]
    rows = [row["local"] for row in shot.tables["address"]]
    notebook.expect(str(address) not in rows, f"the guest still has {address}, which does not fit the link", shot)


@edited(test_starts_anew_where_its_lease_does_not_fit, because="no Solicit after NotOnLink")
def client_that_stays_as_it_is(recording: Recording) -> Recording:
    """As if the server always replied Success."""
    return editing.without(recording, frames=client_messages(recording, after=refusals(recording)[0].time))


@edited(test_starts_anew_where_its_lease_does_not_fit, because="still has")
def client_that_keeps_the_old_address(recording: Recording) -> Recording:
    old = str(grants(recording)[0].address)
    shot = recording.snapshot("after", "guest")
    assert shot is not None
    row = {**shot.tables["address"][-1], "local": old}
    kept = replace(shot, tables={**shot.tables, "address": [*shot.tables["address"], row]})
    return replace(recording, snapshots=tuple(kept if each == shot else each for each in recording.snapshots))


@edited(test_starts_anew_where_its_lease_does_not_fit, because="does not name")
def client_that_asks_about_nothing(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, "Confirm"), less("DHCP6OptIA_NA"))
