"""How a DHCPv6 client sends its messages again when nobody answers: each kind by its own timers."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from conformance.broken import clients
from conformance.broken.dhcpv6_edits import with_message
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.leases import address_events, client_messages, signs_of_address
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.moved_guest import MovedGuest
from fixtures.scenarios.dhcpv6.unanswered import LIARS, LiesTold, UnansweredInformation, UnansweredLease
from fixtures.timers import (
    CNF_TIMEOUT,
    EMULATION,
    INF_TIMEOUT,
    RAND,
    REB_TIMEOUT,
    REL_TIMEOUT,
    REN_TIMEOUT,
    REQ_TIMEOUT,
)

LEASE, INFORMATION, MOVED = UnansweredLease(), UnansweredInformation(), MovedGuest()
#: Seconds by which a client's timers may be off: it is a process among others.
SLACK = 0.1
#: Seconds by which Elapsed Time may be off where the client counts whole seconds.
WHOLE = 1.1

Timers = NamedTuple("Timers", [("name", str), ("first", float), ("most", float)])
#: RFC 9915 section 7.6, by part: the message, and its first and longest wait in seconds.
TIMERS = {
    "request": Timers("Request", REQ_TIMEOUT, 30.0),
    "renew": Timers("Renew", REN_TIMEOUT, 600.0),
    "rebind": Timers("Rebind", REB_TIMEOUT, 600.0),
    "release": Timers("Release", REL_TIMEOUT, float("inf")),
    "confirm": Timers("Confirm", CNF_TIMEOUT, 4.0),
    "information-request": Timers("Information-request", INF_TIMEOUT, 3600.0),
}
ENDINGS = ("-waits", "-elapsed-time")


def parts(keys: Iterable[str]) -> list[str]:
    """The parts of these kinds of messages."""
    return [f"{key}{ending}" for key in keys for ending in ENDINGS]


def timers(part: str) -> Timers:
    """Those of a part."""
    return TIMERS[part.removesuffix("-waits").removesuffix("-elapsed-time")]


def series(recording: Recording, notebook: Notebook, part: str) -> list[Message]:
    """The first message of that kind that got no answer, and its repetitions; a violation where it is alone."""
    name = timers(part).name
    everything = notebook.stimulus(client_messages(recording, name), f"the guest sent no {name}")
    numbers = [each.transaction_id for each in everything]
    replies = answers(recording)  # one transaction id may serve two kinds of message: an answer comes after
    found = notebook.stimulus([each for each in everything if not any(
        reply.transaction_id == each.transaction_id and reply.time > each.time for reply in replies)
                               or numbers.count(each.transaction_id) > 1], f"every {name} of the guest was answered")
    again = [each for each in found if each.transaction_id == found[0].transaction_id]
    only = f"the guest's {name} has another transaction id each time" if len(found) > 1 else \
        f"the guest did not repeat its {name}, which nobody answered"
    wait = timers(part).first * (1 + RAND) + SLACK
    other = [each for each in client_messages(recording, after=found[0].time) if each.name != name and not again[1:]
             and each.time < found[0].time + wait]
    notebook.stimulus([] if other else [1], f"the guest went on to {other[0].name if other else ''} before the {name} "
                      "was due again")
    notebook.stimulus([1] if again[1:] or recording.duration > found[0].time + wait else [],
                      f"the play ended before the {name} was due again")
    notebook.expect(again[1:], only, *found[:2])
    notebook.cite(*again)
    return again


def answers(recording: Recording) -> list[Message]:
    """The Replies that reached the guest."""
    return dhcpv6.messages(recording.at("guest", "eth0", outgoing=False), "Reply")


@check("DHCP6-51", LEASE, role="guest", needs=("dhcpv6",), parts=parts(["request", "renew", "rebind"]))
@check("DHCP6-51", LEASE, role="guest", needs=("dhcpv6", "release"), parts=parts(["release"]))
@check("DHCP6-51", MOVED, role="guest", needs=("dhcpv6", "confirm"), parts=parts(["confirm"]))
@check("DHCP6-51", INFORMATION, role="guest", needs=("dhcpv6-stateless",), parts=parts(["information-request"]))
def test_sends_it_again_in_time(recording: Recording, notebook: Notebook, part: str) -> None:
    """An unanswered message is sent again, with its transaction id, after its first wait, then after twice as long.

    Give or take a tenth (RFC 9915 sections 7.6, 15, 18.2, as RFC 8415). Its Elapsed Time says how long ago the first
    one was.
    """
    messages, (name, first, most) = series(recording, notebook, part), timers(part)
    slack = EMULATION if "guest" in recording.opaque else SLACK
    if part.endswith("-elapsed-time"):
        whole = all((each.elapsed_time or 0) % 100 == 0 for each in messages)
        for number, each in enumerate(messages, 1):
            notebook.expect(each.elapsed_time is not None, f"the guest's {name} {number} has no Elapsed Time", each)
            passed, counted = each.time - messages[0].time, (each.elapsed_time or 0) / 100
            said = f"{name} {number} says {counted:.2f} s, and it was {passed:.2f} s"
            notebook.in_time(abs(counted - passed), max(slack, WHOLE) if whole and number > 1 else slack, said, each)
        return
    waits = [later.time - earlier.time for earlier, later in pairwise(messages)]
    for number, wait in enumerate(waits):
        before = waits[number - 1] if number else None
        low, high = _bounds(before, first, most)
        words = f"{name} {number + 2} came {wait:.2f} s after the one before, not {low:.2f} to {high:.2f} s"
        notebook.not_before(wait, low - slack, words, *messages[number:number + 2])
        notebook.in_time(wait, high + slack, words, *messages[number:number + 2])
        notebook.figure(f"wait {number + 1}", wait, "s")


def _bounds(before: float | None, first: float, most: float) -> tuple[float, float]:
    """The shortest and the longest wait after one that was measured."""
    if before is None:
        return first * (1 - RAND), first * (1 + RAND)
    low, high = (before - SLACK) * (2 - RAND), (before + SLACK) * (2 + RAND)
    return min(low, most * (1 - RAND)), min(high, most * (1 + RAND)) if low > most else high


@healthy(test_sends_it_again_in_time, parts=parts(["release"]))
def client_that_repeats_its_release() -> Broken:
    """dhclient and dhcpcd end with the first one."""
    return Broken(LEASE, {"guest": clients.EXEMPLARY})


@edited(test_sends_it_again_in_time, because={part: "not " for part in parts(TIMERS) if part.endswith("-waits")})
def client_in_a_hurry(recording: Recording, part: str) -> Recording:
    """Its second message comes after a third of the time."""
    one, two = series(recording, Notebook(recording), part)[:2]
    return editing.shifted(recording, one.time + timers(part).first / 3 - two.time, frames=[two])


@edited(test_sends_it_again_in_time, because={
    part: "says 99.00 s" for part in parts(TIMERS) if part.endswith("-elapsed-time")})
def client_with_a_clock_of_its_own(recording: Recording, part: str) -> Recording:
    """Its second message says that a hundred seconds have passed."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptElapsedTime].elapsedtime = 9900

    return editing.rewritten(recording, series(recording, Notebook(recording), part)[1:2], change)


