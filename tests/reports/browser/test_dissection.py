"""The page's own dissection of packets says what the suite's views say of the same bytes."""

from __future__ import annotations

import json
from ipaddress import IPv6Address
from typing import Any

import pytest

from fixtures.recording.model import Frame
from fixtures.recording.views import dhcpv6, ndp
from tests.recording import crafted
from tests.reports.browser.conftest import Visit

DECODE = """hex => {
  const info = Sextant.dissect(Uint8Array.from(hex.match(/../g), each => parseInt(each, 16)));
  const fields = layer => layer.fields.flatMap(each => each.fields ? fields(each) : [[each.name, each.value]]);
  return { kind: info.kind, summary: info.summary, fields: info.layers.flatMap(fields) };
}"""


def decode(visit: Visit, data: bytes) -> dict[str, Any]:
    found: dict[str, Any] = visit.page.evaluate(DECODE, data.hex())
    found["by_name"] = dict(reversed(found["fields"]))
    return found


def frame(packet: Any) -> Frame:
    return Frame(1, 0, "guest", "eth0", False, bytes(packet))


def test_router_advertisements(visit: Visit) -> None:
    visit.open()
    for packet in crafted.router_advertisements():
        seen = frame(packet)
        (view,) = ndp.router_advertisements([seen])
        told = decode(visit, seen.data)
        names = told["by_name"]
        assert told["kind"] == "RA"
        assert (names["M managed"], names["O other"]) == (str(int(view.managed)), str(int(view.other)))
        assert names["router lifetime"] == f"{view.lifetime} s" and names["preference"] == view.preference
        assert names["hop limit"] == str(view.hop_limit)
        prefixes = [value for name, value in told["fields"] if name == "prefix"]
        wanted = [f"{each.prefix}/{each.length}" for each in view.prefixes] + [
            str(each.network) for each in view.routes
        ]
        assert prefixes == wanted
        if view.mtu:
            assert names["MTU"] == str(view.mtu)


def test_neighbors_and_redirects(visit: Visit) -> None:
    visit.open()
    for packet in crafted.neighbor_advertisements():
        (view,) = ndp.neighbor_advertisements([frame(packet)])
        names = decode(visit, bytes(packet))["by_name"]
        assert names["target"] == str(view.target)
        flags = (names["R router"], names["S solicited"], names["O override"])
        assert flags == (str(int(view.router)), str(int(view.solicited)), str(int(view.override)))
    for packet in crafted.redirects():
        (redirect,) = ndp.redirects([frame(packet)])
        told = decode(visit, bytes(packet))
        assert told["summary"].startswith(f"Redirect for {redirect.for_destination} to {redirect.target}")


def test_dhcpv6(visit: Visit) -> None:
    visit.open()
    for packet in crafted.dhcpv6_messages():
        (view,) = dhcpv6.messages([frame(packet)])
        told = decode(visit, bytes(packet))
        assert told["kind"] == view.name
        addresses = [value for name, value in told["fields"] if name == "address"]
        assert addresses == [str(each) for each in view.addresses]
        if view.ia_na:
            assert told["by_name"]["T1"] in (f"{view.ia_na[0].t1} s", "infinity")


@pytest.mark.parametrize(
    "text", ["::", "::1", "fe80::1", "2001:db8::", "2001:db8:0:1::1", "1:0:0:2:0:0:0:3", "1:2:3:4:5:6:7:8"]
)
def test_addresses_are_written_as_rfc_5952_wants_them(visit: Visit, text: str) -> None:
    visit.open()
    address = IPv6Address(text)
    told = visit.page.evaluate("bytes => Sextant.dissect.ip6(Uint8Array.from(bytes), 0)", list(address.packed))
    assert told == str(address)


def test_no_bytes_break_it(visit: Visit) -> None:
    visit.open()
    whole = [bytes(packet) for packet in (*crafted.router_advertisements(), *crafted.dhcpv6_messages())]
    cut = [data[:size].hex() for data in whole for size in range(0, len(data), 3)]
    wrong = [(data[:20] + bytes([255]) * 40 + data[60:]).hex() for data in whole]
    told = visit.page.evaluate(f"all => all.map({DECODE}).map(each => each.summary)", [*filter(None, cut), *wrong])
    assert json.dumps(told) and all(isinstance(each, str) for each in told)
