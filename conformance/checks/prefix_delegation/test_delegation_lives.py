"""A delegation from its first Advertise to its end: what a router does when it is refused, renumbered, left alone."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from conformance.broken.dhcpv6_edits import of_kind, with_message
from conformance.checks.prefix_delegation.test_requesting_router import addresses, advertised
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.protocols.addresses import ALL_DHCP_AGENTS
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.prefix_delegation.delegation_lives import (
    FIRST,
    SECOND,
    T1,
    T2,
    UPSIDE_DOWN,
    USES,
    VALID,
    DelegationEnds,
    DelegationRenewed,
    LinkBack,
)
from fixtures.timers import SOL_TIMEOUT

RENEWED, ENDS = DelegationRenewed(), DelegationEnds()
#: Seconds that a client may be early or late: its timers count whole seconds, and it is a process among others.
SLACK, LATE = 1.1, 3.0


def sent(recording: Recording, *names: str, after: float = 0.0) -> list[Message]:
    """The router's messages of these names after a moment."""
    found = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=True), *names)
    return [each for each in found if each.time > after]


def heard(recording: Recording, name: str, *, refused: bool) -> list[Message]:
    """The Advertises or Replies with an IA_PD that reached the router, those that refuse it or those that do not."""
    found = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=False), name)
    return [each for each in found if each.ia_pd and refused == any(
        ia.status is not None and ia.status.code == StatusCode.NO_PREFIXES for ia in each.ia_pd)]


def first(notebook: Notebook, found: list[Any], otherwise: str) -> Any:
    """The first of them, cited; unjudgeable without any."""
    notebook.cite(notebook.stimulus(found, otherwise)[0])
    return found[0]


def granted(recording: Recording, notebook: Notebook) -> Message:
    """The Reply that delegates the first prefix."""
    found = [each for each in heard(recording, "Reply", refused=False)
             if any(one.network == FIRST and one.valid for ia in each.ia_pd for one in ia.prefixes)]
    return first(notebook, found, "no Reply delegated a prefix to the router")  # type: ignore[no-any-return]


def uses(recording: Recording, prefix: IPv6Network, after: float = 0.0) -> list[KernelEvent]:
    """The events by which the router's other link got an address of a prefix."""
    return [each for each in addresses(recording, "lan0", [prefix]) if each.time > after]


def gone(recording: Recording, prefix: IPv6Network) -> list[KernelEvent]:
    """The events by which its other link lost an address of a prefix."""
    return [each for each in recording.events
            if (each.node, each.kind, each.action) == ("cpe", "address", "del") and each.fields["ifname"] == "lan0"
            and ":" in each.fields["local"] and IPv6Address(each.fields["local"]) in prefix]


def names(message: Message, prefix: IPv6Network) -> bool:
    """Whether an IA_PD of a message has the prefix."""
    return any(one.network == prefix for ia in message.ia_pd for one in ia.prefixes)


@check("PD-04.leaves-times-to-the-server", RENEWED, ENDS, role="requesting-router")
def test_leaves_times_of_prefixes_to_the_server(recording: Recording, notebook: Notebook) -> None:
    """T1, T2 and the lifetimes in its IA_PDs are 0 (RFC 9915 sections 21.21, 21.22, as RFC 8415)."""
    messages = [each for each in sent(recording) if each.ia_pd]
    for each in notebook.stimulus(messages, "the router sent no IA_PD"):
        for ia in each.ia_pd:
            told = [(ia.t1, ia.t2), *((one.preferred, one.valid) for one in ia.prefixes)]
            notebook.expect(not any(any(pair) for pair in told), f"its {each.name} has the times {told}", each)


@edited(test_leaves_times_of_prefixes_to_the_server, because="its Request has the times")
def wishes_for_times(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_PD].T1 = 3600

    return editing.rewritten(recording, sent(recording, "Request")[-1:], change)


@check("PD-04.no-request-of-nothing", RENEWED, role="requesting-router")
def test_takes_no_empty_offer(recording: Recording, notebook: Notebook) -> None:
    """An Advertise that has no prefix and no address is not taken; it solicits on (RFC 9915 section 18.2.9)."""
    refusal = first(notebook, heard(recording, "Advertise", refused=True), "no Advertise refused the router a prefix")
    later = sent(recording, "Solicit", "Request", after=refusal.time)
    notebook.expect(later, "the router sent nothing more after an Advertise without a prefix", refusal)
    notebook.expect(later[0].name == "Solicit", "the router requested what an Advertise without a prefix offered",
                    refusal, later[0])


@edited(test_takes_no_empty_offer, because="requested what an Advertise without a prefix offered")
def requests_nothing(recording: Recording) -> Recording:
    refusal = heard(recording, "Advertise", refused=True)[0]
    return with_message(recording, sent(recording, "Request")[0], refusal.time + 0.01)


