"""Neighbor Solicitations and Advertisements that a router discards in silence."""

from __future__ import annotations

from ipaddress import IPv6Address

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.peers.neighbor_faults import CLAIMS, FAULTS
from fixtures.protocols.addresses import ALL_NODES
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Mark, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborAdvertisement
from fixtures.scenarios.neighbor_discovery.neighbor_talk import SOLICITOR, Claimed, Faulty, ReadByNow
from fixtures.scenarios.neighbor_discovery.router_faults import RouterFaults

#: By part.
SOLICITATIONS = {f"ns-{fault}": fault for fault in FAULTS}
ADVERTISEMENTS = {f"na-{fault}": fault for fault in CLAIMS if fault != "none"}


def _advertisements(recording: Recording) -> list[NeighborAdvertisement]:
    return ndp.neighbor_advertisements(recording.at("router", "lan0", outgoing=True))


@check("NDP-20", RouterFaults(), role="compute-host", parts=SOLICITATIONS)
def test_router_discards_invalid_solicitations(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Neighbor Solicitation that is not valid is neither answered nor learnt from (RFC 4861 7.1.1, RFC 6980 5)."""
    fault = SOLICITATIONS[part]
    mark = notebook.stimulus([mark for mark in recording.marked(Faulty) if mark.what.fault == fault],
                             "the invalid solicitation was not sent")[0]
    right = [each for each in _advertisements(recording) if each.destination == SOLICITOR]
    notebook.cite(mark, *notebook.stimulus(right, "the router did not answer the valid solicitation")[:1])
    source = IPv6Address(mark.what.source)
    read = notebook.stimulus([each for each in recording.marked(ReadByNow) if each.ns > mark.ns],
                             "the play ended early")[0]
    believed = [each for each in _advertisements(recording) if each.destination == source or (
        each.destination == ALL_NODES and mark.ns < each.frame.ns < read.ns + 1_000_000_000)]
    notebook.expect(not believed, f"the router answered an invalid solicitation ({fault})", mark, *believed)
    made = list(recording.happened("router", "neighbor", dst=str(source)))
    notebook.expect(not made, f"the router made a neighbor entry of an invalid solicitation ({fault})", mark, *made)
    notebook.finding = f"the router discarded an invalid solicitation ({fault}), and answered the valid one"


@check("NDP-20", RouterFaults(), role="compute-host", parts=ADVERTISEMENTS)
def test_router_discards_invalid_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Neighbor Advertisement that is not valid changes no entry (RFC 4861 section 7.1.2, RFC 6980 section 5)."""
    fault = ADVERTISEMENTS[part]
    mark = notebook.stimulus([mark for mark in recording.marked(Claimed) if mark.what.fault == fault],
                             "the invalid advertisement was not sent")[0]
    about, claimed = CLAIMS["none"]
    notebook.cite(mark, *notebook.stimulus(_entries(recording, about, claimed),
                                           "the router did not believe the valid advertisement")[:1])
    known = [event for event in recording.happened("router", "neighbor", dst=mark.what.about) if event.ns < mark.ns]
    notebook.cite(*notebook.stimulus(known, "the router did not know of whom the advertisement speaks"))
    believed = _entries(recording, IPv6Address(mark.what.about), mark.what.mac)
    confirmed = [event for event in recording.happened("router", "neighbor", dst=mark.what.about)
                 if event.ns > mark.ns and "REACHABLE" in event.fields.get("state", ())]
    notebook.expect(not believed + confirmed, f"the router believed an invalid advertisement ({fault})", mark,
                    *believed, *confirmed)
    notebook.finding = f"the router discarded an invalid advertisement ({fault}), and believed the valid one"


def _entries(recording: Recording, about: IPv6Address, mac: str) -> list[KernelEvent]:
    """What the router's kernel said of its entry for somebody with that address."""
    return [event for event in recording.happened("router", "neighbor", dst=str(about))
            if event.fields.get("lladdr") == mac]


def _mark(recording: Recording, part: str) -> Mark:
    return next(mark for mark in recording.marked(Faulty) if mark.what.fault == SOLICITATIONS[part])


@edited(test_router_discards_invalid_solicitations, because={
    part: f"answered an invalid solicitation ({fault})" for part, fault in SOLICITATIONS.items()})
def router_that_answers_it(recording: Recording, part: str) -> Recording:
    """To all nodes, where nobody says who asks."""
    like = next(each for each in _advertisements(recording) if each.destination == SOLICITOR)
    to = str(ALL_NODES if part.startswith("ns-unspecified") else FAULTS[SOLICITATIONS[part]])

    def readdress(packet: object) -> None:
        packet.payload.dst = to  # type: ignore[attr-defined]

    again = editing.rewritten(recording, like, readdress)
    frame = next(frame for frame in again.frames if frame.number == like.frame.number)
    return editing.with_frame(recording, frame.data, time=_mark(recording, part).time + 1e-6, node="router",
                              interface="lan0", outgoing=True)


@edited(test_router_discards_invalid_solicitations, because={
    part: f"made a neighbor entry of an invalid solicitation ({fault})" for part, fault in SOLICITATIONS.items()})
def router_that_learns_from_it(recording: Recording, part: str) -> Recording:
    fields = {"dst": str(FAULTS[SOLICITATIONS[part]]), "lladdr": "02:00:00:00:00:99", "state": ["STALE"],
              "ifname": "lan0"}
    ns = _mark(recording, part).ns
    return editing.with_event(recording, KernelEvent(ns + 1000, ns, "router", "neighbor", "new", fields))


@edited(test_router_discards_invalid_advertisements, because={
    part: f"believed an invalid advertisement ({fault})" for part, fault in ADVERTISEMENTS.items()})
def router_that_believes_it(recording: Recording, part: str) -> Recording:
    mark = next(mark for mark in recording.marked(Claimed) if mark.what.fault == ADVERTISEMENTS[part])
    fields = {"dst": mark.what.about, "lladdr": mark.what.mac, "state": ["STALE"], "ifname": "lan0"}
    return editing.with_event(recording, KernelEvent(mark.ns + 1000, mark.ns, "router", "neighbor", "new", fields))
