"""What a guest's neighbor table learns from solicitations and advertisements, and what it must not believe."""

from __future__ import annotations

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.neighbors import answers, entries, with_entry_like
from fixtures.peers.neighbor_faults import CLAIMS, Claim
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.neighbor_discovery.neighbor_talk import (
    MOVED,
    MOVED_TO,
    ROUTER_SEEKER,
    SECRETIVE,
    SOLICITOR,
    Claimed,
    NeighborTalk,
)

#: Wrong advertisements by part of the requirement about them; the one in fragments has another.
FALSE = {f"na-{fault}": fault for fault in CLAIMS if fault not in ("none", "fragments")}


@check("NDP-03", NeighborTalk(), role="guest", parts=FALSE)
def test_discards_invalid_neighbor_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Neighbor Advertisement that is not valid is silently discarded (RFC 4861 section 7.1.2).

    S=1 to all nodes, hop limit 254, a wrong checksum, code 1, too short, a multicast target, an option of length 0.
    """
    _not_misled(recording, notebook, FALSE[part])


@check("NDP-09.na", NeighborTalk(), role="guest")
def test_discards_fragmented_neighbor_advertisements(recording: Recording, notebook: Notebook) -> None:
    """A Neighbor Advertisement in fragments is silently ignored (RFC 6980 section 5)."""
    _not_misled(recording, notebook, "fragments")


def _not_misled(recording: Recording, notebook: Notebook, fault: str) -> None:
    """A wrong advertisement reached a guest that knew its neighbor, and changed nothing; the right one did.

    Cut short it has no MAC address to give: who believes it takes the neighbor for reachable, which nobody confirmed.
    """
    right = notebook.stimulus(_misled_entries(recording, CLAIMS["none"]),
                              "the guest took no address from the valid advertisement")
    notebook.cite(right[0])
    claim = CLAIMS[fault]
    marks = [mark for mark in recording.marked(Claimed) if mark.what.fault == fault]
    mark = notebook.stimulus(marks, "the invalid advertisement was not sent")[0]
    known = [event for event in entries(recording, claim.about) if event.ns < mark.ns]
    notebook.cite(*notebook.stimulus(known, f"the guest had no neighbor entry for {claim.about}")[:1])
    believed = _misled_entries(recording, claim)
    notebook.expect(not believed, f"the guest changed a neighbor entry by an invalid advertisement ({fault})",
                    mark, *believed)
    notebook.finding = f"the guest discarded an invalid advertisement ({fault}), and believed the valid one"


def _misled_entries(recording: Recording, claim: Claim) -> list[KernelEvent]:
    """Entries that have the claimed MAC address, and those of the neighbor that are taken for confirmed."""
    return [event for event in recording.happened("guest", "neighbor") if event.fields.get("lladdr") == claim.mac or (
        event.fields.get("dst") == str(claim.about) and "REACHABLE" in event.fields.get("state", ()))]


@check("NDP-06.ns-makes-an-entry", NeighborTalk(), role="guest")
def test_learns_from_solicitations(recording: Recording, notebook: Notebook) -> None:
    """The link-layer address of a valid solicitation's sender is learnt, and STALE (RFC 4861 section 7.2.3)."""
    asked = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
             if each.source == SOLICITOR]
    notebook.stimulus(asked, "no solicitation reached the guest")
    entry = entries(recording, SOLICITOR)
    notebook.expect(entry, f"the guest made no neighbor entry for {SOLICITOR}", asked[0])
    first = entry[0].fields
    notebook.expect(first.get("lladdr") == asked[0].mac_source,
                    f"the guest's neighbor entry has {first.get('lladdr')}; the sender's address is "
                    f"{asked[0].mac_source}", asked[0], entry[0])
    notebook.expect("STALE" in first.get("state", ()),
                    f"the guest's new neighbor entry is {first.get('state')}, not STALE", entry[0])


@check("NDP-06.ns-updates-the-entry", NeighborTalk(), role="guest")
def test_learns_another_address_from_solicitations(recording: Recording, notebook: Notebook) -> None:
    """Another link-layer address of a solicitation's sender takes the old one's place, and is STALE (section 7.2.3)."""
    asked = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
             if each.source == MOVED and each.sllao == MOVED_TO]
    notebook.stimulus(asked, "no solicitation with another address reached the guest")
    known = entries(recording, MOVED)
    notebook.stimulus([event for event in known if event.ns < asked[0].frame.ns], f"the guest did not know {MOVED}")
    now = [event for event in known if event.fields.get("lladdr") == MOVED_TO]
    notebook.expect(now, f"the guest's neighbor entry of {MOVED} did not become {MOVED_TO}", asked[0], known[-1])
    state = now[0].fields.get("state", ())
    notebook.expect("STALE" in state, f"the guest's neighbor entry is {state}, not STALE", asked[0], now[0])


