"""CloudStack's management server as a model: what it takes, what it refuses, and what a careless one does."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

import pytest

from fixtures.clouds.cloudstack.control import CarelessField, Habits, Zone
from fixtures.clouds.control_plane import Refused
from fixtures.situation import Reservation

NETWORK = IPv6Network("2001:db8:1::/64")
MAC = "02:00:00:00:00:01"


def zone(habits: Habits | None = None) -> Zone:
    """A zone with one network."""
    made = Zone(habits or Habits())
    made.create("shared", NETWORK)
    return made


@pytest.mark.parametrize("text", ["2001:db8::/48", "2001:db8::/63", "2001:db8::/65", "2001:db8::/80", "2001:db8::/128"])
def test_only_a_64_is_a_network(text: str) -> None:
    with pytest.raises(Refused, match="the CIDR size of an IPv6 network must be 64"):
        Zone().create("odd", IPv6Network(text))
    assert Zone(Habits(any_length=True)).create("odd", IPv6Network(text)) == IPv6Network(text)


@pytest.mark.parametrize(("prefix", "reason"), [
    (None, "CloudStack chooses none"), (IPv6Network("fe80::/64"), "neither global nor site-local"),
    (IPv6Network("ff05::/64"), "neither global nor site-local"), (NETWORK, "overlaps 2001:db8:1::/64 of shared"),
])
def test_other_prefixes_that_are_refused(prefix: IPv6Network | None, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        zone().create("again", prefix)


def test_site_local_and_unique_local_prefixes_are_taken() -> None:
    for text in ("fec0:0:0:c5::/64", "fd00:c5:0:1::/64"):
        assert Zone().create("shared", IPv6Network(text)) == IPv6Network(text)


def test_vm_is_known_by_its_duid() -> None:
    made = zone()
    assert made.deploy("vm1", "shared", MAC, "2001:DB8:1::0010") == IPv6Address("2001:db8:1::10")
    known = Reservation("vm1", IPv6Address("2001:db8:1::10"), duid=f"00:03:00:01:{MAC}")
    assert made.reservations("shared") == (known,)
    with pytest.raises(Refused, match="2001:db8:1::10 is in use by vm1"):
        made.deploy("vm2", "shared", MAC, "2001:db8:1:0::10")
    with pytest.raises(Refused, match="is no IPv6 address"):
        made.deploy("vm2", "shared", MAC, "5001:0dt8:83a3:1012:1000:8s2e:0870:7454")
    assert made.deploy("vm2", "shared", MAC) == IPv6Address("2001:db8:1::11")


def test_network_with_vms_stays() -> None:
    made = zone()
    made.deploy("vm1", "shared", MAC)
    with pytest.raises(Refused, match="shared has VMs"):
        made.delete("shared")
    made.addresses("shared").release("vm1")
    made.delete("shared")
    with pytest.raises(Refused, match="there is no network shared"):
        made.delete("shared")


def test_choices_and_rules() -> None:
    made = zone()
    with pytest.raises(Refused, match="vm1 is not in shared"):
        made.choose_default("vm1", "shared")
    with pytest.raises(Refused, match="security groups are not supported for IPv6"):
        made.authorize("default", NETWORK)
    assert "nobody else" in zone(Habits(claims_filtering=True)).authorize("default", NETWORK)


def test_wrong_habits_are_wrong() -> None:
    made = zone(Habits(misinforms=True))
    made.deploy("vm1", "shared", MAC)
    assert made.reservations("shared")[0].address not in made.addresses("shared").record()
    field = CarelessField()
    assert field.value("ip6address", "5001:0dt8:83a3:1012:1000:8s2e:0870:7454") == IPv6Address(
        "5001:0d8:83a3:1012:1000:82e:0870:7454")
    assert isinstance(field.value("ip6address", ""), IPv6Address)
