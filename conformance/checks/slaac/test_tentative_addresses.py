"""While an address is tentative: nobody hears of it but by a probe, and the probe that comes back is nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Any

from conformance.broken.hosts import ScriptedGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.peers.habits import Habits
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.headers import headers
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.scenarios.slaac.tentative_address import Disturbed, TentativeAddress
from fixtures.stagecraft.marks import Attempt
from fixtures.timers import RETRANS_TIMER, TICK
from topologies.stage import addressing as plan


@dataclass(frozen=True)
class Tentative:
    """An address that the guest probed for, from its first probe until RetransTimer after the last (less one tick)."""

    target: IPv6Address
    probes: list[NeighborSolicitation]

    def when(self, time: float) -> bool:
        """Whether the address was tentative at a time in seconds."""
        return self.probes[0].time <= time <= self.probes[-1].time + RETRANS_TIMER - TICK


def _sent_frames(recording: Recording) -> list[Frame]:
    return list(recording.at("guest", "eth0", outgoing=True))


def _tentative(recording: Recording, notebook: Notebook) -> list[Tentative]:
    """The addresses for which the guest was asked while it probed for them, in that order."""
    marks = notebook.stimulus(recording.marked(Disturbed), "the guest probed for no address")
    probes = [each for each in ndp.neighbor_solicitations(_sent_frames(recording)) if each.dad]
    found = []
    for target in dict.fromkeys(IPv6Address(mark.what.target) for mark in marks):
        mine = [each for each in probes if each.target == target]
        notebook.cite(*notebook.stimulus(mine, f"the guest did not probe for {target}"))
        found.append(Tentative(target, mine))
    return found


@check("NDP-14", TentativeAddress(), role="guest")
def test_is_silent_about_tentative_addresses(recording: Recording, notebook: Notebook) -> None:
    """From a tentative address nothing is sent, and no solicitation for it is answered (RFC 4862 section 5.4, 5.4.3).

    Not even where a program of the guest wants to talk. When the address is not tentative any more, it answers. The
    guest is not told to be optimistic (RFC 4429), so no address is.
    """
    addresses = _tentative(recording, notebook)
    notebook.stimulus([each for each in addresses if each.target in plan.LAN], "the guest formed no address of the LAN")
    for each in addresses:
        _expect_questions(recording, notebook, each)
        used = [frame for frame in _sent_frames(recording) if _source(frame) == each.target]
        answers = [answer for answer in ndp.neighbor_advertisements(_sent_frames(recording))
                   if answer.target == each.target]
        early = [answer for answer in answers if each.when(answer.time)]
        notebook.expect(not early, f"the guest answered for {each.target}, which was tentative", *early)
        early_use = [frame for frame in used if each.when(frame.time)]
        notebook.expect(not early_use, f"the guest sent from {each.target}, which was tentative", *early_use)
        notebook.cite(*notebook.stimulus(answers, f"{each.target} was never assigned")[:1])
    notebook.finding = f"{len(addresses)} addresses were neither used nor answered for until they were assigned"


def _expect_questions(recording: Recording, notebook: Notebook, address: Tentative) -> None:
    """While it was tentative the address was solicited and pinged, and a program wanted to talk from it."""
    heard = list(recording.at("guest", "eth0", outgoing=False))
    asked = [each for each in ndp.neighbor_solicitations(heard) if not each.dad and each.target == address.target]
    pinged = [each for each in transport.echoes(heard, reply=False) if each.destination == address.target]
    for what, found in (("solicited", asked), ("pinged", pinged)):
        in_time = [each for each in found if address.when(each.time)]
        notebook.cite(*notebook.stimulus(in_time, f"nobody {what} {address.target} while it was tentative"))
    if address.target in plan.LAN:
        begun = [mark for mark in recording.marked(Attempt)
                 if mark.what.what.endswith("tentative") and address.when(mark.time)]
        late = f"no program of the guest sent anything while {address.target} was tentative"
        notebook.cite(*notebook.stimulus(begun, late))


def _source(frame: Frame) -> object:
    found = headers(frame.data)
    return found.source if found else None


@played(test_is_silent_about_tentative_addresses, because="answered for")
def host_that_does_not_wait() -> Broken:
    """It probes, and has the address at once."""
    return Broken(TentativeAddress(), {"guest": ScriptedGuest("host:impatient", Habits(waits=False))})


@edited(test_is_silent_about_tentative_addresses, because="sent from")
def guest_that_lets_programs_use_it(recording: Recording) -> Recording:
    """The ping from the address gets through while it is tentative."""
    first = next(mark for mark in recording.marked(Attempt) if mark.what.what == "while-tentative")
    pings = transport.echoes(_sent_frames(recording), reply=False)
    later = next(each for each in pings if each.source in plan.LAN)
    return editing.shifted(recording, first.time - later.time, frames=later)


@check("SLAAC-05", TentativeAddress(), role="guest")
def test_knows_its_own_probe_again(recording: Recording, notebook: Notebook) -> None:
    """A probe that comes back with the guest's own nonce is no conflict: the address is assigned (RFC 7527 section 4).

    At the latest when it has probed MAX_MULTICAST_SOLICIT times more. Without a nonce a guest cannot know, and any
    second probe is a conflict (RFC 4862 section 5.4.3).
    """
    answers = ndp.neighbor_advertisements(_sent_frames(recording))
    own = {each.frame.data for each in ndp.neighbor_solicitations(_sent_frames(recording)) if each.dad}
    copies = [each for each in ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=False))
              if each.dad and each.frame.data in own]
    for target in dict.fromkeys(IPv6Address(mark.what.target) for mark in recording.marked(Disturbed)):
        back = [each for each in copies if each.target == target]
        copy = notebook.stimulus(back, f"no probe for {target} came back")[0]
        notebook.stimulus([copy.nonce] if copy.nonce else [], "the guest's probes have no nonce (RFC 7527)")
        assigned = [each for each in answers if each.target == target and each.time > copy.time]
        notebook.expect(assigned,
                        f"the guest did not assign {target} after its own probe came back", copy, *assigned[:1])
    notebook.cite(*copies)
    notebook.finding = f"{len(copies)} probes came back, and the addresses were assigned all the same"


@played(test_knows_its_own_probe_again, because="did not assign")
def segment_with_another_node() -> Broken:
    """What comes back is followed by a probe with another nonce: the guest must take that for a conflict, and does."""
    return Broken(TentativeAddress(rival=True), {"guest": "linux"})


@edited(test_knows_its_own_probe_again, because="did not assign")
def guest_that_takes_itself_for_another(recording: Recording) -> Recording:
    """It never has the address of the LAN."""
    def of_the_lan(frame: Frame) -> bool:
        answers: list[Any] = ndp.neighbor_advertisements([frame])
        return frame.outgoing and any(each.target in plan.LAN for each in answers)

    return editing.without(recording, frames=of_the_lan)
