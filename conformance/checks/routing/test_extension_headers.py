"""What a router does with packets whose headers are none of its business."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address

from conformance.broken.routers import CARELESS, SILENT, STINGY
from conformance.judging.check import Broken, check, edited, played
from conformance.judging.verdict import Notebook
from fixtures.peers.extension_headers import HOP_BY_HOP_PARCELS, PARCELS, PLAIN
from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views import transport
from fixtures.recording.views.headers import headers
from fixtures.scenarios.routing.transit import SENDERS, Transit
from topologies.stage import addressing as plan

#: Where the IPv6 header and its hop limit begin in an untagged Ethernet frame.
IPV6_AT, HOP_LIMIT_AT = 14, 21


@check("ROUTE-13", Transit(), role="compute-host")
def test_forwards_headers_untouched(recording: Recording, notebook: Notebook) -> None:
    """Packets with any extension header, option or protocol are forwarded; only the hop limit is less, by one.

    RFC 8200 section 4: nobody on the way looks at them, or inserts, deletes or changes them, and a router does not
    answer for a Destination Option (RFC 7045 section 2.1). Whether it lets Hop-by-Hop options through may be configured
    (RFC 8200 section 4), so that is told; where it does, they too are untouched.
    """
    _passes(recording, notebook, PLAIN.name, "not even a plain packet came through")
    for parcel in PARCELS:
        sent, arrived = _way(recording, notebook, parcel.name)
        notebook.expect(arrived, f"{parcel.name}: the router did not forward the packet", sent, *arrived)
        _same(recording, notebook, parcel.name, sent, arrived[0])
    through = []
    for parcel in HOP_BY_HOP_PARCELS:
        sent, arrived = _way(recording, notebook, parcel.name)
        if arrived:
            _same(recording, notebook, parcel.name, sent, arrived[0])
            through.append(parcel.name)
    notebook.figure("packets with Hop-by-Hop options that were forwarded", len(through), "packets")
    notebook.finding = (f"{len(PARCELS)} kinds of packets were forwarded untouched; of those with Hop-by-Hop options"
                        f" {len(through)} of {len(HOP_BY_HOP_PARCELS)}")


def _passes(recording: Recording, notebook: Notebook, name: str, otherwise: str) -> None:
    _, arrived = _way(recording, notebook, name)
    notebook.stimulus(arrived, otherwise)


def _way(recording: Recording, notebook: Notebook, name: str) -> tuple[Frame, list[Frame]]:
    """The packet as it came to the router, and as it arrived outside, if it did."""
    came = _from(recording.at("router", "lan0", outgoing=False), SENDERS[name])
    sent = notebook.stimulus(came, f"{name}: the packet did not reach the router")[0]
    return sent, _from(recording.at("outside", "eth0", outgoing=False), SENDERS[name])


def _from(frames: Iterable[Frame], source: IPv6Address) -> list[Frame]:
    """The packets of a source, without its Neighbor Discovery."""
    return [frame for frame in frames if (found := headers(frame.data)) is not None and found.source == source
            and found.destination == plan.OUTSIDE]


def _same(recording: Recording, notebook: Notebook, name: str, sent: Frame, arrived: Frame) -> None:
    passed = sent.data[HOP_LIMIT_AT] - arrived.data[HOP_LIMIT_AT]
    notebook.expect(passed == 1, f"{name}: the router decreased the hop limit by {passed}, not by 1", sent, arrived)
    changed = [at for at, (before, after) in enumerate(zip(sent.data, arrived.data, strict=False))
               if at >= IPV6_AT and at != HOP_LIMIT_AT and before != after]
    notebook.expect(not changed,
                    f"{name}: the router changed byte {min(changed, default=0) - IPV6_AT} of the packet", sent, arrived)
    sizes = len(sent.data), len(arrived.data)
    notebook.expect(sizes[0] == sizes[1], f"{name}: the router made the packet {sizes[1] - sizes[0]:+d} bytes longer")
    told = [each for each in transport.icmp_errors(recording.at("router", "lan0", outgoing=True))
            if each.destination == SENDERS[name] and each.source != plan.OUTSIDE]
    notebook.expect(not told, f"{name}: the router answered it with an ICMPv6 error", *told)


@played(test_forwards_headers_untouched, because="did not forward")
def middlebox_that_knows_three_protocols() -> Broken:
    """It drops whatever is not TCP, UDP or ICMPv6 at first sight (RFC 7872)."""
    return Broken(Transit(), {"compute-host": CARELESS})


@played(test_forwards_headers_untouched, because="did not forward")
def router_that_rejects_destination_options() -> Broken:
    """It takes the destination's place."""
    return Broken(Transit(), {"compute-host": STINGY})


@played(test_forwards_headers_untouched, because="changed byte 0 of the packet")
def router_that_marks_traffic() -> Broken:
    """It resets the traffic class, which is in the first two bytes."""
    return Broken(Transit(), {"compute-host": SILENT})


@edited(test_forwards_headers_untouched, because="hop-by-hop-option-skip: the router changed byte 44")
def router_that_fills_in_options(recording: Recording) -> Recording:
    """It writes into an option that may not change on the way (RFC 8200 section 4.2, the third bit of its type)."""

    def change(data: bytes) -> bytes:
        return data[:IPV6_AT + 44] + b"\xff" + data[IPV6_AT + 45:]

    return editing.with_bytes(recording, _arrivals(recording, "hop-by-hop-option-skip"), change)


@edited(test_forwards_headers_untouched, because="atomic-fragment: the router made the packet -8 bytes longer")
def router_that_strips_a_header(recording: Recording) -> Recording:
    """It cuts the packet's end."""
    return editing.with_bytes(recording, _arrivals(recording, "atomic-fragment"), lambda data: data[:-8])


@edited(test_forwards_headers_untouched, because="decreased the hop limit by 0")
def router_like_a_switch(recording: Recording) -> Recording:
    """It does not count."""

    def change(data: bytes) -> bytes:
        return data[:HOP_LIMIT_AT] + bytes([data[HOP_LIMIT_AT] + 1]) + data[HOP_LIMIT_AT + 1:]

    return editing.with_bytes(recording, _arrivals(recording, "encrypted"), change)


def _arrivals(recording: Recording, name: str) -> list[Frame]:
    return _from(recording.at("outside", "eth0", outgoing=False), SENDERS[name])
