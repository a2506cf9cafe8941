"""Which router a guest sends to: by preference, after redirects, and when one says that it is none any more."""

from __future__ import annotations

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.hops import expect_hop, hop, with_packets_to
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp
from fixtures.scenarios.router_discovery.first_hops import INVALID, NODES, VALID, FirstHops, destination
from topologies.stage.addressing import mac_of

#: By part of RA-16: where the packet of the step has to go, and why.
PREFERRED = {
    "high-after-medium": ("peer2", "peer2 has high preference, peer medium"),
    "swapped": ("peer", "peer has high preference, peer2 only medium now"),
    "medium-after-low": ("peer2", "peer has low preference, peer2 medium"),
    "reserved-is-medium": ("peer2", "peer has low preference, peer2 the reserved one, which is medium"),
    "without-lifetime": ("peer2", "peer has high preference and Router Lifetime 0, peer2 low preference"),
}


@check("RA-16", FirstHops(), role="guest", parts=PREFERRED)
def test_prefers_the_preferred_router(recording: Recording, notebook: Notebook, part: str) -> None:
    """A router of high preference comes before one of medium, and that before one of low (RFC 4191 section 3.2).

    The reserved value is taken for medium, with Router Lifetime 0 it is ignored, and the latest RA of each router
    counts.
    """
    node, why = PREFERRED[part]
    expect_hop(recording, notebook, part, node, why)
    notebook.finding = why


@check("RA-20", FirstHops(), role="guest", parts=({*INVALID} - {"fragments"}) | {*VALID})
def test_obeys_only_valid_redirects(recording: Recording, notebook: Notebook, part: str) -> None:
    """A Redirect of the current first hop for a destination should move it there (RFC 4861 section 8.3).

    One with hop limit 254 or code 1, from another router, or to a target that is neither link-local nor the destination
    is discarded (section 8.1).
    """
    _obeys_what_is_valid(recording, notebook, part)


@check("NDP-09.redirect", FirstHops(), role="guest")
def test_discards_redirects_in_fragments(recording: Recording, notebook: Notebook) -> None:
    """A Redirect in fragments is silently ignored (RFC 6980 section 5)."""
    _obeys_what_is_valid(recording, notebook, "fragments")


def _obeys_what_is_valid(recording: Recording, notebook: Notebook, part: str) -> None:
    """After a Redirect its destination is reached by the better router where it is valid, else by the first."""
    first, better = _in_order(recording, notebook, f"{part}-before")
    _expect_redirect(recording, notebook, part, better if part == "not-from-first-hop" else first)
    if part in VALID:
        expect_hop(recording, notebook, f"{part}-after", better, f"{first} redirected it to {better}")
    else:
        expect_hop(recording, notebook, f"{part}-after", first, f"the redirect is invalid ({part})")
    notebook.finding = f"the redirect ({part}) moved {'its destination' if part in VALID else 'nothing'}"


@check("RA-20.second", FirstHops(), role="guest")
def test_obeys_the_second_redirect(recording: Recording, notebook: Notebook) -> None:
    """A second Redirect for a destination, from its new first hop, takes the place of the first (section 8.3)."""
    first, better = _in_order(recording, notebook, "valid-before")
    now, _ = hop(recording, notebook, "valid-after")
    notebook.stimulus([now] if now == better else [], "the first redirect was not followed")
    _expect_redirect(recording, notebook, "valid", better)
    expect_hop(recording, notebook, "second-after", first, f"{better} redirected it back to {first}")
    notebook.finding = f"redirected to {better}, then back to {first}"


def _expect_redirect(recording: Recording, notebook: Notebook, name: str, teller: str) -> None:
    """The redirect about the destination of a step reached the guest, and came from the router at that node."""
    told = ndp.redirects(recording.at("guest", "eth0", outgoing=False))
    about = [each for each in told if each.for_destination == destination(f"{name}-after")
             and each.mac_source == mac_of(teller, "eth0")]
    notebook.cite(*notebook.stimulus(about, f"no redirect ({name}) of the router at {teller} reached the guest"))


