"""What the fields of oVirt's engine take and refuse, and how its client reads a target."""

from __future__ import annotations

from ipaddress import IPv6Interface

import pytest

from conformance.clouds.reading.spellings import canonical, meaning
from fixtures.clouds.address_fields import ILLEGAL, LEGAL, AddressField
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.ovirt.client import parse_target
from fixtures.clouds.ovirt.fields import GatewayField, HostField, LengthField, MaskField, StorageField

NETWORK = IPv6Interface("2001:db8:51::11/64")


def test_a_legal_spelling_is_the_address_that_it_is() -> None:
    for text in LEGAL:
        assert AddressField().value("IP", text) == meaning(text), text


def test_every_spelling_is_another_address() -> None:
    assert len({meaning(text) for text in LEGAL}) == len(LEGAL)
    assert len(LEGAL) + len(ILLEGAL) >= 60


@pytest.mark.parametrize("text", ILLEGAL)
def test_what_is_no_address_is_refused_with_the_text(text: str) -> None:
    assert meaning(text) is None
    with pytest.raises(Refused, match="IP: "):
        AddressField().value("IP", text)


@pytest.mark.parametrize(("text", "written"), [
    ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:0:0:0:0:0", "1::"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("::ffff:c000:201", "::ffff:192.0.2.1"),
])
def test_the_oracle_writes_as_rfc_5952_says(text: str, written: str) -> None:
    address = meaning(text)
    assert address is not None and canonical(address) == written


@pytest.mark.parametrize(("text", "host"), [
    ("2001:DB8:51::0011", "2001:db8:51::11"), ("host1.ovirt.example", "host1.ovirt.example"), ("host1", "host1"),
])
def test_a_host_is_an_address_or_a_name(text: str, host: str) -> None:
    assert HostField().value("host address", text) == host


@pytest.mark.parametrize("text", ["", "-host", "host-.example", "192.0.2.1", "ho st", "[::1]", "host..example"])
def test_no_host(text: str) -> None:
    with pytest.raises(Refused):
        HostField().value("host address", text)


def test_a_storage_is_a_host_with_a_path() -> None:
    assert StorageField().value("storage", "[2001:db8:51::0020]:/a") == ("2001:db8:51::20", "/a")
    assert StorageField().value("storage", "storage.ovirt.example:/a/b") == ("storage.ovirt.example", "/a/b")
    for text in ("2001:db8:51::20:/a", "[2001:db8:51::20]", "[2001:db8::g]:/a", ":/a", "/a"):
        with pytest.raises(Refused):
            StorageField().value("storage", text)


def test_lengths_and_masks() -> None:
    assert [LengthField().value("mask", text) for text in ("0", "1", "64", "127", "128")] == [0, 1, 64, 127, 128]
    for text in ("-1", "129", "64 ", "255.255.255.0", "\uff16\uff14", "", "1000"):
        with pytest.raises(Refused):
            LengthField().value("mask", text)
    assert MaskField().value("mask", "255.255.255.0") == 24
    for text in ("24", "255.0.255.0", "0.0.0.255", "64", ""):
        with pytest.raises(Refused):
            MaskField().value("mask", text)


def test_a_gateway_is_on_the_network_or_link_local() -> None:
    for text in ("2001:db8:51::1", "fe80::1"):
        assert str(GatewayField().value("gateway", text, NETWORK)) == text
    for text in ("2001:db8:c5::1", "2001:db8:51::11", "fe80::1%eth0", "gateway"):
        with pytest.raises(Refused):
            GatewayField().value("gateway", text, NETWORK)


@pytest.mark.parametrize(("target", "place"), [
    ("[::1]", ("::1", 54321)), ("[::1]:54321", ("::1", 54321)), ("localhost6", ("localhost6", 54321)),
    ("localhost6:80", ("localhost6", 80)), ("[fe80::1%ovirtmgmt]:1", ("fe80::1%ovirtmgmt", 1)),
])
def test_targets(target: str, place: tuple[str, int]) -> None:
    assert parse_target(target) == place


@pytest.mark.parametrize("target", ["::1", "::1:54321", "[::1", "[::1]:", "[::1]x", "", "host:port"])
def test_no_target(target: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        parse_target(target)
