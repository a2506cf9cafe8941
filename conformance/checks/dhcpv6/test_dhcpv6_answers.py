"""What a DHCPv6 client does until it is answered, and which answers it may not believe."""

from __future__ import annotations

from ipaddress import IPv6Address
from itertools import groupby, pairwise
from typing import Any

from conformance.broken.dhcpv6_edits import of_kind, with_address, with_message
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.granting import formed_addresses, grants_of, last_exchange, less
from conformance.reading.leases import address_events, client_messages, first_grant, grants, signs_of_address
from fixtures.peers.dhcpv6.misleading_server import LIES, UNCOMMITTED, PeerLied
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Mark, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.common.boot import GuestBoot
from fixtures.scenarios.common.networks import Mode
from fixtures.scenarios.dhcpv6.misleading_answers import MisleadingAnswers
from fixtures.stagecraft.watching import address_ready
from fixtures.timers import EMULATION, RAND, SOL_TIMEOUT
from topologies.stage import addressing as plan

STATEFUL = GuestBoot(mode=Mode.STATEFUL)

#: Seconds by which a client's timers and its Elapsed Time may be off: it is a process among others.
SLACK = 0.1
#: Seconds by which Elapsed Time may be off where the client's clock counts whole seconds: its unit is a hundredth (RFC
#: 8415 section 21.9), and no rule says how fine a clock must be.
WHOLE = 1.0 + SLACK
#: Solicits that show how the wait grows.
ENOUGH = 3


def transactions(recording: Recording, notebook: Notebook) -> list[list[Message]]:
    """The Solicits of each transaction that has enough of them; a machine with two network stacks has two at once."""
    solicits = notebook.stimulus(client_messages(recording, "Solicit"), "the guest sent no Solicit")
    series = [list(each) for _, each in groupby(sorted(solicits, key=_transaction), key=_transaction)]
    longest = [each for each in series if len(each) >= ENOUGH]
    few = f"the guest began {len(series)} transactions with {len(solicits)} Solicits, though nobody answered"
    notebook.expect(longest, few, *solicits)
    notebook.cite(*(message for each in longest for message in each))
    return longest


def _transaction(message: Message) -> int:
    return message.transaction_id


