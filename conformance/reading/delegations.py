"""A delegation of a prefix as a recording shows it: what the router was told, what it asked, and what it uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from conformance.judging.verdict import Notebook
from fixtures.protocols.dhcpv6 import StatusCode
from fixtures.recording.model import KernelEvent, Recording
from fixtures.recording.views import dhcpv6, ndp
from fixtures.recording.views.dhcpv6 import Message
from fixtures.recording.views.ndp import RouterAdvertisement
from fixtures.scenarios.prefix_delegation.delegation_lives import FIRST


def addresses(recording: Recording, interface: str, prefixes: list[IPv6Network]) -> list[KernelEvent]:
    """The addresses of these prefixes that the router's interface got."""
    return [each for each in recording.events
            if (each.node, each.kind, each.action) == ("cpe", "address", "new")
            and each.fields["ifname"] == interface
            and any(IPv6Address(each.fields["local"]) in prefix for prefix in prefixes if ":" in each.fields["local"])]


def downstream_advertisements(recording: Recording) -> Iterator[RouterAdvertisement]:
    """The RAs that the router sent on its other link."""
    yield from ndp.router_advertisements(recording.at("cpe", "lan0", outgoing=True))


def messages_of(recording: Recording, *names: str, after: float = 0.0) -> list[Message]:
    """The router's messages of these names after a moment."""
    found = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=True), *names)
    return [each for each in found if each.time > after]


def answers(recording: Recording, name: str, *, refused: bool) -> list[Message]:
    """The Advertises or Replies with an IA_PD that reached the router, those that refuse it or those that do not."""
    found = dhcpv6.messages(recording.at("cpe", "eth0", outgoing=False), name)
    return [each for each in found if each.ia_pd and refused == any(
        ia.status is not None and ia.status.code == StatusCode.NO_PREFIXES for ia in each.ia_pd)]


def first(notebook: Notebook, found: list[Any], otherwise: str) -> Any:
    """The first of them, all cited; unjudgeable without any."""
    notebook.cite(*notebook.stimulus(found, otherwise))
    return found[0]


def delegation(recording: Recording, notebook: Notebook) -> Message:
    """The Reply that delegates the first prefix."""
    found = [each for each in answers(recording, "Reply", refused=False)
             if any(one.network == FIRST and one.valid for ia in each.ia_pd for one in ia.prefixes)]
    return first(notebook, found, "no Reply delegated a prefix to the router")  # type: ignore[no-any-return]


def uses(recording: Recording, prefix: IPv6Network, after: float = 0.0) -> list[KernelEvent]:
    """The events by which the router's other link got an address of a prefix."""
    return [each for each in addresses(recording, "lan0", [prefix]) if each.time > after]


def losses(recording: Recording, prefix: IPv6Network) -> list[KernelEvent]:
    """The events by which its other link lost an address of a prefix."""
    return [each for each in recording.events
            if (each.node, each.kind, each.action) == ("cpe", "address", "del") and each.fields["ifname"] == "lan0"
            and ":" in each.fields["local"] and IPv6Address(each.fields["local"]) in prefix]


def names(message: Message, prefix: IPv6Network) -> bool:
    """Whether an IA_PD of a message has the prefix."""
    return any(one.network == prefix for ia in message.ia_pd for one in ia.prefixes)


def at(event: KernelEvent, time: float) -> KernelEvent:
    """The same event at another time, in seconds of the play."""
    return replace(event, ns=round(time * 1e9), after_ns=round(time * 1e9))
