"""The life of a DHCPv6 lease: it is renewed, rebound when its server is silent, and given up when it ends."""

from __future__ import annotations

from typing import Any

from conformance.broken import clients
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.leases import (
    address_events,
    client_messages,
    extending_grant,
    first_grant,
    flow,
    grants,
    names_lease,
    names_server,
    stays_assigned,
)
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.transport import echoes
from fixtures.scenarios.dhcpv6.lease_expiry import LeaseExpiry
from fixtures.scenarios.dhcpv6.lease_rebinding import LeaseRebinding
from fixtures.scenarios.dhcpv6.lease_renewal import LeaseRenewal
from fixtures.stagecraft.marks import Kill
from fixtures.timers import RAND, TICK

#: Seconds. Lifetimes count whole seconds, and kernels look for ended ones about once in a second.
COARSE = 2.0


def earliest(due: float) -> float:
    """From when on a client may act on T1 or T2, in seconds after the Reply.

    RFC 8415 section 18.2.4 forbids to be later than T1, not to be earlier. Its times are whole seconds (section 21.4),
    and clients that spread their messages do so by the protocol's own RAND (section 15).
    """
    return due - max(1.0, RAND * due) - TICK


@check("DHCP6-10", LeaseRenewal(), role="guest", needs=("dhcpv6",))
def test_renews_the_lease_at_t1(recording: Recording, notebook: Notebook) -> None:
    """At T1, and before T2, the client sends Renew (RFC 8415 section 18.2.4), and loses nothing by it.

    The Renew goes to ff02::1:2 and has the Server Identifier and the leased address. The Reply sets the lifetimes anew;
    all the while the address stays, and an open flow over it goes on.
    """
    grant = first_grant(recording, notebook)
    t1, t2 = grant.ia.t1, grant.ia.t2
    asked = client_messages(recording, after=grant.time)
    instead = f"; the guest sent {asked[0].name} after {asked[0].time - grant.time:.3f} s" if asked else ""
    renewals = [each for each in asked if each.name == "Renew"]
    over = renewals or recording.duration > grant.time + t2
    notebook.stimulus([1] if over else [], f"the play ended before T2, which is {t2} s")
    notebook.expect(renewals, f"the guest sent no Renew, although T1 is {t1} s{instead}", *asked[:1])
    renew, waited = renewals[0], renewals[0].time - grant.time
    notebook.expect(waited >= earliest(t1),
                    f"the guest sent the Renew {waited:.3f} s after the Reply, and T1 is {t1} s", renew)
    notebook.in_time(waited, t2, "the guest sent the Renew after T2", renew)
    notebook.figure("Renew after T1", waited - t1, "s")
    names_lease(renew, grant, notebook)
    names_server(renew, grant, notebook)
    renewed = extending_grant(recording, notebook, renew)
    stays_assigned(recording, grant, notebook)
    news = [each for each in address_events(recording, grant.address, renewed.time)
            if each.fields.get("valid_life_time", 0) >= renewed.leased.valid - COARSE]
    notebook.expect(news, f"the guest did not give {grant.address} the lifetimes of the Reply", *news[:1])
    notebook.in_time(news[0].after_ns / 1e9 - renewed.time, COARSE,
                     f"the guest gave {grant.address} the lifetimes of the Reply late", news[0])
    _flow_survives(recording, notebook, grant.address, renew.time, renewed.time)
    notebook.finding = f"renewed {waited - t1:+.1f} s from T1; the address and an open flow stayed"


def _flow_survives(recording: Recording, notebook: Notebook, address: Any, begin: float, end: float) -> None:
    """Every Echo Request from outside was answered, and there were some before and after."""
    packets = flow(recording, address)
    spans = any(each.time < begin for each, _ in packets) and any(each.time > end for each, _ in packets)
    notebook.stimulus(packets if spans else [], "no flow ran from before the Renew until after the Reply")
    for request, reply in packets:
        notebook.expect(reply,
                        f"the guest's flow broke: an Echo Request at {request.time:.3f} s got no answer", request)
        if reply is not None:
            notebook.cite(reply)


