"""What a guest answers to its neighbors, and what its kernel knows of them."""

from __future__ import annotations

from ipaddress import IPv6Address

from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import ndp
from fixtures.recording.views.ndp import NeighborAdvertisement


def answers(recording: Recording, to: IPv6Address) -> list[NeighborAdvertisement]:
    """The guest's Neighbor Advertisements to somebody."""
    sent = ndp.neighbor_advertisements(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.destination == to]


def entries(recording: Recording, neighbor: IPv6Address) -> list[KernelEvent]:
    """What the guest's kernel said of its entry for somebody."""
    return list(recording.happened("guest", "neighbor", dst=str(neighbor)))


def with_entry_like(recording: Recording, neighbor: IPv6Address, like: IPv6Address, **changed: object) -> Recording:
    """For mutants: a copy in which the guest also has an entry for somebody, like another's but for `changed`."""
    event = entries(recording, like)[0]
    return editing.with_event(recording, KernelEvent(
        event.ns, event.after_ns, "guest", "neighbor", "new", {**event.fields, "dst": str(neighbor), **changed}))
