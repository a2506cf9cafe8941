"""What a DHCPv6 server says of addresses that a client has, or believes to have: to Confirm and Renew."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.dhcpv6_edits import with_checksum
from conformance.broken.scripted_servers import EXEMPLARY, FORGETFUL
from conformance.judging.check import Broken, check, edited, healthy, played
from conformance.judging.verdict import Notebook
from conformance.reading.questions import ASKER, Asked, answers_to, asked_of, code, questions, read_by_then
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.dhcpv6_options import STATUS_NAMES, Ia
from fixtures.recording.views.dissection import layer
from fixtures.scenarios.dhcpv6.questions import ELSEWHERE, Dhcpv6Questions

ASKED = Dhcpv6Questions()

#: By part: the status that a Confirm gets.
CONFIRMED = {"right": StatusCode.SUCCESS, "wrong": StatusCode.NOT_ON_LINK, "mixed": StatusCode.NOT_ON_LINK}


@check("DHCP6-17", ASKED, role="dhcpv6-server", parts=CONFIRMED)
def test_confirm_is_answered_by_the_link(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Confirm is answered with a Reply: Success where all addresses fit the link, NotOnLink where one does not.

    RFC 9915 section 18.3.3, as RFC 8415.
    """
    asked = asked_of(recording, notebook, "confirm", part)
    reply = asked.answer(notebook, "Reply")
    told = reply.status.name if reply.status else "no status"
    notebook.expect(code(reply.status) == CONFIRMED[part],
                    f"the server answered a Confirm with {_addresses(asked)} with {told}", asked.frame, reply)


@check("DHCP6-17.none", ASKED, role="dhcpv6-server")
def test_confirm_of_nothing_is_not_answered(recording: Recording, notebook: Notebook) -> None:
    """To a Confirm without addresses nothing is said (RFC 9915 section 18.3.3, as RFC 8415)."""
    silent = asked_of(recording, notebook, "confirm", "none")
    notebook.expect(not silent.answers,
                    "the server answered a Confirm without addresses", silent.frame, *silent.answers)
    read_by_then(recording, notebook, "confirm")


def _addresses(asked: Asked) -> str:
    return " and ".join(map(str, asked.question.addresses))


@edited(test_confirm_is_answered_by_the_link,
        because={part: f"with {STATUS_NAMES[StatusCode.NOT_ON_LINK - right]}" for part, right in CONFIRMED.items()})
def server_that_takes_one_link_for_another(recording: Recording, part: str) -> Recording:
    """It says the opposite."""

    def change(packet: Any) -> None:
        status = packet[layer("dhcp6").DHCP6OptStatusCode]
        status.statuscode = StatusCode.NOT_ON_LINK - status.statuscode

    return editing.rewritten(recording, answers_to(recording, "confirm", part), change)


@edited(test_confirm_is_answered_by_the_link, because="did not answer the question")
def server_that_confirms_nothing(recording: Recording, part: str) -> Recording:
    """It leaves all Confirms alone."""
    return editing.without(recording, frames=answers_to(recording, "confirm", part))


@edited(test_confirm_of_nothing_is_not_answered, because="answered a Confirm without addresses")
def server_that_confirms_nothing_at_all(recording: Recording) -> Recording:
    """It answers a Confirm that names no address."""
    asked = next(each for each in questions(recording, "confirm") if each.row == "none")
    said = answers_to(recording, "confirm", "right")[0].frame.data
    answer = said[:63] + asked.question.transaction_id.to_bytes(3, "big") + said[66:]
    return editing.with_frame(recording, with_checksum(answer), time=asked.frame.time, node=ASKER, interface="eth0")


def _fault_in_extension(ia: Ia) -> str | None:
    """What is wrong with the answer to a Renew of the server's own lease."""
    if any(leased.valid for leased in ia.addresses):
        return None
    told = ia.status.name if ia.status else ", ".join(map(str, ia.addresses)) or "no address"
    return f"the server answered a Renew of its own lease with {told}"


def _fault_in_refusal(ia: Ia) -> str | None:
    """What is wrong with the answer to a Renew of a lease that nobody has."""
    if any(leased.valid for leased in ia.addresses) or code(ia.status) == StatusCode.NO_BINDING:
        return None
    told = "an IA_NA without address and status" if ia.status is None else ia.status.name
    return f"the server answered a Renew of a lease that nobody has with {told}, not with NoBinding"


