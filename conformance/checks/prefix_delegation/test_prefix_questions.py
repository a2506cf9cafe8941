"""What a delegating DHCPv6 server answers to each kind of question about prefixes, right and wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv6Network
from typing import Any

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.judging.check import Broken, check, edited, healthy
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, answers_to, asked_of, code, questions, went_on
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.dhcpv6_options import Ia
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.prefix_delegation.prefix_questions import (
    ELSEWHERE,
    FREE,
    HOLDER,
    LENGTH,
    MAY_BE_SILENT,
    PrefixQuestions,
    prefixes,
)
from topologies.delegation import DELEGATED

ASKED = PrefixQuestions()

#: What is wrong with an answer to a question, if anything; the prefix is the holder's.
Complaint = Callable[[Message, Message, IPv6Network], str | None]


def mine(question: Message, answer: Message) -> Iterator[tuple[int, Ia | None]]:
    """The IAIDs of the IA_PDs that were asked about, each with the IA_PD of the answer."""
    for asked in question.ia_pd:
        yield asked.iaid, next((ia for ia in answer.ia_pd if ia.iaid == asked.iaid), None)


def inside(ia: Ia | None) -> str:
    """What an IA_PD of an answer has."""
    if ia is None:
        return "is missing"
    told = [*map(str, ia.prefixes), *([ia.status.name] if ia.status else [])]
    return "has " + (" and ".join(told) or "neither a prefix nor a status")


def of_the_pool(ia: Ia | None) -> list[IPv6Network]:
    """The valid prefixes of an IA_PD that are of the pool and of the configured length."""
    return [each.network for each in (ia.prefixes if ia else ())
            if each.valid and each.network.prefixlen == LENGTH and each.network.subnet_of(DELEGATED)]


def has_prefixes(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """Each IA_PD has a prefix of the pool, and each IA_NA an address."""
    for iaid, ia in mine(question, answer):
        if not of_the_pool(ia):
            return f"the IA_PD {iaid} {inside(ia)}"
    leased = [one for ia in answer.ia_na for one in ia.addresses if one.valid]
    return "it has no address" if question.ia_na and not leased else None


def has_each_its_own(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """Each IA_PD has a prefix, or the status NoPrefixAvail; none is in two of them."""
    seen: set[IPv6Network] = set()
    for iaid, ia in mine(question, answer):
        found = set(of_the_pool(ia))
        if not found and (ia is None or code(ia.status) != StatusCode.NO_PREFIXES):
            return f"the IA_PD {iaid} {inside(ia)}"
        if found & seen:
            return f"{', '.join(map(str, found & seen))} is in two IA_PDs"
        seen |= found
    return None


def has_what_is_held(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """The IA_PD has the prefix that its client holds, and it is valid."""
    found = prefixes(answer)
    told = ", ".join(map(str, found)) or "no valid prefix"
    return None if held in found else f"it has {told}, not {held}, which the client holds"


def has_another(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """It has a prefix of the pool that is not another client's."""
    return f"it offers {held}, which another client holds" if held in prefixes(answer) else \
        has_prefixes(question, answer, held)