@check("NDP-06.ns-without-sllao", NeighborTalk(), role="guest")
def test_learns_nothing_from_solicitations_without_an_address(recording: Recording, notebook: Notebook) -> None:
    """A solicitation without SLLAO makes no neighbor entry (RFC 4861 section 7.2.3).

    The guest may ask for its sender in order to answer; the sender says nothing, so no address is ever known.
    """
    asked = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
             if each.source == SECRETIVE]
    notebook.cite(*notebook.stimulus(asked, "no solicitation without SLLAO reached the guest"))
    sought = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
              if each.target == SECRETIVE]
    notebook.cite(*notebook.stimulus([*sought, *answers(recording, SECRETIVE)],
                                     "the guest neither answered nor looked for who asked")[:1])
    learnt = [event for event in entries(recording, SECRETIVE) if event.fields.get("lladdr")]
    notebook.expect(not learnt, "the guest learnt an address that the solicitation did not give", asked[0], *learnt)


@check("NDP-06.host-ignores-rs", NeighborTalk(), role="guest")
def test_learns_nothing_from_router_solicitations(recording: Recording, notebook: Notebook) -> None:
    """A host discards Router Solicitations, and learns nothing from them (RFC 4861 section 6.2.6)."""
    sought = [each for each in ndp.router_solicitations(recording.at("guest", "eth0", outgoing=False))
              if each.source == ROUTER_SEEKER]
    notebook.cite(*notebook.stimulus(sought, "no Router Solicitation reached the guest"))
    wrong = entries(recording, ROUTER_SEEKER)
    notebook.expect(not wrong, "the guest made a neighbor entry from a Router Solicitation, and is no router", *wrong)


@edited(test_discards_invalid_neighbor_advertisements, because={
    part: f"changed a neighbor entry by an invalid advertisement ({fault})" for part, fault in FALSE.items()})
def guest_that_is_misled(recording: Recording, part: str) -> Recording:
    """Cut short it confirms the neighbor, and otherwise gives it another address."""
    claim = CLAIMS[FALSE[part]]
    changed = {"state": ["REACHABLE"]} if part == "na-short" else {"lladdr": claim.mac}
    return with_entry_like(recording, claim.about, SOLICITOR, **changed)


@edited(test_discards_fragmented_neighbor_advertisements, because="by an invalid advertisement (fragments)")
def guest_that_reassembles_advertisements(recording: Recording) -> Recording:
    claim = CLAIMS["fragments"]
    return with_entry_like(recording, claim.about, SOLICITOR, lladdr=claim.mac)


@played(test_discards_fragmented_neighbor_advertisements, because="by an invalid advertisement (fragments)")
def guest_that_takes_advertisements_in_fragments() -> Broken:
    return Broken(NeighborTalk(), {"guest": KernelGuest("linux:suppress_frag_ndisc=0", {"suppress_frag_ndisc": 0})})


@edited(test_learns_another_address_from_solicitations, because="did not become")
def guest_that_keeps_the_old_address(recording: Recording) -> Recording:
    moved = [event for event in entries(recording, MOVED) if event.fields.get("lladdr") == MOVED_TO]
    return editing.without(recording, events=moved)


@edited(test_learns_another_address_from_solicitations, because="not STALE")
def guest_that_trusts_the_new_address(recording: Recording) -> Recording:
    moved = [event for event in entries(recording, MOVED) if event.fields.get("lladdr") == MOVED_TO]
    return editing.rewritten_events(recording, moved, state=["REACHABLE"])


@edited(test_learns_nothing_from_solicitations_without_an_address, because="that the solicitation did not give")
def guest_that_looks_at_the_frame(recording: Recording) -> Recording:
    """It takes the Ethernet source for the link-layer address."""
    return with_entry_like(recording, SECRETIVE, SOLICITOR)


@edited(test_learns_from_solicitations, because="made no neighbor entry")
def guest_that_learns_nothing(recording: Recording) -> Recording:
    """It asks back each time."""
    return editing.without(recording, events=entries(recording, SOLICITOR))


@edited(test_learns_from_solicitations, because="not STALE")
def guest_that_trusts_at_once(recording: Recording) -> Recording:
    """What anybody says is reachable."""
    return editing.rewritten_events(recording, entries(recording, SOLICITOR), state=["REACHABLE"])


@edited(test_learns_nothing_from_router_solicitations, because="made a neighbor entry from a Router Solicitation")
def host_that_learns_like_a_router(recording: Recording) -> Recording:
    """It takes a Router Solicitation for itself."""
    return with_entry_like(recording, ROUTER_SEEKER, SOLICITOR)
