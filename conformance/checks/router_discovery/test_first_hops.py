"""Which router a guest sends to: by preference, after redirects, and when one says that it is none any more."""

from __future__ import annotations

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.hops import expect_hop, hop, moved
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.router_discovery.first_hops import INVALID, NODES, FirstHops, destination
from topologies.stage.addressing import mac_of


@check("RA-16", FirstHops(), role="guest")
def test_prefers_the_preferred_router(recording: Recording, notebook: Notebook) -> None:
    """A router of high preference comes before one of medium, and that before one of low (RFC 4191 section 3.2).

    The reserved value is taken for medium, and the latest RA of each router counts.
    """
    for step, node, why in (
        ("high-after-medium", "peer2", "peer2 has high preference, peer medium"),
        ("swapped", "peer", "peer has high preference, peer2 only medium now"),
        ("medium-after-low", "peer2", "peer has low preference, peer2 medium"),
        ("reserved-is-medium", "peer2", "peer has low preference, peer2 the reserved one, which is medium"),
    ):
        expect_hop(recording, notebook, step, node, why)
    notebook.finding = "each packet went to the router that had the higher preference at that time"


@check("RA-20", FirstHops(), role="guest")
def test_obeys_only_valid_redirects(recording: Recording, notebook: Notebook) -> None:
    """A Redirect of the current first hop for a destination moves it there (RFC 4861 section 8.3).

    One with hop limit 254, from another router, or to a target that is neither link-local nor the destination is
    discarded (section 8.1).
    """
    told = ndp.redirects(recording.at("guest", "eth0", outgoing=False))
    for name in (*INVALID, "valid"):
        about = [each for each in told if each.for_destination == destination(f"{name}-after")]
        notebook.cite(*notebook.stimulus(about, f"the redirect {name!r} did not reach the guest"))
        first, better = _in_order(recording, notebook, f"{name}-before")
        teller = better if name == "not-from-first-hop" else first
        notebook.stimulus([each for each in about if each.mac_source == mac_of(teller, "eth0")],
                          f"the first hop was {first}, and the redirect {name!r} is not what it was to be")
        if name == "valid":
            expect_hop(recording, notebook, "valid-after", better, f"{first} redirected it to {better}")
        else:
            expect_hop(recording, notebook, f"{name}-after", first, f"the redirect is invalid ({name})")
    notebook.finding = "three invalid redirects moved nothing, the valid one moved its destination"


def _in_order(recording: Recording, notebook: Notebook, step: str) -> tuple[str, str]:
    """The node of the router that the guest's packet of a step went to, and that of the other one."""
    first, _ = hop(recording, notebook, step)
    notebook.stimulus([first] if first in NODES else [], f"the packet of the step {step!r} went to no router")
    return first, next(node for node in NODES if node != first)


@check("RA-19", FirstHops(), role="guest")
def test_leaves_a_router_that_is_none_any_more(recording: Recording, notebook: Notebook) -> None:
    """An NA of the default router with R=0 takes it from the default router list (RFC 4861 section 7.2.5).

    The next packet to the same destination goes to the other router; after an RA of the first one with a higher
    preference, a packet to a new destination goes there again.
    """
    first, other = _in_order(recording, notebook, "no-router-before")
    said = [each for each in ndp.neighbour_advertisements(recording.at("guest", "eth0", outgoing=False))
            if each.mac_source == mac_of(first, "eth0") and not each.router]
    notebook.cite(*notebook.stimulus(said, f"no NA of {first} with R=0 reached the guest")[-1:])
    expect_hop(recording, notebook, "no-router-any-more", other, f"{first} is no router any more")
    expect_hop(recording, notebook, "router-again", first, f"{first} is a router again, with high preference")
    notebook.finding = f"{first} was left at once for {other}, and taken again when it advertised itself again"


@edited(test_prefers_the_preferred_router, because="the reserved one, which is medium")
def guest_that_takes_reserved_for_low(recording: Recording) -> Recording:
    """Two routers of equal preference, so it takes the first."""
    return moved(recording, "reserved-is-medium", "peer")


@edited(test_prefers_the_preferred_router, because="only medium now")
def guest_that_keeps_its_first_router(recording: Recording) -> Recording:
    """It does not heed what the RA changed."""
    return moved(recording, "swapped", "peer2")


@played(test_prefers_the_preferred_router, because="went to the router at")
def guest_without_preferences() -> Broken:
    """Its kernel ignores them."""
    return Broken(FirstHops(), {"guest": KernelGuest("linux:accept_ra_rtr_pref=0", {"accept_ra_rtr_pref": 0})})


@played(test_obeys_only_valid_redirects, because="redirected it to peer2")
def guest_without_redirects() -> Broken:
    """Its kernel accepts none."""
    return Broken(FirstHops(), {"guest": KernelGuest("linux:accept_redirects=0", {"accept_redirects": 0})})


@edited(test_obeys_only_valid_redirects, because="is invalid (not-from-first-hop)")
def guest_that_believes_everybody(recording: Recording) -> Recording:
    """Any neighbour may redirect it."""
    return moved(recording, "not-from-first-hop-after", "peer2")


@edited(test_obeys_only_valid_redirects, because="is invalid (hop-limit)")
def guest_that_believes_strangers(recording: Recording) -> Recording:
    """It does not look at the hop limit."""
    return moved(recording, "hop-limit-after", "peer2")


@edited(test_leaves_a_router_that_is_none_any_more, because="is no router any more")
def guest_that_overlooks_the_flag(recording: Recording) -> Recording:
    """It goes on sending to the first router."""
    return moved(recording, "no-router-any-more", "peer")


@edited(test_leaves_a_router_that_is_none_any_more, because="is a router again")
def guest_that_bears_a_grudge(recording: Recording) -> Recording:
    """It does not come back."""
    return moved(recording, "router-again", "peer2")
