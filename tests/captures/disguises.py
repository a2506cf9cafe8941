"""The sample conversation as other tools, systems and places would have written it. Each is a file's bytes."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from conformance.wire.sample import pcap
from fixtures.captures.reader import Capture

Cut = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Sampled:
    """One packet of the sample."""

    number: int
    ns: int
    data: bytes


def packets() -> list[Sampled]:
    """The sample's packets, all of which have stamps."""
    return [Sampled(each.number, each.ns or 0, each.data) for each in Capture(Path("sample.pcap"), BytesIO(pcap()))]


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


def wireless(data: bytes) -> bytes:
    """802.11, from the access point."""
    return b"\x08\x02\0\0" + data[:6] + b"\x02\0\0\0\0\xaa" + data[6:12] + b"\0\0\xaa\xaa\x03\0\0\0" + data[12:]


def radiotap(data: bytes) -> bytes:
    """Behind radiotap with its clock and flags, of a QoS frame whose header is padded."""
    frame = wireless(data)
    padded = b"\x88" + frame[1:24] + bytes(4) + frame[24:]
    return struct.pack("<BBHI", 0, 0, 17, 3) + bytes(8) + b"\x20" + padded


def geneve(data: bytes) -> bytes:
    """In GENEVE with an option, over IPv6."""
    inner = struct.pack("!BBHI", 1, 0, 0x6558, 42 << 8) + bytes(4) + data
    udp = struct.pack("!HHHH", 50000, 6081, len(inner) + 8, 0) + inner
    head = struct.pack("!IHBB", 0x60000000, len(udp), 17, 64) + bytes(15) + b"\1" + bytes(15) + b"\2"
    return bytes(12) + b"\x86\xdd" + head + udp


def pppoe(packet: bytes) -> bytes:
    """A PPPoE session's frame around an IPv6 packet."""
    return bytes(12) + b"\x88\x64" + struct.pack("!BBHHH", 0x11, 0, 1, len(packet) + 2, 0x57) + packet


def vxlan(frame: bytes, port: int = 4789) -> bytes:
    """In a VXLAN over IPv4, network 42."""
    inner = struct.pack("!BxxxI", 8, 42 << 8) + frame
    udp = struct.pack("!HHHH", 50000, port, len(inner) + 8, 0) + inner
    ipv4 = struct.pack("!BBHHHBBH4s4s", 0x45, 0, len(udp) + 20, 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2")
    return bytes(12) + b"\x08\0" + ipv4 + udp


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


def unsorted_packets() -> bytes:
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
    "pppoe": lambda: as_pcap(rewritten(lambda data: data[:12] + pppoe(data[14:])[12:])),
    "vxlan": lambda: as_pcap(rewritten(vxlan)),
    "vxlan-ipv6-geneve": lambda: as_pcap(rewritten(geneve)),
    "802.11": lambda: as_pcap(rewritten(wireless), link_type=105),
    "radiotap-padded": lambda: as_pcap(rewritten(radiotap), link_type=127),
    "avs": lambda: as_pcap(rewritten(lambda data: struct.pack("!II", 0x80211001, 64) + bytes(56) + wireless(data)),
                           link_type=163),
    "ppi": lambda: as_pcap(rewritten(lambda data: struct.pack("<BBHI", 0, 0, 8, 105) + wireless(data)), link_type=192),
}
#: Guises without link-layer addresses: link type, and what stands before the IP header.
BARE: dict[str, tuple[int, bytes]] = {
    "raw": (101, b""), "raw-ipv6": (229, b""), "null": (0, struct.pack("<I", 10)),
    "null-bsd": (0, struct.pack(">I", 30)), "loop": (108, struct.pack(">I", 24)),
    "ppp": (9, b"\xff\x03\0\x57"), "ppp-short": (9, b"\x57"), "ppp-hdlc": (50, b"\xff\x03\0\x57"),
    "pppoe": (51, b"\x11\0\0\1\0\0\0\x57"), "c-hdlc": (104, b"\x0f\0\x86\xdd"),
    "frame-relay": (107, b"\x18\x41\x03\x8e"), "frame-relay-snap": (107, b"\x18\x41\x03\0\x80\0\0\0\x86\xdd"),
    "frame-relay-cisco": (107, b"\x18\x41\x86\xdd"),
}


def bare(name: str) -> bytes:
    """The sample on a link without addresses."""
    link_type, head = BARE[name]
    return as_pcap(rewritten(lambda data: head + data[14:]), link_type=link_type)


def nflog() -> bytes:
    """What netfilter logged: with the sender's address, and not to whom."""

    def as_logged(data: bytes) -> bytes:
        sender = struct.pack("<HH", 16, 8) + struct.pack("!HH", 6, 0) + data[6:12] + bytes(2)
        packet = struct.pack("<HH", len(data) - 14 + 4, 9) + data[14:] + bytes(-(len(data) - 14) % 4)
        return b"\x0a\0\0\0" + sender + packet

    return as_pcap(rewritten(as_logged), link_type=239)
