"""How often a router reports that a hop limit ended: not for each packet of a flood, but often enough to be of use."""

from __future__ import annotations

from itertools import groupby

from conformance.broken.routers import CARELESS, SILENT, STINGY
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.receivable import echo_replies
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import transport
from fixtures.recording.views.transport import Echo, IcmpError, UdpDatagram
from fixtures.scenarios.routing.transit import DISCARD, FLOODER, THROUGH, TO_ROUTER, TRACER, TRACES, Transit
from topologies.stage import addressing as plan

#: Packets a second from which on a stream is a flood, and the share of it that a limit lets be answered. RFC 4443
#: section 2.4 (f) gives 10 errors a second as an example for small devices, and no number for others.
FLOOD, SHARE = 100, 0.5
#: The longest interval between two errors, in seconds, and the longest delay of one: the router waits for nobody.
SECOND, AT_ONCE = 1.0, 0.1


@check("ROUTE-12", Transit(), role="compute-host")
def test_errors_are_limited_and_echo_is_not(recording: Recording, notebook: Notebook) -> None:
    """Of some hundred packets a second whose hop limit ends, half at most are reported, and one a second at least.

    Beside the flood every ping to the router and through it is answered (RFC 4443 section 2.4 f). A limit that cannot
    cope with a traceroute's three probes at once is not recommended.
    """
    _expect_traceroute(recording, notebook)
    offered = _expiring(recording, FLOODER)
    span = offered[-1].time - offered[0].time if offered else 0.0
    flooded = span > 1 and len(offered) / span >= FLOOD
    notebook.stimulus([flooded] if flooded else [], f"no flood: {len(offered)} packets reached the router")
    errors = _errors(recording, FLOODER)
    notebook.expect(errors, f"the router reported none of {len(offered)} packets whose hop limit ended", *offered[:1])
    notebook.expect(len(errors) <= SHARE * len(offered),
                    f"the router reported {len(errors)} of {len(offered)} packets whose hop limit ended: nothing "
                    "limits the errors", *errors)
    slack = AT_ONCE + recording.stall()
    ignored = [packet for packet in offered if not any(
        packet.time - SECOND <= each.time <= packet.time + slack for each in errors)]
    notebook.expect(not ignored,
                    "the router sent no error for more than a second, though packets kept coming", *ignored[:1])
    notebook.cite(*errors)
    lost = _lost_requests(recording, notebook)
    notebook.expect(not lost, f"the router did not answer {len(lost)} pings beside the flood", *lost)
    notebook.figure("ICMPv6 errors during the flood", len(errors) / span, "1/s")
    notebook.finding = (f"{len(errors)} of {len(offered)} packets whose hop limit ended were reported in {span:.1f} s,"
                        " and every ping was answered")


def _expect_traceroute(recording: Recording, notebook: Notebook) -> None:
    """The three probes of the traceroute before the flood."""
    probes = _expiring(recording, TRACER)
    notebook.stimulus(probes[TRACES - 1:], f"{len(probes)} probes of the traceroute reached the router")
    told = _errors(recording, TRACER)
    notebook.recommend(len(told) >= TRACES, f"the router reported {len(told)} of a traceroute's {TRACES} probes", *told)


def _expiring(recording: Recording, source: object) -> list[UdpDatagram]:
    """What came to the router from a source with a hop limit of 1."""
    heard = transport.udp_datagrams(recording.at("router", "lan0", outgoing=False), DISCARD)
    return [each for each in heard if each.source == source and each.hop_limit == 1]


def _errors(recording: Recording, to: object) -> list[IcmpError]:
    """What the router said to it."""
    said = transport.icmp_errors(recording.at("router", "lan0", outgoing=True), "time-exceeded")
    return [each for each in said if each.destination == to and each.about == plan.OUTSIDE]


def _lost_requests(recording: Recording, notebook: Notebook) -> list[Echo]:
    """The Echo Requests, to the router and through it, that reached it and whose reply did not come back from it."""
    told = {(each.identifier, each.sequence): each
            for each in echo_replies(recording.at("router", "lan0", outgoing=True))}
    heard = transport.echoes(recording.at("router", "lan0", outgoing=False), reply=False)
    asked = [each for each in heard if each.identifier in (TO_ROUTER, THROUGH)]
    lost = [each for each in asked if (each.identifier, each.sequence) not in told]
    pairs = {identifier: list(pings) for identifier, pings in groupby(
        sorted(asked, key=lambda each: each.identifier), key=lambda each: each.identifier)}
    for identifier, where in ((TO_ROUTER, "to the router"), (THROUGH, "through it")):
        pings = notebook.stimulus(pairs.get(identifier, []), f"no Echo Request was sent {where}")
        notebook.cite(*(told[key] for key in [(identifier, each.sequence) for each in pings] if key in told))
    notebook.figure("ping loss beside the flood", 100 * len(lost) / len(asked), "%")
    return lost


@played(test_errors_are_limited_and_echo_is_not, because="nothing limits the errors")
def router_that_reports_everything() -> Broken:
    """Its limit is off."""
    return Broken(Transit(), {"compute-host": CARELESS})


@played(test_errors_are_limited_and_echo_is_not, because="reported none")
def router_that_reports_nothing() -> Broken:
    """A filter drops its errors."""
    return Broken(Transit(), {"compute-host": SILENT})


@played(test_errors_are_limited_and_echo_is_not, because="pings beside the flood")
def router_that_starves_echo() -> Broken:
    """It limits echo replies as it limits errors."""
    return Broken(Transit(), {"compute-host": STINGY})


@edited(test_errors_are_limited_and_echo_is_not, because="no error for more than a second")
def router_that_falls_silent(recording: Recording) -> Recording:
    """A bucket that is never filled again."""
    first = _expiring(recording, FLOODER)[0]
    return editing.without(recording, frames=[each for each in _errors(recording, FLOODER)
                                              if each.time >= first.time + 1])


@edited(test_errors_are_limited_and_echo_is_not, because="reported 1 of a traceroute's 3 probes")
def router_with_a_timer(recording: Recording) -> Recording:
    """It reports one packet every so many milliseconds, whatever came before: no burst."""
    return editing.without(recording, frames=_errors(recording, TRACER)[1:])
