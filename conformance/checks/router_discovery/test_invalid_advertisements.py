"""Router Advertisements that no host may believe."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network, ip_network
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.evidence import Seen
from conformance.judging.verdict import Notebook
from fixtures.peers.habits import Habits
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp, transport
from fixtures.scenarios.router_discovery.invalid_advertisements import (
    FORGERIES,
    FRAGMENTS,
    NEXT_RS,
    WRONG,
    AllForged,
    Forgery,
    InvalidAdvertisements,
)
from topologies.stage import addressing as plan

#: By part of RA-11: the field of the advertisement that makes it invalid.
FIELDS = {"hop-limit": "hop limit", "checksum": "checksum", "code": "code", "short": "payload length",
          "empty-option": "length", "source": "source"}


@check("RA-11", InvalidAdvertisements(), role="guest", parts=WRONG)
def test_discards_invalid_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:
    """An invalid RA is silently discarded: no route and no address comes of it, no error is sent (RFC 4861 6.1.2).

    A valid RA, or another that the guest believes, shows that it would have taken something.
    """
    _not_believed(recording, notebook, FORGERIES[part], FIELDS[part])


@check("NDP-09.ra", InvalidAdvertisements(), role="guest")
def test_discards_fragmented_advertisements(recording: Recording, notebook: Notebook) -> None:
    """An RA in fragments is silently ignored (RFC 6980 section 5)."""
    _not_believed(recording, notebook, FORGERIES[FRAGMENTS], "offset", "more fragments")


def _not_believed(recording: Recording, notebook: Notebook, forgery: Forgery, *fields: str) -> None:
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    notebook.stimulus(recording.marked(AllForged), "the guest sent no Router Solicitation")
    forged = [each for each in heard if each.source == forgery.router]
    notebook.cite(*notebook.stimulus(forged, f"the RA with {forgery.wrong} did not reach the guest"), fields=fields)
    traces = list(_traces(recording, forgery))
    notebook.expect(not traces, f"the guest believed an RA with {forgery.wrong}", *traces)
    errors = transport.icmp_errors(recording.at("guest", "eth0", outgoing=True))
    errors = [each for each in errors if each.destination == forgery.router]
    notebook.expect(not errors, f"the guest answered an RA with {forgery.wrong} with an error", *errors)
    taken = [each for prefix in (plan.LAN, *(other.prefix for other in FORGERIES.values()))
             for each in _probes(recording, prefix)]
    notebook.cite(*notebook.stimulus(taken, "the guest used nothing of any RA, not even of a valid one")[:1])
    notebook.finding = f"an RA with {forgery.wrong} left no trace"


@check("RA-11.solicits-on", InvalidAdvertisements(), role="guest")
def test_solicits_on_after_invalid_advertisements(recording: Recording, notebook: Notebook) -> None:
    """A guest that has heard invalid RAs only goes on soliciting until a valid one comes (RFC 4861 section 6.3.7)."""
    lied = notebook.stimulus(recording.marked(AllForged), "the guest sent no Router Solicitation")[0]
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    routers = {forgery.router for forgery in FORGERIES.values()}
    notebook.cite(*notebook.stimulus([each for each in heard if each.source in routers],
                                     "no invalid RA reached the guest"))
    asked = ndp.router_solicitations(recording.at("guest", "eth0", outgoing=True))
    before = notebook.stimulus([each for each in asked if each.frame.ns < lied.ns],
                               "the guest sent no Router Solicitation before the invalid RAs")
    after = [each for each in asked if each.frame.ns > lied.ns]
    notebook.expect(after, "the guest sent no more Router Solicitations after the invalid RAs", *before)
    notebook.in_time(after[0].time - before[-1].time, NEXT_RS,
                     "the guest sent the next solicitation late", before[-1], after[0])
    notebook.finding = "the guest went on to send solicitations after invalid RAs"


def _traces(recording: Recording, forgery: Forgery) -> Iterator[Seen]:
    """What a guest does that believes: a route through the router or to the prefix, an address, a probe for one."""
    for event in recording.kernel("guest"):
        if event.action != "new":
            continue
        through = event.kind == "route" and event.fields.get("gateway") == str(forgery.router)
        if through or (event.kind in ("route", "address") and _inside(event.fields, forgery.prefix)):
            yield event
    yield from _probes(recording, forgery.prefix)


def _inside(fields: Any, prefix: IPv6Network) -> bool:
    where = str(fields.get("local") or fields.get("dst") or "")
    if ":" not in where:
        return False
    found = ip_network(where, strict=False)
    return isinstance(found, IPv6Network) and found.subnet_of(prefix)


def _probes(recording: Recording, prefix: IPv6Network) -> list[ndp.NeighborSolicitation]:
    """The guest's DAD probes for addresses of the prefix."""
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.dad and each.target in prefix]


BELIEVED = {part: f"believed an RA with {wrong}" for part, wrong in WRONG.items()}


@played(test_discards_invalid_advertisements, because=BELIEVED, parts=WRONG.keys() - {"short"})
def host_that_believes_everything() -> Broken:
    """What it believes shows in its addresses; there is no prefix in an RA that is cut short."""
    return Broken(InvalidAdvertisements(), {"guest": ScriptedGuest("host:credulous", Habits(validates=False))})


@edited(test_discards_invalid_advertisements, because=BELIEVED)
def guest_that_routes_by_way_of_its_sender(recording: Recording, part: str) -> Recording:
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    forged = next(each for each in heard if each.source == FORGERIES[part].router)
    fields = {"dst": None, "gateway": str(forged.source), "dev": "eth0"}
    ns = forged.frame.ns
    return editing.with_event(recording, KernelEvent(ns + 1, ns, "guest", "route", "new", fields))


@edited(test_discards_fragmented_advertisements, because="believed an RA with two fragments")
def guest_that_routes_by_way_of_fragments(recording: Recording) -> Recording:
    return guest_that_routes_by_way_of_its_sender(recording, FRAGMENTS)


@played(test_discards_fragmented_advertisements, because="believed an RA with two fragments")
def guest_that_takes_fragments() -> Broken:
    """Its kernel does not suppress them."""
    return Broken(InvalidAdvertisements(), {"guest": KernelGuest(
        "linux:suppress_frag_ndisc=0", {"suppress_frag_ndisc": 0})})


@edited(test_solicits_on_after_invalid_advertisements, because="sent no more Router Solicitations")
def host_that_stops_soliciting(recording: Recording) -> Recording:
    """It takes no state, but is content."""
    lied = recording.marked(AllForged)[0]
    asked = ndp.router_solicitations(recording.at("guest", outgoing=True))
    return editing.without(recording, frames=[each for each in asked if each.frame.ns > lied.ns])