@edited(test_sends_it_again_in_time, because="which nobody answered", parts=parts(set(TIMERS) - {"rebind"}))
def client_that_asks_once(recording: Recording, part: str) -> Recording:
    """And nobody answers that, either."""
    again = series(recording, Notebook(recording), part)
    told = [each for each in answers(recording) if each.transaction_id == again[0].transaction_id]
    later = [each for each in client_messages(recording, timers(part).name) if each.time > again[0].time]
    return editing.without(recording, frames=[*later, *told])


@check("DHCP6-51.information-discarded", INFORMATION, role="guest", needs=("dhcpv6-stateless",))
def test_discards_bad_information(recording: Recording, notebook: Notebook) -> None:
    """A Reply that it must discard ends no Information-request: the client goes on asking (RFC 9915 section 16.10).

    Without a Server Identifier, with another's Client Identifier, of another transaction, or to another port.
    """
    lies = notebook.stimulus(recording.marked(LiesTold), "the guest was told no lies")[0]
    asked = client_messages(recording, "Information-request", after=lies.time)
    notebook.expect(asked, "the guest asked for no information any more after bad answers", lies)
    first = client_messages(recording, "Information-request")[0]
    notebook.expect(asked[0].transaction_id == first.transaction_id,
                    "the guest began another exchange after bad answers", lies, asked[0])
    notebook.finding = f"it asked on, and was told neither of {', '.join(map(str, LIARS))}"


