"""Implementations are found without registration; unknown and missing ones are said in one sentence."""

from __future__ import annotations

import pytest

from fixtures.features import FEATURES
from fixtures.implementations.registry import (
    UnknownImplementation,
    all_implementations,
    demand,
    implementation_named,
    playing,
)
from fixtures.programs.base import Implementation, Post, ProgramError, version_in

EVERY = list(all_implementations().values())


def test_roles_have_the_programs_of_the_project() -> None:
    def names(role: str) -> set[str]:
        return {each.name for each in playing(role)}

    assert names("guest") >= {"NetworkManager", "dhclient", "dhcp6c", "dhcpcd", "dibbler-client", "ifupdown", "linux",
                              "systemd-networkd"}
    assert names("router") >= {"bird", "dnsmasq", "frr", "libslirp", "passt", "radvd", "systemd-networkd"}
    assert names("dhcpv6-server") >= {"dibbler-server", "dnsmasq", "isc-dhcpd", "kea", "wide-dhcp6s"}
    assert names("relay") >= {"dhcrelay", "dnsmasq"}
    assert names("name-server") >= {"dnsmasq"}
    assert names("neighbor-proxy") >= {"linux", "ndppd"}
    assert names("fabric") >= {"bird", "bird-ospf", "frr-bgp", "frr-ospf6"}
    assert names("application") >= {"asyncio", "asyncio-happy-eyeballs", "chromium", "curl", "firefox", "getaddrinfo",
                                    "node", "wget"}


@pytest.mark.parametrize("who", EVERY, ids=lambda who: who.name)
def test_says_its_version_and_packages(who: Implementation) -> None:
    if who.missing():
        pytest.skip(f"{who.name} is not installed")
    assert who.version()[0].isdigit()
    assert who.packages
    demand(who)


@pytest.mark.parametrize("who", EVERY, ids=lambda who: who.name)
def test_lacks_only_known_features_each_with_a_source(who: Implementation) -> None:
    assert set(who.lacks) <= set(FEATURES)
    assert all(who.lacks.values())


def test_unknown_name_says_the_nearest() -> None:
    with pytest.raises(UnknownImplementation) as raised:
        implementation_named("dhclinet", "guest")
    assert str(raised.value).startswith('unknown guest "dhclinet": the nearest known is "dhclient" (known: ')


def test_name_of_another_role_is_unknown() -> None:
    with pytest.raises(UnknownImplementation, match=r'unknown router "dhclient": .*known: .*dnsmasq, .*radvd'):
        implementation_named("dhclient", "router")


class Absent(Implementation):
    name = "absent"
    roles = frozenset({"router"})
    packages = ("absentd",)
    programs = ("sextant-absent",)

    def version(self) -> str:
        return version_in(r"(\d+)", "sextant-absent", "--version")

    def start(self, post: Post) -> None:
        raise NotImplementedError


def test_missing_program_names_its_package() -> None:
    with pytest.raises(ProgramError) as raised:
        demand(Absent())
    assert str(raised.value) == "absent needs sextant-absent, which is not installed; on Debian: apt install absentd"
    with pytest.raises(ProgramError, match="sextant-absent is not installed"):
        Absent().version()


def test_version_that_is_not_said_is_an_error() -> None:
    with pytest.raises(ProgramError, match=r"echo hello does not say its version .* 'hello'"):
        version_in(r"version (\d+)", "echo", "hello")