@played(test_renews_the_lease_at_t1, because="no Renew")
def client_that_solicits_at_t1() -> Broken:
    return Broken(LeaseRenewal(), {"guest": clients.SOLICITS_AT_T1})


@played(test_renews_the_lease_at_t1, because="was gone")
def client_that_drops_its_address_at_t1() -> Broken:
    return Broken(LeaseRenewal(), {"guest": clients.DROPS_ADDRESS_AT_T1})


@edited(test_renews_the_lease_at_t1, because="and T1 is")
def client_that_renews_too_early(recording: Recording) -> Recording:
    """At half of T1."""
    grant, renew = grants(recording)[0], client_messages(recording, "Renew")[0]
    return editing.shifted(recording, grant.time + grant.ia.t1 / 2 - renew.time, frames=renew)


@edited(test_renews_the_lease_at_t1, because="sent the Renew after T2")
def client_that_renews_too_late(recording: Recording) -> Recording:
    """A second after T2."""
    grant, renew = grants(recording)[0], client_messages(recording, "Renew")[0]
    return editing.shifted(recording, grant.time + grant.ia.t2 + 1.0 - renew.time, frames=renew)


@edited(test_renews_the_lease_at_t1, because="names the server")
def client_that_names_another_server(recording: Recording) -> Recording:
    return editing.rewritten(recording, client_messages(recording, "Renew"), _of_another_server)


@edited(test_renews_the_lease_at_t1, because="lifetimes of the Reply")
def client_that_does_not_extend(recording: Recording) -> Recording:
    """The kernel never hears of the new lifetimes."""
    grant = grants(recording)[1]
    return editing.without(recording, events=address_events(recording, grant.address, grant.time))


@edited(test_renews_the_lease_at_t1, because="flow broke")
def client_that_breaks_the_flow(recording: Recording) -> Recording:
    """It answers nothing for some seconds around the Renew."""
    renew = client_messages(recording, "Renew")[0]
    lost = [each for each in echoes(recording.at("guest", outgoing=True), reply=True)
            if abs(each.time - renew.time) < 1.5]
    return editing.without(recording, frames=lost)


def _of_another_server(packet: Any) -> None:
    packet[layer("dhcp6").DHCP6OptServerId].duid = layer("dhcp6").DUID_LL(lladdr="02:00:00:00:00:99")


@check("DHCP6-11", LeaseRebinding(), role="guest", needs=("dhcpv6", "takes-over-leases"))
def test_rebinds_when_its_server_is_silent(recording: Recording, notebook: Notebook) -> None:
    """At T2, and while the lease is valid, the client sends Rebind, for any server (RFC 8415 section 18.2.5).

    The Rebind goes to ff02::1:2, has the leased address and no Server Identifier. The Reply of another server extends
    the lease: the address stays, and the next Renew has that server's identifier.
    """
    grant = first_grant(recording, notebook)
    t2, valid = grant.ia.t2, grant.leased.valid
    died = notebook.stimulus(recording.marked(Kill), "the server was not killed")[0]
    asked = client_messages(recording, after=grant.time)
    over = recording.duration > grant.time + valid or any(each.name == "Rebind" for each in asked)
    notebook.stimulus([1] if over else [], f"the play ended before the lease, which is for {valid} s")
    notebook.expect(asked, f"the guest sent nothing after the lease, although T2 is {t2} s", died)
    rebinds = [each for each in asked if each.name == "Rebind"]
    count = len([each for each in asked if each.name == "Renew"])
    notebook.expect(rebinds, f"the guest sent no Rebind, although T2 is {t2} s; it sent {count} Renews", asked[-1])
    rebind, waited = rebinds[0], rebinds[0].time - grant.time
    notebook.expect(waited >= earliest(t2),
                    f"the guest sent the Rebind {waited:.3f} s after the Reply, and T2 is {t2} s", rebind)
    notebook.in_time(waited, valid, "the guest sent the Rebind after the valid lifetime", rebind)
    notebook.figure("Rebind after T2", waited - t2, "s")
    names_lease(rebind, grant, notebook)
    notebook.expect(rebind.server_duid is None, "the guest's Rebind names a server", rebind)
    taken = extending_grant(recording, notebook, rebind)
    another = taken.reply.server_duid != grant.reply.server_duid
    notebook.stimulus([taken] if another else [], "the server that answered the Rebind was the first one")
    stays_assigned(recording, grant, notebook)
    later = client_messages(recording, after=taken.time)
    due = later or recording.duration > taken.time + taken.ia.t2
    notebook.stimulus([1] if due else [], f"the play ended before T2 of the other server, which is {taken.ia.t2} s")
    instead = f"; the guest sent {later[0].name}" if later else ""
    notebook.expect(later and later[0].name == "Renew",
                    f"the guest did not renew with the other server{instead}", *later[:1])
    names_lease(later[0], taken, notebook)
    names_server(later[0], taken, notebook)
    notebook.finding = f"rebound {waited - t2:+.1f} s from T2; the lease went on with the other server"


