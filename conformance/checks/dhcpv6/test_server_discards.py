"""What a DHCPv6 server must not answer, and must survive."""

from __future__ import annotations

from conformance.broken.scripted_servers import PERMISSIVE
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, Asked, asked_of, controls, questions, went_on
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.scenarios.dhcpv6.asking import ANSWER
from fixtures.scenarios.dhcpv6.invalid import INVALID
from fixtures.scenarios.dhcpv6.malformed import PARTS as MALFORMED
from fixtures.scenarios.dhcpv6.questions import Dhcpv6Questions
from fixtures.stagecraft.marks import Failed

ASKED = Dhcpv6Questions()
#: Seconds in which a server that is well answers.
PROMPT = 2.0
#: What is sent to the server's own address: to these it may answer that they are to be sent by multicast.
MAY_BE_TOLD = ("request", "renew", "release", "decline")
UNICAST = [prefix + row for prefix in ("", "link-local-") for row in (
    "solicit", "confirm", "rebind", "information-request", *MAY_BE_TOLD)]


@check("DHCP6-20", ASKED, role="dhcpv6-server", parts=INVALID)
def test_invalid_messages_are_discarded(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message is not answered that RFC 8415 section 16 tells servers to discard.

    An identifier that is missing, too many, or another's; an IA_NA in an Information-request; what only servers send.
    It is followed by a Solicit that is right, and answered.
    """
    asked = asked_of(recording, notebook, "invalid", part)
    names = " and ".join(sorted({each.name for each in asked.answers}))
    notebook.expect(not asked.answers,
                    f"{part}: the server answered with {names}, and was to discard it", asked.frame, *asked.answers)
    went_on(recording, notebook, "invalid", part)
    notebook.finding = f"{part}: it was discarded"


@healthy(test_invalid_messages_are_discarded)
def dnsmasq_that_discards() -> Broken:
    """Kea answers two of them."""
    return Broken(ASKED, {"dhcpv6-server": "dnsmasq"})


@played(test_invalid_messages_are_discarded, because="the server answered",
        parts=[part for part in INVALID if part.endswith("-id") and "decline" not in part])
def server_that_believes_everything() -> Broken:
    """It looks at no identifier."""
    return Broken(ASKED, {"dhcpv6-server": PERMISSIVE})


@edited(test_invalid_messages_are_discarded, because="the server answered with Reply")
def server_that_answers_it(recording: Recording, part: str) -> Recording:
    return _with_lease(recording, "invalid", part)


@check("DHCP6-21", ASKED, role="dhcpv6-server", parts=UNICAST)
def test_unicast_gets_no_lease(recording: Recording, notebook: Notebook, part: str) -> None:
    """Solicit, Confirm, Rebind and Information-request that are sent to the server's own address are not answered.

    Request, Renew, Release and Decline are answered with UseMulticast or not at all, unless the server had allowed it
    with a Server Unicast option (RFC 8415 sections 16 and 18.4; RFC 9915 drops that option).
    """
    asked = asked_of(recording, notebook, "unicast", part)
    notebook.cite(asked.frame, *asked.answers)
    allowed = any(answer.body.unicast for each in questions(recording, "lease") for answer in each.answers)
    for answer in asked.answers:
        told = answer.status is not None and answer.status.code == StatusCode.USE_MULTICAST and not answer.addresses
        status = f", status {answer.status.name}" if answer.status else ""
        right = part.removeprefix("link-local-") in MAY_BE_TOLD and (told or allowed)
        notebook.expect(right, f"{part} by unicast: the server answered with {answer.name}{status}", answer)
    went_on(recording, notebook, "unicast", part)
    notebook.finding = f"{part} by unicast: " + ("it is told to use multicast" if asked.answers else "it is discarded")


@healthy(test_unicast_gets_no_lease)
def dhcpd_that_wants_multicast() -> Broken:
    """dnsmasq and Kea lease by unicast."""
    return Broken(ASKED, {"dhcpv6-server": "isc-dhcpd"})


@edited(test_unicast_gets_no_lease, because="by unicast: the server answered with Reply")
def server_that_takes_unicast(recording: Recording, part: str) -> Recording:
    """It does not look at where a message was sent to."""
    return _with_lease(recording, "unicast", part)


@check("DHCP6-42", ASKED, role="dhcpv6-server", parts=MALFORMED)
def test_malformed_messages_do_no_harm(recording: Recording, notebook: Notebook, part: str) -> None:
    """After a message that is not well-formed the next client is answered within two seconds.

    Lengths that lie, options cut short, associations inside each other, relays without end, noise (RFC 8415 section
    16; CVE-2022-0934 was of this kind).
    """
    asked = controls(recording, notebook, f"malformed-{part}")
    slowest = 0.0
    for name, each in asked.items():
        ended = [mark for mark in recording.marked(Failed) if mark.ns > each.mark.ns and mark.what.how][:1]
        how = f": it ended by itself ({ended[0].what.how})" if ended else ""
        notebook.expect(each.answers, f"the server answers nothing any more after `{name}`{how}", each.frame)
        waited = each.answers[0].time - each.frame.time
        slowest = max(slowest, waited)
        notebook.in_time(waited, PROMPT, f"the server answered late after `{name}`", each.frame, each.answers[0].frame)
    notebook.figure("slowest answer", slowest, "s")
    notebook.finding = f"{len(asked)} such messages, and the client after each was answered"


@check("DHCP6-42.lease-afterwards", ASKED, role="dhcpv6-server")
def test_a_lease_after_malformed_messages(recording: Recording, notebook: Notebook) -> None:
    """After all the malformed messages a new client gets its lease."""
    last = [each for each in questions(recording, "after-malformed") if each.question.name == "Request"]
    for each in notebook.stimulus(last, "no client asked for a lease in the end"):
        reply = each.answer(notebook, "Reply")
        notebook.expect(reply.addresses, "the server gave the last client no lease", each.frame, reply)


@healthy(test_malformed_messages_do_no_harm)
@healthy(test_a_lease_after_malformed_messages)
def kea_that_survives() -> Broken:
    """dnsmasq 2.90 does not."""
    return Broken(ASKED, {"dhcpv6-server": "kea"})


@edited(test_malformed_messages_do_no_harm, because="answers nothing any more")
def server_that_dies_of_it(recording: Recording, part: str) -> Recording:
    """From the first such message on nothing is heard of it."""
    died = questions(recording, f"malformed-{part}")[0].mark.time
    late = [each for each in dhcpv6.messages(recording.at(ASKER, outgoing=False)) if each.time > died]
    return editing.without(recording, frames=late)


@edited(test_malformed_messages_do_no_harm, because="the server answered late")
def server_that_thinks_for_long(recording: Recording, part: str) -> Recording:
    """One answer takes more than two seconds."""
    control = next(each for each in questions(recording, f"malformed-{part}") if each.is_control)
    return editing.shifted(recording, ANSWER, frames=control.answers)


@edited(test_a_lease_after_malformed_messages, because="did not answer the question")
def server_that_has_lost_its_leases(recording: Recording) -> Recording:
    last = next(each for each in questions(recording, "after-malformed") if each.question.name == "Request")
    return editing.without(recording, frames=last.answers)


def _with_lease(recording: Recording, topic: str, row: str) -> Recording:
    """The server answers a question of that row with a lease, too."""
    asked: Asked = next(each for each in questions(recording, topic) if each.row == row and not each.is_control)
    lease = [each for each in questions(recording, "lease") if each.question.name == "Request"]
    said = next(each for each in lease if each.answers).answers[0].frame.data
    answer = said[:63] + asked.question.transaction_id.to_bytes(3, "big") + said[66:]
    return editing.with_frame(recording, answer, time=asked.frame.time, node=ASKER, interface="eth0")
