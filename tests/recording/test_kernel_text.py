"""Kernel events and snapshots in one line."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.recording.kernel_text import event_text, snapshot_text
from fixtures.recording.model import Action, KernelEvent, Kind, Snapshot

ADDRESS = {"family": "inet6", "ifname": "eth0", "prefixlen": 64, "scope": "global", "flags": ["mngtmpaddr"],
           "local": "2001:db8::5", "valid_life_time": 900, "preferred_life_time": 600}
ROUTE = {"family": "inet6", "dst": "default", "table": "main", "protocol": "ra", "type": "unicast", "flags": [],
         "gateway": "fe80::1", "dev": "eth0", "metric": 1024, "metrics": [{"mtu": 1400}], "expires": 600}


@pytest.mark.parametrize(("kind", "action", "fields", "line"), [
    ("address", "new", ADDRESS, "address added or changed: 2001:db8::5/64, flags mngtmpaddr, valid_life_time 900,"
                                " preferred_life_time 600"),
    ("route", "del", ROUTE, "route gone: default, protocol ra, gateway fe80::1, metric 1024, metrics mtu 1400,"
                            " expires 600"),
    ("neighbor", "new", {"family": "inet6", "dev": "eth0", "dst": "fe80::1", "lladdr": "02:00:00:00:00:01",
                          "state": ["STALE"], "router": True},
     "neighbor added or changed: fe80::1, lladdr 02:00:00:00:00:01, state STALE, router True"),
])
def test_an_event_in_one_line(kind: Kind, action: Action, fields: dict[str, Any], line: str) -> None:
    assert event_text(KernelEvent(2, 1, "guest", kind, action, fields)) == line


def test_a_snapshot_in_one_line() -> None:
    """What the loopback interface has, and what every interface has, needs no room."""
    shot = Snapshot(1, "booted", "guest", {
        "address": [{"family": "inet6", "ifname": "lo", "local": "::1", "prefixlen": 128}, ADDRESS],
        "route": [ROUTE, {**ROUTE, "dst": "fe80::/64", "gateway": None}],
        "socket": [{"state": "listen", "local": "::", "port": 80}]})
    assert snapshot_text(shot) == ("kernel state at 'booted': addresses 2001:db8::5/64 eth0 (preferred/valid 600/900"
                                   " s); routes default via fe80::1 dev eth0; listening :: port 80")
    many = Snapshot(1, "booted", "guest", {"address": [ADDRESS] * 9})
    assert "and 3 more; routes none" in snapshot_text(many)
