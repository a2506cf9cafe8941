"""How long a capture of a million packets takes, and how much memory: `python -m benchmarks.captures [PACKETS]`.

Each kind of capture is judged in a process of its own: the same stations over and over; other stations each time; one
guest that resolves a million addresses; a million routers; and traffic that tells nothing.
"""

from __future__ import annotations

import resource
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

from conformance.judging.judge import judge
from conformance.selection.declared import declared_checks
from conformance.wire.sample import pcap
from fixtures.captures.parties import judgeable
from fixtures.captures.reader import Capture

Frames = Iterator[tuple[int, bytes]]
ROUND = 90 * 10**9
MILLION = 1_000_000


def _sample() -> list[tuple[int, bytes]]:
    return [(packet.ns or 0, packet.data) for packet in Capture(Path("sample.pcap"), BytesIO(pcap()))]


def same() -> Frames:
    """The sample conversation over and over."""
    turn = 0
    while True:
        yield from ((ns + turn * ROUND, data) for ns, data in _SAMPLE)
        turn += 1


def stations() -> Frames:
    """The sample conversation, with another guest each time."""
    for turn in range(1 << 24):
        mac = b"\x02\xaa" + turn.to_bytes(3, "big") + b"\5"
        address = b"\2\0\xff\xfe\0" + turn.to_bytes(3, "big")
        for ns, data in _SAMPLE:
            changed = data.replace(b"\2\0\0\0\0\5", mac).replace(bytes(7) + b"\5", address)
            yield ns + turn * ROUND, _with_checksum(changed.replace(b"\xff\0\0\5", b"\xff" + address[5:]))


def _with_checksum(data: bytes) -> bytes:
    """With the right checksum, where it is ICMPv6 or UDP without extension headers."""
    at = {58: 56, 17: 60}.get(data[20])
    if at is None:
        return data
    data = data[:at] + bytes(2) + data[at + 2:]
    body = data[22:] + bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(body) // 2}H", body)) + len(data) - 54 + data[20]
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return data[:at] + ((~total & 0xFFFF) or 0xFFFF).to_bytes(2, "big") + data[at + 2:]


def addresses() -> Frames:
    """A guest that resolves one address after the other."""
    begin, like = next((ns, data) for ns, data in _SAMPLE if data[20] == 58 and data[54] == 135 and any(data[22:38]))
    for number in range(1 << 24):
        target = like[62:75] + number.to_bytes(3, "big")
        to = bytes.fromhex("ff0200000000000000000001ff") + target[13:]
        body = b"\x87" + bytes(7) + target + like[78:86]
        total = sum(struct.unpack("!32H", like[22:38] + to + body)) + len(body) + 58
        total = (total & 0xFFFF) + (total >> 16)
        total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
        yield begin + number * 10**6, (b"\x33\x33\xff" + target[13:] + like[6:38] + to + body[:2]
                                       + total.to_bytes(2, "big") + body[4:])


def routers() -> Frames:
    """A router for every packet."""
    begin, like = next((ns, data) for ns, data in _SAMPLE if data[20] == 58 and data[54] == 134 and data[0] == 0x33)
    for number in range(1 << 24):
        yield begin + number * 10**6, like[:8] + number.to_bytes(4, "big") + like[12:]


def traffic() -> Frames:
    """TCP that tells nothing."""
    begin, like = _SAMPLE[0]
    for number in range(1 << 24):
        head = like[:14] + struct.pack("!IHBB", 0x60000000, 1000, 6, 64) + like[22:54]
        yield begin + number * 10**6, head + number.to_bytes(4, "big") + bytes(996)


KINDS: tuple[Callable[[], Frames], ...] = (same, stations, addresses, routers, traffic)
_SAMPLE = _sample()


def write_capture(kind: Callable[[], Frames], packets: int, path: Path) -> None:
    """A capture of so many packets."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for _, (ns, data) in zip(range(packets), kind(), strict=False):
            file.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(data), len(data)) + data)


def measure(path: Path) -> tuple[float, float, int]:
    """Processor time in seconds, the largest memory in MB, and how many verdicts."""
    found, verdicts = judgeable(path), 0
    for party in found.parties:
        recording = found.recording(party)
        for check in declared_checks():
            if check.passive and check.role == party.role:
                judge(check, recording)
                verdicts += 1
    return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, verdicts


def main(packets: int) -> None:
    """Measure each kind, and print a line for it."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / "large.pcap"
            write_capture(kind, packets, path)
            with get_context("spawn").Pool(1) as pool:
                seconds, memory, verdicts = pool.apply(measure, (path,))
            print(f"{kind.__name__}: {packets} packets, {verdicts} verdicts: {seconds:.1f} s, {memory:.0f} MB",
                  flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MILLION)