@check("PD-04.solicits-in-a-second", RENEWED, role="requesting-router")
def test_solicits_again_after_a_second(recording: Recording, notebook: Notebook) -> None:
    """A Solicit whose answers have nothing is sent again after a second at the earliest (RFC 9915 section 18.2.1)."""
    refusal = first(notebook, heard(recording, "Advertise", refused=True), "no Advertise refused the router a prefix")
    solicits = [each for each in sent(recording, "Solicit") if each.transaction_id == refusal.transaction_id]
    notebook.stimulus(solicits[1:], "it did not repeat that Solicit")
    wait = solicits[1].time - solicits[0].time
    notebook.not_before(wait, SOL_TIMEOUT - 0.1, f"its second Solicit came {wait:.2f} s after the first", solicits[0],
                        solicits[1])


@edited(test_solicits_again_after_a_second, because="came 0.30 s after the first")
def solicits_in_a_hurry(recording: Recording) -> Recording:
    refusal = heard(recording, "Advertise", refused=True)[0]
    one, two = [each for each in sent(recording, "Solicit") if each.transaction_id == refusal.transaction_id][:2]
    return editing.shifted(recording, one.time + 0.3 - two.time, frames=[two])


@check("PD-04.uses-nothing-refused", RENEWED, role="requesting-router")
def test_uses_no_refused_prefix(recording: Recording, notebook: Notebook) -> None:
    """After a Reply with NoPrefixAvail in its IA_PD it has no prefix, and asks again (RFC 9915 section 18.2.10.1)."""
    refusal = first(notebook, heard(recording, "Reply", refused=True), "no Reply refused the router a prefix")
    later = sent(recording, "Solicit", "Request", after=refusal.time)
    notebook.expect(later, "the router asked for no prefix again after a Reply with NoPrefixAvail", refusal)
    notebook.cite(later[0])
    grants = [each.time for each in heard(recording, "Reply", refused=False) if each.time > refusal.time]
    early = [each for prefix in (FIRST, UPSIDE_DOWN) for each in uses(recording, prefix)
             if not grants or each.time < grants[0]]
    notebook.expect(not early, "the router uses a prefix that it was refused", refusal, *early[:1])


@edited(test_uses_no_refused_prefix, because="uses a prefix that it was refused")
def uses_what_was_refused(recording: Recording) -> Recording:
    refusal, event = heard(recording, "Reply", refused=True)[0], uses(recording, FIRST)[0]
    return editing.with_event(recording, _at(event, refusal.time + 0.01))


@edited(test_uses_no_refused_prefix, because="asked for no prefix again")
def gives_up(recording: Recording) -> Recording:
    refusal = heard(recording, "Reply", refused=True)[0]
    return editing.without(recording, frames=sent(recording, after=refusal.time))


def _at(event: KernelEvent, time: float) -> KernelEvent:
    return replace(event, ns=round(time * 1e9), after_ns=round(time * 1e9))


@check("PD-04.good-beside-bad", RENEWED, role="requesting-router")
def test_uses_the_good_prefix(recording: Recording, notebook: Notebook) -> None:
    """Of two prefixes it uses the one whose preferred lifetime is not above the valid one (RFC 9915 section 21.22)."""
    reply = granted(recording, notebook)
    bad = uses(recording, UPSIDE_DOWN)
    notebook.expect(not bad, f"the router uses {UPSIDE_DOWN}, whose preferred lifetime is above the valid one", reply,
                    *bad[:1])
    good = uses(recording, FIRST)
    notebook.expect(good, f"the router does not use {FIRST}, beside which is a bad prefix", reply)
    notebook.cite(good[0])


@edited(test_uses_the_good_prefix, because="whose preferred lifetime is above the valid one")
def uses_any(recording: Recording) -> Recording:
    event = uses(recording, FIRST)[0]
    moved = {**event.fields, "local": str(UPSIDE_DOWN[0x100])}
    return editing.with_event(recording, replace(event, fields=moved))


@check("PD-04.renew", ENDS, role="requesting-router")
def test_renews_its_prefix_at_t1(recording: Recording, notebook: Notebook) -> None:
    """At T1 it sends a Renew with the prefix and the Server Identifier (RFC 9915 section 18.2.4, as RFC 8415)."""
    reply = granted(recording, notebook)
    found = sent(recording, "Renew", after=reply.time)
    notebook.expect(found, "the router sent no Renew", reply)
    wait = found[0].time - reply.time
    notebook.not_before(wait, T1 - SLACK, f"its Renew came after {wait:.1f} s, and T1 is {T1} s", reply, found[0])
    notebook.in_time(wait, T1 + LATE, "its Renew came late", reply, found[0])
    notebook.expect(names(found[0], FIRST), f"its Renew does not name {FIRST}", found[0])
    right = found[0].server_duid == reply.server_duid
    notebook.expect(right, "its Renew does not name the server that delegated", reply, found[0])


