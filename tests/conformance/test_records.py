"""Three witnesses of an address: the platform's record, the guest's kernel and the wire."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address, IPv6Network

import pytest

from conformance.clouds.reading.records import expect_agreement
from conformance.judging.verdict import Notebook, Violated
from fixtures.recording.model import Mark, Snapshot
from tests.conformance.synthetic import ROUTER_ADVERTISEMENT, frame, recording

ADDRESS = IPv6Address("2001:db8:1::10")
PREFIX = IPv6Network("2001:db8:1::/64")
SPOKEN = ROUTER_ADVERTISEMENT[:22] + ADDRESS.packed + ROUTER_ADVERTISEMENT[38:]


def judge(listed: dict[str, str], held: list[str], *, flags: tuple[str, ...] = (), said: bytes = SPOKEN) -> Notebook:
    rows = [{"family": "inet6", "local": each, "flags": list(flags)} for each in [*held, "fe80::1"]]
    seen = recording(replace(frame(data=said), outgoing=True))
    notebook = Notebook(seen)
    record, guest = Mark(1, "cloud-record", {"addresses": listed}), Snapshot(2, "booted", "guest", {"address": rows})
    expect_agreement(seen, notebook, record, guest, "vm1", PREFIX)
    return notebook


def test_all_three_agree() -> None:
    kinds = [each.kind for each in judge({str(ADDRESS): "vm1", "2001:db8:1::11": "vm2"}, [str(ADDRESS)]).evidence]
    assert kinds == ["mark", "snapshot", "frame"]


def test_each_may_differ() -> None:
    with pytest.raises(Violated, match="lists 2001:db8:1::10 for vm1, which has nothing"):
        judge({str(ADDRESS): "vm1"}, [])
    with pytest.raises(Violated, match="lists nothing for vm1, which has 2001:db8:1::10"):
        judge({}, [str(ADDRESS)])
    with pytest.raises(Violated, match="which has nothing"):
        judge({str(ADDRESS): "vm1"}, [str(ADDRESS)], flags=("tentative",))
    with pytest.raises(Violated, match="vm1 never sent from 2001:db8:1::10"):
        judge({str(ADDRESS): "vm1"}, [str(ADDRESS)], said=ROUTER_ADVERTISEMENT)
