"""How a guest looks for routers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.clocks import early
from fixtures.protocols.addresses import ALL_ROUTERS, UNSPECIFIED
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.dissection import layer
from fixtures.recording.views.ndp import RouterSolicitation
from fixtures.scenarios.common.lonely import FIRST_RS, LonelyGuest, RouterAppears
from fixtures.stagecraft.watching import default_route
from fixtures.timers import RAND, RTR_SOLICITATION_INTERVAL

#: Seconds that a client may take to start and to hear of its link-local address: no RFC says a number.
COARSE = 1.0


def _solicitations(recording: Recording) -> list[RouterSolicitation]:
    return ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))


@check("RA-12.in-time", LonelyGuest(), role="guest")
def test_solicits_routers_until_one_answers(recording: Recording, notebook: Notebook) -> None:
    """After link up the guest solicits routers, and again while none answers (RFC 4861 section 6.3.7, RFC 7559).

    The first comes within a second of DAD, with a second of grace for the client's own start.
    """
    up = notebook.stimulus(recording.happened("guest", "link", "new", operstate="UP"),
                           "the guest's link never came up")[0]
    sent = _solicitations(recording)
    notebook.expect(sent, "the guest sent no Router Solicitation", up)
    waited = sent[0].time - up.time
    notebook.in_time(waited, FIRST_RS + COARSE, "the guest sent its first Router Solicitation late", up, sent[0])
    notebook.figure("first Router Solicitation after link up", waited, "s")
    notebook.expect(len(sent) > 1, "the guest sent one Router Solicitation and never another", sent[0])
    notebook.finding = f"{len(sent)} solicitations, the first {sent[0].time - up.time:.2f} s after link up"


@check("RA-12.spacing", LonelyGuest(), role="guest")
def test_solicits_routers_at_intervals(recording: Recording, notebook: Notebook) -> None:
    """Two solicitations are at least 4 s apart, less 10 % (RFC 4861 section 6.3.7, RFC 7559 section 2)."""
    unanswered = [each for each in _solicitations(recording) if each.time <= recording.marked(RouterAppears)[0].time]
    notebook.stimulus(unanswered[1:], "the guest sent no two Router Solicitations before a router appeared")
    for one, two in pairwise(unanswered):
        gap = two.time - one.time
        enough = gap >= RTR_SOLICITATION_INTERVAL * (1 - RAND) - early(recording)
        notebook.expect(enough, f"the guest sent two Router Solicitations {gap:.2f} s apart", one, two)


#: By part: what each solicitation has to be, and what is said where it is not.
FORM: dict[str, tuple[Callable[[RouterSolicitation], bool], Callable[[RouterSolicitation], str]]] = {
    "source": (lambda each: each.source == UNSPECIFIED or each.source.is_link_local,
               lambda each: f"the guest sent a Router Solicitation from {each.source}"),
    "destination": (lambda each: each.destination == ALL_ROUTERS,
                    lambda each: f"the guest sent a Router Solicitation to {each.destination}"),
    "hop-limit": (lambda each: each.hop_limit == 255,
                  lambda each: f"the guest's Router Solicitation has hop limit {each.hop_limit}, not 255"),
    "sllao": (lambda each: each.source != UNSPECIFIED or each.sllao is None,
              lambda each: "the guest's Router Solicitation from :: has an SLLAO"),
}


@check("RA-12", LonelyGuest(), role="guest", parts=FORM)
def test_router_solicitations_are_as_they_should_be(recording: Recording, notebook: Notebook, part: str) -> None:
    """A solicitation goes from a link-local address or `::` to all routers, hop limit 255 (RFC 4861 section 4.1).

    From `::` it has no SLLAO; one from an address without SLLAO is a warning.
    """
    holds, otherwise = FORM[part]
    for each in notebook.stimulus(_solicitations(recording), "the guest sent no Router Solicitation"):
        notebook.expect(holds(each), otherwise(each), each)
        if part == "sllao" and each.source != UNSPECIFIED:
            notebook.recommend(each.sllao, "the guest's Router Solicitation has no SLLAO", each)


@check("RA-12.late-router", LonelyGuest(), role="guest")
def test_takes_a_router_that_appears_late(recording: Recording, notebook: Notebook) -> None:
    """A guest that still solicits when a router appears late finds it (RFC 4861 sections 6.3.7, 6.3.4).

    RFC 4861 allows it to have given up by then.
    """
    appeared = notebook.stimulus(recording.marked(RouterAppears), "no router appeared")[0]
    sent = notebook.stimulus(_solicitations(recording), "the guest sent no Router Solicitation")
    later = [each for each in sent if each.time > appeared.time]
    if not later:
        notebook.cite(sent[-1], appeared)
        notebook.finding = "it had given up when a router appeared, as RFC 4861 allows"
        return
    found = [event for event in recording.kernel("guest") if event.ns > appeared.ns and default_route("guest")(event)]
    notebook.expect(found, "the guest solicited the late router, but did not use it", later[0], appeared)
    notebook.cite(later[0], found[0])
    notebook.finding = f"a router that appeared late was found {found[0].time - appeared.time:.1f} s later"


@played(test_solicits_routers_until_one_answers, because="sent no Router Solicitation")
def guest_that_waits_to_be_told() -> Broken:
    """router_solicitations=0."""
    return Broken(LonelyGuest(), {"guest": KernelGuest("linux:router_solicitations=0", {"router_solicitations": 0})})


@played(test_solicits_routers_at_intervals, because="apart")
def guest_without_patience() -> Broken:
    """router_solicitation_interval=1."""
    hasty = KernelGuest("linux:router_solicitation_interval=1", {"router_solicitation_interval": 1})
    return Broken(LonelyGuest(), {"guest": hasty})


#: By part: what spoils the IPv6 header of a solicitation, and what is said then.
SPOILT: dict[str, tuple[dict[str, object], str]] = {
    "source": ({"src": "2001:db8::5"}, "Router Solicitation from 2001:db8::5"),
    "destination": ({"dst": "ff02::1"}, "Router Solicitation to ff02::1"),
    "hop-limit": ({"hlim": 64}, "has hop limit 64"),
    "sllao": ({"src": "::"}, "from :: has an SLLAO"),
}


@edited(test_router_solicitations_are_as_they_should_be, because={part: why for part, (_, why) in SPOILT.items()})
def guest_that_a_router_must_ignore(recording: Recording, part: str) -> Recording:
    def change(packet: Any) -> None:
        for field, value in SPOILT[part][0].items():
            setattr(packet[layer("inet6").IPv6], field, value)

    return editing.rewritten(recording, _solicitations(recording), change)


@edited(test_takes_a_router_that_appears_late, because="did not use it")
def guest_that_ignores_the_late_router(recording: Recording) -> Recording:
    """It solicits and does not listen."""
    return editing.without(recording, events=default_route("guest"))
