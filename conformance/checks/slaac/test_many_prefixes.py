"""Which prefixes of an RA make an address, which are on the link, and for how long: as neighbors see it."""

from __future__ import annotations

from conformance.broken.caching_hosts import ASSUMING
from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.slaac.many_prefixes import (
    ASKER,
    MOMENTS,
    AddressAsked,
    Asked,
    ManyPrefixes,
    addresses_in,
)
from fixtures.scenarios.slaac.prefix_cases import ADDRESSES, INVALID, LINKS, LinkCase
from topologies.stage import addressing as plan

ROUTER = plan.mac_of("peer", "eth0")


#: Whose prefix is in an RA that must be discarded, too.
CASES = {**ADDRESSES, **INVALID}


@check("RA-11", ManyPrefixes(), role="guest", parts=INVALID)
@check("SLAAC-19", ManyPrefixes(), role="guest", parts=ADDRESSES)
def test_forms_addresses_of_valid_prefixes(recording: Recording, notebook: Notebook, part: str) -> None:
    """An address is formed of a prefix with A=1, 64 bits and a valid lifetime, and is there as long as that lasts.

    Of an invalid RA none is formed (RFC 4861 section 6.1.2; RFC 4862 sections 5.5.3 and 5.5.4). Who probes for an
    address has formed it; who has it answers for it.
    """
    case = CASES[part]
    heard = [ra for ra in ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
             if any(each.network == case.prefix.network for each in ra.prefixes)]
    notebook.cite(notebook.stimulus(heard, "no RA with the prefix reached the guest")[0])
    formed = addresses_in(recording.at("guest", "eth0"), case.network)
    if not case.soon:
        control = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
                   if each.dad and each.target in ADDRESSES["usual"].network]
        notebook.cite(notebook.stimulus(control, "the guest formed no address of the usual prefix either")[0])
        notebook.expect(not formed, f"the guest formed {', '.join(map(str, formed))}", heard[0])
        notebook.finding = "the guest formed no address of the prefix"
        return
    notebook.expect(formed, f"the guest formed no address in {case.network}", heard[0])
    for when, there in (("soon", case.soon), ("late", case.late)):
        if there is not None:
            _expect_answer(recording, notebook, part, when, there)
    notebook.finding = f"the guest formed {formed[0]}"


def _expect_answer(recording: Recording, notebook: Notebook, part: str, when: str, there: bool) -> None:
    """The addresses of a prefix are answered for, or not."""
    asked = [mark for mark in recording.marked(AddressAsked) if (mark.what.part, mark.what.when) == (part, when)]
    for mark in notebook.stimulus(asked, "the address was not solicited"):
        solicited = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
                     if each.source == ASKER and str(each.target) == mark.what.address and each.frame.ns >= mark.ns]
        notebook.cite(notebook.stimulus(solicited, "no solicitation reached the guest")[0])
        answers = _answers(recording, mark.what.address, when)
        notebook.cite(*answers[:1])
        notebook.expect(bool(answers) is there, f"{when} after the RA the guest {'answers' if answers else 'is silent'}"
                        f" for {mark.what.address}", solicited[0], *answers[:1])


def _answers(recording: Recording, address: str, when: str) -> list[ndp.NeighborAdvertisement]:
    moments = {mark.what.when: mark.ns for mark in recording.marked(Asked)}
    begin = moments.get(when, recording.duration_ns)
    end = moments.get("late", recording.duration_ns) if when == "soon" else recording.duration_ns + 1
    return [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
            if str(each.target) == address and each.destination == ASKER and begin <= each.frame.ns < end]


