"""How a guest looks for routers."""

from __future__ import annotations

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


def _sent(recording: Recording) -> list[RouterSolicitation]:
    return ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))


@check("RA-12", LonelyGuest(), role="guest")
def test_solicits_routers_until_one_answers(recording: Recording, notebook: Notebook) -> None:
    """After link up the guest solicits routers at least 4 s apart, less 10 % (RFC 4861 section 6.3.7, RFC 7559).

    The first comes within a second of DAD, with a second of grace for the client's own start. Each goes from a
    link-local address or `::` to all routers, hop limit 255. A guest that still solicits when a router appears late
    finds it. One without SLLAO is a finding of its own.
    """
    up = notebook.stimulus(recording.happened("guest", "link", "new", operstate="UP"),
                           "the guest's link never came up")[0]
    sent = _sent(recording)
    notebook.expect(sent, "the guest sent no Router Solicitation", up)
    waited = sent[0].time - up.time
    notebook.in_time(waited, FIRST_RS + COARSE, "the guest sent its first Router Solicitation late", up, sent[0])
    notebook.figure("first Router Solicitation after link up", waited, "s")
    notebook.expect(len(sent) > 1, "the guest sent one Router Solicitation and never another", sent[0])
    for each in sent:
        _format(each, notebook)
    unanswered = [each for each in sent if each.time <= recording.marked(RouterAppears)[0].time]
    for one, two in pairwise(unanswered):
        gap = two.time - one.time
        enough = gap >= RTR_SOLICITATION_INTERVAL * (1 - RAND) - early(recording)
        notebook.expect(enough, f"the guest sent two Router Solicitations {gap:.2f} s apart", one, two)
    notebook.finding = f"{len(sent)} solicitations, the first {sent[0].time - up.time:.2f} s after link up"
    _late_router(recording, sent, notebook)


def _format(solicitation: RouterSolicitation, notebook: Notebook) -> None:
    source = solicitation.source
    notebook.expect(source == UNSPECIFIED or source.is_link_local,
                    f"the guest sent a Router Solicitation from {source}", solicitation)
    to = solicitation.destination
    notebook.expect(to == ALL_ROUTERS, f"the guest sent a Router Solicitation to {to}", solicitation)
    notebook.expect(solicitation.hop_limit == 255,
                    f"the guest's Router Solicitation has hop limit {solicitation.hop_limit}, not 255", solicitation,
                    field="hop limit")
    if source == UNSPECIFIED:
        notebook.expect(solicitation.sllao is None,
                        "the guest's Router Solicitation from :: has an SLLAO", solicitation)
    else:
        notebook.recommend(solicitation.sllao, "the guest's Router Solicitation has no SLLAO", solicitation)


def _late_router(recording: Recording, sent: list[RouterSolicitation], notebook: Notebook) -> None:
    appeared = recording.marked(RouterAppears)[0]
    later = [each for each in sent if each.time > appeared.time]
    if not later:
        notebook.finding += "; it had given up when a router appeared, as RFC 4861 allows"
        return
    found = [event for event in recording.kernel("guest") if event.ns > appeared.ns and default_route("guest")(event)]
    notebook.expect(found, "the guest solicited the late router, but did not use it", later[0], appeared)
    notebook.cite(found[0])
    notebook.finding += f"; a router that appeared late was found {found[0].time - appeared.time:.1f} s later"


@played(test_solicits_routers_until_one_answers, because="sent no Router Solicitation")
def guest_that_waits_to_be_told() -> Broken:
    """router_solicitations=0."""
    return Broken(LonelyGuest(), {"guest": KernelGuest("linux:router_solicitations=0", {"router_solicitations": 0})})


@played(test_solicits_routers_until_one_answers, because="apart")
def guest_without_patience() -> Broken:
    """router_solicitation_interval=1."""
    hasty = KernelGuest("linux:router_solicitation_interval=1", {"router_solicitation_interval": 1})
    return Broken(LonelyGuest(), {"guest": hasty})


@edited(test_solicits_routers_until_one_answers, because="hop limit")
def guest_with_another_hop_limit(recording: Recording) -> Recording:
    """Solicitations that a router must ignore."""

    def change(packet: Any) -> None:
        packet[layer("inet6").IPv6].hlim = 64

    return editing.rewritten(recording, _sent(recording), change)


@edited(test_solicits_routers_until_one_answers, because="did not use it")
def guest_that_ignores_the_late_router(recording: Recording) -> Recording:
    """It solicits and does not listen."""
    return editing.without(recording, events=default_route("guest"))
