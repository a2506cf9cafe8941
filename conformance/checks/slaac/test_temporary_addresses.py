"""Temporary addresses: there and used where the image wants them, renewed in time, and absent where it does not."""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Any

from conformance.broken.guests import KernelGuest
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.slaac.temporary_addresses import OFF, ON, PREFERRED, TemporaryAddresses, over, temporary
from topologies.stage import addressing as plan

#: Seconds: the kernel keeps whole seconds, and looks at lifetimes in coarse steps.
LATE = 2.0


@check("SLAAC-11", TemporaryAddresses(), role="guest")
def test_uses_and_renews_temporary_addresses(recording: Recording, notebook: Notebook) -> None:
    """A guest that wants temporary addresses forms one for each prefix, and its new flows come from it.

    RFC 8981 section 3.4; RFC 6724 section 5 rule 7. Before its preferred lifetime ends there is another one, with
    another identifier (section 3.6), from which flows come when it has ended.
    """
    heard = ndp.router_advertisements(recording.at(ON, "eth0", outgoing=False))
    told = notebook.stimulus([ra for ra in heard if ra.prefixes], "no prefix reached the guest")[0]
    formed = [event for event in recording.kernel(ON) if temporary(ON)(event)]
    notebook.expect(formed, "the guest formed no temporary address", told)
    first = formed[0]
    talks = notebook.stimulus(_talks(recording, ON), "the guest sent nothing to others")
    _from_temporary(notebook, talks[0], {event.fields["local"] for event in formed}, first)
    preferred = first.fields["preferred_life_time"]
    notebook.expect(preferred <= PREFERRED, f"the guest's temporary address is preferred for {preferred} s", first)
    others = [event for event in formed if event.fields["local"] != first.fields["local"]]
    notebook.expect(others,
                    f"the guest formed no other temporary address after the first, preferred for {preferred} s", first)
    notebook.in_time(others[0].time - first.time, preferred,
                     "the guest formed the next temporary address late", first, others[0])
    ends = [event for event in recording.kernel(ON) if over(ON, first.fields["local"])(event)]
    end = notebook.stimulus(ends, "the first temporary address was never over")[0]
    notebook.in_time(end.time - first.time, preferred + LATE,
                     "the guest kept the first temporary address preferred for too long", first, end)
    later = [talk for talk in talks if talk.frame.ns > end.ns]
    talk = notebook.stimulus(later, "the guest sent nothing when the first temporary address was deprecated")[0]
    _from_temporary(notebook, talk, {event.fields["local"] for event in others}, others[0])
    notebook.figure("next temporary address before the end of the first", end.time - others[0].time, "s")
    notebook.finding = "flows came from a temporary address, and from the next one when the first was over"


def _from_temporary(notebook: Notebook, talk: Echo, known: set[str], event: KernelEvent) -> None:
    text = f"the guest's new flow comes from {talk.source}, which is no temporary address that is preferred"
    notebook.expect(str(talk.source) in known, text, event, talk)


@check("SLAAC-11", TemporaryAddresses(), role="guest")
def test_forms_no_temporary_address_unwanted(recording: Recording, notebook: Notebook) -> None:
    """A guest whose image wants none has one address for the prefix, and all its flows come from it.

    RFC 8981 section 3.7: they can be switched off. A platform that filters by the addresses it knows depends on that.
    """
    heard = ndp.router_advertisements(recording.at(OFF, "eth0", outgoing=False))
    notebook.cite(*notebook.stimulus([ra for ra in heard if ra.prefixes], "no prefix reached the guest")[:1])
    sent = recording.at(OFF, "eth0", outgoing=True)
    probes = [each for each in ndp.neighbor_solicitations(sent) if each.dad and each.target in plan.LAN]
    targets = {probe.target for probe in notebook.stimulus(probes, "the guest formed no address")}
    formed = [event for event in recording.kernel(OFF) if temporary(OFF)(event)]
    notebook.expect(not formed, f"the guest formed {len(formed)} temporary addresses", *formed)
    notebook.expect(len(targets) == 1, f"the guest probed for {len(targets)} addresses of one prefix", *probes)
    talks = notebook.stimulus(_talks(recording, OFF)[1:], "the guest did not send to others twice")
    for talk in talks:
        notebook.expect(talk.source in targets,
                        f"the guest's new flow comes from {talk.source}, and not from its address", talk)
    notebook.finding = "one address of the prefix, and all flows came from it"


def _talks(recording: Recording, node: str) -> list[Echo]:
    sent = transport.echoes(recording.at(node, "eth0", outgoing=True), reply=False)
    return [each for each in sent if each.destination == plan.OUTSIDE]


def _probed_address(recording: Recording, node: str) -> IPv6Address:
    """The first address of the prefix that the node probed for."""
    sent = ndp.neighbor_solicitations(recording.at(node, "eth0", outgoing=True))
    return next(each.target for each in sent if each.dad and each.target in plan.LAN)


@played(test_uses_and_renews_temporary_addresses, because="formed no temporary address")
def guest_with_the_opposite_setting() -> Broken:
    """Whatever the image says, its kernel forms none."""
    return Broken(TemporaryAddresses(), {"guest": KernelGuest("linux:use_tempaddr=0", {"use_tempaddr": 0})})


@played(test_uses_and_renews_temporary_addresses, because="is no temporary address that is preferred")
def guest_that_prefers_its_public_address() -> Broken:
    """It forms temporary addresses for nothing."""
    return Broken(TemporaryAddresses(), {"guest": KernelGuest("linux:use_tempaddr=1", {"use_tempaddr": 1})})


@edited(test_uses_and_renews_temporary_addresses, because="formed no other temporary address")
def guest_that_renews_nothing(recording: Recording) -> Recording:
    """Its temporary address is the only one that it ever has."""
    formed = [event for event in recording.kernel(ON) if temporary(ON)(event)]
    local = formed[0].fields["local"]
    return editing.without(recording, events=[event for event in formed if event.fields["local"] != local])


@edited(test_uses_and_renews_temporary_addresses, because="formed the next temporary address late")
def guest_that_renews_late(recording: Recording) -> Recording:
    """There is another one only when the first is over."""
    formed = [event for event in recording.kernel(ON) if temporary(ON)(event)]
    local = formed[0].fields["local"]
    return editing.shifted(recording, 8.0, events=[event for event in formed if event.fields["local"] != local])


@played(test_forms_no_temporary_address_unwanted, because="temporary addresses")
def guest_with_private_habits() -> Broken:
    """Whatever the image says, its kernel forms them."""
    return Broken(TemporaryAddresses(), {"guest": KernelGuest("linux:use_tempaddr=2", {"use_tempaddr": 2})})


@edited(test_forms_no_temporary_address_unwanted, because="and not from its address")
def guest_that_talks_from_nowhere(recording: Recording) -> Recording:
    """Its flows come from an address that it never probed for."""

    def change(packet: Any) -> None:
        packet.payload.src = str(_probed_address(recording, OFF) + 1)

    return editing.rewritten(recording, _talks(recording, OFF)[-1:], change)
