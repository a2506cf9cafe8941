"""oVirt's parties, broken in one way each: run as a module with the word that names the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Interface
from typing import Any

from fixtures.clouds.address_fields import AddressField
from fixtures.clouds.control_plane import Refused
from fixtures.clouds.ovirt import client as ovirt_client
from fixtures.clouds.ovirt import daemon as ovirt_daemon
from fixtures.clouds.ovirt import engine as ovirt_engine
from fixtures.clouds.ovirt.engine import Engine, Form
from fixtures.clouds.ovirt.fields import GatewayField, HostField, LengthField, MaskField, StorageField

WAYS: dict[str, Callable[[], object]] = {}


def words_for(way: Callable[[], object]) -> str:
    """The words by which a scenario is given this broken party."""
    WAYS[way.__name__] = way
    return f"conformance.broken.ovirt {way.__name__}"


def daemon_on_ipv4() -> None:
    """A daemon that has never heard of management_ip."""
    ovirt_daemon.serve("0.0.0.0")


def client_that_splits_at_the_colon() -> None:
    """A client that takes what is before the first colon for the host."""
    ovirt_client.parse_target = lambda target: (target.split(":")[0], 54321)
    ovirt_client.main()


def client_without_zones() -> None:
    """A client that takes the zone for a part of the name that it may leave out."""
    healthy = ovirt_client.parse_target

    def zoneless(target: str) -> tuple[str, int]:
        host, port = healthy(target)
        return host.partition("%")[0], port

    ovirt_client.parse_target = zoneless
    ovirt_client.main()


class TrimmedAddress(AddressField):
    """Takes blanks around an address for nothing."""

    def value(self, field: str, text: str) -> IPv6Address:
        return super().value(field, text.strip())


class LowerCaseAddress(AddressField):
    """Knows the canonical form only."""

    def value(self, field: str, text: str) -> IPv6Address:
        if text != text.lower():
            raise Refused(f"{field}: {text!r} is no address")
        return super().value(field, text)


class ColonlessHost(HostField):
    """Expects an IPv4 address or a name, as it always did."""

    def value(self, field: str, text: str) -> str:
        if ":" in text:
            raise Refused(f"{field}: {text!r} is no address")
        return super().value(field, text)


class ClampedLength(LengthField):
    """Takes what is too long for the longest."""

    def value(self, field: str, text: str) -> int:
        return min(int(text), 128) if text.isdecimal() else super().value(field, text)


class CertainLength(LengthField):
    """Reads the number, and then takes what is mostly right."""

    def value(self, field: str, text: str) -> int:
        return super().value(field, text) and 64


class NumericMask(MaskField):
    """Takes a number in IPv4 as well."""

    def value(self, field: str, text: str) -> int:
        return int(text) if text.isdecimal() and int(text) <= 32 else super().value(field, text)


class GlobalGateway(GatewayField):
    """Wants a gateway to be in the network's prefix."""

    def value(self, field: str, text: str, network: IPv6Interface) -> IPv6Address:
        address = super().value(field, text, network)
        if address.is_link_local:
            raise Refused(f"{field}: {address} is not in {network.network}")
        return address


class AnyGateway(GatewayField):
    """Asks for an address and no more."""

    def value(self, field: str, text: str, network: IPv6Interface) -> IPv6Address:
        return AddressField().value(field, text)


class ColonlessStorage(StorageField):
    """Takes what is before the first colon for the host."""

    def value(self, field: str, text: str) -> tuple[str, str]:
        host, _, path = text.partition(":")
        return HostField().value(field, host), path


class Exploded(Engine):
    """Shows addresses in full."""

    def show(self, address: IPv6Address) -> str:
        return address.exploded


class ShoutingTable(Engine):
    """Shows the table in upper case."""

    def cell(self, text: str) -> str:
        return text.upper()


class ForgetfulTable(Engine):
    """Shows one address of each interface."""

    def interfaces(self) -> dict[str, Any]:
        return {nic: cells[:1] for nic, cells in super().interfaces().items()}


class Suggests56(Engine):
    """Suggests what providers give to sites."""

    def form(self) -> dict[str, Any]:
        return {"mask": "56"}


class ForgetsGateway(Engine):
    """Shows the gateway, and keeps it to itself."""

    def network(self, form: Form) -> dict[str, Any]:
        shown = {key: form.get(key, "") for key in ("address", "mask", "gateway")}
        return super().network({**form, "gateway": ""}) | {"gateway": shown["gateway"].lower()}


class StoresUnseen(Engine):
    """Adds a storage that nobody has reached."""

    def storage(self, form: Form) -> dict[str, Any]:
        host, path = self.storage_place.value("storage address", form["address"])
        return {"address": f"[{host}]:{path}" if ":" in host else f"{host}:{path}"}


def engine(kind: type[Engine] = Engine, **fields: Any) -> str:
    """An engine of that kind, with these fields of its own; returns the words for it."""
    changed = type("-".join([kind.__name__, *(type(field).__name__ for field in fields.values())]), (kind,), fields)

    def serve() -> None:
        ovirt_engine.serve(changed())

    serve.__name__ = changed.__name__
    return words_for(serve)


DAEMON_ON_IPV4 = words_for(daemon_on_ipv4)
SPLITS_AT_COLON = words_for(client_that_splits_at_the_colon)
ZONELESS_CLIENT = words_for(client_without_zones)
TRIMS_ADDRESSES = engine(address=TrimmedAddress())
LOWER_CASE_ONLY = engine(address=LowerCaseAddress())
COLONLESS_HOSTS = engine(host_name=ColonlessHost())
COLONLESS_STORAGE = engine(storage_place=ColonlessStorage())
CLAMPS_LENGTHS = engine(length=ClampedLength())
ALWAYS_64 = engine(length=CertainLength())
NUMERIC_MASKS = engine(mask=NumericMask())
GLOBAL_GATEWAYS = engine(gateway=GlobalGateway())
ANY_GATEWAY = engine(gateway=AnyGateway())
EXPLODED, SHOUTING_TABLE, FORGETFUL_TABLE = engine(Exploded), engine(ShoutingTable), engine(ForgetfulTable)
SUGGESTS_56, FORGETS_GATEWAY, STORES_UNSEEN = engine(Suggests56), engine(ForgetsGateway), engine(StoresUnseen)


if __name__ == "__main__":
    WAYS[sys.argv.pop(1)]()
