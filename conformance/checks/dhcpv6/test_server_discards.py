"""What a DHCPv6 server must not answer, and must survive."""

from __future__ import annotations

from conformance.broken.scripted_servers import PERMISSIVE
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, questions, read_by_then, table
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import dhcpv6
from fixtures.scenarios.dhcpv6.asking import ANSWER
from fixtures.scenarios.dhcpv6.questions import Dhcpv6Questions

ASKED = Dhcpv6Questions()
#: Seconds in which a server that is well answers.
PROMPT = 2.0


@check("DHCP6-20", ASKED, role="dhcpv6-server")
def test_invalid_messages_are_discarded(recording: Recording, notebook: Notebook) -> None:
    """Nothing is answered that RFC 8415 section 16 tells servers to discard.

    Identifiers that are missing, too many, or another's; an IA_NA in an Information-request; what only servers send.
    Each such message is followed by a Solicit that is right, and answered.
    """
    rows = table(recording, notebook, "invalid")
    wrong = [each for each in rows.values() if each.answers]
    for each in rows.values():
        notebook.cite(each.frame, *each.answers)
    told = "; ".join(f"{each.row}: {each.answers[0].name}" for each in wrong)
    notebook.expect(not wrong, f"{len(wrong)} of {len(rows)} messages that are not valid are answered ({told})")
    read_by_then(recording, notebook, "invalid")
    notebook.finding = f"{len(rows)} messages that are not valid were discarded"


@healthy(test_invalid_messages_are_discarded)
def dnsmasq_that_discards() -> Broken:
    """Kea answers two of them."""
    return Broken(ASKED, {"dhcpv6-server": "dnsmasq"})


@played(test_invalid_messages_are_discarded, because="are answered")
def server_that_believes_everything() -> Broken:
    """It looks at no identifier."""
    return Broken(ASKED, {"dhcpv6-server": PERMISSIVE})


@check("DHCP6-21", ASKED, role="dhcpv6-server")
def test_unicast_gets_no_lease(recording: Recording, notebook: Notebook) -> None:
    """Solicit, Confirm, Rebind and Information-request that are sent to the server's own address are not answered.

    Request, Renew, Release and Decline are answered with UseMulticast or not at all, unless the server had allowed it
    with a Server Unicast option (RFC 8415 sections 16 and 18.4; RFC 9915 drops that option).
    """
    rows = table(recording, notebook, "unicast")
    allowed = any(answer.body.unicast for each in questions(recording, "lease") for answer in each.answers)
    wrong = []
    for row, each in rows.items():
        notebook.cite(each.frame, *each.answers)
        may_answer = row in ("request", "renew", "release", "decline")
        for answer in each.answers:
            told = answer.status is not None and answer.status.code == StatusCode.USE_MULTICAST and not answer.addresses
            if not may_answer or not (told or allowed):
                status = f", status {answer.status.name}" if answer.status else ""
                wrong.append(f"{row}: {answer.name}{status}")
    notebook.expect(not wrong, f"{len(wrong)} messages by unicast are answered ({'; '.join(wrong)})")
    read_by_then(recording, notebook, "unicast")
    told_so = sum(bool(each.answers) for each in rows.values())
    notebook.finding = f"{len(rows) - told_so} discarded, {told_so} answered with UseMulticast"


@healthy(test_unicast_gets_no_lease)
def dhcpd_that_wants_multicast() -> Broken:
    """dnsmasq and Kea lease by unicast."""
    return Broken(ASKED, {"dhcpv6-server": "isc-dhcpd"})


@edited(test_unicast_gets_no_lease, because="messages by unicast are answered")
def server_that_takes_unicast(recording: Recording) -> Recording:
    """It does not look at where a message was sent to."""
    asked = next(each for each in questions(recording, "unicast") if each.row == "solicit")
    said = next(each for each in questions(recording, "lease") if each.answers).answers[0].frame.data
    answer = said[:63] + asked.question.transaction_id.to_bytes(3, "big") + said[66:]
    return editing.with_frame(recording, answer, time=asked.frame.time, node=ASKER, interface="eth0")


@check("DHCP6-42", ASKED, role="dhcpv6-server")
def test_malformed_messages_do_no_harm(recording: Recording, notebook: Notebook) -> None:
    """After each of some hundred messages that are not well-formed the next client is answered within two seconds.

    Lengths that lie, options cut short, associations inside each other, relays without end, noise; at last a new
    client gets its lease (RFC 8415 section 16; CVE-2022-0934 was of this kind).
    """
    controls = [each for each in questions(recording, "malformed") if each.is_control]
    slowest = 0.0
    for each in notebook.stimulus(controls, "nothing malformed was sent"):
        notebook.expect(each.answers, f"after `{each.row}` the server answers nothing any more", each.frame)
        waited = each.answers[0].time - each.frame.time
        slowest = max(slowest, waited)
        notebook.in_time(waited, PROMPT, f"after `{each.row}` the answer came late", each.frame, each.answers[0].frame)
    last = [each for each in questions(recording, "after-malformed") if each.question.name == "REQUEST"]
    for each in notebook.stimulus(last, "no client asked for a lease in the end"):
        reply = each.answer(notebook, "REPLY")
        notebook.expect(reply.addresses, "the last client gets no lease", each.frame, reply)
    notebook.figure("slowest answer", slowest, "s")
    notebook.finding = f"{len(controls)} malformed messages, and every client in between was answered"


@healthy(test_malformed_messages_do_no_harm)
def kea_that_survives() -> Broken:
    """dnsmasq 2.90 does not."""
    return Broken(ASKED, {"dhcpv6-server": "kea"})


@edited(test_malformed_messages_do_no_harm, because="answers nothing any more")
def server_that_dies_of_a_short_association(recording: Recording) -> Recording:
    """From the first short IA_NA on nothing is heard of it."""
    died = next(each for each in questions(recording, "malformed") if "short IA_NA" in each.row).mark.time
    late = [each for each in dhcpv6.messages(recording.at(ASKER, outgoing=False)) if each.time > died]
    return editing.without(recording, frames=late)


@edited(test_malformed_messages_do_no_harm, because="the answer came late")
def server_that_thinks_for_long(recording: Recording) -> Recording:
    """One answer takes more than two seconds."""
    control = [each for each in questions(recording, "malformed") if each.is_control][3]
    return editing.shifted(recording, ANSWER, frames=control.answers)