@check("DHCP6-02.one-transaction", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_repeats_one_transaction(recording: Recording, notebook: Notebook) -> None:
    """An unanswered Solicit is sent again, with its transaction id (RFC 9915 sections 15, 16.1, as RFC 8415)."""
    transactions(recording, notebook)


@check("DHCP6-02.elapsed-time", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_tells_how_long_it_has_asked(recording: Recording, notebook: Notebook) -> None:
    """Elapsed Time says how long ago the first Solicit was, to the second where the client counts whole seconds.

    RFC 9915 section 21.9, as RFC 8415.
    """
    slack = EMULATION if "guest" in recording.opaque else SLACK
    for solicits in transactions(recording, notebook):
        whole = all((each.elapsed_time or 0) % 100 == 0 for each in solicits)
        rough = max(slack, WHOLE) if whole and solicits[-1].elapsed_time else slack
        for number, message in enumerate(solicits):
            told = message.elapsed_time
            notebook.expect(told is not None, f"the guest's Solicit {number + 1} has no Elapsed Time", message)
            passed, counted = message.time - solicits[0].time, (told or 0) / 100
            said = f"Solicit {number + 1} says {counted:.2f} s, and it was {passed:.2f} s"
            behind = "guest" in recording.opaque and passed - counted > slack
            notebook.stimulus([] if behind else [message], f"{said}: an emulated machine's clock fell behind")
            notebook.in_time(abs(counted - passed), rough, said, message)


@check("DHCP6-02", MisleadingAnswers(), role="guest", needs=("dhcpv6",), parts=("first-wait", "back-off"))
def test_retransmits_solicits(recording: Recording, notebook: Notebook, part: str) -> None:
    """An unanswered Solicit is sent again after 1.0 to 1.1 s, and then each time after twice as long.

    Give or take a tenth (RFC 9915 sections 15, 18.2.1, as RFC 8415). What is no valid answer changes nothing of that.
    """
    slack = EMULATION if "guest" in recording.opaque else SLACK
    early = slack / 2 if "guest" in recording.opaque else SLACK  # the one before may have been late by so much
    for solicits in transactions(recording, notebook):
        waits = [later.time - earlier.time for earlier, later in pairwise(solicits)]
        for number, wait in enumerate(waits):
            if (part == "first-wait") != (number == 0):
                continue
            low, high = _bounds(waits[number - 1] if number else None)
            between = f"Solicit {number + 2} came {wait:.3f} s after the one before, not {low:.2f} to {high:.2f} s"
            notebook.not_before(wait, low - early, between, solicits[number], solicits[number + 1])
            notebook.in_time(wait, high + slack, between, solicits[number], solicits[number + 1])
            notebook.figure(f"wait {number + 1}", wait, "s")


def _bounds(last: float | None) -> tuple[float, float]:
    """The shortest and the longest wait after one that was measured; the first is never shorter than its base."""
    if last is None:
        return SOL_TIMEOUT, SOL_TIMEOUT * (1 + RAND)
    return (last - SLACK) * (2 - RAND), (last + SLACK) * (2 + RAND)


@edited(test_tells_how_long_it_has_asked, because="says 0.00 s")
def client_without_a_clock(recording: Recording) -> Recording:
    """Elapsed Time is 0 for ever."""

    def reset(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime = 0

    return editing.rewritten(recording, client_messages(recording, "Solicit")[1:], reset)


@edited(test_repeats_one_transaction, because="began 4 transactions with 4 Solicits")
def client_that_begins_anew_each_time(recording: Recording) -> Recording:
    for number, message in enumerate(client_messages(recording, "Solicit")[1:], 1):

        def renumber(packet: Any, by: int = number) -> None:
            packet[layer("dhcp6").DHCP6_Solicit].trid ^= by

        recording = editing.rewritten(recording, message, renumber)
    return recording


@edited(test_retransmits_solicits, because={"back-off": "came 1.0"})
def client_without_back_off(recording: Recording, part: str) -> Recording:
    """Every second, with the right Elapsed Time."""
    solicits = client_messages(recording, "Solicit")
    gone = editing.without(recording, frames=solicits[2:])
    changed = with_message(gone, solicits[1], solicits[1].time + 1.01)

    def later(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime += 101

    return editing.rewritten(changed, client_messages(changed, "Solicit")[2:], later)


@edited(test_retransmits_solicits, because={"first-wait": "Solicit 2 came 0.5"})
def client_in_a_hurry(recording: Recording, part: str) -> Recording:
    """Its second Solicit comes after half a second."""
    first, second = client_messages(recording, "Solicit")[:2]
    return editing.shifted(recording, first.time + 0.5 - second.time, frames=[second])


@edited(test_repeats_one_transaction, because="began 1 transactions with 1 Solicits")
def client_that_asks_once(recording: Recording) -> Recording:
    return editing.without(recording, frames=client_messages(recording, "Solicit")[1:])


def lies(recording: Recording, kind: str) -> list[tuple[Mark, Message]]:
    """The lies of that kind of message, each with the message that reached the guest."""
    heard = dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), kind)
    names = {lie.name for lie in LIES}
    return [(mark, message) for mark in recording.marked(PeerLied) if mark.what.lie in names
            for message in heard if mark.what.address in map(str, message.addresses)
            and mark.what.kind == kind]


#: By part: what was wrong with an answer, and the answer that it was wrong with.
BAD = {f"{kind.lower()}-{key}": (kind, lie.name) for kind in ("Advertise", "Reply")
       for key, lie in zip(("of-another-transaction", "without-client-id", "with-anothers-client-id",
                            "without-server-id", "to-another-port"), LIES, strict=True)}


def lie(recording: Recording, notebook: Notebook, part: str) -> list[Message]:
    """The bad answers that a part is about."""
    kind, name = BAD[part]
    found = [message for mark, message in lies(recording, kind) if mark.what.lie == name]
    return notebook.stimulus(found, f"no {kind} with {name} reached the guest")


@check("DHCP6-22", MisleadingAnswers(), role="guest", needs=("dhcpv6",), parts=BAD)
def test_discards_invalid_answers(recording: Recording, notebook: Notebook, part: str) -> None:
    """An Advertise or Reply without the client's or any Server Identifier, of another transaction, or to another port.

    The client discards it (RFC 9915 sections 16.3 and 16.10, as RFC 8415): it requests nothing that such an Advertise
    offered, and configures nothing that such a Reply leased.
    """
    kind, name = BAD[part]
    for message in lie(recording, notebook, part):
        notebook.cite(message)
        believed: list[Any] = [
            each for each in client_messages(recording, "Request", after=message.time)
            if set(each.addresses) & set(message.addresses)] if kind == "Advertise" else [
            event for address in message.addresses for event in signs_of_address(recording, address)]
        notebook.expect(not believed, f"the guest believed an answer ({kind}) with {name}", *believed[:1])


@check("DHCP6-22.valid-afterwards", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_goes_on_until_the_valid_answer(recording: Recording, notebook: Notebook) -> None:
    """After the bad answers the client uses what a valid one leases (RFC 9915 section 16, as RFC 8415)."""
    bad = notebook.stimulus(lies(recording, "Reply"), "no invalid Reply reached the guest")
    good = [each for each in grants(recording) if each.reply.server_duid == leased_by(recording)]
    used = [sign for each in good for sign in signs_of_address(recording, each.address, bad[0][1].time)]
    notebook.expect(used,
                    "the guest did not believe the valid Reply that came later",
                    *(each.reply for each in good), *used[:1])


def leased_by(recording: Recording) -> bytes | None:
    """The Server Identifier of who answers truly: the one that the guest's Requests name."""
    named = [each.server_duid for each in client_messages(recording, "Request")]
    return named[-1] if named else None


@edited(test_discards_invalid_answers, because="the guest believed an answer (Advertise)",
        parts=[part for part in BAD if part.startswith("advertise")])
def client_that_takes_any_offer(recording: Recording, part: str) -> Recording:
    """It requests what the bad Advertise offered."""
    offer = lie(recording, Notebook(recording), part)[0]
    more = with_message(recording, client_messages(recording, "Request")[0], offer.time + 0.01)

    def of_the_lie(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIAAddress].addr = str(offer.addresses[0])

    return editing.rewritten(more, client_messages(more, "Request", after=offer.time)[:1], of_the_lie)


@edited(test_discards_invalid_answers, because="the guest believed an answer (Reply)",
        parts=[part for part in BAD if part.startswith("reply")])
def client_that_takes_any_lease(recording: Recording, part: str) -> Recording:
    """It configures what the bad Reply leased."""
    reply = lie(recording, Notebook(recording), part)[0]
    return with_address(recording, _address_event(recording), reply.addresses[0], reply.time + 0.01)


@edited(test_goes_on_until_the_valid_answer, because="did not believe the valid Reply")
def client_that_gives_up_on_a_lie(recording: Recording) -> Recording:
    good = grants(recording)[-1].address
    return editing.without(recording, events=address_events(recording, good))


def _address_event(recording: Recording) -> KernelEvent:
    return next(event for event in recording.kernel("guest") if address_ready("guest", within=plan.LAN)(event))


@check("DHCP6-24", MisleadingAnswers(), role="guest", needs=("dhcpv6",))
def test_discards_an_uncommitted_reply(recording: Recording, notebook: Notebook) -> None:
    """A Reply without Rapid Commit answers no Solicit: the client discards it and goes on (RFC 8415 section 18.2.1)."""
    heard = [each for each in dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Reply")
             if UNCOMMITTED.address in each.addresses]
    reply = notebook.stimulus(heard, "no Reply to a Solicit reached the guest")[0]
    used = signs_of_address(recording, UNCOMMITTED.address)
    notebook.expect(not used, "the guest configured what a Reply without Rapid Commit leased", reply, *used[:1])
    later = client_messages(recording, after=reply.time)
    notebook.expect(later, "the guest sent nothing more after a Reply without Rapid Commit", reply)
    notebook.expect(later[0].name in ("Solicit", "Request"),
                    f"the guest went on with {later[0].name}, not with a new Solicit, after a Reply without Rapid "
                    "Commit", later[0])
    solicit = notebook.stimulus(client_messages(recording, "Solicit"), "the guest sent no Solicit")[0]
    asked = "which had asked for it" if solicit.rapid_commit else "which had not asked for it"
    notebook.finding = f"a Reply without Rapid Commit to a Solicit {asked} was discarded"


@edited(test_discards_an_uncommitted_reply, because="configured what")
def client_that_takes_any_reply(recording: Recording) -> Recording:
    reply = next(mark for mark in recording.marked(PeerLied) if mark.what.lie == UNCOMMITTED.name)
    return with_address(recording, _address_event(recording), UNCOMMITTED.address, reply.time + 0.01)


@edited(test_discards_an_uncommitted_reply, because="went on with Renew")
def client_that_believes_to_be_bound(recording: Recording) -> Recording:
    reply = next(mark for mark in recording.marked(PeerLied) if mark.what.lie == UNCOMMITTED.name)
    return editing.rewritten(recording, client_messages(recording, "Solicit", after=reply.time), of_kind("Renew"))


@check("DHCP6-24", STATEFUL, role="guest", needs=("dhcpv6",))
def test_rapid_commit_takes_two(recording: Recording, notebook: Notebook) -> None:
    """Solicit and Reply are the whole exchange only where both have Rapid Commit (RFC 8415 sections 18.2.1, 21.14).

    Where one of them has not, the client requests what was offered. Nothing is configured from another exchange.
    """
    first = first_grant(recording, notebook)
    agreed = list(grants_of(recording))
    for event in recording.kernel("guest"):
        if address_ready("guest", within=plan.LAN, interface="eth0")(event):
            mine = [each for each in agreed if str(each[2].address) == event.fields["local"]]
            if formed_addresses(recording, [IPv6Address(event.fields["local"])]):
                continue
            notebook.expect(mine,
                            f"the guest configured {event.fields['local']}, which no Rapid Commit that it had asked "
                            "for leased",
                            *(() if mine else last_exchange(recording, event.time)), event)
    notebook.expect(agreed,
                    "the guest was sent a Reply without Rapid Commit, or with it to a Solicit without it", first.reply)
    asked, reply, _ = agreed[0]
    if asked.name == "Solicit":
        requests = [each for each in client_messages(recording, "Request") if each.time < reply.time + SOL_TIMEOUT]
        notebook.expect(not requests,
                        "the guest requested what Rapid Commit had already leased to it", reply, *requests[:1])
    notebook.cite(asked, reply)
    wanted = any(each.rapid_commit for each in client_messages(recording, "Solicit"))
    messages = "two" if asked.name == "Solicit" else "four"
    notebook.finding = f"{messages} messages; the client {'had' if wanted else 'had not'} asked for Rapid Commit"


@edited(test_rapid_commit_takes_two, because="which no Rapid Commit")
def server_that_commits_unasked(recording: Recording) -> Recording:
    """The client, which takes it, had not asked."""
    asked = next(grants_of(recording))[0]
    if asked.name == "Request":
        return editing.rewritten(recording, client_messages(recording, "Request"), of_kind("Confirm"))
    return editing.rewritten(recording, client_messages(recording, "Solicit"), less("DHCP6OptRapidCommit"))