@edited(test_discards_bad_information, because="asked for no information any more")
def client_that_believes_anybody(recording: Recording) -> Recording:
    lies = recording.marked(LiesTold)[0]
    return editing.without(recording, frames=client_messages(recording, "Information-request", after=lies.time))


def _replies(recording: Recording, notebook: Notebook, name: str) -> tuple[Message, list[Message]]:
    """The first Reply to a message of that name, and how often the guest sent that message again afterwards."""
    numbers = {each.transaction_id for each in client_messages(recording, name)}
    found = [each for each in answers(recording) if each.transaction_id in numbers]
    reply = notebook.stimulus(found, f"no Reply to a {name} reached the guest")[0]
    notebook.cite(reply)
    later = client_messages(recording, name, after=reply.time)
    return reply, [each for each in later if each.transaction_id == reply.transaction_id]


@check("DHCP6-52.misplaced", LEASE, role="guest", needs=("dhcpv6",))
def test_is_not_misled_by_options_without_a_place(recording: Recording, notebook: Notebook) -> None:
    """A Reply with options that it may not have is taken as one without them, or discarded (RFC 9915 section 16).

    Then the client asks again. They are an Option Request, an Elapsed Time, an Interface-Id, a Reconfigure Message and
    a Relay Message.
    """
    reply, again = _replies(recording, notebook, "Request")
    used = [sign for address in reply.addresses for sign in signs_of_address(recording, address, reply.time)]
    notebook.expect(used or again, "the guest neither took the lease of a Reply with options that have no place there, "
                    "nor asked again", reply, *used[:1])
    notebook.cite(*used[:1], *again[:1])
    notebook.finding = "it discarded the Reply, and asked again" if again else "it took the lease"


@edited(test_is_not_misled_by_options_without_a_place, because="neither took the lease")
def client_that_falls_silent(recording: Recording) -> Recording:
    reply, again = _replies(recording, Notebook(recording), "Request")
    gone = [event for address in reply.addresses for event in address_events(recording, address)]
    return editing.without(recording, frames=again, events=gone)


@check("DHCP6-52.unknown", LEASE, role="guest", needs=("dhcpv6",))
def test_ignores_unknown_options_of_a_reply(recording: Recording, notebook: Notebook) -> None:
    """A Reply with an option that nobody has defined is taken as one without it (RFC 9915 section 16)."""
    reply, again = _replies(recording, notebook, "Rebind")
    wait = REB_TIMEOUT * 2 * (1 + RAND)
    notebook.expect(not again, "the guest repeated its Rebind after a Reply with an option that it does not know",
                    reply, *again[:1])
    went_on = [each for each in client_messages(recording, after=reply.time) if each.name in ("Renew", "Release")]
    renewed = [event for address in reply.addresses for event in address_events(recording, address, reply.time)
               if event.action == "new"]
    notebook.cite(*went_on[:1], *renewed[:1])
    enough = went_on or renewed or recording.duration > reply.time + wait
    notebook.stimulus([1] if enough else [], "the play ended before the Rebind was due again")


@edited(test_ignores_unknown_options_of_a_reply, because="repeated its Rebind")
def client_that_knows_all_options(recording: Recording) -> Recording:
    reply, _ = _replies(recording, Notebook(recording), "Rebind")
    return with_message(recording, client_messages(recording, "Rebind")[-1], reply.time + 0.5)
