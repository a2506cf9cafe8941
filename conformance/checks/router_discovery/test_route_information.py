"""Route Information options: where the guest's packets go that are for somewhere in particular."""

from __future__ import annotations

from ipaddress import IPv6Network

from conformance.broken.guests import KernelGuest, RoutedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.hops import expect_hop, requests_of_step, with_packets_to
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.scenarios.router_discovery.route_information import (
    COMMON,
    DEFAULT,
    EVERY,
    LOW,
    NARROW,
    RESERVED,
    SHORT,
    WIDE,
    WITHDRAWN,
    RouteInformationOptions,
)
from topologies.stage.addressing import mac_of

#: Seconds: the kernel keeps whole seconds. Between two packets of the guest the end of a route is not seen.
LATE = 1.0 + EVERY
EARLY = 1.0


@check("RA-17", RouteInformationOptions(), role="guest")
def test_takes_the_most_specific_route(recording: Recording, notebook: Notebook) -> None:
    """Route Information enters the routing table of a host of type C; the longest match counts (RFC 4191 section 3).

    So a router that is no default router gets what it leads to, and its low preference does not matter where another
    route is less specific. An option with the reserved preference is ignored (section 2.3).
    """
    for route in (WIDE, NARROW, LOW, RESERVED):
        notebook.cite(_advertisements_of(recording, notebook, route.network)[0])
    for step, node, why in (
        ("elsewhere", "peer", "only peer is a default router"),
        ("wide", "peer2", f"peer2 leads to {WIDE.network}"),
        ("low", "peer2", f"peer2 leads to {LOW.network}, with low preference, and peer anywhere"),
        ("narrow", "peer", f"peer leads to {NARROW.network}, and peer2 to {WIDE.network}"),
        ("reserved", "peer", f"the option for {RESERVED.network} has the reserved preference"),
    ):
        expect_hop(recording, notebook, step, node, why)
    notebook.finding = "each packet went to the router with the most specific route"


@check("RA-17", RouteInformationOptions(), role="guest")
def test_gives_up_routes_that_end(recording: Recording, notebook: Notebook) -> None:
    """A route lasts as long as the option says, and ends at once when its lifetime is 0 (RFC 4191 section 2.3, 3.1)."""
    withdrawn = _advertisements_of(recording, notebook, WITHDRAWN.network)
    notebook.cite(*notebook.stimulus(withdrawn[1:], f"the route to {WITHDRAWN.network} was not withdrawn"))
    expect_hop(recording, notebook, "steady", "peer2", f"peer2 leads to {WITHDRAWN.network}")
    expect_hop(recording, notebook, "withdrawn", "peer", f"peer2 withdrew {WITHDRAWN.network}")
    told = _advertisements_of(recording, notebook, SHORT.network)[-1]
    expect_hop(recording, notebook, "short", "peer2", f"peer2 leads to {SHORT.network}")
    tried = notebook.stimulus(requests_of_step(recording, "ends"), "the guest sent nothing while the route was to end")
    back = [each for each in tried if each.mac_destination == mac_of("peer", "eth0")]
    if not back:
        spoke = tried[-1].time - told.time
        notebook.stimulus([spoke] if spoke > SHORT.lifetime + LATE else [],
                          "the play ended before the route had to be gone")
        notebook.expect(False,
                        f"the guest uses a route {spoke:.0f} s after an option with a lifetime of {SHORT.lifetime} s",
                        told, tried[-1])
    notebook.in_time(back[0].time - told.time, SHORT.lifetime + LATE, "the guest gave the route up late", told, back[0])
    lasted = back[0].time - told.time
    notebook.expect(lasted >= SHORT.lifetime - EARLY,
                    f"the guest gave the route up after {lasted:.1f} s; its lifetime is {SHORT.lifetime} s",
                    told, back[0])
    expect_hop(recording, notebook, "lasting", "peer2", f"peer2 leads to {WIDE.network} for ten minutes")
    notebook.finding = "one route ended when it was withdrawn, one when its time was over, and the others stayed"


