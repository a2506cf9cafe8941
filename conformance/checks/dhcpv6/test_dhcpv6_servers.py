"""Which DHCPv6 server a client chooses, and what it does when that one refuses."""

from __future__ import annotations

from typing import Any

from conformance.broken.dhcpv6_edits import of_kind, with_message
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.leases import client_messages, grants
from conformance.reading.receivable import server_answers
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.competing_servers import EMPTY, HIGH, CompetingServers
from fixtures.scenarios.dhcpv6.moved_guest import MovedGuest
from fixtures.timers import RAND, SOL_TIMEOUT

#: Seconds in which a client acts at once, and by which its timers may be late.
PROMPT, READINESS = 0.3, 1.0
#: RFC 8415 section 14.1 recommends to send no more than 20 messages in 20 s; here, of one kind in WINDOW seconds.
WINDOW, MOST = 10.0, 10


def advertises(recording: Recording) -> list[Message]:
    """The Advertises that reached the guest, in order."""
    return dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Advertise")


@check("DHCP6-23", CompetingServers(), role="guest", needs=("dhcpv6",))
def test_collects_offers_and_takes_the_best(recording: Recording, notebook: Notebook) -> None:
    """The client collects Advertises until the first wait is over, about a second (RFC 8415 sections 18.2.1, 18.2.9).

    Then it requests what the server with the highest preference offered, never of one that has no addresses.
    """
    rounds = [(solicit, _offers(recording, solicit)) for solicit in client_messages(recording, "Solicit")]
    complete = [(solicit, offers) for solicit, offers in rounds if {EMPTY, HIGH} <= set(offers)]
    for solicit, offers in notebook.stimulus(complete, "no Solicit was answered by all servers"):
        _expect_best(recording, notebook, solicit, offers)
    notebook.finding = f"the offer with preference {HIGH} taken when the wait was over, {len(complete)} times"


def _offers(recording: Recording, solicit: Message) -> dict[int | None, Message]:
    """The first answers to a Solicit, by preference."""
    mine = [each for each in advertises(recording) if each.transaction_id == solicit.transaction_id]
    return {each.preference: each for each in reversed(mine)}


def _expect_best(recording: Recording, notebook: Notebook, solicit: Message, offers: dict[int | None, Message]) -> None:
    """Expect that the guest takes the best of these offers when the first wait after its Solicit is over."""
    requests = client_messages(recording, "Request", after=solicit.time)
    notebook.expect(requests, "the guest requested nothing of what was offered", *offers.values())
    request, best, empty = requests[0], offers[HIGH], offers[EMPTY]
    notebook.expect(request.server_duid != empty.server_duid,
                    "the guest requested an address of the server that offered none",
                    empty, request)
    waited = request.time - solicit.time
    notebook.expect(waited >= SOL_TIMEOUT - PROMPT,
                    f"the guest took an offer {waited:.3f} s after its Solicit, without waiting {SOL_TIMEOUT:g} s "
                    "for others", solicit, request)
    notebook.in_time(waited, SOL_TIMEOUT * (1 + RAND) + READINESS,
                     "the guest waited too long for offers", solicit, request)
    notebook.recommend(request.server_duid == best.server_duid,
                       "the guest did not take the offer with the highest preference",
                       best, request)
    notebook.figure("Request after the Solicit", waited, "s")


@edited(test_collects_offers_and_takes_the_best, because="without waiting 1 s for others")
def client_that_takes_the_first_offer_at_once(recording: Recording) -> Recording:
    request = client_messages(recording, "Request")[0]
    return editing.shifted(recording, -0.8, frames=request)


@edited(test_collects_offers_and_takes_the_best, because="the highest preference")
def client_that_ignores_preferences(recording: Recording) -> Recording:
    other = min(advertises(recording), key=lambda each: each.preference or 0)
    return editing.rewritten(recording, client_messages(recording, "Request")[0], _of_server(other))


@edited(test_collects_offers_and_takes_the_best, because="the server that offered none")
def client_that_looks_at_preferences_only(recording: Recording) -> Recording:
    best = max(advertises(recording), key=lambda each: each.preference or 0)
    return editing.rewritten(recording, client_messages(recording, "Request")[0], _of_server(best))


