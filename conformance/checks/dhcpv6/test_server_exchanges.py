"""What a DHCPv6 server answers to each kind of question about leases, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from conformance.reading.granting import less
from conformance.reading.questions import ASKER, Asked, answers_to, asked_of, code, questions, went_on
from fixtures.peers.dhcpv6.raw_bytes import WANTED, duid
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import Ia
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.exchanges import HOLDER, MAY_BE_SILENT, STRANGER, Dhcpv6Exchanges
from fixtures.scenarios.dhcpv6.questions import ELSEWHERE
from topologies.stage import addressing as plan

ASKED = Dhcpv6Exchanges()

#: What is wrong with an answer to a question, if anything; the address is what the holder was leased first.
Complaint = Callable[[Message, Message, IPv6Address], str | None]


def mine(question: Message, answer: Message) -> Iterator[tuple[int, Ia | None]]:
    """The IAIDs that were asked about, each with the IA_NA of the answer."""
    for asked in question.ia_na:
        yield asked.iaid, next((ia for ia in answer.ia_na if ia.iaid == asked.iaid), None)


def inside(ia: Ia | None) -> str:
    """What an IA_NA of an answer has."""
    if ia is None:
        return "is missing"
    told = [*map(str, ia.addresses), *([ia.status.name] if ia.status else [])]
    return "has " + (" and ".join(told) or "neither an address nor a status")


def has_addresses(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """Each IA_NA has an address of the link that is valid."""
    for iaid, ia in mine(question, answer):
        if ia is None or not any(one.valid and one.address in plan.LAN for one in ia.addresses):
            return f"the IA_NA {iaid} {inside(ia)}"
    return None


def has_what_is_held(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """The IA_NA has the address that its client holds, and it is valid."""
    found = {one.address for ia in answer.ia_na for one in ia.addresses if one.valid}
    return None if held in found else f"it has {_list(found)}, not {held}, which the client holds"


def _list(found: set[IPv6Address]) -> str:
    return ", ".join(sorted(map(str, found))) or "no valid address"


def has_nothing_of_others(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """It does not lease what another client holds."""
    found = {one.address for ia in answer.ia_na for one in ia.addresses if one.valid}
    return f"it leases {held}, which another client holds" if held in found else None


def offers_something_else(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """Another client with the same IAID has an address of its own."""
    return has_nothing_of_others(question, answer, held) or has_addresses(question, answer, held)


def has_each_its_own(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """Each IA_NA has an address, or the status NoAddrsAvail; none is in two of them."""
    seen: set[IPv6Address] = set()
    for iaid, ia in mine(question, answer):
        valid = {one.address for one in ia.addresses if one.valid} if ia else set()
        if not valid and (ia is None or code(ia.status) != StatusCode.NO_ADDRESSES):
            return f"the IA_NA {iaid} {inside(ia)}"
        if valid & seen:
            return f"{_list(valid & seen)} is in two IA_NAs"
        seen |= valid
    return None


def extends_and_adds(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """The known IA_NA is extended; the new one has an address, or says that it has none or is not known."""
    for iaid, ia in mine(question, answer):
        refused = ia is not None and code(ia.status) in (StatusCode.NO_ADDRESSES, StatusCode.NO_BINDING)
        if not (ia and any(one.valid for one in ia.addresses)) and (iaid == HOLDER or not refused):
            return f"the IA_NA {iaid} {inside(ia)}"
    return None


def ends_what_is_elsewhere(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """The address of another link comes back with lifetimes of 0."""
    found = [one for ia in answer.ia_na for one in ia.addresses if one.address == ELSEWHERE]
    if found and not any((one.preferred, one.valid) != (0, 0) for one in found):
        return None
    told = ", ".join(inside(ia) for _, ia in mine(question, answer))
    return f"{ELSEWHERE} does not come back with lifetimes of 0: the IA_NA {told}"


def says(*right: StatusCode) -> Complaint:
    """Each IA_NA has one of these statuses and no valid address."""

    def complaint(question: Message, answer: Message, held: IPv6Address) -> str | None:
        for iaid, ia in mine(question, answer):
            if ia is None or ia.status is None or ia.status.code not in right or any(one.valid for one in ia.addresses):
                return f"the IA_NA {iaid} {inside(ia)}"
        return None

    return complaint


def says_or_leases(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """Each IA_NA has an address, or a status that says why not."""
    for iaid, ia in mine(question, answer):
        if ia is None or (not ia.addresses and code(ia.status) == StatusCode.SUCCESS):
            return f"the IA_NA {iaid} {inside(ia)}"
    return None


def says_success(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """The whole message has no other status."""
    return None if code(answer.status) == StatusCode.SUCCESS else f"its status is {answer.status.name}"  # type: ignore[union-attr]


def says_anything(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """That it is answered is all."""
    return None


def says_success_and_what_is_unknown(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """Success, and NoBinding in the IA_NA that nobody has, only."""
    for iaid, ia in mine(question, answer):
        unbound = ia is not None and code(ia.status) == StatusCode.NO_BINDING
        if unbound == (iaid == HOLDER):
            return f"the IA_NA {iaid} {inside(ia)}"
    return says_success(question, answer, held)


def has_no_lease(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """No IA of any kind."""
    return "it has an IA" if answer.ia_na or answer.ia_pd else None


def commits_or_offers(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """A Reply commits and says so, an Advertise does not."""
    if answer.rapid_commit != (answer.name == "Reply"):
        return f"the {answer.name} has {'' if answer.rapid_commit else 'no '}Rapid Commit"
    return has_addresses(question, answer, held)


def has_options(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """It has what the Option Request option asks for."""
    missing = [str(number) for number in WANTED if number not in answer.options]
    return f"it lacks the option {', '.join(missing)}, which the client asked for" if missing else None


def has_no_answer(question: Message, answer: Message, held: IPv6Address) -> str | None:
    """It should not be there at all."""
    return "it was to be left alone"


#: By part: the question, the names that its answer may have, and what is wrong with an answer, if anything.
EXPECTED: dict[str, tuple[str, tuple[str, ...], Complaint]] = {
    **{row: (row, ("Advertise",), has_addresses) for row in (
        "solicit-without-option-request", "solicit-after-a-long-time", "solicit-with-classes",
        "solicit-with-a-hint-of-another-link", "solicit-after-a-restart")},
    "solicit-to-another-port": ("solicit-to-another-port", ("Advertise",), has_no_answer),
    "solicit-with-rapid-commit": ("solicit-with-rapid-commit", ("Advertise", "Reply"), commits_or_offers),
    "solicit-by-the-holder": ("solicit-by-the-holder", ("Advertise",), has_what_is_held),
    "solicit-with-anothers-iaid": ("solicit-with-anothers-iaid", ("Advertise",), offers_something_else),
    "solicit-of-two": ("solicit-of-two", ("Advertise",), has_each_its_own),
    **{row: (row, ("Reply",), complaint) for row, complaint in {
        "request-of-two": has_each_its_own,
        "request-again": has_what_is_held,
        "request-without-option-request": has_addresses,
        "renew-after-a-restart": has_what_is_held,
        "request-of-another-link": says(StatusCode.NOT_ON_LINK),
        "renew-with-anothers-iaid": has_nothing_of_others,
        "renew-with-one-more": extends_and_adds,
        "rebind": has_what_is_held,
        "rebind-of-another-link": ends_what_is_elsewhere,
        "rebind-by-a-stranger": says_or_leases,
        "information-request": has_no_lease,
        "information-request-by-nobody": has_no_lease,
        "information-request-to-the-server": has_no_lease,
        "release-by-a-stranger": says(StatusCode.NO_BINDING),
        "decline-by-a-stranger": says(StatusCode.NO_BINDING),
        "release": says_success,
        "release-again": says_anything,
        "renew-of-what-was-released": says_or_leases,
        "release-of-two": says_success_and_what_is_unknown,
    }.items()},
    "release-of-anothers": ("renew-after-that", ("Reply",), has_what_is_held),
    "options-in-the-reply-to-a-request": ("request-again", ("Reply",), has_options),
    "options-in-the-reply-to-a-renew": ("renew", ("Reply",), has_options),
    "options-in-the-reply-to-a-rebind": ("rebind", ("Reply",), has_options),
    "options-in-the-reply-to-an-information-request": ("information-request", ("Reply",), has_options),
}


@check("DHCP6-45", ASKED, role="dhcpv6-server", parts=EXPECTED)
def test_answers_what_is_asked(recording: Recording, notebook: Notebook, part: str) -> None:
    """Each kind of question has the answer of RFC 9915 section 18.3 (RFC 8415 alike), which its client may believe.

    Where silence is an answer, too, a Solicit that came after it was answered.
    """
    row, names, complaint = EXPECTED[part]
    asked = asked_of(recording, notebook, "exchange", row)
    if row in MAY_BE_SILENT:
        notebook.cite(asked.frame)
        went_on(recording, notebook, "exchange", row)
        if not asked.answers:
            notebook.finding = "it is silent"
            return
    notebook.expect(complaint is not has_no_answer, "the server answered what it should not have heard", asked.frame,
                    *asked.answers)
    name = next((each.name for each in asked.answers if each.name in names), names[0])
    answer = asked.answer(notebook, name)
    wrong = complaint(asked.question, answer, _first_lease(recording, notebook))
    notebook.expect(wrong is None, f"the server's answer ({name}) to `{row}` is wrong: {wrong}", asked.frame, answer)


def _first_lease(recording: Recording, notebook: Notebook) -> IPv6Address:
    """What the holder was leased first."""
    leases = [each for each in questions(recording, "lease") if each.row == f"request-{HOLDER}"]
    leased = [address for each in leases for answer in each.answers[:1] for address in answer.addresses]
    return notebook.stimulus(leased, "nobody was leased an address")[0]


def _lease(recording: Recording, number: int = HOLDER) -> Asked:
    return next(each for each in questions(recording, "lease") if each.row == f"request-{number}")


def _associations(packet: Any) -> Iterator[Any]:
    part = packet
    while part:
        if part.name == layer("dhcp6").DHCP6OptIA_NA().name:
            yield part
        part = part.payload


def _empty(packet: Any) -> None:
    for each in _associations(packet):
        each.ianaopts = []


def _with_failure(packet: Any) -> Any:
    """The message has the status UnspecFail, and so has each IA_NA that has one."""
    status = layer("dhcp6").DHCP6OptStatusCode
    for each in _associations(packet):
        for option in each.ianaopts:
            if isinstance(option, status):
                option.statuscode = StatusCode.UNSPECIFIED_FAILURE
    if status in packet:
        packet[status].statuscode = StatusCode.UNSPECIFIED_FAILURE
        return packet
    return packet / status(statuscode=StatusCode.UNSPECIFIED_FAILURE)


def _with_association(packet: Any) -> Any:
    return packet / layer("dhcp6").DHCP6OptIA_NA(iaid=STRANGER)


def _with_other_commit(packet: Any) -> Any:
    """Rapid Commit where there is none, and the other way about."""
    option = layer("dhcp6").DHCP6OptRapidCommit
    return less("DHCP6OptRapidCommit")(packet) if option in packet else packet / option()


#: By what is wrong with an answer: an edit after which it is so, and what is said of it.
SPOILT: dict[Complaint, tuple[Callable[[Any], Any], str]] = {
    **dict.fromkeys((has_addresses, has_each_its_own, extends_and_adds, says_or_leases),
                    (_empty, "has neither an address nor a status")),
    has_what_is_held: (_empty, "which the client holds"),
    ends_what_is_elsewhere: (_empty, "does not come back with lifetimes of 0"),
    says_success: (_with_failure, "its status is UnspecFail"),
    has_no_lease: (_with_association, "it has an IA"),
    commits_or_offers: (_with_other_commit, "Rapid Commit"),
    has_options: (less("DHCP6OptDNSServers"), "it lacks the option 23"),
    says_success_and_what_is_unknown: (_empty, "has neither an address nor a status"),
}
EDITS = {part: SPOILT.get(complaint, (_with_failure, "UnspecFail")) for part, (_, _, complaint) in EXPECTED.items()
         if complaint not in (has_nothing_of_others, offers_something_else, says_anything, has_no_answer)}
#: An IA_NA for nobody is discarded for that.
EDITS["information-request-by-nobody"] = (_with_association, "has no Client Identifier")


@edited(test_answers_what_is_asked, because={part: because for part, (_, because) in EDITS.items()})
def server_with_another_answer(recording: Recording, part: str) -> Recording:
    row = EXPECTED[part][0]
    return editing.rewritten(recording, answers_to(recording, "exchange", row)[:1], EDITS[part][0])


@edited(test_answers_what_is_asked, because="did not answer the question",
        parts=[part for part, (row, _, _) in EXPECTED.items() if row not in MAY_BE_SILENT])
def server_that_is_silent(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=answers_to(recording, "exchange", EXPECTED[part][0]))


@edited(test_answers_what_is_asked, because={
    **dict.fromkeys(("solicit-with-anothers-iaid", "renew-with-anothers-iaid"), "which another client holds"),
    "solicit-to-another-port": "what it should not have heard"})
def server_that_looks_at_iaids_only(recording: Recording, part: str) -> Recording:
    """The stranger is told what the holder is told."""
    asked = asked_of(recording, Notebook(recording), "exchange", part)
    row = "solicit-1" if part.startswith("solicit") else "request-1"
    told = next(each for each in questions(recording, "lease") if each.row == row).answers[0].frame.data
    told = told[:63] + asked.mark.what.transaction.to_bytes(3, "big") + told[66:]
    silent = editing.without(recording, frames=asked.answers)
    told = told.replace(duid(HOLDER), duid(0x49 if part == "solicit-to-another-port" else STRANGER))
    return editing.with_frame(silent, with_checksum(told), time=asked.frame.time, node=ASKER, interface="eth0")
