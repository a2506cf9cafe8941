"""Edits of DHCPv6 messages for mutants: a message said again, of another kind, with an address or an option more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv6Address
from typing import Any

from fixtures.recording import editing
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import dhcpv6
from fixtures.recording.views.base import View
from fixtures.recording.views.dissection import layer

KINDS = {name: number for number, name in dhcpv6.NAMES.items()}


def with_message(recording: Recording, message: View, time: float, kind: str | None = None) -> Recording:
    """A copy in which a message is said once more at a time in seconds, as another kind of message if one is given."""
    frame = message.frame
    more = editing.with_frame(recording, frame.data, time=time, node=frame.node, interface=frame.interface,
                              outgoing=frame.outgoing)
    if kind is None:
        return more
    again = next(each for each in more.frames if each.data == frame.data and each.ns == round(time * 1e9)
                 and each.node == frame.node)
    return editing.rewritten(more, again, of_kind(kind))


def of_kind(kind: str) -> Callable[[Any], None]:
    """A change of a message's type and of nothing else."""

    def change(packet: Any) -> None:
        packet[layer("inet6").UDP].payload.msgtype = KINDS[kind]

    return change


def with_option(make: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A change that appends the option which `make` builds from Scapy's DHCPv6 layer."""

    def change(packet: Any) -> None:
        packet.lastlayer().add_payload(make(layer("dhcp6")))

    return change


def with_address(recording: Recording, like: KernelEvent, address: IPv6Address, time: float) -> Recording:
    """A copy in which the guest's kernel has one more address, as in another address event, from a time in seconds."""
    ns = round(time * 1e9)
    return editing.with_event(recording, replace(like, ns=ns, after_ns=ns, action="new",
                                                 fields={**like.fields, "local": str(address)}))


def changed_delegation(recording: Recording, kind: str, change: Callable[[Any], None]) -> Recording:
    """A copy in which `change` was made to the IA_PD of every message of that kind, as Scapy dissects it."""
    messages = [each for each in dhcpv6.messages(recording.frames, kind) if each.ia_pd]
    return editing.rewritten(recording, messages, lambda packet: change(packet[layer("dhcp6").DHCP6OptIA_PD]))


def with_checksum(data: bytes) -> bytes:
    """The same frame with a right UDP checksum."""
    packet = layer("l2").Ether(data)
    packet[layer("inet6").UDP].chksum = None
    return bytes(packet)