def _of_server(offer: Message) -> Any:
    def change(packet: Any) -> None:
        dhcp6 = layer("dhcp6")
        packet[dhcp6.DHCP6OptServerId].duid = dhcp6.DUID_LL(lladdr=offer.mac_source)

    return change


@check("DHCP6-23", MovedGuest(), role="guest", needs=("dhcpv6",))
def test_takes_the_highest_preference_at_once(recording: Recording, notebook: Notebook) -> None:
    """An Advertise with preference 255 is taken at once: nothing better can come (RFC 8415 section 18.2.1)."""
    offers = [each for each in advertises(recording) if each.preference == 255 and not _comes_too_late(recording, each)]
    for offer in notebook.stimulus(offers, "no Advertise with preference 255 reached the guest"):
        requests = client_messages(recording, "Request", after=offer.time)
        notebook.expect(requests, "the guest requested nothing of what was offered with preference 255", offer)
        waited = requests[0].time - offer.time
        notebook.in_time(waited, PROMPT,
                         "the guest waited for other offers after one with preference 255", offer, requests[0])
        notebook.figure("Request after the Advertise", waited, "s")
    notebook.finding = f"requested {waited * 1000:.0f} ms after the Advertise"


def _comes_too_late(recording: Recording, offer: Message) -> bool:
    """Whether the client had requested another offer already: a Solicit that is sent twice is answered twice."""
    solicits = client_messages(recording, "Solicit")
    begun = min((each.time for each in solicits if each.transaction_id == offer.transaction_id), default=offer.time)
    return any(begun < each.time < offer.time for each in client_messages(recording, "Request"))


@edited(test_takes_the_highest_preference_at_once, because="the guest waited for other offers")
def client_that_always_waits(recording: Recording) -> Recording:
    return editing.shifted(recording, 1.0, frames=client_messages(recording, "Request")[:1])


def refusals(recording: Recording) -> list[tuple[str, Message]]:
    """The refusals that reached the guest, each with the name of its status."""
    found = []
    for reply in server_answers(recording.at("guest", "eth0", outgoing=False), "Reply"):
        statuses = [reply.status, *(ia.status for ia in reply.ia_na)]
        found += [(each.name, reply) for each in statuses if each is not None and each.name in REFUSED.values()]
    return found


#: By part of the requirement: the status by which a Request is refused.
REFUSED = {"not-on-link": "NotOnLink", "no-addrs-avail": "NoAddrsAvail", "unspec-fail": "UnspecFail"}


def _refusals(recording: Recording, notebook: Notebook, part: str) -> list[Message]:
    """The Replies with the status of a part."""
    name = REFUSED[part]
    found = [reply for each, reply in refusals(recording) if each == name]
    return notebook.stimulus(found, f"no Request was refused with {name}")


