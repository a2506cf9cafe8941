"""The sample conversation as other tools, systems and places would have written it. Each is a file's bytes."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

from conformance.wire.sample import pcap
from fixtures.captures.reader import Capture, Packet

Cut = Callable[[bytes], bytes]


def packets() -> list[Packet]:
    """The sample's packets."""
    return list(Capture(Path("sample.pcap"), BytesIO(pcap())))


def as_pcap(found: Iterable[tuple[int, bytes]], *, order: str = "<", nanoseconds: bool = False, link_type: int = 1,
            snaplen: int = 262144, extra: bytes = b"", magic: int | None = None) -> bytes:
    """A pcap of stamps in nanoseconds and bytes."""
    magic = magic or (0xA1B23C4D if nanoseconds else 0xA1B2C3D4)
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snaplen, link_type)]
    for ns, data in found:
        fraction = ns % 10**9 // (1 if nanoseconds else 1000)
        kept = data[:snaplen]
        parts += [struct.pack(f"{order}IIII", ns // 10**9, fraction, len(kept), len(data)), extra, kept]
    return b"".join(parts)


def block(order: str, kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    total = len(body) + 12
    return struct.pack(f"{order}II", kind, total) + body + struct.pack(f"{order}I", total)


def option(order: str, code: int, value: bytes) -> bytes:
    """A pcapng option."""
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    """A pcapng section header."""
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str = "<", link_type: int = 1, name: str = "", resolution: int = 6) -> bytes:
    """A pcapng interface."""
    options = (option(order, 2, name.encode()) if name else b"") + option(order, 9, bytes([resolution])) + bytes(4)
    return block(order, 1, struct.pack(f"{order}HHI", link_type, 0, 0) + options)


def packet(ns: int, data: bytes, order: str = "<", index: int = 0, per_second: int = 10**6) -> bytes:
    """A pcapng enhanced packet block."""
    stamp = ns * per_second // 10**9
    head = struct.pack(f"{order}IIIII", index, stamp >> 32, stamp & 0xFFFFFFFF, len(data), len(data))
    return block(order, 6, head + data)


def as_pcapng(found: Iterable[tuple[int, bytes]], *, order: str = "<", resolution: int = 6,
              link_type: int = 1) -> bytes:
    """A pcapng with one interface."""
    per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    return section(order) + interface(order, link_type, "eth0", resolution) + b"".join(
        packet(ns, data, order, 0, per_second) for ns, data in found)


def rewritten(change: Cut) -> list[tuple[int, bytes]]:
    """The sample's packets with other bytes."""
    return [(each.ns, change(each.data)) for each in packets()]


def tagged(*tags: tuple[int, int]) -> Cut:
    """With VLAN tags: (ethertype, VLAN), outermost first."""
    middle = b"".join(struct.pack("!HH", ethertype, vlan) for ethertype, vlan in tags)
    return lambda data: data[:12] + middle + data[12:]


def cooked(data: bytes) -> bytes:
    """Linux cooked, version 1."""
    return struct.pack("!HHH", 1 if data[0] & 1 else 0, 1, 6) + data[6:12] + bytes(2) + data[12:]


def cooked2(data: bytes) -> bytes:
    """Linux cooked, version 2."""
    return data[12:14] + bytes(2) + struct.pack("!IHBB", 3, 1, 0, 6) + data[6:12] + bytes(2) + data[14:]


def several_interfaces() -> bytes:
    """Two interfaces with names: the sample on the second, something else on the first."""
    body = b"".join(packet(each.ns, each.data, index=1) for each in packets())
    noise = packet(packets()[0].ns, bytes(12) + b"\x08\x06" + bytes(40))
    return section() + interface(name="lo") + interface(name="tap7") + noise + body


def two_sections() -> bytes:
    """Files glued together: each section counts its interfaces anew, and has its own byte order."""
    half = len(packets()) // 2
    first, second = packets()[:half], packets()[half:]
    return b"".join([
        section(), interface(), *(packet(each.ns, each.data) for each in first),
        section(">"), interface(">"), *(packet(each.ns, each.data, ">") for each in second)])


def seen_twice() -> bytes:
    """A mirrored port: everything a millisecond later once more."""
    doubled = [(each.ns + late, each.data) for each in packets() for late in (0, 10**6)]
    return as_pcap(sorted(doubled, key=lambda entry: entry[0]))


def unsorted() -> bytes:
    """As files merged without sorting."""
    return as_pcap([(each.ns, each.data) for each in reversed(packets())], nanoseconds=True)


def plain(data: bytes) -> bytes:
    """No change."""
    return data


#: Every guise in which all of the sample is there, with link-layer addresses.
WHOLE: dict[str, Callable[[], bytes]] = {
    "pcap-ns": pcap,
    "pcap-us": lambda: as_pcap(rewritten(plain)),
    "pcap-big-endian": lambda: as_pcap(rewritten(plain), order=">", nanoseconds=True),
    "pcap-kuznetzov": lambda: as_pcap(rewritten(plain), magic=0xA1B2CD34, extra=bytes(8)),
    "pcapng-us": lambda: as_pcapng(rewritten(plain)),
    "pcapng-ns-big-endian": lambda: as_pcapng(rewritten(plain), order=">", resolution=9),
    "pcapng-power-of-two": lambda: as_pcapng(rewritten(plain), resolution=0x80 | 30),
    "gzip": lambda: gzip.compress(as_pcapng(rewritten(plain))),
    "802.1Q": lambda: as_pcap(rewritten(tagged((0x8100, 20)))),
    "QinQ": lambda: as_pcap(rewritten(tagged((0x88A8, 7), (0x8100, 20)))),
    "QinQ-9100": lambda: as_pcap(rewritten(tagged((0x9100, 7), (0x8100, 20)))),
    "priority-tag": lambda: as_pcap(rewritten(tagged((0x8100, 0xE000)))),
    "SLL": lambda: as_pcap(rewritten(cooked), link_type=113),
    "SLL2": lambda: as_pcap(rewritten(cooked2), link_type=276),
    "several-interfaces": several_interfaces,
    "two-sections": two_sections,
    "seen-twice": seen_twice,
    "unsorted": unsorted,
}
#: Guises without link-layer addresses: link type, and what stands before the IP header.
BARE: dict[str, tuple[int, bytes]] = {
    "raw": (101, b""), "raw-ipv6": (229, b""), "null": (0, struct.pack("<I", 10)),
    "null-bsd": (0, struct.pack(">I", 30)), "loop": (108, struct.pack(">I", 24)),
}


def bare(name: str) -> bytes:
    """The sample on a link without addresses."""
    link_type, head = BARE[name]
    return as_pcap(rewritten(lambda data: head + data[14:]), link_type=link_type)
