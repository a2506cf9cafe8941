"""Router Advertisements that no host may believe."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Address, IPv6Network, ip_network
from typing import Any

from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.evidence import Seen
from conformance.judging.verdict import Notebook
from fixtures.peers.habits import Habits
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.scenarios.router_discovery.invalid_advertisements import FORGERIES, NEXT_RS, InvalidAdvertisements
from topologies.stage import addressing as plan

#: What is wrong with each, as a reader of the report should hear it.
DEFECTS = {
    "hop-limit": "hop limit 254", "checksum": "a wrong checksum", "code": "ICMPv6 code 1", "short": "12 bytes only",
    "empty-option": "an option of length 0", "source": "a source that is not link-local",
}


@check("RA-11", InvalidAdvertisements(), role="guest")
def test_discards_invalid_advertisements(recording: Recording, notebook: Notebook) -> None:
    """An RA with hop limit below 255, wrong checksum, code, length or source or an empty option is silently discarded.

    No route and no address comes of it, no error is sent, and the guest goes on soliciting until a valid RA comes
    (RFC 4861 section 6.1.2, 6.3.7).
    """
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    notebook.stimulus(recording.marked("all-forged"), "the guest never solicited a router")
    believed: list[str] = []
    traces: list[Seen] = []
    for forgery in FORGERIES:
        wrong = DEFECTS[forgery.defect]
        forged = [each for each in heard if each.source == forgery.router]
        notebook.cite(*notebook.stimulus(forged, f"the RA with {wrong} did not reach the guest"))
        mine = list(_traces(recording, forgery.router, forgery.prefix))
        believed += [wrong] if mine else []
        traces += mine
    notebook.expect(not believed, f"the guest believed an RA with {' and one with '.join(believed)}", *traces)
    errors = transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
    notebook.expect(not errors, "the guest answered an invalid RA with an error", *errors)
    _goes_on(recording, notebook)
    taken = _probed(recording, plan.LAN)
    notebook.cite(*notebook.stimulus(taken, "the guest took nothing from a valid RA either"))
    notebook.finding = "six invalid RAs left no trace, and the guest solicited on until a valid one came"


def _traces(recording: Recording, router: IPv6Address, prefix: IPv6Network) -> Iterator[Seen]:
    """What a guest does that believes: a route through the router or to the prefix, an address, a probe for one."""
    for event in recording.kernel("guest"):
        if event.action != "new":
            continue
        through = event.kind == "route" and event.fields.get("gateway") == str(router)
        if through or (event.kind in ("route", "address") and _inside(event.fields, prefix)):
            yield event
    yield from _probed(recording, prefix)


def _inside(fields: Any, prefix: IPv6Network) -> bool:
    where = str(fields.get("local") or fields.get("dst") or "")
    if ":" not in where:
        return False
    found = ip_network(where, strict=False)
    return isinstance(found, IPv6Network) and found.subnet_of(prefix)


def _probed(recording: Recording, prefix: IPv6Network) -> list[ndp.NeighbourSolicitation]:
    """The guest's DAD probes for addresses of the prefix."""
    sent = ndp.neighbour_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.dad and each.target in prefix]


def _goes_on(recording: Recording, notebook: Notebook) -> None:
    """Between the last invalid RA and the valid one the guest solicited again."""
    lied = recording.marked("all-forged")[0]
    asked = ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))
    before = [each for each in asked if each.frame.ns < lied.ns]
    after = [each for each in asked if each.frame.ns > lied.ns]
    notebook.expect(after, "after the invalid RAs the guest did not solicit any more", *before)
    notebook.in_time(after[0].time - before[-1].time, NEXT_RS, "the next solicitation came late", before[-1], after[0])


@played(test_discards_invalid_advertisements, because="believed an RA with hop limit 254")
def host_that_believes_everything() -> Broken:
    return Broken(InvalidAdvertisements(), {"guest": ScriptedGuest("host:credulous", Habits(validates=False))})


@edited(test_discards_invalid_advertisements, because="did not solicit any more")
def host_that_stops_soliciting(recording: Recording) -> Recording:
    """It takes no state, but is content."""
    lied = recording.marked("all-forged")[0]
    asked = ndp.router_solicitations(recording.at("guest", outgoing=True))
    return editing.without(recording, frames=[each for each in asked if each.frame.ns > lied.ns])
