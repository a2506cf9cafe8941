"""A router comes back with another prefix: how soon the guest's new flows come from it."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.prefixes import first_usable
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.slaac.flash_renumbering import EVERY, NEW, NEXT, OLD, FlashRenumbering, over
from fixtures.stagecraft.marks import Attempted

#: Seconds: the kernel looks at lifetimes in coarse steps. Between two flows of the guest the change is not seen.
LATE = 2.0 + EVERY


@check("SLAAC-16", FlashRenumbering(), role="guest")
def test_moves_to_the_prefix_of_a_restarted_router(recording: Recording, notebook: Notebook) -> None:
    """New flows come from the new prefix, at the latest since the old one is no longer preferred (RFC 8978 section 2).

    The router does not mention the old prefix any more, so its preferred lifetime runs from the last RA that did
    (RFC 4862 section 5.5.4, RFC 6724 section 5 rule 3). A router that withdraws the old prefix in the RA with the new
    one (RFC 9096 section 3.5) is obeyed as soon as there is an address of the new one.
    """
    _expect_new_source(recording, notebook)
    _withdrawn(recording, notebook)


def _expect_new_source(recording: Recording, notebook: Notebook) -> None:
    before = notebook.stimulus(_flows(recording, "before"), "the guest sent nothing before the restart")[0]
    notebook.stimulus([before] if before.source in OLD.network else [],
                      f"the guest's first flow came from {before.source}")
    last = _announcing(recording, notebook, OLD.network)[-1]
    restart = _announcing(recording, notebook, NEW.network)[0]
    flows = notebook.stimulus(_flows(recording, "forgotten"), "the guest sent nothing after the restart")
    stayed = [each for each in flows if each.source not in NEW.network]
    moved = [each for each in flows if not stayed or each.frame.ns > stayed[-1].frame.ns]
    if not moved:
        spoke = flows[-1].time - last.time
        ends = [event for event in recording.kernel("guest") if over("guest", OLD.network)(event)]
        notebook.stimulus(ends or [spoke] * (spoke > OLD.preferred + LATE),
                          "the play ended before new flows had to come from the new prefix")
        notebook.expect(False,
                        f"{spoke:.0f} s after the last RA with {OLD.network} the guest's new flow comes from "
                        f"{flows[-1].source}, not from {NEW.network}", last, restart, flows[-1])
    notebook.in_time(moved[0].time - last.time, OLD.preferred + LATE,
                     f"the guest's new flows came from {OLD.network} for too long",
                     last, restart, moved[0])
    waited = moved[0].time - restart.time
    notebook.figure("new prefix used after", waited, "s")
    notebook.finding = f"new flows came from the new prefix {waited:.1f} s after its RA, and at once from the next"


def _withdrawn(recording: Recording, notebook: Notebook) -> None:
    """Nothing is waited for but the new address."""
    told = _announcing(recording, notebook, NEXT.network)[0]
    ready = first_usable(recording, NEXT.network, notebook)
    flows = [each for each in _flows(recording, "withdrawn") if each.frame.ns > ready.ns]
    for each in notebook.stimulus(flows, "the guest sent nothing after it had an address of the third prefix"):
        notebook.expect(each.source in NEXT.network,
                        f"{NEW.network} is withdrawn, and the guest's new flow comes from {each.source}",
                        told, ready, each)


def _announcing(recording: Recording, notebook: Notebook, network: IPv6Network) -> list[RouterAdvertisement]:
    """The RAs that gave the guest a prefix to prefer."""
    heard = ndp.router_advertisements(recording.at("guest", "eth0", outgoing=False))
    found = [ra for ra in heard if any(each.network == network and each.preferred for each in ra.prefixes)]
    return notebook.stimulus(found, f"no RA with {network} reached the guest")


def _flows(recording: Recording, name: str) -> list[Echo]:
    """The first packets of the flows of one part of the play."""
    to = {IPv6Address(mark.what.to) for mark in recording.marked(Attempted) if mark.what.what == name}
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return [each for each in sent if each.destination in to]


@played(test_moves_to_the_prefix_of_a_restarted_router, because="not from 2001:db8:b2::/64")
def guest_with_room_for_one_prefix() -> Broken:
    """Its kernel keeps two addresses on an interface: the link-local one and one more."""
    return Broken(FlashRenumbering(), {"guest": KernelGuest("linux:max_addresses=2", {"max_addresses": 2})})


@edited(test_moves_to_the_prefix_of_a_restarted_router, because="for too long")
def guest_that_is_slow_to_move(recording: Recording) -> Recording:
    """Its first flow from the new prefix comes five seconds later."""
    moved = [each for each in _flows(recording, "forgotten") if each.source in NEW.network]
    return editing.shifted(recording, 5.0, frames=moved)


@edited(test_moves_to_the_prefix_of_a_restarted_router, because="not from 2001:db8:b2::/64")
def guest_that_clings_to_the_old_prefix(recording: Recording) -> Recording:
    """It takes the longest common prefix, preferred or not."""
    return _from(recording, "forgotten", _flows(recording, "before")[0].source)


@edited(test_moves_to_the_prefix_of_a_restarted_router, because="is withdrawn, and")
def guest_that_overlooks_a_withdrawal(recording: Recording) -> Recording:
    """A preferred lifetime of zero means nothing to it."""
    return _from(recording, "withdrawn", _flows(recording, "forgotten")[-1].source)


def _from(recording: Recording, name: str, source: object) -> Recording:
    """The flows of one part of the play have another source."""

    def change(packet: Any) -> None:
        packet.payload.src = str(source)

    return editing.rewritten(recording, _flows(recording, name), change)