@check("NDP-13", ManyPrefixes(), role="guest", parts=LINKS)
def test_knows_who_is_on_the_link(recording: Recording, notebook: Notebook, part: str) -> None:
    """Neighbors in a prefix with L=1, and link-local ones, are solicited; all others are reached through the router.

    RFC 4861 sections 5.2 and 6.3.4, RFC 5942 section 4: a prefix is on-link for its valid lifetime, which a later RA
    renews.
    """
    case = LINKS[part]
    for when, on_link in (("soon", case.soon), ("late", case.late)):
        if on_link is None:
            continue
        asked = [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
                 if each.source == case.neighbor and each.sequence == MOMENTS[when]]
        notebook.cite(notebook.stimulus(asked, f"{case.neighbor} did not ask")[0])
        routed, sought = _answers_by_router(recording, case, when), _solicitations_for(recording, case, asked[0])
        notebook.expect(routed or sought, f"the guest did not try to answer {case.neighbor}", asked[0])
        notebook.cite(*routed[:1], *([] if routed else sought[:1]))
        if on_link:
            notebook.expect(not routed, f"{when} after the RA the guest sent its answer to {case.neighbor}, which is on"
                            " the link, through the router", *routed[:1])
        else:
            notebook.expect(routed, f"{when} after the RA the guest looked for {case.neighbor},"
                            " which is not on the link", *sought[:1])
    notebook.finding = f"the guest knows whether {case.neighbor} is on the link"


def _answers_by_router(recording: Recording, case: LinkCase, when: str) -> list[Echo]:
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    return [each for each in sent if each.destination == case.neighbor and each.sequence == MOMENTS[when]
            and each.frame.data[:6].hex(":") == ROUTER]


def _solicitations_for(recording: Recording, case: LinkCase, asked: Echo) -> list[ndp.NeighborSolicitation]:
    return [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
            if each.target == case.neighbor and each.frame.ns >= asked.frame.ns]


def _with_answer(recording: Recording, part: str) -> Recording:
    """The guest's first answer is heard once more at the end, when that address is asked for again."""
    formed = addresses_in(recording.at("guest", "eth0"), ADDRESSES[part].network)[0]
    late = next(mark for mark in recording.marked(AddressAsked) if (mark.what.part, mark.what.when) == (part, "late"))
    answer = _answers(recording, str(formed), "soon")[0].frame
    return editing.with_frame(recording, answer.data, time=late.time + 0.01, node="guest", interface="eth0",
                              outgoing=True)


@edited(test_forms_addresses_of_valid_prefixes, because="the guest formed no address in",
        parts=[key for key, case in ADDRESSES.items() if case.soon])
def host_that_overlooks_a_prefix(recording: Recording, part: str) -> Recording:
    probes = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
              if each.dad and each.target in ADDRESSES[part].network]
    return editing.without(recording, frames=probes)


@edited(test_forms_addresses_of_valid_prefixes, because="the guest formed",
        parts=[key for key, case in CASES.items() if not case.soon])
def host_that_forms_addresses_of_anything(recording: Recording, part: str) -> Recording:
    """Its probe for an address of the usual prefix is followed by one for an address of that prefix."""
    usual = next(each.frame for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
                 if each.dad and each.target in ADDRESSES["usual"].network)
    target = (CASES[part].network.network_address + 0x5E).packed
    return editing.with_frame(recording, usual.data[:62] + target + usual.data[78:], time=usual.time, node="guest",
                              interface="eth0", outgoing=True)


@edited(test_forms_addresses_of_valid_prefixes, because="late after the RA the guest answers", parts=["ended"])
def host_that_keeps_its_address(recording: Recording, part: str) -> Recording:
    return _with_answer(recording, part)


@edited(test_forms_addresses_of_valid_prefixes, because="late after the RA the guest is silent", parts=["infinite"])
def host_that_counts_to_infinity(recording: Recording, part: str) -> Recording:
    formed = addresses_in(recording.at("guest", "eth0"), ADDRESSES[part].network)[0]
    return editing.without(recording, frames=_answers(recording, str(formed), "late"))


@played(test_knows_who_is_on_the_link, because="through the router",
        parts=[key for key, case in LINKS.items() if case.soon])
def host_that_answers_where_it_was_asked() -> Broken:
    """Its answers go to the MAC address that the question came from."""
    return Broken(ManyPrefixes(), {"guest": ScriptedGuest("host:reflects")})


@played(test_knows_who_is_on_the_link, because="which is not on the link",
        parts=[key for key, case in LINKS.items() if False in (case.soon, case.late)])
def host_that_looks_for_everybody() -> Broken:
    return Broken(ManyPrefixes(), {"guest": ASSUMING})
