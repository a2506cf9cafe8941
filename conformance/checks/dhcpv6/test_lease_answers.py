"""What a DHCPv6 client makes of the answers about its lease: no binding, no times, no lifetime left, and nonsense."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from conformance.broken import clients
from conformance.broken.dhcpv6_edits import of_kind, with_address, with_message
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.leases import Grant, address_events, client_messages, grants, names_server
from conformance.reading.receivable import server_answers
from fixtures.peers.dhcpv6.lease_teller import ANOTHER, INVALID, UPSIDE_DOWN
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import LeasedAddress
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.competing_servers import CompetingServers
from fixtures.scenarios.dhcpv6.lease_answers import LeaseAnswers
from fixtures.scenarios.dhcpv6.misleading_answers import INFINITY, QUIET, LeftAlone, MisleadingAnswers, ReconfigureSent
from fixtures.stagecraft.watching import address_ready
from topologies.stage import addressing as plan

#: Seconds in which a client has done what a Reply demands of it, and in which it says nothing that is not rash.
PROMPT, RASH = 2.0, 1.0


def replies(recording: Recording, address: IPv6Address | None = None) -> list[Message]:
    """The Replies that reached the guest and that it need not discard: all, or those that list an address."""
    heard = server_answers(recording.at("guest", "eth0", outgoing=False), "Reply")
    return [each for each in heard if address is None or address in each.addresses]


def unknown(recording: Recording) -> list[Message]:
    """The Replies with NoBinding in an IA_NA that reached the guest."""
    return [each for each in replies(recording)
            if any(ia.status is not None and ia.status.name == "NoBinding" for ia in each.ia_na)]


@check("DHCP6-18.no-binding", LeaseAnswers(), role="guest", needs=("dhcpv6",))
def test_requests_what_the_server_does_not_know(recording: Recording, notebook: Notebook) -> None:
    """To NoBinding in the Reply to a Renew or Rebind the client answers with Request (RFC 8415 section 18.2.10.1).

    The Request names the server that answered and has the IA.
    """
    reply = notebook.stimulus(unknown(recording), "no Reply with NoBinding reached the guest")[0]
    grant = grants(recording)[0]
    later = client_messages(recording, after=reply.time)
    notebook.expect(later, "the guest sent nothing more after NoBinding, no Request", reply)
    waited = later[0].time - reply.time
    notebook.expect(later[0].name == "Request",
                    f"the guest sent {later[0].name} after NoBinding, not Request", reply, later[0])
    names_server(later[0], grant, notebook)
    notebook.expect(any(ia.iaid == grant.ia.iaid for ia in later[0].ia_na),
                    "the guest's Request after NoBinding lacks the IA_NA", later[0])
    notebook.figure("Request after NoBinding", waited, "s")
    notebook.finding = f"a Request {waited * 1000:.0f} ms after NoBinding"


@healthy(test_requests_what_the_server_does_not_know)
def client_that_requests() -> Broken:
    return Broken(LeaseAnswers(), {"guest": clients.EXEMPLARY})


@edited(test_requests_what_the_server_does_not_know, because="sent Solicit after NoBinding")
def client_that_starts_anew(recording: Recording) -> Recording:
    reply = unknown(recording)[0]
    return editing.rewritten(recording, client_messages(recording, after=reply.time)[:1], of_kind("Solicit"))


@edited(test_requests_what_the_server_does_not_know, because="sent nothing more")
def client_that_believes_in_its_lease(recording: Recording) -> Recording:
    return editing.without(recording, frames=client_messages(recording, after=unknown(recording)[0].time))


@check("DHCP6-31", CompetingServers(), role="guest", needs=("dhcpv6",))
def test_chooses_its_own_times(recording: Recording, notebook: Notebook) -> None:
    """Where the server leaves T1 and T2 at 0 the client renews in good time (RFC 8415 sections 14.2, 21.4).

    Not at once, and before the address is deprecated: about half of the preferred lifetime is usual. Of each lease that
    a Reply gives, the wait is judged.
    """
    granted = [each for each in grants(recording) if (each.ia.t1, each.ia.t2) == (0, 0)]
    grant = notebook.stimulus(granted, "no lease without T1 and T2 was granted")[0]
    preferred, valid = grant.leased.preferred, grant.leased.valid
    asked = client_messages(recording, after=grant.time)
    notebook.stimulus([1] if recording.duration >= grant.time + preferred else asked,
                      "the play ended before the lease was to be renewed")
    over = recording.duration - grant.time
    notebook.expect(asked, f"the guest sent no Renew in {over:.0f} s of a lease of {valid} s", grant.reply)
    first, waited = asked[0], asked[0].time - grant.time
    notebook.expect(first.name in ("Renew", "Rebind"),
                    f"the guest sent {first.name}, not Renew, while its lease of {valid} s went on", first)
    notebook.expect(waited >= RASH,
                    f"the guest sent {first.name} only {waited:.3f} s after the Reply, of which it was to choose T1",
                    grant.reply, first)
    notebook.in_time(waited, preferred,
                     f"the guest sent {first.name} only when the address was deprecated", grant.reply, first)
    for later in granted[1:]:
        for again in client_messages(recording, "Renew", "Rebind", after=later.time):
            if again.transaction_id != later.reply.transaction_id:
                notebook.expect(again.time - later.time >= RASH,
                                f"the guest sent {again.name} only {again.time - later.time:.3f} s after a later Reply,"
                                " of which it was to choose T1", later.reply, again)
    notebook.figure(f"{first.name} after the Reply", waited, "s")
    notebook.finding = f"{first.name} after {waited:.1f} s of a lease preferred for {preferred} s"


@edited(test_chooses_its_own_times, because="after the Reply")
def client_that_renews_continuously(recording: Recording) -> Recording:
    grant = grants(recording)[0]
    for number in range(5):
        recording = with_message(recording, client_messages(recording, "Renew", "Rebind")[0],
                                 grant.time + 0.05 * (number + 1))
    return recording


@edited(test_chooses_its_own_times, because="after a later Reply")
def client_that_hurries_once_renewed(recording: Recording) -> Recording:
    """It waits for its first renewal alone, and then asks again as soon as it is answered."""
    first = grants(recording)[0]
    renewal = client_messages(recording, "Renew", "Rebind")[0]
    extended = with_message(recording, first.reply, renewal.time + 0.01)
    hurried = with_message(extended, renewal, renewal.time + 0.1)

    def anew(packet: Any) -> None:
        packet[layer("inet6").UDP].payload.trid ^= 1

    return editing.rewritten(hurried, client_messages(hurried, after=renewal.time + 0.05)[:1], anew)


@edited(test_chooses_its_own_times, because="sent no Renew")
def client_that_needs_to_be_told(recording: Recording) -> Recording:
    grant = grants(recording)[0]
    silent = editing.without(recording, frames=client_messages(recording, after=grant.time))
    return replace(silent, duration_ns=grant.reply.frame.ns + (grant.leased.valid + 1) * 10**9)


@check("DHCP6-31", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_never_renews_what_is_for_ever(recording: Recording, notebook: Notebook) -> None:
    """With T1, T2 and lifetimes of 0xffffffff the address is there for ever, and nothing is renewed (RFC 8415 7.7)."""
    granted = [each for each in grants(recording) if each.ia.t1 == each.leased.valid == INFINITY]
    grant = notebook.stimulus(granted, "no lease for ever was granted")[0]
    alone = notebook.stimulus(recording.marked(LeftAlone), "the guest never had its address")[0]
    until = next((mark.time for mark in recording.marked(ReconfigureSent)), recording.duration)
    notebook.stimulus([1] if until > alone.time + QUIET / 2 else [], "the guest was not watched after the Reply")
    asked = [each for each in client_messages(recording, after=grant.time) if each.time < until]
    notebook.expect(not asked,
                    "the guest asked again, though T1 and the lifetimes are infinite", grant.reply, *asked[:1])
    events = [each for each in address_events(recording, grant.address, grant.time) if each.action == "new"]
    notebook.expect(events, f"the guest did not configure {grant.address}", grant.reply)
    left = events[-1].fields["valid_life_time"]
    notebook.expect(left == INFINITY, f"the guest configured {grant.address} for {left} s, not for ever", events[-1])
    notebook.finding = f"configured for ever, and nothing was sent in the {until - grant.time:.1f} s after the Reply"


@edited(test_never_renews_what_is_for_ever, because="the guest asked again")
def client_that_renews_in_a_hurry(recording: Recording) -> Recording:
    """For ever plus one is soon."""
    grant = grants(recording)[-1]
    return with_message(recording, client_messages(recording, "Request")[-1], grant.time + 1.0, kind="Renew")


@edited(test_never_renews_what_is_for_ever, because="for 7200 s, not for ever")
def client_with_a_limit_of_its_own(recording: Recording) -> Recording:
    events = address_events(recording, grants(recording)[-1].address)
    return editing.rewritten_events(recording, events, valid_life_time=7200)


@check("DHCP6-30.preferred-above-valid", LeaseAnswers(), role="guest", needs=("dhcpv6",))
def test_ignores_lifetimes_upside_down(recording: Recording, notebook: Notebook) -> None:
    """An address whose preferred lifetime exceeds the valid one is discarded (RFC 8415 section 21.6)."""
    told = notebook.stimulus(replies(recording, UPSIDE_DOWN), "no such address was leased to the guest")
    reply = told[0]
    notebook.cite(*told)
    used = address_events(recording, UPSIDE_DOWN)
    notebook.expect(not used, f"the guest configured {UPSIDE_DOWN}, preferred for longer than valid", reply, *used[:1])
    notebook.finding = f"{UPSIDE_DOWN} was ignored"


@edited(test_ignores_lifetimes_upside_down, because="preferred for longer than valid")
def client_that_installs_it(recording: Recording) -> Recording:
    reply = replies(recording, UPSIDE_DOWN)[0]
    return with_address(recording, _address_event(recording), UPSIDE_DOWN, reply.time + 0.01)


@check("DHCP6-30.no-lifetime-left", LeaseAnswers(), role="guest", needs=("dhcpv6",))
def test_drops_what_has_no_lifetime_left(recording: Recording, notebook: Notebook) -> None:
    """An address that the Reply to a Renew lists with a valid lifetime of 0 is removed at once (RFC 8415 18.2.10.1)."""
    reply, leased = notebook.stimulus(_over(recording), "no Reply ended the guest's lease")[0]
    notebook.stimulus([1] if recording.duration > reply.time + PROMPT else [],
                      "the play ended before the address had to be gone")
    events = address_events(recording, leased.address, reply.time)
    gone = [each for each in events if each.action == "del"]
    notebook.expect(gone,
                    f"the guest still has {leased.address}, whose valid lifetime a Reply set to 0", reply, *events[-1:])
    notebook.in_time(gone[0].after_ns / 1e9 - reply.time, PROMPT,
                     f"the guest removed {leased.address} late", reply, gone[0])
    notebook.finding = f"{leased.address} was removed"


@edited(test_drops_what_has_no_lifetime_left, because="still has")
def client_that_waits_for_the_end(recording: Recording) -> Recording:
    gone = list(recording.happened("guest", "address", "del"))
    return editing.without(recording, events=gone)


#: By part: the Reply in which a good address stands beside the other one.
BESIDE: dict[str, Callable[[Recording], list[Message]]] = {
    "beside-preferred-above-valid": lambda recording: replies(recording, UPSIDE_DOWN),
    "beside-no-lifetime-left": lambda recording: [reply for reply, _ in _over(recording)],
}


@check("DHCP6-30", LeaseAnswers(), role="guest", parts=BESIDE, needs=("dhcpv6",))
def test_takes_the_address_beside(recording: Recording, notebook: Notebook, part: str) -> None:
    """Another address of the IA is leased all the same: it is added, or gets its new lifetimes (RFC 8415 18.2.10.1)."""
    told = notebook.stimulus(BESIDE[part](recording), "no such Reply reached the guest")
    notebook.cite(*told)
    _takes(recording, notebook, _another(recording, told[0]))
    notebook.finding = f"{ANOTHER} was configured"


@edited(test_takes_the_address_beside, because=f"did not give {ANOTHER} the lifetimes")
def client_that_ignores_all_of_it(recording: Recording, part: str) -> Recording:
    """As one does whose kernel refused one of the two."""
    return editing.without(recording, events=address_events(recording, ANOTHER, BESIDE[part](recording)[0].time))


@check("DHCP6-30.t1-after-t2", LeaseAnswers(), role="guest", needs=("dhcpv6",))
def test_ignores_an_association_with_t1_after_t2(recording: Recording, notebook: Notebook) -> None:
    """An IA_NA whose T1 exceeds T2 is as good as absent: its address is not configured (RFC 8415 section 21.4).

    The client may then try another server or ask this one again, and should not be content.
    """
    reply = notebook.stimulus(replies(recording, INVALID), "no such association reached the guest")[0]
    used = address_events(recording, INVALID)
    notebook.expect(not used, f"the guest configured {INVALID}, though T1 of its IA exceeds T2", reply, *used[:1])
    later = client_messages(recording, after=reply.time)
    notebook.recommend(later, "the guest asked for no other lease", reply)
    wrong = [each for each in later[:1] if each.name in ("Renew", "Rebind")]
    notebook.expect(not wrong,
                    f"the guest went on with {wrong[0].name if wrong else ''}, as if it had a lease", *later[:1])
    notebook.finding = f"{INVALID} was ignored, and a lease asked for anew"


@edited(test_ignores_an_association_with_t1_after_t2, because="went on with Renew")
def client_that_renews_nothing(recording: Recording) -> Recording:
    reply = replies(recording, INVALID)[0]
    return editing.rewritten(recording, client_messages(recording, after=reply.time)[:1], of_kind("Renew"))


@played(test_ignores_an_association_with_t1_after_t2, because=f"configured {INVALID}")
def client_that_does_not_compare() -> Broken:
    return Broken(LeaseAnswers(), {"guest": clients.TAKES_ANY_ASSOCIATION})


def _over(recording: Recording) -> list[tuple[Message, LeasedAddress]]:
    """What the Replies end: each address with a valid lifetime of 0."""
    return [(reply, leased) for reply in replies(recording, ANOTHER) for ia in reply.ia_na for leased in ia.addresses
            if not leased.valid]


def _another(recording: Recording, reply: Message) -> Grant:
    """The lease of the good address in a Reply with several."""
    return next(each for each in grants(recording) if each.reply == reply and each.address == ANOTHER)


def _takes(recording: Recording, notebook: Notebook, grant: Grant) -> None:
    """Expect that the kernel gets the lifetimes of a lease."""
    news = [each for each in address_events(recording, grant.address, grant.time) if each.action == "new"
            and abs(each.fields["valid_life_time"] + each.time - grant.time - grant.leased.valid) <= PROMPT]
    notebook.expect(news, f"the guest did not give {grant.address} the lifetimes of the Reply", grant.reply, *news[:1])


def _address_event(recording: Recording) -> KernelEvent:
    return next(event for event in recording.kernel("guest") if address_ready("guest", within=plan.LAN)(event))
