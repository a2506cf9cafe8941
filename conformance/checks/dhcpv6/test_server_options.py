"""Options that have no place in a message, or that nobody knows, and what a DHCPv6 server makes of them."""

from __future__ import annotations

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, answers_to, asked_of, code, controls, questions
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.scenarios.dhcpv6.exchanges import KINDS, Dhcpv6Exchanges, row_of

ASKED = Dhcpv6Exchanges()
#: By part: the kind of message that has the option.
ROWS = [row_of(kind) for kind in KINDS]
UNKNOWN = {f"unknown-in-{row}": row for row in ROWS}
MISPLACED = {f"misplaced-in-{row}": row for row in ROWS}


def answering(row: str) -> str:
    """What answers a kind of message."""
    return "Advertise" if row == "solicit" else "Reply"


@check("DHCP6-46", ASKED, role="dhcpv6-server", parts=UNKNOWN)
def test_ignores_unknown_options(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message with an option that nobody has defined is answered as one without it (RFC 9915 section 16)."""
    row = UNKNOWN[part]
    asked_of(recording, notebook, "unknown-option", row).answer(notebook, answering(row))


@edited(test_ignores_unknown_options, because="did not answer the question")
def server_that_wants_to_know_all_options(recording: Recording, part: str) -> Recording:
    """What it does not know it discards."""
    return editing.without(recording, frames=answers_to(recording, "unknown-option", UNKNOWN[part]))


@check("DHCP6-46", ASKED, role="dhcpv6-server", parts=MISPLACED)
def test_is_not_misled_by_misplaced_options(recording: Recording, notebook: Notebook, part: str) -> None:
    """A message with a Preference option, which only servers send, is answered as one without it, or discarded.

    Or refused with UnspecFail (RFC 9915 section 16, as RFC 8415). The next message is answered.
    """
    row = MISPLACED[part]
    asked = asked_of(recording, notebook, "misplaced-option", row)
    after = controls(recording, notebook, "misplaced-option")[row]
    notebook.expect(after.answers, f"the server answers nothing any more after a {row} with a Preference option",
                    asked.frame, after.frame, *after.answers)
    if asked.answers and not any(code(each.status) == StatusCode.UNSPECIFIED_FAILURE for each in asked.answers):
        asked.answer(notebook, answering(row))
    notebook.finding = " and ".join(each.name for each in asked.answers) or "it was discarded"


@edited(test_is_not_misled_by_misplaced_options, because="did not answer the question")
def server_that_takes_it_for_another_kind(recording: Recording, part: str) -> Recording:
    """It answers with what answers the other kind of message."""
    row = MISPLACED[part]
    other = ("request", "lease") if row == "solicit" else ("solicit", "lease")
    asked = asked_of(recording, Notebook(recording), "misplaced-option", row)
    told = next(each for each in questions(recording, other[1]) if each.row == f"{other[0]}-1").answers[0].frame.data
    told = told[:63] + asked.question.transaction_id.to_bytes(3, "big") + told[66:]
    silent = editing.without(recording, frames=asked.answers)
    return editing.with_frame(silent, with_checksum(told), time=asked.frame.time, node=ASKER, interface="eth0")


@edited(test_is_not_misled_by_misplaced_options, because="answers nothing any more")
def server_that_ends_with_it(recording: Recording, part: str) -> Recording:
    row = MISPLACED[part]
    later = [each for each in questions(recording, "misplaced-option") if each.row == row and each.is_control]
    return editing.without(recording, frames=later[0].answers)
