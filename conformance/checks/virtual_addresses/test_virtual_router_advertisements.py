"""VRRPv3: what the routers of a virtual router say to each other, and what they believe."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address

from conformance.broken.virtual_routers import GullibleKeepalived
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from conformance.reading.virtual_routers import MAC, ROOM, heard_after, received_by, rivals_heard, sent_by, silence
from fixtures.protocols.addresses import VRRP_GROUP
from fixtures.recording import editing
from fixtures.recording.model import Recording
from fixtures.recording.views.vrrp import VrrpAdvertisement
from fixtures.scenarios.virtual_addresses.virtual_router import (
    INTERVAL,
    PRIORITIES,
    ROUTER,
    VIRTUAL,
    VIRTUAL_LINK_LOCAL,
    VirtualRouter,
    down,
)
from fixtures.scenarios.virtual_addresses.virtual_router_rivals import (
    PRIORITY,
    Hushed,
    InvalidSent,
    OnlyInvalid,
    VirtualRouterRivals,
)
from fixtures.stagecraft.marks import Ready

#: Seconds without an advertisement that an active router may show: who gave way shows Active_Down_Interval at least.
ACTIVE = down(PRIORITY) - ROOM
ADDRESSES = (VIRTUAL_LINK_LOCAL, VIRTUAL)

#: By part: what holds for each advertisement, and what is said where it does not.
FORM: dict[str, tuple[Callable[[VrrpAdvertisement], object], Callable[[VrrpAdvertisement], str]]] = {
    "form": (lambda each: each.malformed is None, lambda each: f"an advertisement is malformed: {each.malformed}"),
    "hop-limit": (lambda each: each.hop_limit == 255,
                  lambda each: f"an advertisement has the hop limit {each.hop_limit}"),
    "source": (lambda each: isinstance(each.source, IPv6Address) and each.source.is_link_local,
               lambda each: f"the source of an advertisement is {each.source}"),
    "destination": (lambda each: each.destination == VRRP_GROUP,
                    lambda each: f"an advertisement went to {each.destination}"),
    "version": (lambda each: (each.version, each.kind) == (3, 1),
                lambda each: f"an advertisement has version {each.version} and type {each.kind}"),
    "checksum": (lambda each: each.checksum_ok, lambda each: "the checksum of an advertisement is wrong"),
    "vrid": (lambda each: each.router == ROUTER, lambda each: f"the VRID of an advertisement is {each.router}"),
    "first-address": (lambda each: each.addresses[:1] == ADDRESSES[:1],
                      lambda each: "the first address of an advertisement is not the virtual link-local address"),
    "addresses": (lambda each: set(each.addresses) == set(ADDRESSES),
                  lambda each: f"the addresses of an advertisement are {', '.join(map(str, each.addresses))}"),
    "interval": (lambda each: each.interval == INTERVAL,
                 lambda each: f"the Max Advertise Interval of an advertisement is {each.interval:g} s"),
    "mac": (lambda each: each.mac_source == MAC,
            lambda each: f"an advertisement came from {each.mac_source}, not from the virtual MAC address"),
}


@check("VIP-04", VirtualRouter(), VirtualRouterRivals(), role="virtual-router", parts=FORM)
def test_vrrp_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:
    """Each advertisement is as RFC 9568 sections 5.1.2, 5.2 and 7.2 have it.

    From a link-local address and the virtual MAC address to ff02::12, hop limit 255, version 3, type 1; the virtual
    link-local address is the first one; the checksum covers the pseudo-header.
    """
    holds, otherwise = FORM[part]
    sent = [each for node in PRIORITIES for each in sent_by(recording, node)]
    for each in notebook.stimulus(sent, "no router sent a VRRP advertisement"):
        notebook.expect(holds(each), otherwise(each), each)
    notebook.finding = f"{len(sent)} advertisements, all as they should be"


#: By part: where in a frame an advertisement is changed, into what, and what is said then.
SPOILT: dict[str, tuple[int, bytes, str]] = {
    "form": (57, b"\x03", "is malformed"),
    "hop-limit": (21, b"\x40", "has the hop limit 64"),
    "source": (22, IPv6Address("2001:db8:1::2").packed, "is 2001:db8:1::2"),
    "destination": (38, IPv6Address("ff02::1").packed, "went to ff02::1"),
    "version": (54, b"\x21", "has version 2 and type 1"),
    "checksum": (60, b"\x12\x34", "checksum of an advertisement is wrong"),
    "vrid": (55, b"\x34", "VRID of an advertisement is 52"),
    "first-address": (62, VIRTUAL.packed + VIRTUAL_LINK_LOCAL.packed, "first address"),
    "addresses": (78, IPv6Address("2001:db8:1::bad").packed, "2001:db8:1::bad"),
    "interval": (58, b"\x00\x64", "Max Advertise Interval of an advertisement is 1 s"),
    "mac": (6, bytes.fromhex("02000000000f"), "came from 02:00:00:00:00:0f"),
}


@edited(test_vrrp_advertisements, because={part: why for part, (_, _, why) in SPOILT.items()})
def advertisement_that_is_spoilt(recording: Recording, part: str) -> Recording:
    """The third one is not like the others."""
    at, octets, _ = SPOILT[part]
    return editing.with_bytes(recording, sent_by(recording, "r1")[2],
                              lambda data: data[:at] + octets + data[at + len(octets):])


#: By part, the defect of an advertisement.
INVALID = {
    "invalid-hop-limit": "hop limit 254", "invalid-version": "version 2", "invalid-type": "type 2",
    "invalid-length": "an address cut off", "invalid-checksum": "wrong checksum", "invalid-vrid": "another VRID",
}


@check("VIP-04.takes-over", VirtualRouterRivals(), role="virtual-router")
def test_takes_over_from_invalid_vrrp_advertisements(recording: Recording, notebook: Notebook) -> None:
    """Who hears only advertisements that do not pass the tests of RFC 9568 section 7.1 takes over."""
    notebook.stimulus(recording.marked(OnlyInvalid), "no invalid advertisement was sent")
    ready = notebook.stimulus(recording.marked(Ready), "the router did not start")[0]
    lies = notebook.stimulus(received_by(recording, "r1", ready.time),
                             "no invalid advertisement reached the router while it was the backup")
    hushed = min((mark.time for mark in recording.marked(Hushed)), default=float("inf"))
    took = [each for each in sent_by(recording, "r1", ready.time) if each.time < hushed]
    notebook.expect(took, "the router did not take over while only invalid advertisements came", *lies[:6])
    notebook.cite(lies[0], *took)
    notebook.finding = "the router took over while only invalid advertisements came"


@check("VIP-04", VirtualRouterRivals(), role="virtual-router", parts=INVALID)
def test_ignores_invalid_vrrp_advertisements(recording: Recording, notebook: Notebook, part: str) -> None:
    """What does not pass the tests of RFC 9568 section 7.1 is discarded, whatever priority it claims.

    The router stays active: who believed it would be silent for Active_Down_Interval. A valid one of the same priority
    is believed in the end, so they were well-formed but for their faults.
    """
    defect = INVALID[part]
    lies = [mark for mark in recording.marked(InvalidSent) if mark.what.defect == defect]
    lie = notebook.stimulus(lies, f"no advertisement with {defect} came to the active router")[0]
    came = notebook.stimulus(heard_after(recording, lie),
                             f"the advertisement with {defect} did not reach the router")[0]
    after = sent_by(recording, "r1", came.time)
    text = f"the router believed an advertisement with {defect}"
    notebook.expect(after, text, came)
    notebook.in_time(after[0].time - came.time, ACTIVE, text, came, after[0])
    truth = notebook.stimulus(rivals_heard(recording, "higher priority"), "no valid advertisement came")[0]
    notebook.stimulus([truth] if silence(recording, truth) >= down(PRIORITY) else [],
                      "the router did not believe a valid advertisement either")
    notebook.finding = f"an advertisement with {defect} was discarded"


@played(test_takes_over_from_invalid_vrrp_advertisements, because="only invalid advertisements")
def router_that_does_not_see_hop_limits() -> Broken:
    """Its packet filter sets them to 255."""
    return Broken(VirtualRouterRivals(), {"virtual-router": GullibleKeepalived()})


@edited(test_ignores_invalid_vrrp_advertisements, because={
    part: f"believed an advertisement with {defect}" for part, defect in INVALID.items()})
def router_that_believes_it(recording: Recording, part: str) -> Recording:
    """After the invalid advertisement it is silent for its Active_Down_Interval."""
    lie = next(mark for mark in recording.marked(InvalidSent) if mark.what.defect == INVALID[part])
    gone = [each for each in sent_by(recording, "r1", lie.time) if each.time < lie.time + down(PRIORITY)]
    return editing.without(recording, frames=gone)