@check("DHCP6-18", CompetingServers(), role="guest", parts=REFUSED, needs=("dhcpv6",))
def test_finds_its_way_around_refusals(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Request that is refused is not the end (RFC 8415 sections 18.2.10 and 18.2.10.1).

    NotOnLink: the client requests again without the address, or looks for a server anew. NoAddrsAvail: it should try
    another server, perhaps by looking for one anew. UnspecFail: it may try again, and silence is worth a warning.
    """
    for reply in _refusals(recording, notebook, part):
        later = client_messages(recording, after=reply.time)
        silent = f"the guest sent nothing more after {REFUSED[part]}"
        if part == "unspec-fail" and not later:
            notebook.recommend(later, silent, reply)
            return
        notebook.expect(later, silent, reply)
        same = later[0].name == "Request" and later[0].server_duid == reply.server_duid
        if part == "not-on-link":
            notebook.expect(not (same and later[0].addresses),
                            "the guest requested the same address again after NotOnLink",
                            reply, later[0])
        if part == "no-addrs-avail":
            notebook.recommend(not same, "the guest requested the same of the same server after NoAddrsAvail",
                               reply, later[0])
        notebook.cite(reply, later[0])
    notebook.finding = f"after {REFUSED[part]} it sent {later[0].name}"


@check("DHCP6-18.limited-rate", CompetingServers(), role="guest", needs=("dhcpv6",))
def test_asks_again_at_a_limited_rate(recording: Recording, notebook: Notebook) -> None:
    """After refusals, UnspecFail among them, the client does not flood the servers (RFC 8415 section 14.1)."""
    reply = _refusals(recording, notebook, "unspec-fail")[0]
    notebook.cite(reply, *client_messages(recording, after=reply.time)[:1])
    _moderate(recording, notebook)


@check("DHCP6-18.lease-in-the-end", CompetingServers(), role="guest", needs=("dhcpv6",))
def test_has_a_lease_in_the_end(recording: Recording, notebook: Notebook) -> None:
    """After one refusal of each kind the client gets its lease, from a server that grants it.

    One that says nothing more after UnspecFail breaks no rule, which bounds how often it may try (RFC 8415 18.2.10).
    """
    last = [_refusals(recording, notebook, part)[-1] for part in REFUSED]
    first = refusals(recording)[0][1]
    end = max(reply.time for reply in last)
    leased = [each for each in grants(recording) if each.time > end]
    if not client_messages(recording, after=_refusals(recording, notebook, "unspec-fail")[-1].time):
        notebook.recommend(leased, "the guest sent nothing more after UnspecFail, and got no lease", *last)
        return
    notebook.expect(leased,
                    "the guest got no lease in the end, though a server grants one",
                    *last, *(each.reply for each in leased[:1]))
    waited = leased[0].time - first.time
    notebook.figure("lease after the first refusal", waited, "s")
    notebook.finding = f"a lease {waited:.1f} s after the first refusal"


def _moderate(recording: Recording, notebook: Notebook) -> None:
    """Expect that the guest does not flood the servers with messages of any kind."""
    for kind in ("Solicit", "Request"):
        asked = client_messages(recording, kind)
        for number, message in enumerate(asked):
            burst = [each for each in asked[number:] if each.time < message.time + WINDOW]
            notebook.expect(len(burst) <= MOST,
                            f"the guest sent {len(burst)} {kind} in {WINDOW:.0f} s; {MOST} are the most",
                            message, burst[-1])


@edited(test_finds_its_way_around_refusals, because={
    "not-on-link": "requested the same address again after NotOnLink",
    "no-addrs-avail": "requested the same of the same server after NoAddrsAvail"})
def client_that_insists(recording: Recording, part: str) -> Recording:
    """It says its Request once more."""
    reply, request = _asked_and_refused(recording, part)
    return with_message(recording, request, reply.time + 0.0001)


@edited(test_finds_its_way_around_refusals, because={
    part: f"sent nothing more after {name}" for part, name in REFUSED.items()})
def client_that_gives_up(recording: Recording, part: str) -> Recording:
    reply, _ = _asked_and_refused(recording, part)
    return editing.without(recording, frames=client_messages(recording, after=reply.time))


@edited(test_asks_again_at_a_limited_rate, because="Request in 10 s")
def client_that_floods(recording: Recording) -> Recording:
    """Ten more Requests in the second after UnspecFail."""
    reply, request = _asked_and_refused(recording, "unspec-fail")
    for number in range(MOST):
        recording = with_message(recording, request, reply.time + 0.1 * (number + 1))
    return recording


@edited(test_has_a_lease_in_the_end, because="no lease in the end")
def client_that_asks_for_information_only(recording: Recording) -> Recording:
    last = refusals(recording)[-1][1]
    changed = editing.rewritten(recording, client_messages(recording, after=last.time), of_kind("Information-request"))
    return editing.without(changed, frames=[each.reply for each in grants(changed) if each.time > last.time])


def _asked_and_refused(recording: Recording, part: str) -> tuple[Message, Message]:
    """The first Reply with the status of a part, and the Request that it refuses."""
    reply = next(reply for name, reply in refusals(recording) if name == REFUSED[part])
    requests = [each for each in client_messages(recording, "Request") if each.transaction_id == reply.transaction_id]
    return reply, requests[0]
