"""How the DHCPv6 tests look for messages among frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fixtures.peers import wire
from fixtures.peers.dhcpv6 import messages as dhcpv6
from fixtures.peers.dhcpv6.messages import Message
from fixtures.protocols.dhcpv6 import Kind


def dhcp(kind: Kind, accept: Callable[[Message], bool] = lambda message: True) -> Callable[[bytes], bool]:
    """Whether a frame holds a message of that kind that is accepted."""

    def is_wanted(data: bytes) -> bool:
        message = read(data)
        return message is not None and message.kind == kind and accept(message)

    return is_wanted


def read(data: bytes) -> Message | None:
    """The message in a frame, None for any other frame."""
    if data[12:14] != b"\x86\xdd" or data[20] != 17:
        return None
    packet = wire.parse(data)
    return dhcpv6.read(packet) if packet is not None else None


def kinds(frames: Iterable[tuple[bytes, bool]]) -> list[Kind]:
    """The kinds of the messages, in order, each run of equal ones once."""
    found: list[Kind] = []
    for data, _ in frames:
        message = read(data)
        if message is not None and found[-1:] != [message.kind]:
            found.append(Kind(message.kind))
    return found
