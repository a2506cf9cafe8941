"""Link-local addresses with zone ids, as users give them to programs."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from conformance.broken.applications import ONE_LINK, ZONELESS
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.attempts import first_acceptance, opening, page
from fixtures.recording.editing import with_frame
from fixtures.recording.model import Frame, Mark, Recording
from fixtures.recording.views.ndp import neighbor_solicitations
from fixtures.recording.views.transport import tcp_segments
from fixtures.scenarios.link_local.scoped import ScopedConnections, Zone, ZoneEnd


@check("LL-04", ScopedConnections(), role="application", needs=("zone-id",))
def test_zone_id_chooses_the_link(recording: Recording, notebook: Notebook) -> None:
    """A connection to fe80::1%zone reaches the neighbor on that link, and no other hears of it (RFC 4007 section 11).

    The same address belongs to another neighbor on the other link. Neither a SYN nor an NS for it may go there.
    """
    for begins, ends in moments(recording, notebook):
        zone, address = begins.what.zone, begins.what.address
        named, other = (tuple(tcp_segments(between(recording, begins, ends, here), 80)) for here in (True, False))
        stray = [each for each in neighbor_solicitations(between(recording, begins, ends, False))
                 if str(each.target) == address and each.frame.outgoing]
        notebook.expect(not stray, f"the client, given %{zone}, solicited {address} on the other link", *stray[:1])
        wrong = opening(other)
        notebook.expect(wrong is None,
                        f"the client, given %{zone}, connected by the other link", *filter(None, [wrong]))
        tried, reached, fetched = opening(named), first_acceptance(named), page(named)
        notebook.expect(tried and reached and fetched, f"the client, given %{zone}, reached nobody on that link",
                        *filter(None, [tried, reached, fetched]))
    notebook.finding = "each zone id led to the neighbor on its own link, and the other link heard nothing"


def moments(recording: Recording, notebook: Notebook) -> list[tuple[Mark, Mark]]:
    """Beginning and end of each connection."""
    marks = [mark for mark in recording.marks if mark.is_a(Zone, ZoneEnd)]
    return notebook.stimulus(pairwise(marks), "the client was given no address with a zone id")


def between(recording: Recording, begins: Mark, ends: Mark, named: bool) -> Iterable[Frame]:
    """The client's frames of that time on the link that was named, or on all others."""
    return (frame for frame in recording.at("client") if begins.ns <= frame.ns < ends.ns
            and (frame.interface == begins.what.zone) is named)


@played(test_zone_id_chooses_the_link, because="reached nobody on that link")
def strips_the_zone_id() -> Broken:
    return Broken(ScopedConnections(), {"application": ZONELESS})


@played(test_zone_id_chooses_the_link, because="given %eth1, connected by the other link")
def knows_one_link() -> Broken:
    return Broken(ScopedConnections(), {"application": ONE_LINK})


@edited(test_zone_id_chooses_the_link, because="solicited fe80::1 on the other link")
def asks_everywhere(recording: Recording) -> Recording:
    """A stack that looks for the neighbor on all links: the NS goes out by the other one too."""
    begins, ends = moments(recording, Notebook(recording))[0]
    asked = next(each for each in neighbor_solicitations(recording.at("client", "eth0", outgoing=True))
                 if str(each.target) == begins.what.address)
    return with_frame(recording, asked.frame.data, time=(begins.time + ends.time) / 2, node="client", interface="eth1",
                      outgoing=True)
