"""Switches checksum and segmentation offload off, so that a recorded frame is what would be on a wire.

Without this a veth hands unfinished checksums and packets larger than the MTU from one end to the other.
"""

from __future__ import annotations

import array
import fcntl
import functools
import struct

_SIOCETHTOOL = 0x8946
_GSTRINGS, _GSSET_INFO, _SFEATURES = 0x1B, 0x37, 0x3B
_SS_FEATURES, _NAME = 4, 32
_OFF = ("rx-checksum", "rx-gro", "rx-lro", "rx-udp-gro", "tx-checksum", "tx-scatter", "tx-generic", "tx-gso", "tx-tcp",
        "tx-udp", "tx-sctp", "tx-gre", "tx-ipxip", "tx-esp")


def switch_off(descriptor: int, interface: str) -> None:
    """Switch the offloads of an interface off, through any socket of its network namespace. Raises OSError."""
    _ioctl(descriptor, interface, bytearray(_request(_names(descriptor, interface))))


def _ioctl(descriptor: int, interface: str, data: bytearray) -> bytes:
    buffer = array.array("B", data)
    request = struct.pack("16sP", interface.encode(), buffer.buffer_info()[0])
    fcntl.ioctl(descriptor, _SIOCETHTOOL, request.ljust(40, b"\0"))
    return buffer.tobytes()


_known: tuple[str, ...] = ()


def _names(descriptor: int, interface: str) -> tuple[str, ...]:
    """The feature names of this kernel in the order of their bits; they are the same for every interface."""
    global _known
    if not _known:
        info = _ioctl(descriptor, interface, bytearray(struct.pack("=IIQI", _GSSET_INFO, 0, 1 << _SS_FEATURES, 0)))
        count = struct.unpack_from("=I", info, 16)[0]
        head = struct.pack("=III", _GSTRINGS, _SS_FEATURES, count)
        text = _ioctl(descriptor, interface, bytearray(head + bytes(count * _NAME)))[12:]
        _known = tuple(text[at : at + _NAME].split(b"\0")[0].decode() for at in range(0, count * _NAME, _NAME))
    return _known


@functools.cache
def _request(names: tuple[str, ...]) -> bytes:
    words = [0] * ((len(names) + 31) // 32)
    for bit, name in enumerate(names):
        if name.startswith(_OFF):
            words[bit // 32] |= 1 << bit % 32
    return struct.pack("=II", _SFEATURES, len(words)) + b"".join(struct.pack("=II", word, 0) for word in words)