def _in_order(recording: Recording, notebook: Notebook, step: str) -> tuple[str, str]:
    """The node of the router that the guest's packet of a step went to, and that of the other one."""
    first, _ = hop(recording, notebook, step)
    notebook.stimulus([first] if first in NODES else [], f"the packet of the step {step!r} went to no router")
    return first, next(node for node in NODES if node != first)


@check("RA-19.left", FirstHops(), role="guest")
def test_leaves_a_router_that_is_none_any_more(recording: Recording, notebook: Notebook) -> None:
    """An NA of the default router with R=0 takes it from the default router list (RFC 4861 section 7.2.5).

    The next packet to the same destination goes to the other router.
    """
    first, other = _none_any_more(recording, notebook)
    expect_hop(recording, notebook, "no-router-any-more", other, f"{first} is no router any more")
    notebook.finding = f"{first} was left at once for {other}"


@check("RA-19.taken-again", FirstHops(), role="guest")
def test_takes_a_router_again(recording: Recording, notebook: Notebook) -> None:
    """After its next RA a packet to a new destination goes there, the other router being none now (section 6.3.4)."""
    first, other = _none_any_more(recording, notebook)
    expect_hop(recording, notebook, "router-again", first, f"{first} is a router again, and {other} is none")
    notebook.finding = f"{first} was used when it advertised itself again"


def _none_any_more(recording: Recording, notebook: Notebook) -> tuple[str, str]:
    """The node of the router that said that it is none any more, and that of the other."""
    first, other = _in_order(recording, notebook, "no-router-before")
    said = [each for each in ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=False))
            if each.mac_source == mac_of(first, "eth0") and not each.router]
    notebook.cite(*notebook.stimulus(said, f"no NA of {first} with R=0 reached the guest")[-1:])
    return first, other


@edited(test_prefers_the_preferred_router, because={part: why for part, (_, why) in PREFERRED.items()})
def guest_that_keeps_its_first_router(recording: Recording, part: str) -> Recording:
    """It does not heed what the RA changed."""
    return with_packets_to(recording, part, next(node for node in NODES if node != PREFERRED[part][0]))


@played(test_obeys_only_valid_redirects, because="redirected it to peer2", parts=VALID)
def guest_without_redirects() -> Broken:
    """Its kernel accepts none."""
    return Broken(FirstHops(), {"guest": KernelGuest("linux:accept_redirects=0", {"accept_redirects": 0})})


@edited(test_obeys_only_valid_redirects, because={
    part: f"is invalid ({part})" for part in INVALID if part != "fragments"})
def guest_that_believes_it(recording: Recording, part: str) -> Recording:
    return with_packets_to(recording, f"{part}-after", "peer2")


@edited(test_discards_redirects_in_fragments, because="is invalid (fragments)")
def guest_that_reassembles_redirects(recording: Recording) -> Recording:
    return with_packets_to(recording, "fragments-after", "peer2")


@played(test_discards_redirects_in_fragments, because="is invalid (fragments)")
def guest_that_takes_fragments() -> Broken:
    """Its kernel does not suppress them."""
    return Broken(FirstHops(), {"guest": KernelGuest("linux:suppress_frag_ndisc=0", {"suppress_frag_ndisc": 0})})


@edited(test_obeys_the_second_redirect, because="redirected it back to peer")
def guest_that_lets_itself_be_redirected_once(recording: Recording) -> Recording:
    return with_packets_to(recording, "second-after", "peer2")


@edited(test_leaves_a_router_that_is_none_any_more, because="is no router any more")
def guest_that_overlooks_the_flag(recording: Recording) -> Recording:
    """It goes on sending to the first router."""
    return with_packets_to(recording, "no-router-any-more", "peer")


@edited(test_takes_a_router_again, because="is a router again")
def guest_that_bears_a_grudge(recording: Recording) -> Recording:
    """It does not come back."""
    return with_packets_to(recording, "router-again", "peer2")
