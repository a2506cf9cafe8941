"""An RA that leaves something out takes nothing away."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from conformance.judging.check import check, edited
from conformance.judging.verdict import Notebook
from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.transport import Echo
from fixtures.scenarios.router_discovery.bare_advertisement import BareAdvertisement, SaysLess
from fixtures.stagecraft.watching import address_ready, no_default_route
from topologies.stage import addressing as plan


def echoes_from_the_prefix(recording: Recording) -> list[Echo]:
    """The guest's Echo Requests to the outside, from the router's prefix and handed to the router."""
    mac = recording.marked(SaysLess)[0].what.mac
    sent = transport.echoes(recording.at("guest", outgoing=True))
    return [each for each in sent if each.destination == plan.OUTSIDE and each.source in plan.LAN
            and each.frame.data[:6].hex(":") == mac]


def losses(recording: Recording) -> list[KernelEvent]:
    """The events that take from the guest an address of the prefix, or a default route."""
    addresses = [event for event in recording.happened("guest", "address", "del")
                 if ip_address(event.fields["local"]) in plan.LAN]
    return [*addresses, *filter(no_default_route("guest"), recording.kernel("guest"))]


@check("RA-27", BareAdvertisement(), role="guest")
def test_keeps_what_a_bare_advertisement_leaves_out(recording: Recording, notebook: Notebook) -> None:
    """An RA without options takes from the guest neither its address nor its route (RFC 4861 section 6.3.4)."""
    mark = notebook.stimulus(recording.marked(SaysLess), "the router sent no bare RA")[0]
    heard = ndp.router_advertisements(recording.at("guest", outgoing=False))
    bare = notebook.stimulus([ra for ra in heard if ra.time > mark.time and not ra.prefixes],
                             "no RA without prefix reached the guest")[0]
    used = echoes_from_the_prefix(recording)
    notebook.stimulus([each for each in used if each.time < mark.time], "the guest did not use the prefix before")
    gone = [event for event in losses(recording) if event.after_ns > bare.frame.ns]
    notebook.expect(not gone, "the guest took an RA without prefix for the end of what an RA before it had said",
                    bare, *gone[:1])
    later = [each for each in used if each.time > bare.time]
    notebook.expect(later, f"after an RA without prefix the guest sent nothing to {plan.OUTSIDE} from its address",
                    bare, *later[:1])
    notebook.finding = "address and default route were kept"


@edited(test_keeps_what_a_bare_advertisement_leaves_out, because="for the end of")
def guest_that_forgets_its_address(recording: Recording) -> Recording:
    """Its address goes a moment after the bare RA."""
    bare = ndp.router_advertisements(recording.at("guest", outgoing=False))[-1]
    there = next(filter(address_ready("guest", within=plan.LAN), recording.kernel("guest")))
    soon = bare.frame.ns + 10**8
    return editing.with_event(recording, replace(there, ns=soon, after_ns=soon, action="del"))


@edited(test_keeps_what_a_bare_advertisement_leaves_out, because="sent nothing to")
def guest_that_falls_silent(recording: Recording) -> Recording:
    """It has nowhere to send from, or to."""
    return editing.without(recording, frames=echoes_from_the_prefix(recording)[1:])