def _ended_elsewhere(ia: Ia) -> str | None:
    """What is wrong with the answer to a Renew that names an address of another link, too."""
    left = {leased.address: leased for leased in ia.addresses}
    if ELSEWHERE not in left:
        told = f"status {ia.status.name}" if ia.status else f"{', '.join(map(str, left)) or 'nothing'} instead"
        return f"the server did not return {ELSEWHERE}, which does not fit the link, with lifetimes of 0, but {told}"
    leased = left[ELSEWHERE]
    if (leased.preferred, leased.valid) == (0, 0):
        return None
    return f"the server leased {ELSEWHERE}, which does not fit the link, for {leased.valid} s"


#: By part: what is wrong with the IA_NA that answers a Renew, if anything.
RENEWED: dict[str, Callable[[Ia], str | None]] = {
    "known": _fault_in_extension, "unknown": _fault_in_refusal, "off-link": _ended_elsewhere}


@check("DHCP6-19", ASKED, role="dhcpv6-server", parts=RENEWED)
def test_renew_tells_what_is_wrong(recording: Recording, notebook: Notebook, part: str) -> None:
    """Its own lease the server extends: the IA_NA comes back with an address that has a lifetime.

    A Renew for a binding that it does not have gets NoBinding, or a new binding. An address that does not fit the link
    comes back with lifetimes of zero (RFC 9915 section 18.3.4, as RFC 8415).
    """
    asked = asked_of(recording, notebook, "renew", part)
    reply = asked.answer(notebook, "Reply")
    iaid = asked.question.ia_na[0].iaid
    mine = [ia for ia in reply.ia_na if ia.iaid == iaid]
    notebook.expect(mine, f"the server's Reply has no IA_NA {iaid}, which was asked about", asked.frame, reply)
    wrong = RENEWED[part](mine[0])
    notebook.expect(wrong is None, wrong or "", asked.frame, reply)


@check("DHCP6-19.times", ASKED, role="dhcpv6-server")
def test_renew_has_times_in_order(recording: Recording, notebook: Notebook) -> None:
    """In what answers a Renew T1 is not later than T2 (RFC 9915 section 21.4, as RFC 8415)."""
    for row in RENEWED:
        reply = asked_of(recording, notebook, "renew", row).answer(notebook, "Reply")
        for ia in reply.ia_na:
            notebook.expect(ia.t1 <= ia.t2 or not ia.t2, f"the server's Reply has T1 {ia.t1} s and T2 {ia.t2} s", reply)


@healthy(test_renew_tells_what_is_wrong)
@healthy(test_renew_has_times_in_order)
def server_that_tells_all() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": EXEMPLARY})


@played(test_renew_tells_what_is_wrong, because="a Renew of its own lease with NoBinding", parts=["known"])
def server_that_forgets_its_lease() -> Broken:
    return Broken(ASKED, {"dhcpv6-server": FORGETFUL})


@edited(test_renew_tells_what_is_wrong, because="a Renew of its own lease with", parts=["known"])
def server_that_ends_its_lease(recording: Recording, part: str) -> Recording:
    """All lifetimes are 0."""

    def change(packet: Any) -> None:
        for option in packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts:
            option.preflft, option.validlft = 0, 0

    return editing.rewritten(recording, answers_to(recording, "renew", part), change)


@edited(test_renew_tells_what_is_wrong, because="leased 2001:", parts=["off-link"])
def server_that_extends_anything(recording: Recording, part: str) -> Recording:
    """Whatever address is asked for is extended."""

    def change(packet: Any) -> None:
        for option in packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts:
            if IPv6Address(option.addr) == ELSEWHERE:
                option.preflft, option.validlft = 600, 900

    return editing.rewritten(recording, answers_to(recording, "renew", part), change)


@edited(test_renew_tells_what_is_wrong, because={
    "known": "its own lease with no address", "unknown": "without address and status", "off-link": "nothing instead"})
def server_that_says_nothing_of_it(recording: Recording, part: str) -> Recording:
    """An empty IA_NA."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].ianaopts = []

    return editing.rewritten(recording, answers_to(recording, "renew", part), change)


@edited(test_renew_has_times_in_order, because="has T1 500 s")
def times_the_wrong_way_round(recording: Recording) -> Recording:
    """T1 is later than T2."""

    def change(packet: Any) -> None:
        packet[layer("dhcp6").DHCP6OptIA_NA].T1, packet[layer("dhcp6").DHCP6OptIA_NA].T2 = 500, 400

    return editing.rewritten(recording, answers_to(recording, "renew", "known"), change)