@check("RA-17", RouteInformationOptions(), role="guest")
def test_chooses_routes_by_preference(recording: Recording, notebook: Notebook) -> None:
    """Of two routes to one prefix the preferred one is used, and the latest option counts (RFC 4191 section 3.2, 3.1).

    An option for ::/0 overrides the lifetime and preference of the RA's header (section 3.1).
    """
    for network in (COMMON.network, DEFAULT.network):
        notebook.cite(*_advertisements_of(recording, notebook, network))
    for step, node, why in (
        ("preferred", "peer2", f"both lead to {COMMON.network}, peer2 with high preference"),
        ("lowered", "peer", f"both lead to {COMMON.network}, peer2 only with low preference now"),
        ("default", "peer2", "peer2 leads to ::/0 with high preference, whatever its Router Lifetime"),
        ("no-default", "peer", "peer2 withdrew ::/0"),
    ):
        expect_hop(recording, notebook, step, node, why)
    notebook.finding = "each packet went to the router whose route was preferred at that time"


def _advertisements_of(recording: Recording, notebook: Notebook, network: IPv6Network) -> list[RouterAdvertisement]:
    """The RAs that told the guest of a route, or of its end, in order; unjudgeable without one."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    found = [ra for ra in heard if any(route.network == network for route in ra.routes)]
    return notebook.stimulus(found, f"no RA with a route to {network} reached the guest")


@played(test_takes_the_most_specific_route, because="peer2 leads to 2001:db8:d1::/48, and")
def guest_without_specific_routes() -> Broken:
    """Linux with its defaults."""
    return Broken(RouteInformationOptions(), {"guest": _deaf()})


@edited(test_takes_the_most_specific_route, because="has the reserved preference")
def guest_that_takes_reserved_for_medium(recording: Recording) -> Recording:
    """As it does with the preference in the RA's header."""
    return with_packets_to(recording, "reserved", "peer2")


@edited(test_takes_the_most_specific_route, because="peer leads to 2001:db8:d1:0:a::/80")
def guest_that_reads_short_options_only(recording: Recording) -> Recording:
    """The option of full length is lost on it."""
    return with_packets_to(recording, "narrow", "peer2")


@edited(test_takes_the_most_specific_route, because="with low preference, and peer anywhere")
def guest_that_weighs_preference_first(recording: Recording) -> Recording:
    """A medium default route comes before a specific one of low preference."""
    return with_packets_to(recording, "low", "peer")


@edited(test_gives_up_routes_that_end, because="peer2 withdrew 2001:db8:d4::/64")
def guest_that_overlooks_a_lifetime_of_zero(recording: Recording) -> Recording:
    """It waits for the ten minutes to pass."""
    return with_packets_to(recording, "withdrawn", "peer2")


@played(test_gives_up_routes_that_end, because="the guest uses a route")
def guest_that_never_lets_a_route_go() -> Broken:
    """What it once learned it keeps."""
    guest = RoutedGuest("linux:static-route", network=str(SHORT.network), node="peer2")
    return Broken(RouteInformationOptions(), {"guest": guest})


@edited(test_gives_up_routes_that_end, because="gave the route up after")
def guest_that_forgets_early(recording: Recording) -> Recording:
    """From the first packet on."""
    return with_packets_to(recording, "ends", "peer")


@played(test_chooses_routes_by_preference, because="peer2 with high preference")
def guest_that_knows_default_routes_only() -> Broken:
    """Linux with its defaults."""
    return Broken(RouteInformationOptions(), {"guest": _deaf()})


@edited(test_chooses_routes_by_preference, because="whatever its Router Lifetime")
def guest_that_reads_the_header_only(recording: Recording) -> Recording:
    """A router with a lifetime of 0 is no default router to it, whatever else the RA says."""
    return with_packets_to(recording, "default", "peer")


@edited(test_chooses_routes_by_preference, because="only with low preference now")
def guest_that_keeps_the_first_preference(recording: Recording) -> Recording:
    """It does not heed what the RA changed."""
    return with_packets_to(recording, "lowered", "peer2")


def _deaf() -> KernelGuest:
    return KernelGuest("linux:accept_ra_rt_info_max_plen=0", {"accept_ra_rt_info_max_plen": 0})