def has_the_wish(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """It has the prefix that was wished for and is free."""
    found = prefixes(answer)
    return None if FREE in found else f"it has {', '.join(map(str, found)) or 'no prefix'}, not what is free"


def ends_what_is_elsewhere(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """The prefix of another pool comes back with lifetimes of 0."""
    found = [one for ia in answer.ia_pd for one in ia.prefixes if one.network == ELSEWHERE]
    if found and not any((one.preferred, one.valid) != (0, 0) for one in found):
        return None
    told = ", ".join(inside(ia) for _, ia in mine(question, answer))
    return f"{ELSEWHERE} does not come back with lifetimes of 0: the IA_PD {told}"


def says(right: StatusCode) -> Complaint:
    """Each IA_PD has this status and no valid prefix."""

    def complaint(question: Message, answer: Message, held: IPv6Network) -> str | None:
        for iaid, ia in mine(question, answer):
            if ia is None or ia.status is None or ia.status.code != right or any(one.valid for one in ia.prefixes):
                return f"the IA_PD {iaid} {inside(ia)}"
        return None

    return complaint


def says_or_leases(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """Each IA_PD has a prefix, or a status that says why not."""
    for iaid, ia in mine(question, answer):
        if ia is None or (not ia.prefixes and code(ia.status) == StatusCode.SUCCESS):
            return f"the IA_PD {iaid} {inside(ia)}"
    return None


def says_success(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """The whole message has no other status."""
    return None if answer.status is None or code(answer.status) == StatusCode.SUCCESS else \
        f"its status is {answer.status.name}"


def says_success_and_what_is_unknown(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """Success, and NoBinding in the IA_PD that nobody has."""
    return says(StatusCode.NO_BINDING)(question, answer, held) or says_success(question, answer, held)


def has_no_answer(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """It should not be there at all."""
    return "it was to be left alone"


def offers_an_address(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """An address beside NoPrefixAvail in the IA_PD, and no status of the whole message."""
    if not any(one.valid for ia in answer.ia_na for one in ia.addresses):
        return "it has no address"
    return says(StatusCode.NO_PREFIXES)(question, answer, held) or says_success(question, answer, held)


def commits_or_offers(question: Message, answer: Message, held: IPv6Network) -> str | None:
    """A Reply commits and says so, an Advertise does not."""
    if answer.rapid_commit != (answer.name == "Reply"):
        return f"the {answer.name} has {'' if answer.rapid_commit else 'no '}Rapid Commit"
    return has_prefixes(question, answer, held)


#: By part: the topic and the row of the question, the names that its answer may have, and what may be wrong with it.
EXPECTED: dict[str, tuple[str, str, tuple[str, ...], Complaint]] = {
    "solicit": ("prefix-lease", f"solicit-{HOLDER}", ("Advertise",), has_prefixes),
    "request": ("prefix-lease", f"request-{HOLDER}", ("Reply",), has_prefixes),
    "solicit-of-both": ("prefix-lease", "solicit-2", ("Advertise",), has_prefixes),
    "request-of-both": ("prefix-lease", "request-2", ("Reply",), has_prefixes),
    "request-of-several": ("prefix-lease", "request-3", ("Reply",), has_each_its_own),
    **{row: ("prefix", row, ("Advertise",), complaint) for row, complaint in {
        "solicit-by-the-holder": has_what_is_held,
        "hint-of-a-free-prefix": has_the_wish,
        "hint-of-a-taken-prefix": has_another,
        "hint-of-another-pool": has_another,
        "hint-of-a-shorter-prefix": has_prefixes,
        "hint-of-a-longer-prefix": has_prefixes,
        "solicit-when-none-is-left": says(StatusCode.NO_PREFIXES),
        "address-when-no-prefix-is-left": offers_an_address,
    }.items()},
    "solicit-with-rapid-commit": ("prefix", "solicit-with-rapid-commit", ("Advertise", "Reply"), commits_or_offers),
    **{row: ("prefix", row, ("Reply",), complaint) for row, complaint in {
        "renew": has_what_is_held,
        "renew-of-both": has_prefixes,
        "renew-by-a-stranger": says_or_leases,
        "renew-of-another-pool": ends_what_is_elsewhere,
        "renew-with-one-more": says_or_leases,
        "renew-with-another-length": has_what_is_held,
        "rebind": has_what_is_held,
        "rebind-by-a-stranger": says_or_leases,
        "rebind-of-another-pool": ends_what_is_elsewhere,
        "confirm-of-a-prefix": has_no_answer,
        "confirm-of-both": says_success,
        "request-to-another-server": has_no_answer,
        "release": says_success,
        "release-of-several": says_success,
        "release-by-a-stranger": says(StatusCode.NO_BINDING),
        "release-of-both-one-unknown": says_success_and_what_is_unknown,
        "request-when-none-is-left": says(StatusCode.NO_PREFIXES),
    }.items()},
    "decline-of-a-prefix": ("prefix", "renew-after-that", ("Reply",), has_what_is_held),
}


@check("PD-03", ASKED, role="dhcpv6-server", parts=EXPECTED)
def test_answers_what_is_asked_of_prefixes(recording: Recording, notebook: Notebook, part: str) -> None:
    """Each kind of question about prefixes has the answer of RFC 9915 section 18.3 (RFC 8415 alike).

    Where silence is an answer, too, a Solicit that came after it was answered.
    """
    topic, row, names, complaint = EXPECTED[part]
    asked = asked_of(recording, notebook, topic, row)
    if row in MAY_BE_SILENT:
        notebook.cite(asked.frame)
        went_on(recording, notebook, topic, row)
        if not asked.answers:
            notebook.finding = "it is silent"
            return
    name = next((each.name for each in asked.answers if each.name in names), names[0])
    answer = asked.answer(notebook, name)
    # Who asks for its first lease holds nothing yet.
    held = ELSEWHERE if topic == "prefix-lease" else _first_lease(recording, notebook)
    wrong = complaint(asked.question, answer, held)
    notebook.expect(wrong is None, f"the server's answer ({name}) to `{row}` is wrong: {wrong}", asked.frame, answer)


@healthy(test_answers_what_is_asked_of_prefixes, parts=["release-of-both-one-unknown"])
def dhcpd_that_tells_one_from_the_other() -> Broken:
    """Kea has one status for all."""
    return Broken(ASKED, {"dhcpv6-server": "isc-dhcpd"})


def _first_lease(recording: Recording, notebook: Notebook) -> IPv6Network:
    """What the holder was leased first."""
    told = answers_to(recording, "prefix-lease", f"request-{HOLDER}")
    return notebook.stimulus([prefix for each in told for prefix in prefixes(each)], "nobody was leased a prefix")[0]


@check("PD-03.no-overlap", ASKED, role="dhcpv6-server")
def test_delegates_nothing_twice(recording: Recording, notebook: Notebook) -> None:
    """What one client holds overlaps with nothing that another one is leased (RFC 9915 section 13.3)."""
    holders: dict[IPv6Network, tuple[bytes | None, Message]] = {}
    for asked in questions(recording, "prefix-lease"):
        for reply in [each for each in asked.answers if each.name == "Reply"]:
            notebook.cite(reply)
            for prefix in prefixes(reply):
                other = next((entry for known, entry in holders.items() if known.overlaps(prefix)), None)
                notebook.expect(other is None or other[0] == reply.client_duid,
                                f"the server delegated {prefix} to two clients", *(other[1:] if other else ()), reply)
                holders[prefix] = reply.client_duid, reply
    notebook.stimulus(holders, "nobody was leased a prefix")
    notebook.finding = f"{len(holders)} prefixes, none of which overlaps with another"


@edited(test_delegates_nothing_twice, because="to two clients")
def server_with_one_prefix_for_all(recording: Recording) -> Recording:
    held = _first_lease(recording, Notebook(recording))

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_PD].iapdopt[0].prefix = str(held.network_address)

    return editing.rewritten(recording, answers_to(recording, "prefix-lease", "request-2"), change)


def _associations(packet: Any) -> Iterator[Any]:
    part = packet
    while part:
        if part.name == layer("dhcp6").DHCP6OptIA_PD().name:
            yield part
        part = part.payload


def _empty(packet: Any) -> None:
    for each in _associations(packet):
        each.iapdopt = []


def _with_failure(packet: Any) -> Any:
    """The message has the status UnspecFail, and so has each IA_PD that has one."""
    status = layer("dhcp6").DHCP6OptStatusCode
    for each in _associations(packet):
        for option in each.iapdopt:
            if isinstance(option, status):
                option.statuscode = StatusCode.UNSPECIFIED_FAILURE
    if status in packet:
        packet[status].statuscode = StatusCode.UNSPECIFIED_FAILURE
        return packet
    return packet / status(statuscode=StatusCode.UNSPECIFIED_FAILURE)


#: By what is wrong with an answer: an edit after which it is so, and what is said of it.
SPOILT: dict[Complaint, tuple[Callable[[Any], Any], str]] = {
    **dict.fromkeys((has_prefixes, has_each_its_own, says_or_leases, has_another, commits_or_offers,
                     says_success_and_what_is_unknown), (_empty, "has neither a prefix nor a status")),
    has_what_is_held: (_empty, "which the client holds"),
    has_the_wish: (_empty, "not what is free"),
    ends_what_is_elsewhere: (_empty, "does not come back with lifetimes of 0"),
}
EDITS = {part: SPOILT.get(complaint, (_with_failure, "UnspecFail")) for part, (_, row, _, complaint) in EXPECTED.items()
         if row not in MAY_BE_SILENT}


@edited(test_answers_what_is_asked_of_prefixes, because={part: because for part, (_, because) in EDITS.items()})
def server_with_another_answer(recording: Recording, part: str) -> Recording:
    topic, row, _, _ = EXPECTED[part]
    return editing.rewritten(recording, answers_to(recording, topic, row)[:1], EDITS[part][0])


@edited(test_answers_what_is_asked_of_prefixes, because="did not answer the question", parts=list(EDITS))
def server_that_is_silent(recording: Recording, part: str) -> Recording:
    topic, row, _, _ = EXPECTED[part]
    return editing.without(recording, frames=answers_to(recording, topic, row))


@edited(test_answers_what_is_asked_of_prefixes, because="is wrong",
        parts=[part for part, (_, row, _, _) in EXPECTED.items() if row in MAY_BE_SILENT])
def server_that_answers_what_it_should_not(recording: Recording, part: str) -> Recording:
    """It answers as it answers a Renew, with nothing in the IA_PD."""
    asked = asked_of(recording, Notebook(recording), "prefix", EXPECTED[part][1])
    like = next(each for each in questions(recording, "prefix") if each.row == "renew")
    told = like.answers[0].frame.data
    before, now = (each.question.client_duid or b"" for each in (like, asked))
    told = (told[:63] + asked.question.transaction_id.to_bytes(3, "big") + told[66:]).replace(before, now)
    silent = editing.without(recording, frames=asked.answers)
    more = editing.with_frame(silent, with_checksum(told), time=asked.frame.time, node=ASKER, interface="eth0")
    return editing.rewritten(more, answers_to(more, "prefix", EXPECTED[part][1]), _empty)
