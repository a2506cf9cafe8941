"""Whether a router is one after what it says: an NA with R=0, an NS, an RA with or without its link-layer address."""

from __future__ import annotations

from conformance.broken.caching_hosts import RIGHT
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.many_routers import AFTER, BEFORE, ELSEWHERE, GONE, Asked, ManyRouters
from fixtures.scenarios.router_discovery.router_cases import CASES, Case
from topologies.stage import addressing as plan

OTHER = plan.mac_of("peer", "eth0")


@check("RA-19", ManyRouters(), role="guest", parts=CASES)
def test_knows_who_is_a_router(recording: Recording, notebook: Notebook, part: str) -> None:
    """An NA with R=0 ends a router's being one, in any form; an NS does not; an RA makes it one, or ends it.

    RFC 4861 sections 7.2.5, 7.2.3 and 6.3.4. The router is the only one until the guest has been asked; the answers by
    way of another one show that the guest had read what came before.
    """
    case = CASES[part]
    before, after, gone, elsewhere = (_answers(recording, case, each) for each in (BEFORE, AFTER, GONE, ELSEWHERE))
    used = [each for each in before if _hop(each) == case.mac()]
    notebook.cite(notebook.stimulus(used, f"the guest did not send by way of {case.address} before")[-1])
    notebook.cite(notebook.stimulus([each for each in elsewhere if _hop(each) == OTHER],
                                    "the guest did not send by way of the other router at the end")[-1])
    asked = [each for each in transport.echoes(recording.at("guest", "eth0", outgoing=False), reply=False)
             if each.source == case.destination and each.sequence == AFTER]
    notebook.cite(notebook.stimulus(asked, "nobody asked the guest after the message")[-1])
    if case.stays:
        right = [each for each in after if _hop(each) == case.mac_after]
        notebook.expect(right, f"the guest does not send by way of {case.address} at {case.mac_after} any more", *asked)
        notebook.cite(right[0])
    left = gone if case.kind == "RA" else [] if case.stays else after
    wrong = [each for each in left if _hop(each) in (case.mac(), case.mac("other"))]
    notebook.expect(not wrong, f"the guest still sends by way of {case.address}, which is no router now", *wrong[:1])
    notebook.finding = f"the guest {'goes on' if case.stays else 'ceases'} to use the router"


def _answers(recording: Recording, case: Case, sequence: int) -> list[Echo]:
    """The answers since the guest was asked for the last time: a program may need a moment to do what it should."""
    asked = [mark for mark in recording.marked(Asked)
             if CASES[mark.what.part] is case and mark.what.sequence == sequence]
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=True)
    return [each for each in sent if asked and each.frame.ns >= asked[-1].ns
            and each.destination == case.destination and each.sequence == sequence]


def _hop(echo: Echo) -> str:
    return echo.frame.data[:6].hex(":")


@played(test_knows_who_is_a_router, because="still sends by way of",
        parts=[key for key, case in CASES.items() if case.kind in ("NA", "RA")])
def host_that_overlooks_the_flag() -> Broken:
    """A router is one until its lifetime ends."""
    return Broken(ManyRouters(), {"guest": RIGHT})


@edited(test_knows_who_is_a_router, because="any more", parts=[key for key, case in CASES.items() if case.stays])
def host_that_takes_it_for_a_host(recording: Recording, part: str) -> Recording:
    return editing.without(recording, frames=_answers(recording, CASES[part], AFTER))


@edited(test_knows_who_is_a_router, because="still sends by way of", parts=["ra-lifetime-0"])
def host_that_overlooks_the_last_ra(recording: Recording, part: str) -> Recording:
    """Its first answer is seen again."""
    before = _answers(recording, CASES[part], BEFORE)[-1].frame
    asked = [mark for mark in recording.marked(Asked) if mark.what.part == part and mark.what.sequence == AFTER][-1]
    data = before.data[:60] + AFTER.to_bytes(2, "big") + before.data[62:]
    return editing.with_frame(recording, data, time=asked.time + 0.001, node="guest", interface="eth0", outgoing=True)