@played(test_rebinds_when_its_server_is_silent, because="no Rebind")
def client_that_renews_for_ever() -> Broken:
    return Broken(LeaseRebinding(), {"guest": clients.RENEWS_FOR_EVER})


@played(test_rebinds_when_its_server_is_silent, because="Rebind names a server")
def client_that_names_its_server_in_rebind() -> Broken:
    return Broken(LeaseRebinding(), {"guest": clients.NAMES_SERVER_IN_REBIND})


@edited(test_rebinds_when_its_server_is_silent, because="and T2 is")
def client_that_rebinds_too_early(recording: Recording) -> Recording:
    """Two seconds before T2."""
    grant, rebind = grants(recording)[0], client_messages(recording, "Rebind")[0]
    return editing.shifted(recording, grant.time + grant.ia.t2 - 2.0 - rebind.time, frames=rebind)


@edited(test_rebinds_when_its_server_is_silent, because="names the server")
def client_that_returns_to_the_dead_server(recording: Recording) -> Recording:
    """The Renew after the Rebind names somebody else."""
    rebind = client_messages(recording, "Rebind")[0]
    return editing.rewritten(recording, client_messages(recording, "Renew", after=rebind.time), _of_another_server)


@edited(test_rebinds_when_its_server_is_silent, because="did not renew with the other server; the guest sent Solicit")
def client_that_takes_no_reply_of_another_server(recording: Recording) -> Recording:
    """It begins anew instead."""

    def solicit(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6_Renew].msgtype = 1

    rebind = client_messages(recording, "Rebind")[0]
    return editing.rewritten(recording, client_messages(recording, "Renew", after=rebind.time), solicit)


@check("DHCP6-12", LeaseExpiry(), role="guest", needs=("dhcpv6",))
def test_gives_up_a_lease_that_ended(recording: Recording, notebook: Notebook) -> None:
    """The address is deprecated when the preferred lifetime ends and gone when the valid one ends, give or take 2 s.

    Until then it works (RFC 4862 section 5.5.4, RFC 8415 section 18.2.10.1), afterwards nothing is sent from it, and
    the client looks for a server with Solicit (RFC 8415 section 18.2.5).
    """
    grant = first_grant(recording, notebook)
    preferred_end, end = grant.time + grant.leased.preferred, grant.time + grant.leased.valid
    notebook.stimulus(recording.marked(Kill), "the servers were not killed")
    notebook.stimulus([1] if grants(recording)[-1] == grant else [], "a server extended the lease")
    notebook.stimulus([1] if recording.duration > end else [], "the play ended before the lease did")
    events = address_events(recording, grant.address, grant.time)
    gone = [each for each in events if each.action == "del"]
    if grant.leased.preferred < grant.leased.valid:
        old = [each for each in events if "deprecated" in each.fields.get("flags", ()) and each.action == "new"]
        notebook.expect(old, f"the guest never deprecated {grant.address}", *gone[:1])
        _about(notebook, "deprecated", old[0], preferred_end)
    over = recording.duration - end
    notebook.expect(gone, f"the guest still has {grant.address} {over:.1f} s after its valid lifetime", *events[-1:])
    _about(notebook, "removed", gone[0], end)
    _used_until(recording, notebook, grant.address, end)
    solicits = client_messages(recording, "Solicit", after=end - COARSE)
    notebook.expect(solicits, f"the guest sent no Solicit in the {over:.1f} s after the lease ended", gone[0])
    notebook.cite(solicits[0])
    notebook.figure("Solicit after the lease's end", solicits[0].time - end, "s")
    notebook.finding = "deprecated and removed when the lifetimes ended, and a server looked for anew"
    if grant.leased.preferred == grant.leased.valid:
        notebook.finding = "removed when the lifetimes ended, which were equal, and a server looked for anew"


