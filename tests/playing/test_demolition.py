"""Waiting until the kernel has taken namespaces down."""

from __future__ import annotations

import socket

from fixtures.playing.demolition import Demolition, await_demolitions
from topologies.stage.netlink import End
from topologies.stage.rooms import Room, Stagehands


def _links() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


def test_what_was_closed_before_is_gone_after_the_wait() -> None:
    hands = Stagehands()
    demolition, here = Demolition(), Room(hands)
    rooms = [Room(hands) for _ in range(40)]
    for number, room in enumerate(rooms):
        ends = [End(f"link{number}", f"02:00:00:00:0{side}:{number:02x}", 1500) for side in (1, 2)]
        here.netlink.add_veth(*ends, room.net)
    assert len(here.inside(_links)) == 41
    for room in rooms:
        room.close()
    demolition.begin()
    await_demolitions()
    assert here.inside(_links) == {"lo"}
    here.close()
    hands.close()
