"""A delegation from its first Advertise to its end: what a router does when it is refused, renumbered, left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.broken.dhcpv6_edits import of_kind
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.delegations import (
    answers,
    at,
    delegation,
    first,
    losses,
    messages_of,
    names,
    uses,
)
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.prefix_delegation.delegation_lives import (
    FIRST,
    SECOND,
    T1,
    T2,
    VALID,
    DelegationEnds,
    DelegationRenewed,
    LinkBack,
)

RENEWED, ENDS = DelegationRenewed(), DelegationEnds()
#: Seconds that a client may be early or late: its timers count whole seconds, and it is a process among others.
SLACK, LATE = 1.1, 3.0


@check("PD-04.leaves-times-to-the-server", RENEWED, ENDS, role="requesting-router")
def test_leaves_times_of_prefixes_to_the_server(recording: Recording, notebook: Notebook) -> None:
    """T1, T2 and the lifetimes in its IA_PDs are 0 (RFC 9915 sections 21.21, 21.22, as RFC 8415)."""
    messages = [each for each in messages_of(recording) if each.ia_pd]
    for each in notebook.stimulus(messages, "the router sent no IA_PD"):
        for ia in each.ia_pd:
            told = [(ia.t1, ia.t2), *((one.preferred, one.valid) for one in ia.prefixes)]
            notebook.expect(not any(any(pair) for pair in told), f"its {each.name} has the times {told}", each)


@edited(test_leaves_times_of_prefixes_to_the_server, because="its Request has the times")
def wishes_for_times(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_PD].T1 = 3600

    return editing.rewritten(recording, messages_of(recording, "Request")[-1:], change)


@check("PD-04.renew", ENDS, role="requesting-router")
def test_renews_its_prefix_at_t1(recording: Recording, notebook: Notebook) -> None:
    """At T1 it sends a Renew with the prefix and the Server Identifier (RFC 9915 section 18.2.4, as RFC 8415)."""
    reply = delegation(recording, notebook)
    found = messages_of(recording, "Renew", after=reply.time)
    notebook.expect(found, "the router sent no Renew", reply)
    wait = found[0].time - reply.time
    notebook.not_before(wait, T1 - SLACK, f"its Renew came after {wait:.1f} s, and T1 is {T1} s", reply, found[0])
    notebook.in_time(wait, T2, "its Renew came after T2", reply, found[0])
    notebook.expect(names(found[0], FIRST), f"its Renew does not name {FIRST}", found[0])
    right = found[0].server_duid == reply.server_duid
    notebook.expect(right, "its Renew does not name the server that delegated", reply, found[0])


@edited(test_renews_its_prefix_at_t1, because="sent no Renew")
def renews_nothing(recording: Recording) -> Recording:
    return editing.without(recording, frames=messages_of(recording, "Renew"))


@edited(test_renews_its_prefix_at_t1, because="does not name 2001:db8:d000")
def renews_another(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_PD].iapdopt = []

    return editing.rewritten(recording, messages_of(recording, "Renew"), change)


@check("PD-04.rebind", ENDS, role="requesting-router")
def test_rebinds_its_prefix_at_t2(recording: Recording, notebook: Notebook) -> None:
    """At T2 it sends a Rebind with the prefix to all servers, and names none (RFC 9915 section 18.2.5)."""
    reply = delegation(recording, notebook)
    found = messages_of(recording, "Rebind", after=reply.time)
    notebook.expect(found, "the router sent no Rebind", reply)
    wait = found[0].time - reply.time
    notebook.not_before(wait, T2 - SLACK, f"its Rebind came after {wait:.1f} s, and T2 is {T2} s", reply, found[0])
    notebook.in_time(wait, VALID, "its Rebind came after the valid lifetime", reply, found[0])
    notebook.expect(names(found[0], FIRST), f"its Rebind does not name {FIRST}", found[0])
    notebook.expect(found[0].server_duid is None, "its Rebind names a server", found[0])
    notebook.expect(found[0].destination == ALL_DHCP_AGENTS, f"its Rebind goes to {found[0].destination}", found[0])


@edited(test_rebinds_its_prefix_at_t2, because="sent no Rebind")
def rebinds_nothing(recording: Recording) -> Recording:
    return editing.rewritten(recording, messages_of(recording, "Rebind"), of_kind("Renew"))


@check("PD-04.whole-lifetime", ENDS, role="requesting-router")
def test_keeps_its_prefix_to_the_end(recording: Recording, notebook: Notebook) -> None:
    """It uses the prefix until the valid lifetime has ended, though no server answers (RFC 9915 section 18.2.5)."""
    reply = delegation(recording, notebook)
    notebook.cite(first(notebook, uses(recording, FIRST), "the router never used its prefix"))
    notebook.stimulus([1] if recording.duration > reply.time + VALID - SLACK else [],
                      "the play ended before the valid lifetime")
    for event in losses(recording, FIRST):
        left = reply.time + VALID - event.time
        notebook.not_before(event.time - reply.time, VALID - SLACK,
                            f"the router gave {FIRST} up {left:.1f} s before its valid lifetime ended", reply, event)


@edited(test_keeps_its_prefix_to_the_end, because="before its valid lifetime ended")
def gives_up_at_t2(recording: Recording) -> Recording:
    reply = answers(recording, "Reply", refused=False)[0]
    event = uses(recording, FIRST)[0]
    return editing.with_event(recording, replace(at(event, reply.time + T2), action="del"))


@check("PD-04.not-longer", ENDS, role="requesting-router")
def test_uses_no_prefix_that_ended(recording: Recording, notebook: Notebook) -> None:
    """When the valid lifetime has ended the prefix is gone from its link, and it solicits (RFC 9915 18.2.5)."""
    reply = delegation(recording, notebook)
    notebook.cite(first(notebook, uses(recording, FIRST), "the router never used its prefix"))
    end = reply.time + VALID
    lost = losses(recording, FIRST)
    enough = lost or recording.duration > end + LATE
    notebook.stimulus([1] if enough else [], "the play ended with the valid lifetime")
    notebook.expect(lost, f"lan0 still has an address of {FIRST}, whose valid lifetime has ended", reply)
    notebook.in_time(lost[-1].time - end, LATE, "the address went late", reply, lost[-1])
    asked = messages_of(recording, "Solicit", after=end - SLACK)
    notebook.expect(asked, "the router solicited no other prefix", reply)
    notebook.cite(asked[0])


@edited(test_uses_no_prefix_that_ended, because="whose valid lifetime has ended")
def keeps_it_for_ever(recording: Recording) -> Recording:
    return editing.without(recording, events=losses(recording, FIRST))


@check("PD-04.rebinds-when-the-link-returns", RENEWED, role="requesting-router")
def test_rebinds_when_the_link_returns(recording: Recording, notebook: Notebook) -> None:
    """When its link was away it sends a Rebind with its prefix (RFC 9915 section 18.2.12, as RFC 8415)."""
    back = first(notebook, recording.marked(LinkBack), "its link was not cut")
    later = messages_of(recording, "Solicit", "Request", "Confirm", "Renew", "Rebind", after=back.time)
    notebook.expect(later, "the router said nothing of its prefix when its link returned", back)
    right = later[0].name == "Rebind" and names(later[0], SECOND)
    notebook.expect(right, f"when its link returned the router sent a {later[0].name}, not a Rebind with {SECOND}",
                    back, later[0])


@edited(test_rebinds_when_the_link_returns, because="the router sent a Renew")
def renews_when_the_link_returns(recording: Recording) -> Recording:
    back = recording.marked(LinkBack)[0]
    return editing.rewritten(recording, messages_of(recording, "Rebind", after=back.time), of_kind("Renew"))


@check("PD-04.no-confirm", RENEWED, ENDS, role="requesting-router")
def test_confirms_no_prefix(recording: Recording, notebook: Notebook) -> None:
    """No Confirm and no Decline has a prefix (RFC 9915 sections 18.2.3 and 18.2.8, as RFC 8415)."""
    messages = messages_of(recording)
    notebook.cite(notebook.stimulus([each for each in messages if each.ia_pd], "the router sent no IA_PD")[0])
    for each in messages:
        wrong = each.name in ("Confirm", "Decline") and each.ia_pd
        notebook.expect(not wrong, f"its {each.name} has an IA_PD", each)


@edited(test_confirms_no_prefix, because="its Confirm has an IA_PD")
def confirms_it(recording: Recording) -> Recording:
    return editing.rewritten(recording, messages_of(recording, "Renew", "Rebind"), of_kind("Confirm"))
