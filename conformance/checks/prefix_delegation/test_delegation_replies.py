"""What a requesting router makes of what a server says: refusals, bad prefixes, another prefix, and NoBinding."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

from conformance.broken.dhcpv6_edits import of_kind, with_message
from conformance.broken.requesting_routers import DEPRECATES_AT_ONCE
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.delegations import (
    addresses,
    answers,
    at,
    delegation,
    downstream_advertisements,
    first,
    losses,
    messages_of,
    names,
    uses,
)
from conformance.reading.granting import less
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.scenarios.prefix_delegation.delegation_lives import (
    FIRST,
    LIES,
    SECOND,
    UPSIDE_DOWN,
    USES,
    DelegationForgotten,
    DelegationRenewed,
)
from fixtures.timers import SOL_TIMEOUT

RENEWED, FORGOTTEN = DelegationRenewed(), DelegationForgotten()
#: Seconds that a client may be late: it is a process among others, and runs others.
LATE = 3.0


@check("PD-04.no-request-of-nothing", RENEWED, role="requesting-router")
def test_takes_no_empty_offer(recording: Recording, notebook: Notebook) -> None:
    """An Advertise that has no prefix and no address is not taken; it solicits on (RFC 9915 section 18.2.9)."""
    refusal = first(notebook, answers(recording, "Advertise", refused=True), "no Advertise refused the router a prefix")
    later = messages_of(recording, "Solicit", "Request", after=refusal.time)
    notebook.expect(later, "the router sent nothing more after an Advertise without a prefix", refusal)
    notebook.expect(later[0].name == "Solicit", "the router requested what an Advertise without a prefix offered",
                    refusal, later[0])


@edited(test_takes_no_empty_offer, because="requested what an Advertise without a prefix offered")
def requests_nothing(recording: Recording) -> Recording:
    refusal = answers(recording, "Advertise", refused=True)[0]
    return with_message(recording, messages_of(recording, "Request")[0], refusal.time + 0.01)


@check("PD-04.solicits-in-a-second", RENEWED, role="requesting-router")
def test_solicits_again_after_a_second(recording: Recording, notebook: Notebook) -> None:
    """A Solicit whose answers have nothing is sent again after a second at the earliest (RFC 9915 section 18.2.1)."""
    refusal = first(notebook, answers(recording, "Advertise", refused=True), "no Advertise refused the router a prefix")
    solicits = [each for each in messages_of(recording, "Solicit") if each.transaction_id == refusal.transaction_id]
    notebook.stimulus(solicits[1:], "it did not repeat that Solicit")
    wait = solicits[1].time - solicits[0].time
    notebook.not_before(wait, SOL_TIMEOUT - 0.1, f"its second Solicit came {wait:.2f} s after the first", solicits[0],
                        solicits[1])


@edited(test_solicits_again_after_a_second, because="came 0.30 s after the first")
def solicits_in_a_hurry(recording: Recording) -> Recording:
    refusal = answers(recording, "Advertise", refused=True)[0]
    one, two = [each for each in messages_of(recording, "Solicit") if each.transaction_id == refusal.transaction_id][:2]
    return editing.shifted(recording, one.time + 0.3 - two.time, frames=[two])


@check("PD-04.uses-nothing-refused", RENEWED, role="requesting-router")
def test_uses_no_refused_prefix(recording: Recording, notebook: Notebook) -> None:
    """After a Reply with NoPrefixAvail in its IA_PD it has no prefix, and asks again (RFC 9915 section 18.2.10.1)."""
    refusal = first(notebook, answers(recording, "Reply", refused=True), "no Reply refused the router a prefix")
    later = messages_of(recording, "Solicit", "Request", after=refusal.time)
    notebook.expect(later, "the router asked for no prefix again after a Reply with NoPrefixAvail", refusal)
    notebook.cite(later[0])
    grants = [each.time for each in answers(recording, "Reply", refused=False) if each.time > refusal.time]
    early = [each for prefix in (FIRST, UPSIDE_DOWN) for each in uses(recording, prefix)
             if not grants or each.time < grants[0]]
    notebook.expect(not early, "the router uses a prefix that it was refused", refusal, *early[:1])


@edited(test_uses_no_refused_prefix, because="uses a prefix that it was refused")
def uses_what_was_refused(recording: Recording) -> Recording:
    refusal, event = answers(recording, "Reply", refused=True)[0], uses(recording, FIRST)[0]
    return editing.with_event(recording, at(event, refusal.time + 0.01))


@edited(test_uses_no_refused_prefix, because="asked for no prefix again")
def gives_up(recording: Recording) -> Recording:
    refusal = answers(recording, "Reply", refused=True)[0]
    return editing.without(recording, frames=messages_of(recording, after=refusal.time))


@check("PD-04", RENEWED, role="requesting-router", parts=LIES)
def test_believes_no_bad_answer(recording: Recording, notebook: Notebook, part: str) -> None:
    """An answer that every client discards delegates nothing (RFC 9915 sections 16.3 and 16.10, as RFC 8415)."""
    heard_all = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=False), part.partition("-")[0].capitalize())
    lie = first(notebook, [each for each in heard_all if names(each, LIES[part])], "no such answer reached the router")
    asked = [each for each in messages_of(recording, "Request", after=lie.time) if names(each, LIES[part])]
    notebook.expect(not asked, f"the router requested {LIES[part]}, of an answer that it must discard", lie, *asked[:1])
    used = uses(recording, LIES[part])
    notebook.expect(not used, f"the router uses {LIES[part]}, of an answer that it must discard", lie, *used[:1])


@edited(test_believes_no_bad_answer, because="of an answer that it must discard")
def believes_anything(recording: Recording, part: str) -> Recording:
    event = uses(recording, FIRST)[0]
    return editing.with_event(recording, replace(event, fields={**event.fields, "local": str(LIES[part][0x100])}))


@check("PD-04.good-beside-bad", RENEWED, role="requesting-router")
def test_uses_the_good_prefix(recording: Recording, notebook: Notebook) -> None:
    """Of two prefixes it uses the one whose preferred lifetime is not above the valid one (RFC 9915 section 21.22)."""
    reply = delegation(recording, notebook)
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


@check("PD-04.ended-in-a-reply", RENEWED, role="requesting-router")
def test_gives_up_what_the_server_ended(recording: Recording, notebook: Notebook) -> None:
    """A prefix whose valid lifetime is 0 in a Reply is given up at once (RFC 9915 section 18.2.10.1)."""
    reply = _renumbering(recording, notebook)
    lost = [each for each in losses(recording, FIRST) if each.time > reply.time]
    notebook.expect(lost, f"lan0 still has an address of {FIRST}, which came with a valid lifetime of 0", reply)
    notebook.in_time(lost[0].time - reply.time, LATE, "the address went late", reply, lost[0])


def _renumbering(recording: Recording, notebook: Notebook) -> Message:
    """The Reply that ends the first prefix and delegates the second."""
    found = [each for each in answers(recording, "Reply", refused=False) if names(each, SECOND)]
    return first(notebook, found, "no Reply delegated another prefix")  # type: ignore[no-any-return]


@edited(test_gives_up_what_the_server_ended, because="which came with a valid lifetime of 0")
def keeps_what_was_ended(recording: Recording) -> Recording:
    return editing.without(recording, events=losses(recording, FIRST))


@check("PD-04.another-in-a-reply", RENEWED, role="requesting-router")
def test_uses_what_the_server_adds(recording: Recording, notebook: Notebook) -> None:
    """A prefix that the Reply to a Renew adds is used (RFC 9915 section 18.2.10.1)."""
    reply = _renumbering(recording, notebook)
    found = uses(recording, SECOND, reply.time)
    notebook.expect(found, f"the router does not use {SECOND}, which the Reply to its Renew added", reply)
    notebook.cite(*found)


@edited(test_uses_what_the_server_adds, because="which the Reply to its Renew added")
def keeps_to_the_old(recording: Recording) -> Recording:
    return editing.without(recording, events=uses(recording, SECOND))


@check("PD-04.deprecated", RENEWED, role="requesting-router", needs=("advertises-its-links",))
def test_deprecates_what_was_replaced(recording: Recording, notebook: Notebook) -> None:
    """What was replaced it advertises with a preferred lifetime of 0 (RFC 9096 section 3.4, RFC 7084 L-13)."""
    reply = _renumbering(recording, notebook)
    ras = [ra for ra in downstream_advertisements(recording) if ra.time > reply.time]
    before = [ra for ra in downstream_advertisements(recording) if ra.time < reply.time
              and any(each.network.overlaps(FIRST) for each in ra.prefixes)]
    notebook.stimulus(before, f"it never advertised {FIRST}")
    ended = [ra for ra in ras if any(each.network.overlaps(FIRST) and each.preferred == 0 for each in ra.prefixes)]
    notebook.expect(ended, f"no RA deprecates {FIRST}, which another prefix replaced", reply, *ras[:1])
    notebook.cite(*ended)
    notebook.in_time(ended[0].time - reply.time, USES, "the RA came late", reply, ended[0])


@healthy(test_deprecates_what_was_replaced)
def router_that_deprecates() -> Broken:
    """No installed program does."""
    return Broken(RENEWED, {"requesting-router": DEPRECATES_AT_ONCE})


@edited(test_deprecates_what_was_replaced, because="no RA deprecates")
def leaves_it_as_it_is(recording: Recording) -> Recording:
    reply = _renumbering(recording, Notebook(recording))
    later = [ra for ra in downstream_advertisements(recording) if ra.time > reply.time]
    return editing.without(recording, frames=later)


def _forgetful_reply(recording: Recording, notebook: Notebook) -> Message:
    """The Reply to a Renew that says NoBinding of the prefix, and extends the address."""
    found = [each for each in dhcpv6.messages(recording.at("cpe", "eth0", outgoing=False), "Reply")
             if any(ia.status is not None and ia.status.code == StatusCode.NO_BINDING for ia in each.ia_pd)]
    return first(notebook, found, "no Reply said NoBinding of the prefix")  # type: ignore[no-any-return]


@check("PD-04.no-binding", FORGOTTEN, role="requesting-router")
def test_requests_a_forgotten_prefix(recording: Recording, notebook: Notebook) -> None:
    """After NoBinding for its IA_PD it sends a Request with that IA_PD (RFC 9915 section 18.2.10.1)."""
    told = _forgetful_reply(recording, notebook)
    later = messages_of(recording, "Request", "Solicit", "Renew", "Rebind", after=told.time)
    right = [each for each in later if each.name == "Request" and each.ia_pd]
    notebook.expect(right, "the router sent no Request for the prefix of which the server said NoBinding", told,
                    *later[:1])
    notebook.cite(*right)


@edited(test_requests_a_forgotten_prefix, because="sent no Request for the prefix")
def renews_what_is_forgotten(recording: Recording) -> Recording:
    told = _forgetful_reply(recording, Notebook(recording))
    return editing.rewritten(recording, messages_of(recording, "Request", after=told.time), of_kind("Renew"))


@check("DHCP6-18.other-bindings-kept", FORGOTTEN, role="requesting-router")
def test_keeps_what_was_not_forgotten(recording: Recording, notebook: Notebook) -> None:
    """After NoBinding for its IA_PD it keeps its address, which the same Reply extended (RFC 9915 18.2.10.1)."""
    told = _forgetful_reply(recording, notebook)
    held = notebook.stimulus([one.address for ia in told.ia_na for one in ia.addresses if one.valid],
                             "the Reply did not extend an address")
    mine = notebook.stimulus([event for address in held for event in addresses(recording, "eth0", [_only(address)])],
                             "the router never had the address on its uplink")
    notebook.cite(*mine)
    lost = [each for each in recording.events
            if (each.node, each.kind, each.action) == ("cpe", "address", "del") and each.time > told.time
            and each.fields["local"] in map(str, held)]
    notebook.expect(not lost, f"the router gave up {held[0]}, which the Reply had extended", told, *lost[:1])
    released = messages_of(recording, "Release", after=told.time)
    notebook.expect(not released, "the router released what the Reply had extended", told, *released[:1])


def _only(address: IPv6Address) -> IPv6Network:
    return IPv6Network((address, 128))


@edited(test_keeps_what_was_not_forgotten, because="which the Reply had extended")
def forgets_all(recording: Recording) -> Recording:
    told = _forgetful_reply(recording, Notebook(recording))
    held = next(one.address for ia in told.ia_na for one in ia.addresses)
    event = addresses(recording, "eth0", [_only(held)])[0]
    return editing.with_event(recording, replace(at(event, told.time + 0.01), action="del"))


@check("PD-04.together", FORGOTTEN, role="requesting-router")
def test_renews_address_and_prefix_together(recording: Recording, notebook: Notebook) -> None:
    """One Renew has the IA_NA and the IA_PD (RFC 9915 sections 6.6, 18.2.4, as RFC 8415)."""
    told = _forgetful_reply(recording, notebook)
    asked = [each for each in messages_of(recording, "Renew") if each.transaction_id == told.transaction_id]
    both = [each for each in asked if each.ia_na and each.ia_pd]
    notebook.expect(both, "its Renew of the prefix has no IA_NA, though it holds an address", *asked[:1])
    notebook.cite(*both)


@edited(test_renews_address_and_prefix_together, because="has no IA_NA, though it holds an address")
def renews_one_by_one(recording: Recording) -> Recording:
    return editing.rewritten(recording, messages_of(recording, "Renew"), less("DHCP6OptIA_NA"))
