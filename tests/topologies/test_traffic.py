"""What is on the links: pings, and frames as they would be on a wire."""

from __future__ import annotations

import socket
import struct

from topologies.dual import Dual
from topologies.stage import addressing as plan
from topologies.stage.stage import Stage

ETH_P_IPV6 = 0x86DD


def test_ping6_between_hosts(lan: Stage) -> None:
    lan.get("guest").up()
    assert lan.ping6([lan.get(name) for name in ("guest", "peer", "peer2", "router")]) == 0.0
    assert lan.ping6([lan.get("router"), lan.get("outside")]) == 0.0
    assert lan.ping6([lan.get("peer"), lan.get("outside")]) == 100.0


def test_frames_are_finished_before_they_are_on_the_link() -> None:
    """No checksum is left to a device that is not there, and no frame is longer than the link's MTU."""
    with Stage(Dual()) as stage:
        stage.start()
        assert stage.settle()
        server, client = stage.get("server"), stage.get("client")
        listener = server.inside(lambda: socket.create_server((str(plan.SERVER), 80), family=socket.AF_INET6))
        tap = client.inside(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_IPV6)))
        connection = client.inside(lambda: socket.create_connection((str(plan.SERVER), 80)))
        accepted, _ = listener.accept()
        connection.sendall(bytes(range(256)) * 64)
        received = 0
        while received < 256 * 64:
            received += len(accepted.recv(65536))
        frames = []
        tap.setblocking(False)
        while True:
            try:
                frames.append(tap.recv(65536))
            except BlockingIOError:
                break
        for one in (listener, tap, connection, accepted):
            one.close()
    tcp = [frame for frame in frames if frame[20] == socket.IPPROTO_TCP]
    assert len(tcp) > 12
    assert max(len(frame) for frame in tcp) <= 14 + 1500
    assert all(checksum(frame) == 0 for frame in tcp)


def checksum(frame: bytes) -> int:
    """The Internet checksum over pseudo-header and TCP segment (RFC 8200 section 8.1): 0 when it is right."""
    length = struct.unpack_from("!H", frame, 18)[0]
    data = frame[22:54] + struct.pack("!II", length, socket.IPPROTO_TCP) + frame[54 : 54 + length]
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