@edited(test_renews_its_prefix_at_t1, because="sent no Renew")
def renews_nothing(recording: Recording) -> Recording:
    return editing.without(recording, frames=sent(recording, "Renew"))


@edited(test_renews_its_prefix_at_t1, because="does not name 2001:db8:d000")
def renews_another(recording: Recording) -> Recording:
    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_PD].iapdopt = []

    return editing.rewritten(recording, sent(recording, "Renew"), change)


@check("PD-04.rebind", ENDS, role="requesting-router")
def test_rebinds_its_prefix_at_t2(recording: Recording, notebook: Notebook) -> None:
    """At T2 it sends a Rebind with the prefix to all servers, and names none (RFC 9915 section 18.2.5)."""
    reply = granted(recording, notebook)
    found = sent(recording, "Rebind", after=reply.time)
    notebook.expect(found, "the router sent no Rebind", reply)
    wait = found[0].time - reply.time
    notebook.not_before(wait, T2 - SLACK, f"its Rebind came after {wait:.1f} s, and T2 is {T2} s", reply, found[0])
    notebook.in_time(wait, T2 + LATE, "its Rebind came late", reply, found[0])
    notebook.expect(names(found[0], FIRST), f"its Rebind does not name {FIRST}", found[0])
    notebook.expect(found[0].server_duid is None, "its Rebind names a server", found[0])
    notebook.expect(found[0].destination == ALL_DHCP_AGENTS, f"its Rebind goes to {found[0].destination}", found[0])


@edited(test_rebinds_its_prefix_at_t2, because="sent no Rebind")
def rebinds_nothing(recording: Recording) -> Recording:
    return editing.rewritten(recording, sent(recording, "Rebind"), of_kind("Renew"))


@check("PD-04.whole-lifetime", ENDS, role="requesting-router")
def test_keeps_its_prefix_to_the_end(recording: Recording, notebook: Notebook) -> None:
    """It uses the prefix until the valid lifetime has ended, though no server answers (RFC 9915 section 18.2.5)."""
    reply = granted(recording, notebook)
    notebook.cite(first(notebook, uses(recording, FIRST), "the router never used its prefix"))
    notebook.stimulus([1] if recording.duration > reply.time + VALID - SLACK else [],
                      "the play ended before the valid lifetime")
    for event in gone(recording, FIRST):
        left = reply.time + VALID - event.time
        notebook.not_before(event.time - reply.time, VALID - SLACK,
                            f"the router gave {FIRST} up {left:.1f} s before its valid lifetime ended", reply, event)


@edited(test_keeps_its_prefix_to_the_end, because="before its valid lifetime ended")
def gives_up_at_t2(recording: Recording) -> Recording:
    reply = heard(recording, "Reply", refused=False)[0]
    event = uses(recording, FIRST)[0]
    return editing.with_event(recording, replace(_at(event, reply.time + T2), action="del"))


@check("PD-04.not-longer", ENDS, role="requesting-router")
def test_uses_no_prefix_that_ended(recording: Recording, notebook: Notebook) -> None:
    """When the valid lifetime has ended the prefix is gone from its link, and it solicits (RFC 9915 18.2.5)."""
    reply = granted(recording, notebook)
    notebook.cite(first(notebook, uses(recording, FIRST), "the router never used its prefix"))
    end = reply.time + VALID
    lost = gone(recording, FIRST)
    enough = lost or recording.duration > end + LATE
    notebook.stimulus([1] if enough else [], "the play ended with the valid lifetime")
    notebook.expect(lost, f"lan0 still has an address of {FIRST}, whose valid lifetime has ended", reply)
    notebook.in_time(lost[-1].time - end, LATE, "the address went late", reply, lost[-1])
    asked = sent(recording, "Solicit", after=end - SLACK)
    notebook.expect(asked, "the router solicited no other prefix", reply)
    notebook.cite(asked[0])


@edited(test_uses_no_prefix_that_ended, because="whose valid lifetime has ended")
def keeps_it_for_ever(recording: Recording) -> Recording:
    return editing.without(recording, events=gone(recording, FIRST))


@check("PD-04.ended-in-a-reply", RENEWED, role="requesting-router")
def test_gives_up_what_the_server_ended(recording: Recording, notebook: Notebook) -> None:
    """A prefix whose valid lifetime is 0 in a Reply is given up at once (RFC 9915 section 18.2.10.1)."""
    reply = _renumbered(recording, notebook)
    lost = [each for each in gone(recording, FIRST) if each.time > reply.time]
    notebook.expect(lost, f"lan0 still has an address of {FIRST}, which came with a valid lifetime of 0", reply)
    notebook.in_time(lost[0].time - reply.time, LATE, "the address went late", reply, lost[0])


