"""Network interfaces of the calling thread's namespace, by ioctl (netdevice(7)). All functions raise OSError."""

from __future__ import annotations

import fcntl
import socket
import struct

_SIOCGIFINDEX, _SIOCGIFFLAGS, _SIOCSIFFLAGS, IFF_UP = 0x8933, 0x8913, 0x8914, 1


def index_and_up(name: str) -> tuple[int, bool]:
    """The index of an interface, and whether it is up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16s24x", name.encode())
        (index,) = struct.unpack_from("=i", fcntl.ioctl(any_socket, _SIOCGIFINDEX, request), 16)
        (flags,) = struct.unpack_from("=h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
    return index, bool(flags & IFF_UP)


def raise_up(name: str) -> None:
    """Bring an interface up; `lo` gets 127.0.0.1 and ::1 by that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16s24x", name.encode())
        (flags,) = struct.unpack_from("=h", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh22x", name.encode(), flags | IFF_UP))