def _about(notebook: Notebook, what: str, event: Any, due: float) -> None:
    """Expect that a kernel event is not more than COARSE away from when it is due."""
    early = f"the guest {what} the address {due - event.time:.3f} s before its time"
    notebook.expect(event.time >= due - COARSE, early, event)
    notebook.in_time(event.after_ns / 1e9 - due, COARSE, f"the guest {what} the address late", event)
    notebook.figure(f"address {what} after its time", event.time - due, "s")


def _used_until(recording: Recording, notebook: Notebook, address: Any, end: float) -> None:
    """Expect that a host outside reaches the address until the lease ends, and not any more afterwards."""
    packets = flow(recording, address)
    valid = notebook.stimulus([each for each in packets if each[0].time < end - COARSE],
                              "nobody sent an Echo Request to the address")
    for request, reply in valid:
        notebook.expect(reply,
                        f"the guest did not answer an Echo Request at {request.time:.3f} s, before its lease ended",
                        request)
    last = max((reply for _, reply in packets if reply is not None), key=lambda reply: reply.time)
    notebook.in_time(last.time - end, COARSE,
                     "the guest still answered from the address after its valid lifetime", last)


@played(test_gives_up_a_lease_that_ended, because="no Solicit")
def client_that_gives_up_when_its_lease_ends() -> Broken:
    return Broken(LeaseExpiry(), {"guest": clients.GIVES_UP_AT_EXPIRY})


@edited(test_gives_up_a_lease_that_ended, because="still has")
def client_that_keeps_the_expired_address(recording: Recording) -> Recording:
    gone = [each for each in address_events(recording, grants(recording)[0].address) if each.action == "del"]
    return editing.without(recording, events=gone)


@edited(test_gives_up_a_lease_that_ended, because="removed the address late")
def client_that_removes_the_address_late(recording: Recording) -> Recording:
    gone = [each for each in address_events(recording, grants(recording)[0].address) if each.action == "del"]
    return editing.shifted(recording, COARSE + 1.0, events=gone)


@edited(test_gives_up_a_lease_that_ended, because="still answered")
def client_that_answers_from_the_expired_address(recording: Recording) -> Recording:
    """Its last answer comes three seconds later, as if more of the flow had been answered."""
    last = echoes(recording.at("guest", outgoing=True), reply=True)[-1]
    return editing.shifted(recording, COARSE + 1.5, frames=last)


@edited(test_gives_up_a_lease_that_ended, because="never deprecated")
def client_that_does_not_deprecate(recording: Recording) -> Recording:
    old = [each for each in recording.happened("guest", "address") if "deprecated" in each.fields.get("flags", ())
           and each.action == "new"]
    return editing.without(recording, events=old)


@edited(test_gives_up_a_lease_that_ended, because="before its time")
def client_that_removes_the_address_early(recording: Recording) -> Recording:
    """When the preferred lifetime ends."""
    gone = [each for each in address_events(recording, grants(recording)[0].address) if each.action == "del"]
    lease = grants(recording)[0].leased
    return editing.shifted(recording, lease.preferred - lease.valid + 1.0, events=gone)
