"""What a guest made of an advertised prefix: its addresses there, and where its packets into the prefix went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from conformance.judging.verdict import Notebook
from fixtures.recording.model import KernelEvent, Mark, Recording, Snapshot
from fixtures.recording.views import ndp, transport
from fixtures.recording.views.ndp import NeighborSolicitation
from fixtures.recording.views.transport import Echo
from fixtures.stagecraft.marks import Attempted
from fixtures.stagecraft.watching import usable


def formed_address_events(recording: Recording, network: IPv6Network) -> list[KernelEvent]:
    """What the guest's kernel said of new or changed addresses inside a network, in order."""
    return [event for event in recording.happened("guest", "address", "new")
            if event.fields.get("family") == "inet6" and IPv6Address(event.fields["local"]) in network]


def first_usable(recording: Recording, network: IPv6Network, notebook: Notebook) -> KernelEvent:
    """The moment when the guest could use its address of a network; unjudgeable when it never could."""
    ready = [event for event in formed_address_events(recording, network) if usable(event)]
    return notebook.stimulus(ready, f"the guest had no address in {network}")[0]


def rows(shot: Snapshot, network: IPv6Network) -> list[dict[str, Any]]:
    """The guest's addresses inside a network, as a snapshot shows them."""
    return [row for row in shot.tables["address"]
            if row["family"] == "inet6" and IPv6Address(row["local"]) in network]


def shot(recording: Recording, name: str, notebook: Notebook) -> Snapshot:
    """The guest's snapshot of that name; unjudgeable without it."""
    found = recording.snapshot(name, "guest")
    return notebook.stimulus([found] if found else [], f"the play ended before {name!r}")[0]


def looked_for(recording: Recording, notebook: Notebook, destination: IPv6Address) -> Mark:
    """The guest's attempt to reach a destination, cited; unjudgeable without it."""
    tried = [mark for mark in recording.marked(Attempted) if mark.what.to == str(destination)]
    mark = notebook.stimulus(tried, f"the guest did not try to reach {destination}")[0]
    notebook.cite(mark)
    return mark


def on_link(recording: Recording, destination: IPv6Address) -> list[NeighborSolicitation]:
    """The solicitations that say that the guest took a destination to be on its link."""
    sent = ndp.neighbor_solicitations(recording.at("guest", "eth0", outgoing=True))
    return [each for each in sent if each.target == destination]


def to_router(recording: Recording, destination: IPv6Address) -> list[Echo]:
    """The Echo Requests that the guest sent to a destination."""
    sent = transport.echoes(recording.at("guest", "eth0", outgoing=True), reply=False)
    return [each for each in sent if each.destination == destination]


def with_rows(recording: Recording, name: str, network: IPv6Network, change: Callable[[dict[str, Any]], dict[str, Any]],
              ) -> Recording:
    """For mutants: a copy in which a snapshot of the guest has changed rows for its addresses inside a network."""

    def edited(shot: Snapshot) -> Snapshot:
        if (shot.name, shot.node) != (name, "guest"):
            return shot
        inside = rows(shot, network)
        table = [change(row) if row in inside else row for row in shot.tables["address"]]
        return replace(shot, tables={**shot.tables, "address": table})

    return replace(recording, snapshots=tuple(edited(shot) for shot in recording.snapshots))
