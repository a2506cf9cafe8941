"""Edits that the mutants of passive checks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fixtures.recording import editing
from fixtures.recording.model import Frame, Recording
from fixtures.recording.views.base import View
from fixtures.recording.views.dissection import layer


def with_fields(recording: Recording, found: Sequence[View | Frame], kind: str, **fields: object) -> Recording:
    """These messages with other values in one of Scapy's layers; its name is that of the class."""

    def change(packet: Any) -> None:
        module = next(layer(name) for name in ("inet6", "dhcp6", "l2") if hasattr(layer(name), kind))
        for name, value in fields.items():
            setattr(packet[getattr(module, kind)], name, value)

    return editing.rewritten(recording, found, change)


def with_option(recording: Recording, found: Sequence[View | Frame], option: Any) -> Recording:
    """These messages with one more option, a Scapy packet, at their end."""
    return editing.rewritten(recording, found, lambda packet: packet / option)


def without_option(recording: Recording, found: Sequence[View | Frame], kind: str) -> Recording:
    """These messages without their last option of Neighbor Discovery, which is of that Scapy class."""

    def drop(packet: Any) -> None:
        packet[getattr(layer("inet6"), kind)].underlayer.remove_payload()

    return editing.rewritten(recording, found, drop)


def as_play(recording: Recording) -> Recording:
    """The sample as if it were a play: whatever reached the party was seen."""
    return replace(recording, play=replace(recording.play, scenario="sample"))


def server_identifier() -> Any:
    """The Server Identifier of the sample's server."""
    dhcp6 = layer("dhcp6")
    return dhcp6.DHCP6OptServerId(duid=dhcp6.DUID_LL(lladdr="02:00:00:00:00:01"))