def _renumbered(recording: Recording, notebook: Notebook) -> Message:
    """The Reply that ends the first prefix and delegates the second."""
    found = [each for each in heard(recording, "Reply", refused=False) if names(each, SECOND)]
    return first(notebook, found, "no Reply delegated another prefix")  # type: ignore[no-any-return]


@edited(test_gives_up_what_the_server_ended, because="which came with a valid lifetime of 0")
def keeps_what_was_ended(recording: Recording) -> Recording:
    return editing.without(recording, events=gone(recording, FIRST))


@check("PD-04.another-in-a-reply", RENEWED, role="requesting-router")
def test_uses_what_the_server_adds(recording: Recording, notebook: Notebook) -> None:
    """A prefix that the Reply to a Renew adds is used (RFC 9915 section 18.2.10.1)."""
    reply = _renumbered(recording, notebook)
    found = uses(recording, SECOND, reply.time)
    notebook.expect(found, f"the router does not use {SECOND}, which the Reply to its Renew added", reply)
    notebook.cite(found[0])


@edited(test_uses_what_the_server_adds, because="which the Reply to its Renew added")
def keeps_to_the_old(recording: Recording) -> Recording:
    return editing.without(recording, events=uses(recording, SECOND))


@check("PD-04.deprecated", RENEWED, role="requesting-router", needs=("advertises-its-links",))
def test_deprecates_what_was_replaced(recording: Recording, notebook: Notebook) -> None:
    """What was replaced it advertises with a preferred lifetime of 0 (RFC 9096 section 3.4, RFC 7084 L-13)."""
    reply = _renumbered(recording, notebook)
    ras = [ra for ra in advertised(recording) if ra.time > reply.time]
    before = [ra for ra in advertised(recording) if ra.time < reply.time
              and any(each.network.overlaps(FIRST) for each in ra.prefixes)]
    notebook.stimulus(before, f"it never advertised {FIRST}")
    ended = [ra for ra in ras if any(each.network.overlaps(FIRST) and each.preferred == 0 for each in ra.prefixes)]
    notebook.expect(ended, f"no RA deprecates {FIRST}, which another prefix replaced", reply, *ras[:1])
    notebook.in_time(ended[0].time - reply.time, USES, "the RA came late", reply, ended[0])


@edited(test_deprecates_what_was_replaced, because="no RA deprecates")
def leaves_it_as_it_is(recording: Recording) -> Recording:
    reply = _renumbered(recording, Notebook(recording))
    return editing.without(recording, frames=[ra for ra in advertised(recording) if ra.time > reply.time])


@check("PD-04.rebinds-when-the-link-returns", RENEWED, role="requesting-router")
def test_rebinds_when_the_link_returns(recording: Recording, notebook: Notebook) -> None:
    """When its link was away it sends a Rebind with its prefix (RFC 9915 section 18.2.12, as RFC 8415)."""
    back = first(notebook, recording.marked(LinkBack), "its link was not cut")
    later = sent(recording, "Solicit", "Request", "Confirm", "Renew", "Rebind", after=back.time)
    notebook.expect(later, "the router said nothing of its prefix when its link returned", back)
    right = later[0].name == "Rebind" and names(later[0], SECOND)
    notebook.expect(right, f"when its link returned the router sent a {later[0].name}, not a Rebind with {SECOND}",
                    back, later[0])


@edited(test_rebinds_when_the_link_returns, because="the router sent a Renew")
def renews_when_the_link_returns(recording: Recording) -> Recording:
    back = recording.marked(LinkBack)[0]
    return editing.rewritten(recording, sent(recording, "Rebind", after=back.time), of_kind("Renew"))


@check("PD-04.no-confirm", RENEWED, ENDS, role="requesting-router")
def test_confirms_no_prefix(recording: Recording, notebook: Notebook) -> None:
    """No Confirm and no Decline has a prefix (RFC 9915 sections 18.2.3 and 18.2.8, as RFC 8415)."""
    messages = sent(recording)
    notebook.cite(notebook.stimulus([each for each in messages if each.ia_pd], "the router sent no IA_PD")[0])
    for each in messages:
        wrong = each.name in ("Confirm", "Decline") and each.ia_pd
        notebook.expect(not wrong, f"its {each.name} has an IA_PD", each)


@edited(test_confirms_no_prefix, because="its Confirm has an IA_PD")
def confirms_it(recording: Recording) -> Recording:
    return editing.rewritten(recording, sent(recording, "Renew", "Rebind"), of_kind("Confirm"))
